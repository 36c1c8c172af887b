/*
 * The archived segments beside a journal: listing them, what is wrong with the set, where their numbers begin.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_regular(const ministore__location *location, const char *name, ministore__kind kind) {
    if (kind == MINISTORE__FILE || kind == MINISTORE__OTHER) return kind == MINISTORE__FILE;
    ministore__stat stat;
    int result = location->io->stat_name(location->io, location->folder, name, true, &stat);
    return result == 0 ? stat.kind == MINISTORE__FILE : result != -ENOENT; /* else opening it tells */
}

static int each(void *context, const char *name, ministore__kind kind) {
    ministore__archives *out = context;
    size_t size = strlen(out->at->name);
    if (strncmp(name, out->at->name, size) != 0 || name[size] != '.') return 0;
    const char *suffix = name + size + 1;
    size_t digits = strspn(suffix, "0123456789");
    if (digits == 0 || suffix[digits] != '\0') return 0;
    if ((out->count & (out->count - 1)) == 0) { /* there is room for a power of two */
        ministore__archive *items = realloc(out->items, (out->count ? 2 * out->count : 1) * sizeof *items);
        if (!items) return -ENOMEM;
        out->items = items;
    }
    out->items[out->count++] = (ministore__archive){
        .number = strtoull(suffix, NULL, 10), /* the greatest beyond 64 bits */
        .digits = (uint32_t)digits,
        .regular = is_regular(out->at, name, kind),
    };
    return 0;
}

static int by_number(const void *left, const void *right) {
    const ministore__archive *a = left, *b = right;
    if (a->number != b->number) return a->number < b->number ? -1 : 1;
    return a->digits < b->digits ? -1 : a->digits > b->digits;
}

ministore_status ministore__list(const ministore__location *location, ministore__archives *out, ministore_error *err) {
    out->at = location;
    out->count = 0;
    if (location->folder < 0) return MINISTORE_OK;
    int result = location->io->list(location->io, location->folder, each, out);
    if (result < 0) return ministore__fail_io(err, result, location->path, NULL, "cannot list the journal's folder");
    if (out->count > 1) qsort(out->items, out->count, sizeof *out->items, by_number);
    return MINISTORE_OK;
}

void ministore__archive_name(const ministore__location *location, const ministore__archive *archive,
                             char name[MINISTORE__NAME_SIZE]) {
    int size = snprintf(name, MINISTORE__NAME_SIZE, "%s.%0*llu", location->name, (int)archive->digits,
                        (unsigned long long)archive->number);
    if (size >= MINISTORE__NAME_SIZE) name[0] = '\0'; /* no file can have it */
}

ministore_status ministore__archive_check(const ministore__archives *archives, size_t index, ministore_error *err) {
    const ministore__archive *item = &archives->items[index];
    char name[MINISTORE__NAME_SIZE];
    ministore__place at = {.path = archives->at->path, .segment = name};
    ministore__archive_name(archives->at, item, name);
    const char *wrong = NULL;
    if (item->number > UINT32_MAX) {
        wrong = "its number is beyond 32 bits; move the file away if it is not the journal's";
    } else if (!item->regular) {
        wrong = "it has a segment's name and is no regular file; move it away if it is not the journal's";
    } else if ((index > 0 && item->number == item[-1].number) ||
               (index + 1 < archives->count && item->number == item[1].number)) {
        wrong = "another segment has the same number";
    } else if (index > 0 && item->number != item[-1].number + 1) {
        ministore__archive missing = {.number = item[-1].number + 1, .digits = item[-1].digits};
        ministore__archive_name(archives->at, &missing, name);
        wrong = "the segment is missing, while older ones are there";
    }
    return wrong ? ministore__fail_at(err, MINISTORE_CORRUPT, &at, "%s", wrong) : MINISTORE_OK;
}

ministore_status ministore__archives_check(const ministore__archives *archives, ministore_error *err) {
    for (size_t i = 0; i < archives->count; i++) MINISTORE__TRY(ministore__archive_check(archives, i, err));
    return MINISTORE_OK;
}

ministore_status ministore__open_regular(const ministore__location *location, const char *name, int how, uint32_t mode,
                                         int *file, ministore_error *err) {
    const ministore__io *io = location->io;
    ministore__stat stat;
    *file = -1;
    int result = -ENOENT;
    if (location->folder >= 0)
        result = io->stat_name(io, location->folder, name, !(how & MINISTORE__NO_FOLLOW), &stat);
    if (result == 0 && stat.kind != MINISTORE__FILE)
        return ministore__fail_at(err, MINISTORE_NOT_A_FILE, &(ministore__place){location->path, name, 0, 0, 0},
                                  "it is no regular file");
    if (result == 0 || (result == -ENOENT && how & MINISTORE__CREATE))
        result = io->open_file(io, location->folder, name, how, mode);
    if (result < 0 && result != -ENOENT)
        return ministore__fail_io(err, result, location->path, name, "cannot open the file");
    if (result >= 0) *file = result;
    return MINISTORE_OK;
}

int ministore__segment_read(const ministore__archives *archives, size_t index, ministore__header *header,
                            ministore__scan *scan) {
    const ministore__io *io = archives->at->io;
    char name[MINISTORE__NAME_SIZE];
    ministore__header_state state;
    int file = archives->active;
    *header = (ministore__header){0};
    if (scan) *scan = (ministore__scan){0};
    if (index < archives->count) {
        if (!archives->items[index].regular) return 0;
        ministore__archive_name(archives->at, &archives->items[index], name);
        file = io->open_file(io, archives->at->folder, name, 0, 0);
        if (file < 0) return file;
    }
    if (file < 0) return 0;
    int result = ministore__header_read(io, file, header, &state);
    if (result == 0 && scan) result = ministore__scan_file(io, file, 0, MINISTORE__SCAN_CRC, scan);
    if (scan && scan->ended > 0) scan->ended--; /* the header */
    if (file != archives->active) io->close(io, file);
    return result;
}

/* Whether segment `index` is the one behind `index` - 1; counting does not reach over a gap. */
static bool joined(const ministore__archives *archives, size_t index) {
    return index == archives->count || archives->items[index].number == archives->items[index - 1].number + 1;
}

/* Count on from the nearest older header that tells a number, else back from the nearest newer one, else from 1. If
   there are more records than a newer one has room for, 1 too: its header is where that is noticed. */
ministore_status ministore__first_of(const ministore__archives *archives, size_t index, uint64_t *out,
                                     ministore_error *err) {
    ministore__header header;
    ministore__scan scan;
    uint64_t older = 0, newer = 0; /* lines between */
    size_t i = index;
    int result = ministore__segment_read(archives, i, &header, NULL);
    while (result == 0 && header.first == 0 && i > 0 && joined(archives, i)) {
        result = ministore__segment_read(archives, --i, &header, &scan);
        older += scan.ended;
    }
    *out = (header.first > 0 ? header.first : 1) + older;
    for (i = index; result == 0 && header.first == 0 && i < archives->count && joined(archives, i + 1); i++) {
        result = ministore__segment_read(archives, i, &header, &scan);
        newer += scan.ended;
        if (result == 0) result = ministore__segment_read(archives, i + 1, &header, NULL);
        if (header.first > 0) *out = header.first > newer ? header.first - newer : 1;
    }
    if (result == -ENOENT)
        return ministore__fail_at(err, MINISTORE_PRUNED, &(ministore__place){.path = archives->at->path},
                                  "a segment was removed meanwhile");
    return result < 0 ? ministore__fail_io(err, result, archives->at->path, NULL, "cannot read the archived segments")
                      : MINISTORE_OK;
}

ministore_status ministore__find_file(const ministore__archives *archives, size_t least, const ministore__stat *file,
                                      size_t *index, ministore_error *err) {
    const ministore__location *at = archives->at;
    ministore__stat named = {0};
    char name[MINISTORE__NAME_SIZE];
    for (*index = archives->count; (*index)-- > least;) {
        ministore__archive_name(at, &archives->items[*index], name);
        int result = at->io->stat_name(at->io, at->folder, name, true, &named);
        if (result == 0 && ministore__same_file(file, &named)) return MINISTORE_OK;
        if (result < 0 && result != -ENOENT)
            return ministore__fail_io(err, result, at->path, name, "cannot look at the segment");
    }
    *index = archives->count;
    return MINISTORE_OK;
}

ministore_status ministore__drop_twin(ministore__archives *archives, ministore_error *err) {
    const ministore__location *at = archives->at;
    ministore__stat file = {0}, named = {0};
    if (archives->count == 0 || archives->active < 0) return MINISTORE_OK;
    int result = at->io->stat_file(at->io, archives->active, &file);
    if (result == 0) result = at->io->stat_name(at->io, at->folder, at->name, true, &named);
    if (result < 0 && result != -ENOENT)
        return ministore__fail_io(err, result, at->path, NULL, "cannot look at the journal");
    bool moved = result < 0 || !ministore__same_file(&file, &named);
    size_t index;
    MINISTORE__TRY(ministore__find_file(archives, moved ? 0 : archives->count - 1, &file, &index, err));
    archives->count = index;
    return MINISTORE_OK;
}

ministore_status ministore__look(const ministore__location *location, ministore__archives *archives,
                                 ministore_error *err) {
    for (int i = 0; i < MINISTORE__LOOKS_MAX; i++) {
        if (archives->active >= 0) location->io->close(location->io, archives->active);
        MINISTORE__TRY(ministore__open_regular(location, location->name, 0, 0, &archives->active, err));
        MINISTORE__TRY(ministore__list(location, archives, err));
        if (ministore__archives_check(archives, NULL) == MINISTORE_OK) break;
    }
    return ministore__drop_twin(archives, err);
}

static ministore_status sum_bytes(const ministore__archives *archives, uint64_t *bytes, ministore_error *err) {
    const ministore__location *at = archives->at;
    ministore__stat stat = {0};
    char name[MINISTORE__NAME_SIZE];
    int result = archives->active < 0 ? 0 : at->io->stat_file(at->io, archives->active, &stat);
    *bytes = stat.size;
    for (size_t i = 0; i < archives->count && result == 0; i++) {
        ministore__archive_name(at, &archives->items[i], name);
        result = at->io->stat_name(at->io, at->folder, name, true, &stat);
        if (result == 0) *bytes += stat.size;
        else if (result == -ENOENT) result = 0; /* pruned meanwhile */
    }
    return result < 0 ? ministore__fail_io(err, result, at->path, NULL, "cannot look at the segments")
                      : MINISTORE_OK;
}

ministore_status ministore__survey(const ministore__location *location, uint32_t *segments, uint64_t *bytes,
                                   uint64_t *first, ministore_error *err) {
    ministore__archives archives = {.active = -1};
    ministore_status status = MINISTORE_PRUNED;
    for (int i = 0; i < MINISTORE__LOOKS_MAX && status == MINISTORE_PRUNED; i++) { /* while we looked: once more */
        status = ministore__look(location, &archives, err);
        if (status == MINISTORE_OK) status = sum_bytes(&archives, bytes, err);
        if (status == MINISTORE_OK) status = ministore__first_of(&archives, 0, first, err);
    }
    *segments = (uint32_t)archives.count + (archives.active >= 0);
    if (archives.active >= 0) location->io->close(location->io, archives.active);
    free(archives.items);
    return status;
}
