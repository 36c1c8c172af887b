/*
 * Rotation, retention and prune: names change in an order that is safe at every instant (docs/durability.md).
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

static ministore_status fail_io(ministore_t *j, int result, const char *name, const char *what, ministore_error *err) {
    return ministore__fail_io(err, result, j->at.path, name, what);
}

/* A new segment before it has the name P. */
typedef struct {
    int file;
    char name[MINISTORE__NAME_SIZE];
    size_t size;
    uint32_t crc;
    uint64_t first;
} fresh;

static void discard(ministore_t *j, fresh *f) {
    j->at.io->close(j->at.io, f->file);
    (void)j->at.io->unlink(j->at.io, j->at.folder, f->name);
}

/* Make P.new with its header, locked and synced. */
static ministore_status make_fresh(ministore_t *j, fresh *f, uint64_t first, uint32_t prev, ministore_error *err) {
    const ministore__io *io = j->at.io;
    char line[MINISTORE__HEADER_MAX];
    int how = MINISTORE__WRITE | MINISTORE__CREATE | MINISTORE__EXCLUSIVE | MINISTORE__NO_FOLLOW;
    ministore__sibling(&j->at, ".new", f->name);
    if (first > INT64_MAX)
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &(ministore__place){.path = j->at.path},
                                  "the sequence numbers are used up");
    f->first = first;
    f->size = ministore__header_format(line, first, prev);
    f->crc = ministore__crc32c(0, line, f->size);
    int mode = ministore__mode(j);
    f->file = mode < 0 ? mode : io->open_file(io, j->at.folder, f->name, how, (uint32_t)mode);
    if (f->file < 0) return fail_io(j, f->file, f->name, "cannot make the next segment", err);
    int result = io->set_mode(io, f->file, (uint32_t)mode);
    if (result == 0) result = io->lock(io, f->file);
    if (result == 0) result = io->write(io, f->file, line, f->size, 0);
    if (result == 0) result = io->sync(io, f->file);
    if (result == 0) return MINISTORE_OK;
    discard(j, f);
    return fail_io(j, result, f->name, "cannot make the next segment", err);
}

/* The new segment has the name P: let go of the old one, and its lock. */
static void adopt(ministore_t *j, const fresh *f) {
    j->at.io->close(j->at.io, j->file);
    j->file = f->file;
    j->first = f->first;
    j->has_first = true;
    j->begin = j->end = j->allocated = f->size;
    j->crc = f->crc;
    j->lines = 0;
    j->no_allocation = false;
}

ministore_status ministore__install(ministore_t *j, uint64_t first, uint32_t prev, ministore_error *err) {
    fresh f;
    ministore_status status = make_fresh(j, &f, first, prev, err);
    if (status != MINISTORE_OK) return status;
    int result = j->at.io->rename(j->at.io, j->at.folder, f.name, j->at.name, !j->missing);
    if (result < 0) {
        discard(j, &f);
        return fail_io(j, result, f.name, "cannot give the new segment the journal's name", err);
    }
    adopt(j, &f);
    j->missing = false;
    return ministore__sync_folder(j, err);
}

static bool no_links(int result) {
    return result == -EPERM || result == -EOPNOTSUPP || result == -ENOSYS || result == -EMLINK || result == -EINVAL;
}

/* A second name for the active segment, then the new one over its first. */
static ministore_status swap_by_link(ministore_t *j, fresh *f, const char *archive, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore_status status = ministore__sync_folder(j, err);
    if (status != MINISTORE_OK) return status;
    int result = io->rename(io, j->at.folder, f->name, j->at.name, true);
    if (result == 0) return MINISTORE_OK;
    (void)io->unlink(io, j->at.folder, archive);
    status = ministore__sync_folder(j, err);
    return status == MINISTORE_OK ? fail_io(j, result, f->name, "cannot give the new segment the journal's name", err)
                                  : status;
}

/* Where links are not to be had: there is a moment without P, in which the old segment's lock guards it. */
static ministore_status swap_by_rename(ministore_t *j, fresh *f, const char *archive, ministore_error *err) {
    const ministore__io *io = j->at.io;
    int result = io->rename(io, j->at.folder, j->at.name, archive, false);
    if (result < 0) return fail_io(j, result, archive, "cannot archive the segment", err);
    ministore_status status = ministore__sync_folder(j, err);
    if (status != MINISTORE_OK) return status;
    result = io->rename(io, j->at.folder, f->name, j->at.name, false);
    if (result == 0) return MINISTORE_OK;
    status = fail_io(j, result, f->name, "cannot give the new segment the journal's name", err);
    result = io->rename(io, j->at.folder, archive, j->at.name, false);
    if (result < 0) return ministore__poison(j, result, "cannot undo a rotation", err);
    (void)ministore__sync_folder(j, NULL);
    return status;
}

static ministore_status swap(ministore_t *j, fresh *f, ministore_error *err) {
    char archive[MINISTORE__NAME_SIZE];
    ministore__archive next = {.number = j->newest + 1, .digits = j->digits};
    ministore__archive_name(&j->at, &next, archive);
    int result = j->at.io->link(j->at.io, j->at.folder, j->at.name, archive);
    if (result < 0 && !no_links(result)) return fail_io(j, result, archive, "cannot archive the segment", err);
    ministore_status status = result == 0 ? swap_by_link(j, f, archive, err) : swap_by_rename(j, f, archive, err);
    if (status == MINISTORE_OK) j->newest++;
    return status;
}

/* Trim, and sync what manual sync has left open: an archive must be whole. */
static ministore_status settle(ministore_t *j, ministore_error *err) {
    int result = 0;
    if (j->allocated > j->end) {
        result = j->at.io->truncate(j->at.io, j->file, j->end);
        if (result < 0) return fail_io(j, result, NULL, "cannot trim the segment", err);
        j->allocated = j->end;
    }
    result = j->at.io->sync(j->at.io, j->file);
    if (result < 0) return ministore__poison(j, result, "cannot sync the segment", err);
    j->durable = ministore__next(j) - 1;
    return MINISTORE_OK;
}

/* Remove archives [0, count), oldest first, each durably: a crash leaves no gap. */
static ministore_status remove_archives(ministore_t *j, const ministore__archives *archives, size_t count,
                                        uint32_t *removed, ministore_error *err) {
    char name[MINISTORE__NAME_SIZE];
    for (size_t i = 0; i < count; i++) {
        ministore__archive_name(&j->at, &archives->items[i], name);
        int result = j->at.io->unlink(j->at.io, j->at.folder, name);
        if (result < 0) return fail_io(j, result, name, "cannot remove the segment", err);
        ministore_status status = ministore__sync_folder(j, err);
        if (status != MINISTORE_OK) return status;
        if (removed) (*removed)++;
    }
    return MINISTORE_OK;
}

static ministore_status retain(ministore_t *j, ministore_error *err) {
    if (j->options.max_segments == UINT32_MAX) return MINISTORE_OK;
    ministore__archives archives = {0};
    ministore_status status = ministore__list(&j->at, &archives, err);
    size_t keep = j->options.max_segments - 1;
    if (status == MINISTORE_OK && archives.count > keep)
        status = remove_archives(j, &archives, archives.count - keep, NULL, err);
    free(archives.items);
    return status;
}

static ministore_status archive_active(ministore_t *j, ministore_error *err) {
    if (j->newest >= UINT32_MAX)
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &(ministore__place){.path = j->at.path},
                                  "the segment numbers are used up");
    ministore_status status = settle(j, err);
    if (status != MINISTORE_OK) return status;
    fresh f;
    status = make_fresh(j, &f, ministore__next(j), j->crc, err);
    if (status != MINISTORE_OK) return status;
    status = swap(j, &f, err);
    if (status != MINISTORE_OK) {
        discard(j, &f);
        return status;
    }
    status = ministore__sync_folder(j, err);
    adopt(j, &f);
    return status;
}

ministore_status ministore__rotate(ministore_t *j, ministore_error *err) {
    if (j->lines == 0) return MINISTORE_OK;
    ministore_status status = archive_active(j, err);
    return status == MINISTORE_OK ? retain(j, err) : status;
}

static ministore_status rotate_alone(ministore_t *j, void *argument, ministore_error *err) {
    (void)argument;
    return ministore__rotate(j, err);
}

ministore_status ministore_rotate(ministore_t *journal, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    return ministore__exclusively(journal, rotate_alone, NULL, false, err);
}

/* ---- prune ---- */

typedef struct {
    uint64_t before;
    uint32_t removed;
} prune;

/* First sequence number behind archive `index`, whose own is `first`. */
static int first_behind(ministore_t *j, const ministore__archives *archives, size_t index, uint64_t first,
                        uint64_t *out) {
    ministore__header header = {.first = j->first};
    uint64_t lines = 0;
    int result = 0;
    if (index + 1 < archives->count)
        result = ministore__archive_read(&j->at, &archives->items[index + 1], &header, NULL);
    *out = header.first;
    if (result < 0 || header.first > 0) return result;
    result = ministore__archive_read(&j->at, &archives->items[index], &header, &lines);
    *out = first + lines;
    return result;
}

/* How many of the oldest archives hold only records before `before`. */
static ministore_status choose(ministore_t *j, const ministore__archives *archives, uint64_t before, size_t *count,
                               ministore_error *err) {
    uint64_t first;
    *count = 0;
    ministore_status status = ministore__first_of(&j->at, archives, j->file, 0, &first, err);
    while (status == MINISTORE_OK && *count < archives->count) {
        int result = first_behind(j, archives, *count, first, &first);
        if (result < 0) return fail_io(j, result, NULL, "cannot read the archived segments", err);
        if (first > before) break;
        (*count)++;
    }
    return status;
}

/* Whether the header of a segment from `index` on tells where it begins. */
static bool numbers_told(ministore_t *j, const ministore__archives *archives, size_t index) {
    ministore__header header;
    for (; index < archives->count && !j->has_first; index++)
        if (ministore__archive_read(&j->at, &archives->items[index], &header, NULL) == 0 && header.first > 0) return true;
    return j->has_first;
}

static ministore_status prune_listed(ministore_t *j, prune *p, const ministore__archives *archives,
                                     ministore_error *err) {
    size_t count;
    ministore_status status = ministore__archives_check(&j->at, archives, err);
    if (status == MINISTORE_OK) status = choose(j, archives, p->before, &count, err);
    if (status != MINISTORE_OK || count == 0) return status;
    if (!numbers_told(j, archives, count))
        status = j->lines > 0 ? archive_active(j, err) : ministore__renew(j, archives, err);
    return status == MINISTORE_OK ? remove_archives(j, archives, count, &p->removed, err) : status;
}

static ministore_status prune_alone(ministore_t *j, void *argument, ministore_error *err) {
    prune *p = argument;
    if (p->before == 0 || p->before > ministore__next(j))
        return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &(ministore__place){.path = j->at.path},
                                  "`before` is %llu and must be from 1 to %llu, the next sequence number",
                                  (unsigned long long)p->before, (unsigned long long)ministore__next(j));
    ministore__archives archives = {0};
    ministore_status status = ministore__list(&j->at, &archives, err);
    if (status == MINISTORE_OK) status = prune_listed(j, p, &archives, err);
    free(archives.items);
    return status;
}

ministore_status ministore_prune(ministore_t *journal, uint64_t before, uint32_t *removed_out, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    prune p = {.before = before};
    ministore_status status = ministore__exclusively(journal, prune_alone, &p, false, err);
    if (removed_out) *removed_out = p.removed;
    return status;
}
