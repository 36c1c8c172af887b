/*
 * This library, by its C interface. Works: append, append_to (a journal that is there), replay, replay_time, stream
 * (with its memory), open, follow, and make, which prepares a journal for the others. Journals do not rotate unless
 * segment=BYTES says so.
 */
#define _GNU_SOURCE
#include "tool.h"

#include "ministore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAKE_BATCH = 1000 };

static void must(ministore_status status, const ministore_error *err) {
    if (status < 0) die("%s", err->message);
}

static ministore_t *open_journal(const char *path) {
    ministore_error err;
    ministore_options options;
    ministore_t *journal;
    ministore_options_init(&options, sizeof options);
    options.max_bytes_per_segment = number("segment", UINT64_MAX);
    options.sync = strcmp(text("sync", "always"), "manual") == 0 ? MINISTORE_SYNC_MANUAL : MINISTORE_SYNC_ALWAYS;
    options.preallocate_bytes = number("preallocate", 0);
    must(ministore_open(&journal, path, &options, &err), &err);
    return journal;
}

static void close_journal(ministore_t *journal) {
    ministore_error err;
    must(ministore_close(journal, &err), &err);
}

/* ---- appending ---- */

static void append_one(void *journal, unsigned writer, const char *line, size_t size) {
    ministore_error err;
    (void)writer;
    must(ministore_append(journal, line, size - 1, NULL, &err), &err);
}

static void append_batch(void *journal, unsigned writer, const char *lines, size_t size) {
    ministore_error err;
    (void)writer;
    must(ministore_append_batch(journal, lines, size, NULL, &err), &err);
}

static void run_append(void) {
    ministore_t *journal = open_journal("j");
    measure_appends(number("batch", 1) == 1 ? append_one : append_batch, journal);
    close_journal(journal);
}

/** Append to a journal that is there, and leave it as it was: its size, by the end, is the same. */
static void run_append_to(void) {
    const char *path = text("path", "j");
    struct stat before;
    if (stat(path, &before) != 0) die("%s: %s", path, strerror(errno));
    ministore_t *journal = open_journal(path);
    measure_appends(append_one, journal);
    close_journal(journal);
    if (truncate(path, before.st_size) != 0) die("%s: %s", path, strerror(errno));
}

/* ---- reading ---- */

static ministore_cursor_t *open_cursor(uint32_t scope, uint32_t validate) {
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_error err;
    ministore_cursor_options_init(&options, sizeof options);
    options.scope = scope;
    options.validate = validate;
    must(ministore_cursor_open(&cursor, text("path", "j"), &options, &err), &err);
    return cursor;
}

static uint64_t count_by_record(ministore_cursor_t *cursor) {
    ministore_record record;
    ministore_error err;
    ministore_status status;
    uint64_t records = 0;
    while ((status = ministore_cursor_next(cursor, &record, &err)) == MINISTORE_OK) records++;
    must(status, &err);
    return records;
}

static uint64_t count_by_batch(ministore_cursor_t *cursor) {
    ministore_batch batch;
    ministore_error err;
    ministore_status status;
    uint64_t records = 0;
    while ((status = ministore_cursor_next_batch(cursor, &batch, &err)) == MINISTORE_OK) records += batch.count;
    must(status, &err);
    return records;
}

/** Go over all records; the bytes of the journal, so that a bare read of its files is measured by the same. */
static uint64_t replay(uint32_t scope) {
    ministore_error err;
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_cursor_t *cursor = open_cursor(scope, (uint32_t)number("validate", 1));
    const uint64_t records = number("batches", 0) ? count_by_batch(cursor) : count_by_record(cursor);
    must(ministore_cursor_stat(cursor, &info, &err), &err);
    ministore_cursor_close(cursor);
    if (records != number("records", records)) die("%" PRIu64 " records", records);
    return info.bytes;
}

static uint64_t replay_once(void *context) {
    (void)context;
    return replay(MINISTORE_REPLAY);
}

static void run_replay(void) {
    measure_passes(replay_once, NULL, "MB/s", 1e6);
}

static double replay_seconds(void *context) {
    const double start = now();
    (void)replay_once(context);
    return now() - start;
}

static void run_replay_time(void) {
    measure_times(replay_seconds, NULL);
}

static void run_stream(void) {
    const double start = now();
    const double bytes = (double)replay(MINISTORE_STREAM);
    answer("rate", bytes / 1e6 / (now() - start), "MB/s");
    answer("memory", memory_kib("VmHWM:") / 1024, "MiB");
}

static double open_once(void *context) {
    const double start = now();
    ministore_t *journal = open_journal(context);
    const double seconds = now() - start;
    close_journal(journal);
    return seconds;
}

static void run_open(void) {
    char path[4096];
    snprintf(path, sizeof path, "%s", text("path", "j"));
    if (access(path, F_OK) != 0) die("%s: %s", path, strerror(errno)); /* opening would make it */
    measure_times(open_once, path);
}

/* ---- following ---- */

/* Shared by the writer's process and the follower's: when append number i returned, and when it was received. */
typedef struct {
    atomic_bool ready;
    double returned[65536], received[65536];
} stamps;

static void follow(stamps *s, uint64_t count) {
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_record record;
    ministore_error err;
    ministore_cursor_options_init(&options, sizeof options);
    options.durable = (uint32_t)number("durable", 1);
    must(ministore_cursor_open(&cursor, "j", &options, &err), &err);
    atomic_store(&s->ready, true);
    for (uint64_t i = 0; i < count;) {
        const ministore_status status = ministore_cursor_next(cursor, &record, &err);
        must(status, &err);
        if (status == MINISTORE_OK)
            s->received[i++] = now();
        else
            must(ministore_cursor_wait(cursor, 10000, &err), &err);
    }
    answer("memory", memory_kib("VmHWM:") / 1024, "MiB");
    ministore_cursor_close(cursor);
}

static int compare_numbers(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/** One append each pause=MICROSECONDS; how long after its return another process has the record. */
static void run_follow(void) {
    const struct timespec pause = {0, (long)number("pause", 1000) * 1000};
    const uint64_t count = number("records", 500);
    stamps *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || count > sizeof s->returned / sizeof *s->returned) die("no memory for the stamps");
    const pid_t follower = fork();
    if (follower < 0) die("cannot fork: %s", strerror(errno));
    if (follower == 0) {
        follow(s, count);
        exit(0);
    }
    while (!atomic_load(&s->ready)) nanosleep(&pause, NULL);
    ministore_t *journal = open_journal("j");
    char line[LINE_BYTES];
    for (uint64_t i = 0; i < count; i++) {
        write_line(line, i);
        append_one(journal, 0, line, LINE_BYTES);
        s->returned[i] = now();
        nanosleep(&pause, NULL);
    }
    int outcome;
    if (waitpid(follower, &outcome, 0) != follower || outcome != 0) die("the follower failed");
    close_journal(journal);
    for (uint64_t i = 0; i < count; i++) s->received[i] -= s->returned[i];
    qsort(s->received, (size_t)count, sizeof *s->received, compare_numbers);
    answer("p50", s->received[count / 2] * 1e3, "ms");
    answer("p99", s->received[count * 99 / 100] * 1e3, "ms");
}

/* ---- preparing ---- */

/** A journal at path= of records=N lines, of many sizes if varied=1, in commits of a thousand, then rotations=N
 * segments of one record. */
static void run_make(void) {
    ministore_error err;
    ministore_t *journal = open_journal(text("path", "j"));
    const uint64_t records = number("records", 1000);
    char *lines = make_lines(MAKE_BATCH);
    for (uint64_t done = 0; done < records;) {
        const uint64_t count = records - done < MAKE_BATCH ? records - done : MAKE_BATCH;
        for (uint64_t i = 0; i < count; i++) write_line(lines + i * LINE_BYTES, done + i);
        vary_lines(lines, count);
        append_batch(journal, 0, lines, (size_t)count * LINE_BYTES);
        done += count;
    }
    free(lines);
    for (uint64_t i = 0; i < number("rotations", 0); i++) {
        char line[LINE_BYTES];
        write_line(line, i);
        append_one(journal, 0, line, LINE_BYTES);
        must(ministore_rotate(journal, &err), &err);
    }
    close_journal(journal);
}

const bench_work works[] = {{"append", run_append},           {"append_to", run_append_to}, {"replay", run_replay},
                            {"replay_time", run_replay_time}, {"stream", run_stream},       {"open", run_open},
                            {"follow", run_follow},           {"make", run_make},           {NULL, NULL}};
