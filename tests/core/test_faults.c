/*
 * Every system call fails once, at each of its occurrences, under every kind of work: the failure is clear, nothing
 * acknowledged is lost, no descriptor leaks, and the journal goes on, with the same handle unless it is poisoned.
 */
#include "faults.h"
#include "model.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One run of a workload with a fault in it. */
typedef struct {
    faults *f;
    model *m;
    long hits;     /* of the fault before the current step */
    bool reported; /* some step has told of the fault */
} run;

/* A kind of work. */
typedef struct {
    const char *name;
    void (*prepare)(model *m); /* what is there before; with the real table. NULL: nothing */
    void (*work)(run *r);
    uint64_t preallocate_bytes;
    uint32_t max_segments, sync;
    bool no_links;
} workload;

static const workload *current;
static faults healthy; /* fails nothing, and spares the syncs */
static long injected, complaints, swallowed[CALL_KINDS];

/* What was broken is told at once, and fails the test at its end: one run shows all of it. */
static __attribute__((format(printf, 1, 2))) void complain(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (complaints++ < 30) vprint_error(format, arguments);
    va_end(arguments);
}

/* A step that met the fault says so clearly; one that did not succeeds, unless the handle is poisoned. */
static ministore_status step(run *r, const char *what, ministore_status status, const ministore_error *err) {
    bool met = r->f->hits > r->hits;
    r->hits = r->f->hits;
    if (status >= 0) return status;
    r->reported = true;
    bool clear = status == MINISTORE_IO || status == MINISTORE_NO_SPACE || status == MINISTORE_POISONED;
    if (!clear || (!met && status != MINISTORE_POISONED) || err->status != status || err->os_error != r->f->error ||
        err->path[0] == '\0' || err->message[0] == '\0')
        complain("%s, %s number %ld fails with %d: %s gave %s (%s)\n", current->name, call_names[r->f->hit],
                 r->f->fail_at, r->f->error, what, ministore_status_name(status), err->message);
    return status;
}

static ministore_options options_of(const workload *w) {
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 300;
    options.preallocate_bytes = w->preallocate_bytes;
    options.sync = w->sync;
    if (w->max_segments > 0) options.max_segments = w->max_segments;
    return options;
}

static ministore_t *opened(run *r) {
    ministore_t *j;
    ministore_error err = {0};
    ministore_options options = options_of(current);
    ministore_status status = ministore__open(&j, &r->f->io, in_folder("deep/folder/j"), &options, &err);
    if (step(r, "open", status, &err) != MINISTORE_OK) assert_null(j);
    return j;
}

static void append(run *r, ministore_t *j, unsigned count) {
    ministore_error err = {0};
    (void)step(r, "append", model_append(r->m, j, count, &err), &err);
}

static void closed(run *r, ministore_t *j) {
    ministore_error err = {0};
    (void)step(r, "close", model_close(r->m, j, &err), &err);
}

/* Stat tells the truth or fails. */
static void stat_journal(run *r, ministore_t *j) {
    ministore_error err = {0};
    ministore_info info = {.struct_size = sizeof info};
    uint64_t next = ministore__next(j);
    if (step(r, "stat", ministore_stat(j, &info, &err), &err) != MINISTORE_OK) return;
    if (info.next_sequence != next || info.first_sequence > r->m->removable + 1 ||
        (r->m->removable == 0 && info.segments != j->newest + 1))
        complain("%s, %s number %ld fails: stat tells of %u segments, first %llu, next %llu\n", current->name,
                 call_names[r->f->hit], r->f->fail_at, info.segments, (unsigned long long)info.first_sequence,
                 (unsigned long long)info.next_sequence);
}

/* The life of a journal: every call of a writer, over rotations. */
static void live(run *r) {
    ministore_error err = {0};
    ministore_t *j = opened(r);
    if (!j) return;
    append(r, j, 1);
    append(r, j, 5);
    append(r, j, 1);
    (void)step(r, "sync", model_sync(r->m, j, &err), &err);
    (void)step(r, "rotate", model_rotate(r->m, j, &err), &err);
    for (int i = 0; i < 8; i++) append(r, j, 1);
    stat_journal(r, j);
    (void)step(r, "prune", model_prune(r->m, j, 6, &err), &err);
    append(r, j, 2);
    (void)step(r, "rotate", model_rotate(r->m, j, &err), &err);
    append(r, j, 1);
    closed(r, j);
}

/* What was left is opened, continued and closed. */
static void go_on(run *r) {
    ministore_t *j = opened(r);
    if (!j) return;
    stat_journal(r, j);
    append(r, j, 1);
    append(r, j, 3);
    closed(r, j);
}

static void repair(run *r) {
    ministore_error err = {0};
    (void)step(r, "repair",
               ministore__repair(&r->f->io, in_folder("deep/folder/j"), 0, 1 << 20, NULL, &err), &err);
}

/* A reader under faults: it hands out nothing wrong, and says so. */
static void read_all(run *r) {
    ministore_error err = {0};
    ministore_record record;
    ministore_cursor_t *c;
    ministore_status status;
    char text[MODEL_TEXT_MAX];
    uint64_t expected = 0;
    status = ministore__cursor_open(&c, &r->f->io, in_folder("deep/folder/j"), NULL, false, &err);
    if (step(r, "cursor_open", status, &err) != MINISTORE_OK) return;
    while ((status = step(r, "cursor_next", ministore_cursor_next(c, &record, &err), &err)) == MINISTORE_OK) {
        assert_int_equal(record.sequence, ++expected);
        assert_int_equal(record.size, model_text(expected, text));
        assert_memory_equal(record.data, text, record.size);
    }
    if (status < 0) assert_int_equal(ministore_cursor_next(c, &record, &err), status); /* it is told again */
    if (status == MINISTORE_DONE && expected != r->m->promised)
        complain("%s, %s number %ld fails: a reader ends at %llu\n", current->name, call_names[r->f->hit],
                 r->f->fail_at, (unsigned long long)expected);
    ministore_cursor_close(c);
}

static void verify(run *r) {
    ministore_error err = {0};
    ministore_verify_info info = {.struct_size = sizeof info};
    ministore_status status =
        ministore__verify(&r->f->io, in_folder("deep/folder/j"), 1 << 20, &info, &err);
    if (step(r, "verify", status, &err) == MINISTORE_OK) assert_int_equal(info.records, r->m->promised);
}

/* ---- what is there before ---- */

static void make_folders(void) {
    assert_int_equal(ministore__posix.make_folder(&ministore__posix, in_folder("deep")), 0);
    assert_int_equal(ministore__posix.make_folder(&ministore__posix, in_folder("deep/folder")), 0);
}

/* A journal of several segments. */
static void some_segments(model *m) {
    ministore_t *j;
    make_folders();
    ministore_options options = options_of(current);
    assert_status(MINISTORE_OK, ministore__open(&j, &healthy.io, in_folder("deep/folder/j"), &options, &why));
    while (j->newest < 2 || j->lines < 2) assert_status(MINISTORE_OK, model_append(m, j, 1, &why));
    assert_status(MINISTORE_OK, model_close(m, j, &why));
}

static void torn_tail(model *m) {
    some_segments(m);
    add_text("deep/folder/j", "{\"n\":1}\t\n{\"half\":");
}

static void bad_line(model *m) {
    some_segments(m);
    add_text("deep/folder/j", "no record\n1\n");
}

/* As a crash between link and rename leaves it. */
static void two_names(model *m) {
    make_folders();
    put_text("deep/folder/j", HEADER);
    char text[MODEL_TEXT_MAX];
    text[model_text(1, text)] = '\0';
    add_text("deep/folder/j", text);
    add_text("deep/folder/j", "\n");
    assert_int_equal(link(in_folder("deep/folder/j"), in_folder("deep/folder/j.001")), 0);
    put_text("deep/folder/j.new", HEADER);
    m->promised = 1;
}

/* As a crash between the two renames leaves it, where links are not to be had. */
static void no_active(model *m) {
    two_names(m);
    assert_int_equal(unlink(in_folder("deep/folder/j")), 0);
}

static void torn_header(model *m) {
    no_active(m);
    put_text("deep/folder/j", "// MINISTORE");
}

/* ---- running ---- */

/* After the fault all is well again: what was promised is there, and the journal goes on. */
static void check_after(model *m, const char *what) {
    long known = complaints;
    uint64_t before, after;
    ministore_t *j;
    const char *path = in_folder("deep/folder/j");
    const char *wrong = model_check(m, &healthy.io, path, &before);
    if (wrong) complain("%s: a reader finds: %s\n", what, wrong);
    ministore_status status = ministore__open(&j, &healthy.io, path, NULL, &why);
    if (status != MINISTORE_OK) complain("%s: then open fails: %s\n", what, why.message);
    if (complaints > known) return;
    model_settle(m, before);
    assert_int_equal(ministore__next(j), before + 1);
    assert_status(MINISTORE_OK, model_append(m, j, 1, &why));
    assert_status(MINISTORE_OK, model_rotate(m, j, &why));
    assert_status(MINISTORE_OK, model_close(m, j, &why));
    wrong = model_check(m, &healthy.io, path, &after);
    if (wrong) complain("%s: then: %s\n", what, wrong);
    status = ministore_verify(path, 1 << 20, NULL, &why);
    if (status != MINISTORE_OK) complain("%s: then verify finds: %s\n", what, why.message);
    assert_false(is_there("deep/folder/j.new"));
}

static void mend(void) {
    assert_status(MINISTORE_OK, ministore__repair(&healthy.io, in_folder("deep/folder/j"), 0, 1 << 20, NULL, &why));
}

/* Run with one fault; false when the workload has no more calls to fail. */
static bool run_once(const workload *w, long fail_at, long fail_count, int error) {
    char what[256];
    model m = {0};
    faults f = faults_none();
    run r = {.f = &f, .m = &m};
    assert_int_equal(folder_setup(NULL), 0);
    int descriptors = open_descriptors();
    current = w;
    if (w->prepare) w->prepare(&m);
    f.no_links = w->no_links;
    fail_calls(&f, ANY_CALL, fail_at, fail_count, error);
    w->work(&r);
    (void)snprintf(what, sizeof what, "%s, %s, call %ld (+%ld) failed with %d", w->name,
                   f.hits > 0 ? call_names[f.hit] : "nothing", fail_at, fail_count, error);
    if (open_descriptors() != descriptors) complain("%s: descriptors leaked\n", what);
    if (w->work == repair && f.hits > 0) mend();
    check_after(&m, what);
    if (f.hits > 0 && !r.reported) swallowed[f.hit]++;
    injected += f.hits > 0;
    assert_int_equal(folder_teardown(NULL), 0);
    return f.hits > 0;
}

static const workload workloads[] = {
    {.name = "life", .work = live},
    {.name = "life without links", .work = live, .no_links = true},
    {.name = "life with preallocation", .work = live, .preallocate_bytes = 4096},
    {.name = "life with two segments", .work = live, .max_segments = 2},
    {.name = "life with manual sync", .work = live, .sync = MINISTORE_SYNC_MANUAL},
    {.name = "going on", .prepare = some_segments, .work = go_on},
    {.name = "torn tail", .prepare = torn_tail, .work = go_on},
    {.name = "rotation caught at the link", .prepare = two_names, .work = go_on},
    {.name = "rotation caught at the rename", .prepare = no_active, .work = go_on, .no_links = true},
    {.name = "torn header", .prepare = torn_header, .work = go_on},
    {.name = "repair", .prepare = bad_line, .work = repair},
    {.name = "reading", .prepare = some_segments, .work = read_all},
    {.name = "verifying", .prepare = some_segments, .work = verify},
};

/* Goal: each call fails once, with each error. Method: count up the failing call until the work gets through. */
static void each_call_fails_once(void **state) {
    (void)state;
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EINTR, EMFILE};
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
        for (size_t e = 0; e < sizeof errors / sizeof *errors; e++)
            for (long at = 1; run_once(&workloads[w], at, 1, errors[e]); at++) {
            }
    print_message("%ld faults injected\n", injected);
    for (int kind = 0; kind < CALL_KINDS; kind++)
        if (swallowed[kind] > 0) print_message("without a report: %ld of %s\n", swallowed[kind], call_names[kind]);
    assert_int_equal(complaints, 0);
}

/* Goal: from one call on all fail, as of a disk that is pulled out; afterwards nothing promised is missing. */
static void all_calls_fail_from_one_on(void **state) {
    (void)state;
    injected = 0;
    for (size_t w = 0; w < sizeof workloads / sizeof *workloads; w++)
        for (long at = 1; run_once(&workloads[w], at, 1000000, EIO); at++) {
        }
    print_message("%ld disks that went away\n", injected);
    assert_int_equal(complaints, 0);
}

int main(void) {
    healthy = faults_none();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails_once),
        cmocka_unit_test(all_calls_fail_from_one_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
