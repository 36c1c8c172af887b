/*
 * The runner of the conformance suite for C: tests/conformance/README.md says what it must do.
 * It knows the public header only, and is the model for the runners of other languages.
 */
#include "ministore.h"
#include "tree.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>

#define MAX_HANDLES 16

/** A named handle: one of the two pointers is set while the name is in use. */
typedef struct {
    char name[32];
    ministore_t *writer;
    ministore_cursor_t *follower;
} handle;

/** The scenario that runs. */
typedef struct {
    char *folder; /* every path of a step is relative to it */
    handle handles[MAX_HANDLES];
    char why[1024]; /* what was expected and what came, of the step that failed */
} scenario;

typedef struct {
    const char *name;
    const char *fields; /* that it may have, parted by blanks */
    bool (*take)(scenario *run, const cJSON *step);
} step_kind;

/* ------------------------------------------------------- telling why -- */

/** Note why a step failed. Returns false, for the caller to return. */
__attribute__((format(printf, 2, 3))) static bool fail(scenario *run, const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(run->why, sizeof run->why, format, list);
    va_end(list);
    return false;
}

/** Bytes as a person can read them, cut when they are many. Good until the next but one call. */
static const char *show(const void *data, size_t size) {
    static char buffers[2][400];
    static int turn;
    char *out = buffers[turn = !turn];
    size_t used = 0;
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size && used < sizeof buffers[0] - 40; i++) {
        bool plain = bytes[i] >= 0x20 && bytes[i] < 0x7f;
        used += (size_t)snprintf(out + used, sizeof buffers[0] - used, plain ? "%c" : "\\x%02x", bytes[i]);
    }
    snprintf(out + used, sizeof buffers[0] - used, " (%zu bytes)", size);
    return out;
}

/* ----------------------------------------------------- fields of a step -- */

static const cJSON *field(const cJSON *object, const char *name) {
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/** The string in a field, or the default if there is none. */
static const char *text_field(const cJSON *object, const char *name, const char *otherwise) {
    const cJSON *item = field(object, name);
    return cJSON_IsString(item) ? item->valuestring : otherwise;
}

static uint64_t parse_number(const char *text) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0' || !isdigit((unsigned char)text[0])) {
        fprintf(stderr, "the suite is wrong: %s is no number\n", text);
        exit(2);
    }
    return value;
}

/** The number in a field, or the default if there is none. */
static uint64_t number_field(const cJSON *object, const char *name, uint64_t otherwise) {
    const char *text = text_field(object, name, NULL);
    return text != NULL ? parse_number(text) : otherwise;
}

static unsigned mode_field(const cJSON *object, const char *name, unsigned otherwise) {
    const char *text = text_field(object, name, NULL);
    return text != NULL ? (unsigned)strtoul(text, NULL, 8) : otherwise;
}

static bool word_in(const char *word, const char *words) {
    size_t size = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += size)
        if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) return true;
    return false;
}

/** Each field must be one of those named: what a runner does not know is a failure. */
static bool only_fields(scenario *run, const cJSON *object, const char *names) {
    for (const cJSON *item = object->child; item != NULL; item = item->next)
        if (!word_in(item->string, names)) return fail(run, "this runner does not know the field '%s'", item->string);
    return true;
}

#define BYTES_FIELDS "text hex parts repeat"

static void append_hex(tree_bytes *out, const char *hex) {
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
        unsigned char value = (unsigned char)byte;
        tree_append(out, &value, 1);
    }
}

/** Add the bytes that a bytes object, or a plain string, describes. */
static bool append_bytes(scenario *run, const cJSON *item, tree_bytes *out) {
    if (cJSON_IsString(item)) {
        tree_append(out, item->valuestring, strlen(item->valuestring));
        return true;
    }
    tree_bytes once = {0};
    const char *text = text_field(item, "text", NULL);
    bool known = true;
    if (text != NULL) tree_append(&once, text, strlen(text));
    append_hex(&once, text_field(item, "hex", ""));
    for (const cJSON *part = cJSON_GetArrayItem(field(item, "parts"), 0); part != NULL && known; part = part->next)
        known = only_fields(run, part, BYTES_FIELDS) && append_bytes(run, part, &once);
    tree_append(out, "", 0);
    for (uint64_t times = number_field(item, "repeat", 1); times > 0; times--) tree_append(out, once.data, once.size);
    free(once.data);
    return known;
}

/** The bytes of a record: a string, or an object that has no other field than those of bytes. */
static bool record_bytes(scenario *run, const cJSON *item, tree_bytes *out) {
    *out = (tree_bytes){0};
    tree_append(out, "", 0);
    return (cJSON_IsString(item) || only_fields(run, item, BYTES_FIELDS)) && append_bytes(run, item, out);
}

/** The path that a field names, in the scenario's folder. To be freed. */
static char *path_field(const scenario *run, const cJSON *step, const char *name) {
    return tree_join(run->folder, text_field(step, name, ""));
}

/* --------------------------------------------------------- expectations -- */

/** If the step expects this field, it must be this number. */
static bool expect_number(scenario *run, const cJSON *expected, const char *name, uint64_t got) {
    if (field(expected, name) == NULL) return true;
    uint64_t wanted = number_field(expected, name, 0);
    return wanted == got || fail(run, "%s: expected %" PRIu64 ", got %" PRIu64, name, wanted, got);
}

static bool expect_bytes(scenario *run, const char *what, tree_bytes wanted, const void *data, size_t size) {
    if (wanted.size == size && (size == 0 || memcmp(wanted.data, data, size) == 0)) return true;
    size_t same = 0;
    while (same < size && same < wanted.size && wanted.data[same] == ((const char *)data)[same]) same++;
    size_t from = same > 60 ? same - 60 : 0;
    return fail(run, "%s: expected %s, got %s, shown from byte %zu, not the same at %zu", what,
                show(wanted.data + from, wanted.size - from), show((const char *)data + from, size - from), from, same);
}

/** A failure must be the one expected, in code and place. */
static bool expect_failure(scenario *run, const cJSON *wanted, const ministore_error *got) {
    const char *code = text_field(wanted, "code", "");
    if (!only_fields(run, wanted, "code segment line offset sequence")) return false;
    if (strcmp(code, ministore_status_name(got->status)) != 0)
        return fail(run, "expected %s, got %s: %s", code, ministore_status_name(got->status), got->message);
    const char *segment = text_field(wanted, "segment", got->segment);
    if (strcmp(segment, got->segment) != 0)
        return fail(run, "segment of the error: expected '%s', got '%s' (%s)", segment, got->segment, got->message);
    return expect_number(run, wanted, "line", got->line) && expect_number(run, wanted, "offset", got->offset) &&
           expect_number(run, wanted, "sequence", got->sequence);
}

/** A call must have succeeded, or failed as the step's `error` says. */
static bool expect_status(scenario *run, const cJSON *step, ministore_status status, const ministore_error *got) {
    const cJSON *wanted = field(step, "error");
    if (wanted == NULL)
        return status >= 0 || fail(run, "expected success, got %s: %s", ministore_status_name(status), got->message);
    if (status >= 0) return fail(run, "expected %s, got success", text_field(wanted, "code", ""));
    if (got->status != status)
        return fail(run, "the call returned %s, its error says %s", ministore_status_name(status),
                    ministore_status_name(got->status));
    return expect_failure(run, wanted, got);
}

/* -------------------------------------------------------------- handles -- */

static handle *find_handle(scenario *run, const char *name) {
    for (size_t i = 0; i < MAX_HANDLES; i++)
        if (strcmp(run->handles[i].name, name) == 0) return &run->handles[i];
    return NULL;
}

/** Give a name to a handle that was opened. */
static bool add_handle(scenario *run, const char *name, ministore_t *writer, ministore_cursor_t *follower) {
    handle *slot = find_handle(run, name) == NULL ? find_handle(run, "") : NULL;
    if (slot == NULL) {
        ministore_close(writer, NULL);
        ministore_cursor_close(follower);
        return fail(run, "the name '%s' is taken, or there are too many", name);
    }
    snprintf(slot->name, sizeof slot->name, "%s", name);
    slot->writer = writer;
    slot->follower = follower;
    return true;
}

static ministore_t *writer_on(scenario *run, const cJSON *step) {
    handle *found = find_handle(run, text_field(step, "on", "j"));
    if (found == NULL || found->writer == NULL) fail(run, "no writer is named '%s'", text_field(step, "on", "j"));
    return found != NULL ? found->writer : NULL;
}

static ministore_cursor_t *follower_on(scenario *run, const cJSON *step) {
    handle *found = find_handle(run, text_field(step, "on", "c"));
    if (found == NULL || found->follower == NULL) fail(run, "no follower is named '%s'", text_field(step, "on", "c"));
    return found != NULL ? found->follower : NULL;
}

static ministore_status close_handle(handle *closed, ministore_error *err) {
    ministore_status status = closed->writer != NULL ? ministore_close(closed->writer, err) : MINISTORE_OK;
    ministore_cursor_close(closed->follower);
    *closed = (handle){0};
    return status;
}

static void close_all_handles(scenario *run) {
    for (size_t i = 0; i < MAX_HANDLES; i++) close_handle(&run->handles[i], NULL);
}

/* ------------------------------------------------- steps: on a writer -- */

static ministore_options writer_options(const cJSON *step) {
    ministore_options options;
    ministore_options_init(&options, sizeof options);
    options.mode = mode_field(step, "mode", options.mode);
    options.max_bytes_per_segment = number_field(step, "max_bytes_per_segment", options.max_bytes_per_segment);
    options.max_segments = (uint32_t)number_field(step, "max_segments", options.max_segments);
    options.max_record_bytes = number_field(step, "max_record_bytes", options.max_record_bytes);
    options.preallocate_bytes = number_field(step, "preallocate_bytes", options.preallocate_bytes);
    if (strcmp(text_field(step, "sync", ""), "manual") == 0) options.sync = MINISTORE_SYNC_MANUAL;
    if (strcmp(text_field(step, "torn_tail", ""), "refuse") == 0) options.torn_tail = MINISTORE_TORN_TAIL_REFUSE;
    return options;
}

static bool expect_cut(scenario *run, const cJSON *step, ministore_t *writer) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    if (field(step, "torn_bytes") == NULL) return true;
    if (ministore_stat(writer, &info, &err) != MINISTORE_OK) return fail(run, "stat failed: %s", err.message);
    return expect_number(run, step, "torn_bytes", info.torn_bytes);
}

static bool step_open(scenario *run, const cJSON *step) {
    ministore_options options = writer_options(step);
    ministore_error err = {0};
    ministore_t *writer = NULL;
    char *path = path_field(run, step, "path");
    ministore_status status = ministore_open(&writer, path, &options, &err);
    free(path);
    bool named = status < 0 || add_handle(run, text_field(step, "as", "j"), writer, NULL);
    return named && expect_status(run, step, status, &err) && (status < 0 || expect_cut(run, step, writer));
}

static bool step_append(scenario *run, const cJSON *step) {
    ministore_t *writer = writer_on(run, step);
    ministore_error err = {0};
    uint64_t sequence = 0;
    tree_bytes record;
    if (writer == NULL) return false;
    bool good = record_bytes(run, field(step, "record"), &record);
    if (good) {
        ministore_status status = ministore_append(writer, record.data, record.size, &sequence, &err);
        good = expect_status(run, step, status, &err) && expect_number(run, step, "sequence", sequence);
    }
    free(record.data);
    return good;
}

/** The records of a batch, each with a line feed behind it. */
static bool batch_lines(scenario *run, const cJSON *records, tree_bytes *lines) {
    *lines = (tree_bytes){0};
    for (const cJSON *item = cJSON_GetArrayItem(records, 0); item != NULL; item = item->next) {
        tree_bytes record;
        bool good = record_bytes(run, item, &record);
        tree_append(lines, record.data, record.size);
        tree_append(lines, "\n", 1);
        free(record.data);
        if (!good) return false;
    }
    return true;
}

static bool step_append_batch(scenario *run, const cJSON *step) {
    ministore_t *writer = writer_on(run, step);
    ministore_error err = {0};
    uint64_t sequence = 0;
    tree_bytes lines;
    if (writer == NULL) return false;
    bool good = batch_lines(run, field(step, "records"), &lines);
    if (good) {
        ministore_status status = ministore_append_batch(writer, lines.data, lines.size, &sequence, &err);
        good = expect_status(run, step, status, &err) && expect_number(run, step, "sequence", sequence);
    }
    free(lines.data);
    return good;
}

static bool step_sync(scenario *run, const cJSON *step) {
    ministore_t *writer = writer_on(run, step);
    ministore_error err = {0};
    return writer != NULL && expect_status(run, step, ministore_sync(writer, &err), &err);
}

static bool step_rotate(scenario *run, const cJSON *step) {
    ministore_t *writer = writer_on(run, step);
    ministore_error err = {0};
    return writer != NULL && expect_status(run, step, ministore_rotate(writer, &err), &err);
}

static bool step_prune(scenario *run, const cJSON *step) {
    ministore_t *writer = writer_on(run, step);
    ministore_error err = {0};
    uint32_t removed = 0;
    if (writer == NULL) return false;
    ministore_status status = ministore_prune(writer, number_field(step, "before", 0), &removed, &err);
    return expect_status(run, step, status, &err) && expect_number(run, step, "removed", removed);
}

static bool stat_writer(scenario *run, const cJSON *step, ministore_t *writer) {
    ministore_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    ministore_status status = ministore_stat(writer, &info, &err);
    return expect_status(run, step, status, &err) && expect_number(run, step, "segments", info.segments) &&
           expect_number(run, step, "first_sequence", info.first_sequence) &&
           expect_number(run, step, "next_sequence", info.next_sequence) &&
           expect_number(run, step, "durable_sequence", info.durable_sequence) &&
           expect_number(run, step, "bytes", info.bytes) && expect_number(run, step, "torn_bytes", info.torn_bytes) &&
           expect_number(run, step, "torn_offset", info.torn_offset);
}

static bool stat_follower(scenario *run, const cJSON *step, ministore_cursor_t *follower) {
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    ministore_status status = ministore_cursor_stat(follower, &info, &err);
    if (field(step, "durable_sequence") != NULL) return fail(run, "a follower has no durable_sequence");
    return expect_status(run, step, status, &err) && expect_number(run, step, "segments", info.segments) &&
           expect_number(run, step, "first_sequence", info.first_sequence) &&
           expect_number(run, step, "next_sequence", info.next_sequence) &&
           expect_number(run, step, "bytes", info.bytes) && expect_number(run, step, "torn_bytes", info.torn_bytes) &&
           expect_number(run, step, "torn_offset", info.torn_offset);
}

static bool step_stat(scenario *run, const cJSON *step) {
    handle *found = find_handle(run, text_field(step, "on", "j"));
    if (found == NULL) return fail(run, "no handle is named '%s'", text_field(step, "on", "j"));
    return found->writer != NULL ? stat_writer(run, step, found->writer) : stat_follower(run, step, found->follower);
}

static bool step_close(scenario *run, const cJSON *step) {
    handle *found = find_handle(run, text_field(step, "on", "j"));
    ministore_error err = {0};
    if (found == NULL) return fail(run, "no handle is named '%s'", text_field(step, "on", "j"));
    return expect_status(run, step, close_handle(found, &err), &err);
}

static bool step_abandon(scenario *run, const cJSON *step) {
    (void)step;
    char *copy = tree_make_temporary();
    tree_copy(run->folder, copy);
    close_all_handles(run);
    tree_remove(run->folder);
    free(run->folder);
    run->folder = copy;
    return true;
}

/* ------------------------------------------------------- steps: reading -- */

/** How far a reading has come along what the step expects. */
typedef struct {
    const cJSON *step;
    uint64_t records;
    uint64_t errors;
} reading;

static bool expect_record(scenario *run, reading *at, const char *data, size_t size, uint64_t sequence) {
    uint64_t index = at->records++;
    const cJSON *wanted = cJSON_GetArrayItem(field(at->step, "records"), (int)index);
    const cJSON *number = cJSON_GetArrayItem(field(at->step, "sequences"), (int)index);
    tree_bytes text;
    if (wanted == NULL) return fail(run, "expected %" PRIu64 " records, got one more: %s", index, show(data, size));
    char what[40];
    snprintf(what, sizeof what, "record %" PRIu64, index + 1);
    bool good = record_bytes(run, wanted, &text) && expect_bytes(run, what, text, data, size);
    free(text.data);
    if (good && number != NULL && parse_number(number->valuestring) != sequence)
        return fail(run, "%s: expected the sequence number %s, got %" PRIu64, what, number->valuestring, sequence);
    return good;
}

static ministore_status read_one(scenario *run, reading *at, ministore_cursor_t *cursor, ministore_error *err,
                                 bool *good) {
    ministore_record record;
    ministore_status status = ministore_cursor_next(cursor, &record, err);
    if (status == MINISTORE_OK) *good = expect_record(run, at, record.data, record.size, record.sequence);
    return status;
}

static ministore_status read_batch(scenario *run, reading *at, ministore_cursor_t *cursor, ministore_error *err,
                                   bool *good) {
    ministore_batch batch;
    ministore_status status = ministore_cursor_next_batch(cursor, &batch, err);
    for (size_t i = 0; status == MINISTORE_OK && i < batch.count && *good; i++)
        *good = expect_record(run, at, batch.data + batch.spans[i].offset, batch.spans[i].size, batch.sequence + i);
    return status;
}

/** The reading is over: all that was expected must have come. */
static bool expect_end(scenario *run, const reading *at, ministore_status status, const ministore_error *err) {
    int records = cJSON_GetArraySize(field(at->step, "records"));
    int errors = cJSON_GetArraySize(field(at->step, "errors"));
    if (!expect_status(run, at->step, status, err)) return false;
    if ((uint64_t)records != at->records) return fail(run, "expected %d records, got %" PRIu64, records, at->records);
    if (field(at->step, "sequences") != NULL && cJSON_GetArraySize(field(at->step, "sequences")) != records)
        return fail(run, "the suite is wrong: there are not as many sequences as records");
    return (uint64_t)errors == at->errors || fail(run, "expected %d errors, got %" PRIu64, errors, at->errors);
}

/** Read to the end, or to a failure that is not among the `errors` to be passed. */
static bool expect_reading(scenario *run, const cJSON *step, ministore_cursor_t *cursor, bool batches) {
    reading at = {.step = step};
    for (;;) {
        ministore_error err = {0};
        bool good = true;
        ministore_status status = (batches ? read_batch : read_one)(run, &at, cursor, &err, &good);
        if (!good) return false;
        if (status == MINISTORE_OK) continue;
        const cJSON *passed = cJSON_GetArrayItem(field(step, "errors"), (int)at.errors);
        if (status >= 0 || passed == NULL) return expect_end(run, &at, status, &err);
        at.errors++;
        if (!expect_failure(run, passed, &err)) return false;
    }
}

static ministore_cursor_options cursor_options(const cJSON *step) {
    ministore_cursor_options options;
    ministore_cursor_options_init(&options, sizeof options);
    options.from = number_field(step, "from", options.from);
    options.max_record_bytes = number_field(step, "max_record_bytes", options.max_record_bytes);
    options.at_end = cJSON_IsTrue(field(step, "at_end")) ? 1 : 0;
    if (strcmp(text_field(step, "on_bad_line", ""), "skip") == 0) options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    return options;
}

static bool expect_torn(scenario *run, const cJSON *step, ministore_cursor_t *cursor) {
    ministore_cursor_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    if (field(step, "torn_bytes") == NULL) return true;
    if (ministore_cursor_stat(cursor, &info, &err) != MINISTORE_OK)
        return fail(run, "cursor_stat failed: %s", err.message);
    return expect_number(run, step, "torn_bytes", info.torn_bytes);
}

static bool read_file_once(scenario *run, const cJSON *step, uint32_t scope, bool batches) {
    ministore_cursor_options options = cursor_options(step);
    ministore_error err = {0};
    ministore_cursor_t *cursor = NULL;
    options.scope = scope;
    char *path = path_field(run, step, "path");
    ministore_status status = ministore_cursor_open(&cursor, path, &options, &err);
    free(path);
    if (status < 0) {
        reading at = {.step = step};
        return expect_end(run, &at, status, &err);
    }
    bool good = expect_reading(run, step, cursor, batches) && expect_torn(run, step, cursor);
    ministore_cursor_close(cursor);
    return good;
}

/** C reads in two ways, one record or one batch a call: both must give the same. */
static bool read_file(scenario *run, const cJSON *step, uint32_t scope) {
    return read_file_once(run, step, scope, false) && read_file_once(run, step, scope, true);
}

static bool step_replay(scenario *run, const cJSON *step) {
    return read_file(run, step, MINISTORE_REPLAY);
}

static bool step_stream(scenario *run, const cJSON *step) {
    return read_file(run, step, MINISTORE_STREAM);
}

static bool step_follow(scenario *run, const cJSON *step) {
    ministore_cursor_options options = cursor_options(step);
    ministore_error err = {0};
    ministore_cursor_t *cursor = NULL;
    options.durable = 1;
    char *path = path_field(run, step, "path");
    ministore_status status = ministore_cursor_open(&cursor, path, &options, &err);
    free(path);
    bool named = status < 0 || add_handle(run, text_field(step, "as", "c"), NULL, cursor);
    return named && expect_status(run, step, status, &err);
}

static bool step_next(scenario *run, const cJSON *step) {
    ministore_cursor_t *follower = follower_on(run, step);
    return follower != NULL && expect_reading(run, step, follower, false);
}

static const char *wait_result(ministore_status status) {
    switch (status) {
    case MINISTORE_OK: return "ready";
    case MINISTORE_TIMEOUT: return "timeout";
    case MINISTORE_INTERRUPTED: return "interrupted";
    default: return ministore_status_name(status);
    }
}

static bool step_wait(scenario *run, const cJSON *step) {
    ministore_cursor_t *follower = follower_on(run, step);
    ministore_error err = {0};
    if (follower == NULL) return false;
    const char *wanted = text_field(step, "result", "");
    const char *got = wait_result(ministore_cursor_wait(follower, (int64_t)number_field(step, "timeout_ms", 0), &err));
    return strcmp(wanted, got) == 0 || fail(run, "expected %s, got %s %s", wanted, got, err.message);
}

static bool step_interrupt(scenario *run, const cJSON *step) {
    ministore_cursor_t *follower = follower_on(run, step);
    ministore_cursor_interrupt(follower);
    return follower != NULL;
}

/* ---------------------------------------------------------- steps: care -- */

static bool step_verify(scenario *run, const cJSON *step) {
    ministore_verify_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    char *path = path_field(run, step, "path");
    uint64_t limit = number_field(step, "max_record_bytes", UINT64_C(64) << 20);
    ministore_status status = ministore_verify(path, limit, &info, &err);
    free(path);
    return expect_status(run, step, status, &err) && expect_number(run, step, "segments", info.segments) &&
           expect_number(run, step, "records", info.records) && expect_number(run, step, "bytes", info.bytes) &&
           expect_number(run, step, "problems", info.problems) &&
           expect_number(run, step, "torn_bytes", info.torn_bytes) &&
           expect_number(run, step, "uncovered", info.uncovered) &&
           expect_number(run, step, "first_sequence", info.first_sequence) &&
           expect_number(run, step, "next_sequence", info.next_sequence);
}

static bool step_repair(scenario *run, const cJSON *step) {
    ministore_repair_info info = {.struct_size = sizeof info};
    ministore_error err = {0};
    char *path = path_field(run, step, "path");
    uint64_t limit = number_field(step, "max_record_bytes", UINT64_C(64) << 20);
    ministore_status status = ministore_repair(path, cJSON_IsTrue(field(step, "dry_run")) ? 1 : 0, limit, &info, &err);
    free(path);
    return expect_status(run, step, status, &err) && expect_number(run, step, "cut_bytes", info.cut_bytes) &&
           expect_number(run, step, "cut_offset", info.cut_offset) &&
           expect_number(run, step, "cut_lines", info.cut_lines) &&
           expect_number(run, step, "cut_records", info.cut_records) &&
           expect_number(run, step, "archived_bad_lines", info.archived_bad_lines) &&
           expect_number(run, step, "next_sequence", info.next_sequence);
}

static bool step_json(scenario *run, const cJSON *step) {
    ministore_error err = {0};
    tree_bytes record;
    bool good = record_bytes(run, field(step, "record"), &record) &&
                expect_status(run, step, ministore_json_validate(record.data, record.size, &err), &err);
    free(record.data);
    return good;
}

/* --------------------------------------------------------- steps: files -- */

static bool write_at(scenario *run, const char *path, const char *at, tree_bytes bytes) {
    int flags = at == NULL ? O_CREAT | O_TRUNC : 0;
    int file = open(path, O_WRONLY | flags, 0600);
    if (file < 0) return fail(run, "cannot write %s: %s", path, strerror(errno));
    bool at_end = at != NULL && strcmp(at, "end") == 0;
    off_t offset = at == NULL || at_end ? 0 : (off_t)parse_number(at);
    ssize_t written = -1;
    if (lseek(file, offset, at_end ? SEEK_END : SEEK_SET) >= 0) written = write(file, bytes.data, bytes.size);
    close(file);
    return written == (ssize_t)bytes.size || fail(run, "cannot write %s: %s", path, strerror(errno));
}

static bool step_put(scenario *run, const cJSON *step) {
    tree_bytes bytes = {0};
    char *path = path_field(run, step, "file");
    bool good = append_bytes(run, step, &bytes) && write_at(run, path, text_field(step, "at", NULL), bytes);
    free(path);
    free(bytes.data);
    return good;
}

/** Take the result of a system call on the step's file, and free its path. */
static bool done(scenario *run, char *path, int result) {
    bool good = result == 0 || fail(run, "%s: %s", path, strerror(errno));
    free(path);
    return good;
}

static bool step_cut(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, truncate(path, (off_t)number_field(step, "bytes", 0)));
}

static bool step_mkdir(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, mkdir(path, 0700));
}

static bool step_link(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    char *target = path_field(run, step, "target");
    int result = link(target, path);
    free(target);
    return done(run, path, result);
}

static bool step_symlink(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, symlink(text_field(step, "target", ""), path));
}

static bool step_fifo(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, mkfifo(path, 0600));
}

static bool step_chmod(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, chmod(path, mode_field(step, "mode", 0)));
}

static bool step_rename(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    char *to = path_field(run, step, "to");
    int result = rename(path, to);
    free(to);
    return done(run, path, result);
}

static bool step_remove(scenario *run, const cJSON *step) {
    char *path = path_field(run, step, "file");
    return done(run, path, remove(path));
}

static bool expect_content(scenario *run, const cJSON *wanted, const char *name, const char *path) {
    tree_bytes expected = {0};
    if (field(wanted, "text") == NULL && field(wanted, "hex") == NULL && field(wanted, "parts") == NULL) return true;
    bool good = append_bytes(run, wanted, &expected);
    if (good) {
        tree_bytes got = tree_read(path);
        good = expect_bytes(run, name, expected, got.data, got.size);
        free(got.data);
    }
    free(expected.data);
    return good;
}

static bool expect_target(scenario *run, const cJSON *wanted, const char *name, const char *path) {
    const char *target = text_field(wanted, "target", NULL);
    char got[PATH_MAX] = "";
    if (target == NULL) return true;
    if (readlink(path, got, sizeof got - 1) < 0) return fail(run, "%s is no symbolic link", name);
    return strcmp(got, target) == 0 || fail(run, "%s: expected a link to %s, got one to %s", name, target, got);
}

static bool expect_file(scenario *run, const cJSON *step, const char *name, const char *path, const struct stat *stat) {
    const cJSON *wanted = field(step, name);
    if (wanted == NULL) return fail(run, "there is a file that was not expected: %s", name);
    unsigned mode = mode_field(wanted, "mode", stat->st_mode & 07777);
    if (mode != (stat->st_mode & 07777))
        return fail(run, "%s: expected the mode %04o, got %04o", name, mode, (unsigned)stat->st_mode & 07777);
    return only_fields(run, wanted, BYTES_FIELDS " bytes mode target") &&
           expect_number(run, wanted, "bytes", (uint64_t)stat->st_size) && expect_target(run, wanted, name, path) &&
           expect_content(run, wanted, name, path);
}

static bool step_files(scenario *run, const cJSON *step) {
    tree_list there = tree_list_all(run->folder);
    int found = 0;
    bool good = true;
    for (size_t i = 0; i < there.count && good; i++) {
        char *path = tree_join(run->folder, there.names[i]);
        struct stat stat;
        if (lstat(path, &stat) != 0)
            good = fail(run, "cannot look at %s: %s", path, strerror(errno));
        else if (!S_ISDIR(stat.st_mode)) {
            good = expect_file(run, step, there.names[i], path, &stat);
            found++;
        }
        free(path);
    }
    for (const cJSON *item = step->child; good && item != NULL; item = item->next) {
        bool listed = strcmp(item->string, "do") == 0;
        for (size_t i = 0; i < there.count && !listed; i++) listed = strcmp(there.names[i], item->string) == 0;
        good = listed || fail(run, "there is no file %s", item->string);
    }
    tree_list_free(&there);
    return good && (found == cJSON_GetArraySize(step) - 1 || fail(run, "a folder stands in place of a file"));
}

/* ------------------------------------------------------------ the suite -- */

#define READ_FIELDS "path from on_bad_line max_record_bytes records sequences error errors torn_bytes"

static const step_kind steps[] = {
    {"open",
     "path as max_bytes_per_segment max_segments max_record_bytes preallocate_bytes sync torn_tail mode "
     "torn_bytes error",
     step_open},
    {"append", "on record sequence error", step_append},
    {"append_batch", "on records sequence error", step_append_batch},
    {"sync", "on error", step_sync},
    {"rotate", "on error", step_rotate},
    {"prune", "on before removed error", step_prune},
    {"stat", "on segments first_sequence next_sequence durable_sequence bytes torn_bytes torn_offset error", step_stat},
    {"close", "on error", step_close},
    {"abandon", "", step_abandon},
    {"replay", READ_FIELDS, step_replay},
    {"stream", READ_FIELDS, step_stream},
    {"follow", "path as from at_end on_bad_line max_record_bytes error", step_follow},
    {"next", "on records sequences error errors", step_next},
    {"wait", "on timeout_ms result", step_wait},
    {"interrupt", "on", step_interrupt},
    {"verify",
     "path max_record_bytes segments records bytes problems torn_bytes uncovered first_sequence next_sequence error",
     step_verify},
    {"repair",
     "path dry_run max_record_bytes cut_bytes cut_offset cut_lines cut_records archived_bad_lines next_sequence error",
     step_repair},
    {"json", "record error", step_json},
    {"put", "file at " BYTES_FIELDS, step_put},
    {"cut", "file bytes", step_cut},
    {"mkdir", "file", step_mkdir},
    {"link", "file target", step_link},
    {"symlink", "file target", step_symlink},
    {"fifo", "file", step_fifo},
    {"chmod", "file mode", step_chmod},
    {"rename", "file to", step_rename},
    {"remove", "file", step_remove},
    {"files", NULL, step_files}, /* its fields are the names of files */
};

static bool take_step(scenario *run, const cJSON *step) {
    const char *name = text_field(step, "do", "");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (strcmp(steps[i].name, name) != 0) continue;
        char fields[256];
        snprintf(fields, sizeof fields, "do %s", steps[i].fields != NULL ? steps[i].fields : "");
        return (steps[i].fields == NULL || only_fields(run, step, fields)) && steps[i].take(run, step);
    }
    return fail(run, "this runner does not know the step '%s'", name);
}

static bool run_scenario(const char *file, const cJSON *item) {
    scenario run = {.folder = tree_make_temporary()};
    bool good = true;
    int number = 0;
    for (const cJSON *step = cJSON_GetArrayItem(field(item, "steps"), 0); step != NULL && good; step = step->next) {
        number++;
        good = take_step(&run, step);
        if (!good)
            printf("FAILED %s: %s\n       step %d (%s): %s\n", file, text_field(item, "name", "without a name"), number,
                   text_field(step, "do", ""), run.why);
    }
    close_all_handles(&run);
    tree_remove(run.folder);
    free(run.folder);
    return good;
}

/** How many scenarios of the suite passed, failed, and stand in its files. */
typedef struct {
    int passed, failed, written;
} tally;

static void run_file(const char *path, tally *sum) {
    const char *slash = strrchr(path, '/');
    tree_bytes text = tree_read(path);
    cJSON *scenarios = cJSON_ParseWithLength(text.data, text.size);
    if (!cJSON_IsArray(scenarios)) {
        fprintf(stderr, "%s: not an array of scenarios\n", path);
        exit(2);
    }
    sum->written += cJSON_GetArraySize(scenarios);
    for (const cJSON *item = scenarios->child; item != NULL; item = item->next) {
        if (run_scenario(slash != NULL ? slash + 1 : path, item))
            sum->passed++;
        else
            sum->failed++;
    }
    cJSON_Delete(scenarios);
    free(text.data);
}

static bool is_scenario_file(const char *name) {
    size_t size = strlen(name);
    return size > 5 && strcmp(name + size - 5, ".json") == 0 && strcmp(name, "schema.json") != 0;
}

static void run_path(const char *path, tally *sum) {
    struct stat stat_of_path;
    if (stat(path, &stat_of_path) != 0) tree_fail("read", path);
    if (!S_ISDIR(stat_of_path.st_mode)) {
        run_file(path, sum);
        return;
    }
    tree_list files = tree_list_all(path);
    for (size_t i = 0; i < files.count; i++) {
        char *file = tree_join(path, files.names[i]);
        if (is_scenario_file(files.names[i])) run_file(file, sum);
        free(file);
    }
    tree_list_free(&files);
}

int main(int argc, char **argv) {
    tally sum = {0};
    if (argc < 2) {
        fprintf(stderr, "usage: conformance FILE_OR_FOLDER...    (the folder is tests/conformance)\n");
        return 2;
    }
    umask(022);
    for (int i = 1; i < argc; i++) run_path(argv[i], &sum);
    printf("%d scenarios passed, %d failed\n", sum.passed, sum.failed);
    if (sum.passed + sum.failed != sum.written || sum.written == 0) {
        printf("there are %d scenarios in the files\n", sum.written);
        return 1;
    }
    return sum.failed > 0;
}
