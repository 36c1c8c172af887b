/*
 * A journal of numbered records, and what it may hold after a fault or a crash.
 */
#include "model.h"

#include <stdio.h>
#include <string.h>

size_t model_padding;

/* The padding tells which record and which place in it a sector is of. */
static void pad(uint64_t n, char *out) {
    static char digits[MODEL_PADDING_MAX + 16];
    if (digits[0] == '\0')
        for (size_t i = 0; i < sizeof digits; i++) digits[i] = (char)('0' + (i + i / 10) % 10);
    memcpy(out, digits + n % 16, model_padding);
}

size_t model_text(uint64_t n, char *out) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    size_t size = (size_t)snprintf(out, MODEL_TEXT_MAX, "{\"n\":%llu,\"pad\":\"%.*s", (unsigned long long)n,
                                   (int)(n * 19 % (sizeof letters - 1)), letters);
    pad(n, out + size);
    memcpy(out + size + model_padding, "\"}", 2);
    return size + model_padding + 2;
}

static uint64_t last_written(const model *m) {
    return m->written > 0 ? m->ends[m->written - 1] : m->promised;
}

static void promise(model *m) {
    m->promised = last_written(m);
    m->written = 0;
}

static size_t lines(uint64_t first, unsigned count, char *out) {
    size_t size = 0;
    for (unsigned i = 0; i < count; i++) {
        size += model_text(first + i, out + size);
        out[size++] = '\n';
    }
    return size;
}

ministore_status model_append(model *m, ministore_t *j, unsigned count, ministore_error *err) {
    char data[MODEL_BATCH_MAX * MODEL_TEXT_MAX];
    uint64_t sequence = 0;
    size_t size = lines(last_written(m) + 1, count, data);
    if (!j->poisoned) m->attempt = last_written(m) + count;
    ministore_status status = count == 1 ? ministore_append(j, data, size, &sequence, err)
                                         : ministore_append_batch(j, data, size, &sequence, err);
    if (status != MINISTORE_OK) {
        if (!j->poisoned) m->attempt = 0; /* taken back, or never written */
        return status;
    }
    m->ends[m->written++] = m->attempt;
    if (sequence != m->attempt || m->written == MODEL_COMMITS_MAX) return MINISTORE_CORRUPT;
    m->attempt = 0;
    if (j->durable >= sequence) promise(m);
    return MINISTORE_OK;
}

ministore_status model_sync(model *m, ministore_t *j, ministore_error *err) {
    ministore_status status = ministore_sync(j, err);
    if (status == MINISTORE_OK) promise(m);
    return status;
}

ministore_status model_rotate(model *m, ministore_t *j, ministore_error *err) {
    if (j->options.max_segments != UINT32_MAX) m->removable = last_written(m);
    ministore_status status = ministore_rotate(j, err);
    if (status == MINISTORE_OK) promise(m);
    return status;
}

ministore_status model_close(model *m, ministore_t *j, ministore_error *err) {
    bool poisoned = j->poisoned;
    ministore_status status = ministore_close(j, err);
    if (status == MINISTORE_OK && !poisoned) promise(m);
    return status;
}

ministore_status model_prune(model *m, ministore_t *j, uint64_t before, ministore_error *err) {
    if (m->removable < before - 1) m->removable = before - 1;
    return ministore_prune(j, before, NULL, err);
}

static char wrong[1024];

static bool is_end(const model *m, uint64_t last) {
    if (last == m->promised || (m->attempt > 0 && last == m->attempt)) return true;
    for (size_t i = 0; i < m->written; i++)
        if (m->ends[i] == last) return true;
    return false;
}

static const char *check_range(const model *m, uint64_t first, uint64_t last) {
    if (first <= m->removable + 1 && last >= m->promised && is_end(m, last)) return NULL;
    (void)snprintf(wrong, sizeof wrong,
                   "records %llu to %llu are there; promised was %llu, an attempt ended at %llu, removable up to %llu",
                   (unsigned long long)first, (unsigned long long)last, (unsigned long long)m->promised,
                   (unsigned long long)m->attempt, (unsigned long long)m->removable);
    return wrong;
}

static const char *check_text(const ministore_record *record, uint64_t expected) {
    char text[MODEL_TEXT_MAX];
    size_t size = model_text(record->sequence, text);
    if (record->sequence == expected && record->size == size && memcmp(record->data, text, size) == 0) return NULL;
    (void)snprintf(wrong, sizeof wrong, "%s:%llu: number %llu instead of %llu, with the text %.*s", record->segment,
                   (unsigned long long)record->line, (unsigned long long)record->sequence, (unsigned long long)expected,
                   (int)record->size, record->data);
    return wrong;
}

static const char *failed(const char *what, ministore_status status, const ministore_error *err) {
    (void)snprintf(wrong, sizeof wrong, "%s: %s: %s", what, ministore_status_name(status), err->message);
    return wrong;
}

const char *model_check(const model *m, const ministore__io *io, const char *path, uint64_t *last) {
    ministore_cursor_t *c;
    ministore_error err;
    ministore_record record;
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_status status = ministore__cursor_open(&c, io, path, NULL, false, &err);
    if (status != MINISTORE_OK) return failed("replay", status, &err);
    status = ministore_cursor_stat(c, &info, &err);
    uint64_t first = info.next_sequence;
    const char *bad = status == MINISTORE_OK ? NULL : failed("stat", status, &err);
    for (uint64_t next = first; !bad && (status = ministore_cursor_next(c, &record, &err)) == MINISTORE_OK; next++)
        bad = check_text(&record, next);
    if (!bad && status != MINISTORE_DONE) bad = failed("replay", status, &err);
    if (!bad) (void)ministore_cursor_stat(c, &info, NULL);
    ministore_cursor_close(c);
    *last = info.next_sequence - 1;
    return bad ? bad : check_range(m, first, *last);
}

void model_settle(model *m, uint64_t last) {
    m->promised = last;
    m->written = 0;
    m->attempt = 0;
}
