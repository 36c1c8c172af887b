/*
 * The physical limits: what the same system calls give without a journal's format, checks and promises.
 * Works: append (write and fdatasync), group (a bare group commit), write and chunks (no sync), read and scan (read
 * and memchr), command (another program), and make, which prepares a file of lines.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    int file;
    bool sync;
    uint64_t end;
    uint64_t allocated;
    uint64_t step; /* 0: nothing is allocated in advance */
} target;

static target open_target(void) {
    target t = {.sync = true, .step = number("preallocate", 0)};
    t.file = open("bare", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (t.file < 0) die("cannot make the file: %s", strerror(errno));
    return t;
}

static void put(target *t, const char *data, size_t size) {
    if (t->step != 0 && t->end + size > t->allocated) {
        const uint64_t until = t->end + size + t->step;
        if (fallocate(t->file, 0, (off_t)t->allocated, (off_t)(until - t->allocated)) != 0)
            die("cannot allocate: %s", strerror(errno));
        t->allocated = until;
    }
    if (pwrite(t->file, data, size, (off_t)t->end) != (ssize_t)size) die("cannot write: %s", strerror(errno));
    t->end += size;
    if (t->sync && fdatasync(t->file) != 0) die("cannot sync: %s", strerror(errno));
}

static void put_lines(void *context, unsigned writer, const char *lines, size_t size) {
    (void)writer;
    put(context, lines, size);
}

static void run_append(void) {
    target t = open_target();
    measure_appends(put_lines, &t);
}

static void run_write(void) {
    target t = open_target();
    t.sync = false;
    measure_appends(put_lines, &t);
}

/* Writes of 64 KiB whatever the lines: what copying into the page cache costs, counted in records. */
static void put_chunk(void *context, unsigned writer, const char *lines, size_t size) {
    static char chunk[64 << 10];
    target *t = context;
    (void)writer;
    memcpy(chunk + t->end % (64 << 10) / 2, lines, size < 1024 ? size : 1024); /* not the same bytes each time */
    for (size_t left = size; left > 0;) {
        const size_t part = left < sizeof chunk ? left : sizeof chunk;
        put(t, chunk, part);
        left -= part;
    }
}

static void run_chunks(void) {
    target t = open_target();
    t.sync = false;
    measure_appends(put_chunk, &t);
}

/* ---- a group commit without anything else: writers copy their line into a buffer, one of them writes it ---- */

enum { GATHER_NS = 400 * 1000 };

typedef struct {
    target to;
    bool gather;
    pthread_mutex_t mutex;
    pthread_cond_t turned[2]; /* of even and of odd groups */
    char *buffers[2];
    size_t used;      /* of the buffer that fills */
    uint64_t round;   /* of the group that forms */
    uint64_t written; /* groups before this one are durable */
    unsigned waiting, expected;
    bool busy;
} group;

/* The mutex is held, but not meanwhile. */
static void lead(group *g) {
    const uint64_t round = g->round++;
    const size_t size = g->used;
    const unsigned count = g->waiting;
    g->used = 0;
    g->waiting = 0;
    g->busy = true;
    pthread_mutex_unlock(&g->mutex);
    put(&g->to, g->buffers[round & 1], size);
    pthread_mutex_lock(&g->mutex);
    g->busy = false;
    g->written = round + 1;
    g->expected = count + g->waiting;
    pthread_cond_broadcast(&g->turned[round & 1]);
    if (g->waiting > 0) pthread_cond_broadcast(&g->turned[g->round & 1]);
}

static bool wait_a_moment(group *g, pthread_cond_t *turned) {
    struct timespec limit;
    clock_gettime(CLOCK_MONOTONIC, &limit);
    limit.tv_nsec += GATHER_NS;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    return pthread_cond_timedwait(turned, &g->mutex, &limit) == ETIMEDOUT;
}

static void join_group(void *context, unsigned writer, const char *line, size_t size) {
    group *g = context;
    (void)writer;
    pthread_mutex_lock(&g->mutex);
    const uint64_t round = g->round;
    const bool first = g->waiting++ == 0;
    bool late = false;
    memcpy(g->buffers[round & 1] + g->used, line, size);
    g->used += size;
    while (g->written <= round) {
        const bool complete = !g->gather || g->waiting >= g->expected || late;
        if (g->round == round && complete && !g->busy)
            lead(g);
        else if (g->round == round && first && !g->busy)
            late = wait_a_moment(g, &g->turned[round & 1]);
        else
            pthread_cond_wait(&g->turned[round & 1], &g->mutex);
    }
    pthread_mutex_unlock(&g->mutex);
}

static void run_group(void) {
    static group g = {.mutex = PTHREAD_MUTEX_INITIALIZER, .expected = 1};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    g.to = open_target();
    g.gather = number("gather", 1) != 0;
    for (int i = 0; i < 2; i++) {
        pthread_cond_init(&g.turned[i], &monotonic);
        g.buffers[i] = malloc((size_t)number("writers", 1) * LINE_BYTES);
        if (g.buffers[i] == NULL) die("no memory for the group");
    }
    measure_appends(join_group, &g);
}

/* ---- reading ---- */

/** Find the lines of a file by read and memchr; bytes read. */
static uint64_t read_lines(void *context) {
    static char buffer[READ_BYTES];
    const int file = open(context, O_RDONLY | O_CLOEXEC);
    if (file < 0) die("cannot open %s: %s", (const char *)context, strerror(errno));
    uint64_t lines = 0, bytes = 0;
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) > 0) {
        const char *end = buffer + got;
        for (const char *at = buffer; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) lines++;
        bytes += (uint64_t)got;
    }
    close(file);
    if (got < 0) die("cannot read %s: %s", (const char *)context, strerror(errno));
    if (lines < 2) die("%s has no lines", (const char *)context);
    return bytes;
}

static void run_read(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s", text("path", "j"));
    measure_passes(read_lines, path, "MB/s", 1e6);
}

static double scan_once(void *context) {
    const double start = now();
    read_lines(context);
    return now() - start;
}

static void run_scan(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s", text("path", "j"));
    measure_times(scan_once, path);
}

/* ---- other programs, from their start to their end ---- */

static double run_once(void *context) {
    extern char **environ;
    char **command = context;
    posix_spawn_file_actions_t quiet;
    pid_t child;
    int outcome;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    const double start = now();
    const int failure = posix_spawnp(&child, command[0], &quiet, NULL, command, environ);
    if (failure != 0) die("cannot start %s: %s", command[0], strerror(failure));
    if (waitpid(child, &outcome, 0) != child || outcome != 0) die("%s failed", command[0]);
    posix_spawn_file_actions_destroy(&quiet);
    return now() - start;
}

static void run_command(void) {
    const uint64_t bytes = number("bytes", 0);
    if (bytes == 0)
        measure_times(run_once, command_given());
    else
        answer("rate", (double)bytes / 1e6 / run_once(command_given()), "MB/s");
}

/** The records alone, one a line, for what reads JSON Lines. */
static void run_make(void) {
    FILE *file = fopen(text("path", "lines"), "w");
    char line[LINE_BYTES];
    if (file == NULL) die("cannot make the file: %s", strerror(errno));
    for (uint64_t i = 0; i < number("records", 1000); i++) {
        write_line(line, i);
        if (fwrite(line, LINE_BYTES, 1, file) != 1) die("cannot write: %s", strerror(errno));
    }
    if (fclose(file) != 0) die("cannot write: %s", strerror(errno));
}

const bench_work works[] = {{"append", run_append}, {"write", run_write},     {"chunks", run_chunks},
                            {"group", run_group},   {"read", run_read},       {"scan", run_scan},
                            {"make", run_make},     {"command", run_command}, {NULL, NULL}};
