/*
 * Verify and repair: each kind of damage is found, changes nothing unasked, and what is cut is kept.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A journal of three segments with two records each. */
static void put_segments(void) {
    ministore_t *j = open_journal(NULL, NULL);
    for (int i = 0; i < 3; i++) {
        if (i > 0) assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        append_text(j, "\"one\"");
        append_text(j, "\"two\"");
    }
    close_journal(j);
}

static ministore_verify_info verify(ministore_status expected) {
    ministore_verify_info info = {.struct_size = sizeof info};
    memset(&why, 0, sizeof why);
    assert_status(expected, ministore_verify(in_folder("j"), 1 << 20, &info, &why));
    return info;
}

/* Goal: a good journal is counted; one that is not there has nothing wrong with it. */
static void a_good_journal(void **state) {
    (void)state;
    ministore_verify_info info = verify(MINISTORE_OK);
    assert_int_equal(info.segments + info.records + info.bytes, 0);
    put_segments();
    info = verify(MINISTORE_OK);
    assert_int_equal(info.segments, 3);
    assert_int_equal(info.records, 6);
    assert_int_equal(info.problems + info.torn_bytes + info.uncovered, 0);
    assert_int_equal(info.first_sequence, 1);
    assert_int_equal(info.next_sequence, 7);
}

/* Goal: a changed byte in an archive is found by its digest, though each line is good. */
static void a_changed_byte(void **state) {
    (void)state;
    put_segments();
    char *text = get_bytes("j.002", NULL);
    *strstr(text, "two") = 'T';
    put_text("j.002", text);
    free(text);
    assert_int_equal(verify(MINISTORE_CORRUPT).problems, 1);
    assert_string_equal(why.segment, "j");
    assert_int_equal(why.line, 1);
}

/* Goal: all problems are counted, the first is told with its place. */
static void several_problems(void **state) {
    (void)state;
    put_segments();
    add_text("j.002", "bad\n");
    add_text("j", "\n\xff\n1\n\"torn");
    ministore_verify_info info = verify(MINISTORE_CORRUPT);
    assert_string_equal(why.segment, "j.002");
    assert_int_equal(why.line, 4);
    assert_int_equal(why.sequence, 5);
    assert_int_equal(info.problems, 4); /* the line, the header behind it, a blank line, bad UTF-8 */
    assert_int_equal(info.torn_bytes, 5);
    assert_int_equal(info.records, 7);
}

/* Goal: a gap, a wrong first=, and a torn archive are each found. */
static void damaged_sets(void **state) {
    (void)state;
    put_segments();
    assert_int_equal(rename(in_folder("j.002"), in_folder("kept")), 0);
    (void)verify(MINISTORE_CORRUPT);
    assert_int_equal(rename(in_folder("kept"), in_folder("j.002")), 0);
    (void)verify(MINISTORE_OK);
    add_text("j.002", "\"torn");
    (void)verify(MINISTORE_CORRUPT);
    assert_string_equal(why.segment, "j.002");
}

/* Goal: segments of the Rust crate, without digests, are counted as not covered. */
static void uncovered_segments(void **state) {
    (void)state;
    put_text("j.001", HEADER "1\n");
    put_text("j", HEADER "2\n");
    assert_int_equal(verify(MINISTORE_OK).uncovered, 1);
}

static ministore_repair_info repair(ministore_status expected, uint32_t dry_run) {
    ministore_repair_info info = {.struct_size = sizeof info};
    assert_status(expected, ministore_repair(in_folder("j"), dry_run, 1 << 20, &info, &why));
    return info;
}

/* Goal: the cut begins at the first bad commit, its price is told, its bytes are kept; a dry run changes nothing. */
static void a_repair(void **state) {
    (void)state;
    static const char before[] = HEADER "1\n2\t\nbad\n4\n5\t\n\"torn";
    put_text("j", before);
    for (uint32_t dry_run = 2; dry_run-- > 0;) {
        ministore_repair_info info = repair(MINISTORE_OK, dry_run);
        assert_int_equal(info.cut_offset, strlen(HEADER "1\n"));
        assert_int_equal(info.cut_bytes, strlen("2\t\nbad\n4\n5\t\n\"torn"));
        assert_int_equal(info.cut_lines, 4);
        assert_int_equal(info.cut_records, 2);
        assert_int_equal(info.next_sequence, 2);
        if (dry_run) expect_text("j", before);
        assert_int_equal(is_there("j.torn"), !dry_run);
    }
    expect_text("j", HEADER "1\n");
    expect_text("j.torn", "2\t\nbad\n4\n5\t\n\"torn");
    assert_int_equal(repair(MINISTORE_OK, 0).cut_bytes, 0);
    close_journal(open_journal(NULL, NULL));
}

/* Goal: bad lines of archives are counted, never changed, and no failure that `err` would tell of. */
static void archives_stay(void **state) {
    (void)state;
    put_segments();
    add_text("j.002", "bad\n");
    char *before = get_bytes("j.002", NULL);
    memset(&why, 0, sizeof why);
    assert_int_equal(repair(MINISTORE_OK, 0).archived_bad_lines, 1);
    assert_int_equal(why.status, MINISTORE_OK);
    expect_text("j.002", before);
    free(before);
}

/* Goal: archives in which nothing can be read do not stop it, and its success leaves the error alone. */
static void archives_that_cannot_be_read(void **state) {
    (void)state;
    put_text("j.001", HEADER "1\n2\n3\n");
    put_text("j.002", "no header\n4\n");
    put_text("j", "// MINISTORE JOURNAL v0.1.4 first=3\n3\nbad\n"); /* 3 is less than what j.001 holds */
    memset(&why, 0xA5, sizeof why);
    ministore_error before = why;
    ministore_repair_info info = repair(MINISTORE_OK, 0);
    assert_memory_equal(&why, &before, sizeof why);
    assert_int_equal(info.cut_bytes, strlen("bad\n"));
    assert_int_equal(info.next_sequence, 4);
    expect_text("j", "// MINISTORE JOURNAL v0.1.4 first=3\n3\n");
}

/* Goal: what repair cannot do is told: no journal, a segment's path, a locked one, a foreign file, a gap. */
static void what_cannot_be_repaired(void **state) {
    (void)state;
    (void)repair(MINISTORE_IO, 0);
    assert_status(MINISTORE_IO, ministore_repair(in_folder("no/j"), 0, 1 << 20, NULL, &why));
    assert_false(is_there("j") || is_there("no"));
    put_segments();
    assert_status(MINISTORE_INVALID_ARGUMENT, ministore_repair(in_folder("j.001"), 0, 1 << 20, NULL, &why));
    ministore_t *j = open_journal(NULL, NULL);
    (void)repair(MINISTORE_LOCKED, 0);
    close_journal(j);
    assert_int_equal(unlink(in_folder("j.001")), 0);
    (void)repair(MINISTORE_OK, 0);
    put_text("j.004", HEADER);
    (void)repair(MINISTORE_CORRUPT, 0);
    assert_int_equal(unlink(in_folder("j.004")), 0);
    put_text("j", "not a journal\n");
    (void)repair(MINISTORE_BAD_HEADER, 0);
    expect_text("j", "not a journal\n");
    put_text("j", HEADER "1\n\"longer than four bytes\"\n");
    assert_status(MINISTORE_TOO_LARGE, ministore_repair(in_folder("j"), 0, 4, NULL, &why));
    expect_text("j", HEADER "1\n\"longer than four bytes\"\n");
}

/* Goal: an interrupted rotation is completed by repair as by open. */
static void an_interrupted_rotation(void **state) {
    (void)state;
    put_text("j.001", HEADER "1\n2\n");
    assert_int_equal(repair(MINISTORE_OK, 1).next_sequence, 3);
    assert_false(is_there("j"));
    assert_int_equal(repair(MINISTORE_OK, 0).next_sequence, 3);
    assert_true(is_there("j"));
    expect_records("1\n2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_good_journal),          TEST(a_changed_byte), TEST(several_problems),
        TEST(damaged_sets),            TEST(uncovered_segments), TEST(a_repair),
        TEST(archives_stay),           TEST(archives_that_cannot_be_read),
        TEST(what_cannot_be_repaired), TEST(an_interrupted_rotation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
