/*
 * Appending: which bytes a commit has, what a refused record says, roll-back, poison, a full disk.
 */
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Goal: white space around records is dropped, and all but a batch's last line carry the mark. */
static void bytes_of_commits(void **state) {
    (void)state;
    static const char batch[] = "1\n  {\"a\" : 2} \r\n\t3\n";
    uint64_t sequence = 0;
    ministore_t *j = open_journal(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_append(j, " \t[ ]\r\n", 7, &sequence, &why));
    assert_int_equal(sequence, 1);
    assert_status(MINISTORE_OK, ministore_append_batch(j, batch, strlen(batch), &sequence, &why));
    assert_int_equal(sequence, 4);
    assert_status(MINISTORE_OK, ministore_append_batch(j, "", 0, &sequence, &why));
    assert_int_equal(sequence, 0);
    assert_status(MINISTORE_OK, ministore_append_batch(j, "5", 1, &sequence, &why));
    assert_int_equal(sequence, 5);
    close_journal(j);
    expect_text("j", HEADER "[ ]\n1\t\n{\"a\" : 2}\t\n3\n5\n");
}

/* Goal: a refused record is told by its number and byte, and nothing is written. */
static void refused_records(void **state) {
    (void)state;
    static const char batch[] = "1\n22\n {\"a\"}\n4\n";
    ministore_options options = writer_options();
    options.max_record_bytes = 8;
    ministore_t *j = open_journal(NULL, &options);
    assert_status(MINISTORE_INVALID_JSON, ministore_append_batch(j, batch, strlen(batch), NULL, &why));
    assert_int_equal(why.line, 3);
    assert_int_equal(why.offset, 5);
    assert_string_equal(why.segment, "");
    assert_status(MINISTORE_INVALID_JSON, ministore_append_batch(j, "1\n\n2\n", 5, NULL, &why));
    assert_int_equal(why.line, 2);
    assert_status(MINISTORE_INVALID_JSON, ministore_append(j, "[1,\n2]", 6, NULL, &why));
    assert_int_equal(why.line, 1);
    assert_status(MINISTORE_TOO_LARGE, ministore_append(j, "123456789", 9, NULL, &why));
    assert_status(MINISTORE_OK, ministore_append(j, "  12345678  ", 12, NULL, &why));
    close_journal(j);
    expect_text("j", HEADER "12345678\n");
}

/* Goal: a large commit is written whole, and its buffers not kept. */
static void a_large_commit(void **state) {
    (void)state;
    enum { SIZE = 5 << 20 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, '8', SIZE);
    ministore_t *j = open_journal(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_append(j, text, SIZE, NULL, &why));
    assert_true(j->buffer.capacity < SIZE);
    assert_status(MINISTORE_OK, ministore_append_batch(j, text, SIZE, NULL, &why));
    assert_true(j->buffer.capacity < SIZE && j->spare.capacity < SIZE);
    append_text(j, "1");
    close_journal(j);
    assert_int_equal(size_of("j"), strlen(HEADER) + 2 * (SIZE + 1) + 2);
    free(text);
}

/* Goal: a batch is one commit, good lines in long rows and odd ones between them; a refused one leaves no trace. */
static void a_batch_of_many_lines(void **state) {
    (void)state;
    enum { ROWS = 1000, ROOM = ROWS * 32 };
    char *batch = calloc(1, ROOM), *expected = calloc(1, ROOM);
    assert_non_null(batch);
    assert_non_null(expected);
    strcpy(expected, HEADER "0\n");
    char *in = batch, *out = expected + strlen(expected);
    for (int i = 0; i < ROWS; i++) {
        in += sprintf(in, i % 300 == 299 ? "1e%d \n" : " {\"i\":%d}\n", i);
        out += sprintf(out, i % 300 == 299 ? "1e%d\t\n" : "{\"i\":%d}\t\n", i);
    }
    strcpy(out - 2, "\n");
    uint64_t sequence = 0;
    ministore_t *j = open_journal(NULL, NULL);
    strcpy(in, "bad");
    assert_status(MINISTORE_INVALID_JSON, ministore_append_batch(j, batch, strlen(batch), NULL, &why));
    assert_int_equal(why.line, ROWS + 1);
    append_text(j, "0");
    *in = '\0';
    assert_status(MINISTORE_OK, ministore_append_batch(j, batch, strlen(batch), &sequence, &why));
    assert_int_equal(sequence, ROWS + 1);
    close_journal(j);
    expect_text("j", expected);
    free(batch);
    free(expected);
}

/* Goal: lines of every length stand as they were given, and nothing is read behind a batch: a sanitizer sees it. */
static void lines_of_every_length(void **state) {
    (void)state;
    ministore_t *j = open_journal(NULL, NULL);
    char expected[1 << 15] = HEADER, *out = expected + strlen(expected);
    for (int size = 1; size < 100; size++) {
        char lines[256];
        const int bytes = snprintf(lines, sizeof lines, "[0]\n[\"%.*s\"]", size,
                                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn"
                                   "opqrstuvwxyz");
        char *exact = malloc((size_t)bytes);
        assert_non_null(exact);
        memcpy(exact, lines, (size_t)bytes);
        assert_status(MINISTORE_OK, ministore_append_batch(j, exact, (size_t)bytes, NULL, &why));
        free(exact);
        out += sprintf(out, "[0]\t\n%s\n", lines + strlen("[0]\n"));
    }
    close_journal(j);
    expect_text("j", expected);
}

/* Goal: the digest that rotation writes down covers each commit once, small ones, batches and after a failed write. */
static void the_digest_covers_each_commit(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_options options = writer_options();
    ministore_verify_info info = {.struct_size = sizeof info};
    options.sync = MINISTORE_SYNC_MANUAL;
    ministore_t *j = open_journal(&f.io, &options);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 1000 * i; k++) append_text(j, "\"a small record\"");
        assert_status(MINISTORE_OK, ministore_append_batch(j, "1\n2\n3", 5, NULL, &why));
        append_text(j, "4");
        fail_calls(&f, WRITE, 1, 1, ENOSPC);
        assert_status(MINISTORE_NO_SPACE, ministore_append(j, "5", 1, NULL, &why));
        fail_calls(&f, WRITE, 1, 1, ENOSPC);
        assert_status(MINISTORE_NO_SPACE, ministore_append_batch(j, "6\n7", 3, NULL, &why));
        append_text(j, "8");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    close_journal(j);
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, &info, &why));
    assert_int_equal(info.uncovered, 0);
}

/* Goal: a failed write is taken back and the handle goes on. Method: no space, half of the bytes written. */
static void a_failed_write_is_taken_back(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_t *j = open_journal(&f.io, NULL);
    append_text(j, "1");
    fail_calls(&f, WRITE, 1, 1, ENOSPC);
    assert_status(MINISTORE_NO_SPACE, ministore_append(j, "\"a long text\"", 13, NULL, &why));
    assert_int_equal(why.os_error, ENOSPC);
    expect_text("j", HEADER "1\n");
    append_text(j, "2");
    close_journal(j);
    expect_text("j", HEADER "1\n2\n");
}

/* Goal: after a failed sync nothing more is written, though another sync would succeed; the cause is told each time. */
static void a_failed_sync_poisons(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_t *j = open_journal(&f.io, NULL), *other;
    append_text(j, "1");
    fail_calls(&f, SYNC_DATA, 1, 1, EIO);
    assert_status(MINISTORE_IO, ministore_append(j, "2", 1, NULL, &why));
    assert_int_equal(why.os_error, EIO);
    char *before = get_bytes("j", NULL);
    assert_status(MINISTORE_POISONED, ministore_append(j, "3", 1, NULL, &why));
    assert_int_equal(why.os_error, EIO);
    assert_non_null(strstr(why.message, strerror(EIO)));
    assert_status(MINISTORE_POISONED, ministore_append_batch(j, "3", 1, NULL, &why));
    assert_status(MINISTORE_POISONED, ministore_sync(j, &why));
    assert_status(MINISTORE_POISONED, ministore_rotate(j, &why));
    assert_status(MINISTORE_POISONED, ministore_prune(j, 1, NULL, &why));
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.durable_sequence, 1);
    expect_text("j", before);
    free(before);
    assert_status(MINISTORE_LOCKED, ministore_open(&other, in_folder("j"), NULL, &why));
    close_journal(j);
    j = open_journal(NULL, NULL);
    append_text(j, "4");
    close_journal(j);
}

/* Goal: a roll-back that fails poisons too, by its own cause. Method: write and truncate fail. */
static void a_failed_roll_back_poisons(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_t *j = open_journal(&f.io, NULL);
    append_text(j, "1");
    fail_calls(&f, ANY_CALL, 1, 1000, EIO);
    assert_status(MINISTORE_IO, ministore_append(j, "22", 2, NULL, &why));
    f.fail_at = 0;
    assert_status(MINISTORE_POISONED, ministore_append(j, "3", 1, NULL, &why));
    close_journal(j);
    j = open_journal(NULL, NULL);
    close_journal(j);
    expect_records("1");
}

/* Goal: with manual sync an append is promised by the next sync; a failed one poisons. */
static void manual_sync(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_options options = writer_options();
    ministore_info info = {.struct_size = sizeof info};
    options.sync = MINISTORE_SYNC_MANUAL;
    ministore_t *j = open_journal(&f.io, &options);
    fail_calls(&f, SYNC_DATA, 0, 0, 0);
    append_text(j, "1");
    append_text(j, "2");
    assert_int_equal(f.seen, 0);
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.durable_sequence, 0);
    assert_status(MINISTORE_OK, ministore_sync(j, &why));
    assert_int_equal(f.seen, 1);
    assert_status(MINISTORE_OK, ministore_sync(j, &why)); /* nothing to do */
    assert_int_equal(f.seen, 1);
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.durable_sequence, 2);
    append_text(j, "3");
    f.fail_at = 2, f.fail_count = 1, f.error = EIO;
    assert_status(MINISTORE_IO, ministore_close(j, &why));
    assert_int_equal(f.seen, 2);
}

/* Goal: at a limit of file size the append fails, and all before it is there. Method: a real RLIMIT_FSIZE. */
static void a_full_disk(void **state) {
    (void)state;
    struct rlimit before, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "\"fits\"");
    limit = before;
    limit.rlim_cur = (rlim_t)size_of("j") + 10;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ministore_status refused = ministore_append(j, "\"does not fit any more\"", 23, NULL, &why);
    ministore_status small = ministore_append(j, "1", 1, NULL, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_status(MINISTORE_NO_SPACE, refused);
    assert_int_equal(why.os_error, EFBIG);
    assert_status(MINISTORE_OK, small);
    append_text(j, "\"does not fit any more\"");
    close_journal(j);
    expect_text("j", HEADER "\"fits\"\n1\n\"does not fit any more\"\n");
}

/* Goal: space allocated in advance is trimmed by close and by rotation, and a failing allocation is no error. */
static void preallocation(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_options options = writer_options();
    options.preallocate_bytes = 1000;
    ministore_t *j = open_journal(&f.io, &options);
    append_text(j, "1");
    assert_true(size_of("j") >= strlen(HEADER) + 1000);
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.bytes, strlen(HEADER) + 2);
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    expect_text("j.001", HEADER "1\n");
    fail_calls(&f, ALLOCATE, 1, 1, ENOSPC);
    append_text(j, "2");
    append_text(j, "3");
    assert_int_equal(f.seen, 1); /* it is not tried again in this segment */
    close_journal(j);
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
    char *text = get_bytes("j", NULL);
    assert_non_null(strstr(text, "\n2\n3\n"));
    assert_int_equal(strlen(text), size_of("j"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(bytes_of_commits),
        TEST(refused_records),
        TEST(a_large_commit),
        TEST(a_batch_of_many_lines),
        TEST(lines_of_every_length),
        TEST(the_digest_covers_each_commit),
        TEST(a_failed_write_is_taken_back),
        TEST(a_failed_sync_poisons),
        TEST(a_failed_roll_back_poisons),
        TEST(manual_sync),
        TEST(a_full_disk),
        TEST(preallocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
