/*
 * ministore stat: what a journal holds, without its lock.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

enum { FIELD_COUNT = 7 };

static void print_for_people(cli_output *out, const char *path, const cli_field *fields) {
    cli_print(out, "%-18s", "journal");
    cli_print_clean(out, path);
    cli_print(out, "\n");
    cli_print_fields(out, fields, FIELD_COUNT);
}

static void print_json(cli_output *out, const char *path, const cli_field *fields) {
    cli_print(out, "{\"path\":");
    cli_print_json_string(out, path);
    cli_print_json_fields(out, fields, FIELD_COUNT);
    cli_print(out, "}\n");
}

int cli_stat(const cli_arguments *args) {
    ministore_cursor_info info;
    int code = cli_survey(args, &info);
    if (code != CLI_FINE) return code;
    if (info.segments == 0) (void)cli_report_missing(args->path);
    const cli_field fields[FIELD_COUNT] = {
        {"segments", info.segments},
        {"bytes", info.bytes},
        {"records", info.next_sequence - info.first_sequence},
        {"first_sequence", info.first_sequence},
        {"next_sequence", info.next_sequence},
        {"torn_bytes", info.torn_bytes},
        {"torn_offset", info.torn_offset},
    };
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    if (args->json)
        print_json(out, args->path, fields);
    else
        print_for_people(out, args->path, fields);
    return cli_output_close(out, CLI_FINE);
}
