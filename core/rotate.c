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
    j->begin = j->end = j->allocated = f->size;
    j->crc = f->crc;
    j->lines = 0;
    j->no_allocation = j->missing = false;
}

static bool no_links(int result) {
    return result == -EPERM || result == -EOPNOTSUPP || result == -ENOSYS || result == -EMLINK || result == -EINVAL;
}

/* Give the active segment its archive's name too. Where links are not to be had that is its only name, *linked is
   false, and there is a moment without P, in which the old segment's lock guards it. */
static ministore_status name_archive(ministore_t *j, const char *archive, bool *linked, ministore_error *err) {
    const ministore__io *io = j->at.io;
    int result = io->link(io, j->at.folder, j->at.name, archive);
    *linked = !no_links(result);
    if (!*linked) result = io->rename(io, j->at.folder, j->at.name, archive, false);
    if (result < 0) return fail_io(j, result, archive, "cannot archive the segment", err);
    return ministore__sync_folder(j, err);
}

/* Take that back. */
static ministore_status unname_archive(ministore_t *j, const char *archive, bool linked, ministore_error *err) {
    const ministore__io *io = j->at.io;
    int result = linked ? io->unlink(io, j->at.folder, archive)
                        : io->rename(io, j->at.folder, archive, j->at.name, false);
    if (result < 0) return ministore__poison(j, result, "cannot undo a rotation", err);
    return ministore__sync_folder(j, err);
}

ministore_status ministore__install(ministore_t *j, uint64_t first, uint32_t prev, bool archive, ministore_error *err) {
    fresh f;
    char name[MINISTORE__NAME_SIZE];
    ministore__archive next = {.number = j->newest + 1, .digits = j->digits};
    bool replace = !j->missing;
    MINISTORE__TRY(make_fresh(j, &f, first, prev, err));
    ministore__archive_name(&j->at, &next, name);
    ministore_status status = archive ? name_archive(j, name, &replace, err) : MINISTORE_OK;
    if (status == MINISTORE_OK) {
        int result = j->at.io->rename(j->at.io, j->at.folder, f.name, j->at.name, replace);
        if (result < 0 && archive) status = unname_archive(j, name, replace, err);
        if (result < 0 && status == MINISTORE_OK)
            status = fail_io(j, result, f.name, "cannot give the new segment the journal's name", err);
    }
    if (status != MINISTORE_OK) {
        discard(j, &f);
        return status;
    }
    j->newest += archive;
    status = ministore__sync_folder(j, err);
    adopt(j, &f);
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
        MINISTORE__TRY(ministore__sync_folder(j, err));
        if (removed) (*removed)++;
    }
    return MINISTORE_OK;
}

static ministore_status retain(ministore_t *j, ministore_error *err) {
    if (j->options.max_segments == UINT32_MAX) return MINISTORE_OK;
    ministore__archives archives = {.active = -1};
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
    MINISTORE__TRY(settle(j, err));
    return ministore__install(j, ministore__next(j), ministore__digest(j), true, err);
}

ministore_status ministore__rotate(ministore_t *j, ministore_error *err) {
    if (j->lines == 0) return MINISTORE_OK;
    MINISTORE__TRY(archive_active(j, err));
    return retain(j, err);
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

/* How many of the oldest archives hold only records before `before`. */
static ministore_status choose(const ministore__archives *archives, uint64_t before, size_t *count,
                               ministore_error *err) {
    for (*count = 0; *count < archives->count; (*count)++) {
        uint64_t behind; /* the first record that is not in it */
        ministore_status status = ministore__first_of(archives, *count + 1, &behind, err);
        if (status != MINISTORE_OK || behind > before) return status;
    }
    return MINISTORE_OK;
}

/* Whether the header of a segment from `index` on tells where it begins. */
static bool numbers_told(const ministore__archives *archives, size_t index) {
    ministore__header header;
    for (; index <= archives->count; index++)
        if (ministore__segment_read(archives, index, &header, NULL) == 0 && header.first > 0) return true;
    return false;
}

static ministore_status prune_listed(ministore_t *j, prune *p, const ministore__archives *archives,
                                     ministore_error *err) {
    size_t count;
    MINISTORE__TRY(ministore__archives_check(archives, err));
    MINISTORE__TRY(choose(archives, p->before, &count, err));
    if (count > 0 && !numbers_told(archives, count))
        MINISTORE__TRY(j->lines > 0 ? archive_active(j, err) : ministore__renew(j, archives, err));
    return remove_archives(j, archives, count, &p->removed, err);
}

static ministore_status prune_alone(ministore_t *j, void *argument, ministore_error *err) {
    prune *p = argument;
    if (p->before == 0 || p->before > ministore__next(j))
        return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &(ministore__place){.path = j->at.path},
                                  "`before` is %llu and must be from 1 to %llu, the next sequence number",
                                  (unsigned long long)p->before, (unsigned long long)ministore__next(j));
    ministore__archives archives = {.active = j->file};
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
