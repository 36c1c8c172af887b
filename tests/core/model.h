/*
 * A journal of numbered records: record n has a text that n alone determines, so that whatever is read after a fault
 * or a crash can be compared with what was promised.
 */
#ifndef MINISTORE_TESTS_MODEL_H
#define MINISTORE_TESTS_MODEL_H

#include "../../core/internal.h"

enum { MODEL_COMMITS_MAX = 256, MODEL_PADDING_MAX = 5000, MODEL_TEXT_MAX = 128 + MODEL_PADDING_MAX, MODEL_BATCH_MAX = 64 };

/** By how many bytes all texts are longer than they would be: 0, unless a test wants records longer than a sector. */
extern size_t model_padding;

/** What a journal may hold: all up to `promised`, and then as many whole commits as were begun. */
typedef struct {
    uint64_t promised;                /* last sequence number acknowledged as durable */
    uint64_t ends[MODEL_COMMITS_MAX]; /* last numbers of commits behind it that were written, but not yet promised */
    size_t written;                   /* how many those are */
    uint64_t attempt;                 /* last number of a commit whose outcome is open; 0: none */
    uint64_t removable;               /* records up to this number may have been removed */
} model;

/** Write the text of record n to `out`, of MODEL_TEXT_MAX bytes; its size. */
size_t model_text(uint64_t n, char *out);

/** Append the next `count` records as one commit, and note what that promises. */
ministore_status model_append(model *m, ministore_t *j, unsigned count, ministore_error *err);

/** Sync, rotate or close, after which all that was written is promised. */
ministore_status model_sync(model *m, ministore_t *j, ministore_error *err);
ministore_status model_rotate(model *m, ministore_t *j, ministore_error *err);
ministore_status model_close(model *m, ministore_t *j, ministore_error *err);

/** Prune all before a sequence number; of which afterwards some may be missing. */
ministore_status model_prune(model *m, ministore_t *j, uint64_t before, ministore_error *err);

/**
 * Read the journal with a cursor. NULL if it holds what it may; otherwise what is wrong (a static string).
 * `last` receives the last number read; without records it is what the cursor says is next, less one.
 */
const char *model_check(const model *m, const ministore__io *io, const char *path, uint64_t *last);

/** What was found is what the journal is from now on. */
void model_settle(model *m, uint64_t last);

#endif
