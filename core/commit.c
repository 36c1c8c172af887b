/*
 * Appending: records are checked, then join a group; one of the group leads: it writes all as one commit, syncs
 * once, and answers for all. Rotation and the like are done alone, between groups.
 */
#ifndef __APPLE__
#define _POSIX_C_SOURCE 200809L
#endif
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A group commit is quickest when those of the last one are in it again: a leader that starts at once finds the few
 * who came back first, and the others wait for a second sync. So a group forms until as many have come as were there
 * last time, but not for longer than this. One who is alone never waits.
 */
enum { GATHER_NS = 400 * 1000 };

/* The largest buffer kept from one commit to the next. */
enum { BUFFER_KEPT = 4 << 20 };

/* An append that waits. It lives on the caller's stack; the journal's mutex guards it. */
struct ministore__request {
    ministore__request *next;
    const char *data;
    size_t size;
    uint64_t records;
    uint64_t round;    /* of the group it is in */
    uint64_t sequence; /* of its last record, once it is done */
    ministore_error *err;
    ministore_status status;
    bool late; /* it has waited long enough for others */
    bool done;
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

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void trim(const char **data, size_t *size) {
    while (*size > 0 && is_blank((*data)[0])) {
        (*data)++;
        (*size)--;
    }
    while (*size > 0 && is_blank((*data)[*size - 1])) (*size)--;
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
        trim(&line, &length);
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
    if (records > INT64_MAX - (ministore__next(j) - 1))
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &(ministore__place){.path = j->at.path},
                                  "the sequence numbers are used up");
    ministore_status status = j->rotation_due ? ministore__rotate(j, err) : MINISTORE_OK;
    if (status != MINISTORE_OK) return status;
    j->rotation_due = false;
    size_t size = encode_group(j, leader);
    if (size == 0) return out_of_memory(j, err);
    status = write_commit(j, size, err);
    if (status != MINISTORE_OK) return status;
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
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_mutex_init(&j->mutex, NULL);
    for (int i = 0; i < 2; i++) pthread_cond_init(&j->turned[i], &attributes);
    pthread_cond_init(&j->idle, NULL);
    pthread_condattr_destroy(&attributes);
    j->expected = 1;
}

void ministore__queue_free(ministore_t *j) {
    pthread_cond_destroy(&j->idle);
    for (int i = 0; i < 2; i++) pthread_cond_destroy(&j->turned[i]);
    pthread_mutex_destroy(&j->mutex);
}

static struct timespec gather_limit(void) {
    struct timespec limit;
#ifdef __APPLE__
    clock_gettime(CLOCK_REALTIME, &limit);
#else
    clock_gettime(CLOCK_MONOTONIC, &limit);
#endif
    limit.tv_nsec += GATHER_NS;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    return limit;
}

/* The mutex is held. The journal is free: wake whoever may be next. */
static void set_free(ministore_t *j) {
    j->busy = false;
    if (j->alone > 0) pthread_cond_signal(&j->idle);
    else if (j->head) pthread_cond_broadcast(&j->turned[j->round & 1]);
}

/* Lead all that wait: one commit, and an answer for each. The mutex is held, but not meanwhile. */
static void lead(ministore_t *j) {
    ministore__request *group = j->head;
    uint64_t round = j->round++;
    size_t size = j->waiting;
    ministore_error error;
    j->head = j->tail = NULL;
    j->waiting = 0;
    j->busy = true;
    pthread_mutex_unlock(&j->mutex);
    ministore_status status = j->poisoned ? poisoned(j, &error) : commit(j, group, &error);
    pthread_mutex_lock(&j->mutex);
    for (ministore__request *r = group; r; r = r->next) {
        r->status = status;
        if (status != MINISTORE_OK && r->err) *r->err = error;
        r->done = true;
    }
    j->expected = size + j->waiting;
    pthread_cond_broadcast(&j->turned[round & 1]);
    set_free(j);
}

/* Wait for an answer, or for a reason to look again. The mutex is held. */
static void await_turn(ministore_t *j, ministore__request *r) {
    pthread_cond_t *turned = &j->turned[r->round & 1];
    if (j->busy || j->alone > 0 || j->head != r) {
        pthread_cond_wait(turned, &j->mutex);
        return;
    }
    struct timespec limit = gather_limit(); /* the first in the queue sees to it that nobody waits for ever */
    r->late = pthread_cond_timedwait(turned, &j->mutex, &limit) == ETIMEDOUT;
}

/* Join the group that forms. Whoever completes it leads. */
static ministore_status append(ministore_t *j, ministore__request *r, uint64_t *sequence_out) {
    pthread_mutex_lock(&j->mutex);
    if (j->tail) j->tail->next = r;
    else j->head = r;
    j->tail = r;
    j->waiting++;
    r->round = j->round;
    while (!r->done) {
        bool complete = j->waiting >= j->expected || r->late;
        if (complete && !j->busy && j->alone == 0) lead(j);
        else await_turn(j, r);
    }
    pthread_mutex_unlock(&j->mutex);
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
    ministore_status status = forked(j, err);
    if (status != MINISTORE_OK) return status;
    pthread_mutex_lock(&j->mutex);
    j->alone++;
    while (j->busy) pthread_cond_wait(&j->idle, &j->mutex);
    j->busy = true;
    pthread_mutex_unlock(&j->mutex);
    status = j->poisoned && !even_poisoned ? poisoned(j, err) : work(j, argument, err);
    pthread_mutex_lock(&j->mutex);
    j->alone--;
    set_free(j);
    pthread_mutex_unlock(&j->mutex);
    return status;
}

/* ---- what a caller does before it queues up ---- */

/* Check one record; `number` counts in its batch from 1. */
static ministore_status check_record(const ministore_t *j, const char *data, size_t size, uint64_t number,
                                     ministore_error *err) {
    ministore__place at = {.line = number};
    const char *text = data;
    size_t offset, length = size;
    trim(&text, &length);
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
    for (size_t size = r->size; size > 0;) {
        size_t length = take_line(&data, &size, &line);
        ministore_status status = check_record(j, line, length, ++r->records, err);
        if (status != MINISTORE_OK) return status;
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
    ministore_status status = check_call(journal, data, size, err);
    if (status == MINISTORE_OK) status = check_record(journal, data, size, 1, err);
    if (status != MINISTORE_OK) return status;
    ministore__request r = {.data = data, .size = size, .records = 1, .err = err};
    trim(&r.data, &r.size);
    return append(journal, &r, sequence_out);
}

ministore_status ministore_append_batch(ministore_t *journal, const void *data, size_t size, uint64_t *sequence_out,
                                        ministore_error *err) {
    ministore__request r = {.data = data, .size = size, .err = err};
    ministore_status status = check_call(journal, data, size, err);
    if (status == MINISTORE_OK) status = check_batch(journal, &r, err);
    if (status != MINISTORE_OK) return status;
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
