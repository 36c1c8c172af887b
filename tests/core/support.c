/*
 * What the tests of the core share: folders, files, assertions.
 */
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char test_folder[256];
ministore_error why;

/* In memory where that is to be had: no test here loses power, and syncs of a disk take their time. */
static const char *base_folder(void) {
    const char *base = getenv("TMPDIR");
    return base ? base : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

int folder_setup(void **state) {
    (void)state;
    (void)snprintf(test_folder, sizeof test_folder, "%s/ministore-test-XXXXXX", base_folder());
    memset(&why, 0, sizeof why);
    if (mkdtemp(test_folder)) return 0;
    (void)fprintf(stderr, "cannot make a folder %s: %s; set TMPDIR to a folder that can be written\n", test_folder,
                  strerror(errno));
    return -1;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *at) {
    (void)stat, (void)type, (void)at;
    return remove(path);
}

int folder_teardown(void **state) {
    (void)state;
    return nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void check_status(ministore_status expected, ministore_status got, const char *call, const char *file, int line) {
    if (got == expected) return;
    print_error("%s:%d: %s\n  came to %s, expected %s\n  last failure: %s\n", file, line, call,
                ministore_status_name(got), ministore_status_name(expected), why.message);
    _fail(file, line);
}

const char *in_folder(const char *name) {
    static char paths[16][512];
    static unsigned next;
    char *path = paths[next++ % 16];
    (void)snprintf(path, sizeof paths[0], "%s/%s", test_folder, name);
    return path;
}

static void write_to(const char *name, const char *mode, const void *data, size_t size) {
    FILE *file = fopen(in_folder(name), mode);
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void put_bytes(const char *name, const void *data, size_t size) {
    write_to(name, "wb", data, size);
}

void put_text(const char *name, const char *text) {
    put_bytes(name, text, strlen(text));
}

void add_text(const char *name, const char *text) {
    write_to(name, "ab", text, strlen(text));
}

bool is_there(const char *name) {
    struct stat stat;
    return lstat(in_folder(name), &stat) == 0;
}

uint64_t size_of(const char *name) {
    struct stat found;
    assert_int_equal(stat(in_folder(name), &found), 0);
    return (uint64_t)found.st_size;
}

char *get_bytes(const char *name, size_t *size) {
    size_t bytes = (size_t)size_of(name);
    char *data = malloc(bytes + 1);
    FILE *file = fopen(in_folder(name), "rb");
    assert_non_null(data);
    assert_non_null(file);
    assert_int_equal(fread(data, 1, bytes, file), bytes);
    (void)fclose(file);
    data[bytes] = '\0';
    if (size) *size = bytes;
    return data;
}

void expect_text(const char *name, const char *text) {
    size_t size;
    char *got = get_bytes(name, &size);
    if (size != strlen(text) || memcmp(got, text, size) != 0) print_error("%s holds\n%s\n", name, got);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(got, text, size);
    free(got);
}

int open_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(folder);
    while (readdir(folder)) count++;
    (void)closedir(folder);
    return count - 3; /* ".", ".." and the folder's own */
}

ministore_options writer_options(void) {
    ministore_options options;
    assert_int_equal(ministore_options_init(&options, sizeof options), MINISTORE_OK);
    return options;
}

ministore_cursor_options reader_options(void) {
    ministore_cursor_options options;
    assert_int_equal(ministore_cursor_options_init(&options, sizeof options), MINISTORE_OK);
    return options;
}

ministore_t *open_journal(const ministore__io *io, const ministore_options *options) {
    ministore_t *j;
    assert_status(MINISTORE_OK, ministore__open(&j, io ? io : &ministore__posix, in_folder("j"), options, &why));
    return j;
}

ministore_cursor_t *open_cursor(const ministore__io *io, const ministore_cursor_options *options) {
    ministore_cursor_t *c;
    assert_status(MINISTORE_OK,
                  ministore__cursor_open(&c, io ? io : &ministore__posix, in_folder("j"), options, false, &why));
    return c;
}

void close_journal(ministore_t *j) {
    assert_status(MINISTORE_OK, ministore_close(j, &why));
}

void append_text(ministore_t *j, const char *text) {
    assert_status(MINISTORE_OK, ministore_append(j, text, strlen(text), NULL, &why));
}

void expect_next(ministore_cursor_t *c, const char *lines) {
    ministore_record record;
    while (*lines != '\0') {
        size_t size = strcspn(lines, "\n");
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        if (record.size != size || memcmp(record.data, lines, size) != 0)
            print_error("got %.*s, expected %.*s\n", (int)record.size, record.data, (int)size, lines);
        assert_int_equal(record.size, size);
        assert_memory_equal(record.data, lines, size);
        lines += size + (lines[size] == '\n');
    }
    assert_status(MINISTORE_DONE, ministore_cursor_next(c, &record, &why));
}

void expect_records(const char *lines) {
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    expect_next(c, lines);
    ministore_cursor_close(c);
}
