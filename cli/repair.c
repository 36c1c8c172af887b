/*
 * ministore repair: the active segment is cut from its first bad line on, if the user agrees.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int repair(const cli_arguments *args, bool dry_run, ministore_repair_info *info) {
    ministore_error err;
    *info = (ministore_repair_info){.struct_size = sizeof *info};
    ministore_status status = ministore_repair(args->path, dry_run, args->max_record_bytes, info, &err);
    return status == MINISTORE_OK ? CLI_FINE : cli_report_error(args->path, &err);
}

/* Say what is cut; `verb` is "cut" or "would cut". */
static void print_info(cli_output *out, const ministore_repair_info *info, const char *verb, const char *path) {
    if (info->cut_bytes == 0) cli_print(out, "the active segment is good\n");
    if (info->cut_bytes > 0) {
        cli_print(out,
                  "%s %" PRIu64 " bytes from offset %" PRIu64 " on (lines: %" PRIu64
                  ", good records among them: %" PRIu64 ")\n",
                  verb, info->cut_bytes, info->cut_offset, info->cut_lines, info->cut_records);
        cli_print(out, "next sequence %" PRIu64 "; what is cut is kept in ", info->next_sequence);
        cli_print_clean(out, path);
        cli_print(out, ".torn\n");
    }
    if (info->archived_bad_lines > 0)
        cli_print(out,
                  "bad lines in archived segments: %" PRIu64 " (they stay; cat --skip-bad-lines reads around them)\n",
                  info->archived_bad_lines);
}

static int show(const cli_arguments *args, const ministore_repair_info *info, const char *verb) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    print_info(out, info, verb, args->path);
    return cli_output_close(out, CLI_FINE);
}

/* Ask on the terminal; only "y" and "yes" are a yes. */
static bool agreed(void) {
    static const char QUESTION[] = "Cut it? [y/N] ";
    char answer[16] = "";
    (void)!write(STDERR_FILENO, QUESTION, sizeof QUESTION - 1);
    ssize_t n = read(STDIN_FILENO, answer, sizeof answer - 1);
    if (n > 0 && answer[n - 1] == '\n') answer[n - 1] = '\0';
    return n > 0 && (strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0);
}

/* Show what would be done and ask; `goes_on` tells whether something is to be done and may be. */
static int consult(const cli_arguments *args, bool *goes_on) {
    ministore_repair_info info;
    *goes_on = false;
    int code = repair(args, true, &info);
    if (code != CLI_FINE) return code;
    code = show(args, &info, "would cut");
    if (code != CLI_FINE || info.cut_bytes == 0 || args->dry_run) return code;
    *goes_on = agreed();
    if (*goes_on) return CLI_FINE;
    cli_report(args->path, 0, "left as it is");
    return CLI_CONTENT;
}

int cli_repair(const cli_arguments *args) {
    ministore_repair_info info;
    bool goes_on = true;
    int code = CLI_FINE;
    if (!args->yes && !args->dry_run && !(isatty(STDIN_FILENO) && isatty(STDERR_FILENO))) {
        cli_report(NULL, 0, "repair asks first, and there is no terminal to ask on: give --yes or --dry-run");
        return CLI_USAGE;
    }
    if (cli_missing(args->path)) return cli_report_missing(args->path);
    if (!args->yes || args->dry_run) code = consult(args, &goes_on);
    if (code != CLI_FINE || !goes_on) return code;
    code = repair(args, false, &info);
    return code == CLI_FINE ? show(args, &info, "cut") : code;
}
