/*
 * What a folder does when it is tried: syncs, a lock, a link, a rename, in a folder of their own that is removed again.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A record of a usual size. */
enum { RECORD_BYTES = 120 };

static cli_trial trial(int result) {
    return (cli_trial){.works = result == 0, .error = result == 0 ? 0 : errno};
}

/* To the medium, as the library does it. */
static int sync_data(int file) {
#if defined(F_FULLFSYNC)
    return fcntl(file, F_FULLFSYNC);
#else
    return fdatasync(file);
#endif
}

static uint64_t now_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b) {
    uint64_t left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return (left > right) - (left < right);
}

/* Append records to a file, each with a sync. */
static cli_trial try_syncs(int file, uint64_t *sync_ns) {
    char record[RECORD_BYTES];
    memset(record, '1', sizeof record);
    for (size_t i = 0; i < CLI_SYNCS; i++) {
        uint64_t begin = now_ns();
        if (write(file, record, sizeof record) != (ssize_t)sizeof record) return trial(-1);
        if (sync_data(file) != 0) return trial(-1);
        sync_ns[i] = now_ns() - begin;
    }
    qsort(sync_ns, CLI_SYNCS, sizeof *sync_ns, compare);
    return trial(0);
}

/* Whether a lock keeps out who opened the file once more. */
static cli_trial try_lock(int folder, int file) {
    if (flock(file, LOCK_EX | LOCK_NB) != 0) return trial(-1);
    int other = openat(folder, "a", O_RDWR | O_CLOEXEC);
    if (other < 0) return trial(-1);
    bool excluded = flock(other, LOCK_EX | LOCK_NB) != 0;
    (void)close(other);
    return (cli_trial){.works = excluded};
}

/* Try all in an open folder that is empty. */
static int probe(cli_probe *out, int folder) {
    int file = openat(folder, "a", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int second = openat(folder, "b", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool opened = file >= 0 && second >= 0;
    if (opened) {
        out->sync = try_syncs(file, out->sync_ns);
        out->lock = try_lock(folder, file);
        out->link = trial(linkat(folder, "a", folder, "c", 0));
        out->rename = trial(renameat(folder, "b", folder, "a"));
        out->folder_sync = trial(fsync(folder));
    }
    int error = errno;
    if (file >= 0) (void)close(file);
    if (second >= 0) (void)close(second);
    return opened ? 0 : error;
}

static void remove_all(int folder, const char *path) {
    for (const char *name = "abc"; *name; name++) (void)unlinkat(folder, (char[]){*name, '\0'}, 0);
    (void)rmdir(path);
}

int cli_probe_run(cli_probe *out, const char *folder) {
    char path[PATH_MAX];
    *out = (cli_probe){0};
    if (snprintf(path, sizeof path, "%s/.ministore-doctor-XXXXXX", folder) >= (int)sizeof path)
        return cli_report_errno(folder, "cannot try this folder", ENAMETOOLONG);
    if (!mkdtemp(path)) return cli_report_errno(folder, "cannot make a folder to try things in", errno);
    int own = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = own < 0 ? errno : probe(out, own);
    if (own >= 0) {
        remove_all(own, path);
        (void)close(own);
    }
    return error ? cli_report_errno(path, "cannot try this folder", error) : CLI_FINE;
}
