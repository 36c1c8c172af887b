/*
 * SQLite as a journal: one table, WAL, synchronous=FULL (OFF where nothing is synced), a connection for each writer.
 */
#include "tool.h"

#include <sqlite3.h>

enum { MOST_WRITERS = 1024, MAKE_BATCH = 1000 };

typedef struct {
    sqlite3 *database;
    sqlite3_stmt *begin, *insert, *commit, *select;
} connection;

static connection connections[MOST_WRITERS];

static void must(const connection *c, int result) {
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW) die("%s", sqlite3_errmsg(c->database));
}

static void connect_to(connection *c) {
    must(c, sqlite3_open(text("path", "sqlite.db"), &c->database));
    must(c, sqlite3_busy_timeout(c->database, 60000));
    must(c, sqlite3_exec(c->database, "PRAGMA journal_mode=WAL", NULL, NULL, NULL));
    must(c, sqlite3_exec(c->database, number("sync", 1) ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=OFF", NULL,
                         NULL, NULL));
    must(c, sqlite3_exec(c->database, "CREATE TABLE IF NOT EXISTS j(n INTEGER PRIMARY KEY, r BLOB)", NULL, NULL, NULL));
    must(c, sqlite3_prepare_v2(c->database, "BEGIN IMMEDIATE", -1, &c->begin, NULL));
    must(c, sqlite3_prepare_v2(c->database, "INSERT INTO j(r) VALUES (?)", -1, &c->insert, NULL));
    must(c, sqlite3_prepare_v2(c->database, "COMMIT", -1, &c->commit, NULL));
    must(c, sqlite3_prepare_v2(c->database, "SELECT r FROM j ORDER BY n", -1, &c->select, NULL));
}

static void step(const connection *c, sqlite3_stmt *statement) {
    must(c, sqlite3_step(statement));
    must(c, sqlite3_reset(statement));
}

static void append(void *context, unsigned writer, const char *lines, size_t size) {
    const connection *c = &connections[writer];
    (void)context;
    step(c, c->begin);
    for (size_t at = 0; at < size; at += LINE_BYTES) {
        must(c, sqlite3_bind_blob(c->insert, 1, lines + at, RECORD_BYTES, SQLITE_STATIC));
        step(c, c->insert);
    }
    step(c, c->commit);
}

static void run_append(void) {
    for (uint64_t i = 0; i < number("writers", 1); i++) connect_to(&connections[i]);
    measure_appends(append, NULL);
}

static void run_make(void) {
    connect_to(&connections[0]);
    char *lines = make_lines(MAKE_BATCH);
    for (uint64_t i = 0; i < number("records", 1000); i += MAKE_BATCH)
        append(NULL, 0, lines, (size_t)MAKE_BATCH * LINE_BYTES);
    must(&connections[0], sqlite3_exec(connections[0].database, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL));
}

static uint64_t replay_once(void *context) {
    connection *c = context;
    uint64_t records = 0, size = 0;
    while (sqlite3_step(c->select) == SQLITE_ROW) {
        size += sqlite3_column_blob(c->select, 0) ? (uint64_t)sqlite3_column_bytes(c->select, 0) + 1 : 0;
        records++;
    }
    must(c, sqlite3_reset(c->select));
    if (records != number("records", records)) die("%llu records", (unsigned long long)records);
    return size;
}

static void run_replay(void) {
    connect_to(&connections[0]);
    measure_passes(replay_once, &connections[0], "MB/s", 1e6);
}

const bench_work works[] = {{"append", run_append}, {"make", run_make}, {"replay", run_replay}, {NULL, NULL}};
