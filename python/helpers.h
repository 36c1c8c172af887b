/*
 * What the extension adds to the library, by its public interface alone: a journal that threads may close while others
 * use it, in one call into C each; and work on all records of a batch.
 */
#ifndef MINISTORE_PY_HELPERS_H
#define MINISTORE_PY_HELPERS_H

#include "ministore.h"

/** A journal and the count of calls on it that are under way. */
typedef struct ministore_py_journal ministore_py_journal;

/** What calls on a journal that was closed return, or leave in err->status; no status of the library's. */
enum { MINISTORE_PY_CLOSED = -1000 };

/** The calls of the library on a journal. NULL: `err` tells why it could not be opened. */
ministore_py_journal *ministore_py_open(const char *path, const ministore_options *options, ministore_error *err);
ministore_status ministore_py_sync(ministore_py_journal *journal, ministore_error *err);
ministore_status ministore_py_rotate(ministore_py_journal *journal, ministore_error *err);
ministore_status ministore_py_prune(ministore_py_journal *journal, uint64_t before, uint32_t *removed,
                                    ministore_error *err);
ministore_status ministore_py_stat(ministore_py_journal *journal, ministore_info *info, ministore_error *err);

/** Append, and return the number of the last record: 0 if there was none, or, with err->status negative, on failure. */
uint64_t ministore_py_append(ministore_py_journal *journal, const void *data, size_t size, ministore_error *err);
uint64_t ministore_py_append_batch(ministore_py_journal *journal, const void *data, size_t size, ministore_error *err);

/** Close it, once; a second time is fine. `wait`: for calls under way, a close among them. In a forked child there are
 *  none. */
ministore_status ministore_py_close(ministore_py_journal *journal, int wait, ministore_error *err);

/** Free what is left of it, closed or not, when nobody can call any more. */
void ministore_py_free(ministore_py_journal *journal);

/** Whether between the records stand line feeds alone, so that they need no search for white space. */
int ministore_py_is_plain(const ministore_batch *batch);

/** Write the records to `out`, which has batch->size bytes, with a line feed behind each; how many bytes that are. */
size_t ministore_py_join(const ministore_batch *batch, char *out);

#endif
