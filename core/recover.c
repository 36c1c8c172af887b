/*
 * From the name of a journal to a locked, whole active segment: who gets the lock, completing what a crash
 * interrupted, cutting a torn tail. The order of the steps is explained in docs/durability.md.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 1000 }; /* each one lost to a rotation by another process */

static ministore_status fail_io(ministore_t *j, int result, const char *what, ministore_error *err) {
    return ministore__fail_io(err, result, j->at.path, NULL, what);
}

static ministore_status fail(ministore_t *j, ministore_status status, const char *what, ministore_error *err) {
    return ministore__fail_at(err, status, &(ministore__place){.path = j->at.path}, "%s", what);
}

static ministore_status locked(ministore_t *j, ministore_error *err) {
    return fail(j, MINISTORE_LOCKED, "another writer has the journal open; close it there first", err);
}

/* Open P, or make it; OK and file -1 if it is not there and not to be made. */
static ministore_status open_active(ministore_t *j, bool create, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore__stat stat;
    int result = io->stat_name(io, j->at.folder, j->at.name, false, &stat);
    if (result == -ENOENT && !create) return MINISTORE_OK;
    if (result < 0 && result != -ENOENT) return fail_io(j, result, "cannot look at the journal", err);
    bool fresh = result == -ENOENT;
    if (!fresh && stat.kind != MINISTORE__FILE) return fail(j, MINISTORE_NOT_A_FILE, "it is no regular file", err);
    int how = MINISTORE__WRITE | MINISTORE__NO_FOLLOW | (fresh ? MINISTORE__CREATE : 0);
    j->file = io->open_file(io, j->at.folder, j->at.name, how, j->options.mode);
    if (j->file == -ENOENT && !fresh) {
        j->file = -1;
        return MINISTORE_OK;
    }
    if (j->file < 0) return fail_io(j, j->file, "cannot open the journal for writing", err);
    j->created = fresh;
    return MINISTORE_OK;
}

/* Lock the open file and see whether it still has the name P. *again: it has not, start over. */
static ministore_status lock_active(ministore_t *j, bool *again, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore__stat held, named;
    int result = io->stat_file(io, j->file, &held);
    if (result == 0 && held.kind != MINISTORE__FILE) return fail(j, MINISTORE_NOT_A_FILE, "it is no regular file", err);
    if (result == 0) result = io->lock(io, j->file);
    if (result == -EWOULDBLOCK) return locked(j, err);
    if (result < 0) return fail_io(j, result, "cannot lock the journal", err);
    result = io->stat_name(io, j->at.folder, j->at.name, false, &named);
    if (result < 0 && result != -ENOENT) return fail_io(j, result, "cannot look at the journal", err);
    *again = result == -ENOENT || !ministore__same_file(&held, &named);
    return MINISTORE_OK;
}

/* P is missing while archives are there: lock the newest, and look for P again. */
static ministore_status lock_newest(ministore_t *j, const ministore__archives *archives, bool *again,
                                    ministore_error *err) {
    const ministore__io *io = j->at.io;
    char name[MINISTORE__NAME_SIZE];
    ministore__stat stat;
    ministore_status status = ministore__archive_check(&j->at, archives, archives->count - 1, err);
    if (status != MINISTORE_OK) return status;
    ministore__archive_name(&j->at, &archives->items[archives->count - 1], name);
    j->file = io->open_file(io, j->at.folder, name, 0, 0);
    *again = j->file == -ENOENT;
    if (*again) return MINISTORE_OK;
    if (j->file < 0) return ministore__fail_io(err, j->file, j->at.path, name, "cannot open the segment");
    int result = io->lock(io, j->file);
    if (result == -EWOULDBLOCK) return locked(j, err);
    if (result < 0) return fail_io(j, result, "cannot lock the newest segment", err);
    result = io->stat_name(io, j->at.folder, j->at.name, false, &stat);
    if (result < 0 && result != -ENOENT) return fail_io(j, result, "cannot look at the journal", err);
    *again = result == 0;
    j->missing = !*again;
    return MINISTORE_OK;
}

static ministore_status attempt(ministore_t *j, bool create, bool *again, ministore_error *err) {
    ministore_status status = open_active(j, false, err);
    if (status != MINISTORE_OK || j->file >= 0) {
        return status == MINISTORE_OK ? lock_active(j, again, err) : status;
    }
    ministore__archives archives = {0};
    status = ministore__list(&j->at, &archives, err);
    if (status == MINISTORE_OK && archives.count > 0) status = lock_newest(j, &archives, again, err);
    else if (status == MINISTORE_OK && !create) status = fail_io(j, -ENOENT, "cannot open the journal", err);
    else if (status == MINISTORE_OK) {
        status = open_active(j, true, err);
        if (status == MINISTORE_OK && j->file >= 0) status = lock_active(j, again, err);
    }
    free(archives.items);
    return status;
}

static void let_go(ministore_t *j) {
    if (j->file >= 0) j->at.io->close(j->at.io, j->file);
    j->file = -1;
    j->missing = false;
}

static ministore_status get_lock(ministore_t *j, bool create, ministore_error *err) {
    for (int i = 0; i < ATTEMPTS; i++) {
        bool again = false;
        ministore_status status = attempt(j, create, &again, err);
        if (status != MINISTORE_OK || !again) return status;
        let_go(j);
    }
    return locked(j, err);
}

static ministore_status check_header(ministore_t *j, ministore__header *header, ministore_error *err) {
    ministore__header_state state = MINISTORE__HEADER_TORN;
    if (!j->missing) {
        int result = ministore__header_read(j->at.io, j->file, header, &state);
        if (result < 0) return fail_io(j, result, "cannot read the journal's header", err);
    }
    ministore__place at = {.path = j->at.path, .segment = j->at.name, .line = 1};
    if (state == MINISTORE__HEADER_BAD)
        return ministore__fail_at(err, MINISTORE_BAD_HEADER, &at, "the first line is not a journal's header; "
                                                                  "the file is left as it is");
    if (state == MINISTORE__HEADER_UNSUPPORTED)
        return ministore__fail_at(err, MINISTORE_UNSUPPORTED_VERSION, &at,
                                  "the journal's format version is not 0.1.x; a newer ministore is needed");
    j->begin = header->size;
    j->has_first = header->first != 0;
    return MINISTORE_OK;
}

static void note_newest(ministore_t *j) {
    j->digits = 3;
    for (size_t i = 0; i < j->archives.count; i++) {
        j->newest = j->archives.items[i].number;
        if (j->archives.items[i].digits > j->digits) j->digits = j->archives.items[i].digits;
    }
}

ministore_status ministore__acquire(ministore_t *j, bool create, ministore_error *err) {
    ministore__header header = {0};
    ministore_status status = get_lock(j, create, err);
    if (status == MINISTORE_OK) status = check_header(j, &header, err);
    if (status == MINISTORE_OK) status = ministore__list(&j->at, &j->archives, err);
    if (status == MINISTORE_OK) status = ministore__archives_check(&j->at, &j->archives, err);
    if (status != MINISTORE_OK) return status;
    int twin = j->missing ? 0 : ministore__drop_twin(&j->at, &j->archives, j->file);
    if (twin < 0) return fail_io(j, twin, "cannot look at the newest segment", err);
    j->two_names = twin > 0;
    note_newest(j);
    int active = j->begin > 0 ? j->file : -1;
    return ministore__first_of(&j->at, &j->archives, active, j->archives.count, &j->first, err);
}

/* CRC-32C of the newest archive. */
static ministore_status newest_digest(ministore_t *j, const ministore__archives *archives, uint32_t *crc,
                                      ministore_error *err) {
    const ministore__io *io = j->at.io;
    char name[MINISTORE__NAME_SIZE];
    ministore__scan scan = {0};
    ministore__archive_name(&j->at, &archives->items[archives->count - 1], name);
    int file = io->open_file(io, j->at.folder, name, 0, 0);
    int result = file < 0 ? file : ministore__scan_file(io, file, 0, MINISTORE__SCAN_CRC, &scan);
    if (file >= 0) io->close(io, file);
    *crc = scan.crc;
    return result < 0 ? ministore__fail_io(err, result, j->at.path, name, "cannot read the segment") : MINISTORE_OK;
}

ministore_status ministore__renew(ministore_t *j, const ministore__archives *archives, ministore_error *err) {
    uint32_t crc = 0;
    ministore_status status = newest_digest(j, archives, &crc, err);
    return status == MINISTORE_OK ? ministore__install(j, j->first, crc, err) : status;
}

/* Sync the folder that holds the journal's: the last of the folders that a killed process made may not be durable. */
static int sync_outer_folder(const ministore_t *j) {
    const ministore__io *io = j->at.io;
    int outer = io->open_folder(io, j->at.folder, "..");
    int result = outer < 0 ? outer : io->sync(io, outer);
    if (outer >= 0) io->close(io, outer);
    return result == -EIO ? result : 0; /* where it cannot be synced it is not ours */
}

/* The header of a journal's first segment, in place: nothing else is in the file. */
static ministore_status write_header(ministore_t *j, ministore_error *err) {
    const ministore__io *io = j->at.io;
    char line[MINISTORE__HEADER_MAX];
    size_t size = ministore__header_format(line, 0, 0);
    int result = sync_outer_folder(j);
    if (result == 0) result = io->truncate(io, j->file, 0);
    if (result == 0 && j->created) result = io->set_mode(io, j->file, j->options.mode);
    if (result == 0) result = io->write(io, j->file, line, size, 0);
    if (result < 0) (void)io->truncate(io, j->file, 0);
    if (result < 0) return fail_io(j, result, "cannot write the header", err);
    j->begin = size;
    return MINISTORE_OK;
}

static ministore_status remove_name(ministore_t *j, const char *name, ministore_error *err) {
    int result = j->at.io->unlink(j->at.io, j->at.folder, name);
    if (result == 0) return ministore__sync_folder(j, err);
    return result == -ENOENT ? MINISTORE_OK
                             : ministore__fail_io(err, result, j->at.path, name, "cannot remove what a crash left");
}

ministore_status ministore__complete(ministore_t *j, ministore_error *err) {
    char name[MINISTORE__NAME_SIZE];
    ministore__sibling(&j->at, ".new", name);
    ministore_status status = remove_name(j, name, err);
    if (status == MINISTORE_OK && j->two_names) {
        ministore__archive_name(&j->at, &j->archives.items[j->archives.count], name);
        status = remove_name(j, name, err);
    }
    if (status != MINISTORE_OK || j->begin > 0) return status;
    return j->archives.count > 0 ? ministore__renew(j, &j->archives, err) : write_header(j, err);
}

/* Copy [from, to) of the active segment to the end of `torn`. */
static int copy_tail(ministore_t *j, int torn, uint64_t size, uint64_t from, uint64_t to) {
    const ministore__io *io = j->at.io;
    char chunk[16384];
    while (from < to) {
        size_t want = to - from < sizeof chunk ? (size_t)(to - from) : sizeof chunk;
        int64_t n = io->read(io, j->file, chunk, want, from);
        if (n <= 0) return n < 0 ? (int)n : -EIO;
        int result = io->write(io, torn, chunk, (size_t)n, size);
        if (result < 0) return result;
        from += (uint64_t)n;
        size += (uint64_t)n;
    }
    return io->sync(io, torn);
}

int ministore__mode(const ministore_t *j) {
    ministore__stat stat;
    int result = j->at.io->stat_file(j->at.io, j->file, &stat);
    return result < 0 ? result : (int)stat.mode;
}

static int save_tail(ministore_t *j, const char *name, uint64_t from, uint64_t to) {
    const ministore__io *io = j->at.io;
    ministore__stat stat;
    int how = MINISTORE__WRITE | MINISTORE__NO_FOLLOW;
    int torn = io->open_file(io, j->at.folder, name, how, 0), mode = ministore__mode(j);
    bool fresh = torn == -ENOENT;
    if (fresh && mode < 0) return mode;
    if (fresh)
        torn = io->open_file(io, j->at.folder, name, how | MINISTORE__CREATE | MINISTORE__EXCLUSIVE, (uint32_t)mode);
    if (torn < 0) return torn;
    int result = fresh ? io->set_mode(io, torn, (uint32_t)mode) : 0;
    if (result == 0) result = io->stat_file(io, torn, &stat);
    if (result == 0 && stat.kind != MINISTORE__FILE) result = -EINVAL;
    if (result == 0) {
        result = copy_tail(j, torn, stat.size, from, to);
        if (result < 0) (void)io->truncate(io, torn, stat.size);
    }
    io->close(io, torn);
    return result < 0 ? result : io->sync(io, j->at.folder);
}

ministore_status ministore__cut(ministore_t *j, uint64_t from, uint64_t to, ministore_error *err) {
    char name[MINISTORE__NAME_SIZE];
    ministore__sibling(&j->at, ".torn", name);
    int result = from < to ? save_tail(j, name, from, to) : 0;
    if (result < 0)
        return ministore__fail_io(err, result, j->at.path, name, "cannot save the journal's torn tail, so it is not cut");
    result = j->at.io->truncate(j->at.io, j->file, from);
    if (result == 0) result = j->at.io->sync(j->at.io, j->file);
    return result < 0 ? fail_io(j, result, "cannot cut the torn tail", err) : MINISTORE_OK;
}

static ministore_status check_hole(ministore_t *j, const ministore__scan *scan, ministore_error *err) {
    if (!scan->hole) return MINISTORE_OK;
    ministore__place at = {.path = j->at.path,
                           .segment = j->at.name,
                           .line = scan->hole_lines + 2,
                           .sequence = j->first + scan->hole_lines,
                           .offset = scan->hole_offset};
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at, "the line holds NULs, and records follow; see ministore_repair");
}

/* Whether the lines of the last commit are JSON; one too long to look at is left alone. */
static ministore_status check_last_commit(ministore_t *j, const ministore__scan *scan, ministore_error *err) {
    if (scan->last_commit == scan->end) return MINISTORE_OK;
    ministore_cursor_t *c;
    ministore_status status = ministore__cursor_at(&c, j, scan->last_commit, scan->last_commit_lines, err);
    if (status != MINISTORE_OK) return status;
    ministore_batch batch;
    ministore_error cause;
    do status = ministore_cursor_next_batch(c, &batch, &cause);
    while (status == MINISTORE_OK || status == MINISTORE_TOO_LARGE);
    ministore_cursor_close(c);
    if (status == MINISTORE_DONE) return MINISTORE_OK;
    if (err) *err = cause;
    return status;
}

static ministore_status trim(ministore_t *j, const ministore__scan *scan, ministore_error *err) {
    if (scan->size == scan->end) return MINISTORE_OK;
    uint64_t torn = scan->torn_end - scan->end;
    if (torn > 0 && j->options.torn_tail == MINISTORE_TORN_TAIL_REFUSE) {
        ministore__place at = {.path = j->at.path,
                               .segment = j->at.name,
                               .line = scan->lines + 2,
                               .offset = scan->end};
        return ministore__fail_at(err, MINISTORE_TORN, &at, "a torn tail of %llu bytes begins here, and torn_tail "
                                                            "says to refuse it", (unsigned long long)torn);
    }
    ministore_status status = ministore__cut(j, scan->end, scan->torn_end, err);
    if (status != MINISTORE_OK || torn == 0) return status;
    j->torn_bytes = torn;
    j->torn_offset = scan->end;
    return MINISTORE_OK;
}

ministore_status ministore__recover(ministore_t *j, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore__scan scan;
    int result = ministore__scan_file(io, j->file, j->begin, MINISTORE__SCAN_TAIL | MINISTORE__SCAN_CRC, &scan);
    if (result < 0) return fail_io(j, result, "cannot read the journal", err);
    ministore_status status = check_hole(j, &scan, err);
    if (status == MINISTORE_OK) status = check_last_commit(j, &scan, err);
    if (status == MINISTORE_OK) status = trim(j, &scan, err);
    if (status != MINISTORE_OK) return status;
    j->end = j->allocated = scan.end;
    j->lines = scan.lines;
    j->crc = scan.crc;
    result = io->sync(io, j->file);
    if (result == 0) result = io->sync(io, j->at.folder);
    if (result < 0) return fail_io(j, result, "cannot sync the journal", err);
    j->durable = ministore__next(j) - 1;
    return MINISTORE_OK;
}
