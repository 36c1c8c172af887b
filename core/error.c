/*
 * Errors and the names of things: how a failure is written down, status names, versions.
 */
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static_assert(sizeof(ministore_error) == 1856, "ministore_error is frozen");
static_assert(sizeof(ministore_span) == 8, "ministore_span is frozen");
static_assert(sizeof(void *) != 8 || sizeof(ministore_record) == 64, "ministore_record is frozen");
static_assert(sizeof(void *) != 8 || sizeof(ministore_batch) == 80, "ministore_batch is frozen");

const char *ministore_version(void) {
    return "0.2.0";
}

uint32_t ministore_abi_version(void) {
    return 1;
}

static const char *const status_names[] = {
    "FORKED", "POISONED", "PRUNED", "TORN", "CORRUPT", "TOO_LARGE", "INVALID_JSON", "UNSUPPORTED_VERSION",
    "BAD_HEADER", "LOCKED", "NOT_A_FILE", "NO_SPACE", "IO", "NO_MEMORY", "INVALID_ARGUMENT", "OK",
    "DONE", "TIMEOUT", "INTERRUPTED",
};
static_assert(MINISTORE_INTERRUPTED - MINISTORE_FORKED + 1 == sizeof status_names / sizeof *status_names, "one each");

const char *ministore_status_name(ministore_status status) {
    if (status < MINISTORE_FORKED || status > MINISTORE_INTERRUPTED) return "UNKNOWN";
    return status_names[status - MINISTORE_FORKED];
}

/* Cut a string that filled its array at the last whole UTF-8 character. */
static void cut_at_character(char *text, size_t capacity) {
    size_t size = strlen(text);
    if (size + 1 < capacity) return;
    while (size > 0 && ((unsigned char)text[size - 1] & 0xC0) == 0x80) size--;
    if (size > 0 && (unsigned char)text[size - 1] >= 0xC0) text[size - 1] = '\0';
}

static void set(char *field, size_t capacity, const char *text) {
    (void)snprintf(field, capacity, "%s", text);
    cut_at_character(field, capacity);
}

/* "FILE:LINE: " with the segment's name in the place of the journal's, or nothing without a path. */
static size_t place_words(char *out, size_t capacity, const ministore__place *at) {
    if (!at->path) return 0;
    char line[24] = "";
    const char *slash = strrchr(at->path, '/');
    int folder = at->segment && slash ? (int)(slash + 1 - at->path) : 0;
    if (at->line > 0) (void)snprintf(line, sizeof line, ":%llu", (unsigned long long)at->line);
    int n = snprintf(out, capacity, "%.*s%s%s: ", folder, at->path, at->segment ? at->segment : at->path, line);
    return n > 0 && (size_t)n < capacity ? (size_t)n : capacity - 1;
}

ministore_status ministore__fail_at(ministore_error *err, ministore_status status, const ministore__place *at,
                                    const char *format, ...) {
    if (!err) return status;
    *err = (ministore_error){.status = status, .line = at->line, .sequence = at->sequence, .offset = at->offset};
    if (at->path) set(err->path, sizeof err->path, at->path);
    if (at->segment) set(err->segment, sizeof err->segment, at->segment);
    size_t prefix = place_words(err->message, sizeof err->message / 2, at);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(err->message + prefix, sizeof err->message - prefix, format, arguments);
    va_end(arguments);
    cut_at_character(err->message, sizeof err->message);
    return status;
}

static ministore_status status_of(int os_error) {
    switch (os_error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return MINISTORE_NO_SPACE;
    case ENOMEM: return MINISTORE_NO_MEMORY;
    default: return MINISTORE_IO;
    }
}

ministore_status ministore__fail_io(ministore_error *err, int64_t result, const char *path, const char *segment,
                                    const char *what) {
    int os_error = (int)-result;
    char reason[128];
    if (strerror_r(os_error, reason, sizeof reason) != 0) (void)snprintf(reason, sizeof reason, "error %d", os_error);
    ministore__place at = {.path = path, .segment = segment};
    ministore_status status = ministore__fail_at(err, status_of(os_error), &at, "%s: %s", what, reason);
    if (err) err->os_error = os_error;
    return status;
}
