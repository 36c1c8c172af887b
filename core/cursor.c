/*
 * A reader: hands out the lines of complete commits, segment after segment, and needs no lock and no writer.
 * What is read behind the last complete commit is never kept, but read anew.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD_BYTES_DEFAULT = 64 << 20,
    RECORD_BYTES_MAX = 1 << 30,
    LINE_END_MAX = 16, /* white space around a record that a buffer has room for */
    SPANS_MAX = 4096,  /* records in a batch */
    AHEAD_MAX = 1024,  /* records looked at ahead of single ones */
    STRIDE = 256       /* bytes looked at at once from the end of a buffer */
};

static const ministore_cursor_options defaults = {
    .struct_size = sizeof(ministore_cursor_options),
    .scope = MINISTORE_REPLAY,
    .on_bad_line = MINISTORE_BAD_LINE_STOP,
    .validate = 1,
    .max_record_bytes = RECORD_BYTES_DEFAULT,
};

ministore_status ministore_cursor_options_init(ministore_cursor_options *options, size_t struct_size) {
    if (!options || struct_size != sizeof defaults) return MINISTORE_INVALID_ARGUMENT;
    *options = defaults;
    return MINISTORE_OK;
}

/* ---- failures ---- */

static ministore_status fail_io(const ministore_cursor_t *c, int64_t result, const char *what, ministore_error *err) {
    return ministore__fail_io(err, result, c->at.path, c->name[0] ? c->name : NULL, what);
}

/* The place of the line at `offset`. */
static ministore__place here(const ministore_cursor_t *c) {
    return (ministore__place){.path = c->at.path,
                              .segment = c->name,
                              .line = c->line,
                              .sequence = c->line > 1 ? c->sequence : 0,
                              .offset = c->offset};
}

static ministore_status fail_plain(const ministore_cursor_t *c, ministore_status status, const char *what,
                                   ministore_error *err) {
    return ministore__fail_at(err, status, &(ministore__place){.path = c->at.path}, "%s", what);
}

ministore_status ministore__cursor_forked(const ministore_cursor_t *c, ministore_error *err) {
    if (ministore__owned(c->at.io, &c->owner)) return MINISTORE_OK;
    return fail_plain(c, MINISTORE_FORKED, "the cursor was opened by a parent process; open one in this one", err);
}

/* Whether a failure ends the reading: all but a bad line that may be skipped. */
static bool is_final(const ministore_cursor_t *c, ministore_status status) {
    bool bad_line = status == MINISTORE_CORRUPT || status == MINISTORE_TOO_LARGE;
    return !bad_line || c->options.on_bad_line == MINISTORE_BAD_LINE_STOP;
}

/* ---- the buffer ---- */

/* Put the file's bytes from the next line on into the buffer. */
static int load(ministore_cursor_t *c) {
    int64_t n = c->at.io->read(c->at.io, c->file, c->buffer, c->capacity, c->offset);
    c->base = c->offset;
    c->size = n < 0 ? 0 : (size_t)n;
    return n < 0 ? (int)n : 0;
}

static const char *line_start(const ministore_cursor_t *c) {
    return c->buffer + (c->offset - c->base);
}

/* The end of the next line, if it is of a complete commit and whole in the buffer. */
static const char *line_end(const ministore_cursor_t *c) {
    if (c->offset >= c->sealed || c->offset < c->base || c->offset - c->base >= c->size) return NULL;
    return memchr(line_start(c), '\n', c->size - (size_t)(c->offset - c->base));
}

/* Go on behind a line whose newline is at `end`. */
static void advance(ministore_cursor_t *c, const char *end) {
    const char *start = line_start(c);
    size_t size = (size_t)(end + 1 - start);
    if (c->digest) c->crc = ministore__crc32c(c->crc, start, size);
    c->offset += size;
    c->passed += size;
    c->line++;
    c->sequence++;
    if (end == start || !ministore__goes_on(end[-1])) c->commit = c->offset;
}

int ministore__cursor_skip_line(ministore_cursor_t *c, bool *ended) {
    char before = '\n';
    for (bool found = false; !found;) {
        int result = load(c);
        if (result < 0) return result;
        const char *newline = memchr(c->buffer, '\n', c->size);
        size_t step = newline ? (size_t)(newline - c->buffer) + 1 : c->size;
        if (step > 1) before = newline ? newline[-1] : c->buffer[step - 1];
        else if (!newline && step == 1) before = c->buffer[0];
        if (c->digest) c->crc = ministore__crc32c(c->crc, c->buffer, step);
        c->offset += step;
        c->passed += step;
        found = newline != NULL;
        if (ended) *ended = found;
        if (!found && c->size < c->capacity) break;
    }
    c->size = 0;
    if (!ministore__goes_on(before)) c->commit = c->offset;
    return 0;
}

/* Make the buffer larger, for a line that does not fit. False: it is as large as it may be, or *result says why. */
static bool grow(ministore_cursor_t *c, int *result) {
    size_t most = (size_t)c->options.max_record_bytes + LINE_END_MAX;
    if (c->capacity >= most) return false;
    size_t capacity = c->capacity * 2 < most ? c->capacity * 2 : most;
    char *buffer = realloc(c->buffer, capacity);
    *result = buffer ? 0 : -ENOMEM;
    if (!buffer) return false;
    c->buffer = buffer;
    c->capacity = capacity;
    return true;
}

/* ---- sealing: how far commits are known to be complete ---- */

/* Whether one of these bytes ends a line, and with it a commit; the byte before them is looked at, too. A loop for
 * vectors: there is no way out of it. */
static bool holds_boundary(const char *data, size_t size) {
    uint8_t found = 0;
    for (size_t i = 0; i < size; i++) found |= (data[i] == '\n') & !ministore__goes_on(data[(ptrdiff_t)i - 1]);
    return found != 0;
}

/* Behind the last line of `data`, which begins with a line, that ends a commit; 0 if there is none. */
static size_t last_boundary(const char *data, size_t size) {
    while (size > STRIDE && !holds_boundary(data + size - STRIDE, STRIDE)) size -= STRIDE;
    for (; size > 0; size--)
        if (data[size - 1] == '\n' && (size == 1 || !ministore__goes_on(data[size - 2]))) return size;
    return 0;
}

static size_t behind_last_newline(const char *data, size_t size) {
    while (size > STRIDE && !memchr(data + size - STRIDE, '\n', STRIDE)) size -= STRIDE;
    while (size > 0 && data[size - 1] != '\n') size--;
    return size;
}

static size_t without_nuls(const char *data, size_t size) {
    while (size > 0 && data[size - 1] == '\0') size--;
    return size;
}

/* Look beyond the buffer, from offset `from` in it. */
static int seal_by_scan(ministore_cursor_t *c, size_t from) {
    ministore__scan scan;
    int how = MINISTORE__SCAN_FIRST | (c->active ? MINISTORE__SCAN_TAIL : 0);
    int result = ministore__scan_file(c->at.io, c->file, c->base + from, how, &scan);
    c->sealed = scan.end;
    c->torn_end = scan.torn_end;
    return result;
}

/* By what is in the buffer where that tells, for an active segment. A commit with NULs counts unless it is the last. */
static int seal_active(ministore_cursor_t *c) {
    size_t text = without_nuls(c->buffer, c->size);
    size_t end = last_boundary(c->buffer, text);
    bool whole = c->size < c->capacity;
    c->sealed = c->base + end;
    c->torn_end = c->base + text;
    if (end > 0 && end < text) return 0;
    if (end == 0) {
        bool nul = text < c->size || memchr(c->buffer, '\0', c->size) != NULL;
        return whole || (c->following && nul) ? 0 : seal_by_scan(c, 0);
    }
    size_t start = last_boundary(c->buffer, end - 1);
    if (!memchr(c->buffer + start, '\0', end - start)) return 0;
    c->sealed = c->base + start;
    return whole || c->following ? 0 : seal_by_scan(c, start);
}

static int seal_archived(ministore_cursor_t *c) {
    size_t end = last_boundary(c->buffer, c->size);
    c->sealed = c->base + end;
    c->torn_end = c->base + c->size;
    return end == 0 && c->size == c->capacity ? seal_by_scan(c, 0) : 0;
}

/* Make what is new in the file durable. A medium that cannot sync keeps what it has. */
static int sync_new(ministore_cursor_t *c) {
    if (!c->options.durable || !c->active || c->sealed <= c->synced) return 0;
    int result = c->at.io->sync_data(c->at.io, c->file);
    if (result < 0 && result != -EROFS && result != -EINVAL && result != -EOPNOTSUPP) return result;
    c->synced = c->sealed;
    return 0;
}

static int seal(ministore_cursor_t *c) {
    int result = load(c);
    if (result == 0) result = c->active ? seal_active(c) : seal_archived(c);
    if (result < 0) c->sealed = c->offset;
    return result < 0 ? result : sync_new(c);
}

/* ---- filling ---- */

/* A line longer than the buffer may grow: report it and go on behind it. */
static ministore_status pass_long_line(ministore_cursor_t *c, ministore_error *err) {
    ministore__place at = here(c);
    int result = ministore__cursor_skip_line(c, NULL);
    if (result < 0) return fail_io(c, result, "cannot read the segment", err);
    c->line++;
    c->sequence++;
    return ministore__fail_at(err, MINISTORE_TOO_LARGE, &at, "the line is longer than max_record_bytes, %llu",
                              (unsigned long long)c->options.max_record_bytes);
}

/* More of a commit that is sealed. */
static ministore_status refill(ministore_cursor_t *c, ministore_error *err) {
    int result = load(c);
    while (result == 0 && !line_end(c)) {
        if (c->size < c->capacity) { /* the file has become shorter: a roll-back */
            c->sealed = c->offset;
            return MINISTORE_OK;
        }
        if (!grow(c, &result)) return result == 0 ? pass_long_line(c, err) : fail_io(c, result, "no buffer", err);
        result = load(c);
    }
    return result < 0 ? fail_io(c, result, "cannot read the segment", err) : MINISTORE_OK;
}

/* An archived segment ends inside a commit: report it, and count its lines. */
static ministore_status broken_end(ministore_cursor_t *c, ministore_error *err) {
    ministore__place at = here(c);
    for (bool ended = true; ended && c->size > 0;) {
        int result = ministore__cursor_skip_line(c, &ended);
        if (result < 0) return fail_io(c, result, "cannot read the segment", err);
        c->line += ended;
        c->sequence += ended;
        c->size = ended; /* skip_line has emptied the buffer */
    }
    c->size = 0;
    c->sealed = c->torn_end = c->offset;
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "the archived segment ends inside a commit");
}

/* All that was sealed is handed out. OK: there is more, look again. */
static ministore_status go_on(ministore_cursor_t *c, ministore_error *err) {
    if (c->file >= 0 && c->line == 0) MINISTORE__TRY(ministore__cursor_header(c, err)); /* it was not whole */
    if (c->file >= 0 && c->line > 0) {
        int result = seal(c);
        if (result < 0) return fail_io(c, result, "cannot read the segment", err);
        if (c->sealed > c->offset) return MINISTORE_OK;
        if (!c->active && c->torn_end > c->offset) return broken_end(c, err);
    }
    return c->active ? ministore__cursor_end_of_active(c, err) : ministore__cursor_next_segment(c, err);
}

/* Make sure that a line to hand out is in the buffer. OK, DONE or a failure. */
static ministore_status fill(ministore_cursor_t *c, ministore_error *err) {
    ministore_status status = MINISTORE_OK;
    while (status == MINISTORE_OK && !line_end(c))
        status = c->offset < c->sealed ? refill(c, err) : go_on(c, err);
    return status;
}

/* ---- lines ---- */

/* Why a line is bad; NULL if it is good. */
static const char *wrong_line(const ministore_cursor_t *c, const char *data, size_t size) {
    size_t offset;
    if (size == 0) return "the line is blank";
    return c->options.validate ? ministore__json_check(data, size, MINISTORE__JSON_LENIENT, &offset) : NULL;
}

/* A bad line of an active segment may be one that a writer is just taking back: it must read the same twice. */
static bool read_twice(ministore_cursor_t *c, const char *data, size_t size) {
    uint32_t crc = ministore__crc32c(0, data, size);
    if (!c->active || (c->suspect == c->offset + 1 && c->suspect_crc == crc)) return true;
    c->suspect = c->offset + 1;
    c->suspect_crc = crc;
    c->sealed = c->offset;
    c->size = 0;
    return false;
}

static ministore_status pass_bad_line(ministore_cursor_t *c, const char *end, const char *wrong, ministore_error *err) {
    ministore__place at = here(c);
    advance(c, end);
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "the line is not a record: %s", wrong);
}

/* The next line of the buffer as a record. DONE: nothing complete is left there; or a failure, if `first`. */
static ministore_status take(ministore_cursor_t *c, bool first, ministore_record *out, ministore_error *err) {
    const char *end = line_end(c);
    if (!end) return MINISTORE_DONE;
    const char *data = line_start(c);
    size_t size = (size_t)(end - data);
    ministore__trim(&data, &size);
    if (size > c->options.max_record_bytes) return first ? pass_long_line(c, err) : MINISTORE_DONE;
    const char *wrong = wrong_line(c, data, size);
    if (wrong) {
        if (!first || !read_twice(c, line_start(c), (size_t)(end - line_start(c)))) return MINISTORE_DONE;
        return pass_bad_line(c, end, wrong, err);
    }
    *out = (ministore_record){.data = data, .size = size, .sequence = c->sequence, .segment = c->name, .line = c->line};
    out->offset = c->offset + (uint64_t)(data - line_start(c));
    advance(c, end);
    return MINISTORE_OK;
}

/* The records of lines that are not to be validated, up to the first blank one. */
static size_t split(const char *data, size_t size, ministore_span *spans, size_t most, size_t *used) {
    const char *line = data, *newline;
    size_t count = 0;
    for (; count < most && (newline = memchr(line, '\n', size - (size_t)(line - data))) != NULL; line = newline + 1) {
        const char *text = line;
        size_t length = (size_t)(newline - line);
        ministore__trim(&text, &length);
        if (length == 0) break;
        spans[count++] = (ministore_span){(uint32_t)(text - data), (uint32_t)length};
    }
    *used = (size_t)(line - data);
    return count;
}

/* Note the records in the next lines of the buffer, as long as nothing has to be said about them. */
static size_t look_ahead(ministore_cursor_t *c, ministore_span *spans, size_t most, size_t *used) {
    const char *data = line_start(c);
    size_t size = (size_t)((c->sealed < c->base + c->size ? c->sealed : c->base + c->size) - c->offset);
    *used = 0;
    if (c->options.max_record_bytes < c->size) return 0;
    if (!c->options.validate) return split(data, size, spans, most, used);
    size = behind_last_newline(data, size); /* what is behind it must not be taken for a whole line */
    return ministore__json_lines(data, size, MINISTORE__JSON_LENIENT, spans, most, used);
}

/* Go behind lines of the buffer. Where their commit begins is not noted: only lines taken one by one tell. */
static void advance_by(ministore_cursor_t *c, size_t count, size_t size) {
    if (c->digest) c->crc = ministore__crc32c(c->crc, line_start(c), size);
    c->offset += size;
    c->passed += size;
    c->line += count;
    c->sequence += count;
}

/* Go behind the lines whose records are known and taken. */
static void settle(ministore_cursor_t *c) {
    if (c->taken > 0) advance_by(c, c->taken, c->taken < c->known ? c->spans[c->taken].offset : c->known_size);
    c->known = c->taken = 0;
}

/* The next of the records that are known to be good. The cursor stays where their lines begin, until all are taken. */
static inline ministore_record known_record(ministore_cursor_t *c) {
    const ministore_span *span = &c->spans[c->taken];
    ministore_record record = {.data = line_start(c) + span->offset,
                               .size = span->size,
                               .sequence = c->sequence + c->taken,
                               .segment = c->name,
                               .line = c->line + c->taken,
                               .offset = c->offset + span->offset};
    c->taken++;
    return record;
}

/* The next record, wherever it is. */
static ministore_status next(ministore_cursor_t *c, ministore_record *out, ministore_error *err) {
    for (;;) {
        if (c->known == 0) {
            MINISTORE__TRY(fill(c, err));
            if (!c->singly) c->known = look_ahead(c, c->spans, AHEAD_MAX, &c->known_size);
        }
        if (c->known > 0) {
            *out = known_record(c);
            if (c->taken == c->known) settle(c);
            return MINISTORE_OK;
        }
        ministore_status status = take(c, true, out, err);
        if (status != MINISTORE_DONE) return status;
    }
}

/* Records of the buffer as a batch. DONE: nothing complete is left there; or a failure. */
static ministore_status gather(ministore_cursor_t *c, ministore_batch *out, ministore_error *err) {
    settle(c);
    const char *data = line_start(c);
    *out = (ministore_batch){.spans = c->spans, .sequence = c->sequence, .segment = c->name, .line = c->line};
    out->offset = c->offset;
    out->data = data;
    for (ministore_status status = MINISTORE_OK; status == MINISTORE_OK && out->count < SPANS_MAX;) {
        size_t used, count = look_ahead(c, c->spans + out->count, SPANS_MAX - out->count, &used);
        uint32_t begin = (uint32_t)(line_start(c) - data);
        for (size_t i = 0; begin > 0 && i < count; i++) c->spans[out->count + i].offset += begin;
        advance_by(c, count, used);
        out->count += count;
        if (out->count == SPANS_MAX) break;
        ministore_record record = {0};
        status = take(c, out->count == 0, &record, err);
        if (status == MINISTORE_OK)
            c->spans[out->count++] = (ministore_span){(uint32_t)(record.data - data), (uint32_t)record.size};
        else if (out->count == 0)
            return status;
    }
    out->size = (size_t)(line_start(c) - data);
    return MINISTORE_OK;
}

static ministore_status next_batch(ministore_cursor_t *c, ministore_batch *out, ministore_error *err) {
    ministore_batch batch;
    ministore_status status = MINISTORE_DONE;
    while (status == MINISTORE_DONE) {
        MINISTORE__TRY(fill(c, err));
        status = gather(c, &batch, err);
    }
    if (status == MINISTORE_OK) *out = batch;
    return status;
}

/* ---- the calls ---- */

/* Note a failure, for good if it ends the reading. */
static ministore_status note(ministore_cursor_t *c, ministore_status status, ministore_error *err) {
    if (status >= 0) return status;
    if (is_final(c, status)) c->failed = status;
    if (err) *err = c->cause;
    return status;
}

/* What an earlier call has left to report. */
static ministore_status left_over(ministore_cursor_t *c, ministore_error *err) {
    ministore_status status = c->failed;
    if (status == MINISTORE_OK) return status;
    if (c->once) c->failed = MINISTORE_OK;
    c->once = false;
    return note(c, status, err);
}

static ministore_status check_call(ministore_cursor_t *cursor, const void *out, ministore_error *err) {
    if (!cursor || !out) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "an argument is NULL");
    ministore_status status = ministore__cursor_forked(cursor, err);
    return status == MINISTORE_OK ? left_over(cursor, err) : status;
}

/* Apart from ministore_cursor_next, lest what is done for each record saves and restores registers for this. */
__attribute__((noinline)) static ministore_status next_unknown(ministore_cursor_t *cursor, ministore_record *record,
                                                               ministore_error *err) {
    ministore_status status = check_call(cursor, record, err);
    return status == MINISTORE_OK ? note(cursor, next(cursor, record, &cursor->cause), err) : status;
}

ministore_status ministore_cursor_next(ministore_cursor_t *cursor, ministore_record *record, ministore_error *err) {
    bool known = cursor && record && cursor->taken + 1 < cursor->known && cursor->failed == MINISTORE_OK;
    if (!known || !ministore__owned(cursor->at.io, &cursor->owner)) return next_unknown(cursor, record, err);
    *record = known_record(cursor);
    return MINISTORE_OK;
}

ministore_status ministore_cursor_next_batch(ministore_cursor_t *cursor, ministore_batch *batch,
                                             ministore_error *err) {
    ministore_status status = check_call(cursor, batch, err);
    return status == MINISTORE_OK ? note(cursor, next_batch(cursor, batch, &cursor->cause), err) : status;
}

ministore_status ministore__cursor_ready(ministore_cursor_t *c) {
    if (c->failed != MINISTORE_OK) return c->failed;
    ministore_status status = fill(c, &c->cause);
    if (status < 0) {
        c->failed = status;
        c->once = !is_final(c, status);
    }
    return status;
}

static ministore_status stat_stream(ministore_cursor_t *c, ministore_cursor_info *info, ministore_error *err) {
    ministore__stat stat;
    ministore__header header = {0};
    ministore__header_state state;
    int result = c->at.io->stat_file(c->at.io, c->file, &stat);
    if (result == 0) result = ministore__header_read(c->at.io, c->file, &header, &state);
    if (result < 0) return fail_io(c, result, "cannot look at the segment", err);
    info->segments = 1;
    info->bytes = stat.size;
    info->first_sequence = header.first > 0 ? header.first : 1;
    return MINISTORE_OK;
}

ministore_status ministore_cursor_stat(ministore_cursor_t *cursor, ministore_cursor_info *info, ministore_error *err) {
    if (!cursor || !info) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "an argument is NULL");
    if (!ministore__struct_size_fits(info->struct_size, sizeof *info))
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "set info's struct_size to its size first");
    ministore_status status = ministore__cursor_forked(cursor, err);
    ministore_cursor_info own = {.struct_size = info->struct_size, .next_sequence = cursor->sequence + cursor->taken};
    if (status == MINISTORE_OK)
        status = cursor->options.scope == MINISTORE_STREAM
                     ? stat_stream(cursor, &own, err)
                     : ministore__survey(&cursor->at, &own.segments, &own.bytes, &own.first_sequence, err);
    if (status != MINISTORE_OK) return status;
    if (cursor->active && cursor->sealed == cursor->offset && cursor->torn_end > cursor->offset) {
        own.torn_bytes = cursor->torn_end - cursor->offset;
        own.torn_offset = cursor->offset;
    }
    memcpy(info, &own, info->struct_size);
    return MINISTORE_OK;
}

/* ---- opening ---- */

static const char *wrong_option(const ministore_cursor_options *o) {
    if (o->struct_size != sizeof defaults) return "struct_size is not this library's: use ministore_cursor_options_init";
    if (o->scope > MINISTORE_STREAM) return "scope is none of its values";
    if (o->on_bad_line > MINISTORE_BAD_LINE_SKIP) return "on_bad_line is none of its values";
    if (o->at_end > 1 || o->validate > 1 || o->durable > 1) return "at_end, validate and durable are 0 or 1";
    if (o->at_end && o->from > 0) return "at_end and from exclude each other";
    if (o->max_record_bytes == 0 || o->max_record_bytes > RECORD_BYTES_MAX)
        return "max_record_bytes is not from 1 to 1 GiB";
    return NULL;
}

/* Pass the lines before `from`, or all. */
static ministore_status skip_ahead(ministore_cursor_t *c, ministore_error *err) {
    uint64_t from = c->options.at_end ? UINT64_MAX : c->options.from;
    while (c->sequence < from) {
        ministore_status status = fill(c, err);
        if (status == MINISTORE_DONE) break;
        if (status < 0 && status != MINISTORE_TOO_LARGE) return status;
        for (const char *end; c->sequence < from && (end = line_end(c)) != NULL;) advance(c, end);
    }
    if (c->options.at_end || c->sequence >= from) return MINISTORE_OK;
    return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &(ministore__place){.path = c->at.path},
                              "`from` is %llu, but the next record will be %llu: data is missing",
                              (unsigned long long)from, (unsigned long long)c->sequence);
}

static ministore_status start_stream(ministore_cursor_t *c, ministore_error *err) {
    int file;
    memcpy(c->name, c->at.name, sizeof c->name);
    ministore_status status = ministore__open_regular(&c->at, c->name, 0, 0, &file, err);
    if (status == MINISTORE_OK && file < 0)
        status = ministore__fail_io(err, -ENOENT, c->at.path, NULL, "cannot open the segment");
    if (status != MINISTORE_OK) return status;
    status = ministore__cursor_begin(c, file, !ministore__names_segment(c->name), err);
    if (c->sequence == 0) c->sequence = 1;
    if (c->options.from == 0 || c->options.from >= c->sequence) return status;
    return fail_plain(c, MINISTORE_PRUNED, "the segment begins behind `from`", err);
}

static ministore_status start(ministore_cursor_t *c, ministore_error *err) {
    bool stream = c->options.scope == MINISTORE_STREAM;
    if (!stream && ministore__names_segment(c->at.name))
        return fail_plain(c, MINISTORE_INVALID_ARGUMENT,
                          "a name that ends in a point and digits is an archived segment's; stream it, or give the journal's",
                          err);
    ministore_status status = stream ? start_stream(c, &c->cause) : ministore__cursor_start(c, &c->cause);
    if (status == MINISTORE_CORRUPT && c->sequence > 0) { /* about the first segment: for the first read to report */
        c->failed = status;
        c->once = !is_final(c, status);
        return MINISTORE_OK;
    }
    if (status == MINISTORE_OK) status = skip_ahead(c, &c->cause);
    if (status < 0 && err) *err = c->cause;
    return status;
}

static ministore_status allocate(ministore_cursor_t **out, const char *path, ministore_error *err) {
    ministore_cursor_t *c = calloc(1, sizeof *c);
    if (c) c->buffer = malloc(MINISTORE__CHUNK);
    if (c) c->spans = malloc(SPANS_MAX * sizeof *c->spans);
    if (c && c->buffer && c->spans) {
        c->capacity = MINISTORE__CHUNK;
        c->file = c->archives.active = -1;
        c->index = SIZE_MAX;
        *out = c;
        return MINISTORE_OK;
    }
    if (c) {
        free(c->buffer);
        free(c->spans);
        free(c);
    }
    return ministore__fail(err, MINISTORE_NO_MEMORY, "%s: out of memory", path);
}

ministore_status ministore__cursor_open(ministore_cursor_t **out, const ministore__io *io, const char *path,
                                        const ministore_cursor_options *options, bool digest, ministore_error *err) {
    if (out) *out = NULL;
    if (!out || !path) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "out and path must not be NULL");
    const char *wrong = options ? wrong_option(options) : NULL;
    if (wrong) return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &(ministore__place){.path = path}, "%s", wrong);
    ministore_cursor_t *c = NULL;
    MINISTORE__TRY(allocate(&c, path, err));
    c->options = options ? *options : defaults;
    c->digest = digest;
    ministore__own(io, &c->owner);
    ministore__follow_init(c);
    ministore_status status = ministore__locate(&c->at, io, path, false, err);
    if (status == MINISTORE_OK) status = start(c, err);
    if (status == MINISTORE_OK) *out = c;
    else ministore_cursor_close(c);
    return status;
}

ministore_status ministore_cursor_open(ministore_cursor_t **out, const char *path,
                                       const ministore_cursor_options *options, ministore_error *err) {
    return ministore__cursor_open(out, &ministore__posix, path, options, false, err);
}

ministore_status ministore__cursor_at(ministore_cursor_t **out, const ministore_t *j, uint64_t offset, uint64_t lines,
                                      ministore_error *err) {
    ministore_cursor_options options = defaults;
    options.scope = MINISTORE_STREAM;
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    options.max_record_bytes = j->options.max_record_bytes;
    MINISTORE__TRY(ministore__cursor_open(out, j->at.io, j->at.path, &options, false, err));
    (*out)->offset = (*out)->sealed = (*out)->commit = offset;
    (*out)->singly = true;
    (*out)->line = lines + 2;
    (*out)->sequence = j->first + lines;
    return MINISTORE_OK;
}

void ministore_cursor_close(ministore_cursor_t *cursor) {
    if (!cursor) return;
    if (cursor->file >= 0) cursor->at.io->close(cursor->at.io, cursor->file);
    if (cursor->archives.active >= 0) cursor->at.io->close(cursor->at.io, cursor->archives.active);
    if (cursor->at.io) {
        ministore__follow_free(cursor);
        ministore__disown(cursor->at.io, &cursor->owner);
        ministore__location_free(&cursor->at);
    }
    free(cursor->archives.items);
    free(cursor->buffer);
    free(cursor->spans);
    free(cursor);
}
