/*
 * ministore verify: everything is checked, with a progress bar where one can be seen.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30, REDRAW_MS = 100, FIELD_COUNT = 8 };

typedef struct {
    const cli_arguments *args;
    ministore_verify_info info;
    ministore_error err; /* the first problem */
    ministore_status status;

    pthread_mutex_t mutex;
    pthread_cond_t finished;
    bool done; /* guarded by the mutex */
} check;

static void run(check *c) {
    c->status = ministore_verify(c->args->path, c->args->max_record_bytes, &c->info, &c->err);
}

static void *run_in_thread(void *argument) {
    check *c = argument;
    run(c);
    (void)pthread_mutex_lock(&c->mutex);
    c->done = true;
    (void)pthread_cond_signal(&c->finished);
    (void)pthread_mutex_unlock(&c->mutex);
    return NULL;
}

static void draw(uint64_t bytes, uint64_t total) {
    char bar[BAR_WIDTH + 1], line[128];
    uint64_t part = bytes < total ? bytes : total;
    int filled = (int)((double)part / (double)total * BAR_WIDTH);
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    int n = snprintf(line, sizeof line, "\rverify [%s] %3d%%", bar, (int)((double)part / (double)total * 100));
    (void)!write(STDERR_FILENO, line, (size_t)n);
}

static void erase(void) {
    static const char ERASE[] = "\r\033[K";
    (void)!write(STDERR_FILENO, ERASE, sizeof ERASE - 1);
}

/* Draw how far the other thread is until it has finished. */
static void watch(check *c, uint64_t total) {
    struct timespec until;
    draw(0, total);
    (void)pthread_mutex_lock(&c->mutex);
    while (!c->done) {
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += REDRAW_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&c->finished, &c->mutex, &until);
        draw(__atomic_load_n(&c->info.bytes, __ATOMIC_RELAXED), total);
    }
    (void)pthread_mutex_unlock(&c->mutex);
    erase();
}

static void run_and_watch(check *c) {
    pthread_t thread;
    ministore_cursor_info journal;
    bool sized = cli_glance(c->args->path, &journal) && journal.bytes > 0;
    if (!sized || pthread_create(&thread, NULL, run_in_thread, c) != 0) {
        run(c);
        return;
    }
    watch(c, journal.bytes);
    (void)pthread_join(thread, NULL);
}

static void print_error(cli_output *out, const check *c) {
    const ministore_error *err = &c->err;
    if (c->status == MINISTORE_OK) {
        cli_print(out, ",\"error\":null");
        return;
    }
    cli_print(out, ",\"error\":{\"segment\":");
    cli_print_json_string(out, err->segment);
    cli_print(out, ",\"line\":%" PRIu64 ",\"offset\":%" PRIu64 ",\"sequence\":%" PRIu64 ",\"message\":", err->line,
              err->offset, err->sequence);
    cli_print_json_string(out, err->message);
    cli_print(out, "}");
}

static void print_json(cli_output *out, const check *c, const cli_field *fields) {
    cli_print(out, "{\"path\":");
    cli_print_json_string(out, c->args->path);
    cli_print(out, ",\"status\":\"%s\"", ministore_status_name(c->status));
    cli_print_json_fields(out, fields, FIELD_COUNT);
    print_error(out, c);
    cli_print(out, "}\n");
}

static void print_for_people(cli_output *out, const check *c, const cli_field *fields) {
    cli_print_fields(out, fields, FIELD_COUNT);
    if (c->info.torn_bytes > 0) cli_print(out, "The torn bytes were never acknowledged; the next writer cuts them.\n");
    if (c->info.uncovered > 0)
        cli_print(out, "Uncovered segments have no digest: a change in them that is still JSON goes unseen.\n");
    if (c->status == MINISTORE_OK)
        cli_print_coloured(out, CLI_GREEN, "good");
    else
        cli_print_coloured(out, CLI_RED, "at fault");
    cli_print(out, "\n");
}

static int print_result(const check *c) {
    const ministore_verify_info *info = &c->info;
    const cli_field fields[FIELD_COUNT] = {
        {"segments", info->segments},
        {"records", info->records},
        {"bytes", info->bytes},
        {"first_sequence", info->first_sequence},
        {"next_sequence", info->next_sequence},
        {"problems", info->problems},
        {"torn_bytes", info->torn_bytes},
        {"uncovered", info->uncovered},
    };
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    if (c->args->json)
        print_json(out, c, fields);
    else
        print_for_people(out, c, fields);
    int code = c->status == MINISTORE_OK ? CLI_FINE : cli_report_error(c->args->path, &c->err);
    return cli_output_close(out, code);
}

int cli_verify(const cli_arguments *args) {
    check c = {.args = args,
               .info = {.struct_size = sizeof c.info},
               .mutex = PTHREAD_MUTEX_INITIALIZER,
               .finished = PTHREAD_COND_INITIALIZER};
    if (cli_errors_on_terminal())
        run_and_watch(&c);
    else
        run(&c);
    if (c.status == MINISTORE_OK && c.info.segments == 0) (void)cli_report_missing(args->path);
    return print_result(&c);
}
