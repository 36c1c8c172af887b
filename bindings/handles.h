/*
 * What SWIG wraps: journals and cursors that may be closed twice, used after close and closed by another thread, with
 * calls that let go of the interpreter's lock. Included once, by the generated wrapper.
 *
 * A language with such a lock defines MINISTORE_BLOCKING(run, call, interrupt, cursor) before: it runs run(call)
 * without the lock, and never jumps out. `interrupt`, where it is not NULL, makes run return early when it is called
 * with `cursor`; such a run may also be left out, when the language has something else to do first (call->ran tells
 * whether it was).
 */
#ifndef MINISTORE_HANDLES_H
#define MINISTORE_HANDLES_H

#include "ministore.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MINISTORE_BLOCKING
#define MINISTORE_BLOCKING(run, call, interrupt, cursor) ((void)(interrupt), (void)(cursor), (void)(run)(call))
#endif

/* ---- failures ---- */

/* Statuses of the bindings alone. */
enum { HANDLES_CLOSED = -1001 };

static const char *handles_status_name(ministore_status status) {
    return status == HANDLES_CLOSED ? "CLOSED" : ministore_status_name(status);
}

enum { HANDLES_ERROR_TEXT = 2048 };

/* All fields in one text, parted by the byte 0x1f: code, os_error, sequence, line, offset, segment, path, message. */
static inline char *handles_error_text(const ministore_error *err, char *text) {
    snprintf(text, HANDLES_ERROR_TEXT, "%s\x1f%d\x1f%llu\x1f%llu\x1f%llu\x1f%s\x1f%s\x1f%s",
             handles_status_name(err->status), (int)err->os_error, (unsigned long long)err->sequence,
             (unsigned long long)err->line, (unsigned long long)err->offset, err->segment, err->path, err->message);
    return text;
}

static ministore_status handles_fail(ministore_error *err, ministore_status status, const char *message) {
    memset(err, 0, sizeof *err);
    err->status = status;
    snprintf(err->message, sizeof err->message, "%s", message);
    return status;
}

/* ---- calls ---- */

typedef struct {
    ministore_t *handle;   /* NULL: closed */
    pthread_rwlock_t lock; /* calls share it, close has it alone */
    bool closing;          /* told before close has the lock: a stream of calls would keep it from it for ever */
    pid_t owner;
} Journal;

typedef struct {
    ministore_cursor_t *handle;
    pthread_mutex_t lock; /* of what follows */
    bool busy;            /* one call has the cursor; whoever closes it leaves that to the call's end */
    bool closed;
    pid_t owner;
} Cursor;

/* One call of the core, what it takes and what it gives, so that it can run without the interpreter's lock. */
typedef struct handles_call {
    ministore_status (*function)(struct handles_call *call);
    Journal *journal;
    Cursor *cursor;
    const char *path;
    const void *options;
    const void *data;
    size_t size;
    uint64_t number; /* an argument, or the result */
    uint32_t removed;
    int dry_run;
    int64_t timeout_ms;
    void *info;
    ministore_batch *batch;
    ministore_error *err;
    ministore_status status;
    bool ran;
} handles_call;

/* In a child process the locks mean nothing, as the threads that held them are not there. The core answers FORKED. */
static bool handles_inherited(pid_t owner) {
    return getpid() != owner;
}

static bool Journal_is_closed(Journal *self) {
    return self == NULL || __atomic_load_n(&self->closing, __ATOMIC_ACQUIRE);
}

static void *handles_run(void *argument) {
    handles_call *call = (handles_call *)argument;
    call->ran = true;
    call->status = call->function(call);
    return NULL;
}

/* As handles_run, with the journal kept open meanwhile. */
static void *handles_run_on_journal(void *argument) {
    handles_call *call = (handles_call *)argument;
    Journal *journal = call->journal;
    bool locked = !handles_inherited(journal->owner) && !Journal_is_closed(journal);
    if (locked) pthread_rwlock_rdlock(&journal->lock);
    call->ran = true;
    call->status = Journal_is_closed(journal) ? handles_fail(call->err, HANDLES_CLOSED, "the journal is closed")
                                              : call->function(call);
    if (locked) pthread_rwlock_unlock(&call->journal->lock);
    return NULL;
}

static void handles_blocking(handles_call call) {
    MINISTORE_BLOCKING(handles_run, &call, NULL, NULL);
}

/* The language may hand in nothing for a journal or a cursor: that is as good as a closed one. */
static uint64_t handles_on_journal(handles_call call) {
    if (call.journal == NULL) {
        handles_fail(call.err, HANDLES_CLOSED, "there is no journal");
        return 0;
    }
    MINISTORE_BLOCKING(handles_run_on_journal, &call, NULL, NULL);
    return call.number;
}

/* ---- a journal open for writing ---- */

static ministore_status handles_journal_open(handles_call *call) {
    return ministore_open(&call->journal->handle, call->path, (const ministore_options *)call->options, call->err);
}

static void delete_Journal(Journal *self);

static Journal *new_Journal(const char *path, const ministore_options *options, ministore_error *err) {
    Journal *self = (Journal *)calloc(1, sizeof *self);
    if (self == NULL) {
        handles_fail(err, MINISTORE_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_rwlock_init(&self->lock, NULL);
    self->owner = getpid();
    handles_blocking((handles_call){
        .function = handles_journal_open, .journal = self, .path = path, .options = options, .err = err});
    if (self->handle != NULL) return self;
    delete_Journal(self);
    return NULL;
}

/* Finalizers come here, when nobody else can have the journal. */
static void delete_Journal(Journal *self) {
    if (self == NULL) return;
    ministore_close(self->handle, NULL);
    if (!handles_inherited(self->owner)) pthread_rwlock_destroy(&self->lock);
    free(self);
}

static ministore_status handles_journal_append(handles_call *call) {
    return ministore_append(call->journal->handle, call->data, call->size, &call->number, call->err);
}

static ministore_status handles_journal_append_batch(handles_call *call) {
    return ministore_append_batch(call->journal->handle, call->data, call->size, &call->number, call->err);
}

static ministore_status handles_journal_sync(handles_call *call) {
    return ministore_sync(call->journal->handle, call->err);
}

static ministore_status handles_journal_rotate(handles_call *call) {
    return ministore_rotate(call->journal->handle, call->err);
}

static ministore_status handles_journal_prune(handles_call *call) {
    ministore_status status = ministore_prune(call->journal->handle, call->number, &call->removed, call->err);
    call->number = call->removed;
    return status;
}

static ministore_status handles_journal_stat(handles_call *call) {
    return ministore_stat(call->journal->handle, (ministore_info *)call->info, call->err);
}

/* Takes the handle away from all calls that follow, once those that run have ended. */
static ministore_status handles_journal_close(handles_call *call) {
    bool locked = !handles_inherited(call->journal->owner);
    __atomic_store_n(&call->journal->closing, true, __ATOMIC_RELEASE);
    if (locked) pthread_rwlock_wrlock(&call->journal->lock);
    ministore_t *handle = call->journal->handle;
    call->journal->handle = NULL;
    if (locked) pthread_rwlock_unlock(&call->journal->lock);
    return ministore_close(handle, call->err);
}

static uint64_t Journal_append(Journal *self, const void *data, size_t size, ministore_error *err) {
    return handles_on_journal(
        (handles_call){.function = handles_journal_append, .journal = self, .data = data, .size = size, .err = err});
}

static uint64_t Journal_append_batch(Journal *self, const void *data, size_t size, ministore_error *err) {
    return handles_on_journal((handles_call){
        .function = handles_journal_append_batch, .journal = self, .data = data, .size = size, .err = err});
}

static void Journal_sync(Journal *self, ministore_error *err) {
    handles_on_journal((handles_call){.function = handles_journal_sync, .journal = self, .err = err});
}

static void Journal_rotate(Journal *self, ministore_error *err) {
    handles_on_journal((handles_call){.function = handles_journal_rotate, .journal = self, .err = err});
}

static uint32_t Journal_prune(Journal *self, uint64_t before, ministore_error *err) {
    return (uint32_t)handles_on_journal(
        (handles_call){.function = handles_journal_prune, .journal = self, .number = before, .err = err});
}

static void Journal_stat(Journal *self, ministore_info *info, ministore_error *err) {
    handles_on_journal((handles_call){.function = handles_journal_stat, .journal = self, .info = info, .err = err});
}

static void Journal_close(Journal *self, ministore_error *err) {
    if (self == NULL) return;
    handles_blocking((handles_call){.function = handles_journal_close, .journal = self, .err = err});
}

/* ---- a reader ---- */

static ministore_status handles_cursor_open(handles_call *call) {
    return ministore_cursor_open(&call->cursor->handle, call->path, (const ministore_cursor_options *)call->options,
                                 call->err);
}

static void delete_Cursor(Cursor *self);

static Cursor *new_Cursor(const char *path, const ministore_cursor_options *options, ministore_error *err) {
    Cursor *self = (Cursor *)calloc(1, sizeof *self);
    if (self == NULL) {
        handles_fail(err, MINISTORE_NO_MEMORY, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->owner = getpid();
    handles_blocking(
        (handles_call){.function = handles_cursor_open, .cursor = self, .path = path, .options = options, .err = err});
    if (self->handle != NULL) return self;
    delete_Cursor(self);
    return NULL;
}

/* Finalizers come here, when nobody else can have the cursor. */
static void delete_Cursor(Cursor *self) {
    if (self == NULL) return;
    ministore_cursor_close(self->handle);
    if (!handles_inherited(self->owner)) pthread_mutex_destroy(&self->lock);
    free(self);
}

static void handles_lock_cursor(Cursor *self) {
    if (!handles_inherited(self->owner)) pthread_mutex_lock(&self->lock);
}

static void handles_unlock_cursor(Cursor *self) {
    if (!handles_inherited(self->owner)) pthread_mutex_unlock(&self->lock);
}

/* Have the cursor for one call, till Cursor_release. */
static bool handles_hold_cursor(Cursor *self, ministore_error *err) {
    if (self == NULL) return handles_fail(err, HANDLES_CLOSED, "there is no cursor") == MINISTORE_OK;
    handles_lock_cursor(self);
    bool held = !self->closed && !self->busy;
    if (self->closed)
        handles_fail(err, HANDLES_CLOSED, "the cursor is closed");
    else if (self->busy)
        handles_fail(err, MINISTORE_INVALID_ARGUMENT, "the cursor is in use by another thread");
    else
        self->busy = true;
    handles_unlock_cursor(self);
    return held;
}

/* Whether the cursor was closed meanwhile. */
static bool Cursor_release(Cursor *self) {
    handles_lock_cursor(self);
    bool closed = self->closed;
    self->busy = false;
    if (closed) {
        ministore_cursor_close(self->handle);
        self->handle = NULL;
    }
    handles_unlock_cursor(self);
    return closed;
}

static ministore_status handles_cursor_read(handles_call *call) {
    return ministore_cursor_next_batch(call->cursor->handle, call->batch, call->err);
}

static ministore_status handles_cursor_wait(handles_call *call) {
    return ministore_cursor_wait(call->cursor->handle, call->timeout_ms, call->err);
}

static ministore_status handles_cursor_stat(handles_call *call) {
    return ministore_cursor_stat(call->cursor->handle, (ministore_cursor_info *)call->info, call->err);
}

/* With a batch the cursor stays held: the wrapper releases it once it has copied the bytes. */
static void Cursor_read(Cursor *self, ministore_batch *batch, ministore_error *err) {
    if (!handles_hold_cursor(self, err)) return;
    handles_blocking((handles_call){.function = handles_cursor_read, .cursor = self, .batch = batch, .err = err});
    if (batch->count == 0) Cursor_release(self);
}

static void Cursor_interrupt(Cursor *self) {
    if (self == NULL) return;
    handles_lock_cursor(self);
    ministore_cursor_interrupt(self->handle);
    handles_unlock_cursor(self);
}

static void handles_interrupt(void *cursor) {
    ministore_cursor_interrupt(((Cursor *)cursor)->handle);
}

static int Cursor_wait(Cursor *self, int64_t timeout_ms, ministore_error *err) {
    if (!handles_hold_cursor(self, err)) return HANDLES_CLOSED;
    handles_call call = {.function = handles_cursor_wait,
                         .cursor = self,
                         .timeout_ms = timeout_ms,
                         .err = err,
                         .status = MINISTORE_INTERRUPTED};
    MINISTORE_BLOCKING(handles_run, &call, handles_interrupt, self);
    /* Closing ends a wait by interrupting it. */
    if (Cursor_release(self) && call.status == MINISTORE_INTERRUPTED)
        return handles_fail(err, HANDLES_CLOSED, "the cursor is closed");
    return call.status;
}

static void Cursor_stat(Cursor *self, ministore_cursor_info *info, ministore_error *err) {
    if (!handles_hold_cursor(self, err)) return;
    handles_blocking((handles_call){.function = handles_cursor_stat, .cursor = self, .info = info, .err = err});
    Cursor_release(self);
}

static void Cursor_close(Cursor *self) {
    if (self == NULL) return;
    handles_lock_cursor(self);
    bool busy = self->busy && !handles_inherited(self->owner);
    self->closed = true;
    if (busy) ministore_cursor_interrupt(self->handle);
    handles_unlock_cursor(self);
    if (!busy) Cursor_release(self);
}

static bool Cursor_is_closed(Cursor *self) {
    return self == NULL || self->closed;
}

/* ---- care ---- */

static ministore_status handles_run_verify(handles_call *call) {
    return ministore_verify(call->path, call->number, (ministore_verify_info *)call->info, call->err);
}

static ministore_status handles_run_repair(handles_call *call) {
    return ministore_repair(call->path, call->dry_run != 0, call->number, (ministore_repair_info *)call->info,
                            call->err);
}

static void handles_verify(const char *path, uint64_t max_record_bytes, ministore_verify_info *info,
                           ministore_error *err) {
    handles_blocking((handles_call){
        .function = handles_run_verify, .path = path, .number = max_record_bytes, .info = info, .err = err});
}

static void handles_repair(const char *path, bool dry_run, uint64_t max_record_bytes, ministore_repair_info *info,
                           ministore_error *err) {
    handles_blocking((handles_call){.function = handles_run_repair,
                                    .path = path,
                                    .dry_run = dry_run,
                                    .number = max_record_bytes,
                                    .info = info,
                                    .err = err});
}

static void handles_validate(const void *data, size_t size, ministore_error *err) {
    ministore_json_validate(data, size, err);
}

static const char *handles_version(void) {
    return ministore_version();
}

#endif
