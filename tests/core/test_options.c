/*
 * Nonsense arguments: NULL everywhere, options and struct sizes out of range. Each is refused by its own status,
 * nothing crashes and nothing is made on the disk.
 */
#include "support.h"

#include <string.h>

/* Goal: _init fills in the documented defaults, and takes its own size alone. */
static void defaults(void **state) {
    (void)state;
    ministore_options o = writer_options();
    assert_int_equal(o.struct_size, sizeof o);
    assert_int_equal(o.mode, 0600);
    assert_true(o.max_bytes_per_segment == UINT64_MAX && o.max_segments == UINT32_MAX);
    assert_int_equal(o.sync, MINISTORE_SYNC_ALWAYS);
    assert_int_equal(o.torn_tail, MINISTORE_TORN_TAIL_CUT);
    assert_int_equal(o.max_record_bytes, 64 << 20);
    assert_int_equal(o.preallocate_bytes, 0);
    ministore_cursor_options c = reader_options();
    assert_int_equal(c.struct_size, sizeof c);
    assert_int_equal(c.scope, MINISTORE_REPLAY);
    assert_int_equal(c.from + c.at_end + c.on_bad_line + c.durable, 0);
    assert_int_equal(c.validate, 1);
    assert_int_equal(c.max_record_bytes, 64 << 20);
    for (size_t size = 0; size < 2 * sizeof o; size++) {
        if (size != sizeof o) assert_int_equal(ministore_options_init(&o, size), MINISTORE_INVALID_ARGUMENT);
        if (size != sizeof c) assert_int_equal(ministore_cursor_options_init(&c, size), MINISTORE_INVALID_ARGUMENT);
    }
    assert_int_equal(ministore_options_init(NULL, sizeof o), MINISTORE_INVALID_ARGUMENT);
    assert_int_equal(ministore_cursor_options_init(NULL, sizeof c), MINISTORE_INVALID_ARGUMENT);
}

static void refuse_writer(ministore_options options) {
    ministore_t *j = (ministore_t *)&options;
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_open(&j, in_folder("j"), &options, &why));
    assert_null(j);
    assert_true(why.message[0] != '\0');
    assert_false(is_there("j"));
}

/* Goal: each nonsense value is refused. Method: one wrong field at a time. */
static void nonsense_for_writers(void **state) {
    (void)state;
    const ministore_options good = writer_options();
    ministore_options o;
    o = good, o.struct_size = 0, refuse_writer(o);
    o = good, o.struct_size--, refuse_writer(o);
    o = good, o.struct_size++, refuse_writer(o);
    o = good, o.mode = 01000, refuse_writer(o);
    o = good, o.max_bytes_per_segment = 0, refuse_writer(o);
    o = good, o.max_segments = 0, refuse_writer(o);
    o = good, o.sync = 2, refuse_writer(o);
    o = good, o.torn_tail = 2, refuse_writer(o);
    o = good, o.reserved = 1, refuse_writer(o);
    o = good, o.max_record_bytes = 0, refuse_writer(o);
    o = good, o.max_record_bytes = (1 << 30) + 1, refuse_writer(o);
    o = good, o.preallocate_bytes = UINT64_MAX, refuse_writer(o);
}

static void refuse_reader(ministore_cursor_options options) {
    ministore_cursor_t *c = (ministore_cursor_t *)&options;
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_open(&c, in_folder("j"), &options, &why));
    assert_null(c);
    assert_true(why.message[0] != '\0');
}

/* Goal: the same for readers. */
static void nonsense_for_readers(void **state) {
    (void)state;
    const ministore_cursor_options good = reader_options();
    ministore_cursor_options o;
    put_text("j", HEADER "1\n");
    o = good, o.struct_size = 0, refuse_reader(o);
    o = good, o.struct_size--, refuse_reader(o);
    o = good, o.struct_size++, refuse_reader(o);
    o = good, o.scope = 2, refuse_reader(o);
    o = good, o.at_end = 2, refuse_reader(o);
    o = good, o.at_end = 1, o.from = 1, refuse_reader(o);
    o = good, o.on_bad_line = 2, refuse_reader(o);
    o = good, o.validate = 2, refuse_reader(o);
    o = good, o.durable = 2, refuse_reader(o);
    o = good, o.max_record_bytes = 0, refuse_reader(o);
    o = good, o.max_record_bytes = (1 << 30) + 1, refuse_reader(o);
    o = good, o.from = 3, refuse_reader(o);
}

/* Goal: NULL for any argument that must be there is refused; for those that need not, it is fine. */
static void null_for_writers(void **state) {
    (void)state;
    ministore_t *j;
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_open(NULL, in_folder("j"), NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_open(&j, NULL, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_open(NULL, NULL, NULL, NULL));
    assert_false(is_there("j"));
    assert_status(MINISTORE_OK, ministore_open(&j, in_folder("j"), NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_append(NULL, "1", 1, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_append(j, NULL, 1, NULL, &why));
    assert_status(MINISTORE_INVALID_JSON, ministore_append(j, NULL, 0, NULL, NULL));
    assert_status(MINISTORE_INVALID_JSON, ministore_append(j, "", 0, NULL, &why));
    assert_status(MINISTORE_OK, ministore_append(j, "1", 1, NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_append_batch(NULL, "1", 1, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_append_batch(j, NULL, 1, NULL, &why));
    assert_status(MINISTORE_OK, ministore_append_batch(j, NULL, 0, NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_sync(NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_rotate(NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_prune(NULL, 1, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_stat(NULL, &info, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_stat(j, NULL, &why));
    assert_status(MINISTORE_OK, ministore_close(NULL, &why));
    assert_status(MINISTORE_OK, ministore_close(j, NULL));
}

static void null_for_readers(void **state) {
    (void)state;
    ministore_cursor_t *c;
    ministore_record record;
    ministore_batch batch;
    ministore_cursor_info info = {.struct_size = sizeof info};
    put_text("j", HEADER "1\n");
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_open(NULL, in_folder("j"), NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_open(&c, NULL, NULL, &why));
    assert_status(MINISTORE_OK, ministore_cursor_open(&c, in_folder("j"), NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_next(NULL, &record, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_next(c, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_next_batch(NULL, &batch, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_next_batch(c, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_wait(NULL, 0, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_stat(NULL, &info, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_stat(c, NULL, &why));
    ministore_cursor_interrupt(NULL);
    ministore_cursor_close(NULL);
    expect_next(c, "1");
    ministore_cursor_close(c);
}

static void null_for_care(void **state) {
    (void)state;
    put_text("j", HEADER "1\n");
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_verify(NULL, 1 << 20, NULL, &why));
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_verify(in_folder("j"), 0, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_verify(in_folder("j"), (1 << 30) + 1, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(NULL, 0, 1 << 20, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(in_folder("j"), 2, 1 << 20, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(in_folder("j"), 0, 0, NULL, &why));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(in_folder("j"), 0, (1 << 30) + 1, NULL, &why));
    assert_status(MINISTORE_OK, ministore_repair(in_folder("j"), 0, 1 << 20, NULL, NULL));
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_json_validate(NULL, 1, &why));
    assert_status(MINISTORE_INVALID_JSON, ministore_json_validate(NULL, 0, NULL));
}

/* Goal: an info struct of a size that is not known is refused, and not touched. */
static void sizes_of_info_structs(void **state) {
    (void)state;
    ministore_t *j = open_journal(NULL, NULL);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    for (int wrong = -1; wrong < 2; wrong += 2) {
        ministore_info info = {.struct_size = (uint32_t)((int)sizeof info + wrong)};
        ministore_cursor_info cursor_info = {.struct_size = (uint32_t)((int)sizeof cursor_info + wrong)};
        ministore_verify_info verify_info = {.struct_size = (uint32_t)((int)sizeof verify_info + wrong)};
        ministore_repair_info repair_info = {.struct_size = (uint32_t)((int)sizeof repair_info + wrong)};
        assert_status(MINISTORE_INVALID_ARGUMENT, ministore_stat(j, &info, &why));
        assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_stat(c, &cursor_info, &why));
        assert_status(MINISTORE_INVALID_ARGUMENT, ministore_verify(in_folder("j"), 1 << 20, &verify_info, &why));
        assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(in_folder("j"), 1, 1 << 20, &repair_info, &why));
        assert_int_equal(info.segments + cursor_info.segments + verify_info.segments, 0);
    }
    ministore_cursor_close(c);
    close_journal(j);
}

/* Goal: an error is untouched by calls that succeed. */
static void success_leaves_the_error_alone(void **state) {
    (void)state;
    ministore_error err, before;
    ministore_t *j;
    memset(&err, 0x5A, sizeof err);
    before = err;
    assert_int_equal(ministore_open(&j, in_folder("j"), NULL, &err), MINISTORE_OK);
    assert_int_equal(ministore_append(j, "1", 1, NULL, &err), MINISTORE_OK);
    assert_int_equal(ministore_rotate(j, &err), MINISTORE_OK);
    assert_int_equal(ministore_close(j, &err), MINISTORE_OK);
    assert_memory_equal(&err, &before, sizeof err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(defaults),
        TEST(nonsense_for_writers),
        TEST(nonsense_for_readers),
        TEST(null_for_writers),
        TEST(null_for_readers),
        TEST(null_for_care),
        TEST(sizes_of_info_structs),
        TEST(success_leaves_the_error_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
