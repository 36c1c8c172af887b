/*
 * What the fuzz targets share: conditions that must hold, inputs taken apart, and reading a journal to its end.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *condition) {
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

void fuzz_must_be(ministore_status expected, ministore_status got, const ministore_error *err, const char *call,
                  const char *file, int line) {
    if (got == expected) return;
    (void)fprintf(stderr, "%s:%d: %s came to %s, not %s: %s\n", file, line, call, ministore_status_name(got),
                  ministore_status_name(expected), err && got < 0 ? err->message : "");
    abort();
}

void fuzz_check_error(ministore_status status, const ministore_error *err) {
    MUST(status < 0);
    MUST(err->status == status);
    MUST(err->message[0] != '\0');
    MUST(strcmp(ministore_status_name(status), "UNKNOWN") != 0);
}

void fuzz_fill_error(ministore_error *err) {
    memset(err, 0xA5, sizeof *err);
}

void fuzz_check_untouched(const ministore_error *err) {
    const unsigned char *bytes = (const unsigned char *)err;
    for (size_t i = 0; i < sizeof *err; i++) MUST(bytes[i] == 0xA5);
}

static void *must(void *memory) {
    MUST(memory != NULL);
    return memory;
}

/* ---- the input ---- */

uint8_t fuzz_byte(fuzz_input *in) {
    if (in->size == 0) return 0;
    in->size--;
    return *in->data++;
}

fuzz_input fuzz_bytes(fuzz_input *in, size_t size) {
    fuzz_input out = {in->data, size < in->size ? size : in->size};
    in->data += out.size;
    in->size -= out.size;
    return out;
}

void *fuzz_copy(fuzz_input bytes) {
    void *copy = must(malloc(bytes.size > 0 ? bytes.size : 1));
    if (bytes.size > 0) memcpy(copy, bytes.data, bytes.size);
    return copy;
}

const char *const fuzz_names[FUZZ_FILES] = {"j", "j.001", "j.002", "j.003", "j.4", "j.002000", "j.torn", "j.new"};

void fuzz_split(fuzz_folder *out, fuzz_input in) {
    *out = (fuzz_folder){.flags = fuzz_byte(&in)};
    size_t file = FUZZ_ACTIVE;
    bool first = true;
    while (first || in.size > 0) {
        const uint8_t *mark = in.size > 0 ? memchr(in.data, 0xFF, in.size) : NULL;
        out->files[file] = fuzz_bytes(&in, mark ? (size_t)(mark - in.data) : in.size);
        out->there[file] = !first || out->files[file].size > 0 || !mark;
        first = false;
        (void)fuzz_byte(&in);
        file = fuzz_byte(&in) % FUZZ_FILES;
    }
}

void fuzz_put(disk *d, const fuzz_folder *folder) {
    for (size_t i = 0; i < FUZZ_FILES; i++)
        if (folder->there[i])
            disk_put(d, fuzz_names[i], folder->files[i].size > 0 ? folder->files[i].data : (const uint8_t *)"",
                     folder->files[i].size);
}

bool fuzz_same(const disk *one, const disk *other, const char *name) {
    const content *a = disk_get(one, name), *b = disk_get(other, name);
    if (!a || !b) return !a && !b;
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

void fuzz_check_archives(const disk *before, const disk *after) {
    for (size_t i = FUZZ_ACTIVE + 1; i <= FUZZ_ARCHIVES; i++) MUST(fuzz_same(before, after, fuzz_names[i]));
    for (size_t i = 0; i < after->name_count; i++) {
        const char *name = after->names[i].text;
        if (ministore__names_segment(name) && disk_get(after, name)) MUST(disk_get(before, name) != NULL);
    }
}

void fuzz_check_handles(const disk *d) {
    for (size_t i = 0; i < sizeof d->handles / sizeof d->handles[0]; i++) MUST(d->handles[i].node == -1);
}

/* ---- reading ---- */

static fuzz_outcome *add(fuzz_reading *r, ministore_status status, const char *segment) {
    if ((r->count & (r->count - 1)) == 0)
        r->items = must(realloc(r->items, (r->count == 0 ? 1 : r->count * 2) * sizeof *r->items));
    fuzz_outcome *item = &r->items[r->count++];
    *item = (fuzz_outcome){.status = status};
    MUST(strlen(segment) < sizeof item->segment);
    memcpy(item->segment, segment, strlen(segment) + 1);
    return item;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* A record stands where it says: in that file, on that line, without white space around it, and it is JSON. */
static void check_place(const disk *d, const ministore_record *record, const ministore_cursor_options *options) {
    const content *file = disk_get(d, record->segment);
    uint64_t line = 1;
    size_t offset;
    MUST(file != NULL);
    MUST(record->offset + record->size <= file->size);
    MUST(memcmp(file->data + record->offset, record->data, record->size) == 0);
    for (size_t i = 0; i < record->offset; i++) line += file->data[i] == '\n';
    MUST(record->line == line);
    MUST(record->sequence > 0);
    MUST(record->size > 0 && record->size <= options->max_record_bytes);
    MUST(memchr(record->data, '\n', record->size) == NULL);
    MUST(!is_blank(record->data[0]) && !is_blank(record->data[record->size - 1]));
    if (options->validate)
        MUST(ministore__json_check(record->data, record->size, MINISTORE__JSON_LENIENT, &offset) == NULL);
}

static void add_record(fuzz_reading *r, const disk *d, const ministore_record *record,
                       const ministore_cursor_options *options) {
    check_place(d, record, options);
    fuzz_outcome *item = add(r, MINISTORE_OK, record->segment);
    item->sequence = record->sequence;
    item->line = record->line;
    item->offset = record->offset;
    item->size = record->size;
    item->crc = ministore__crc32c(0, record->data, record->size);
    r->records++;
}

static void add_failure(fuzz_reading *r, ministore_status status, const ministore_error *err) {
    fuzz_check_error(status, err);
    fuzz_outcome *item = add(r, status, err->segment);
    item->sequence = err->sequence;
    item->line = err->line;
    item->offset = err->offset;
}

static ministore_status read_record(fuzz_reading *r, const disk *d, ministore_cursor_t *c,
                                    const ministore_cursor_options *options, ministore_error *err) {
    ministore_record record;
    ministore_status status = ministore_cursor_next(c, &record, err);
    if (status == MINISTORE_OK) add_record(r, d, &record, options);
    return status;
}

/* A batch is consecutive lines of one segment, and between its records is nothing but white space. */
static ministore_status read_batch(fuzz_reading *r, const disk *d, ministore_cursor_t *c,
                                   const ministore_cursor_options *options, ministore_error *err) {
    ministore_batch batch;
    ministore_status status = ministore_cursor_next_batch(c, &batch, err);
    if (status != MINISTORE_OK) return status;
    MUST(batch.count > 0);
    size_t end = 0;
    for (size_t i = 0; i < batch.count; i++) {
        ministore_span span = batch.spans[i];
        MUST(span.offset >= end && (size_t)span.offset + span.size <= batch.size);
        for (; end < span.offset; end++) MUST(is_blank(batch.data[end]) || batch.data[end] == '\n');
        add_record(r, d,
                   &(ministore_record){.data = batch.data + span.offset,
                                       .size = span.size,
                                       .sequence = batch.sequence + i,
                                       .segment = batch.segment,
                                       .line = batch.line + i,
                                       .offset = batch.offset + span.offset},
                   options);
        end += span.size;
    }
    return status;
}

/* How many calls reading everything may take: each one passes a line, a segment or a gap. */
static size_t most_calls(const disk *d) {
    size_t most = 100;
    for (size_t i = 0; i < d->name_count; i++) {
        const content *file = disk_get(d, d->names[i].text);
        if (file) most += file->size + 10;
    }
    return most;
}

static void read_all(fuzz_reading *r, disk *d, ministore_cursor_t *c, const ministore_cursor_options *options,
                     bool by_batch) {
    const size_t most = most_calls(d);
    for (;;) {
        ministore_error err;
        fuzz_fill_error(&err);
        ministore_status status = by_batch ? read_batch(r, d, c, options, &err) : read_record(r, d, c, options, &err);
        r->ended = status;
        if (status >= 0)
            fuzz_check_untouched(&err);
        else
            add_failure(r, status, &err);
        if (status == MINISTORE_DONE) return;
        bool goes_on = options->on_bad_line == MINISTORE_BAD_LINE_SKIP &&
                       (status == MINISTORE_CORRUPT || status == MINISTORE_TOO_LARGE);
        if (status != MINISTORE_OK && !goes_on) return;
        MUST(r->count < most);
    }
}

/* Each number is one more than that of the line before; a reported fault of the set may change the count. */
static void check_numbers(const fuzz_reading *r) {
    for (size_t i = 1; i < r->count; i++) {
        const fuzz_outcome *before = &r->items[i - 1], *now = &r->items[i];
        if (before->status == MINISTORE_OK && now->sequence > 0) MUST(now->sequence == before->sequence + 1);
        if (before->sequence > 0 && now->sequence > 0 && strcmp(before->segment, now->segment) == 0)
            MUST(now->sequence > before->sequence && now->line > before->line && now->offset > before->offset);
    }
}

fuzz_reading fuzz_read(disk *d, const char *path, const ministore_cursor_options *options, bool by_batch) {
    fuzz_reading r = {0};
    ministore_error err;
    ministore_cursor_t *c;
    r.opened = r.ended = ministore__cursor_open(&c, &d->io, path, options, false, &err);
    if (r.opened != MINISTORE_OK) {
        MUST(c == NULL);
        add_failure(&r, r.opened, &err);
        return r;
    }
    read_all(&r, d, c, options, by_batch);
    check_numbers(&r);
    r.info.struct_size = sizeof r.info;
    r.described = ministore_cursor_stat(c, &r.info, &err) == MINISTORE_OK;
    ministore_cursor_close(c);
    return r;
}

void fuzz_check_same(const fuzz_reading *one, const fuzz_reading *other) {
    MUST(one->opened == other->opened && one->ended == other->ended && one->count == other->count);
    for (size_t i = 0; i < one->count; i++) {
        const fuzz_outcome *a = &one->items[i], *b = &other->items[i];
        MUST(a->status == b->status && a->sequence == b->sequence && a->line == b->line && a->offset == b->offset);
        MUST(a->size == b->size && a->crc == b->crc && strcmp(a->segment, b->segment) == 0);
    }
    MUST(one->described == other->described);
    MUST(memcmp(&one->info, &other->info, sizeof one->info) == 0);
}

bool fuzz_is_clean(const fuzz_reading *r) {
    return r->ended == MINISTORE_DONE && r->count == r->records;
}
