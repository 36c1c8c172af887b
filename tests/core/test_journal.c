/*
 * The handle of a writer: what stat tells, modes of new files, what close leaves, one writer in one process too.
 */
#include "support.h"

#include <string.h>
#include <sys/stat.h>

static ministore_info stat_of(ministore_t *j) {
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    return info;
}

/* Goal: stat counts segments, bytes and numbers, over rotation, prune and reopening. */
static void stat_counts(void **state) {
    (void)state;
    ministore_t *j = open_journal(NULL, NULL);
    ministore_info info = stat_of(j);
    assert_int_equal(info.segments, 1);
    assert_true(info.first_sequence == 1 && info.next_sequence == 1 && info.durable_sequence == 0);
    assert_int_equal(info.bytes, strlen(HEADER));
    append_text(j, "1");
    append_text(j, "2");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "3");
    info = stat_of(j);
    assert_int_equal(info.segments, 2);
    assert_true(info.first_sequence == 1 && info.next_sequence == 4 && info.durable_sequence == 3);
    assert_int_equal(info.bytes, size_of("j") + size_of("j.001"));
    assert_int_equal(info.torn_bytes, 0);
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    assert_status(MINISTORE_OK, ministore_prune(j, 4, NULL, &why));
    close_journal(j);
    j = open_journal(NULL, NULL);
    info = stat_of(j);
    assert_int_equal(info.segments, 1);
    assert_true(info.first_sequence == 4 && info.next_sequence == 4 && info.durable_sequence == 3);
    close_journal(j);
}

/* Goal: new files have the mode asked for, whatever the umask; an old one keeps its own. */
static void modes(void **state) {
    (void)state;
    struct stat found;
    mode_t before = umask(077);
    ministore_options options = writer_options();
    options.mode = 0666;
    close_journal(open_journal(NULL, &options));
    (void)umask(before);
    assert_int_equal(stat(in_folder("j"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0666);
    options.mode = 0600;
    close_journal(open_journal(NULL, &options));
    assert_int_equal(stat(in_folder("j"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0666);
}

/* Goal: the lock holds within one process too, for open and repair, and goes with close. */
static void one_writer(void **state) {
    (void)state;
    ministore_t *j = open_journal(NULL, NULL), *other = j;
    assert_status(MINISTORE_LOCKED, ministore_open(&other, in_folder("j"), NULL, &why));
    assert_null(other);
    assert_string_equal(why.path, in_folder("j"));
    assert_status(MINISTORE_LOCKED, ministore_repair(in_folder("j"), 0, 1 << 20, NULL, &why));
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    assert_status(MINISTORE_LOCKED, ministore_open(&other, in_folder("j"), NULL, &why));
    close_journal(j);
    close_journal(open_journal(NULL, NULL));
}

/* Goal: a journal's path is never that of a segment. */
static void paths_of_segments(void **state) {
    (void)state;
    ministore_t *j;
    ministore_cursor_t *c;
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_open(&j, in_folder("j.001"), NULL, &why));
    assert_false(is_there("j.001"));
    put_text("j.001", HEADER "1\n");
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_cursor_open(&c, in_folder("j.001"), NULL, &why));
}

/* Goal: nothing is left open. */
static void no_descriptor_stays_open(void **state) {
    (void)state;
    int before = open_descriptors();
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, 0, &why));
    expect_next(c, "1");
    ministore_cursor_close(c);
    close_journal(j);
    assert_int_equal(open_descriptors(), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stat_counts), TEST(modes), TEST(one_writer), TEST(paths_of_segments), TEST(no_descriptor_stays_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
