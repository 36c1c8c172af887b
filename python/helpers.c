/*
 * What the extension adds to the library. A call on a journal counts itself in and out here, where no signal handler of
 * Python's and no exception can come between.
 */
#define _POSIX_C_SOURCE 200809L
#include "helpers.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOMENT_NS = 200 * 1000 };

struct ministore_py_journal {
    ministore_t *journal;
    atomic_uint users;   /* calls under way */
    atomic_bool closing; /* no call may begin any more */
    atomic_bool closed;
};

/* ---- in and out ---- */

static ministore_status leave(ministore_py_journal *j, ministore_status status) {
    atomic_fetch_sub(&j->users, 1);
    return status;
}

/* First in, then a look whether it closes; close does it the other way round, so one of them sees the other. */
static bool enter(ministore_py_journal *j, ministore_error *err) {
    atomic_fetch_add(&j->users, 1);
    if (!atomic_load(&j->closing)) return true;
    err->status = leave(j, MINISTORE_PY_CLOSED);
    return false;
}

/* Waiting is by short sleeps: it is seldom, and a call is not longer under way than the disk takes. */
static void sleep_a_moment(void) {
    const struct timespec moment = {.tv_nsec = MOMENT_NS};
    nanosleep(&moment, NULL);
}

/* ---- calls ---- */

ministore_py_journal *ministore_py_open(const char *path, const ministore_options *options, ministore_error *err) {
    ministore_py_journal *j = calloc(1, sizeof *j);
    if (!j) {
        err->status = MINISTORE_NO_MEMORY;
        return NULL;
    }
    atomic_init(&j->users, 0);
    atomic_init(&j->closing, false);
    atomic_init(&j->closed, false);
    if (ministore_open(&j->journal, path, options, err) == MINISTORE_OK) return j;
    free(j);
    return NULL;
}

uint64_t ministore_py_append(ministore_py_journal *j, const void *data, size_t size, ministore_error *err) {
    uint64_t sequence = 0;
    if (!enter(j, err)) return 0;
    return leave(j, ministore_append(j->journal, data, size, &sequence, err)) < 0 ? 0 : sequence;
}

uint64_t ministore_py_append_batch(ministore_py_journal *j, const void *data, size_t size, ministore_error *err) {
    uint64_t sequence = 0;
    if (!enter(j, err)) return 0;
    return leave(j, ministore_append_batch(j->journal, data, size, &sequence, err)) < 0 ? 0 : sequence;
}

ministore_status ministore_py_sync(ministore_py_journal *j, ministore_error *err) {
    return enter(j, err) ? leave(j, ministore_sync(j->journal, err)) : err->status;
}

ministore_status ministore_py_rotate(ministore_py_journal *j, ministore_error *err) {
    return enter(j, err) ? leave(j, ministore_rotate(j->journal, err)) : err->status;
}

ministore_status ministore_py_prune(ministore_py_journal *j, uint64_t before, uint32_t *removed, ministore_error *err) {
    return enter(j, err) ? leave(j, ministore_prune(j->journal, before, removed, err)) : err->status;
}

ministore_status ministore_py_stat(ministore_py_journal *j, ministore_info *info, ministore_error *err) {
    return enter(j, err) ? leave(j, ministore_stat(j->journal, info, err)) : err->status;
}

ministore_status ministore_py_close(ministore_py_journal *j, int wait, ministore_error *err) {
    if (atomic_exchange(&j->closing, true)) {
        while (wait && !atomic_load(&j->closed)) sleep_a_moment();
        return MINISTORE_OK;
    }
    while (wait && atomic_load(&j->users) > 0) sleep_a_moment();
    ministore_status status = ministore_close(j->journal, err);
    atomic_store(&j->closed, true);
    return status;
}

void ministore_py_free(ministore_py_journal *j) {
    free(j);
}

/* ---- batches ---- */

int ministore_py_is_plain(const ministore_batch *batch) {
    size_t bytes = batch->count; /* a line feed each */
    for (size_t i = 0; i < batch->count; i++) bytes += batch->spans[i].size;
    return bytes == batch->size;
}

size_t ministore_py_join(const ministore_batch *batch, char *out) {
    char *end = out;
    for (size_t i = 0; i < batch->count; i++) {
        memcpy(end, batch->data + batch->spans[i].offset, batch->spans[i].size);
        end += batch->spans[i].size;
        *end++ = '\n';
    }
    return (size_t)(end - out);
}
