/*
 * What the files of the command share: one section for each file, the commands last.
 */
#ifndef MINISTORE_CLI_INTERNAL_H
#define MINISTORE_CLI_INTERNAL_H

#include "ministore.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

/** The exit codes. */
enum { CLI_FINE = 0, CLI_CONTENT = 1, CLI_USAGE = 2, CLI_SYSTEM = 3 };

/* ---- output.c: what goes to standard output, in large blocks ---- */

enum { CLI_OUTPUT_SIZE = 256 * 1024 };

typedef struct {
    bool terminal; /* records are made harmless for it */
    bool colour;
    int error; /* errno of the first write that failed; later ones are not tried */
    size_t used;
    char buffer[CLI_OUTPUT_SIZE];
} cli_output;

/** An output on descriptor 1, to be given to cli_output_close; NULL after a message if there is no memory. */
cli_output *cli_output_open(void);

void cli_put(cli_output *out, const char *data, size_t size);
__attribute__((format(printf, 2, 3))) void cli_print(cli_output *out, const char *format, ...);

/** Put a word in a colour of the terminal, if it has colours. */
typedef enum { CLI_RED = 31, CLI_GREEN = 32, CLI_YELLOW = 33 } cli_colour;
void cli_print_coloured(cli_output *out, cli_colour colour, const char *word);

/** Put text as a JSON string; bytes that are no UTF-8 become U+FFFD. */
void cli_print_json_string(cli_output *out, const char *text);

/** Put text for people, control bytes and bytes that are no UTF-8 as \xNN. */
void cli_print_clean(cli_output *out, const char *text);

/** A number with its name, "first_sequence", which is its key in JSON and, with blanks, its label for people. */
typedef struct {
    const char *key;
    uint64_t value;
} cli_field;
void cli_print_fields(cli_output *out, const cli_field *fields, size_t count);

/** The same as members of a JSON object, each with a comma before it. */
void cli_print_json_fields(cli_output *out, const cli_field *fields, size_t count);

/** Write out what is buffered. False if that failed, now or before. */
bool cli_output_flush(cli_output *out);

/** Whether the reader at the other end of a pipe has gone; then it is as if a write had failed. */
bool cli_output_abandoned(cli_output *out);

/** Flush and free. Returns `code`, or CLI_SYSTEM after a message if something could not be written. */
int cli_output_close(cli_output *out, int code);

/* ---- report.c: messages on standard error, and exit codes ---- */

/** Print "ministore: PLACE: what"; PLACE may be NULL, LINE is left out if it is 0. */
__attribute__((format(printf, 3, 4))) void cli_report(const char *place, uint64_t line, const char *format, ...);

/** Print a failure of the library on the journal at `path` and return the exit code for it. */
int cli_report_error(const char *path, const ministore_error *err);

/** Print a failed system call by its errno and return the exit code. */
int cli_report_errno(const char *place, const char *what, int error);

/** The exit code for a status. */
int cli_exit_code(ministore_status status);

/** Write text as it may be shown to people to `clean`: control bytes and bytes that are no UTF-8 as \xNN. */
void cli_clean(char *clean, size_t capacity, const char *text);

/** Whether standard error is a terminal that can move its cursor. */
bool cli_errors_on_terminal(void);

/* ---- utf8.c ---- */

/** Bytes of the UTF-8 character at `text`, which ends at `end`; 0 if there is none. */
size_t cli_utf8_size(const char *text, const char *end);

/** Bytes of the control character (C0, DEL or C1) at `text`, which ends at `end`; 0 if it is another one. */
size_t cli_control_size(const char *text, const char *end);

/* ---- arguments.c ---- */

/** The arguments of a command. A number that was not given has its default. */
typedef struct {
    const char *path; /* the operand; NULL if none was given */
    const char *segment;
    bool sequence, skip_bad_lines, follow, json, dry_run, yes, help;
    uint64_t from, lines, before, batch;
    uint64_t max_bytes_per_segment, preallocate, max_record_bytes;
} cli_arguments;

/** The options, as bits for the sets that commands take. The order is that of the table in arguments.c. */
enum {
    CLI_FROM = 1 << 0,
    CLI_SEGMENT = 1 << 1,
    CLI_SEQUENCE = 1 << 2,
    CLI_SKIP_BAD_LINES = 1 << 3,
    CLI_LINES = 1 << 4,
    CLI_FOLLOW = 1 << 5,
    CLI_BATCH = 1 << 6,
    CLI_MAX_BYTES_PER_SEGMENT = 1 << 7,
    CLI_PREALLOCATE = 1 << 8,
    CLI_BEFORE = 1 << 9,
    CLI_DRY_RUN = 1 << 10,
    CLI_YES = 1 << 11,
    CLI_JSON = 1 << 12,
    CLI_MAX_RECORD_BYTES = 1 << 13,
    CLI_HELP = 1 << 14
};

/** Read the arguments behind the command's name. False after a message about what is wrong. */
bool cli_parse(cli_arguments *out, unsigned options, int argc, char **argv);

/** Print the help lines of a set of options. */
void cli_print_options(cli_output *out, unsigned options);

/* ---- process.c: what of the process the command changes while it runs ---- */

typedef struct cli_process cli_process;

/** Make descriptors 0 to 2 safe and set the signals. NULL after a message. */
cli_process *cli_process_begin(void);
void cli_process_end(cli_process *process);

/* ---- lines.c: standard input, line by line ---- */

typedef struct {
    char *buffer;
    size_t start, scanned, used, capacity, limit;
    uint64_t number; /* of the line handed out last */
    bool ended;
    int error; /* errno, with CLI_LINES_FAILED */
} cli_lines;

typedef enum { CLI_LINE, CLI_LINES_END, CLI_LINE_TOO_LONG, CLI_LINES_FAILED } cli_lines_result;

/** Lines longer than `limit` bytes are not taken into memory. */
void cli_lines_open(cli_lines *lines, size_t limit);

/** The next line, without its newline, borrowed until the next call. */
cli_lines_result cli_lines_next(cli_lines *lines, const char **line, size_t *size);
void cli_lines_close(cli_lines *lines);

/* ---- records.c: from a cursor to standard output ---- */

/** Fill cursor options from the arguments. */
void cli_cursor_options(ministore_cursor_options *options, const cli_arguments *args);

/** Print records until the end, a failure, or until nothing can be written: MINISTORE_DONE, a failure, MINISTORE_OK. */
ministore_status cli_print_records(cli_output *out, ministore_cursor_t *cursor, bool sequence, ministore_error *err);

/** What a journal holds, seen from its end, without its lock. 0 or an exit code after a message. */
int cli_survey(const cli_arguments *args, ministore_cursor_info *info);

/** Segments and bytes of a journal, without reading it. False if it cannot be told. */
bool cli_glance(const char *path, ministore_cursor_info *info);

/** Whether there is no journal at a path. One that cannot be looked at is there. */
bool cli_missing(const char *path);

/** Say that there is no journal; returns the exit code where that is a failure. */
int cli_report_missing(const char *path);

/* ---- writer.c: a journal open for writing ---- */

/** Open a journal, say what was cut. 0 or an exit code after a message; then *out is not to be closed. */
int cli_writer_open(ministore_t **out, const char *path, const ministore_options *options);

/** The same with the default options, for a journal that must be there. */
int cli_writer_open_existing(ministore_t **out, const char *path);

/** Close it. Returns `code`, or another one after a message if closing failed. */
int cli_writer_close(ministore_t *journal, const char *path, int code);

/* ---- mount.c: what the system tells of the file system of a folder ---- */

typedef enum { CLI_GOOD, CLI_DOUBTFUL, CLI_BAD } cli_verdict;

typedef struct {
    char type[64], source[1024], mount_point[4096], options[4096];
    cli_verdict verdict;
    const char *meaning; /* for durability, one or two sentences */
} cli_mount;

/** Fill in what is known of a folder with an absolute path without links; unknown strings are "". */
void cli_mount_look(cli_mount *out, const char *folder);

/* ---- probe.c: what a folder does when it is tried ---- */

enum { CLI_SYNCS = 64 };

/** A capability that was tried: worked, or the errno of what did not. */
typedef struct {
    bool works;
    int error;
} cli_trial;

typedef struct {
    uint64_t sync_ns[CLI_SYNCS]; /* of a write and a sync, ascending */
    cli_trial sync, lock, link, rename, folder_sync;
} cli_probe;

/** Try things in a folder of its own inside `folder`, and remove it. 0 or an exit code after a message. */
int cli_probe_run(cli_probe *out, const char *folder);

/* ---- the commands, each in a file of its name ---- */

int cli_append(const cli_arguments *args);
int cli_cat(const cli_arguments *args);
int cli_tail(const cli_arguments *args);
int cli_stat(const cli_arguments *args);
int cli_verify(const cli_arguments *args);
int cli_repair(const cli_arguments *args);
int cli_prune(const cli_arguments *args);
int cli_rotate(const cli_arguments *args);
int cli_doctor(const cli_arguments *args);

#pragma GCC visibility pop

#endif
