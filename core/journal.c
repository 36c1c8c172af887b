/*
 * The handle of a writer: options, open, stat, close.
 */
#include "internal.h"

#include <stdlib.h>

enum { RECORD_BYTES_DEFAULT = 64 << 20, RECORD_BYTES_MAX = 1 << 30, MODE_DEFAULT = 0600 };

static const ministore_options defaults = {
    .struct_size = sizeof(ministore_options),
    .mode = MODE_DEFAULT,
    .max_bytes_per_segment = UINT64_MAX,
    .max_segments = UINT32_MAX,
    .sync = MINISTORE_SYNC_ALWAYS,
    .torn_tail = MINISTORE_TORN_TAIL_CUT,
    .max_record_bytes = RECORD_BYTES_DEFAULT,
};

ministore_status ministore_options_init(ministore_options *options, size_t struct_size) {
    if (!options || struct_size != sizeof defaults) return MINISTORE_INVALID_ARGUMENT;
    *options = defaults;
    return MINISTORE_OK;
}

static const char *wrong_option(const ministore_options *o) {
    if (o->struct_size != sizeof defaults) return "struct_size is not this library's: use ministore_options_init";
    if (o->mode > 0777) return "mode holds more than permission bits";
    if (o->max_bytes_per_segment == 0) return "max_bytes_per_segment is 0";
    if (o->max_segments == 0) return "max_segments is 0; 1 keeps the active segment alone";
    if (o->sync > MINISTORE_SYNC_MANUAL) return "sync is none of its values";
    if (o->torn_tail > MINISTORE_TORN_TAIL_REFUSE) return "torn_tail is none of its values";
    if (o->max_record_bytes == 0 || o->max_record_bytes > RECORD_BYTES_MAX)
        return "max_record_bytes is not from 1 to 1 GiB";
    if (o->preallocate_bytes > INT64_MAX) return "preallocate_bytes is beyond any file's size";
    if (o->reserved != 0) return "reserved is not zero";
    return NULL;
}

/* In a forked child the queue is left as it is: threads of the parent may stand in it. */
void ministore__drop(ministore_t *j) {
    bool ours = ministore__owned(j->at.io, &j->owner);
    if (j->file >= 0) j->at.io->close(j->at.io, j->file);
    ministore__disown(j->at.io, &j->owner);
    ministore__location_free(&j->at);
    free(j->archives.items);
    if (ours) ministore__queue_free(j);
    free(j->buffer.data);
    free(j->spare.data);
    free(j);
}

static ministore_status open_located(ministore_t *j, ministore_error *err) {
    MINISTORE__TRY(ministore__acquire(j, true, err));
    MINISTORE__TRY(ministore__complete(j, err));
    return ministore__recover(j, err);
}

ministore_status ministore__new(ministore_t **out, const ministore__io *io, const char *path,
                                const ministore_options *options, bool writer, ministore_error *err) {
    ministore_t *j = calloc(1, sizeof *j);
    if (!j) return ministore__fail(err, MINISTORE_NO_MEMORY, "%s: out of memory", path);
    j->options = options ? *options : defaults;
    j->file = -1;
    ministore_status status = ministore__locate(&j->at, io, path, writer, err);
    if (status != MINISTORE_OK) {
        free(j);
        return status;
    }
    ministore__queue_init(j);
    ministore__shapes_init(&j->shapes);
    ministore__own(io, &j->owner);
    *out = j;
    return MINISTORE_OK;
}

ministore_status ministore__open(ministore_t **out, const ministore__io *io, const char *path,
                                 const ministore_options *options, ministore_error *err) {
    if (out) *out = NULL;
    if (!out || !path) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "out and path must not be NULL");
    const char *wrong = options ? wrong_option(options) : NULL;
    const ministore__place at = {.path = path};
    if (wrong) return ministore__fail_at(err, MINISTORE_INVALID_ARGUMENT, &at, "%s", wrong);
    ministore_t *j;
    MINISTORE__TRY(ministore__new(&j, io, path, options, true, err));
    ministore_status status = open_located(j, err);
    if (status == MINISTORE_OK) *out = j;
    else ministore__drop(j);
    return status;
}

ministore_status ministore_open(ministore_t **out, const char *path, const ministore_options *options,
                                ministore_error *err) {
    return ministore__open(out, &ministore__posix, path, options, err);
}

static ministore_status stat_alone(ministore_t *j, void *argument, ministore_error *err) {
    ministore_info info = {.struct_size = sizeof info,
                           .next_sequence = ministore__next(j),
                           .durable_sequence = j->durable,
                           .torn_bytes = j->torn_bytes,
                           .torn_offset = j->torn_offset};
    MINISTORE__TRY(ministore__survey(&j->at, &info.segments, &info.bytes, &info.first_sequence, err));
    if (j->allocated > j->end) info.bytes -= j->allocated - j->end;
    *(ministore_info *)argument = info;
    return MINISTORE_OK;
}

ministore_status ministore_stat(ministore_t *journal, ministore_info *info, ministore_error *err) {
    if (!journal || !info) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal and info must not be NULL");
    if (!ministore__struct_size_fits(info->struct_size, sizeof *info))
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "set info's struct_size to its size first");
    return ministore__exclusively(journal, stat_alone, info, true, err);
}

/* A failed trim leaves NULs, which the next open trims. */
static ministore_status settle(ministore_t *j, ministore_error *err) {
    if (j->poisoned) return MINISTORE_OK;
    if (j->allocated > j->end) (void)j->at.io->truncate(j->at.io, j->file, j->end);
    return ministore__flush(j, err);
}

ministore_status ministore_close(ministore_t *journal, ministore_error *err) {
    if (!journal) return MINISTORE_OK;
    ministore_status status = ministore__owned(journal->at.io, &journal->owner) ? settle(journal, err) : MINISTORE_OK;
    ministore__drop(journal);
    return status;
}
