/*
 * A reader: what a batch holds, lines longer than its buffer, writers that take back, rotate and prune under its eyes.
 */
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Write a journal of `count` records "1", "2", .... */
static void put_numbers(int count) {
    char *text = malloc((size_t)count * 12 + 64);
    assert_non_null(text);
    int size = sprintf(text, "%s", HEADER);
    for (int i = 1; i <= count; i++) size += sprintf(text + size, "%d\n", i);
    put_bytes("j", text, (size_t)size);
    free(text);
}

/* Goal: batches hold every record once, with its number and line, and blank bytes between. */
static void batches(void **state) {
    (void)state;
    enum { COUNT = 10000 };
    put_numbers(COUNT);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    ministore_batch batch;
    uint64_t next = 1;
    ministore_status status;
    while ((status = ministore_cursor_next_batch(c, &batch, &why)) == MINISTORE_OK) {
        assert_int_equal(batch.sequence, next);
        assert_int_equal(batch.line, next + 1);
        assert_string_equal(batch.segment, "j");
        for (size_t i = 0; i < batch.count; i++) {
            char text[16];
            int size = snprintf(text, sizeof text, "%llu", (unsigned long long)next++);
            assert_int_equal(batch.spans[i].size, size);
            assert_memory_equal(batch.data + batch.spans[i].offset, text, (size_t)size);
            assert_int_equal(batch.data[batch.spans[i].offset + batch.spans[i].size], '\n');
        }
    }
    assert_status(MINISTORE_DONE, status);
    assert_int_equal(next, COUNT + 1);
    ministore_cursor_close(c);
}

/* Goal: lines up to max_record_bytes are read whole, a longer one is told and passed. */
static void long_lines(void **state) {
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = malloc(SIZE + 2);
    assert_non_null(text);
    memset(text, '9', SIZE + 1);
    text[SIZE + 1] = '\n';
    put_text("j", HEADER "1\n");
    for (size_t size = SIZE; size <= SIZE + 1; size++) {
        FILE *file = fopen(in_folder("j"), "ab");
        assert_non_null(file);
        assert_int_equal(fwrite(text + SIZE + 1 - size, 1, size + 1, file), size + 1);
        assert_int_equal(fclose(file), 0);
    }
    add_text("j", "4\n");
    ministore_cursor_options options = reader_options();
    options.max_record_bytes = SIZE;
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    ministore_cursor_t *c = open_cursor(NULL, &options);
    ministore_record record;
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    assert_int_equal(record.size, SIZE);
    assert_status(MINISTORE_TOO_LARGE, ministore_cursor_next(c, &record, &why));
    assert_int_equal(why.line, 4);
    assert_int_equal(why.sequence, 3);
    expect_next(c, "4");
    ministore_cursor_close(c);
    free(text);
}

/* Goal: a commit that is longer than the buffer is handed out once its last line is there, not before. */
static void a_long_commit(void **state) {
    (void)state;
    enum { LINES = 100000 };
    char *text = malloc(LINES * 4);
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++) memcpy(text + i * 4, "77\t\n", 4);
    put_text("j", HEADER "1\n");
    FILE *file = fopen(in_folder("j"), "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, LINES * 4, file), LINES * 4);
    assert_int_equal(fclose(file), 0);
    free(text);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    expect_next(c, "1");
    ministore_cursor_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_cursor_stat(c, &info, &why));
    assert_int_equal(info.torn_bytes, LINES * 4);
    add_text("j", "2\n");
    ministore_record record;
    for (uint64_t n = 2; n < LINES + 3; n++) {
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        assert_int_equal(record.sequence, n);
    }
    assert_status(MINISTORE_DONE, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
}

/* Goal: what a writer takes back is not glued to what it writes then. Method: the file by hand, between two reads. */
static void what_is_taken_back(void **state) {
    (void)state;
    put_text("j", HEADER "1\n\"half of a");
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    expect_next(c, "1");
    assert_int_equal(truncate(in_folder("j"), (off_t)strlen(HEADER) + 2), 0);
    add_text("j", "\"whole\"\n");
    expect_next(c, "\"whole\"");
    ministore_cursor_close(c);
}

/* Goal: a file that becomes shorter between two reads is no failure. Method: it is cut before each of the reads. */
typedef struct {
    long reads, cut_before;
} cutting;

static void cut_before_a_read(faults *f, call_kind kind, const char *name) {
    (void)name;
    cutting *c = f->context;
    if (kind == READ && ++c->reads == c->cut_before)
        assert_int_equal(truncate(in_folder("j"), (off_t)strlen(HEADER) + 2), 0);
}

static void put_long_record(void) {
    enum { SIZE = 2 * MINISTORE__CHUNK };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, '9', SIZE);
    memcpy(text, HEADER "1\n", strlen(HEADER) + 2);
    text[SIZE - 1] = '\n';
    put_bytes("j", text, SIZE);
    free(text);
}

static void a_file_that_becomes_shorter(void **state) {
    (void)state;
    ministore_status status = MINISTORE_DONE;
    for (long at = 1; status == MINISTORE_DONE; at++) {
        faults f = faults_none();
        cutting cut = {.cut_before = at};
        ministore_record record;
        put_long_record();
        ministore_cursor_t *c = open_cursor(&f.io, NULL);
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        f.before = cut_before_a_read;
        f.context = &cut;
        status = ministore_cursor_next(c, &record, &why);
        if (status == MINISTORE_OK) assert_true(at > 3 && cut.reads < at); /* it was read before the cut */
        else assert_status(MINISTORE_DONE, status);
        f.before = NULL;
        if (status == MINISTORE_DONE) add_text("j", "2\n");
        expect_next(c, status == MINISTORE_DONE ? "2" : "");
        ministore_cursor_close(c);
    }
}

/* Goal: a bad line of the active segment is told only if it reads the same twice. Method: it is mended in between. */
static void mend_before_a_read(faults *f, call_kind kind, const char *name) {
    (void)name;
    long *reads = f->context;
    if (kind == READ && ++*reads == 2) put_text("j", HEADER "1\n[]\n");
}

static void a_bad_line_is_read_twice(void **state) {
    (void)state;
    faults f = faults_none();
    long reads = 0;
    put_text("j", HEADER "1\n[\n");
    ministore_cursor_t *c = open_cursor(&f.io, NULL);
    f.before = mend_before_a_read;
    f.context = &reads;
    expect_next(c, "1\n[]");
    ministore_cursor_close(c);
    put_text("j", HEADER "1\n[\n3\n");
    c = open_cursor(NULL, NULL);
    ministore_record record;
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    for (int i = 0; i < 2; i++) { /* and again, as the cursor stops there */
        assert_status(MINISTORE_CORRUPT, ministore_cursor_next(c, &record, &why));
        assert_int_equal(why.line, 3);
    }
    ministore_cursor_close(c);
}

static void rotate_before_a_list(faults *f, call_kind kind, const char *name) {
    (void)name;
    if (kind != LIST || !f->context) return;
    ministore_t *j = f->context;
    f->context = NULL;
    for (int n = 0; n < 3; n++) {
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        append_text(j, "\"more\"");
    }
}

/* Goal: nothing is read twice when P is archived, and is no longer the newest archive, before the segments are listed.
   Method: three rotations between the reader's look at P and its list. */
static void rotations_before_a_list(void **state) {
    (void)state;
    ministore_record record;
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "\"first\"");
    faults f = faults_none();
    f.before = rotate_before_a_list;
    f.context = j;
    ministore_cursor_t *c = open_cursor(&f.io, NULL);
    for (uint64_t n = 1; n <= 4; n++) {
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        assert_int_equal(record.sequence, n);
    }
    assert_status(MINISTORE_DONE, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
    close_journal(j);
}

/* Goal: a reader that lags behind sees what was pruned as PRUNED. Method: segments go while it reads the oldest. */
static void pruned_while_reading(void **state) {
    (void)state;
    ministore_record record;
    ministore_t *j = open_journal(NULL, NULL);
    for (int i = 0; i < 4; i++) {
        append_text(j, "1");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    append_text(j, "5");
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    assert_status(MINISTORE_OK, ministore_prune(j, 4, NULL, &why));
    assert_status(MINISTORE_PRUNED, ministore_cursor_next(c, &record, &why));
    assert_status(MINISTORE_PRUNED, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
    ministore_cursor_options options = reader_options();
    options.from = 2;
    assert_status(MINISTORE_PRUNED, ministore_cursor_open(&c, in_folder("j"), &options, &why));
    options.from = 4;
    c = open_cursor(NULL, &options);
    expect_next(c, "1\n5");
    ministore_cursor_close(c);
    close_journal(j);
}

/* Goal: what is pruned while a reader looks at the segments is looked at again: it begins with what is left, and stat
   tells of that. Method: another handle prunes between the list and the first read of an archive. */
static void prune_meanwhile(faults *f, call_kind kind, const char *name) {
    ministore_t *other = f->context;
    if (kind != OPEN_FILE || strcmp(name, "j") == 0 || !other) return;
    f->context = NULL;
    assert_status(MINISTORE_OK, ministore_prune(other, 3, NULL, &why));
}

static void pruned_while_looking(void **state) {
    (void)state;
    ministore_cursor_info info = {.struct_size = sizeof info};
    for (int stat = 0; stat < 2; stat++) {
        faults f = faults_none();
        ministore_t *j = open_journal(NULL, NULL);
        for (int i = 0; i < 3; i++) {
            append_text(j, "1");
            assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        }
        f.before = prune_meanwhile;
        if (!stat) f.context = j;
        ministore_cursor_t *c = open_cursor(&f.io, NULL);
        if (stat) f.context = j;
        assert_status(MINISTORE_OK, ministore_cursor_stat(c, &info, &why));
        assert_null(f.context);
        assert_int_equal(info.first_sequence, 3);
        if (!stat) expect_next(c, "1");
        ministore_cursor_close(c);
        close_journal(j);
        assert_int_equal(unlink(in_folder("j.003")) + unlink(in_folder("j")), 0);
    }
}

/* Goal: a segment missing in the middle is damage, not pruning. Method: it goes while a reader reads the one before. */
static void a_segment_that_vanishes(void **state) {
    (void)state;
    ministore_record record;
    ministore_t *j = open_journal(NULL, NULL);
    for (int i = 0; i < 3; i++) {
        append_text(j, "1");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    close_journal(j);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    assert_int_equal(unlink(in_folder("j.002")), 0);
    assert_status(MINISTORE_CORRUPT, ministore_cursor_next(c, &record, &why));
    assert_string_equal(why.segment, "j.002");
    ministore_cursor_close(c);
}

/* Goal: with crate segments, whose headers tell no number, a pruned one leaves no way to count on. */
static void pruned_without_numbers(void **state) {
    (void)state;
    ministore_record record;
    put_text("j.001", HEADER "1\n");
    put_text("j.002", HEADER "2\n");
    put_text("j", HEADER "3\n");
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
    assert_int_equal(unlink(in_folder("j.001")), 0);
    assert_int_equal(unlink(in_folder("j.002")), 0);
    assert_status(MINISTORE_PRUNED, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
}

/* Goal: the same for the segment that was read itself. Method: all a reader knew is replaced by newer segments. */
static void replaced_without_numbers(void **state) {
    (void)state;
    ministore_record record;
    put_text("j", HEADER "1\n");
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    expect_next(c, "1");
    assert_int_equal(unlink(in_folder("j")), 0);
    put_text("j.002", HEADER "2\n");
    put_text("new", HEADER "3\n");
    assert_int_equal(rename(in_folder("new"), in_folder("j")), 0);
    assert_status(MINISTORE_PRUNED, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
}

/* Goal: with `durable` the file is synced before what is new is handed out; media that cannot sync are fine. */
static void durable(void **state) {
    (void)state;
    static const struct {
        int error;
        ministore_status status;
    } rows[] = {{0, MINISTORE_OK}, {EROFS, MINISTORE_OK}, {EINVAL, MINISTORE_OK}, {EIO, MINISTORE_IO}};
    ministore_cursor_options options = reader_options();
    options.durable = 1;
    put_text("j", HEADER "1\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        faults f = faults_none();
        ministore_record record;
        ministore_cursor_t *c = open_cursor(&f.io, &options);
        fail_calls(&f, SYNC_DATA, rows[i].error ? 1 : 0, 1, rows[i].error);
        assert_status(rows[i].status, ministore_cursor_next(c, &record, &why));
        assert_int_equal(f.seen, 1);
        ministore_cursor_close(c);
    }
}

/* Goal: a stream reads its one file alone; numbers are from its header. */
static void streams(void **state) {
    (void)state;
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "2");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    close_journal(j);
    ministore_cursor_options options = reader_options();
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_cursor_t *c;
    options.scope = MINISTORE_STREAM;
    assert_status(MINISTORE_OK, ministore_cursor_open(&c, in_folder("j.002"), &options, &why));
    assert_status(MINISTORE_OK, ministore_cursor_stat(c, &info, &why));
    assert_int_equal(info.segments, 1);
    assert_int_equal(info.first_sequence, 2);
    assert_int_equal(info.bytes, size_of("j.002"));
    expect_next(c, "2");
    ministore_cursor_close(c);
    assert_status(MINISTORE_IO, ministore_cursor_open(&c, in_folder("j.003"), &options, &why));
    assert_int_equal(why.os_error, ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(batches),
        TEST(long_lines),
        TEST(a_long_commit),
        TEST(what_is_taken_back),
        TEST(a_file_that_becomes_shorter),
        TEST(a_bad_line_is_read_twice),
        TEST(rotations_before_a_list),
        TEST(pruned_while_reading),
        TEST(pruned_while_looking),
        TEST(a_segment_that_vanishes),
        TEST(pruned_without_numbers),
        TEST(replaced_without_numbers),
        TEST(durable),
        TEST(streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
