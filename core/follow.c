/*
 * Following: waiting for something to read, and being interrupted from other threads and signal handlers.
 */
#include "internal.h"

#include <errno.h>

enum {
    LOOK_AGAIN_MS = 500,   /* a watch may miss what another host or a memory map does */
    WITHOUT_WATCH_MS = 20  /* how often to look where the system has no watch */
};

void ministore__follow_init(ministore_cursor_t *c) {
    c->watch = -1;
    atomic_init(&c->wake_read, -1);
    atomic_init(&c->wake_write, -1);
    atomic_init(&c->interrupted, false);
}

void ministore__follow_free(ministore_cursor_t *c) {
    int files[] = {c->watch, atomic_load(&c->wake_read), atomic_load(&c->wake_write)};
    for (int i = 0; i < 3; i++)
        if (files[i] >= 0) c->at.io->close(c->at.io, files[i]);
}

/* Made by the first wait. An interrupt that comes before finds no pipe, but its flag is seen behind this. */
static ministore_status prepare(ministore_cursor_t *c, ministore_error *err) {
    int ends[2];
    if (c->watch < 0 && c->at.folder >= 0) c->watch = c->at.io->watch(c->at.io, c->at.folder);
    if (atomic_load(&c->wake_read) >= 0) return MINISTORE_OK;
    int result = c->at.io->make_pipe(c->at.io, ends);
    if (result < 0) return ministore__fail_io(err, result, c->at.path, NULL, "cannot make a pipe to wait on");
    atomic_store(&c->wake_read, ends[0]);
    atomic_store(&c->wake_write, ends[1]);
    return MINISTORE_OK;
}

static int64_t slice(const ministore_cursor_t *c, int64_t left) {
    int64_t most = c->watch >= 0 ? LOOK_AGAIN_MS : WITHOUT_WATCH_MS;
    return left >= 0 && left < most ? left : most;
}

/* One look and one wait. OK: look again. */
static ministore_status wait_once(ministore_cursor_t *c, int64_t left, ministore_error *err) {
    MINISTORE__TRY(prepare(c, err));
    if (atomic_exchange(&c->interrupted, false)) return MINISTORE_INTERRUPTED;
    if (ministore__cursor_ready(c) != MINISTORE_DONE) return MINISTORE_DONE;
    if (left == 0) return MINISTORE_TIMEOUT;
    int result = c->at.io->wait(c->at.io, c->watch, atomic_load(&c->wake_read), c->at.name, slice(c, left));
    if (result == -EINTR) return MINISTORE_INTERRUPTED;
    return result < 0 ? ministore__fail_io(err, result, c->at.path, NULL, "cannot wait") : MINISTORE_OK;
}

ministore_status ministore_cursor_wait(ministore_cursor_t *cursor, int64_t timeout_ms, ministore_error *err) {
    if (!cursor) return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "cursor must not be NULL");
    MINISTORE__TRY(ministore__cursor_forked(cursor, err));
    ministore_status status = MINISTORE_OK;
    int64_t start = cursor->at.io->now_ms(cursor->at.io);
    cursor->following = true;
    while (status == MINISTORE_OK) {
        int64_t passed = cursor->at.io->now_ms(cursor->at.io) - start;
        int64_t left = timeout_ms < 0 ? -1 : timeout_ms > passed ? timeout_ms - passed : 0;
        status = wait_once(cursor, left, err);
    }
    return status == MINISTORE_DONE ? MINISTORE_OK : status;
}

void ministore_cursor_interrupt(ministore_cursor_t *cursor) {
    if (!cursor) return;
    atomic_store(&cursor->interrupted, true);
    int end = atomic_load(&cursor->wake_write);
    if (end >= 0) (void)cursor->at.io->wake(cursor->at.io, end);
}
