/*
 * The platform table for POSIX systems: thin wrappers that turn errno into a result and finish short transfers.
 */
#define _FILE_OFFSET_BITS 64 /* offsets and inodes of 64 bits also where pointers have 32 */
#ifdef __linux__
#define _GNU_SOURCE
#include <sys/inotify.h>
#include <sys/syscall.h>
#elif !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The first parameter of every entry: this table has no state of its own. */
#define TABLE __attribute__((unused)) const ministore__io *io

_Static_assert(sizeof(off_t) == sizeof(int64_t), "files may be longer than 2 GiB");

static int outcome(int result) {
    return result < 0 ? -errno : result;
}

static int open_folder(TABLE, int folder, const char *path) {
    if (folder == MINISTORE__CURRENT_FOLDER) folder = AT_FDCWD;
    return outcome(openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int make_folder(TABLE, const char *path) {
    return outcome(mkdir(path, 0777));
}

/* O_NONBLOCK: a FIFO must not hang the caller, who refuses it. */
static int open_file(TABLE, int folder, const char *name, int how, uint32_t mode) {
    int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    flags |= how & MINISTORE__WRITE ? O_RDWR : O_RDONLY;
    if (how & MINISTORE__CREATE) flags |= O_CREAT;
    if (how & MINISTORE__EXCLUSIVE) flags |= O_EXCL;
    if (how & MINISTORE__NO_FOLLOW) flags |= O_NOFOLLOW;
    return outcome(openat(folder, name, flags, (mode_t)mode));
}

static int close_file(TABLE, int file) {
    return outcome(close(file));
}

static int64_t read_file(TABLE, int file, void *data, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = pread(file, (char *)data + done, size - done, (off_t)(offset + done));
        if (n == 0) break;
        if (n > 0) done += (size_t)n;
        else if (errno != EINTR) return -errno;
    }
    return (int64_t)done;
}

static int write_file(TABLE, int file, const void *data, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = pwrite(file, (const char *)data + done, size - done, (off_t)(offset + done));
        if (n == 0) return -EIO;
        if (n > 0) done += (size_t)n;
        else if (errno != EINTR) return -errno;
    }
    return 0;
}

static int truncate_file(TABLE, int file, uint64_t size) {
    int result;
    do result = outcome(ftruncate(file, (off_t)size));
    while (result == -EINTR);
    return result;
}

static int allocate_file(TABLE, int file, uint64_t offset, uint64_t size) {
#ifdef __linux__
    int result;
    do result = outcome(fallocate(file, 0, (off_t)offset, (off_t)size));
    while (result == -EINTR);
    return result;
#else
    (void)file, (void)offset, (void)size;
    return -EOPNOTSUPP;
#endif
}

/* A failed sync is never repeated: what it could not write may be dropped from the cache and a second one succeed. */
static int sync_file(TABLE, int file) {
#ifdef __APPLE__
    return outcome(fcntl(file, F_FULLFSYNC));
#else
    return outcome(fsync(file));
#endif
}

static int sync_data(TABLE, int file) {
#ifdef __APPLE__
    return sync_file(io, file);
#else
    return outcome(fdatasync(file));
#endif
}

static int lock_file(TABLE, int file) {
    int result;
    do result = outcome(flock(file, LOCK_EX | LOCK_NB));
    while (result == -EINTR);
    return result;
}

static int fill_stat(int result, const struct stat *from, ministore__stat *out) {
    if (result < 0) return -errno;
    *out = (ministore__stat){
        .device = (uint64_t)from->st_dev,
        .inode = (uint64_t)from->st_ino,
        .size = (uint64_t)from->st_size,
        .mode = (uint32_t)from->st_mode & 07777,
        .kind = S_ISREG(from->st_mode) ? MINISTORE__FILE : MINISTORE__OTHER,
    };
    return 0;
}

static int stat_file(TABLE, int file, ministore__stat *out) {
    struct stat stat;
    return fill_stat(fstat(file, &stat), &stat, out);
}

static int stat_name(TABLE, int folder, const char *name, bool follow, ministore__stat *out) {
    struct stat stat;
    return fill_stat(fstatat(folder, name, &stat, follow ? 0 : AT_SYMLINK_NOFOLLOW), &stat, out);
}

static int read_link(TABLE, int folder, const char *name, char *target, size_t size) {
    ssize_t n = readlinkat(folder, name, target, size);
    if (n < 0) return -errno;
    if ((size_t)n == size) return -ENAMETOOLONG;
    target[n] = '\0';
    return (int)n;
}

static int set_mode(TABLE, int file, uint32_t mode) {
    return outcome(fchmod(file, (mode_t)mode));
}

static int link_name(TABLE, int folder, const char *from, const char *to) {
    return outcome(linkat(folder, from, folder, to, 0));
}

/* Where the system has no rename that refuses to replace, a look before must do: the caller holds the lock. */
static int rename_name(TABLE, int folder, const char *from, const char *to, bool replace) {
    if (!replace) {
#if defined(__linux__) && defined(SYS_renameat2)
        int result = (int)syscall(SYS_renameat2, folder, from, folder, to, 1 /* RENAME_NOREPLACE */);
        if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return outcome(result);
#endif
        ministore__stat there;
        int found = stat_name(io, folder, to, false, &there);
        if (found != -ENOENT) return found == 0 ? -EEXIST : found;
    }
    return outcome(renameat(folder, from, folder, to));
}

static int unlink_name(TABLE, int folder, const char *name) {
    return outcome(unlinkat(folder, name, 0));
}

static ministore__kind kind_of(const struct dirent *entry) {
    if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) return MINISTORE__UNKNOWN;
    return entry->d_type == DT_REG ? MINISTORE__FILE : MINISTORE__OTHER;
}

static int list_folder(TABLE, int folder,
                       int (*each)(void *context, const char *name, ministore__kind kind), void *context) {
    int result = 0, again = open_folder(io, folder, "."); /* a position of its own */
    if (again < 0) return again;
    DIR *entries = fdopendir(again);
    if (!entries) {
        result = -errno;
        close(again);
        return result;
    }
    const struct dirent *entry;
    for (errno = 0; result == 0 && (entry = readdir(entries)) != NULL; errno = 0)
        result = each(context, entry->d_name, kind_of(entry));
    if (result == 0) result = -errno;
    closedir(entries);
    return result;
}

static int64_t process(TABLE) {
    return (int64_t)getpid();
}

/* MADV_WIPEONFORK (Linux 4.14): a child finds the page zeroed. Asking for the process number at each call would take
   as long as checking a record. Emulators (qemu-user) say yes to any advice and do nothing: one that takes nonsense is not
   believed. */
static int *mark(TABLE) {
#ifdef MADV_WIPEONFORK
    int *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    if (madvise(page, sizeof *page, -1) < 0 && madvise(page, sizeof *page, MADV_WIPEONFORK) == 0) {
        *page = 1;
        return page;
    }
    munmap(page, sizeof *page);
#endif
    return NULL;
}

static void unmark(TABLE, int *page) {
    munmap(page, sizeof *page);
}

static int64_t now_ms(TABLE) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* By the folder's descriptor: its path may be relative and the current folder another one by now. */
static int watch_folder(TABLE, int folder) {
#ifdef __linux__
    char path[64];
    int watch = outcome(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (watch < 0) return watch;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    int result = outcome(inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO));
    if (result >= 0) return watch;
    close(watch);
    return result;
#else
    (void)folder;
    return -ENOSYS;
#endif
}

#ifdef __linux__
/* Take what a watch has to say; whether any of it is about `name`. */
static bool news_of(int watch, const char *name) {
    _Alignas(struct inotify_event) char events[4096];
    bool found = false;
    ssize_t n;
    while ((n = read(watch, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            if (event->mask & IN_Q_OVERFLOW || (event->len > 0 && strcmp(event->name, name) == 0)) found = true;
            at += sizeof *event + event->len;
        }
    }
    return found;
}
#else
#define news_of(watch, name) true
#endif

/* 1: something may have changed, or `wake` has something to read; 0: time is up; -EINTR: a signal. */
static int wait_change(TABLE, int watch, int wake, const char *name, int64_t timeout_ms) {
    int64_t end = now_ms(io) + timeout_ms;
    for (;;) {
        struct pollfd files[2] = {{.fd = wake, .events = POLLIN}, {.fd = watch, .events = POLLIN}};
        int64_t left = end - now_ms(io);
        int result = outcome(poll(files, watch >= 0 ? 2 : 1, left > 0 ? (int)left : 0));
        if (result < 0) return result;
        if (files[0].revents) {
            char drain[16];
            while (read(wake, drain, sizeof drain) > 0) {
            }
            return 1;
        }
        if (watch >= 0 && files[1].revents && news_of(watch, name)) return 1;
        if (left <= 0) return 0;
    }
}

static int make_pipe(TABLE, int ends[2]) {
    if (pipe(ends) < 0) return -errno;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

static int wake(TABLE, int end) {
    int saved = errno; /* a signal handler must leave it as it was */
    ssize_t n = write(end, "!", 1);
    errno = saved;
    return n == 1 ? 0 : -EAGAIN;
}

const ministore__io ministore__posix = {
    .open_folder = open_folder,
    .make_folder = make_folder,
    .open_file = open_file,
    .close = close_file,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
    .allocate = allocate_file,
    .sync = sync_file,
    .sync_data = sync_data,
    .lock = lock_file,
    .stat_file = stat_file,
    .stat_name = stat_name,
    .read_link = read_link,
    .set_mode = set_mode,
    .link = link_name,
    .rename = rename_name,
    .unlink = unlink_name,
    .list = list_folder,
    .process = process,
    .mark = mark,
    .unmark = unmark,
    .watch = watch_folder,
    .wait = wait_change,
    .make_pipe = make_pipe,
    .wake = wake,
    .now_ms = now_ms,
};
