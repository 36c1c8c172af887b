/*
 * ministore cat: the records of a journal, or of one segment of it.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path of --segment FILE: one without a slash is looked for beside PATH, if that is given. To be freed. */
static char *segment_path(const cli_arguments *args) {
    const char *slash = args->path && !strchr(args->segment, '/') ? strrchr(args->path, '/') : NULL;
    size_t folder = slash ? (size_t)(slash + 1 - args->path) : 0;
    size_t size = folder + strlen(args->segment) + 1;
    char *path = malloc(size);
    if (path) (void)snprintf(path, size, "%.*s%s", (int)folder, folder ? args->path : "", args->segment);
    return path;
}

static bool same_place(const ministore_error *a, const ministore_error *b) {
    return a->status == b->status && a->line == b->line && a->offset == b->offset &&
           strcmp(a->segment, b->segment) == 0;
}

/* Print all that can be read; what a cursor cannot go around it returns twice. */
static int print_all(cli_output *out, ministore_cursor_t *cursor, const cli_arguments *args, const char *path) {
    ministore_error err, before = {0};
    int code = CLI_FINE;
    while (cli_print_records(out, cursor, args->sequence, &err) < 0) {
        if (same_place(&err, &before)) break;
        (void)cli_output_flush(out);
        code = cli_report_error(path, &err);
        if (!args->skip_bad_lines) break;
        before = err;
    }
    return code;
}

static int print_journal(const cli_arguments *args, const char *path) {
    ministore_cursor_options options;
    ministore_cursor_t *cursor;
    ministore_error err;
    cli_cursor_options(&options, args);
    options.scope = args->segment ? MINISTORE_STREAM : MINISTORE_REPLAY;
    options.on_bad_line = args->skip_bad_lines ? MINISTORE_BAD_LINE_SKIP : MINISTORE_BAD_LINE_STOP;
    if (ministore_cursor_open(&cursor, path, &options, &err) != MINISTORE_OK) return cli_report_error(path, &err);
    if (!args->segment && cli_missing(path)) (void)cli_report_missing(path);
    cli_output *out = cli_output_open();
    int code = out ? cli_output_close(out, print_all(out, cursor, args, path)) : CLI_SYSTEM;
    ministore_cursor_close(cursor);
    return code;
}

int cli_cat(const cli_arguments *args) {
    if (!args->segment) return print_journal(args, args->path);
    char *path = segment_path(args);
    int code = path ? print_journal(args, path) : cli_report_errno("--segment", "cannot keep the path", ENOMEM);
    free(path);
    return code;
}
