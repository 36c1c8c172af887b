/*
 * Appending: records are checked, then join a group; one of the group leads: it writes all as one commit, syncs
 * once, and answers for all. Rotation and the like are done alone, between groups.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A group commit is quickest when those of the last one are in it again: a leader that starts at once finds the few
 * who came back first, and the others wait for a second sync. So a group forms until as many have come as were there
 * last time, but not for longer than this. One who is alone never waits.
 */
enum { GATHER_NS = 400 * 1000 };

/* Records of a batch that are validated at once. */
enum { SPANS_AT_ONCE = 256 };

/* The largest buffer kept from one commit to the next. */
enum { BUFFER_KEPT = 4 << 20 };

/* An append that waits. It lives on the caller's stack; the journal's mutex guards it until it is done. */
struct ministore__request {
    ministore__request *next;
    const char *data;
    size_t size;
    uint64_t records;
    uint64_t sequence; /* of its last record, once it is done */
    ministore_error *err;
    ministore_status status;
    atomic_bool done; /* all above is said, and the leader does not look here again */
};

static ministore_status out_of_memory(const ministore_t *j, ministore_error *err) {
    return ministore__fail_at(err, MINISTORE_NO_MEMORY, &(ministore__place){.path = j->at.path}, "out of memory");
}

/* ---- what a leader does ---- */

ministore_status ministore__poison(ministore_t *j, int result, const char *what, ministore_error *err) {
    ministore_error cause;
    (void)ministore__fail_io(&cause, result, j->at.path, NULL, what);
    cause.status = MINISTORE_IO;
    if (!j->poisoned) j->cause = cause;
    j->poisoned = true;
    if (err) *err = cause;
    return MINISTORE_IO;
}

static ministore_status poisoned(const ministore_t *j, ministore_error *err) {
    ministore_status status = ministore__fail_at(
        err, MINISTORE_POISONED, &(ministore__place){.path = j->at.path},
        "an earlier sync failed; close the journal and open it anew (%.200s)", j->cause.message);
    if (err) err->os_error = j->cause.os_error;
    return status;
}

ministore_status ministore__sync_folder(ministore_t *j, ministore_error *err) {
    int result = j->at.io->sync(j->at.io, j->at.folder);
    return result < 0 ? ministore__poison(j, result, "cannot sync the journal's folder", err) : MINISTORE_OK;
}

ministore_status ministore__flush(ministore_t *j, ministore_error *err) {
    if (j->durable + 1 == ministore__next(j)) return MINISTORE_OK;
    int result = j->at.io->sync_data(j->at.io, j->file);
    if (result < 0) return ministore__poison(j, result, "cannot sync the journal", err);
    j->durable = ministore__next(j) - 1;
    return MINISTORE_OK;
}

/* Take back what is written behind the last commit. A failure poisons. */
static void roll_back(ministore_t *j) {
    int result = j->at.io->truncate(j->at.io, j->file, j->end);
    if (result == 0) result = j->at.io->sync(j->at.io, j->file);
    if (result < 0) (void)ministore__poison(j, result, "cannot take back a failed append", NULL);
    j->allocated = j->end;
}

/* Make room up to `end` and a step beyond; without it the write extends the file, as it does anyway. */
static void preallocate(ministore_t *j, uint64_t end) {
    if (j->options.preallocate_bytes == 0 || j->no_allocation || end <= j->allocated) return;
    uint64_t target = end + j->options.preallocate_bytes;
    int result = j->at.io->allocate(j->at.io, j->file, j->allocated, target - j->allocated);
    if (result == 0) {
        j->allocated = target;
        return;
    }
    ministore__stat stat; /* it may have come part of the way */
    j->no_allocation = true;
    j->allocated = j->at.io->stat_file(j->at.io, j->file, &stat) == 0 ? stat.size : target;
}

/* Cut the first line off what is left. */
static size_t take_line(const char **data, size_t *size, const char **line) {
    const char *newline = memchr(*data, '\n', *size);
    size_t length = newline ? (size_t)(newline - *data) : *size;
    *line = *data;
    *data += length + (newline != NULL);
    *size -= length + (newline != NULL);
    return length;
}

/* Write a request's lines as those of a commit that goes on. */
static char *encode(char *out, const ministore__request *r) {
    const char *data = r->data, *line;
    for (size_t size = r->size; size > 0;) {
        size_t length = take_line(&data, &size, &line);
        ministore__trim(&line, &length);
        memcpy(out, line, length);
        out += length;
        *out++ = '\t';
        *out++ = '\n';
    }
    return out;
}

/* Put a group's lines into the buffer, as one commit. 0: no memory. */
static size_t encode_group(ministore_t *j, const ministore__request *leader) {
    size_t most = 0;
    for (const ministore__request *r = leader; r; r = r->next) most += r->size + 2 * (size_t)r->records;
    if (most > j->buffer_size) {
        free(j->buffer);
        j->buffer = malloc(most);
        j->buffer_size = j->buffer ? most : 0;
        if (!j->buffer) return 0;
    }
    char *out = j->buffer;
    for (const ministore__request *r = leader; r; r = r->next) out = encode(out, r);
    out[-2] = '\n'; /* the last line has no mark */
    return (size_t)(out - 1 - j->buffer);
}

static ministore_status write_commit(ministore_t *j, size_t size, ministore_error *err) {
    preallocate(j, j->end + size);
    int result = j->at.io->write(j->at.io, j->file, j->buffer, size, j->end);
    if (result < 0) {
        roll_back(j);
        return ministore__fail_io(err, result, j->at.path, NULL, "cannot append; what was written is taken back");
    }
    if (j->options.sync == MINISTORE_SYNC_MANUAL) return MINISTORE_OK;
    result = j->at.io->sync_data(j->at.io, j->file);
    if (result == 0) return MINISTORE_OK;
    ministore_status status = ministore__poison(j, result, "cannot sync an append", err);
    roll_back(j);
    return status;
}

/* Write a group as one commit, and see to it that it is durable. */
static ministore_status commit(ministore_t *j, ministore__request *leader, ministore_error *err) {
    uint64_t records = 0;
    for (const ministore__request *r = leader; r; r = r->next) records += r->records;
    uint64_t last = ministore__next(j) - 1; /* a header may lie, so that it is beyond the numbers there are */
    if (last > INT64_MAX || records > INT64_MAX - last)
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &(ministore__place){.path = j->at.path},
                                  "the sequence numbers are used up");
    if (j->rotation_due) MINISTORE__TRY(ministore__rotate(j, err));
    j->rotation_due = false;
    size_t size = encode_group(j, leader);
    if (size == 0) return out_of_memory(j, err);
    MINISTORE__TRY(write_commit(j, size, err));
    for (ministore__request *r = leader; r; r = r->next) {
        j->lines += r->records;
        r->sequence = ministore__next(j) - 1;
    }
    j->crc = ministore__crc32c(j->crc, j->buffer, size);
    j->end += size;
    if (j->allocated < j->end) j->allocated = j->end;
    if (j->options.sync != MINISTORE_SYNC_MANUAL) j->durable = ministore__next(j) - 1;
    if (j->end >= j->options.max_bytes_per_segment) j->rotation_due = ministore__rotate(j, NULL) != MINISTORE_OK;
    if (j->buffer_size > BUFFER_KEPT) {
        free(j->buffer);
        j->buffer = NULL;
        j->buffer_size = 0;
    }
    return MINISTORE_OK;
}

/* ---- turns ---- */

void ministore__queue_init(ministore_t *j) {
    pthread_mutex_init(&j->mutex, NULL);
    for (int i = 0; i < 2; i++) ministore__turn_init(&j->turned[i]);
    ministore__turn_init(&j->idle);
    j->expected = 1;
}

void ministore__queue_free(ministore_t *j) {
    ministore__turn_free(&j->idle);
    for (int i = 0; i < 2; i++) ministore__turn_free(&j->turned[i]);
    pthread_mutex_destroy(&j->mutex);
}

/* The mutex is held, and let go. The journal is free: wake one of those who may be next. */
static void set_free(ministore_t *j) {
    j->busy = false;
    ministore__turn *group = j->head ? &j->turned[j->round & 1] : NULL;
    ministore__turn *next = j->alone > 0 && !j->owed ? &j->idle : group;
    if (next) ministore__turn_change(next);
    pthread_mutex_unlock(&j->mutex);
    if (next) ministore__turn_wake(next, false);
}

static bool is_done(ministore__request *r) {
    return atomic_load_explicit(&r->done, memory_order_acquire);
}

/* Tell each of a group how it went. Once told it may be gone. */
static void answer(ministore__request *group, ministore_status status, const ministore_error *error) {
    for (ministore__request *r = group, *next; r; r = next) {
        next = r->next;
        r->status = status;
        if (status != MINISTORE_OK && r->err) *r->err = *error;
        atomic_store_explicit(&r->done, true, memory_order_release);
    }
}

/* Lead all that wait: one commit, and an answer for each. The mutex is held, and let go. */
static void lead(ministore_t *j) {
    ministore__request *group = j->head;
    ministore__turn *turn = &j->turned[j->round++ & 1];
    size_t size = j->waiting;
    ministore_error error;
    j->head = j->tail = NULL;
    j->waiting = 0;
    j->owed = false;
    j->busy = true;
    pthread_mutex_unlock(&j->mutex);
    ministore_status status = j->poisoned ? poisoned(j, &error) : commit(j, group, &error);
    pthread_mutex_lock(&j->mutex);
    answer(group, status, &error);
    j->expected = size + j->waiting;
    ministore__turn_change(turn);
    set_free(j);
    if (size > 1) ministore__turn_wake(turn, true);
}

/*
 * Join the group that forms, and wait for an answer. Whoever completes the group leads it. While the journal is free
 * and a group forms, one of it waits with a limit, the keeper, so that nobody waits for ever: the first to come, or
 * whoever is woken.
 */
static ministore_status append(ministore_t *j, ministore__request *r, uint64_t *sequence_out) {
    pthread_mutex_lock(&j->mutex);
    bool keeper = !j->tail, late = false;
    if (j->tail) j->tail->next = r;
    else j->head = r;
    j->tail = r;
    j->waiting++;
    ministore__turn *turn = &j->turned[j->round & 1];
    for (;;) {
        bool free = !j->busy && (j->alone == 0 || j->owed);
        if (free && (j->waiting >= j->expected || late || j->owed)) {
            lead(j);
            break;
        }
        uint32_t seen = ministore__turn_now(turn);
        pthread_mutex_unlock(&j->mutex);
        late = !ministore__turn_wait(turn, seen, free && keeper ? GATHER_NS : -1);
        if (is_done(r)) break;
        keeper = true;
        pthread_mutex_lock(&j->mutex);
        if (is_done(r)) {
            pthread_mutex_unlock(&j->mutex);
            break;
        }
    }
    if (r->status == MINISTORE_OK && sequence_out) *sequence_out = r->sequence;
    return r->status;
}

static ministore_status forked(const ministore_t *j, ministore_error *err) {
    if (ministore__owned(j->at.io, &j->owner)) return MINISTORE_OK;
    return ministore__fail_at(err, MINISTORE_FORKED, &(ministore__place){.path = j->at.path},
                              "the journal was opened by a parent process; open it anew in this one");
}

ministore_status ministore__exclusively(ministore_t *j,
                                        ministore_status (*work)(ministore_t *, void *, ministore_error *),
                                        void *argument, bool even_poisoned, ministore_error *err) {
    MINISTORE__TRY(forked(j, err));
    pthread_mutex_lock(&j->mutex);
    j->alone++;
    while (j->busy || j->owed) {
        uint32_t seen = ministore__turn_now(&j->idle);
        pthread_mutex_unlock(&j->mutex);
        (void)ministore__turn_wait(&j->idle, seen, -1);
        pthread_mutex_lock(&j->mutex);
    }
    j->busy = true;
    pthread_mutex_unlock(&j->mutex);
    ministore_status status = j->poisoned && !even_poisoned ? poisoned(j, err) : work(j, argument, err);
    pthread_mutex_lock(&j->mutex);
    j->alone--;
    j->owed = j->head != NULL;
    set_free(j);
    return status;
}

/* ---- what a caller does before it queues up ---- */

/* Check one record; `number` counts in its batch from 1. */
static ministore_status check_record(const ministore_t *j, const char *data, size_t size, uint64_t number,
                                     ministore_error *err) {
    ministore__place at = {.line = number};
    const char *text = data;
    size_t offset, length = size;
    ministore__trim(&text, &length);
    if (length > j->options.max_record_bytes)
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &at, "record %llu has %zu bytes, max_record_bytes is %llu",
                                  (unsigned long long)number, length, (unsigned long long)j->options.max_record_bytes);
    const char *wrong = ministore__json_check(text, length, MINISTORE__JSON_STRICT, &offset);
    const char *newline = wrong ? NULL : memchr(text, '\n', length);
    if (newline) {
        wrong = "a line feed; write the text on one line";
        offset = (size_t)(newline - text);
    }
    if (!wrong) return MINISTORE_OK;
    at.offset = offset + (size_t)(text - data);
    return ministore__fail_at(err, MINISTORE_INVALID_JSON, &at, "record %llu is not one line of JSON: at byte %llu: %s",
                              (unsigned long long)number, (unsigned long long)at.offset, wrong);
}

static ministore_status check_batch(const ministore_t *j, ministore__request *r, ministore_error *err) {
    const char *data = r->data, *line;
    ministore_span spans[SPANS_AT_ONCE];
    for (size_t size = r->size, used; size > 0;) {
        if (j->options.max_record_bytes >= r->size) { /* else each one's size is to be looked at */
            r->records += ministore__json_lines(data, size, MINISTORE__JSON_STRICT, spans, SPANS_AT_ONCE, &used);
            data += used;
            size -= used;
            if (used > 0) continue;
        }
        size_t length = take_line(&data, &size, &line);
        MINISTORE__TRY(check_record(j, line, length, ++r->records, err));
    }
    return MINISTORE_OK;
}

static ministore_status check_call(const ministore_t *journal, const void *data, size_t size, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    if (!data && size > 0) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "data must not be NULL");
    return forked(journal, err);
}

ministore_status ministore_append(ministore_t *journal, const void *data, size_t size, uint64_t *sequence_out,
                                  ministore_error *err) {
    MINISTORE__TRY(check_call(journal, data, size, err));
    MINISTORE__TRY(check_record(journal, data, size, 1, err));
    ministore__request r = {.data = data, .size = size, .records = 1, .err = err};
    ministore__trim(&r.data, &r.size);
    return append(journal, &r, sequence_out);
}

ministore_status ministore_append_batch(ministore_t *journal, const void *data, size_t size, uint64_t *sequence_out,
                                        ministore_error *err) {
    ministore__request r = {.data = data, .size = size, .err = err};
    MINISTORE__TRY(check_call(journal, data, size, err));
    MINISTORE__TRY(check_batch(journal, &r, err));
    if (size > 0) return append(journal, &r, sequence_out);
    if (sequence_out) *sequence_out = 0;
    return MINISTORE_OK;
}

static ministore_status sync_alone(ministore_t *j, void *argument, ministore_error *err) {
    (void)argument;
    return ministore__flush(j, err);
}

ministore_status ministore_sync(ministore_t *journal, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    return ministore__exclusively(journal, sync_alone, NULL, false, err);
}
