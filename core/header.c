/*
 * The header line of a segment: reading it, telling a torn one from a foreign one, writing it.
 */
#include "internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "// MINISTORE JOURNAL v";
enum { MAGIC_SIZE = sizeof magic - 1 };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* How far the digits at `text` reach. */
static size_t digits(const char *text, size_t size) {
    size_t n = 0;
    while (n < size && is_digit(text[n])) n++;
    return n;
}

/* "0.1." and digits: the versions read here. *used is how much of the text that took; TORN if the text ends in it. */
static ministore__header_state version(const char *text, size_t size, size_t *used) {
    static const char *const parts[] = {"0", "1", NULL};
    size_t at = 0;
    bool ours = true;
    for (int i = 0; i < 3; i++) {
        size_t n = digits(text + at, size - at);
        if (parts[i] && n > 0 && (n != 1 || text[at] != parts[i][0])) ours = false;
        at += n;
        if (at == size) {
            *used = at;
            if (!ours) return MINISTORE__HEADER_UNSUPPORTED;
            return i == 2 && n > 0 ? MINISTORE__HEADER_GOOD : MINISTORE__HEADER_TORN;
        }
        if (n == 0) return MINISTORE__HEADER_BAD;
        if (i < 2 && text[at++] != '.') return MINISTORE__HEADER_BAD;
    }
    *used = at;
    return ours ? MINISTORE__HEADER_GOOD : MINISTORE__HEADER_UNSUPPORTED;
}

/* A decimal number from 1 to 2^63-1, or 0. */
static uint64_t number(const char *text, size_t size) {
    uint64_t value = 0;
    if (size == 0 || size > 19 || digits(text, size) != size) return 0;
    for (size_t i = 0; i < size; i++) value = value * 10 + (uint64_t)(text[i] - '0');
    return value <= INT64_MAX ? value : 0;
}

static bool hex8(const char *text, size_t size, uint32_t *out) {
    if (size != 8) return false;
    uint32_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        char c = text[i];
        uint32_t digit;
        if (is_digit(c)) digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F') digit = (uint32_t)(c - 'A') + 10;
        else return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

/* One word behind the version. False: a first= that is no number. */
static bool attribute(const char *word, size_t size, ministore__header *out) {
    static const char first[] = "first=", prev[] = "prev=crc32c:";
    if (size >= sizeof first - 1 && memcmp(word, first, sizeof first - 1) == 0) {
        out->first = number(word + sizeof first - 1, size - (sizeof first - 1));
        return out->first != 0;
    }
    if (size >= sizeof prev - 1 && memcmp(word, prev, sizeof prev - 1) == 0)
        out->has_prev = hex8(word + sizeof prev - 1, size - (sizeof prev - 1), &out->prev);
    return true;
}

static bool attributes(const char *text, size_t size, ministore__header *out) {
    while (size > 0) {
        const char *blank = memchr(text, ' ', size);
        size_t word = blank ? (size_t)(blank - text) : size;
        if (!attribute(text, word, out)) return false;
        size_t step = word + (blank != NULL);
        text += step;
        size -= step;
    }
    return true;
}

/* A whole first line, without its newline. */
static ministore__header_state parse(const char *line, size_t size, ministore__header *out) {
    if (size > 0 && line[size - 1] == '\r') size--;
    if (size < MAGIC_SIZE || memcmp(line, magic, MAGIC_SIZE) != 0) return MINISTORE__HEADER_BAD;
    size_t used = 0;
    ministore__header_state state = version(line + MAGIC_SIZE, size - MAGIC_SIZE, &used);
    if (state == MINISTORE__HEADER_TORN) return MINISTORE__HEADER_BAD;
    if (state != MINISTORE__HEADER_GOOD) return state;
    size_t at = MAGIC_SIZE + used;
    if (at < size && line[at] != ' ') return MINISTORE__HEADER_BAD;
    return attributes(line + at, size - at, out) ? state : MINISTORE__HEADER_BAD;
}

static bool is_key(char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-';
}

/* Words of the form key=value, the last one perhaps cut short: what a writer of headers may have left of one. */
static bool torn_attributes(const char *text, size_t size) {
    size_t at = 0;
    if (size == 1 && text[0] == '\r') return true;
    while (at < size) {
        if (text[at++] != ' ') return false;
        while (at < size && is_key(text[at])) at++;
        if (at == size) return true;
        if (text[at++] != '=') return false;
        while (at < size && text[at] > ' ' && text[at] < 0x7F) at++;
        if (at + 1 == size && text[at] == '\r') return true;
    }
    return true;
}

/* A first line that lacks its newline, up to the first NUL or the end of the file. */
static ministore__header_state parse_torn(const char *line, size_t size) {
    size_t common = size < MAGIC_SIZE ? size : MAGIC_SIZE;
    if (memcmp(line, magic, common) != 0) return MINISTORE__HEADER_BAD;
    if (size <= MAGIC_SIZE) return MINISTORE__HEADER_TORN;
    size_t used = 0;
    ministore__header_state state = version(line + MAGIC_SIZE, size - MAGIC_SIZE, &used);
    if (state != MINISTORE__HEADER_GOOD) return state;
    size_t at = MAGIC_SIZE + used;
    return torn_attributes(line + at, size - at) ? MINISTORE__HEADER_TORN : MINISTORE__HEADER_BAD;
}

/* Whether there are only NULs from an offset on. */
static int only_nuls(const ministore__io *io, int file, uint64_t offset, bool *out) {
    char chunk[4096];
    static const char nuls[sizeof chunk];
    for (*out = true; *out;) {
        int64_t n = io->read(io, file, chunk, sizeof chunk, offset);
        if (n < 0) return (int)n;
        *out = memcmp(chunk, nuls, (size_t)n) == 0;
        if ((size_t)n < sizeof chunk) break;
        offset += (uint64_t)n;
    }
    return 0;
}

int ministore__header_read(const ministore__io *io, int file, ministore__header *out, ministore__header_state *state) {
    char line[MINISTORE__HEADER_MAX];
    memset(out, 0, sizeof *out);
    int64_t n = io->read(io, file, line, sizeof line, 0);
    if (n < 0) return (int)n;
    const char *newline = memchr(line, '\n', (size_t)n);
    if (newline) {
        *state = parse(line, (size_t)(newline - line), out);
        if (*state == MINISTORE__HEADER_GOOD) out->size = (size_t)(newline - line) + 1;
        else memset(out, 0, sizeof *out);
        return 0;
    }
    const char *nul = memchr(line, '\0', (size_t)n);
    size_t size = nul ? (size_t)(nul - line) : (size_t)n;
    *state = size < sizeof line ? parse_torn(line, size) : MINISTORE__HEADER_BAD;
    if (*state != MINISTORE__HEADER_TORN || size == (size_t)n) return 0;
    bool nuls;
    int result = only_nuls(io, file, size, &nuls);
    if (result == 0 && !nuls) *state = MINISTORE__HEADER_BAD;
    return result;
}

size_t ministore__header_format(char *line, uint64_t first, uint32_t prev) {
    int n = first == 0 ? snprintf(line, MINISTORE__HEADER_MAX, "%s0.1.4\n", magic)
                       : snprintf(line, MINISTORE__HEADER_MAX, "%s0.1.4 first=%" PRIu64 " prev=crc32c:%08" PRIx32 "\n",
                                  magic, first, prev);
    return (size_t)n;
}
