/*
 * From the name of a journal to a locked, whole active segment: who gets the lock, completing what a crash
 * interrupted, cutting a torn tail. The order of the steps is explained in docs/durability.md.
 */
#include "internal.h"

#include <errno.h>

enum { ATTEMPTS = 1000 }; /* each one lost to a rotation by another process */

static ministore_status fail_io(ministore_t *j, int result, const char *what, ministore_error *err) {
    return ministore__fail_io(err, result, j->at.path, NULL, what);
}

static ministore_status locked(ministore_t *j, ministore_error *err) {
    return ministore__fail_at(err, MINISTORE_LOCKED, &(ministore__place){.path = j->at.path},
                              "another writer has the journal open; close it there first");
}

/* Lock the open file: P, which must still have that name then, or while P is missing the newest archive, and P must
   not be back. *again: it is otherwise, start over. */
static ministore_status lock(ministore_t *j, bool *again, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore__stat held, named;
    int result = io->stat_file(io, j->file, &held);
    if (result == 0) result = io->lock(io, j->file);
    if (result == -EWOULDBLOCK) return locked(j, err);
    if (result < 0) return fail_io(j, result, "cannot lock the journal", err);
    result = io->stat_name(io, j->at.folder, j->at.name, false, &named);
    if (result < 0 && result != -ENOENT) return fail_io(j, result, "cannot look at the journal", err);
    *again = j->missing ? result == 0 : result < 0 || !ministore__same_file(&held, &named);
    return MINISTORE_OK;
}

/* Open and lock P, or the newest archive, or an empty P made for it. */
static ministore_status attempt(ministore_t *j, bool create, bool *again, ministore_error *err) {
    const int how = MINISTORE__WRITE | MINISTORE__NO_FOLLOW;
    char name[MINISTORE__NAME_SIZE];
    MINISTORE__TRY(ministore__open_regular(&j->at, j->at.name, how, 0, &j->file, err));
    if (j->file < 0) MINISTORE__TRY(ministore__list(&j->at, &j->archives, err));
    size_t count = j->archives.count;
    if (j->file < 0 && count > 0) {
        j->missing = true;
        MINISTORE__TRY(ministore__archive_check(&j->archives, count - 1, err));
        ministore__archive_name(&j->at, &j->archives.items[count - 1], name);
        MINISTORE__TRY(ministore__open_regular(&j->at, name, 0, 0, &j->file, err));
    } else if (j->file < 0) {
        j->created = true;
        if (!create) return fail_io(j, -ENOENT, "cannot open the journal", err);
        int make = how | MINISTORE__CREATE;
        MINISTORE__TRY(ministore__open_regular(&j->at, j->at.name, make, j->options.mode, &j->file, err));
    }
    *again = j->file < 0;
    return *again ? MINISTORE_OK : lock(j, again, err);
}

static ministore_status get_lock(ministore_t *j, bool create, ministore_error *err) {
    for (int i = 0; i < ATTEMPTS; i++) {
        bool again = false;
        j->missing = j->created = false;
        MINISTORE__TRY(attempt(j, create, &again, err));
        if (!again) return MINISTORE_OK;
        if (j->file >= 0) j->at.io->close(j->at.io, j->file);
        j->file = -1;
    }
    return locked(j, err);
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
    if (ministore__names_segment(j->at.name))
        return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &(ministore__place){.path = j->at.path},
                                  "a name that ends in a point and digits is an archived segment's, which never "
                                  "changes; give the journal's");
    MINISTORE__TRY(get_lock(j, create, err));
    if (!j->missing) MINISTORE__TRY(ministore__header_load(&j->at, j->at.name, j->file, true, &header, err));
    MINISTORE__TRY(ministore__list(&j->at, &j->archives, err));
    MINISTORE__TRY(ministore__archives_check(&j->archives, err));
    size_t listed = j->archives.count;
    j->archives.active = j->missing ? -1 : j->file;
    MINISTORE__TRY(ministore__drop_twin(&j->archives, err));
    j->two_names = j->archives.count < listed;
    j->begin = header.size;
    note_newest(j);
    return ministore__first_of(&j->archives, j->archives.count, &j->first, err);
}

ministore_status ministore__renew(ministore_t *j, const ministore__archives *archives, ministore_error *err) {
    ministore__header header;
    ministore__scan scan;
    int result = ministore__segment_read(archives, archives->count - 1, &header, &scan);
    if (result < 0) return fail_io(j, result, "cannot read the newest segment", err);
    return ministore__install(j, j->first, scan.crc, false, err);
}

/* The header of a journal's first segment, in place: nothing else is in the file. */
static ministore_status write_header(ministore_t *j, ministore_error *err) {
    const ministore__io *io = j->at.io;
    char line[MINISTORE__HEADER_MAX];
    size_t size = ministore__header_format(line, 0, 0);
    int result = io->truncate(io, j->file, 0);
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
    MINISTORE__TRY(remove_name(j, name, err));
    if (j->two_names) {
        ministore__archive_name(&j->at, &j->archives.items[j->archives.count], name);
        MINISTORE__TRY(remove_name(j, name, err));
    }
    if (j->begin > 0) return MINISTORE_OK;
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
    const int how = MINISTORE__WRITE | MINISTORE__CREATE | MINISTORE__NO_FOLLOW;
    ministore__stat stat;
    int mode = ministore__mode(j);
    int torn = mode < 0 ? mode : io->open_file(io, j->at.folder, name, how, (uint32_t)mode);
    if (torn < 0) return torn;
    int result = io->stat_file(io, torn, &stat);
    if (result == 0 && stat.kind != MINISTORE__FILE) result = -EINVAL;
    if (result == 0 && stat.size == 0) result = io->set_mode(io, torn, (uint32_t)mode);
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
        return ministore__fail_io(err, result, j->at.path, name, "cannot save the torn tail, so it is not cut");
    result = j->at.io->truncate(j->at.io, j->file, from);
    if (result == 0) result = j->at.io->sync(j->at.io, j->file);
    return result < 0 ? fail_io(j, result, "cannot cut the torn tail", err) : MINISTORE_OK;
}

static ministore_status check_hole(ministore_t *j, const ministore__scan *scan, ministore_error *err) {
    if (!scan->hole) return MINISTORE_OK;
    uint64_t before = scan->hole_lines;
    ministore__place at = {j->at.path, j->at.name, before + 2, j->first + before, scan->hole_offset};
    return ministore__fail_at(err, MINISTORE_CORRUPT, &at,
                              "the line holds NULs, and records follow; see ministore_repair");
}

/* Whether the lines of the last commit are JSON; one too long to look at is left alone. */
static ministore_status check_last_commit(ministore_t *j, const ministore__scan *scan, ministore_error *err) {
    if (scan->last_commit == scan->end) return MINISTORE_OK;
    ministore_cursor_t *c;
    MINISTORE__TRY(ministore__cursor_at(&c, j, scan->last_commit, scan->last_commit_lines, err));
    ministore_status status;
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
        ministore__place at = {j->at.path, j->at.name, scan->lines + 2, 0, scan->end};
        return ministore__fail_at(err, MINISTORE_TORN, &at, "a torn tail of %llu bytes begins here, and torn_tail "
                                                            "says to refuse it", (unsigned long long)torn);
    }
    MINISTORE__TRY(ministore__cut(j, scan->end, scan->torn_end, err));
    j->torn_bytes = torn;
    j->torn_offset = torn > 0 ? scan->end : 0;
    return MINISTORE_OK;
}

ministore_status ministore__recover(ministore_t *j, ministore_error *err) {
    const ministore__io *io = j->at.io;
    ministore__scan scan;
    int result = ministore__scan_file(io, j->file, j->begin, MINISTORE__SCAN_TAIL | MINISTORE__SCAN_CRC, &scan);
    if (result < 0) return fail_io(j, result, "cannot read the journal", err);
    MINISTORE__TRY(check_hole(j, &scan, err));
    MINISTORE__TRY(check_last_commit(j, &scan, err));
    MINISTORE__TRY(trim(j, &scan, err));
    j->end = j->allocated = scan.end;
    j->lines = scan.lines;
    j->crc = scan.crc;
    result = io->sync(io, j->file);
    if (result == 0) result = io->sync(io, j->at.folder);
    if (result < 0) return fail_io(j, result, "cannot sync the journal", err);
    j->durable = ministore__next(j) - 1;
    return MINISTORE_OK;
}
