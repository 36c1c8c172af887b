/*
 * Standard input, line by line. The buffer grows with the longest line, up to a limit.
 */
#define _XOPEN_SOURCE 700
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 64 * 1024 };

void cli_lines_open(cli_lines *lines, size_t limit) {
    *lines = (cli_lines){.limit = limit};
}

void cli_lines_close(cli_lines *lines) {
    free(lines->buffer);
}

/* Make room behind what is there. */
static bool make_room(cli_lines *lines) {
    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->used - lines->start);
        lines->used -= lines->start;
        lines->scanned -= lines->start;
        lines->start = 0;
    }
    if (lines->used < lines->capacity) return true;
    size_t capacity = lines->capacity ? 2 * lines->capacity : FIRST_CAPACITY;
    char *buffer = realloc(lines->buffer, capacity);
    if (!buffer) return false;
    lines->buffer = buffer;
    lines->capacity = capacity;
    return true;
}

static void wait_readable(void) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    (void)poll(&input, 1, -1);
}

/* Read some more. False after noting why not. */
static bool read_more(cli_lines *lines) {
    bool room = make_room(lines);
    while (room) {
        ssize_t n = read(STDIN_FILENO, lines->buffer + lines->used, lines->capacity - lines->used);
        if (n >= 0) {
            lines->ended = n == 0;
            lines->used += (size_t)n;
            return true;
        }
        if (errno == EAGAIN)
            wait_readable();
        else if (errno != EINTR)
            break;
    }
    lines->error = errno;
    return false;
}

static cli_lines_result hand_out(cli_lines *lines, size_t end, const char **line, size_t *size) {
    lines->number++;
    *line = lines->buffer + lines->start;
    *size = end - lines->start;
    lines->start = lines->scanned = end < lines->used ? end + 1 : end;
    return *size > lines->limit ? CLI_LINE_TOO_LONG : CLI_LINE;
}

cli_lines_result cli_lines_next(cli_lines *lines, const char **line, size_t *size) {
    for (;;) {
        size_t unseen = lines->used - lines->scanned;
        const char *newline = unseen ? memchr(lines->buffer + lines->scanned, '\n', unseen) : NULL;
        if (newline) return hand_out(lines, (size_t)(newline - lines->buffer), line, size);
        lines->scanned = lines->used;
        if (lines->ended && lines->start == lines->used) return CLI_LINES_END;
        if (lines->ended || lines->used - lines->start > lines->limit) return hand_out(lines, lines->used, line, size);
        if (!read_more(lines)) return CLI_LINES_FAILED;
    }
}
