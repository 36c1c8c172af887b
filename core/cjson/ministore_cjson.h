/*
 * ministore_cjson: records of a journal as cJSON trees. A library of its own on ministore and the system's cJSON.
 *
 * Not for data that must come back exactly: cJSON holds every number as a double, so that integers beyond 2^53 are
 * rounded; it writes NaN and the infinities as null; and it ends a string at its first \u0000. Where that matters
 * use ministore_append and ministore_cursor_next, which keep every byte.
 *
 * The conventions are those of ministore.h. cJSON keeps the place of its last error in a global variable, which
 * nothing here reads.
 */
#ifndef MINISTORE_CJSON_H
#define MINISTORE_CJSON_H

#include <cjson/cJSON.h>

#include "ministore.h"

#if defined(MINISTORE_EMBED)
#define MINISTORE_CJSON_API MINISTORE_EXTERN __attribute__((visibility("hidden")))
#else
#define MINISTORE_CJSON_API MINISTORE_EXTERN __attribute__((visibility("default")))
#endif

/**
 * Append a tree as one record, written without white space, and make it durable as ministore_append does.
 *
 * @param journal       An open journal. Any thread may call.
 * @param tree          The record; borrowed.
 * @param sequence_out  Receives the record's sequence number. May be NULL.
 * @param err           Receives the details of a failure. May be NULL.
 * @return As ministore_append;
 *         MINISTORE_INVALID_ARGUMENT   journal or tree is NULL;
 *         MINISTORE_INVALID_JSON       the tree has a string that is not UTF-8, raw text that is not JSON or more
 *                                      than 128 levels; nothing was written;
 *         MINISTORE_NO_MEMORY          cJSON could not write the tree; nothing was written.
 */
MINISTORE_CJSON_API ministore_status ministore_cjson_append(ministore_t *journal, const cJSON *tree,
                                                            uint64_t *sequence_out, ministore_error *err);

/**
 * Read the next record as a tree.
 *
 * @param cursor    An open cursor; one thread at a time.
 * @param tree_out  Receives the tree, the caller's to cJSON_Delete. NULL unless OK.
 * @param record    Receives the record itself as ministore_cursor_next gives it. May be NULL. Untouched unless OK.
 * @param err       Receives the details of a failure. May be NULL.
 * @return As ministore_cursor_next;
 *         MINISTORE_INVALID_ARGUMENT   cursor or tree_out is NULL;
 *         MINISTORE_INVALID_JSON       cJSON does not take the record (a lone surrogate escape, more than 1,000
 *                                      levels) or memory is used up: it does not tell which. `err` has the
 *                                      record's place; the next call goes on behind it.
 */
MINISTORE_CJSON_API ministore_status ministore_cjson_next(ministore_cursor_t *cursor, cJSON **tree_out,
                                                          ministore_record *record, ministore_error *err);

#endif
