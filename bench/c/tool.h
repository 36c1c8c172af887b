/*
 * What the benchmark's C programs share: arguments, time, records, writers that take a turn, and the line each prints.
 * A program is called PROGRAM WORK [KEY=VALUE]... in a folder of its own and prints {"name":,"value":,"unit":}.
 */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RECORD_BYTES = 120, LINE_BYTES = 121, READ_BYTES = 256 << 10, PREALLOCATED_BYTES = 64 << 20 };

typedef struct {
    const char *name; /* NULL after the last */
    void (*run)(void);
} bench_work;

/* Each program has this table; the shared main runs the work that was asked for. */
extern const bench_work works[];

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/** The value of an argument KEY=VALUE, or what is given for one left out. */
uint64_t number(const char *key, uint64_t otherwise);
double seconds_of_turn(void);
const char *text(const char *key, const char *otherwise);

/** What stands behind the argument "--": a command and its arguments, NULL-ended. */
char **command_given(void);

/** Print one result line. */
void answer(const char *name, double value, const char *unit);

/** CLOCK_MONOTONIC, in seconds. */
double now(void);

/** Write record `i` and a newline: LINE_BYTES bytes. */
void write_line(char *out, uint64_t i);

/** `count` lines one behind the other; the caller frees them. */
char *make_lines(uint64_t count);

/** If varied=1, move bytes of lines between two neighbours: they have many sizes then, in as many bytes together. */
void vary_lines(char *lines, uint64_t count);

/**
 * Let writers=N threads append batch=B lines a call until the turn of seconds=S is over, or until records=R (of all
 * writers) are written. Answers records/s. `append` must have made the lines durable, if that is what is measured,
 * when it returns. With escaped=1 each line has an escape, so that its shape is looked at in vain; see also vary_lines.
 */
void measure_appends(void (*append)(void *context, unsigned writer, const char *lines, size_t size), void *context);

/**
 * Call `pass` for one pass over the data until the turn is over, and answer bytes (or records) a second. `pass` returns
 * what it went over; the first pass is not counted if there is time for a second.
 */
void measure_passes(uint64_t (*pass)(void *context), void *context, const char *unit, double divisor);

/** Call `once`, which returns the seconds that count, until the turn is over; answers the median in milliseconds. */
void measure_times(double (*once)(void *context), void *context);

/** Whether the turn that began at `start` has lasted long enough. For passes that end early. */
bool turn_is_over(double start);

/** A line of /proc/self/status, such as VmHWM, in KiB. */
double memory_kib(const char *key);

#ifdef __cplusplus
}
#endif

#endif
