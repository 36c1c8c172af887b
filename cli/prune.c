/*
 * ministore prune: archived segments whose records are all older than a sequence number go.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

static int print_removed(uint32_t removed, const ministore_info *info) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    const cli_field fields[] = {{"removed_segments", removed}, {"first_sequence", info->first_sequence}};
    cli_print_fields(out, fields, 2);
    return cli_output_close(out, CLI_FINE);
}

int cli_prune(const cli_arguments *args) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    ministore_t *journal;
    uint32_t removed = 0;
    if (args->before == 0) {
        cli_report(NULL, 0, "prune: --before SEQ is missing");
        return CLI_USAGE;
    }
    int code = cli_writer_open_existing(&journal, args->path);
    if (code != CLI_FINE) return code;
    ministore_status status = ministore_prune(journal, args->before, &removed, &err);
    if (status == MINISTORE_OK) status = ministore_stat(journal, &info, &err);
    if (status != MINISTORE_OK) code = cli_report_error(args->path, &err);
    code = cli_writer_close(journal, args->path, code);
    return code == CLI_FINE ? print_removed(removed, &info) : code;
}
