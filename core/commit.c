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

/*
 * Threads of a group that are woken at once when it is done; each that leaves wakes one more. All at once would queue up
 * for whatever lock they take next: the Python package, whose threads have one lock in common, defines it as 1.
 */
#ifndef MINISTORE_WOKEN_AT_ONCE
#define MINISTORE_WOKEN_AT_ONCE 4
#endif
enum { WOKEN_AT_ONCE = MINISTORE_WOKEN_AT_ONCE };

/* The largest buffer kept from one commit to the next. */
enum { BUFFER_KEPT = 4 << 20 };

/* Bytes of small commits that are digested at once, which is quicker than one by one. */
enum { DIGESTED_AT_ONCE = 16 << 10 };

/* The largest record that is checked by who is alone already. Others wait then, so it must not take long. */
enum { SHORT = 512 };

/* An append that waits. It lives on the caller's stack; the journal's mutex guards it until it is done. */
struct ministore__request {
    ministore__request *next;
    const char *data; /* lines of a commit, without the last one's end */
    size_t size;
    bool ended; /* but there it is, without a mark */
    uint64_t records;
    uint64_t sequence; /* of its last record, once it is done */
    ministore_error *err;
    ministore_status status;
    ministore__turn turn;       /* DONE: all here is said, and the leader does not look here again; else see NUDGE */
    ministore__turn *next_turn; /* of another one, whom this one's thread wakes when it is done, or NULL */
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

/* Make room for so many bytes more. */
static bool reserve(ministore__buffer *b, size_t more) {
    size_t need = b->size + more;
    if (need <= b->capacity) return true;
    char *data = realloc(b->data, need + need / 8);
    if (!data) return false;
    b->data = data;
    b->capacity = need + need / 8;
    return true;
}

static void free_if_large(ministore__buffer *b) {
    if (b->capacity <= BUFFER_KEPT) return;
    free(b->data);
    *b = (ministore__buffer){0};
}

static char *put_line(char *out, const char *line, size_t size) {
    memcpy(out, line, size);
    return ministore__end_line(out + size);
}

/* A group's lines as one commit: behind the bytes in the buffer, if there is not one batch alone. NULL: no memory. */
static const char *gather(ministore_t *j, const ministore__request *group, size_t *size) {
    size_t most = 0;
    *size = group->size + 1;
    if (!group->next && group->ended) return group->data;
    for (const ministore__request *r = group; r; r = r->next) {
        most += r->size + 2;
        if (most > SIZE_MAX / 2) return NULL; /* where pointers have 32 bits a group may be longer than memory */
    }
    if (!reserve(&j->buffer, most)) return NULL;
    char *begin = j->buffer.data + j->buffer.size, *out = begin;
    for (const ministore__request *r = group; r; r = r->next) out = put_line(out, r->data, r->size);
    out[-2] = '\n'; /* the last line has no mark */
    *size = most - 1;
    return begin;
}

uint32_t ministore__digest(ministore_t *j) {
    j->crc = ministore__crc32c(j->crc, j->buffer.data, j->buffer.size);
    j->buffer.size = 0;
    free_if_large(&j->buffer);
    return j->crc;
}

/* Let the digest cover a commit, sooner or later. */
static void digest_commit(ministore_t *j, const char *data, size_t size) {
    if (j->buffer.data && data == j->buffer.data + j->buffer.size) {
        j->buffer.size += size;
        if (j->buffer.size >= DIGESTED_AT_ONCE) (void)ministore__digest(j);
    } else {
        j->crc = ministore__crc32c(ministore__digest(j), data, size);
    }
}

static ministore_status write_commit(ministore_t *j, const char *data, size_t size, ministore_error *err) {
    preallocate(j, j->end + size);
    int result = j->at.io->write(j->at.io, j->file, data, size, j->end);
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
    size_t size;
    const char *data = gather(j, leader, &size);
    if (!data) return out_of_memory(j, err);
    MINISTORE__TRY(write_commit(j, data, size, err));
    for (ministore__request *r = leader; r; r = r->next) {
        j->lines += r->records;
        r->sequence = ministore__next(j) - 1;
    }
    digest_commit(j, data, size);
    j->end += size;
    if (j->allocated < j->end) j->allocated = j->end;
    if (j->options.sync != MINISTORE_SYNC_MANUAL) j->durable = ministore__next(j) - 1;
    if (j->end >= j->options.max_bytes_per_segment) j->rotation_due = ministore__rotate(j, NULL) != MINISTORE_OK;
    return MINISTORE_OK;
}

/* ---- turns ---- */

/*
 * What the gate says. BUSY: somebody writes, or works alone. CROWDED: others wait, or are expected, and only who holds
 * the mutex changes it. While it is not crowded one who writes goes in and out without the mutex.
 */
enum { BUSY = 1, CROWDED = 2 };

/* What a request's turn says: DONE, or how often it was nudged to look whether it is to lead. */
enum { DONE = 1, NUDGE = 2 };

void ministore__queue_init(ministore_t *j) {
    pthread_mutex_init(&j->mutex, NULL);
    ministore__lots_init(&j->lots);
    j->expected = 1;
}

void ministore__queue_free(ministore_t *j) {
    ministore__lots_free(&j->lots);
    pthread_mutex_destroy(&j->mutex);
}

static bool change_gate(ministore_t *j, unsigned from, unsigned to) {
    return atomic_compare_exchange_strong(&j->gate, &from, to);
}

static bool is_busy(ministore_t *j) {
    return atomic_load(&j->gate) & BUSY;
}

static void wake(ministore_t *j, ministore__turn *turn) {
    if (turn) ministore__turn_wake(&j->lots, turn);
}

/* The mutex is held, and let go. The journal is free: wake one of those who may be next. */
static void set_free(ministore_t *j) {
    atomic_store(&j->gate, j->head || j->alone > 0 || j->expected > 1 ? CROWDED : 0);
    ministore__turn *group = j->head ? &j->head->turn : NULL;
    ministore__turn *next = j->alone > 0 && !j->owed ? &j->idle : group;
    if (next) *next += NUDGE;
    pthread_mutex_unlock(&j->mutex);
    wake(j, next);
}

static bool is_done(ministore__request *r) {
    return atomic_load_explicit(&r->turn, memory_order_acquire) == DONE;
}

/* Say who of a group wakes whom, and whom the leader wakes. */
static void link_turns(ministore__request *group, ministore__turn *first[WOKEN_AT_ONCE]) {
    ministore__request *r = group;
    for (int i = 0; i < WOKEN_AT_ONCE; i++) {
        first[i] = r ? &r->turn : NULL;
        if (r) r = r->next;
    }
    for (; r; r = r->next, group = group->next) group->next_turn = &r->turn;
}

static ministore__request *turned_over(ministore__request *group) {
    ministore__request *last = NULL;
    for (ministore__request *r = group, *next; r; r = next) {
        next = r->next;
        r->next = last;
        last = r;
    }
    return last;
}

/*
 * Tell each of a group how it went. Once told it may be gone, and may wake the one it is to wake: who then still had no
 * answer would wait for ever. So the last ones are told first.
 */
static void answer(ministore__request *group, ministore_status status, const ministore_error *error) {
    for (ministore__request *r = turned_over(group), *next; r; r = next) {
        next = r->next;
        r->status = status;
        if (status != MINISTORE_OK && r->err) *r->err = *error;
        atomic_store_explicit(&r->turn, DONE, memory_order_release);
    }
}

static ministore_status commit_if_healthy(ministore_t *j, ministore__request *group, ministore_error *err) {
    return j->poisoned ? poisoned(j, err) : commit(j, group, err);
}

/* Lead all that wait: one commit, and an answer for each. The mutex is held, and let go. */
static void lead(ministore_t *j) {
    ministore__request *group = j->head;
    ministore__turn *first[WOKEN_AT_ONCE];
    size_t size = j->waiting;
    ministore_error error;
    j->head = j->tail = NULL;
    j->waiting = 0;
    j->owed = false;
    atomic_store(&j->gate, BUSY | CROWDED);
    pthread_mutex_unlock(&j->mutex);
    ministore_status status = commit_if_healthy(j, group, &error);
    link_turns(group, first);
    pthread_mutex_lock(&j->mutex);
    answer(group, status, &error);
    j->expected = size + j->waiting;
    set_free(j);
    for (int i = 0; i < WOKEN_AT_ONCE && size > 1; i++) wake(j, first[i]);
}

/*
 * Join the group that forms, and wait for an answer. Whoever completes the group leads it. While the journal is free
 * and a group forms, one of it waits with a limit, the keeper, so that nobody waits for ever: the first to come, or
 * whoever is woken.
 */
static void append_in_group(ministore_t *j, ministore__request *r) {
    pthread_mutex_lock(&j->mutex);
    atomic_fetch_or(&j->gate, CROWDED);
    bool keeper = !j->tail, late = false;
    if (j->tail) j->tail->next = r;
    else j->head = r;
    j->tail = r;
    j->waiting++;
    for (;;) {
        bool free = !is_busy(j) && (j->alone == 0 || j->owed);
        if (free && (j->waiting >= j->expected || late || j->owed)) {
            lead(j);
            break;
        }
        unsigned seen = atomic_load(&r->turn);
        pthread_mutex_unlock(&j->mutex);
        late = !ministore__turn_wait(&j->lots, &r->turn, seen, free && keeper ? GATHER_NS : -1);
        if (is_done(r)) break;
        keeper = true;
        pthread_mutex_lock(&j->mutex);
        if (is_done(r)) {
            pthread_mutex_unlock(&j->mutex);
            break;
        }
    }
    wake(j, r->next_turn);
}

/* Go in alone, if nobody is there and nobody is expected. */
static bool enter_alone(ministore_t *j) {
    return change_gate(j, 0, BUSY);
}

static void leave_alone(ministore_t *j) {
    if (change_gate(j, BUSY, 0)) return;
    pthread_mutex_lock(&j->mutex); /* somebody has come */
    j->expected = 1 + j->waiting;
    set_free(j);
}

static ministore_status answered(const ministore__request *r, uint64_t *sequence_out) {
    if (r->status == MINISTORE_OK && sequence_out) *sequence_out = r->sequence;
    return r->status;
}

/* Append alone, if that may be, or else with others. */
static ministore_status append(ministore_t *j, ministore__request *r, uint64_t *sequence_out) {
    if (enter_alone(j)) {
        r->status = commit_if_healthy(j, r, r->err);
        leave_alone(j);
    } else {
        append_in_group(j, r);
    }
    return answered(r, sequence_out);
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
    atomic_fetch_or(&j->gate, CROWDED);
    while (is_busy(j) || j->owed) {
        unsigned seen = atomic_load(&j->idle);
        pthread_mutex_unlock(&j->mutex);
        (void)ministore__turn_wait(&j->lots, &j->idle, seen, -1);
        pthread_mutex_lock(&j->mutex);
    }
    atomic_store(&j->gate, BUSY | CROWDED);
    pthread_mutex_unlock(&j->mutex);
    ministore_status status = j->poisoned && !even_poisoned ? poisoned(j, err) : work(j, argument, err);
    pthread_mutex_lock(&j->mutex);
    j->alone--;
    j->owed = j->head != NULL;
    set_free(j);
    return status;
}

/* ---- what a caller does before it queues up ---- */

/* Check one record, and leave out the white space around it; `number` counts in its batch from 1. */
static ministore_status check_record(const ministore_t *j, const char **data, size_t *size, uint64_t number,
                                     ministore_error *err) {
    const char *given = *data;
    size_t offset;
    ministore__trim(data, size);
    if (*size > j->options.max_record_bytes)
        return ministore__fail_at(err, MINISTORE_TOO_LARGE, &(ministore__place){.line = number},
                                  "record %llu has %zu bytes, max_record_bytes is %llu", (unsigned long long)number,
                                  *size, (unsigned long long)j->options.max_record_bytes);
    const char *wrong = ministore__json_check(*data, *size, MINISTORE__JSON_STRICT, &offset);
    const char *newline = wrong ? NULL : memchr(*data, '\n', *size);
    if (newline) {
        wrong = "a line feed; write the text on one line";
        offset = (size_t)(newline - *data);
    }
    if (!wrong) return MINISTORE_OK;
    ministore__place at = {.line = number, .offset = offset + (size_t)(*data - given)};
    return ministore__fail_at(err, MINISTORE_INVALID_JSON, &at, "record %llu is not one line of JSON: at byte %llu: %s",
                              (unsigned long long)number, (unsigned long long)at.offset, wrong);
}

/* The same for a record whose caller is alone, who may look whether it is like one of before. */
static ministore_status check_alone(ministore_t *j, const char **data, size_t *size, ministore_error *err) {
    const char *text = *data;
    size_t length = *size;
    ministore__trim(&text, &length);
    if (length <= j->options.max_record_bytes && ministore__shapes_know(&j->shapes, text, length)) {
        *data = text;
        *size = length;
        return MINISTORE_OK;
    }
    MINISTORE__TRY(check_record(j, data, size, 1, err));
    ministore__shapes_add(&j->shapes, *data, *size);
    return MINISTORE_OK;
}

/* Check the first line of what is left of a batch with care, and put it; `used` are its bytes. */
static ministore_status encode_line(const ministore_t *j, const char *data, size_t size, uint64_t number, char **out,
                                    size_t *used, ministore_error *err) {
    const char *newline = memchr(data, '\n', size);
    size_t length = newline ? (size_t)(newline - data) : size;
    *used = length + (newline != NULL);
    MINISTORE__TRY(check_record(j, &data, &length, number, err));
    *out = put_line(*out, data, length);
    return MINISTORE_OK;
}

/* Check a batch, and write it to `lines` as a request has them. */
static ministore_status encode_batch(const ministore_t *j, const char *data, size_t size, ministore__buffer *lines,
                                     uint64_t *records, ministore_error *err) {
    bool bulk = j->options.max_record_bytes >= size; /* else each one's size is to be looked at */
    if (size > SIZE_MAX / 4) return out_of_memory(j, err); /* where pointers have 32 bits its copy would not fit */
    for (size_t used; size > 0; data += used, size -= used) {
        if (!reserve(lines, MINISTORE__ENCODED_MOST(size))) return out_of_memory(j, err);
        char *out = lines->data + lines->size;
        size_t count = bulk ? ministore__json_encode(data, size, &out, &used) : 0;
        *records += count;
        if (count == 0) MINISTORE__TRY(encode_line(j, data, size, ++*records, &out, &used, err));
        lines->size = (size_t)(out - lines->data);
    }
    lines->size -= 2;
    lines->data[lines->size] = '\n';
    return MINISTORE_OK;
}

/* Put a buffer aside for the next batch, and take the one that is there. */
static ministore__buffer swap_spare(ministore_t *j, ministore__buffer buffer) {
    pthread_mutex_lock(&j->mutex);
    ministore__buffer spare = j->spare;
    j->spare = buffer;
    pthread_mutex_unlock(&j->mutex);
    return spare;
}

static ministore_status check_call(const ministore_t *journal, const void *data, size_t size, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    if (!data && size > 0) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "data must not be NULL");
    return forked(journal, err);
}

ministore_status ministore_append(ministore_t *journal, const void *data, size_t size, uint64_t *sequence_out,
                                  ministore_error *err) {
    MINISTORE__TRY(check_call(journal, data, size, err));
    ministore__request r = {.data = data, .size = size, .records = 1, .err = err};
    if (size > SHORT || !enter_alone(journal)) {
        MINISTORE__TRY(check_record(journal, &r.data, &r.size, 1, err));
        return append(journal, &r, sequence_out);
    }
    r.status = check_alone(journal, &r.data, &r.size, err);
    if (r.status == MINISTORE_OK) r.status = commit_if_healthy(journal, &r, err);
    leave_alone(journal);
    return answered(&r, sequence_out);
}

ministore_status ministore_append_batch(ministore_t *journal, const void *data, size_t size, uint64_t *sequence_out,
                                        ministore_error *err) {
    MINISTORE__TRY(check_call(journal, data, size, err));
    if (size == 0) {
        if (sequence_out) *sequence_out = 0;
        return MINISTORE_OK;
    }
    ministore__request r = {.ended = true, .err = err};
    ministore__buffer lines = swap_spare(journal, (ministore__buffer){0});
    lines.size = 0;
    ministore_status status = encode_batch(journal, data, size, &lines, &r.records, err);
    r.data = lines.data;
    r.size = lines.size;
    if (status == MINISTORE_OK) status = append(journal, &r, sequence_out);
    free_if_large(&lines);
    free(swap_spare(journal, lines).data);
    return status;
}

static ministore_status sync_alone(ministore_t *j, void *argument, ministore_error *err) {
    (void)argument;
    return ministore__flush(j, err);
}

ministore_status ministore_sync(ministore_t *journal, ministore_error *err) {
    if (!journal) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "journal must not be NULL");
    return ministore__exclusively(journal, sync_alone, NULL, false, err);
}
