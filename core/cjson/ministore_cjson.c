/*
 * Records as cJSON trees: writes and parses them around the public interface of ministore.
 */
#include "ministore_cjson.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static ministore_status fail(ministore_error *err, ministore_status status, const char *message) {
    if (err != NULL) {
        memset(err, 0, sizeof *err);
        err->status = status;
        (void)snprintf(err->message, sizeof err->message, "%s", message);
    }
    return status;
}

static ministore_status fail_to_parse(ministore_error *err, const ministore_record *record) {
    if (err == NULL) return MINISTORE_INVALID_JSON;
    fail(err, MINISTORE_INVALID_JSON, "");
    err->sequence = record->sequence;
    err->line = record->line;
    err->offset = record->offset;
    (void)snprintf(err->segment, sizeof err->segment, "%s", record->segment);
    (void)snprintf(err->message, sizeof err->message,
             "%s:%" PRIu64
             ": cJSON does not take this record, or memory is used up: read it with ministore_cursor_next",
             record->segment, record->line);
    return MINISTORE_INVALID_JSON;
}

ministore_status ministore_cjson_append(ministore_t *journal, const cJSON *tree, uint64_t *sequence_out,
                                        ministore_error *err) {
    if (journal == NULL || tree == NULL)
        return fail(err, MINISTORE_INVALID_ARGUMENT, "journal or tree is NULL: both are needed to append");
    char *text = cJSON_PrintUnformatted(tree);
    if (text == NULL)
        return fail(err, MINISTORE_NO_MEMORY, "cJSON could not write the tree: free some memory and append again");
    const ministore_status status = ministore_append(journal, text, strlen(text), sequence_out, err);
    cJSON_free(text);
    return status;
}

ministore_status ministore_cjson_next(ministore_cursor_t *cursor, cJSON **tree_out, ministore_record *record,
                                      ministore_error *err) {
    if (tree_out == NULL)
        return fail(err, MINISTORE_INVALID_ARGUMENT, "tree_out is NULL: there is no place for the record");
    *tree_out = NULL;
    ministore_record next;
    const ministore_status status = ministore_cursor_next(cursor, &next, err);
    if (status != MINISTORE_OK) return status;
    *tree_out = cJSON_ParseWithLength(next.data, next.size);
    if (*tree_out == NULL) return fail_to_parse(err, &next);
    if (record != NULL) *record = next;
    return MINISTORE_OK;
}
