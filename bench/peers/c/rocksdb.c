/*
 * RocksDB as a journal: big-endian numbers as keys, a synced write each (its own group commit among writers).
 */
#include "tool.h"

#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MAKE_BATCH = 1000 };

typedef struct {
    rocksdb_t *database;
    rocksdb_writeoptions_t *write;
    atomic_uint_fast64_t next;
} store;

static void must(const char *error) {
    if (error != NULL) die("%s", error);
}

static void open_store(store *s, bool sync) {
    char *error = NULL;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    s->database = rocksdb_open(options, text("path", "rocksdb"), &error);
    must(error);
    s->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(s->write, sync);
}

static void write_key(unsigned char key[8], uint64_t number) {
    for (int i = 7; i >= 0; i--, number >>= 8) key[i] = (unsigned char)(number & 0xff);
}

static void append_one(void *context, unsigned writer, const char *line, size_t size) {
    store *s = context;
    char *error = NULL;
    unsigned char key[8];
    (void)writer;
    write_key(key, atomic_fetch_add(&s->next, 1));
    rocksdb_put(s->database, s->write, (const char *)key, sizeof key, line, size - 1, &error);
    must(error);
}

static void append_batch(void *context, unsigned writer, const char *lines, size_t size) {
    store *s = context;
    char *error = NULL;
    unsigned char key[8];
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    (void)writer;
    for (size_t at = 0; at < size; at += LINE_BYTES) {
        write_key(key, atomic_fetch_add(&s->next, 1));
        rocksdb_writebatch_put(batch, (const char *)key, sizeof key, lines + at, RECORD_BYTES);
    }
    rocksdb_write(s->database, s->write, batch, &error);
    must(error);
    rocksdb_writebatch_destroy(batch);
}

static void run_append(void) {
    static store s;
    open_store(&s, number("sync", 1) != 0);
    measure_appends(number("batch", 1) == 1 ? append_one : append_batch, &s);
}

static void run_make(void) {
    static store s;
    char *error = NULL;
    open_store(&s, false);
    char *lines = make_lines(MAKE_BATCH);
    for (uint64_t i = 0; i < number("records", 1000); i += MAKE_BATCH)
        append_batch(&s, 0, lines, (size_t)MAKE_BATCH * LINE_BYTES);
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    rocksdb_flush(s.database, flush, &error);
    must(error);
    rocksdb_close(s.database);
}

static uint64_t replay_once(void *context) {
    const store *s = context;
    uint64_t records = 0, bytes = 0;
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_iterator_t *each = rocksdb_create_iterator(s->database, options);
    for (rocksdb_iter_seek_to_first(each); rocksdb_iter_valid(each); rocksdb_iter_next(each)) {
        size_t size;
        if (*rocksdb_iter_value(each, &size) != '{') die("not a record");
        bytes += size + 1;
        records++;
    }
    rocksdb_iter_destroy(each);
    rocksdb_readoptions_destroy(options);
    if (records != number("records", records)) die("%llu records", (unsigned long long)records);
    return bytes;
}

static void run_replay(void) {
    static store s;
    open_store(&s, false);
    measure_passes(replay_once, &s, "MB/s", 1e6);
}

const bench_work works[] = {{"append", run_append}, {"make", run_make}, {"replay", run_replay}, {NULL, NULL}};
