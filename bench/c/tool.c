/*
 * What the benchmark's C programs share (tool.h says what). Linux only, as the figures are.
 * A program that cannot do its work says so and ends with 1: the driver then leaves the measure out and says so too.
 */
#define _GNU_SOURCE
#include "tool.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NOTE_END = LINE_BYTES - 23, NOTE_BYTES = 21 }; /* of a line's note */
enum { MOST_WRITERS = 1024, MOST_TIMES = 1000, MOST_PASSES = 1000 };

static int argument_count;
static char **arguments;

void die(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fprintf(stderr, "%s: ", arguments[0]);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

const char *text(const char *key, const char *otherwise) {
    const size_t length = strlen(key);
    for (int i = 2; i < argument_count; i++)
        if (strncmp(arguments[i], key, length) == 0 && arguments[i][length] == '=') return arguments[i] + length + 1;
    return otherwise;
}

uint64_t number(const char *key, uint64_t otherwise) {
    const char *value = text(key, NULL);
    if (value == NULL) return otherwise;
    char *end;
    const uint64_t result = strtoull(value, &end, 10);
    if (end == value || *end != '\0') die("%s=%s is no number", key, value);
    return result;
}

char **command_given(void) {
    for (int i = 2; i + 1 < argument_count; i++)
        if (strcmp(arguments[i], "--") == 0) return arguments + i + 1;
    die("no command is given: -- COMMAND [ARGUMENT]...");
}

double seconds_of_turn(void) {
    return strtod(text("seconds", "1"), NULL);
}

void answer(const char *name, double value, const char *unit) {
    printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n", name, value, unit);
}

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool turn_is_over(double start) {
    return now() - start >= seconds_of_turn();
}

void write_line(char *out, uint64_t i) {
    static const char pattern[] = "{\"id\":100000000,\"user\":\"ada.lovelace\",\"amount\":12.5,\"currency\":\"EUR\","
                                  "\"note\":\"paid in full, thanks!\",\"ok\":true,\"n\":[1,2]}\n";
    _Static_assert(sizeof pattern == LINE_BYTES + 1, "a line has 121 bytes");
    memcpy(out, pattern, LINE_BYTES);
    for (char *digit = out + 14; digit > out + 6; digit--, i /= 10) *digit = (char)('0' + i % 10);
}

char *make_lines(uint64_t count) {
    char *lines = malloc((size_t)count * LINE_BYTES);
    if (lines == NULL) die("no memory for %llu lines", (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++) write_line(lines + i * LINE_BYTES, i);
    return lines;
}

void vary_lines(char *lines, uint64_t count) {
    if (number("varied", 0) == 0) return;
    for (uint64_t i = 0; i + 1 < count; i += 2) {
        const size_t moved = (size_t)(i / 2) % NOTE_BYTES;
        char *const end = lines + i * LINE_BYTES + NOTE_END;
        memmove(end - moved, end, LINE_BYTES);
        memset(end + LINE_BYTES - moved, '.', moved);
    }
}

/* ---- writers ---- */

typedef struct {
    void (*append)(void *context, unsigned writer, const char *lines, size_t size);
    void *context;
    uint64_t batch;
    uint64_t most; /* of each writer */
    double end;
    pthread_barrier_t ready;
    atomic_uint_fast64_t done;
    atomic_uint numbers;
} turn;

static void *take_turn(void *argument) {
    turn *t = argument;
    const unsigned writer = atomic_fetch_add(&t->numbers, 1);
    char *lines = make_lines(t->batch);
    vary_lines(lines, t->batch);
    const bool escaped = number("escaped", 0) != 0;
    uint64_t done = 0;
    pthread_barrier_wait(&t->ready);
    pthread_barrier_wait(&t->ready); /* the end of the turn is known now */
    while (done < t->most && now() < t->end) {
        if (t->batch == 1) write_line(lines, done);
        if (escaped) memcpy(lines + LINE_BYTES - 25, "\\/", 2); /* for the end of its note */
        t->append(t->context, writer, lines, (size_t)t->batch * LINE_BYTES);
        done += t->batch;
    }
    free(lines);
    atomic_fetch_add(&t->done, done);
    return NULL;
}

void measure_appends(void (*append)(void *context, unsigned writer, const char *lines, size_t size), void *context) {
    const unsigned writers = (unsigned)number("writers", 1);
    if (writers < 1 || writers > MOST_WRITERS) die("writers must be from 1 to %d", MOST_WRITERS);
    pthread_t threads[MOST_WRITERS];
    turn t = {.append = append, .context = context, .batch = number("batch", 1)};
    t.most = number("records", UINT64_MAX) / writers;
    pthread_barrier_init(&t.ready, NULL, writers + 1);
    for (unsigned i = 0; i < writers; i++)
        if (pthread_create(&threads[i], NULL, take_turn, &t) != 0) die("cannot start thread %u", i + 1);
    pthread_barrier_wait(&t.ready);
    const double start = now();
    t.end = start + seconds_of_turn();
    pthread_barrier_wait(&t.ready);
    for (unsigned i = 0; i < writers; i++) pthread_join(threads[i], NULL);
    answer("rate", (double)atomic_load(&t.done) / (now() - start), "records/s");
    pthread_barrier_destroy(&t.ready);
}

/* ---- passes and times ---- */

static int compare_numbers(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, compare_numbers);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

void measure_passes(uint64_t (*pass)(void *context), void *context, const char *unit, double divisor) {
    double rates[MOST_PASSES];
    size_t count = 0;
    const double start = now();
    do {
        const double begun = now();
        const uint64_t amount = pass(context);
        rates[count++] = (double)amount / divisor / (now() - begun);
    } while (count < MOST_PASSES && !turn_is_over(start));
    const size_t cold = count > 1; /* the first one warms up */
    answer("rate", median(rates + cold, count - cold), unit);
}

void measure_times(double (*once)(void *context), void *context) {
    double times[MOST_TIMES];
    size_t count = 0;
    const double start = now();
    do times[count++] = once(context);
    while (count < MOST_TIMES && !turn_is_over(start));
    answer("time", median(times, count) * 1e3, "ms");
}

double memory_kib(const char *key) {
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    if (file == NULL) die("cannot open /proc/self/status");
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        fclose(file);
        return strtod(line + strlen(key) + 1, NULL);
    }
    die("/proc/self/status has no %s", key);
}

int main(int count, char **given) {
    argument_count = count;
    arguments = given;
    for (const bench_work *work = works; count > 1 && work->name != NULL; work++) {
        if (strcmp(work->name, given[1]) != 0) continue;
        work->run();
        return 0;
    }
    fprintf(stderr, "Usage: %s WORK [KEY=VALUE]...; works:", given[0]);
    for (const bench_work *work = works; work->name != NULL; work++) fprintf(stderr, " %s", work->name);
    fputc('\n', stderr);
    return 2;
}
