/*
 * Where a journal lives: names of segments, symbolic links, folders that are missing, paths that cannot be.
 */
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ministore_status locate(const char *path, bool writer, ministore__location *out) {
    return ministore__locate(out, &ministore__posix, path, writer, &why);
}

/* Goal: a name that ends in a point and digits is a segment's, no other. */
static void names_of_segments(void **state) {
    (void)state;
    assert_true(ministore__names_segment("j.001"));
    assert_true(ministore__names_segment("j.7"));
    assert_true(ministore__names_segment(".1"));
    assert_false(ministore__names_segment("j"));
    assert_false(ministore__names_segment("001"));
    assert_false(ministore__names_segment("j."));
    assert_false(ministore__names_segment("j.1a"));
    assert_false(ministore__names_segment("j1"));
}

/* Goal: a bare name is in the current folder, also after links; segments are beside the real file. */
static void links_are_followed(void **state) {
    (void)state;
    ministore__location at;
    assert_int_equal(mkdir(in_folder("real"), 0700), 0);
    put_text("real/j", HEADER);
    assert_int_equal(symlink("real/j", in_folder("one")), 0);
    assert_int_equal(symlink("one", in_folder("two")), 0);
    assert_int_equal(symlink(in_folder("two"), in_folder("three")), 0);
    assert_status(MINISTORE_OK, locate(in_folder("three"), true, &at));
    assert_string_equal(at.name, "j");
    char name[MINISTORE__NAME_SIZE];
    ministore__sibling(&at, ".torn", name);
    assert_string_equal(name, "j.torn");
    struct stat held, named;
    assert_int_equal(fstat(at.folder, &held), 0);
    assert_int_equal(stat(in_folder("real"), &named), 0);
    assert_int_equal(held.st_ino, named.st_ino);
    ministore__location_free(&at);
}

/* Goal: a link that points nowhere yet is where a writer makes the journal. */
static void a_dangling_link_is_written_through(void **state) {
    (void)state;
    assert_int_equal(symlink("later", in_folder("j")), 0);
    close_journal(open_journal(NULL, NULL));
    expect_text("later", HEADER);
}

/* Goal: links in a circle are an I/O error, for both. */
static void links_in_a_circle(void **state) {
    (void)state;
    ministore__location at;
    assert_int_equal(symlink("b", in_folder("a")), 0);
    assert_int_equal(symlink("a", in_folder("b")), 0);
    for (int writer = 0; writer < 2; writer++) {
        assert_status(MINISTORE_IO, locate(in_folder("a"), writer, &at));
        assert_int_equal(why.os_error, ELOOP);
    }
}

/* Goal: a writer makes missing folders, a reader does not. */
static void missing_folders(void **state) {
    (void)state;
    ministore__location at;
    assert_status(MINISTORE_OK, locate(in_folder("a/b/c/j"), false, &at));
    assert_int_equal(at.folder, -1);
    ministore__location_free(&at);
    assert_false(is_there("a"));
    assert_status(MINISTORE_OK, locate(in_folder("a/b/c/j"), true, &at));
    assert_true(at.folder >= 0);
    ministore__location_free(&at);
    assert_true(is_there("a/b/c"));
}

/* Goal: paths that no journal can have are refused, and say why. */
static void impossible_paths(void **state) {
    (void)state;
    ministore__location at;
    char name[300] = "";
    assert_status(MINISTORE_INVALID_ARGUMENT, locate("", true, &at));
    assert_status(MINISTORE_NOT_A_FILE, locate(in_folder(""), true, &at));
    assert_status(MINISTORE_NOT_A_FILE, locate(in_folder("."), true, &at));
    assert_status(MINISTORE_NOT_A_FILE, locate(in_folder(".."), true, &at));
    memset(name, 'n', 241);
    assert_status(MINISTORE_INVALID_ARGUMENT, locate(in_folder(name), true, &at));
    name[240] = '\0';
    assert_status(MINISTORE_OK, locate(in_folder(name), true, &at));
    ministore__location_free(&at);
    put_text("file", "x");
    assert_status(MINISTORE_IO, locate(in_folder("file/j"), true, &at));
    assert_int_equal(why.os_error, ENOTDIR);
    assert_non_null(strstr(why.message, "file/j"));
}

/* Goal: a relative path is taken once: a later change of the current folder does not move the journal. */
static void a_relative_path(void **state) {
    (void)state;
    char *before = getcwd(NULL, 0);
    ministore_t *j;
    assert_int_equal(chdir(test_folder), 0);
    assert_status(MINISTORE_OK, ministore_open(&j, "j", NULL, &why));
    assert_int_equal(chdir("/"), 0);
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_rotate(j, &why));
    append_text(j, "2");
    close_journal(j);
    assert_int_equal(chdir(before), 0);
    free(before);
    expect_records("1\n2");
    assert_true(is_there("j.001"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(names_of_segments), TEST(links_are_followed), TEST(a_dangling_link_is_written_through),
        TEST(links_in_a_circle), TEST(missing_folders),    TEST(impossible_paths),
        TEST(a_relative_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
