/*
 * Rotation, retention and prune: bytes and names afterwards, the way without links, failures and their undoing.
 */
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Goal: the new segment's header tells its first number and the digest of the one before; modes are kept. */
static void names_and_bytes(void **state) {
    (void)state;
    char header[128];
    struct stat stat_buffer;
    ministore_options options = writer_options();
    options.mode = 0640;
    ministore_t *j = open_journal(NULL, &options);
    assert_status(MINISTORE_OK, ministore_rotate(j, &why)); /* without records: nothing to do */
    assert_false(is_there("j.001"));
    append_text(j, "1");
    append_text(j, "2");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "3");
    close_journal(j);
    expect_text("j.001", HEADER "1\n2\n");
    (void)snprintf(header, sizeof header, "// MINISTORE JOURNAL v0.1.4 first=3 prev=crc32c:%08x\n3\n",
                   (unsigned)ministore__crc32c(0, HEADER "1\n2\n", strlen(HEADER "1\n2\n")));
    expect_text("j", header);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stat(in_folder(i ? "j" : "j.001"), &stat_buffer), 0);
        assert_int_equal(stat_buffer.st_mode & 07777, 0640);
    }
    assert_false(is_there("j.new"));
}

/* Goal: archive names are as wide as the widest there is. */
static void widths(void **state) {
    (void)state;
    put_text("j.000007", HEADER "1\n");
    put_text("j", HEADER "2\n");
    ministore_t *j = open_journal(NULL, NULL);
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    close_journal(j);
    assert_true(is_there("j.000008"));
}

/* Goal: with the last number used up a rotation fails, and the journal stays. */
static void numbers_used_up(void **state) {
    (void)state;
    put_text("j.4294967295", HEADER "1\n");
    put_text("j", HEADER "2\n");
    ministore_t *j = open_journal(NULL, NULL);
    assert_status(MINISTORE_TOO_LARGE, ministore_rotate(j, &why));
    append_text(j, "3");
    close_journal(j);
    expect_records("1\n2\n3");
}

/* Goal: where links are not to be had, renames do. Method: a table that has none, and one that has few. */
static void without_links(void **state) {
    (void)state;
    faults f = faults_none();
    f.no_links = true;
    ministore_t *j = open_journal(&f.io, NULL);
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "2");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "3");
    close_journal(j);
    expect_records("1\n2\n3");
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
}

/* Goal: an archive name that is taken meanwhile is never replaced. Method: a file made before link, or rename. */
static void take_the_name(faults *f, call_kind kind, const char *name) {
    if (kind == LINK) put_text("j.001", "somebody else's");
    if (f->no_links && kind == RENAME && name) put_text("j.001", "somebody else's");
}

static void a_name_that_is_taken(void **state) {
    (void)state;
    for (int without = 0; without < 2; without++) {
        faults f = faults_none();
        f.no_links = without;
        put_text("j", HEADER "1\n");
        ministore_t *j = open_journal(&f.io, NULL);
        f.before = take_the_name;
        assert_status(MINISTORE_IO, ministore_rotate(j, &why));
        assert_int_equal(why.os_error, EEXIST);
        f.before = NULL;
        append_text(j, "2");
        close_journal(j);
        expect_text("j.001", "somebody else's");
        expect_text("j", HEADER "1\n2\n");
        assert_int_equal(unlink(in_folder("j.001")), 0);
    }
}

/* Goal: an append that is durable returns OK though its rotation fails; the next one tries again and reports. */
static void a_rotation_due(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 30;
    ministore_t *j = open_journal(&f.io, &options);
    fail_calls(&f, LINK, 1, 2, ENOSPC);
    append_text(j, "1");
    assert_false(is_there("j.001"));
    assert_status(MINISTORE_NO_SPACE, ministore_append(j, "2", 1, NULL, &why));
    append_text(j, "2");
    close_journal(j);
    expect_text("j.001", HEADER "1\n");
    assert_true(is_there("j.002")); /* its own rotation followed */
    expect_records("1\n2");
}

/* Goal: a failed sync of the folder poisons, and the next open puts things right. Method: each of the syncs. */
static void a_failed_folder_sync(void **state) {
    (void)state;
    for (long at = 1; at <= 4; at++) {
        faults f = faults_none();
        put_text("j", HEADER "1\n");
        ministore_t *j = open_journal(&f.io, NULL);
        fail_calls(&f, SYNC, at, 1, EIO); /* P, P.new, folder, folder */
        assert_status(MINISTORE_IO, ministore_rotate(j, &why));
        bool poisoned = at != 2;
        assert_status(poisoned ? MINISTORE_POISONED : MINISTORE_OK, ministore_append(j, "2", 1, NULL, &why));
        close_journal(j);
        j = open_journal(NULL, NULL);
        append_text(j, "3");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        close_journal(j);
        expect_records(poisoned ? "1\n3" : "1\n2\n3");
        assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
        for (int i = 1; i < 4; i++) {
            char name[16];
            (void)snprintf(name, sizeof name, "j.%03d", i);
            if (is_there(name)) assert_int_equal(unlink(in_folder(name)), 0);
        }
    }
}

/* Goal: max_segments keeps the newest; with 1 the active one alone. */
static void retention(void **state) {
    (void)state;
    ministore_options options = writer_options();
    options.max_segments = 2;
    ministore_t *j = open_journal(NULL, &options);
    static const char *const texts[] = {"1", "2", "3"};
    for (int i = 0; i < 3; i++) {
        append_text(j, texts[i]);
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    close_journal(j);
    assert_false(is_there("j.002"));
    expect_records("3");
    options.max_segments = 1;
    j = open_journal(NULL, &options);
    append_text(j, "4");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    assert_false(is_there("j.003"));
    assert_false(is_there("j.004"));
    append_text(j, "5");
    uint64_t sequence;
    assert_status(MINISTORE_OK, ministore_append(j, "6", 1, &sequence, &why));
    assert_int_equal(sequence, 6);
    close_journal(j);
}

/* Goal: prune takes whole segments of older records, and says how many; its argument has limits. */
static void prune(void **state) {
    (void)state;
    uint32_t removed = 9;
    ministore_t *j = open_journal(NULL, NULL);
    for (int i = 0; i < 3; i++) {
        append_text(j, "1");
        append_text(j, "2");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_prune(j, 0, &removed, &why));
    assert_int_equal(removed, 0);
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_prune(j, 8, &removed, &why));
    assert_status(MINISTORE_OK, ministore_prune(j, 2, &removed, &why));
    assert_int_equal(removed, 0);
    assert_status(MINISTORE_OK, ministore_prune(j, 4, &removed, &why));
    assert_int_equal(removed, 1);
    assert_false(is_there("j.001"));
    assert_true(is_there("j.002"));
    assert_status(MINISTORE_OK, ministore_prune(j, 7, &removed, &why));
    assert_int_equal(removed, 2);
    close_journal(j);
    j = open_journal(NULL, NULL);
    assert_int_equal(ministore__next(j), 7);
    close_journal(j);
}

/* Goal: a segment that cannot be removed is told, and older ones are gone. */
static void a_segment_that_stays(void **state) {
    (void)state;
    faults f = faults_none();
    uint32_t removed;
    ministore_t *j = open_journal(&f.io, NULL);
    for (int i = 0; i < 3; i++) {
        append_text(j, "1");
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    }
    fail_calls(&f, UNLINK, 2, 1, EACCES);
    assert_status(MINISTORE_IO, ministore_prune(j, 4, &removed, &why));
    assert_string_equal(why.segment, "j.002");
    assert_int_equal(removed, 1);
    assert_true(is_there("j.002") && !is_there("j.001"));
    close_journal(j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_and_bytes), TEST(widths),    TEST(numbers_used_up), TEST(without_links),
        TEST(a_name_that_is_taken), TEST(a_rotation_due), TEST(a_failed_folder_sync), TEST(retention),
        TEST(prune),           TEST(a_segment_that_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
