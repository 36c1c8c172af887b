/*
 * Arbitrary bytes as a journal and its segments: every way to read them agrees, and opening them for writing loses
 * nothing, changes no archive, and either refuses without touching a byte or goes on behind the last record.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* Bits of the input's first byte. */
enum {
    SHORT_RECORDS = 1,
    REFUSE_TORN = 2,
    STOP_AT_BAD = 4,
    NO_CHECK = 8,
    PREALLOCATE = 16,
    ABANDON = 32,
    NO_LINKS = 64
};

enum { SHORT = 24 };

static const char added[] = "\"one more\"";

static ministore_cursor_options reader(const fuzz_folder *f) {
    ministore_cursor_options options;
    MUST(ministore_cursor_options_init(&options, sizeof options) == MINISTORE_OK);
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    if (f->flags & SHORT_RECORDS) options.max_record_bytes = SHORT;
    if (f->flags & NO_CHECK) options.validate = 0;
    return options;
}

static ministore_options writer(const fuzz_folder *f) {
    ministore_options options;
    MUST(ministore_options_init(&options, sizeof options) == MINISTORE_OK);
    if (f->flags & SHORT_RECORDS) options.max_record_bytes = SHORT;
    if (f->flags & REFUSE_TORN) options.torn_tail = MINISTORE_TORN_TAIL_REFUSE;
    if (f->flags & PREALLOCATE) options.preallocate_bytes = 64;
    return options;
}

/* ---- reading ---- */

/* Stopping at the first bad line gives the same up to there, and then the same failure for ever. */
static void check_stopping(disk *d, ministore_cursor_options options, const fuzz_reading *skipping) {
    ministore_cursor_t *c;
    ministore_record record;
    ministore_error err, again;
    options.on_bad_line = MINISTORE_BAD_LINE_STOP;
    ministore_status status = ministore__cursor_open(&c, &d->io, "j", &options, false, &err);
    MUST(status == skipping->opened);
    if (status != MINISTORE_OK) return;
    size_t read = 0;
    while ((status = ministore_cursor_next(c, &record, &err)) == MINISTORE_OK) {
        MUST(read < skipping->count && skipping->items[read].sequence == record.sequence);
        read++;
    }
    if (status == MINISTORE_DONE)
        MUST(read == skipping->count);
    else
        MUST(read < skipping->count && skipping->items[read].status == status);
    MUST(ministore_cursor_next(c, &record, &again) == status);
    if (status < 0) MUST(strcmp(err.message, again.message) == 0);
    ministore_cursor_close(c);
}

/* Where nothing is wrong one can begin at each record, and at the end. */
static void check_from(disk *d, ministore_cursor_options options, const fuzz_reading *all) {
    for (size_t i = 0; i < all->count; i += 1 + all->count / 4) {
        options.from = all->items[i].sequence;
        fuzz_reading rest = fuzz_read(d, "j", &options, i % 2 == 0);
        MUST(rest.opened == MINISTORE_OK && fuzz_is_clean(&rest) && rest.count == all->count - i);
        MUST(rest.items[0].crc == all->items[i].crc && rest.items[0].sequence == options.from);
        free(rest.items);
    }
    options.from = 0;
    options.at_end = 1;
    fuzz_reading none = fuzz_read(d, "j", &options, false);
    MUST(none.opened == MINISTORE_OK && none.ended == MINISTORE_DONE && none.count == 0);
    free(none.items);
}

static void check_streams(disk *d, ministore_cursor_options options) {
    options.scope = MINISTORE_STREAM;
    for (size_t i = 0; i < FUZZ_FILES; i++) {
        fuzz_reading one = fuzz_read(d, fuzz_names[i], &options, false);
        fuzz_reading other = fuzz_read(d, fuzz_names[i], &options, true);
        fuzz_check_same(&one, &other);
        if (!disk_get(d, fuzz_names[i])) MUST(one.opened == MINISTORE_IO);
        free(one.items);
        free(other.items);
    }
}

/* Verify finds what reading finds, and wrong digests besides. */
static void check_verify(disk *d, const ministore_cursor_options *options, const fuzz_reading *all) {
    ministore_verify_info info = {.struct_size = sizeof info};
    ministore_error err;
    fuzz_fill_error(&err);
    ministore_status status = ministore__verify(&d->io, "j", options->max_record_bytes, &info, &err);
    MUST((status == MINISTORE_OK) == (info.problems == 0));
    if (status == MINISTORE_OK)
        fuzz_check_untouched(&err);
    else
        fuzz_check_error(status, &err);
    if (!options->validate) return;
    if (all->ended == MINISTORE_DONE) {
        MUST(info.records == all->records);
        MUST(info.problems >= all->count - all->records);
        MUST(info.next_sequence == all->info.next_sequence && info.torn_bytes == all->info.torn_bytes);
    } else {
        MUST(status != MINISTORE_OK);
    }
}

/* ---- writing ---- */

/* What was readable still is, with the same numbers, and the record that was added is the last one. */
static void check_added(disk *d, const ministore_cursor_options *options, const fuzz_reading *before, uint64_t number) {
    fuzz_reading now = fuzz_read(d, "j", options, true);
    MUST(now.ended == MINISTORE_DONE);
    size_t at = 0;
    for (size_t i = 0; i < before->count; i++) {
        if (before->items[i].status != MINISTORE_OK) continue;
        while (at < now.count && now.items[at].status != MINISTORE_OK) at++;
        MUST(at < now.count);
        MUST(now.items[at].sequence == before->items[i].sequence && now.items[at].crc == before->items[i].crc);
        at++;
    }
    MUST(now.records == before->records + 1);
    const fuzz_outcome *last = &now.items[now.count - 1];
    MUST(last->status == MINISTORE_OK && last->sequence == number);
    MUST(last->crc == ministore__crc32c(0, added, sizeof added - 1));
    free(now.items);
}

/* What open cut is in P.torn, behind what was there. */
static void check_torn(const disk *before, const disk *after, const ministore_info *info) {
    const content *old = disk_get(before, "j.torn"), *now = disk_get(after, "j.torn"), *p = disk_get(before, "j");
    if (info->torn_bytes == 0) {
        MUST(fuzz_same(before, after, "j.torn"));
        return;
    }
    size_t size = old ? old->size : 0;
    MUST(now && p && now->size == size + info->torn_bytes && info->torn_offset + info->torn_bytes <= p->size);
    if (old) MUST(memcmp(now->data, old->data, size) == 0);
    MUST(memcmp(now->data + size, p->data + info->torn_offset, (size_t)info->torn_bytes) == 0);
}

static void go_on(const disk *before, disk *d, ministore_t *j, const fuzz_folder *f,
                  const ministore_cursor_options *options, const fuzz_reading *all) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err;
    uint64_t number;
    bool readable = all->ended == MINISTORE_DONE;
    ministore_status status = ministore_stat(j, &info, &err);
    if (status != MINISTORE_OK) { /* the archives are such that nobody can tell where they begin */
        MUST_BE(MINISTORE_CORRUPT, status, &err);
        MUST(!fuzz_is_clean(all));
        MUST_BE(MINISTORE_OK, ministore_close(j, &err), &err);
        return;
    }
    check_torn(before, d, &info);
    status = ministore_append(j, added, sizeof added - 1, &number, &err);
    if (status == MINISTORE_TOO_LARGE)
        readable = false; /* the numbers are used up */
    else {
        MUST_BE(MINISTORE_OK, status, &err);
        MUST(number == info.next_sequence);
    }
    if (readable) check_added(d, options, all, number);
    disk killed;
    if (f->flags & ABANDON) disk_copy(&killed, d);
    MUST_BE(MINISTORE_OK, ministore_close(j, &err), &err);
    if (f->flags & ABANDON) {
        if (readable) check_added(&killed, options, all, number);
        disk_free(&killed);
    } else if (readable) {
        check_added(d, options, all, number);
    }
}

/* Whether the first line, which is ended, is a header that may be opened, as far as its version goes. */
static bool is_header(const content *p) {
    static const char ours[] = "// MINISTORE JOURNAL v0.1.";
    size_t at = sizeof ours - 1, digits = 0;
    if (p->size <= at || memcmp(p->data, ours, at) != 0) return false;
    while (p->data[at + digits] >= '0' && p->data[at + digits] <= '9') digits++;
    char behind = p->data[at + digits];
    return digits > 0 && (behind == ' ' || behind == '\r' || behind == '\n');
}

static void check_open(const disk *before, const fuzz_folder *f, const ministore_cursor_options *options,
                       const fuzz_reading *all) {
    disk d;
    ministore_t *j;
    ministore_error err;
    ministore_options how = writer(f);
    const content *p = disk_get(before, "j");
    const bool ended = p && memchr(p->data, '\n', p->size) != NULL;
    disk_copy(&d, before);
    fuzz_fill_error(&err);
    ministore_status status = ministore__open(&j, &d.io, "j", &how, &err);
    if (status == MINISTORE_OK) {
        fuzz_check_untouched(&err);
        if (ended) MUST(is_header(p));
        go_on(before, &d, j, f, options, all);
    } else {
        fuzz_check_error(status, &err);
        MUST(j == NULL);
        if (ended) MUST(fuzz_same(before, &d, "j")); /* else its header was torn */
        MUST(fuzz_same(before, &d, "j.torn"));
    }
    fuzz_check_archives(before, &d);
    fuzz_check_handles(&d);
    disk_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_folder folder;
    disk d;
    fuzz_split(&folder, (fuzz_input){data, size});
    disk_init(&d, 512);
    d.no_links = folder.flags & NO_LINKS;
    fuzz_put(&d, &folder);
    const uint64_t hash = disk_hash(&d);
    const ministore_cursor_options options = reader(&folder);
    fuzz_reading all = fuzz_read(&d, "j", &options, false), batches = fuzz_read(&d, "j", &options, true);
    fuzz_check_same(&all, &batches);
    if (folder.flags & STOP_AT_BAD) check_stopping(&d, options, &all);
    if (fuzz_is_clean(&all)) check_from(&d, options, &all);
    check_streams(&d, options);
    check_verify(&d, &options, &all);
    MUST(disk_hash(&d) == hash); /* readers write nothing */
    fuzz_check_handles(&d);
    check_open(&d, &folder, &options, &all);
    free(all.items);
    free(batches.items);
    disk_free(&d);
    return 0;
}
