/*
 * ministore rotate: the active segment is archived and a new one begins.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

static int print_segments(const ministore_info *info) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    const cli_field fields[] = {{"segments", info->segments}, {"next_sequence", info->next_sequence}};
    cli_print_fields(out, fields, 2);
    return cli_output_close(out, CLI_FINE);
}

int cli_rotate(const cli_arguments *args) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    ministore_t *journal;
    int code = cli_writer_open_existing(&journal, args->path);
    if (code != CLI_FINE) return code;
    ministore_status status = ministore_rotate(journal, &err);
    if (status == MINISTORE_OK) status = ministore_stat(journal, &info, &err);
    if (status != MINISTORE_OK) code = cli_report_error(args->path, &err);
    code = cli_writer_close(journal, args->path, code);
    return code == CLI_FINE ? print_segments(&info) : code;
}
