/*
 * Opening and closing a journal for the commands that write to it.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <inttypes.h>

/* Open cuts a torn tail unasked; the user is told. */
static ministore_status note_cut(ministore_t *journal, const char *path, ministore_error *err) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_status status = ministore_stat(journal, &info, err);
    if (status == MINISTORE_OK && info.torn_bytes > 0)
        cli_report(path, 0, "cut %" PRIu64 " bytes of an append that was never acknowledged; they are kept in %s.torn",
                   info.torn_bytes, path);
    return status;
}

int cli_writer_open(ministore_t **out, const char *path, const ministore_options *options) {
    ministore_error err;
    ministore_status status = ministore_open(out, path, options, &err);
    if (status == MINISTORE_OK && note_cut(*out, path, &err) == MINISTORE_OK) return CLI_FINE;
    int code = cli_report_error(path, &err);
    (void)ministore_close(*out, NULL);
    return code;
}

int cli_writer_open_existing(ministore_t **out, const char *path) {
    return cli_missing(path) ? cli_report_missing(path) : cli_writer_open(out, path, NULL);
}

int cli_writer_close(ministore_t *journal, const char *path, int code) {
    ministore_error err;
    return ministore_close(journal, &err) == MINISTORE_OK ? code : cli_report_error(path, &err);
}
