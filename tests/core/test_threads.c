/*
 * Many threads on one handle, and followers beside a writer: each acknowledged record is there once, in the order of
 * its number, and nothing is read twice or passed over. Run it under the thread sanitizer too.
 */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 60, BATCH = 4, RECORDS = THREADS * ROUNDS * (1 + BATCH) };

/* What one thread appended: the number that each record was acknowledged with. */
typedef struct {
    ministore_t *journal;
    int id;
    uint64_t single[ROUNDS], batch[ROUNDS];
    bool refused; /* bad records between the good ones */
    ministore_status failed;
} appender;

static ministore_status append_round(appender *a, int round) {
    char text[BATCH * 64];
    int size = snprintf(text, sizeof text, "{\"thread\":%d,\"round\":%d}", a->id, round);
    ministore_status status = ministore_append(a->journal, text, (size_t)size, &a->single[round], NULL);
    if (status != MINISTORE_OK) return status;
    size = 0;
    for (int i = 0; i < BATCH; i++)
        size += snprintf(text + size, sizeof text - (size_t)size, "[%d,%d,%d]\n", a->id, round, i);
    status = ministore_append_batch(a->journal, text, (size_t)size, &a->batch[round], NULL);
    if (status != MINISTORE_OK || !a->refused) return status;
    ministore_error err;
    status = ministore_append(a->journal, "{\"half\":", 8, NULL, &err);
    return status == MINISTORE_INVALID_JSON && err.line == 1 ? MINISTORE_OK : MINISTORE_CORRUPT;
}

static atomic_int appending; /* threads that are not done */

static void *append_all(void *argument) {
    appender *a = argument;
    for (int round = 0; round < ROUNDS && a->failed == MINISTORE_OK; round++) a->failed = append_round(a, round);
    atomic_fetch_sub(&appending, 1);
    return NULL;
}

/* The text that record number n must have, from what the threads were told. */
static void expected_texts(const appender *appenders, char (*texts)[64]) {
    for (int t = 0; t < THREADS; t++) {
        for (int round = 0; round < ROUNDS; round++) {
            uint64_t n = appenders[t].single[round];
            assert_in_range(n, 1, RECORDS);
            assert_string_equal(texts[n], "");
            (void)snprintf(texts[n], sizeof texts[n], "{\"thread\":%d,\"round\":%d}", t, round);
            for (int i = 0; i < BATCH; i++) {
                n = appenders[t].batch[round] - BATCH + 1 + (uint64_t)i;
                assert_in_range(n, 1, RECORDS);
                assert_string_equal(texts[n], "");
                (void)snprintf(texts[n], sizeof texts[n], "[%d,%d,%d]", t, round, i);
            }
        }
    }
}

/* Every record is there with the number it was acknowledged with; numbers from `first` on. */
static void expect_acknowledged(const appender *appenders, uint64_t first) {
    char(*texts)[64] = calloc(RECORDS + 1, sizeof *texts);
    assert_non_null(texts);
    expected_texts(appenders, texts);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    ministore_record record;
    for (uint64_t n = first; n <= RECORDS; n++) {
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        assert_int_equal(record.sequence, n);
        assert_int_equal(record.size, strlen(texts[n]));
        assert_memory_equal(record.data, texts[n], record.size);
    }
    assert_status(MINISTORE_DONE, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
    free(texts);
}

static void run_appenders(ministore_t *j, appender *appenders, pthread_t *threads) {
    atomic_store(&appending, THREADS);
    for (int i = 0; i < THREADS; i++) {
        appenders[i] = (appender){.journal = j, .id = i, .refused = i % 2 == 0};
        assert_int_equal(pthread_create(&threads[i], NULL, append_all, &appenders[i]), 0);
    }
}

static void join_appenders(const appender *appenders, const pthread_t *threads) {
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(appenders[i].failed, MINISTORE_OK);
    }
}

/* Goal: appends at once share commits, and each gets its own number. Method: threads with single ones and batches. */
static void appends_at_once(void **state) {
    (void)state;
    static appender appenders[THREADS];
    pthread_t threads[THREADS];
    ministore_t *j = open_journal(NULL, NULL);
    run_appenders(j, appenders, threads);
    join_appenders(appenders, threads);
    close_journal(j);
    expect_acknowledged(appenders, 1);
}

/* Goal: the other calls find their turn among appends. Method: one thread rotates, syncs, prunes and asks meanwhile. */
static void care_among_appends(void **state) {
    (void)state;
    static appender appenders[THREADS];
    pthread_t threads[THREADS];
    ministore_info info = {.struct_size = sizeof info};
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 2000;
    ministore_t *j = open_journal(NULL, &options);
    run_appenders(j, appenders, threads);
    bool done;
    do {
        uint64_t next = info.next_sequence;
        done = atomic_load(&appending) == 0;
        assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
        assert_true(info.next_sequence >= next && info.durable_sequence + 1 == info.next_sequence);
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        assert_status(MINISTORE_OK, ministore_sync(j, &why));
        uint64_t before = info.next_sequence < RECORDS / 2 ? info.next_sequence : RECORDS / 2;
        assert_status(MINISTORE_OK, ministore_prune(j, before, NULL, &why));
    } while (!done);
    join_appenders(appenders, threads);
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_true(info.first_sequence > 1);
    close_journal(j);
    expect_acknowledged(appenders, info.first_sequence);
}

/* Goal: with manual sync a sync covers all that was acknowledged before it. Method: one thread syncs among appends. */
static void manual_sync_among_appends(void **state) {
    (void)state;
    static appender appenders[THREADS];
    pthread_t threads[THREADS];
    ministore_info info = {.struct_size = sizeof info};
    ministore_options options = writer_options();
    options.sync = MINISTORE_SYNC_MANUAL;
    options.max_bytes_per_segment = 5000;
    ministore_t *j = open_journal(NULL, &options);
    run_appenders(j, appenders, threads);
    bool done;
    do {
        done = atomic_load(&appending) == 0;
        assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
        uint64_t acknowledged = info.next_sequence - 1;
        assert_status(MINISTORE_OK, ministore_sync(j, &why));
        assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
        assert_true(info.durable_sequence >= acknowledged);
    } while (!done);
    join_appenders(appenders, threads);
    close_journal(j);
    expect_acknowledged(appenders, 1);
}

/* What a follower has seen. */
typedef struct {
    ministore_cursor_t *cursor;
    uint64_t seen;
    uint32_t batches; /* read by batches */
    ministore_status failed;
} follower;

static ministore_status follow_some(follower *f) {
    ministore_record record;
    ministore_batch batch;
    if (!f->batches) {
        ministore_status status = ministore_cursor_next(f->cursor, &record, NULL);
        if (status == MINISTORE_OK && record.sequence != ++f->seen) return MINISTORE_CORRUPT;
        return status;
    }
    ministore_status status = ministore_cursor_next_batch(f->cursor, &batch, NULL);
    if (status != MINISTORE_OK) return status;
    if (batch.sequence != f->seen + 1) return MINISTORE_CORRUPT;
    f->seen += batch.count;
    return MINISTORE_OK;
}

static void *follow_all(void *argument) {
    follower *f = argument;
    while (f->seen < RECORDS && f->failed == MINISTORE_OK) {
        ministore_status status = follow_some(f);
        if (status == MINISTORE_DONE) status = ministore_cursor_wait(f->cursor, -1, NULL);
        f->failed = status;
    }
    return NULL;
}

/* Goal: followers see all, once, in order. Method: several beside appending threads and many rotations. */
static void followers_across_rotations(void **state) {
    (void)state;
    enum { FOLLOWERS = 4 };
    static appender appenders[THREADS];
    follower followers[FOLLOWERS];
    pthread_t threads[THREADS], following[FOLLOWERS];
    ministore_options options = writer_options();
    ministore_cursor_options reading = reader_options();
    options.max_bytes_per_segment = 1000;
    options.preallocate_bytes = 512;
    for (uint32_t i = 0; i < FOLLOWERS; i++) {
        reading.durable = i == 0;
        followers[i] = (follower){.cursor = open_cursor(NULL, &reading), .batches = i % 2};
        assert_int_equal(pthread_create(&following[i], NULL, follow_all, &followers[i]), 0);
    }
    ministore_t *j = open_journal(NULL, &options);
    run_appenders(j, appenders, threads);
    join_appenders(appenders, threads);
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.next_sequence, RECORDS + 1); /* else they would wait for ever */
    for (int i = 0; i < FOLLOWERS; i++) {
        assert_int_equal(pthread_join(following[i], NULL), 0);
        assert_status(MINISTORE_OK, followers[i].failed);
        assert_int_equal(followers[i].seen, RECORDS);
        ministore_cursor_close(followers[i].cursor);
    }
    close_journal(j);
    expect_acknowledged(appenders, 1);
}

/* Goal: an interrupt from another thread ends a wait without limit, once. */
static void an_interrupt_from_another_thread(void **state) {
    (void)state;
    pthread_t thread;
    follower f = {.cursor = open_cursor(NULL, NULL)};
    assert_int_equal(pthread_create(&thread, NULL, follow_all, &f), 0);
    ministore_cursor_interrupt(f.cursor);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_status(MINISTORE_INTERRUPTED, f.failed);
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(f.cursor, 0, &why));
    ministore_cursor_close(f.cursor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(appends_at_once),
        TEST(care_among_appends),
        TEST(manual_sync_among_appends),
        TEST(followers_across_rotations),
        TEST(an_interrupt_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
