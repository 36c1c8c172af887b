/*
 * Care: verify reads everything and changes nothing; repair cuts a damaged end off the active segment.
 */
#include "internal.h"

/* A reader that goes on behind bad lines. */
static ministore_status open_reader(ministore_cursor_t **out, const ministore__io *io, const char *path,
                                    uint64_t max_record_bytes, bool digest, ministore_error *err) {
    ministore_cursor_options options;
    (void)ministore_cursor_options_init(&options, sizeof options);
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    options.max_record_bytes = max_record_bytes;
    return ministore__cursor_open(out, io, path, &options, digest, err);
}

/* ---- verify ---- */

/* Read on to the end; the first problem is the answer, the others are counted. */
static ministore_status read_all(ministore_cursor_t *c, ministore_verify_info *info, ministore_error *err) {
    ministore_status first = MINISTORE_OK;
    ministore_batch batch;
    for (;;) {
        ministore_status status = ministore_cursor_next_batch(c, &batch, first == MINISTORE_OK ? err : NULL);
        __atomic_store_n(&info->bytes, c->passed, __ATOMIC_RELAXED); /* another thread may look meanwhile */
        if (status == MINISTORE_DONE) return first;
        if (status == MINISTORE_OK) {
            info->records += batch.count;
            continue;
        }
        if (first == MINISTORE_OK) first = status;
        info->problems++;
        if (status != MINISTORE_CORRUPT && status != MINISTORE_TOO_LARGE) return first;
    }
}

static ministore_status sum_up(ministore_cursor_t *c, ministore_verify_info *info, ministore_error *err) {
    ministore_cursor_info found = {.struct_size = sizeof found};
    MINISTORE__TRY(ministore_cursor_stat(c, &found, err));
    info->segments = found.segments;
    info->bytes = found.bytes;
    info->torn_bytes = found.torn_bytes;
    info->first_sequence = found.first_sequence;
    info->next_sequence = found.next_sequence;
    info->uncovered = c->uncovered;
    return MINISTORE_OK;
}

ministore_status ministore__verify(const ministore__io *io, const char *path, uint64_t max_record_bytes,
                                   ministore_verify_info *info, ministore_error *err) {
    ministore_verify_info own = {.struct_size = sizeof own};
    ministore_cursor_t *c;
    if (info && !ministore__struct_size_fits(info->struct_size, sizeof *info))
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "set info's struct_size to its size first");
    if (info) *info = own;
    else info = &own;
    ministore_status status = open_reader(&c, io, path, max_record_bytes, true, err);
    if (status != MINISTORE_OK) {
        info->problems = 1;
        return status;
    }
    status = read_all(c, info, err);
    ministore_status summed = sum_up(c, info, status == MINISTORE_OK ? err : NULL);
    ministore_cursor_close(c);
    return status == MINISTORE_OK ? summed : status;
}

ministore_status ministore_verify(const char *path, uint64_t max_record_bytes, ministore_verify_info *info,
                                  ministore_error *err) {
    return ministore__verify(&ministore__posix, path, max_record_bytes, info, err);
}

/* ---- repair ---- */

/* What a repair cuts off the active segment, and keeps. */
typedef struct {
    bool bad;       /* there is a bad line; otherwise a torn tail, or nothing */
    uint64_t cut;   /* where the commit of the first bad line begins */
    uint64_t lines; /* ended lines before that */
    uint64_t good;  /* records behind */
    uint64_t end;   /* of what is to be saved */
} damage;

/* Read the active segment to its end. */
static ministore_status assess(ministore_cursor_t *c, damage *d, ministore_error *err) {
    ministore_record record;
    uint64_t in_commit = 0;
    for (;;) {
        ministore_error error;
        uint64_t commit = c->commit, line = c->line;
        ministore_status status = ministore_cursor_next(c, &record, &error);
        if (status == MINISTORE_DONE) break;
        if (status == MINISTORE_CORRUPT && !d->bad)
            *d = (damage){.bad = true, .cut = commit, .lines = line - 2 - in_commit, .good = in_commit};
        else if (status == MINISTORE_OK && d->bad) d->good++;
        else if (status != MINISTORE_OK && status != MINISTORE_CORRUPT) {
            if (err) *err = error;
            return status;
        }
        in_commit = c->commit == commit ? in_commit + 1 : 0;
    }
    if (!d->bad) *d = (damage){.cut = c->offset, .lines = c->line - 2};
    d->end = c->torn_end;
    return MINISTORE_OK;
}

/* Only a failing system keeps it from counting what it can: damage there is for verify to report. */
static ministore_status count_archived(ministore_t *j, uint64_t *bad_lines, ministore_error *err) {
    ministore_cursor_t *c;
    ministore_batch batch;
    ministore_error cause;
    if (j->archives.count == 0) return MINISTORE_OK;
    ministore_status status = open_reader(&c, j->at.io, j->at.path, j->options.max_record_bytes, false, &cause);
    while (c && (status == MINISTORE_OK || status == MINISTORE_CORRUPT || status == MINISTORE_TOO_LARGE)) {
        status = ministore_cursor_next_batch(c, &batch, &cause);
        if (c->active) break;
        *bad_lines += status == MINISTORE_CORRUPT || status == MINISTORE_TOO_LARGE;
    }
    ministore_cursor_close(c);
    if (status != MINISTORE_IO && status != MINISTORE_NO_MEMORY) return MINISTORE_OK;
    if (err) *err = cause;
    return status;
}

/* Find the damage, and cut it off unless `dry_run`. The journal is locked, P is there with a good header. */
static ministore_status mend(ministore_t *j, bool dry_run, ministore_repair_info *info, ministore_error *err) {
    damage d = {0};
    ministore__scan scan;
    ministore_cursor_t *c;
    MINISTORE__TRY(ministore__cursor_at(&c, j, j->begin, 0, err));
    ministore_status status = assess(c, &d, err);
    ministore_cursor_close(c);
    if (status != MINISTORE_OK) return status;
    int result = ministore__scan_file(j->at.io, j->file, d.cut, 0, &scan);
    if (result < 0) return ministore__fail_io(err, result, j->at.path, NULL, "cannot read the journal");
    if (d.end < scan.torn_end) d.end = scan.torn_end;
    info->next_sequence = j->first + d.lines;
    info->cut_bytes = d.end - d.cut;
    info->cut_offset = info->cut_bytes > 0 ? d.cut : 0;
    info->cut_lines = scan.ended;
    info->cut_records = d.good;
    return dry_run || scan.size == d.cut ? MINISTORE_OK : ministore__cut(j, d.cut, d.end, err);
}

static ministore_status repair(ministore_t *j, bool dry_run, ministore_repair_info *info, ministore_error *err) {
    MINISTORE__TRY(ministore__acquire(j, false, err));
    if (!dry_run) MINISTORE__TRY(ministore__complete(j, err));
    info->next_sequence = j->first;
    MINISTORE__TRY(count_archived(j, &info->archived_bad_lines, err));
    return j->begin > 0 ? mend(j, dry_run, info, err) : MINISTORE_OK;
}

ministore_status ministore__repair(const ministore__io *io, const char *path, uint32_t dry_run,
                                   uint64_t max_record_bytes, ministore_repair_info *info, ministore_error *err) {
    ministore_repair_info own = {.struct_size = sizeof own};
    ministore_options options;
    ministore_t *j;
    if (!path || dry_run > 1 || max_record_bytes == 0 || max_record_bytes > 1 << 30)
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT,
                               "path must not be NULL, dry_run is 0 or 1, max_record_bytes from 1 to 1 GiB");
    if (info && !ministore__struct_size_fits(info->struct_size, sizeof *info))
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "set info's struct_size to its size first");
    (void)ministore_options_init(&options, sizeof options);
    options.max_record_bytes = max_record_bytes;
    MINISTORE__TRY(ministore__new(&j, io, path, &options, false, err));
    ministore_status status = repair(j, dry_run, &own, err);
    ministore__drop(j);
    if (info) *info = own;
    return status;
}

ministore_status ministore_repair(const char *path, uint32_t dry_run, uint64_t max_record_bytes,
                                  ministore_repair_info *info, ministore_error *err) {
    return ministore__repair(&ministore__posix, path, dry_run, max_record_bytes, info, err);
}
