/*
 * Scanning a segment to its end: where commits end, what is a torn tail, how many lines there are, the digest.
 * The rules are those of docs/format.md, "Torn tail and corruption".
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where the scan stands among NULs. */
typedef enum {
    NO_NUL,   /* none yet */
    IN_HOLE,  /* in a commit that holds NULs, or in the NULs at the end */
    BEHIND    /* that commit has ended: only NULs may follow */
} phase;

typedef struct {
    ministore__scan *out;
    int how;
    phase phase;
    uint64_t position;     /* of the next byte */
    uint64_t commit;       /* where the current commit begins */
    uint64_t commit_lines; /* ended lines before it */
    uint64_t sealed;       /* BEHIND: where that commit ended */
    char before;           /* the byte before the next one */
    bool done;
} state;

/* A commit has ended at `position`. */
static void commit_ended(state *s, uint64_t position) {
    if (s->phase == IN_HOLE) {
        s->phase = BEHIND;
        s->sealed = position;
        return;
    }
    s->out->last_commit = s->commit;
    s->out->last_commit_lines = s->commit_lines;
    s->commit = position;
    s->commit_lines = s->out->ended;
    if (s->how & MINISTORE__SCAN_FIRST) s->done = true;
}

static void lines(state *s, const char *data, size_t size) {
    const char *at = data, *end = data + size, *newline;
    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        char before = newline > data ? newline[-1] : s->before;
        s->out->ended++;
        at = newline + 1;
        if (!ministore__goes_on(before)) commit_ended(s, s->position + (uint64_t)(at - data));
    }
    if (size > 0) s->before = end[-1];
    s->position += size;
}

static bool only_nuls(const char *data, size_t size) {
    return size == 0 || (data[0] == '\0' && memcmp(data, data + 1, size - 1) == 0);
}

/* The commit with NULs is not the last one after all: it is damage, and counts as a commit like others. */
static void hole_found(state *s) {
    s->out->hole = true;
    s->phase = NO_NUL;
    s->how &= ~MINISTORE__SCAN_TAIL;
    commit_ended(s, s->sealed);
}

/* A piece of the file, behind the first NUL. */
static void feed_hole(state *s, const char *data, size_t size) {
    while (size > 0 && s->phase == IN_HOLE) {
        const char *newline = memchr(data, '\n', size);
        size_t step = newline ? (size_t)(newline - data) + 1 : size;
        lines(s, data, step);
        data += step;
        size -= step;
    }
    if (size == 0) return;
    if (only_nuls(data, size)) {
        s->position += size;
        s->before = '\0';
        return;
    }
    hole_found(s);
    lines(s, data, size);
}

static void feed(state *s, const char *data, size_t size) {
    const char *nul = s->how & MINISTORE__SCAN_TAIL && s->phase == NO_NUL ? memchr(data, '\0', size) : NULL;
    if (s->phase == NO_NUL) {
        size_t plain = nul ? (size_t)(nul - data) : size;
        lines(s, data, plain);
        if (!nul || s->done) return;
        data += plain;
        size -= plain;
        s->phase = IN_HOLE;
        s->out->hole_lines = s->out->ended;
        s->out->hole_offset = s->position;
    }
    feed_hole(s, data, size);
}

/* Behind the last byte of a piece that is no NUL; 0 if all are. */
static size_t text_end(const char *data, size_t size) {
    while (size > 0 && data[size - 1] == '\0') size--;
    return size;
}

static void finish(state *s) {
    ministore__scan *out = s->out;
    out->end = s->commit;
    out->lines = s->commit_lines;
    if (out->torn_end < out->end) out->torn_end = out->end;
}

/* CRC-32C of the first `size` bytes of a file. */
static int digest(const ministore__io *io, int file, char *chunk, uint64_t size, uint32_t *crc) {
    *crc = 0;
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < MINISTORE__CHUNK ? (size_t)(size - at) : MINISTORE__CHUNK;
        int64_t n = io->read(io, file, chunk, want, at);
        if (n <= 0) return n < 0 ? (int)n : -EIO;
        *crc = ministore__crc32c(*crc, chunk, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

static int scan(const ministore__io *io, int file, char *chunk, state *s) {
    bool crc = s->how & MINISTORE__SCAN_CRC, tail = s->how & MINISTORE__SCAN_TAIL;
    if (crc) {
        int result = digest(io, file, chunk, s->position, &s->out->crc);
        if (result < 0) return result;
    }
    for (;;) {
        uint64_t start = s->position;
        int64_t n = io->read(io, file, chunk, MINISTORE__CHUNK, start);
        if (n < 0) return (int)n;
        if (crc) s->out->crc = ministore__crc32c(s->out->crc, chunk, (size_t)n);
        size_t text = text_end(chunk, (size_t)n);
        if (text > 0) s->out->torn_end = start + text;
        feed(s, chunk, (size_t)n);
        s->out->size = start + (uint64_t)n;
        if (n < MINISTORE__CHUNK || s->done) break;
    }
    finish(s);
    return crc && tail && s->out->end != s->out->size ? digest(io, file, chunk, s->out->end, &s->out->crc) : 0;
}

int ministore__scan_file(const ministore__io *io, int file, uint64_t from, int how, ministore__scan *out) {
    *out = (ministore__scan){.end = from, .torn_end = from, .last_commit = from};
    char *chunk = malloc(MINISTORE__CHUNK);
    if (!chunk) return -ENOMEM;
    state s = {.out = out, .how = how, .position = from, .commit = from, .before = '\n'};
    int result = scan(io, file, chunk, &s);
    free(chunk);
    return result;
}
