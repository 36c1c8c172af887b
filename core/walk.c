/*
 * From segment to segment: which files a journal has while a writer rotates and prunes, and entering each in turn.
 * P is opened before the archives are listed, so that none falls between (docs/architecture.md, "Readers").
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

static ministore_status fail_io(const ministore_cursor_t *c, int64_t result, const char *what, ministore_error *err) {
    return ministore__fail_io(err, result, c->at.path, c->name[0] ? c->name : NULL, what);
}

/* Look at the segments, and for the folder first if it was not there. */
static ministore_status look(ministore_cursor_t *c, ministore_error *err) {
    if (c->at.folder < 0) {
        ministore__location again;
        MINISTORE__TRY(ministore__locate(&again, c->at.io, c->at.path, false, err));
        ministore__location_free(&c->at);
        c->at = again;
    }
    return ministore__look(&c->at, &c->archives, err);
}

/* ---- entering a segment ---- */

/* Compare what the header says with what was counted; the header's number is taken. */
static ministore_status check_numbers(ministore_cursor_t *c, const ministore__header *header, ministore_error *err) {
    ministore__place at = {.path = c->at.path, .segment = c->name, .line = 1};
    uint64_t counted = c->sequence;
    if (header->first > 0) c->sequence = header->first;
    if (c->unlinked && c->sequence != header->first)
        return ministore__fail_at(err, MINISTORE_PRUNED, &at, "the segment read last was removed, and this one does "
                                                              "not tell where it begins");
    if (c->unlinked && c->sequence > counted)
        return ministore__fail_at(err, MINISTORE_PRUNED, &at, "records %llu to %llu were removed before they were read",
                                  (unsigned long long)counted, (unsigned long long)c->sequence - 1);
    bool known = counted > 0 && !c->gap;
    c->unlinked = c->gap = false;
    if (known && c->sequence != counted)
        return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "first= is %llu, but the segment before ends with %llu",
                                  (unsigned long long)c->sequence, (unsigned long long)counted - 1);
    return MINISTORE_OK;
}

/* Compare the digest that the header carries with that of the segment just read; begin the next one's. */
static ministore_status check_digest(ministore_cursor_t *c, const ministore__header *header, ministore_error *err) {
    uint32_t before = c->crc;
    c->crc = header->crc;
    if (c->index == 0) return MINISTORE_OK;
    if (!header->has_prev) c->uncovered++;
    if (!header->has_prev || header->prev == before) return MINISTORE_OK;
    return ministore__fail_at(err, MINISTORE_CORRUPT, &(ministore__place){c->at.path, c->name, 1, 0, 0},
                              "prev= is crc32c:%08x, but the segment before has crc32c:%08x", (unsigned)header->prev,
                              (unsigned)before);
}

/* Behind a bad header a reader goes on with the second line. */
static ministore_status skip_header(ministore_cursor_t *c, ministore_status status, ministore_error *err) {
    int result = ministore__cursor_skip_line(c, NULL);
    c->line = 2;
    c->commit = c->sealed = c->offset;
    return result < 0 ? fail_io(c, result, "cannot read the segment", err) : status;
}

ministore_status ministore__cursor_header(ministore_cursor_t *c, ministore_error *err) {
    ministore__header header;
    ministore_status status = ministore__header_load(&c->at, c->name, c->file, c->active, &header, err);
    c->offset = c->sealed = c->commit = header.size;
    c->passed += header.size;
    c->line = header.size > 0 ? 2 : 0;
    if (status == MINISTORE_CORRUPT) return skip_header(c, status, err);
    if (status != MINISTORE_OK || c->line == 0) return status;
    ministore_status digest = c->digest ? check_digest(c, &header, err) : MINISTORE_OK;
    status = check_numbers(c, &header, digest == MINISTORE_OK ? err : NULL);
    return digest == MINISTORE_OK ? status : digest;
}

/* Begin with an open file, which is the cursor's from now on. */
ministore_status ministore__cursor_begin(ministore_cursor_t *c, int file, bool active, ministore_error *err) {
    if (c->file >= 0) c->at.io->close(c->at.io, c->file);
    c->file = file;
    c->active = active;
    c->size = 0;
    c->synced = c->suspect = c->torn_end = 0;
    int result = c->at.io->stat_file(c->at.io, file, &c->identity);
    return result < 0 ? fail_io(c, result, "cannot look at the segment", err) : ministore__cursor_header(c, err);
}

/* A listed segment is gone: look again whether the oldest were removed, or one in the middle is missing. */
static ministore_status vanished(ministore_cursor_t *c, uint64_t number, ministore_error *err) {
    MINISTORE__TRY(look(c, err));
    ministore__place at = {.path = c->at.path, .segment = c->name};
    if (c->archives.count == 0 || c->archives.items[0].number > number)
        return ministore__fail_at(err, MINISTORE_PRUNED, &at, "the segment was removed before it was read");
    for (c->index = c->archives.count - 1; c->archives.items[c->index].number > number;) c->index--;
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "the segment is missing, while older ones are there");
}

static ministore_status enter(ministore_cursor_t *c, ministore_error *err) {
    int file = c->archives.active;
    if (c->index == c->archives.count) {
        c->archives.active = -1;
        memcpy(c->name, c->at.name, sizeof c->name);
        return ministore__cursor_begin(c, file, true, err);
    }
    ministore__archive_name(&c->at, &c->archives.items[c->index], c->name);
    ministore_status status = ministore__open_regular(&c->at, c->name, 0, 0, &file, err);
    if (status == MINISTORE_NOT_A_FILE) err->status = status = MINISTORE_CORRUPT;
    if (status != MINISTORE_OK) return status;
    if (file < 0) return vanished(c, c->archives.items[c->index].number, err);
    return ministore__cursor_begin(c, file, false, err);
}

/* Look again, and find the segment being read among what is there. */
static ministore_status relocate(ministore_cursor_t *c, ministore_error *err) {
    ministore__stat stat;
    MINISTORE__TRY(look(c, err));
    if (c->file < 0) return MINISTORE_OK;
    if (c->archives.active >= 0 && c->at.io->stat_file(c->at.io, c->archives.active, &stat) == 0 &&
        ministore__same_file(&stat, &c->identity)) {
        c->index = c->archives.count;
        return MINISTORE_OK;
    }
    MINISTORE__TRY(ministore__find_file(&c->archives, 0, &c->identity, &c->index, err));
    if (c->index < c->archives.count) {
        ministore__archive_name(&c->at, &c->archives.items[c->index], c->name);
    } else {
        c->index = SIZE_MAX;
        c->unlinked = true;
    }
    return MINISTORE_OK;
}

/* Whether a segment is known behind the one being read. */
static bool has_next(const ministore_cursor_t *c) {
    size_t next = c->index + 1; /* SIZE_MAX + 1 is 0 */
    return next < c->archives.count || (next == c->archives.count && c->archives.active >= 0);
}

static bool is_readable(const ministore_cursor_t *c) {
    return c->index >= c->archives.count ||
           (c->archives.items[c->index].regular && c->archives.items[c->index].number <= UINT32_MAX);
}

ministore_status ministore__cursor_next_segment(ministore_cursor_t *c, ministore_error *err) {
    ministore_status status = MINISTORE_OK;
    if (c->options.scope == MINISTORE_STREAM) return MINISTORE_DONE;
    while (!c->told) {
        if (!has_next(c)) MINISTORE__TRY(relocate(c, err));
        if (!has_next(c)) return MINISTORE_DONE;
        c->index++;
        if (c->index < c->archives.count) status = ministore__archive_check(&c->archives, c->index, err);
        c->gap = status != MINISTORE_OK;
        c->told = is_readable(c); /* a fault of the set is told once; then the segment is entered if it can be */
        if (status != MINISTORE_OK) return status;
    }
    c->told = false;
    return enter(c, err);
}

ministore_status ministore__cursor_end_of_active(ministore_cursor_t *c, ministore_error *err) {
    ministore__stat stat;
    if (c->options.scope == MINISTORE_STREAM) return MINISTORE_DONE;
    int result = c->at.io->stat_name(c->at.io, c->at.folder, c->at.name, true, &stat);
    if (result == -ENOENT || (result == 0 && ministore__same_file(&stat, &c->identity))) return MINISTORE_DONE;
    if (result < 0) return fail_io(c, result, "cannot look at the journal", err);
    MINISTORE__TRY(relocate(c, err));
    c->active = c->index == c->archives.count;
    return c->active ? MINISTORE_DONE : MINISTORE_OK;
}

/* The newest segment whose header says that it begins at or before `from`; the oldest if none does. */
static ministore_status find(ministore_cursor_t *c, uint64_t from, size_t *index, ministore_error *err) {
    ministore__header header = {0};
    for (*index = c->archives.count + 1; *index > 0 && (header.first == 0 || header.first > from);) {
        int result = ministore__segment_read(&c->archives, --*index, &header, NULL);
        if (result < 0 && result != -ENOENT) /* pruned meanwhile: entering it tells */
            return fail_io(c, result, "cannot read the segments' headers", err);
    }
    return MINISTORE_OK;
}

/* Where to begin, by the options. DONE: there is nothing yet. */
static ministore_status choose(ministore_cursor_t *c, ministore_error *err) {
    size_t count = c->archives.count;
    if (count == 0 && c->archives.active < 0) return MINISTORE_DONE;
    c->index = 0;
    if (c->options.at_end) c->index = c->archives.active >= 0 ? count : count - 1;
    else if (c->options.from > 0) MINISTORE__TRY(find(c, c->options.from, &c->index, err));
    MINISTORE__TRY(ministore__first_of(&c->archives, c->index, &c->sequence, err));
    if (c->options.from == 0 || c->options.from >= c->sequence) return MINISTORE_OK;
    return ministore__fail_at(err, MINISTORE_PRUNED, &(ministore__place){.path = c->at.path},
                              "record %llu was removed; the oldest is %llu", (unsigned long long)c->options.from,
                              (unsigned long long)c->sequence);
}

ministore_status ministore__cursor_start(ministore_cursor_t *c, ministore_error *err) {
    ministore_status status = MINISTORE_OK;
    for (int i = 0; i < MINISTORE__LOOKS_MAX; i++) {
        status = look(c, err);
        if (status == MINISTORE_OK) status = choose(c, err);
        if (status == MINISTORE_OK) {
            c->index--; /* the segment before it, or none: SIZE_MAX */
            status = ministore__cursor_next_segment(c, err);
        }
        if (status != MINISTORE_PRUNED || c->options.from > 0) break; /* else begin with what is left */
    }
    if (status != MINISTORE_DONE) return status;
    c->index = SIZE_MAX;
    c->sequence = 1;
    return MINISTORE_OK;
}
