/*
 * The header line of a segment: reading it, telling a torn one from a foreign one, writing it.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "// MINISTORE JOURNAL v";
enum { MAGIC_SIZE = sizeof magic - 1 };

static const char digits[] = "0123456789";

/* "0.1." and digits: the versions read here. *at moves behind it; TORN if the text ends in it. */
static ministore__header_state version(char **at) {
    bool ours = true;
    for (int i = 0; i < 3; i++) {
        size_t n = strspn(*at, digits);
        if (i < 2 && n > 0 && (n != 1 || **at != "01"[i])) ours = false;
        *at += n;
        if (**at == '\0' && (i < 2 || n == 0)) return ours ? MINISTORE__HEADER_TORN : MINISTORE__HEADER_UNSUPPORTED;
        if (n == 0 || (i < 2 && *(*at)++ != '.')) return MINISTORE__HEADER_BAD;
    }
    return ours ? MINISTORE__HEADER_GOOD : MINISTORE__HEADER_UNSUPPORTED;
}

/* A decimal number from 1 to 2^63-1, or 0. */
static uint64_t number(const char *text) {
    size_t size = strspn(text, digits);
    uint64_t value = size <= 19 && text[size] == '\0' ? strtoull(text, NULL, 10) : 0;
    return value <= INT64_MAX ? value : 0;
}

/* Words behind the version. False: a first= that is no number. */
static bool attributes(char *text, ministore__header *out) {
    static const char first[] = "first=", prev[] = "prev=crc32c:";
    char *rest;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strncmp(word, first, sizeof first - 1) == 0) {
            out->first = number(word + sizeof first - 1);
            if (out->first == 0) return false;
        } else if (strncmp(word, prev, sizeof prev - 1) == 0) {
            const char *digest = word + sizeof prev - 1;
            out->has_prev = strlen(digest) == 8 && strspn(digest, "0123456789abcdefABCDEF") == 8;
            out->prev = out->has_prev ? (uint32_t)strtoul(digest, NULL, 16) : 0;
        }
    }
    return true;
}

/* Words of the form key=value, the last one perhaps cut short: what a writer of headers may have left of one. */
static bool torn_attributes(const char *text) {
    while (*text != '\0' && strcmp(text, "\r") != 0) {
        if (*text++ != ' ') return false;
        text += strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-");
        if (*text == '\0') return true;
        if (*text++ != '=') return false;
        while (*text > ' ' && *text < 0x7F) text++;
    }
    return true;
}

/* A first line without its newline, which `ended` tells of; without one, up to the first NUL or the end of the file. */
static ministore__header_state parse(char *line, bool ended, ministore__header *out) {
    size_t size = strlen(line);
    if (ended && size > 0 && line[size - 1] == '\r') line[--size] = '\0';
    if (memcmp(line, magic, size < MAGIC_SIZE ? size : MAGIC_SIZE) != 0) return MINISTORE__HEADER_BAD;
    if (size < MAGIC_SIZE) return MINISTORE__HEADER_TORN;
    char *at = line + MAGIC_SIZE;
    ministore__header_state state = version(&at);
    if (state != MINISTORE__HEADER_GOOD) return state;
    if (!ended) return torn_attributes(at) ? MINISTORE__HEADER_TORN : MINISTORE__HEADER_BAD;
    return (*at == '\0' || *at == ' ') && attributes(at, out) ? state : MINISTORE__HEADER_BAD;
}

int ministore__header_read(const ministore__io *io, int file, ministore__header *out, ministore__header_state *state) {
    char line[MINISTORE__HEADER_MAX + 1];
    *out = (ministore__header){0};
    int64_t n = io->read(io, file, line, MINISTORE__HEADER_MAX, 0);
    if (n < 0) return (int)n;
    const char *newline = memchr(line, '\n', (size_t)n);
    size_t size = newline ? (size_t)(newline - line) : (size_t)n;
    uint32_t crc = newline ? ministore__crc32c(0, line, size + 1) : 0; /* before it is taken apart */
    for (size_t i = 0; newline && i < size; i++)
        if (line[i] == '\0') line[i] = '\1'; /* in a whole line one that has no place in it either */
    line[size] = '\0';
    *state = parse(line, newline != NULL, out);
    size_t text = strlen(line);
    if (text == MINISTORE__HEADER_MAX || (newline && *state == MINISTORE__HEADER_TORN)) *state = MINISTORE__HEADER_BAD;
    out->size = size + 1;
    out->crc = crc;
    if (*state != MINISTORE__HEADER_GOOD) *out = (ministore__header){0};
    if (*state != MINISTORE__HEADER_TORN || text == (size_t)n) return 0; /* what comes later is of a later look */
    ministore__scan scan;
    int result = ministore__scan_file(io, file, text, MINISTORE__SCAN_FIRST, &scan);
    if (result == 0 && scan.torn_end > text) *state = MINISTORE__HEADER_BAD; /* more than NULs behind it */
    return result;
}

ministore_status ministore__header_load(const ministore__location *location, const char *name, int file, bool active,
                                        ministore__header *out, ministore_error *err) {
    ministore__header_state state;
    int result = ministore__header_read(location->io, file, out, &state);
    if (result < 0) return ministore__fail_io(err, result, location->path, name, "cannot read the segment's header");
    if (state == MINISTORE__HEADER_GOOD || (state == MINISTORE__HEADER_TORN && active)) return MINISTORE_OK;
    ministore__place at = {.path = location->path, .segment = name, .line = 1};
    if (state == MINISTORE__HEADER_UNSUPPORTED)
        return ministore__fail_at(err, MINISTORE_UNSUPPORTED_VERSION, &at,
                                  "the segment's format version is not 0.1.x; a newer ministore is needed");
    return ministore__fail_at(err, active ? MINISTORE_BAD_HEADER : MINISTORE_CORRUPT, &at,
                              "the first line is not a journal's header; the file is left as it is");
}

size_t ministore__header_format(char *line, uint64_t first, uint32_t prev) {
    int n = first == 0 ? snprintf(line, MINISTORE__HEADER_MAX, "%s0.1.4\n", magic)
                       : snprintf(line, MINISTORE__HEADER_MAX, "%s0.1.4 first=%" PRIu64 " prev=crc32c:%08" PRIx32 "\n",
                                  magic, first, prev);
    return (size_t)n;
}
