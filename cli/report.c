/*
 * Messages on standard error, each written at once and harmless to a terminal, and the exit codes.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cli_exit_code(ministore_status status) {
    switch (status) {
    case MINISTORE_OK:
    case MINISTORE_DONE: return CLI_FINE;
    case MINISTORE_BAD_HEADER:
    case MINISTORE_UNSUPPORTED_VERSION:
    case MINISTORE_INVALID_JSON:
    case MINISTORE_TOO_LARGE:
    case MINISTORE_CORRUPT:
    case MINISTORE_TORN:
    case MINISTORE_PRUNED: return CLI_CONTENT;
    case MINISTORE_INVALID_ARGUMENT: return CLI_USAGE;
    default: return CLI_SYSTEM;
    }
}

void cli_clean(char *clean, size_t capacity, const char *text) {
    const char *end = text + strlen(text);
    size_t used = 0;
    while (text < end && used + 9 < capacity) { /* two escapes and the NUL */
        size_t size = cli_utf8_size(text, end);
        size_t escaped = size == 0 ? 1 : cli_control_size(text, end);
        if (escaped == 0) {
            memcpy(clean + used, text, size);
            used += size;
            text += size;
        }
        for (size_t i = 0; i < escaped; i++, text++)
            used += (size_t)snprintf(clean + used, capacity - used, "\\x%02x", (unsigned)(unsigned char)*text);
    }
    clean[used] = '\0';
}

/* A message that cannot be written is lost: there is no other place to tell. */
static void write_error(const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = write(STDERR_FILENO, text, size);
        if (n < 0 && errno != EINTR) return;
        if (n > 0) text += n, size -= (size_t)n;
    }
}

void cli_report(const char *place, uint64_t line, const char *format, ...) {
    char what[1024], message[6 * 1024], clean[8 * 1024], where[24] = "";
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (line > 0) (void)snprintf(where, sizeof where, ":%" PRIu64, line);
    (void)snprintf(message, sizeof message, "ministore: %s%s%s%s", place ? place : "", where, place ? ": " : "", what);
    cli_clean(clean, sizeof clean - 1, message);
    size_t size = strlen(clean);
    clean[size] = '\n';
    write_error(clean, size + 1);
}

int cli_report_error(const char *path, const ministore_error *err) {
    /* A message with a place begins with it. */
    cli_report(err->path[0] ? NULL : path, 0, "%s", err->message);
    return cli_exit_code(err->status);
}

int cli_report_errno(const char *place, const char *what, int error) {
    cli_report(place, 0, "%s: %s", what, strerror(error));
    return CLI_SYSTEM;
}

bool cli_errors_on_terminal(void) {
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0;
}
