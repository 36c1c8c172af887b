/*
 * The platform table for POSIX systems: each entry keeps the contract that internal.h states.
 */
#include "support.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const ministore__io *const io = &ministore__posix;
static int folder;

static int setup(void **state) {
    if (folder_setup(state) != 0) return -1;
    folder = io->open_folder(io, MINISTORE__CURRENT_FOLDER, test_folder);
    return folder < 0;
}

static int teardown(void **state) {
    io->close(io, folder);
    return folder_teardown(state);
}

static int open_file(const char *name, int how) {
    int file = io->open_file(io, folder, name, how, 0600);
    assert_true(file >= 0);
    return file;
}

/* Goal: a read is short only at the end, a write is whole, truncate and allocate give NULs. */
static void transfers(void **state) {
    (void)state;
    char data[16] = "";
    int file = open_file("f", MINISTORE__WRITE | MINISTORE__CREATE);
    assert_int_equal(io->write(io, file, "abcdef", 6, 2), 0);
    assert_int_equal(io->read(io, file, data, sizeof data, 0), 8);
    assert_memory_equal(data, "\0\0abcdef", 8);
    assert_int_equal(io->read(io, file, data, sizeof data, 8), 0);
    assert_int_equal(io->truncate(io, file, 3), 0);
    assert_int_equal(io->truncate(io, file, 5), 0);
    assert_int_equal(io->read(io, file, data, sizeof data, 0), 5);
    assert_memory_equal(data, "\0\0a\0\0", 5);
    assert_int_equal(io->allocate(io, file, 5, 5), 0);
    assert_int_equal(size_of("f"), 10);
    assert_int_equal(io->sync(io, file), 0);
    assert_int_equal(io->sync_data(io, file), 0);
    io->close(io, file);
    file = open_file("f", 0);
    assert_int_equal(io->write(io, file, "x", 1, 0), -EBADF);
    assert_int_equal(io->truncate(io, file, 0), -EINVAL);
    io->close(io, file);
    assert_int_equal(io->read(io, folder, data, sizeof data, 0), -EISDIR);
    assert_int_equal(io->sync(io, folder), 0);
}

/* Goal: files beyond 4 GiB, also where pointers have 32 bits. Method: a sparse one. */
static void large_files(void **state) {
    (void)state;
    static const uint64_t far = (uint64_t)5 << 30;
    char data[16] = "";
    ministore__stat stat;
    int file = open_file("f", MINISTORE__WRITE | MINISTORE__CREATE);
    assert_int_equal(io->write(io, file, "near", 4, 0), 0);
    assert_int_equal(io->write(io, file, "far", 3, far), 0);
    assert_int_equal(io->read(io, file, data, 4, 0), 4);
    assert_memory_equal(data, "near", 4);
    io->close(io, file);
    file = open_file("f", MINISTORE__WRITE);
    assert_int_equal(io->read(io, file, data, sizeof data, far), 3);
    assert_memory_equal(data, "far", 3);
    assert_int_equal(io->stat_file(io, file, &stat), 0);
    assert_true(stat.size == far + 3);
    assert_int_equal(io->truncate(io, file, far + 1), 0);
    assert_int_equal(io->stat_name(io, folder, "f", false, &stat), 0);
    assert_true(stat.size == far + 1);
    io->close(io, file);
}

/* Goal: names are made, looked at and changed as told, and never replaced unasked. */
static void names(void **state) {
    (void)state;
    ministore__stat one, two;
    char target[8];
    put_text("f", "one");
    put_text("g", "two");
    assert_int_equal(io->open_file(io, folder, "f", MINISTORE__WRITE | MINISTORE__CREATE | MINISTORE__EXCLUSIVE, 0600),
                     -EEXIST);
    assert_int_equal(io->open_file(io, folder, "none", 0, 0), -ENOENT);
    assert_int_equal(io->link(io, folder, "f", "g"), -EEXIST);
    assert_int_equal(io->rename(io, folder, "f", "g", false), -EEXIST);
    assert_int_equal(io->link(io, folder, "f", "h"), 0);
    assert_int_equal(io->stat_name(io, folder, "f", false, &one), 0);
    assert_int_equal(io->stat_name(io, folder, "h", false, &two), 0);
    assert_true(ministore__same_file(&one, &two));
    assert_int_equal(one.size, 3);
    assert_int_equal(one.kind, MINISTORE__FILE);
    assert_int_equal(io->rename(io, folder, "h", "i", false), 0);
    assert_int_equal(io->rename(io, folder, "i", "g", true), 0);
    expect_text("g", "one");
    assert_int_equal(io->unlink(io, folder, "g"), 0);
    assert_int_equal(io->unlink(io, folder, "g"), -ENOENT);
    assert_int_equal(symlink("f", in_folder("s")), 0);
    assert_int_equal(io->stat_name(io, folder, "s", false, &one), 0);
    assert_int_equal(one.kind, MINISTORE__OTHER);
    assert_int_equal(io->stat_name(io, folder, "s", true, &one), 0);
    assert_int_equal(one.kind, MINISTORE__FILE);
    assert_int_equal(io->open_file(io, folder, "s", MINISTORE__NO_FOLLOW, 0), -ELOOP);
    assert_int_equal(io->read_link(io, folder, "s", target, sizeof target), 1);
    assert_string_equal(target, "f");
    assert_int_equal(io->read_link(io, folder, "f", target, sizeof target), -EINVAL);
    assert_int_equal(symlink("a long name", in_folder("l")), 0);
    assert_int_equal(io->read_link(io, folder, "l", target, sizeof target), -ENAMETOOLONG);
}

/* Goal: a lock is held by an open file, not by a process. */
static void locks(void **state) {
    (void)state;
    put_text("f", "");
    int one = open_file("f", 0), two = open_file("f", 0);
    assert_int_equal(io->lock(io, one), 0);
    assert_int_equal(io->lock(io, one), 0);
    assert_int_equal(io->lock(io, two), -EWOULDBLOCK);
    io->close(io, one);
    assert_int_equal(io->lock(io, two), 0);
    io->close(io, two);
}

static int count_to_two(void *context, const char *name, ministore__kind kind) {
    (void)name, (void)kind;
    int *count = context;
    return ++*count == 2 ? -ECANCELED : 0;
}

/* Goal: a list ends when told, begins anew each time, and is of folders only. */
static void lists(void **state) {
    (void)state;
    put_text("f", "");
    for (int i = 0; i < 2; i++) {
        int count = 0;
        assert_int_equal(io->list(io, folder, count_to_two, &count), -ECANCELED);
        assert_int_equal(count, 2);
    }
    int file = open_file("f", 0), count = 0;
    assert_int_equal(io->list(io, file, count_to_two, &count), -ENOTDIR);
    assert_int_equal(io->open_folder(io, folder, "f"), -ENOTDIR);
    assert_int_equal(io->make_folder(io, in_folder("f")), -EEXIST);
    io->close(io, file);
}

/* Goal: a wait ends by news of the name, by a wake, or in time; news of other names are none. */
static void waits(void **state) {
    (void)state;
    int ends[2], watch = io->watch(io, folder);
    assert_true(watch >= 0);
    assert_int_equal(io->make_pipe(io, ends), 0);
    assert_int_equal(io->wait(io, watch, ends[0], "f", 0), 0);
    put_text("g", "other");
    assert_int_equal(io->wait(io, watch, ends[0], "f", 20), 0);
    put_text("f", "news");
    assert_int_equal(io->wait(io, watch, ends[0], "f", 1000000), 1);
    assert_int_equal(io->wait(io, watch, ends[0], "f", 0), 0);
    assert_int_equal(io->wake(io, ends[1]), 0);
    assert_int_equal(io->wait(io, watch, ends[0], "f", 1000000), 1);
    assert_int_equal(io->wait(io, -1, ends[0], "f", 20), 0);
    while (io->wake(io, ends[1]) == 0) { /* until the pipe is full: it never blocks */
    }
    assert_int_equal(io->wait(io, -1, ends[0], "f", 1000000), 1);
    for (int i = 0; i < 2; i++) io->close(io, ends[i]);
    io->close(io, watch);
    assert_true(io->watch(io, -1) < 0);
}

#define FOLDER_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(transfers), FOLDER_TEST(large_files), FOLDER_TEST(names),
        FOLDER_TEST(locks),     FOLDER_TEST(lists),       FOLDER_TEST(waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
