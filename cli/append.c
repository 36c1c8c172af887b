/*
 * ministore append: standard input becomes records, a commit for each batch of lines.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Beyond the longest record a line may hold this many blanks; the library drops them. */
enum { BLANKS = 4096 };

typedef struct {
    const cli_arguments *args;
    ministore_t *journal;
    uint64_t last; /* sequence number of the record appended last; 0: none yet */

    /* The lines that wait for their commit, each with its newline. */
    char *batch;
    size_t size, capacity;
    uint64_t lines, first_line; /* how many, and the number of the first in the input */
} appender;

static ministore_status commit(appender *a, size_t size, ministore_error *err) {
    uint64_t sequence = 0;
    ministore_status status = ministore_append_batch(a->journal, a->batch, size, &sequence, err);
    if (status == MINISTORE_OK && sequence > 0) a->last = sequence;
    return status;
}

/* Bytes of the first `lines` lines of the batch. */
static size_t lines_size(const appender *a, uint64_t lines) {
    const char *end = a->batch;
    for (; lines > 0; lines--) end = (const char *)memchr(end, '\n', a->size - (size_t)(end - a->batch)) + 1;
    return (size_t)(end - a->batch);
}

static bool refused(const ministore_error *err) {
    return (err->status == MINISTORE_INVALID_JSON || err->status == MINISTORE_TOO_LARGE) && err->line > 0;
}

static int report_too_long(const appender *a, uint64_t line) {
    cli_report("stdin", line, "a record may have %" PRIu64 " bytes; give more by --max-record-bytes if this is right",
               a->args->max_record_bytes);
    return CLI_CONTENT;
}

/* The library counts in the batch; the user is told of the line in the input and of the byte in that line. */
static int report_refused(const appender *a, const ministore_error *bad) {
    ministore_error err;
    uint64_t line = a->first_line + bad->line - 1;
    size_t begin = lines_size(a, bad->line - 1);
    size_t size = lines_size(a, bad->line) - 1 - begin;
    if (bad->status == MINISTORE_TOO_LARGE) return report_too_long(a, line);
    bool wrong = ministore_json_validate(a->batch + begin, size, &err) != MINISTORE_OK;
    cli_report("stdin", line, "%s", wrong ? err.message : bad->message);
    return CLI_CONTENT;
}

/* Commit what waits. If a line is refused, the ones before it are committed and it is reported. */
static int commit_batch(appender *a) {
    ministore_error err, bad;
    if (a->lines == 0) return CLI_FINE;
    if (commit(a, a->size, &bad) == MINISTORE_OK) {
        a->size = 0;
        a->lines = 0;
        return CLI_FINE;
    }
    if (!refused(&bad)) return cli_report_error(a->args->path, &bad);
    if (commit(a, lines_size(a, bad.line - 1), &err) != MINISTORE_OK) return cli_report_error(a->args->path, &err);
    return report_refused(a, &bad);
}

static bool add_line(appender *a, const char *line, size_t size) {
    if (a->size + size + 1 > a->capacity) {
        size_t capacity = 2 * (a->size + size + 1);
        char *batch = realloc(a->batch, capacity);
        if (!batch) return false;
        a->batch = batch;
        a->capacity = capacity;
    }
    memcpy(a->batch + a->size, line, size);
    a->batch[a->size + size] = '\n';
    a->size += size + 1;
    a->lines++;
    return true;
}

static int append_line(appender *a, uint64_t number, const char *line, size_t size) {
    if (a->lines == 0) a->first_line = number;
    if (!add_line(a, line, size)) return cli_report_errno("stdin", "cannot keep a batch of this size", errno);
    return a->lines == a->args->batch ? commit_batch(a) : CLI_FINE;
}

/* What stands before the end of the input, or before what is wrong with it, is committed first. */
static int end_input(appender *a, const cli_lines *input, cli_lines_result end) {
    int code = commit_batch(a);
    if (code != CLI_FINE || end == CLI_LINES_END) return code;
    if (end == CLI_LINES_FAILED) return cli_report_errno("stdin", "cannot read", input->error);
    return report_too_long(a, input->number);
}

static int append_input(appender *a) {
    cli_lines input;
    cli_lines_result result;
    const char *line;
    size_t size;
    int code = CLI_FINE;
    cli_lines_open(&input, (size_t)a->args->max_record_bytes + BLANKS);
    while (code == CLI_FINE && (result = cli_lines_next(&input, &line, &size)) == CLI_LINE)
        code = append_line(a, input.number, line, size);
    if (code == CLI_FINE) code = end_input(a, &input, result);
    cli_lines_close(&input);
    return code;
}

static int print_last(const appender *a, int code) {
    cli_output *out = cli_output_open();
    if (!out) return CLI_SYSTEM;
    cli_print(out, "%" PRIu64 "\n", a->last);
    return cli_output_close(out, code);
}

int cli_append(const cli_arguments *args) {
    appender a = {.args = args};
    ministore_options options;
    (void)ministore_options_init(&options, sizeof options);
    if (args->max_bytes_per_segment > 0) options.max_bytes_per_segment = args->max_bytes_per_segment;
    options.preallocate_bytes = args->preallocate;
    options.max_record_bytes = args->max_record_bytes;
    int code = cli_writer_open(&a.journal, args->path, &options);
    if (code != CLI_FINE) return code;
    code = cli_writer_close(a.journal, args->path, append_input(&a));
    free(a.batch);
    return a.last > 0 ? print_last(&a, code) : code;
}
