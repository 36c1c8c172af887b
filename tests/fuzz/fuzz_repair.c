/*
 * Repair of arbitrary bytes: afterwards the active segment has no fault, no number has changed, nothing before the
 * damage is lost, what was cut is in P.torn, and the archives are as they were. What it must cut is told here by a few
 * lines of their own.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20 }; /* for every line of an input */

static bool is_good(const char *line, size_t size) {
    size_t offset;
    return ministore__json_check(line, size, MINISTORE__JSON_LENIENT, &offset) == NULL;
}

/* The end of the longest run of whole commits whose lines are all records, from behind the header on. */
static size_t expected_cut(const content *p, size_t header) {
    size_t cut = header;
    for (size_t at = header; at < p->size;) {
        const char *newline = memchr(p->data + at, '\n', p->size - at);
        if (!newline) break;
        size_t length = (size_t)(newline - p->data) - at;
        if (length == 0 || !is_good(p->data + at, length)) break;
        at += length + 1;
        if (newline[-1] != '\t') cut = at;
    }
    return cut;
}

static ministore_cursor_options reader(void) {
    ministore_cursor_options options;
    MUST(ministore_cursor_options_init(&options, sizeof options) == MINISTORE_OK);
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    options.max_record_bytes = ROOM;
    return options;
}

/* The active segment is what was there up to the cut; what was behind it, but for NULs at the end, is in P.torn. */
static void check_cut(const disk *before, const disk *after, const ministore_repair_info *info) {
    const content *p = disk_get(before, "j"), *now = disk_get(after, "j");
    const content *torn_before = disk_get(before, "j.torn"), *torn = disk_get(after, "j.torn");
    const char *newline = p ? memchr(p->data, '\n', p->size) : NULL;
    if (!newline) { /* the header was missing or torn, and was made */
        MUST(info->cut_bytes == 0 && now && memchr(now->data, '\n', now->size) == now->data + now->size - 1);
        return;
    }
    size_t cut = expected_cut(p, (size_t)(newline - p->data) + 1), end = p->size;
    while (end > cut && p->data[end - 1] == '\0') end--;
    MUST(now && now->size == cut && memcmp(now->data, p->data, cut) == 0);
    MUST(info->cut_bytes == end - cut);
    MUST(info->cut_offset == (end > cut ? cut : 0));
    size_t kept = torn_before ? torn_before->size : 0;
    if (end == cut) {
        MUST(fuzz_same(before, after, "j.torn"));
        return;
    }
    MUST(torn && torn->size == kept + (end - cut));
    if (torn_before) MUST(memcmp(torn->data, torn_before->data, kept) == 0);
    MUST(memcmp(torn->data + kept, p->data + cut, end - cut) == 0);
}

/* All that is read now was read before, with the same number and at the same place; what is missing was cut. */
static void check_records(const fuzz_reading *before, const fuzz_reading *after, const ministore_repair_info *info) {
    size_t at = 0, lost = 0;
    for (size_t i = 0; i < before->count; i++) {
        const fuzz_outcome *old = &before->items[i];
        if (old->status != MINISTORE_OK) continue;
        while (at < after->count && after->items[at].status != MINISTORE_OK) at++;
        bool stays = at < after->count && after->items[at].sequence == old->sequence &&
                     after->items[at].crc == old->crc && strcmp(after->items[at].segment, old->segment) == 0;
        if (stays)
            MUST(after->items[at++].offset == old->offset);
        else
            MUST(strcmp(old->segment, "j") == 0 && old->offset >= info->cut_offset && ++lost > 0);
    }
    MUST(lost == info->cut_records);
    MUST(before->records == after->records + lost);
}

static void check_active_segment(disk *d) {
    ministore_cursor_options options = reader();
    options.scope = MINISTORE_STREAM;
    fuzz_reading active = fuzz_read(d, "j", &options, true);
    MUST(fuzz_is_clean(&active) && active.info.torn_bytes == 0);
    free(active.items);
}

static void check_open(disk *d, const ministore_repair_info *info, bool clean) {
    ministore_t *j;
    ministore_error err;
    ministore_info found = {.struct_size = sizeof found};
    MUST_BE(MINISTORE_OK, ministore__open(&j, &d->io, "j", NULL, &err), &err);
    ministore_status status = ministore_stat(j, &found, &err);
    if (status == MINISTORE_OK)
        MUST(found.next_sequence == info->next_sequence && found.torn_bytes == 0);
    else
        MUST(status == MINISTORE_CORRUPT && !clean); /* bad archives, which repair leaves as they are */
    MUST_BE(MINISTORE_OK, ministore_close(j, &err), &err);
}

static void check_repaired(const disk *before, disk *d, const fuzz_reading *was, const ministore_repair_info *info) {
    const ministore_cursor_options options = reader();
    check_cut(before, d, info);
    check_active_segment(d);
    fuzz_reading now = fuzz_read(d, "j", &options, true);
    if (was->ended == MINISTORE_DONE) { /* otherwise archives that cannot be read to their end hide the rest */
        MUST(now.ended == MINISTORE_DONE && now.info.next_sequence == info->next_sequence);
        check_records(was, &now, info);
    }
    check_open(d, info, fuzz_is_clean(&now));
    free(now.items);
    ministore_repair_info again = {.struct_size = sizeof again};
    ministore_error err;
    MUST_BE(MINISTORE_OK, ministore__repair(&d->io, "j", 0, ROOM, &again, &err), &err);
    MUST(again.cut_bytes == 0 && again.next_sequence == info->next_sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_folder folder;
    disk before, d;
    ministore_error err, dry_err;
    ministore_repair_info info = {.struct_size = sizeof info}, dry = info;
    if (size > ROOM) return 0;
    fuzz_split(&folder, (fuzz_input){data, size});
    disk_init(&before, 512);
    fuzz_put(&before, &folder);
    const ministore_cursor_options options = reader();
    fuzz_reading was = fuzz_read(&before, "j", &options, true);
    const uint64_t hash = disk_hash(&before);
    ministore_status would = ministore__repair(&before.io, "j", 1, ROOM, &dry, &dry_err);
    MUST(disk_hash(&before) == hash); /* a dry run changes nothing */
    disk_copy(&d, &before);
    fuzz_fill_error(&err);
    ministore_status status = ministore__repair(&d.io, "j", 0, ROOM, &info, &err);
    MUST(status == would);
    MUST(memcmp(&info, &dry, sizeof info) == 0);
    fuzz_check_archives(&before, &d);
    fuzz_check_handles(&d);
    if (status == MINISTORE_OK) {
        fuzz_check_untouched(&err);
        check_repaired(&before, &d, &was, &info);
        fuzz_check_archives(&before, &d);
    } else {
        fuzz_check_error(status, &err);
        MUST(fuzz_same(&before, &d, "j.torn"));
        if (folder.there[FUZZ_ACTIVE]) MUST(fuzz_same(&before, &d, "j"));
    }
    free(was.items);
    disk_free(&before);
    disk_free(&d);
    return 0;
}
