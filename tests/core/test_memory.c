/*
 * Every allocation of the core fails once: the call says NO_MEMORY, nothing leaks, and the journal goes on.
 * The program is linked with --wrap for the allocating functions.
 */
#include "model.h"
#include "faults.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static bool armed, hit;
static long countdown, live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
void __wrap_free(void *memory);

static bool refuse(void) {
    if (!armed || --countdown != 0) return false;
    hit = true;
    return true;
}

static void *counted(void *memory) {
    if (memory) live++;
    return memory;
}

void *__wrap_malloc(size_t size) {
    return refuse() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return refuse() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size) {
    if (refuse()) return NULL;
    void *memory = __real_realloc(old, size);
    if (!old) (void)counted(memory);
    return memory;
}

char *__wrap_strndup(const char *text, size_t size) {
    size_t length = strnlen(text, size);
    char *copy = __wrap_malloc(length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *__wrap_strdup(const char *text) {
    return __wrap_strndup(text, strlen(text));
}

void __wrap_free(void *memory) {
    if (memory) live--;
    __real_free(memory);
}

static faults healthy; /* spares the syncs */

/* A failure is NO_MEMORY and comes only when an allocation has failed. */
static ministore_status step(ministore_status status, const ministore_error *err) {
    if (status >= 0) return status;
    assert_int_equal(status, MINISTORE_NO_MEMORY);
    assert_true(hit);
    assert_int_equal(err->status, status);
    assert_true(err->message[0] != '\0');
    return status;
}

static void write_some(model *m) {
    ministore_t *j;
    ministore_error err;
    ministore_info info = {.struct_size = sizeof info};
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 300;
    if (step(ministore__open(&j, &healthy.io, in_folder("deep/j"), &options, &err), &err) != MINISTORE_OK) return;
    for (int i = 0; i < 10; i++) (void)step(model_append(m, j, 1, &err), &err);
    (void)step(model_append(m, j, 20, &err), &err);
    (void)step(model_rotate(m, j, &err), &err);
    (void)step(ministore_stat(j, &info, &err), &err);
    (void)step(model_prune(m, j, m->promised / 2 + 1, &err), &err);
    (void)step(model_append(m, j, 1, &err), &err);
    (void)step(model_close(m, j, &err), &err);
}

/* A line that is longer than a cursor's first buffer, and a bad one, so that a repair has work. */
static void put_long_journal(void) {
    size_t size = 3 * MINISTORE__CHUNK;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '7', size);
    memcpy(text, HEADER, strlen(HEADER));
    memcpy(text + size - 6, "\nbad\n\n", 6);
    put_bytes("j", text, size - 1);
    free(text);
}

static void read_some(model *m) {
    (void)m;
    ministore_cursor_t *c;
    ministore_batch batch;
    ministore_error err;
    ministore_cursor_options options = reader_options();
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    ministore_status status = ministore__cursor_open(&c, &healthy.io, in_folder("j"), &options, false, &err);
    if (step(status, &err) != MINISTORE_OK) return;
    while ((status = ministore_cursor_next_batch(c, &batch, &err)) != MINISTORE_DONE)
        if (status != MINISTORE_CORRUPT && step(status, &err) != MINISTORE_OK) break;
    ministore_cursor_close(c);
    status = ministore__verify(&healthy.io, in_folder("j"), 1 << 20, NULL, &err);
    if (status != MINISTORE_CORRUPT) (void)step(status, &err);
    (void)step(ministore__repair(&healthy.io, in_folder("j"), 0, 1 << 20, NULL, &err), &err);
}

/* Run with allocation number `at` failing; false when there are no more. */
static bool run_once(void (*prepare)(void), void (*work)(model *), long at) {
    model m = {0};
    assert_int_equal(folder_setup(NULL), 0);
    if (prepare) prepare();
    long before = live;
    int descriptors = open_descriptors();
    countdown = at;
    hit = false;
    armed = true;
    work(&m);
    armed = false;
    assert_int_equal(live, before);
    assert_int_equal(open_descriptors(), descriptors);
    if (!prepare) {
        uint64_t last;
        const char *wrong = model_check(&m, &healthy.io, in_folder("deep/j"), &last);
        if (wrong) fail_msg("allocation %ld failed: %s", at, wrong);
        write_some(&m);
    }
    assert_int_equal(folder_teardown(NULL), 0);
    return hit;
}

/* Goal: a writer's allocations. Method: count up the failing one until the work gets through. */
static void a_writer_without_memory(void **state) {
    (void)state;
    long at = 1;
    while (run_once(NULL, write_some, at)) at++;
    print_message("%ld allocations failed in turn\n", at - 1);
    assert_true(at > 10);
}

/* Goal: a reader's, verify's and repair's. */
static void a_reader_without_memory(void **state) {
    (void)state;
    long at = 1;
    while (run_once(put_long_journal, read_some, at)) at++;
    print_message("%ld allocations failed in turn\n", at - 1);
    assert_true(at > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_writer_without_memory),
        cmocka_unit_test(a_reader_without_memory),
    };
    healthy = faults_none();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
