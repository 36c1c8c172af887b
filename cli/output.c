/*
 * Standard output: a large buffer, written whole, and the forms in which things are put there.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Colours are for a terminal whose user has not said otherwise (no-color.org). */
static bool wants_colour(void) {
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return !(no_colour && no_colour[0]) && term && strcmp(term, "dumb") != 0;
}

cli_output *cli_output_open(void) {
    cli_output *out = malloc(sizeof *out);
    if (!out) {
        cli_report(NULL, 0, "out of memory");
        return NULL;
    }
    out->terminal = isatty(STDOUT_FILENO) == 1;
    out->colour = out->terminal && wants_colour();
    out->error = 0;
    out->used = 0;
    return out;
}

/* Wait until a descriptor that does not block takes more. */
static void wait_writable(void) {
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    (void)poll(&output, 1, -1);
}

static void write_all(cli_output *out, const char *data, size_t size) {
    while (size > 0 && out->error == 0) {
        ssize_t n = write(STDOUT_FILENO, data, size);
        if (n >= 0) {
            data += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            wait_writable();
        } else if (errno != EINTR) {
            out->error = errno;
        }
    }
}

bool cli_output_flush(cli_output *out) {
    write_all(out, out->buffer, out->used);
    out->used = 0;
    return out->error == 0;
}

void cli_put(cli_output *out, const char *data, size_t size) {
    if (size > sizeof out->buffer - out->used) (void)cli_output_flush(out);
    if (size > sizeof out->buffer) {
        write_all(out, data, size);
        return;
    }
    memcpy(out->buffer + out->used, data, size);
    out->used += size;
}

void cli_print(cli_output *out, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n > 0) cli_put(out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void cli_print_coloured(cli_output *out, cli_colour colour, const char *word) {
    if (out->colour)
        cli_print(out, "\033[1;%dm%s\033[0m", (int)colour, word);
    else
        cli_print(out, "%s", word);
}

void cli_print_json_string(cli_output *out, const char *text) {
    const char *end = text + strlen(text);
    cli_put(out, "\"", 1);
    while (text < end) {
        size_t size = cli_utf8_size(text, end);
        if (size == 0)
            cli_print(out, "\\ufffd");
        else if (size == 1 && (cli_control_size(text, end) || *text == '"' || *text == '\\'))
            cli_print(out, "\\u%04x", (unsigned)*text);
        else if (cli_control_size(text, end))
            cli_print(out, "\\u%04x", (unsigned)(unsigned char)text[1]);
        else
            cli_put(out, text, size);
        text += size ? size : 1;
    }
    cli_put(out, "\"", 1);
}

void cli_print_clean(cli_output *out, const char *text) {
    char clean[4096];
    cli_clean(clean, sizeof clean, text);
    cli_put(out, clean, strlen(clean));
}

/* The label of a field: its key with blanks, on the left of a column. */
static void print_label(cli_output *out, const char *key) {
    char label[32];
    (void)snprintf(label, sizeof label, "%s", key);
    for (char *c = label; *c; c++)
        if (*c == '_') *c = ' ';
    cli_print(out, "%-18s", label);
}

void cli_print_fields(cli_output *out, const cli_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        print_label(out, fields[i].key);
        cli_print(out, "%" PRIu64 "\n", fields[i].value);
    }
}

void cli_print_json_fields(cli_output *out, const cli_field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) cli_print(out, ",\"%s\":%" PRIu64, fields[i].key, fields[i].value);
}

bool cli_output_abandoned(cli_output *out) {
    struct pollfd output = {.fd = STDOUT_FILENO, .events = 0};
    if (poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0) out->error = EPIPE;
    return out->error != 0;
}

int cli_output_close(cli_output *out, int code) {
    (void)cli_output_flush(out);
    int error = out->error;
    free(out);
    if (error == 0) return code;
    if (error == EPIPE) return CLI_SYSTEM; /* the reader has seen enough; it knows */
    return cli_report_errno("stdout", "cannot write", error);
}
