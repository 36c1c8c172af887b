/*
 * LMDB as a journal: integer keys appended in order, its default of a sync at each commit (MDB_NOSYNC where nothing
 * is synced). It has one writer at a time.
 */
#include "tool.h"

#include <lmdb.h>
#include <pthread.h>
#include <string.h>

enum { MAKE_BATCH = 1000 };

typedef struct {
    MDB_env *env;
    MDB_dbi table;
    size_t next;
} store;

static void must(int result) {
    if (result != MDB_SUCCESS) die("%s", mdb_strerror(result));
}

static store open_store(unsigned flags) {
    store s = {.next = 1};
    MDB_txn *txn;
    must(mdb_env_create(&s.env));
    must(mdb_env_set_mapsize(s.env, (size_t)8 << 30));
    must(mdb_env_open(s.env, text("path", "lmdb"), MDB_NOSUBDIR | flags | (number("sync", 1) ? 0 : MDB_NOSYNC), 0600));
    must(mdb_txn_begin(s.env, NULL, flags & MDB_RDONLY, &txn));
    must(mdb_dbi_open(txn, NULL, flags & MDB_RDONLY ? 0 : MDB_CREATE | MDB_INTEGERKEY, &s.table));
    must(mdb_txn_commit(txn));
    return s;
}

/* LMDB's own lock is between begin and commit, so the numbers need none. */
static void append(void *context, unsigned writer, const char *lines, size_t size) {
    store *s = context;
    MDB_txn *txn;
    (void)writer;
    must(mdb_txn_begin(s->env, NULL, 0, &txn));
    for (size_t at = 0; at < size; at += LINE_BYTES) {
        MDB_val key = {sizeof s->next, &s->next}, value = {RECORD_BYTES, (void *)(uintptr_t)(lines + at)};
        must(mdb_put(txn, s->table, &key, &value, MDB_APPEND));
        s->next++;
    }
    must(mdb_txn_commit(txn));
}

static void run_append(void) {
    store s = open_store(0);
    measure_appends(append, &s);
}

static void run_make(void) {
    store s = open_store(MDB_NOSYNC);
    char *lines = make_lines(MAKE_BATCH);
    for (uint64_t i = 0; i < number("records", 1000); i += MAKE_BATCH)
        append(&s, 0, lines, (size_t)MAKE_BATCH * LINE_BYTES);
    must(mdb_env_sync(s.env, 1));
    mdb_env_close(s.env);
}

static uint64_t replay_once(void *context) {
    const store *s = context;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t records = 0, size = 0;
    must(mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn));
    must(mdb_cursor_open(txn, s->table, &cursor));
    int result;
    while ((result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS) {
        if (*(const char *)value.mv_data != '{') die("not a record");
        size += value.mv_size + 1;
        records++;
    }
    if (result != MDB_NOTFOUND) must(result);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    if (records != number("records", records)) die("%llu records", (unsigned long long)records);
    return size;
}

static void run_replay(void) {
    store s = open_store(MDB_RDONLY);
    measure_passes(replay_once, &s, "MB/s", 1e6);
}

const bench_work works[] = {{"append", run_append}, {"make", run_make}, {"replay", run_replay}, {NULL, NULL}};
