/*
 * Beneath the platform table: each system call fails once at each of its occurrences, and transfers are cut short or
 * interrupted. io_posix.c is compiled here a second time, with its system calls replaced.
 */
#define _FILE_OFFSET_BITS 64 /* before any header, as io_posix.c has it */
#include "model.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- system calls that may fail ---- */

static struct {
    long seen, fail_at; /* calls so far; the one that fails, 0: none */
    int error;          /* with this errno */
    const char *hit;    /* the call that failed */
    bool cut;           /* a write was cut short, and the next one fails */
    bool hurried;       /* transfers are short, and what may be interrupted is, every other time */
    long short_transfers, interrupted;
    bool failed_sync;
} fault;

static bool refuse(const char *name) {
    if (++fault.seen != fault.fail_at) return false;
    fault.hit = name;
    errno = fault.error;
    return true;
}

/* Calls that are made again when a signal comes: every other one is interrupted. */
static bool interrupted(void) {
    static bool now;
    now = fault.hurried && !now;
    if (now) {
        fault.interrupted++;
        errno = EINTR;
    }
    return now;
}

static size_t hurried_size(size_t size) {
    size_t most = 1 + (size_t)fault.seen % 7;
    if (!fault.hurried || size <= most) return size;
    fault.short_transfers++;
    return most;
}

static ssize_t faulty_pread(int file, void *data, size_t size, off_t offset) {
    if (refuse("pread") || interrupted()) return -1;
    return pread(file, data, hurried_size(size), offset);
}

/* A write that is to fail writes half, and fails when the rest is tried. */
static ssize_t faulty_pwrite(int file, const void *data, size_t size, off_t offset) {
    if (fault.cut) {
        fault.cut = false;
        errno = fault.error;
        return -1;
    }
    bool refused = refuse("pwrite");
    if (refused && size > 1) {
        fault.cut = true;
        return pwrite(file, data, size / 2, offset);
    }
    if (refused || interrupted()) return -1;
    return pwrite(file, data, hurried_size(size), offset);
}

/* A close that fails has closed, as on Linux. */
static int faulty_close(int file) {
    int closed = close(file);
    return refuse("close") ? -1 : closed;
}

static int faulty_sync(const char *name) {
    if (!refuse(name)) return 0; /* no power is lost here */
    fault.failed_sync = true;
    return -1;
}

#define MAY_FAIL(name, call) (refuse(name) ? -1 : (call))
#define MAY_BE_INTERRUPTED(name, call) (refuse(name) || interrupted() ? -1 : (call))

#undef _GNU_SOURCE /* io_posix.c says it itself */
#define ministore__posix faulty__posix
#define pread faulty_pread
#define pwrite faulty_pwrite
#define close(file) faulty_close(file)
#define fsync(file) ((void)(file), faulty_sync("fsync"))
#define fdatasync(file) ((void)(file), faulty_sync("fdatasync"))
#define ftruncate(file, size) MAY_BE_INTERRUPTED("ftruncate", ftruncate(file, size))
#define fallocate(file, mode, at, size) MAY_BE_INTERRUPTED("fallocate", fallocate(file, mode, at, size))
#define flock(file, how) MAY_BE_INTERRUPTED("flock", flock(file, how))
#define openat(...) MAY_FAIL("openat", openat(__VA_ARGS__))
#define mkdir(path, mode) MAY_FAIL("mkdir", mkdir(path, mode))
#define fstat(file, out) MAY_FAIL("fstat", fstat(file, out))
#define fstatat(folder, name, out, flags) MAY_FAIL("fstatat", fstatat(folder, name, out, flags))
#define readlinkat(folder, name, out, size) MAY_FAIL("readlinkat", readlinkat(folder, name, out, size))
#define fchmod(file, mode) MAY_FAIL("fchmod", fchmod(file, mode))
#define linkat(a, b, c, d, flags) MAY_FAIL("linkat", linkat(a, b, c, d, flags))
#define syscall(...) MAY_FAIL("renameat2", syscall(__VA_ARGS__))
#define renameat(a, b, c, d) MAY_FAIL("renameat", renameat(a, b, c, d))
#define unlinkat(folder, name, flags) MAY_FAIL("unlinkat", unlinkat(folder, name, flags))
#define fdopendir(file) (refuse("fdopendir") ? NULL : fdopendir(file))
#define readdir(folder) (refuse("readdir") ? NULL : readdir(folder))
#define mmap(at, size, how, kind, file, offset) \
    (refuse("mmap") ? MAP_FAILED : mmap(at, size, how, kind, file, offset))
#define madvise(at, size, how) MAY_FAIL("madvise", madvise(at, size, how))
#define inotify_init1(flags) MAY_FAIL("inotify_init1", inotify_init1(flags))
#define inotify_add_watch(watch, path, mask) MAY_FAIL("inotify_add_watch", inotify_add_watch(watch, path, mask))
#define poll(files, count, ms) MAY_FAIL("poll", poll(files, count, ms))
#define pipe(ends) MAY_FAIL("pipe", pipe(ends))
extern const ministore__io faulty__posix;
#include "../../core/io_posix.c" /* the second time */
#undef ministore__posix

/* ---- the work: every call of a writer and of a reader, on a journal with rotations and a torn tail ---- */

typedef struct {
    model m;
    bool reported; /* some step has told of the fault */
} run;

static long complaints;

/* A failure is clear, and comes only when a system call has failed. */
static ministore_status step(run *r, const char *what, ministore_status status, const ministore_error *err) {
    if (status >= 0) return status;
    r->reported = true;
    bool clear = status == MINISTORE_IO || status == MINISTORE_NO_SPACE || status == MINISTORE_POISONED;
    if (clear && fault.hit && err->status == status && err->os_error == fault.error && err->message[0] != '\0' &&
        err->path[0] != '\0')
        return status;
    if (complaints++ < 30)
        print_error("%s number %ld fails with %d: %s gave %s (%s)\n", fault.hit, fault.fail_at, fault.error, what,
                    ministore_status_name(status), err->message);
    return status;
}

/* A handle whose append met a failed sync takes no more, however well later syncs go. */
static void append(run *r, ministore_t *j, unsigned count) {
    ministore_error err = {0};
    bool failed_before = fault.failed_sync, poisoned_before = j->poisoned;
    ministore_status status = step(r, "append", model_append(&r->m, j, count, &err), &err);
    if (poisoned_before) assert_int_equal(status, MINISTORE_POISONED);
    if (status != MINISTORE_OK && fault.failed_sync && !failed_before && strcmp(fault.hit, "fdatasync") == 0)
        assert_true(j->poisoned);
}

static ministore_t *opened(run *r, uint64_t preallocate_bytes) {
    ministore_t *j;
    ministore_error err = {0};
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 200;
    options.preallocate_bytes = preallocate_bytes;
    (void)step(r, "open", ministore__open(&j, &faulty__posix, in_folder("deep/j"), &options, &err), &err);
    return j;
}

static void write_some(run *r, uint64_t preallocate_bytes) {
    ministore_error err = {0};
    ministore_info info = {.struct_size = sizeof info};
    ministore_t *j = opened(r, preallocate_bytes);
    if (!j) return;
    append(r, j, 1);
    append(r, j, 4);
    append(r, j, 1);
    (void)step(r, "rotate", model_rotate(&r->m, j, &err), &err);
    append(r, j, 1);
    (void)step(r, "stat", ministore_stat(j, &info, &err), &err);
    (void)step(r, "prune", model_prune(&r->m, j, 2, &err), &err);
    append(r, j, 1);
    (void)step(r, "close", model_close(&r->m, j, &err), &err);
}

static void read_some(run *r) {
    ministore_cursor_t *c;
    ministore_record record;
    ministore_error err = {0};
    ministore_cursor_options options = reader_options();
    options.durable = 1;
    ministore_status status =
        ministore__cursor_open(&c, &faulty__posix, in_folder("deep/j"), &options, false, &err);
    if (step(r, "cursor_open", status, &err) != MINISTORE_OK) return;
    while ((status = step(r, "cursor_next", ministore_cursor_next(c, &record, &err), &err)) == MINISTORE_OK) {
    }
    if (fault.error == EIO) { /* with one error only: the system takes milliseconds to end a watch */
        status = ministore_cursor_wait(c, 0, &err);
        if (status != MINISTORE_INTERRUPTED) (void)step(r, "cursor_wait", status, &err);
    }
    ministore_cursor_close(c);
    status = ministore__verify(&faulty__posix, in_folder("deep/j"), 1 << 20, NULL, &err);
    (void)step(r, "verify", status, &err);
    status = ministore__repair(&faulty__posix, in_folder("deep/j"), 0, 1 << 20, NULL, &err);
    (void)step(r, "repair", status, &err);
}

static void work(run *r) {
    write_some(r, 0);
    if (is_there("deep/j") && size_of("deep/j") >= strlen(HEADER)) add_text("deep/j", "{\"half\":");
    write_some(r, 4096);
    read_some(r);
}

/* ---- running ---- */

/* With the real table, all is well again: what was acknowledged is there, and the journal goes on. */
static void check_after(run *r) {
    uint64_t last;
    ministore_t *j;
    const char *path = in_folder("deep/j");
    const char *wrong = model_check(&r->m, &ministore__posix, path, &last);
    if (wrong && complaints++ < 30)
        print_error("%s number %ld failed with %d: %s\n", fault.hit, fault.fail_at, fault.error, wrong);
    model_settle(&r->m, last);
    assert_status(MINISTORE_OK, ministore_open(&j, path, NULL, &why));
    assert_status(MINISTORE_OK, model_append(&r->m, j, 2, &why));
    assert_status(MINISTORE_OK, model_close(&r->m, j, &why));
    assert_status(MINISTORE_OK, ministore_verify(path, 1 << 20, NULL, &why));
}

/* Run with one fault; false when there are no more calls to fail. */
static bool run_once(long fail_at, int error) {
    run r = {0};
    assert_int_equal(folder_setup(NULL), 0);
    int descriptors = open_descriptors();
    memset(&fault, 0, sizeof fault);
    fault.fail_at = fail_at;
    fault.error = error;
    work(&r);
    if (open_descriptors() != descriptors && complaints++ < 30)
        print_error("%s number %ld fails with %d: descriptors leak\n", fault.hit, fail_at, error);
    check_after(&r);
    assert_int_equal(folder_teardown(NULL), 0);
    return fault.hit != NULL;
}

/* Goal: each system call fails once, with each error. Method: count up the failing call until the work gets through. */
static void each_system_call_fails_once(void **state) {
    (void)state;
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EINTR, EMFILE};
    long injected = 0;
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++)
        for (long at = 1; run_once(at, errors[e]); at++) injected++;
    print_message("%ld system calls failed in turn\n", injected);
    assert_true(injected > 1000);
    assert_int_equal(complaints, 0);
}

/* Goal: short transfers and signals are nobody's business. Method: all transfers are cut to some bytes, and what may
   be interrupted is, every other time. */
static void short_transfers_and_signals(void **state) {
    (void)state;
    run r = {0};
    memset(&fault, 0, sizeof fault);
    fault.hurried = true;
    work(&r);
    assert_false(r.reported);
    assert_int_equal(r.m.promised, 16);
    check_after(&r);
    print_message("%ld short transfers, %ld interrupted calls\n", fault.short_transfers, fault.interrupted);
    assert_true(fault.short_transfers > 100 && fault.interrupted > 100);
}

/* Goal: a sync that fails once and then 'succeeds' proves nothing. Method: fail each sync of a writer's appends; the
   handle takes no more, and a new one goes on with all that was acknowledged. */
static void a_sync_fails_once(void **state) {
    (void)state;
    for (int at = 1; at <= 5; at++) {
        run r = {0};
        assert_int_equal(folder_setup(NULL), 0);
        memset(&fault, 0, sizeof fault);
        ministore_t *j = opened(&r, 0);
        int acknowledged = 0;
        for (int i = 1; i <= 5; i++) {
            fault.error = EIO;
            fault.fail_at = i == at ? fault.seen + 2 : 0; /* the write, then the sync */
            ministore_status status = model_append(&r.m, j, 1, &why);
            acknowledged += status == MINISTORE_OK;
            assert_int_equal(status, i < at ? MINISTORE_OK : i == at ? MINISTORE_IO : MINISTORE_POISONED);
        }
        assert_string_equal(fault.hit, "fdatasync");
        assert_int_equal(acknowledged, at - 1);
        assert_status(MINISTORE_POISONED, ministore_sync(j, &why));
        assert_status(MINISTORE_OK, model_close(&r.m, j, &why));
        check_after(&r);
        assert_int_equal(folder_teardown(NULL), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_system_call_fails_once),
        TEST(short_transfers_and_signals),
        cmocka_unit_test(a_sync_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
