/*
 * From a journal to standard output: the records of a cursor, and what every reading command asks first.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void cli_cursor_options(ministore_cursor_options *options, const cli_arguments *args) {
    (void)ministore_cursor_options_init(options, sizeof *options);
    options->from = args->from;
    options->max_record_bytes = args->max_record_bytes;
}

/* What the terminal shall not get as it is: DEL and C1 characters stand in strings only, so that an escape means the
 * same; a CR between tokens becomes a blank. */
static void put_for_terminal(cli_output *out, const char *text, const char *end) {
    while (text < end) {
        size_t control = cli_control_size(text, end);
        if (control == 2)
            cli_print(out, "\\u%04x", (unsigned)(unsigned char)text[1]);
        else if (control == 1 && *text == '\x7F')
            cli_print(out, "\\u007f");
        else
            cli_put(out, *text == '\r' ? " " : text, 1);
        text += control == 2 ? 2 : 1;
    }
}

static void print_batch(cli_output *out, const ministore_batch *batch, bool sequence) {
    for (size_t i = 0; i < batch->count && out->error == 0; i++) {
        const char *record = batch->data + batch->spans[i].offset;
        size_t size = batch->spans[i].size;
        if (sequence) cli_print(out, "%" PRIu64 "\t", batch->sequence + i);
        if (out->terminal)
            put_for_terminal(out, record, record + size);
        else
            cli_put(out, record, size);
        cli_put(out, "\n", 1);
    }
}

ministore_status cli_print_records(cli_output *out, ministore_cursor_t *cursor, bool sequence, ministore_error *err) {
    ministore_batch batch;
    ministore_status status = MINISTORE_OK;
    while (out->error == 0 && (status = ministore_cursor_next_batch(cursor, &batch, err)) == MINISTORE_OK)
        print_batch(out, &batch, sequence);
    return status;
}

int cli_survey(const cli_arguments *args, ministore_cursor_info *info) {
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_error err;
    *info = (ministore_cursor_info){.struct_size = sizeof *info};
    cli_cursor_options(&options, args);
    options.at_end = 1;
    ministore_status status = ministore_cursor_open(&cursor, args->path, &options, &err);
    if (status == MINISTORE_OK) status = ministore_cursor_stat(cursor, info, &err);
    ministore_cursor_close(cursor);
    return status == MINISTORE_OK ? CLI_FINE : cli_report_error(args->path, &err);
}

bool cli_glance(const char *path, ministore_cursor_info *info) {
    ministore_cursor_t *cursor;
    *info = (ministore_cursor_info){.struct_size = sizeof *info};
    if (ministore_cursor_open(&cursor, path, NULL, NULL) != MINISTORE_OK) return false;
    ministore_status status = ministore_cursor_stat(cursor, info, NULL);
    ministore_cursor_close(cursor);
    return status == MINISTORE_OK;
}

bool cli_missing(const char *path) {
    ministore_cursor_info info;
    return cli_glance(path, &info) && info.segments == 0;
}

int cli_report_missing(const char *path) {
    cli_report(path, 0, "there is no journal here");
    return CLI_SYSTEM;
}
