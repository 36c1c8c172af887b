/*
 * ministore tail: the last records of a journal, and those to come.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

/* How often to look whether anyone still reads what is printed. */
enum { LOOK_MS = 1000 };

/* The number that the last `lines` records begin with; a journal without so many gives its first. */
static uint64_t begin_of(const ministore_cursor_info *info, uint64_t lines) {
    uint64_t count = info->next_sequence - info->first_sequence;
    return info->next_sequence - (lines < count ? lines : count);
}

/* Wait for more, until standard output is closed at its other end. OK: more; TIMEOUT: closed. */
static ministore_status wait_for_more(cli_output *out, ministore_cursor_t *cursor, ministore_error *err) {
    for (;;) {
        ministore_status status = ministore_cursor_wait(cursor, LOOK_MS, err);
        if (status == MINISTORE_OK || status < 0) return status;
        if (cli_output_abandoned(out)) return MINISTORE_TIMEOUT;
    }
}

/* Signals end a process that follows, as they end tail(1): nothing is held back while it waits. */
static int print_tail(cli_output *out, ministore_cursor_t *cursor, const cli_arguments *args) {
    ministore_error err;
    ministore_status status;
    do {
        status = cli_print_records(out, cursor, args->sequence, &err);
        if (!cli_output_flush(out)) return CLI_FINE; /* reported when it is closed */
        if (status == MINISTORE_DONE && args->follow) status = wait_for_more(out, cursor, &err);
    } while (status == MINISTORE_OK);
    return status < 0 ? cli_report_error(args->path, &err) : CLI_FINE;
}

int cli_tail(const cli_arguments *args) {
    ministore_cursor_info info;
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_error err;
    ministore_status status;
    int code;
    cli_cursor_options(&options, args);
    options.durable = args->follow;
    do { /* again, if those records were pruned between the look and the open */
        code = cli_survey(args, &info);
        if (code != CLI_FINE) return code;
        options.from = begin_of(&info, args->lines);
        status = ministore_cursor_open(&cursor, args->path, &options, &err);
    } while (status == MINISTORE_PRUNED);
    if (info.segments == 0) (void)cli_report_missing(args->path);
    if (status != MINISTORE_OK) return cli_report_error(args->path, &err);
    cli_output *out = cli_output_open();
    code = out ? cli_output_close(out, print_tail(out, cursor, args)) : CLI_SYSTEM;
    ministore_cursor_close(cursor);
    return code;
}
