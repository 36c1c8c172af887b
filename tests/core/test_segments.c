/*
 * The set of archived segments: which files are of it, what is wrong with it, where its numbers begin.
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ministore__location at;
static ministore__archives archives;

/* List the segments of the test's journal "j". */
static void list(const ministore__io *io) {
    assert_status(MINISTORE_OK, ministore__locate(&at, io, in_folder("j"), false, &why));
    archives = (ministore__archives){0};
    assert_status(MINISTORE_OK, ministore__list(&at, &archives, &why));
}

static void forget(void) {
    ministore__location_free(&at);
    free(archives.items);
}

static void expect_fault(ministore_status status, const char *segment) {
    list(&ministore__posix);
    assert_status(status, ministore__archives_check(&archives, &why));
    assert_string_equal(why.segment, segment);
    forget();
}

/* Goal: all digits behind the journal's name and a point make a segment, in the order of their value. */
static void what_is_a_segment(void **state) {
    (void)state;
    static const char *const names[] = {"j",      "j.010", "j.2",  "j.0000000011", "j.bak", "j.001.gz", "j.torn",
                                        "j.new",  "j.",    "j.1x", "k.001",        "j001",  "j.-1"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) put_text(names[i], HEADER);
    char name[MINISTORE__NAME_SIZE];
    list(&ministore__posix);
    assert_int_equal(archives.count, 3);
    static const char *const sorted[] = {"j.2", "j.010", "j.0000000011"};
    for (size_t i = 0; i < 3; i++) {
        ministore__archive_name(&at, &archives.items[i], name);
        assert_string_equal(name, sorted[i]);
    }
    forget();
}

/* Goal: many segments are listed. */
static void many_segments(void **state) {
    (void)state;
    char name[16];
    for (int i = 40; i > 0; i--) {
        (void)snprintf(name, sizeof name, "j.%03d", i);
        put_text(name, HEADER);
    }
    list(&ministore__posix);
    assert_int_equal(archives.count, 40);
    for (size_t i = 0; i < 40; i++) assert_int_equal(archives.items[i].number, i + 1);
    assert_status(MINISTORE_OK, ministore__archives_check(&archives, &why));
    forget();
}

/* Goal: a gap is told by the missing file's name; the oldest may be missing. */
static void a_gap(void **state) {
    (void)state;
    put_text("j.003", HEADER);
    put_text("j.004", HEADER);
    expect_fault(MINISTORE_OK, "");
    put_text("j.006", HEADER);
    expect_fault(MINISTORE_CORRUPT, "j.005");
}

/* Goal: two files with one number are never chosen from. */
static void two_files_with_one_number(void **state) {
    (void)state;
    put_text("j.01", HEADER);
    put_text("j.001", HEADER);
    list(&ministore__posix);
    assert_status(MINISTORE_CORRUPT, ministore__archives_check(&archives, &why));
    assert_true(strcmp(why.segment, "j.01") == 0 || strcmp(why.segment, "j.001") == 0);
    forget();
}

/* Goal: a number beyond 32 bits is a fault; the largest within is not. */
static void numbers_beyond_32_bits(void **state) {
    (void)state;
    put_text("j.4294967295", HEADER);
    expect_fault(MINISTORE_OK, "");
    put_text("j.4294967296", HEADER);
    list(&ministore__posix);
    assert_status(MINISTORE_CORRUPT, ministore__archives_check(&archives, &why));
    forget();
    ministore_t *j;
    assert_status(MINISTORE_CORRUPT, ministore_open(&j, in_folder("j"), NULL, &why));
}

/* Goal: a segment is a regular file or a link to one. */
static void what_kind_of_file(void **state) {
    (void)state;
    put_text("elsewhere", HEADER "1\n");
    assert_int_equal(symlink("elsewhere", in_folder("j.001")), 0);
    put_text("j", "// MINISTORE JOURNAL v0.1.4 first=2\n2\n");
    expect_records("1\n2");
    expect_fault(MINISTORE_OK, "");
    assert_int_equal(mkdir(in_folder("j.002"), 0700), 0);
    expect_fault(MINISTORE_CORRUPT, "j.002");
}

static uint64_t first_of(size_t index) {
    uint64_t first = 0;
    list(&ministore__posix);
    archives.active = at.io->open_file(at.io, at.folder, "j", 0, 0);
    assert_status(MINISTORE_OK, ministore__first_of(&archives, index, &first, &why));
    at.io->close(at.io, archives.active);
    forget();
    return first;
}

/* Goal: a segment without first= is counted on from an older one, or back from a later one as far as 1, or
   from 1. */
static void where_numbers_begin(void **state) {
    (void)state;
    put_text("j.001", HEADER "1\n2\n");
    put_text("j.002", HEADER "\n3\n4\n");
    put_text("j", HEADER "6\n");
    assert_int_equal(first_of(0), 1);
    assert_int_equal(first_of(1), 3);
    assert_int_equal(first_of(2), 6);
    put_text("j.002", "// MINISTORE JOURNAL v0.1.4 first=11\n3\n");
    assert_int_equal(first_of(0), 9);
    assert_int_equal(first_of(1), 11);
    assert_int_equal(first_of(2), 12);
    put_text("j.002", "// MINISTORE JOURNAL v0.1.4 first=2\n3\n");
    assert_int_equal(first_of(0), 1);
}

/* Goal: where the system tells no kind of file with a folder's entries, the file itself is asked. */
static int list_without_kinds(const ministore__io *io, int folder,
                              int (*each)(void *, const char *, ministore__kind), void *context) {
    (void)io, (void)folder;
    static const char *const names[] = {"j.001", "j.002", "j.003"};
    int result = 0;
    for (size_t i = 0; i < 3 && result == 0; i++) result = each(context, names[i], MINISTORE__UNKNOWN);
    return result;
}

static void kinds_that_are_not_told(void **state) {
    (void)state;
    ministore__io io = ministore__posix;
    io.list = list_without_kinds;
    put_text("j.001", HEADER);
    assert_int_equal(symlink("j.001", in_folder("j.002")), 0);
    assert_int_equal(mkdir(in_folder("j.003"), 0700), 0);
    list(&io);
    assert_true(archives.items[0].regular);
    assert_true(archives.items[1].regular);
    assert_false(archives.items[2].regular);
    forget();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(what_is_a_segment),      TEST(many_segments),     TEST(a_gap),
        TEST(two_files_with_one_number), TEST(numbers_beyond_32_bits), TEST(what_kind_of_file),
        TEST(where_numbers_begin),    TEST(kinds_that_are_not_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
