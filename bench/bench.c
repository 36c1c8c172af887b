/*
 * The benchmark: ministore beside bare system calls on the same file system, in interleaved rounds of one run.
 * Usage: bench [--rounds N] [--quick] [--json] [DIR]. Nothing of it stays in DIR; a median below its aim is no failure.
 */
#define _GNU_SOURCE
#include "ministore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROUNDS = 99, RECORD_BYTES = 120, LINE_BYTES = 121, READ_BYTES = 256 << 10, BATCH_RECORDS = 1000 };

/* ---- what is measured, and what it should come to ---- */

enum { BARE_APPEND, APPEND, PREALLOCATED, THREADS_4, THREADS_16, THREADS_64 };
enum { BARE_READ = THREADS_64 + 1, NEXT, NEXT_RAW, BATCH, BATCH_RAW, BARE_SCAN, OPEN, MEMORY_START, MEMORY_END };
enum { MEASURES = MEMORY_END + 1, NONE = -1 };

static struct {
    const char *name;
    const char *unit;
    double samples[MOST_ROUNDS];
} measures[MEASURES] = {
    [BARE_APPEND] = {"append: bare pwrite and fdatasync", "records/s", {0}},
    [APPEND] = {"append: durable, one thread", "records/s", {0}},
    [PREALLOCATED] = {"append: durable, preallocated by 64 MiB", "records/s", {0}},
    [THREADS_4] = {"append: durable, 4 threads", "records/s", {0}},
    [THREADS_16] = {"append: durable, 16 threads", "records/s", {0}},
    [THREADS_64] = {"append: durable, 64 threads", "records/s", {0}},
    [BARE_READ] = {"replay: bare read and memchr", "MB/s", {0}},
    [NEXT] = {"replay: cursor_next, validating", "MB/s", {0}},
    [NEXT_RAW] = {"replay: cursor_next, not validating", "MB/s", {0}},
    [BATCH] = {"replay: cursor_next_batch, validating", "MB/s", {0}},
    [BATCH_RAW] = {"replay: cursor_next_batch, not validating", "MB/s", {0}},
    [BARE_SCAN] = {"open: bare read and memchr of the segment", "ms", {0}},
    [OPEN] = {"open: ministore_open of the segment", "ms", {0}},
    [MEMORY_START] = {"memory: resident before streaming", "KiB", {0}},
    [MEMORY_END] = {"memory: most resident while streaming", "KiB", {0}},
};

typedef struct {
    const char *name;
    int measure;
    int over; /* the measure to divide by, or NONE */
    bool at_most;
    double aim; /* 0 for none */
} comparison;

static const comparison comparisons[] = {
    {"append / bare", APPEND, BARE_APPEND, false, 0.95},
    {"append preallocated / bare", PREALLOCATED, BARE_APPEND, false, 1.25},
    {"4 threads / 1", THREADS_4, APPEND, false, 0},
    {"16 threads / 1", THREADS_16, APPEND, false, 6},
    {"64 threads / 1", THREADS_64, APPEND, false, 0},
    {"next / bare read", NEXT, BARE_READ, false, 0.15},
    {"next_batch / bare read", BATCH, BARE_READ, false, 0.15},
    {"next not validating / bare read", NEXT_RAW, BARE_READ, false, 0},
    {"next_batch not validating / bare read", BATCH_RAW, BARE_READ, false, 0},
    {"open / bare scan", OPEN, BARE_SCAN, true, 3},
    {"memory while streaming, KiB", MEMORY_END, NONE, true, 4096},
};

static struct {
    int rounds;
    bool json;
    uint64_t appends; /* of one thread in a round */
    uint64_t records; /* to replay */
    const char *directory;
} run = {5, false, 1000, 2000000, "."};

static const uint64_t open_records = (64 << 20) / LINE_BYTES;
static char folder[PATH_MAX];
static pid_t main_process;

/* ---- files, time, records ---- */

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

static void must(ministore_status status, const ministore_error *err) {
    if (status < 0) die("%s", err->message);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void remove_file(const char *name) {
    if (unlink(name) != 0) die("cannot remove %s: %s", name, strerror(errno));
}

static void leave_folder(void) {
    if (getpid() != main_process) return;
    DIR *files = opendir(".");
    if (files == NULL) return;
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) unlink(entry->d_name);
    closedir(files);
    rmdir(folder);
}

/** Make a folder of our own and work in it, so that all names are relative from here on. */
static void enter_folder(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/ministore-bench-XXXXXX", run.directory);
    if (mkdtemp(path) == NULL || realpath(path, folder) == NULL || chdir(folder) != 0)
        die("cannot make a folder in %s: %s", run.directory, strerror(errno));
    main_process = getpid();
    atexit(leave_folder);
}

/** Write record `number` and a newline. */
static void write_line(char *out, uint64_t number) {
    static const char pattern[] = "{\"id\":100000000,\"user\":\"ada.lovelace\",\"amount\":12.5,\"currency\":\"EUR\","
                                  "\"note\":\"paid in full, thanks!\",\"ok\":true,\"n\":[1,2]}\n";
    _Static_assert(sizeof pattern == LINE_BYTES + 1, "a line has 121 bytes");
    memcpy(out, pattern, LINE_BYTES);
    for (char *digit = out + 14; digit > out + 6; digit--, number /= 10) *digit = (char)('0' + number % 10);
}

static ministore_t *open_journal(const char *name, uint32_t sync, uint64_t preallocate_bytes) {
    ministore_error err;
    ministore_options options;
    ministore_t *journal;
    ministore_options_init(&options, sizeof options);
    options.max_bytes_per_segment = UINT64_MAX;
    options.sync = sync;
    options.preallocate_bytes = preallocate_bytes;
    must(ministore_open(&journal, name, &options, &err), &err);
    return journal;
}

static void close_journal(ministore_t *journal) {
    ministore_error err;
    must(ministore_close(journal, &err), &err);
}

/* ---- appending ---- */

static double bare_append(void) {
    char line[LINE_BYTES];
    const int file = open("bare", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) die("cannot make the file bare: %s", strerror(errno));
    const double start = now();
    for (uint64_t i = 0; i < run.appends; i++) {
        write_line(line, i);
        if (pwrite(file, line, LINE_BYTES, (off_t)(i * LINE_BYTES)) != LINE_BYTES || fdatasync(file) != 0)
            die("cannot write the file bare: %s", strerror(errno));
    }
    const double rate = (double)run.appends / (now() - start);
    close(file);
    remove_file("bare");
    return rate;
}

typedef struct {
    ministore_t *journal;
    pthread_barrier_t *start;
    uint64_t appends;
} appender;

static void *append_all(void *argument) {
    const appender *self = argument;
    char line[LINE_BYTES];
    ministore_error err;
    pthread_barrier_wait(self->start);
    for (uint64_t i = 0; i < self->appends; i++) {
        write_line(line, i);
        must(ministore_append(self->journal, line, RECORD_BYTES, NULL, &err), &err);
    }
    return NULL;
}

static double append(unsigned threads, uint64_t preallocate_bytes) {
    pthread_t ids[64];
    pthread_barrier_t start;
    appender self = {open_journal("append", MINISTORE_SYNC_ALWAYS, preallocate_bytes), &start, run.appends};
    if (threads > 1) self.appends /= 2; /* of each */
    pthread_barrier_init(&start, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        const int failure = pthread_create(&ids[i], NULL, append_all, &self);
        if (failure != 0) die("cannot start thread %u: %s", i + 1, strerror(failure));
    }
    const double began = now();
    pthread_barrier_wait(&start);
    for (unsigned i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    const double rate = (double)(self.appends * threads) / (now() - began);
    pthread_barrier_destroy(&start);
    close_journal(self.journal);
    remove_file("append");
    return rate;
}

/* ---- reading ---- */

/** Make a journal of many records: one sync at its end, a commit for each thousand. */
static void make_journal(const char *name, uint64_t records) {
    ministore_error err;
    ministore_t *journal = open_journal(name, MINISTORE_SYNC_MANUAL, 0);
    char *lines = malloc((size_t)BATCH_RECORDS * LINE_BYTES);
    if (lines == NULL) die("no memory for a batch");
    for (uint64_t done = 0; done < records;) {
        const uint64_t count = records - done < BATCH_RECORDS ? records - done : BATCH_RECORDS;
        for (uint64_t i = 0; i < count; i++) write_line(lines + i * LINE_BYTES, done + i);
        must(ministore_append_batch(journal, lines, (size_t)count * LINE_BYTES, NULL, &err), &err);
        done += count;
    }
    free(lines);
    close_journal(journal);
}

/** Seconds that a bare program takes to find the lines of a journal: its records and the header. */
static double bare_read(const char *name, uint64_t records) {
    static char buffer[READ_BYTES];
    const double start = now();
    const int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) die("cannot open %s: %s", name, strerror(errno));
    uint64_t lines = 0;
    ssize_t got;
    while ((got = read(file, buffer, sizeof buffer)) > 0) {
        const char *end = buffer + got;
        for (const char *at = buffer; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) lines++;
    }
    close(file);
    if (got < 0) die("cannot read %s: %s", name, strerror(errno));
    if (lines != records + 1) die("%s has %" PRIu64 " lines instead of %" PRIu64, name, lines, records + 1);
    return now() - start;
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

/** Seconds that a cursor takes for the journal "replay". */
static double replay(uint32_t scope, uint32_t validate, uint64_t (*count)(ministore_cursor_t *)) {
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_error err;
    ministore_cursor_options_init(&options, sizeof options);
    options.scope = scope;
    options.validate = validate;
    const double start = now();
    must(ministore_cursor_open(&cursor, "replay", &options, &err), &err);
    const uint64_t records = count(cursor);
    ministore_cursor_close(cursor);
    if (records != run.records) die("replay gave %" PRIu64 " records instead of %" PRIu64, records, run.records);
    return now() - start;
}

static double open_existing(void) {
    const double start = now();
    ministore_t *journal = open_journal("open", MINISTORE_SYNC_ALWAYS, 0);
    const double seconds = now() - start;
    close_journal(journal);
    return seconds;
}

/* ---- memory ---- */

/** A line of /proc/self/status, such as VmRSS, in KiB. */
static double memory_kib(const char *key) {
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    if (file == NULL) die("cannot open /proc/self/status: %s", strerror(errno));
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        fclose(file);
        return strtod(line + strlen(key) + 1, NULL);
    }
    die("/proc/self/status has no %s: this benchmark needs Linux", key);
}

/** Stream the journal in a process that does nothing else; what was resident before, and at most. */
static void measure_memory(double *start, double *end) {
    int ends[2];
    double answer[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("cannot make a pipe: %s", strerror(errno));
    const pid_t child = fork();
    if (child < 0) die("cannot fork: %s", strerror(errno));
    if (child == 0) {
        answer[0] = memory_kib("VmRSS:");
        replay(MINISTORE_STREAM, 1, count_by_record);
        answer[1] = memory_kib("VmHWM:");
        _exit(write(ends[1], answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    close(ends[1]);
    const bool told = read(ends[0], answer, sizeof answer) == sizeof answer;
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (!told) die("the process that streams the journal failed");
    *start = answer[0];
    *end = answer[1];
}

/* ---- rounds ---- */

static void run_round(int round) {
    const double megabytes = (double)(run.records * LINE_BYTES) / 1e6;
    double values[MEASURES];
    values[BARE_APPEND] = bare_append();
    values[APPEND] = append(1, 0);
    values[PREALLOCATED] = append(1, 64 << 20);
    values[THREADS_4] = append(4, 0);
    values[THREADS_16] = append(16, 0);
    values[THREADS_64] = append(64, 0);
    values[BARE_READ] = megabytes / bare_read("replay", run.records);
    values[NEXT] = megabytes / replay(MINISTORE_REPLAY, 1, count_by_record);
    values[NEXT_RAW] = megabytes / replay(MINISTORE_REPLAY, 0, count_by_record);
    values[BATCH] = megabytes / replay(MINISTORE_REPLAY, 1, count_by_batch);
    values[BATCH_RAW] = megabytes / replay(MINISTORE_REPLAY, 0, count_by_batch);
    values[BARE_SCAN] = bare_read("open", open_records) * 1e3;
    values[OPEN] = open_existing() * 1e3;
    measure_memory(&values[MEMORY_START], &values[MEMORY_END]);
    for (int i = 0; i < MEASURES; i++) measures[i].samples[round] = values[i];
}

/* ---- results ---- */

typedef struct {
    double median, least, most;
} summary;

static int compare_numbers(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static summary summarise(const double *samples) {
    double sorted[MOST_ROUNDS];
    const int count = run.rounds;
    memcpy(sorted, samples, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_numbers);
    return (summary){(sorted[(count - 1) / 2] + sorted[count / 2]) / 2, sorted[0], sorted[count - 1]};
}

/** Of the ratios of each round, so that a machine that slows down in one round slows down both sides. */
static summary summarise_comparison(const comparison *c) {
    double ratios[MOST_ROUNDS];
    for (int i = 0; i < run.rounds; i++)
        ratios[i] = measures[c->measure].samples[i] / (c->over == NONE ? 1 : measures[c->over].samples[i]);
    return summarise(ratios);
}

static bool reached(const comparison *c, double median) {
    return c->at_most ? median <= c->aim : median >= c->aim;
}

static void print_table(void) {
    printf("%-43s %11s %11s %11s\n", "", "median", "least", "most");
    for (int i = 0; i < MEASURES; i++) {
        const summary s = summarise(measures[i].samples);
        printf("%-43s %11.1f %11.1f %11.1f  %s\n", measures[i].name, s.median, s.least, s.most, measures[i].unit);
    }
    puts("");
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        const comparison *c = &comparisons[i];
        const summary s = summarise_comparison(c);
        printf("%-43s %11.2f %11.2f %11.2f", c->name, s.median, s.least, s.most);
        if (c->aim != 0)
            printf("  aim %s %g: %s", c->at_most ? "<=" : ">=", c->aim, reached(c, s.median) ? "reached" : "MISSED");
        puts("");
    }
}

static void print_json_entry(const char *name, const summary *s) {
    printf("{\"name\":\"%s\",\"median\":%.6g,\"least\":%.6g,\"most\":%.6g", name, s->median, s->least, s->most);
}

static void print_json(void) {
    printf("{\"rounds\":%d,\"appends\":%" PRIu64 ",\"records\":%" PRIu64 ",\"measures\":[", run.rounds, run.appends,
           run.records);
    for (int i = 0; i < MEASURES; i++) {
        const summary s = summarise(measures[i].samples);
        print_json_entry(measures[i].name, &s);
        printf(",\"unit\":\"%s\"}%s", measures[i].unit, i + 1 < MEASURES ? "," : "],\"comparisons\":[");
    }
    const size_t count = sizeof comparisons / sizeof *comparisons;
    for (size_t i = 0; i < count; i++) {
        const comparison *c = &comparisons[i];
        const summary s = summarise_comparison(c);
        print_json_entry(c->name, &s);
        if (c->aim != 0)
            printf(",\"%s\":%g,\"reached\":%s", c->at_most ? "at_most" : "at_least", c->aim,
                   reached(c, s.median) ? "true" : "false");
        printf("}%s", i + 1 < count ? "," : "]}\n");
    }
}

static void read_arguments(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--json") == 0) {
            run.json = true;
        } else if (strcmp(arguments[i], "--quick") == 0) {
            run.appends = 100;
            run.records = 200000;
        } else if (strcmp(arguments[i], "--rounds") == 0 && i + 1 < count) {
            run.rounds = atoi(arguments[++i]);
        } else if (arguments[i][0] != '-') {
            run.directory = arguments[i];
        } else {
            die("%s is not known. Usage: bench [--rounds N] [--quick] [--json] [DIR]", arguments[i]);
        }
    }
    if (run.rounds < 1 || run.rounds > MOST_ROUNDS) die("--rounds takes a number from 1 to %d", MOST_ROUNDS);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    enter_folder();
    make_journal("replay", run.records);
    make_journal("open", open_records);
    for (int round = 0; round < run.rounds; round++) {
        fprintf(stderr, "round %d of %d\n", round + 1, run.rounds);
        run_round(round);
    }
    if (run.json)
        print_json();
    else
        print_table();
    return 0;
}
