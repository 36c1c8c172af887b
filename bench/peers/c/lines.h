/*
 * For the validators' peers: read a file in large pieces, and hand out each line with room behind it to read in.
 */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_PADDING = 64, LINES_BUFFER = 1 << 20 };

/** Call `use` for each line but those that begin a comment (a journal's header). Bytes read; dies on a bad line. */
static inline uint64_t for_each_line(const char *path, bool (*use)(const char *line, size_t size)) {
    static char *buffer;
    static size_t room = LINES_BUFFER;
    size_t held = 0;
    uint64_t bytes = 0;
    ssize_t got;
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) die("cannot open %s", path);
    if (buffer == NULL) buffer = (char *)calloc(1, room + LINES_PADDING);
    while ((got = read(file, buffer + held, room - held)) > 0) {
        bytes += (uint64_t)got;
        const char *at = buffer, *end = buffer + held + got, *newline;
        while ((newline = (const char *)memchr(at, '\n', (size_t)(end - at))) != NULL) {
            if (*at != '/' && !use(at, (size_t)(newline - at))) die("%s has a bad line", path);
            at = newline + 1;
        }
        held = (size_t)(end - at);
        memmove(buffer, at, held);
        if (held < room) continue;
        room *= 2; /* a line longer than the buffer */
        buffer = (char *)realloc(buffer, room + LINES_PADDING);
    }
    close(file);
    if (got < 0 || held != 0) die("cannot read %s to the end of a line", path);
    return bytes;
}

#endif
