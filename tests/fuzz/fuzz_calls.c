/*
 * Sequences of calls against a simple model: a list of texts. One writer and one long-lived reader; handles that are
 * abandoned, writes and syncs that fail. What was acknowledged is there, with its number, and nothing else.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { RECORDS_MAX = 512, TEXT_MAX = 48, BATCH_MAX = 6 };

typedef struct {
    size_t size;
    char text[TEXT_MAX];
} entry;

typedef struct {
    fuzz_input in;
    disk disk;
    ministore_options options;
    ministore_t *j;                 /* NULL: not open */
    bool failed;                    /* an input or output error was answered since it was opened */
    entry entries[RECORDS_MAX + 1]; /* by sequence number */
    uint64_t next;                  /* the number that the next record gets */
    uint64_t maybe;        /* records from `next` on whose append failed with a failed sync: all there or none */
    uint64_t first;        /* oldest that is there, as last told */
    uint64_t removable;    /* all before this may be removed */
    bool pruned;           /* by the last call, and not by retention */
    ministore_cursor_t *c; /* NULL: not open */
    uint64_t read;         /* the number that it hands out next */
} world;

/* ---- what may happen ---- */

static bool fault_pending(const world *w) {
    return w->disk.fail_write || w->disk.fail_sync_data;
}

/* OK, or a failure for which a fault that was pending is the reason. True if OK. */
static bool went_well(world *w, bool pending, ministore_status status, const ministore_error *err) {
    if (status == MINISTORE_OK) return true;
    fuzz_check_error(status, err);
    if (status == MINISTORE_POISONED)
        MUST(w->failed);
    else {
        MUST_BE(MINISTORE_IO, status, err);
        MUST(pending || w->failed); /* a rotation that failed after an append is told by the next call */
    }
    w->failed = true;
    return false;
}

static void set(world *w, uint64_t number, const char *text, size_t size) {
    MUST(size <= TEXT_MAX);
    w->entries[number].size = size;
    memcpy(w->entries[number].text, text, size);
}

static void check_record(const world *w, uint64_t number, const char *text, size_t size) {
    MUST(number < w->next);
    MUST(size == w->entries[number].size && memcmp(text, w->entries[number].text, size) == 0);
}

/* The numbers that stat tells: only what may be removed is missing. */
static void check_stat(world *w) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    MUST_BE(MINISTORE_OK, ministore_stat(w->j, &info, &err), &err);
    MUST(info.next_sequence == w->next);
    MUST(info.first_sequence >= w->first && info.first_sequence <= w->removable);
    MUST(info.durable_sequence < info.next_sequence);
    if (w->options.sync == MINISTORE_SYNC_ALWAYS && !w->failed) MUST(info.durable_sequence + 1 == info.next_sequence);
    if (info.first_sequence > w->first && !w->pruned) MUST(info.segments == w->options.max_segments); /* no fewer */
    w->first = info.first_sequence;
    w->pruned = false;
}

/* Read all from the oldest on. */
static void check_all(world *w) {
    ministore_cursor_t *c;
    ministore_batch batch;
    ministore_error err;
    ministore_status status;
    MUST_BE(MINISTORE_OK, ministore__cursor_open(&c, &w->disk.io, "j", NULL, false, &err), &err);
    uint64_t number = 0;
    while ((status = ministore_cursor_next_batch(c, &batch, &err)) == MINISTORE_OK) {
        if (number == 0) number = batch.sequence;
        MUST(batch.sequence == number && number >= w->first);
        for (size_t i = 0; i < batch.count; i++)
            check_record(w, number++, batch.data + batch.spans[i].offset, batch.spans[i].size);
    }
    MUST_BE(MINISTORE_DONE, status, &err);
    MUST(number == w->next || (number == 0 && w->removable == w->next));
    ministore_cursor_close(c);
}

/* ---- opening and closing ---- */

static void close_cursor(world *w) {
    ministore_cursor_close(w->c);
    w->c = NULL;
}

/* A commit whose sync failed is there whole or not at all. */
static void settle(world *w) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    MUST_BE(MINISTORE_OK, ministore_stat(w->j, &info, &err), &err);
    MUST(info.next_sequence == w->next || info.next_sequence == w->next + w->maybe);
    w->next = info.next_sequence;
    w->maybe = 0;
}

static void open_journal(world *w) {
    ministore_error err;
    const uint8_t bits = fuzz_byte(&w->in);
    MUST(ministore_options_init(&w->options, sizeof w->options) == MINISTORE_OK);
    if (bits & 1) w->options.max_bytes_per_segment = 30 + fuzz_byte(&w->in);
    if (bits & 2) w->options.max_segments = 1 + fuzz_byte(&w->in) % 4;
    if (bits & 4) w->options.sync = MINISTORE_SYNC_MANUAL;
    if (bits & 8) w->options.preallocate_bytes = 1 + fuzz_byte(&w->in);
    if (bits & 16) w->options.max_record_bytes = TEXT_MAX;
    if (bits & 32) w->disk.no_links = !w->disk.no_links;
    w->failed = false;
    bool pending = fault_pending(w);
    if (!went_well(w, pending, ministore__open(&w->j, &w->disk.io, "j", &w->options, &err), &err)) {
        MUST(w->j == NULL);
        w->disk.fail_write = w->disk.fail_sync_data = false;
        MUST_BE(MINISTORE_OK, ministore__open(&w->j, &w->disk.io, "j", &w->options, &err), &err);
    }
    w->failed = false;
    settle(w);
    check_stat(w);
    check_all(w);
}

static void reopen(world *w) {
    ministore_error err;
    bool pending = fault_pending(w);
    (void)went_well(w, pending, ministore_close(w->j, &err), &err);
    open_journal(w);
}

/* The process is killed, and another goes on. */
static void abandon(world *w) {
    disk left;
    ministore_error err;
    close_cursor(w);
    disk_copy(&left, &w->disk);
    (void)ministore_close(w->j, &err);
    fuzz_check_handles(&w->disk);
    disk_free(&w->disk);
    w->disk = left;
    open_journal(w);
}

/* ---- appending ---- */

/* Texts of the input's own bytes, mostly not JSON, or of a number that makes them differ. */
static size_t make_text(world *w, uint64_t number, char out[TEXT_MAX]) {
    static const char *const texts[] = {"null",     "{\"a\":[1,2]}", "\"\\ud83d\\ude00\"", "-0.5e+7", "[]",
                                        " [ 1 ]\t", "{}\n",          "\"\xC3\xBC\"",       "[1\n]",   "\"\\ud800\"",
                                        "",         "{\"a\":}"};
    uint8_t kind = fuzz_byte(&w->in);
    if (kind < 64) {
        fuzz_input raw = fuzz_bytes(&w->in, kind % TEXT_MAX);
        if (raw.size > 0) memcpy(out, raw.data, raw.size);
        return raw.size;
    }
    if (kind < 128) {
        const char *text = texts[kind % (sizeof texts / sizeof texts[0])];
        memcpy(out, text, strlen(text));
        return strlen(text);
    }
    size_t digits = 0;
    out[digits++] = '[';
    for (uint64_t n = number; n > 0; n /= 10) out[digits++] = (char)('1' + n % 9);
    memcpy(out + digits, ",\"xxxxxxxxxxxxxxxxxxxxxxx", kind % 24 + 2);
    digits += kind % 24 + 2;
    out[digits++] = '"';
    out[digits++] = ']';
    return digits;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What append keeps of a text, as the model; false if it must refuse it. */
static bool accept(world *w, uint64_t number, const char *text, size_t size) {
    while (size > 0 && is_blank(text[0])) text++, size--;
    while (size > 0 && is_blank(text[size - 1])) size--;
    if (size == 0 || memchr(text, '\n', size) || ministore_json_validate(text, size, NULL) != MINISTORE_OK)
        return false;
    set(w, number, text, size);
    return true;
}

/* After an append of `count` records which the model takes or not. A failed one leaves nothing that a reader may keep:
   without `durable` it may have seen what is taken back. */
static void appended(world *w, bool valid, uint64_t count, uint64_t number, bool pending, ministore_status status,
                     const ministore_error *err) {
    if (!valid && status == MINISTORE_INVALID_JSON) {
        fuzz_check_error(status, err);
        MUST(err->line >= 1);
    } else if (went_well(w, pending, status, err)) {
        MUST(valid);
        w->next += count;
        MUST(number == w->next - 1);
        if (w->options.max_segments != UINT32_MAX) w->removable = w->next;
    } else {
        if (status == MINISTORE_IO && w->maybe == 0) w->maybe = count;
        close_cursor(w);
    }
}

static void append(world *w) {
    char text[TEXT_MAX];
    uint64_t number = 0;
    ministore_error err;
    size_t size = make_text(w, w->next, text);
    bool valid = accept(w, w->next, text, size), pending = fault_pending(w);
    char *copy = fuzz_copy((fuzz_input){(const uint8_t *)text, size});
    ministore_status status = ministore_append(w->j, copy, size, &number, &err);
    free(copy);
    appended(w, valid, 1, number, pending, status, &err);
}

static void append_batch(world *w) {
    char all[BATCH_MAX * (TEXT_MAX + 1)];
    uint64_t number = 0, count = fuzz_byte(&w->in) % (BATCH_MAX + 1);
    ministore_error err;
    size_t size = 0, length = 0;
    bool valid = true, pending = fault_pending(w);
    for (uint64_t i = 0; i < count; i++) {
        char *text = all + size;
        length = make_text(w, w->next + i, text);
        for (size_t at = 0; at < length; at++) text[at] = text[at] == '\n' ? ' ' : text[at]; /* it would be two */
        valid = accept(w, w->next + i, text, length) && valid;
        size += length;
        all[size++] = '\n';
    }
    if (length > 0 && fuzz_byte(&w->in) % 2 == 0) size--;
    char *copy = fuzz_copy((fuzz_input){(const uint8_t *)all, size});
    ministore_status status = ministore_append_batch(w->j, copy, size, &number, &err);
    free(copy);
    if (size == 0) {
        MUST(number == 0);
        (void)went_well(w, pending, status, &err);
    } else {
        appended(w, valid, count, number, pending, status, &err);
    }
}

/* ---- the other calls ---- */

static void sync_journal(world *w) {
    ministore_error err;
    bool pending = fault_pending(w);
    (void)went_well(w, pending, ministore_sync(w->j, &err), &err);
}

static void rotate(world *w) {
    ministore_error err;
    bool pending = fault_pending(w);
    if (w->options.max_segments != UINT32_MAX) w->removable = w->next;
    (void)went_well(w, pending, ministore_rotate(w->j, &err), &err);
}

static void prune(world *w) {
    ministore_error err;
    uint32_t removed;
    bool pending = fault_pending(w);
    uint64_t before = w->next > 8 && fuzz_byte(&w->in) % 8 ? w->first + fuzz_byte(&w->in) % 16 : fuzz_byte(&w->in);
    ministore_status status = ministore_prune(w->j, before, &removed, &err);
    if (status == MINISTORE_INVALID_ARGUMENT) {
        MUST(before == 0 || before > w->next);
        return;
    }
    if (status != MINISTORE_POISONED) MUST(before > 0 && before <= w->next);
    if (before > w->removable && before <= w->next) w->removable = before;
    w->pruned = true;
    (void)went_well(w, pending, status, &err);
}

static void fail_write(world *w) {
    w->disk.fail_write = true;
}

static void fail_sync(world *w) {
    w->disk.fail_sync_data = true;
}

/* ---- the reader ---- */

static void open_cursor(world *w) {
    ministore_cursor_options options;
    ministore_error err;
    close_cursor(w);
    (void)ministore_cursor_options_init(&options, sizeof options);
    const uint8_t bits = fuzz_byte(&w->in);
    options.validate = bits & 1;
    options.from = bits & 2 ? w->first + fuzz_byte(&w->in) % 16 : 0;
    options.at_end = (bits & 6) == 4;
    ministore_status status = ministore__cursor_open(&w->c, &w->disk.io, "j", &options, false, &err);
    if (options.from > w->next) {
        MUST_BE(MINISTORE_INVALID_ARGUMENT, status, &err);
        return;
    }
    MUST_BE(MINISTORE_OK, status, &err);
    w->read = options.at_end ? w->next : options.from ? options.from : w->first;
}

/* What a read came to: the next records, the end, or that they were removed. */
static bool may_take(world *w, ministore_status status, uint64_t number, const ministore_error *err) {
    if (status == MINISTORE_OK) {
        MUST(number == w->read);
        return true;
    }
    if (status == MINISTORE_DONE)
        MUST(w->read == w->next);
    else {
        MUST_BE(MINISTORE_PRUNED, status, err);
        MUST(w->read < w->removable);
        close_cursor(w);
    }
    return false;
}

static void read_one(world *w) {
    ministore_record record = {0};
    ministore_error err;
    if (!w->c) return;
    ministore_status status = ministore_cursor_next(w->c, &record, &err);
    if (may_take(w, status, record.sequence, &err)) check_record(w, w->read++, record.data, record.size);
}

static void read_batch(world *w) {
    ministore_batch batch = {0};
    ministore_error err;
    if (!w->c) return;
    ministore_status status = ministore_cursor_next_batch(w->c, &batch, &err);
    if (!may_take(w, status, batch.sequence, &err)) return;
    for (size_t i = 0; i < batch.count; i++)
        check_record(w, w->read++, batch.data + batch.spans[i].offset, batch.spans[i].size);
}

static void ask_cursor(world *w) {
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_error err;
    if (!w->c) return;
    MUST_BE(MINISTORE_OK, ministore_cursor_stat(w->c, &info, &err), &err);
    MUST(info.next_sequence == w->read && info.first_sequence >= w->first && info.first_sequence <= w->next);
    MUST(info.torn_bytes == 0);
}

static void run(world *w) {
    static void (*const calls[])(world *) = {append,     append,     append_batch, sync_journal, rotate,
                                             prune,      reopen,     abandon,      open_cursor,  read_one,
                                             read_batch, ask_cursor, fail_sync,    fail_write,   check_all};
    while (w->in.size > 0 && w->next + BATCH_MAX + w->maybe < RECORDS_MAX) {
        calls[fuzz_byte(&w->in) % (sizeof calls / sizeof calls[0])](w);
        check_stat(w);
    }
    w->disk.fail_write = w->disk.fail_sync_data = false;
    reopen(w);
    while (w->c && w->read < w->next) read_batch(w);
    close_cursor(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static world w;
    ministore_error err;
    ministore_verify_info info = {.struct_size = sizeof info};
    w = (world){.in = {data, size}, .next = 1, .first = 1, .removable = 1};
    disk_init(&w.disk, 512);
    open_journal(&w);
    run(&w);
    MUST_BE(MINISTORE_OK, ministore_close(w.j, &err), &err);
    MUST_BE(MINISTORE_OK, ministore__verify(&w.disk.io, "j", TEXT_MAX, &info, &err), &err);
    MUST(info.next_sequence == w.next);
    fuzz_check_handles(&w.disk);
    disk_free(&w.disk);
    return 0;
}
