/*
 * Several processes: the lock lets one writer in at a time, a killed writer loses nothing it acknowledged, a forked
 * child leaves its parent's journal alone, a follower elsewhere sees all.
 */
#include "model.h"
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child says how it went by its exit status: 0, or the line that it failed at. */
#define MUST(condition) \
    do {                \
        if (!(condition)) _exit(__LINE__ % 255 + 1); \
    } while (0)

static void expect_success(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0) fail_msg("a child failed: its MUST at line %d (modulo 255)", WEXITSTATUS(status) - 1);
}

static pid_t start(void (*work)(void *), void *argument) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    work(argument);
    _exit(0);
}

/* ---- the lock ---- */

enum { FIGHTERS = 3, SESSIONS = 60, PER_SESSION = 5 };

/* Open, be alone, append, close: again and again. `inside` counts who is in, in memory that all share. */
static void fight(void *argument) {
    atomic_int *inside = argument;
    ministore_t *j;
    char text[64];
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 200;
    for (int session = 0; session < SESSIONS;) {
        ministore_status status = ministore_open(&j, in_folder("j"), &options, NULL);
        if (status == MINISTORE_LOCKED) {
            (void)sched_yield();
            continue;
        }
        MUST(status == MINISTORE_OK);
        MUST(atomic_fetch_add(inside, 1) == 0);
        for (int i = 0; i < PER_SESSION; i++) {
            int size = snprintf(text, sizeof text, "[%d,%d,%d]", (int)getpid(), session, i);
            MUST(ministore_append(j, text, (size_t)size, NULL, NULL) == MINISTORE_OK);
        }
        MUST(atomic_fetch_sub(inside, 1) == 1);
        MUST(ministore_close(j, NULL) == MINISTORE_OK);
        session++;
    }
}

/* Goal: one writer at a time, over rotations. Method: processes that fight, and mark each session in the journal. */
static void one_writer_at_a_time(void **state) {
    (void)state;
    pid_t children[FIGHTERS];
    atomic_int *inside = mmap(NULL, sizeof *inside, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(inside, MAP_FAILED);
    for (int i = 0; i < FIGHTERS; i++) children[i] = start(fight, inside);
    for (int i = 0; i < FIGHTERS; i++) expect_success(children[i]);
    assert_int_equal(munmap(inside, sizeof *inside), 0);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    ministore_record record;
    int process = 0, session = 0, number = 0, expected[2] = {0, 0};
    for (int i = 0; i < FIGHTERS * SESSIONS * PER_SESSION; i++) {
        char text[64] = "";
        assert_status(MINISTORE_OK, ministore_cursor_next(c, &record, &why));
        assert_int_equal(record.sequence, i + 1);
        assert_true(record.size < sizeof text);
        memcpy(text, record.data, record.size);
        assert_int_equal(sscanf(text, "[%d,%d,%d]", &process, &session, &number), 3);
        assert_int_equal(number, i % PER_SESSION);
        if (number == 0) expected[0] = process, expected[1] = session;
        assert_int_equal(process, expected[0]);
        assert_int_equal(session, expected[1]);
    }
    assert_status(MINISTORE_DONE, ministore_cursor_next(c, &record, &why));
    ministore_cursor_close(c);
}

/* ---- kill -9 ---- */

enum { KILLS = 40 };

/* Records in the commit that begins with number n. */
static unsigned commit_size(uint64_t n) {
    return n % 3 == 0 ? 5 : 1;
}

typedef struct {
    int round, acknowledgements;
} victim;

/* Append for ever, and tell the number of each commit's last record once it is acknowledged. */
static void append_for_ever(void *argument) {
    const victim *v = argument;
    ministore_t *j;
    model m = {0};
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 1500;
    options.preallocate_bytes = v->round % 2 ? 700 : 0;
    MUST(ministore_open(&j, in_folder("j"), &options, NULL) == MINISTORE_OK);
    model_settle(&m, ministore__next(j) - 1);
    for (;;) {
        MUST(model_append(&m, j, commit_size(m.promised + 1), NULL) == MINISTORE_OK);
        MUST(write(v->acknowledgements, &m.promised, sizeof m.promised) == sizeof m.promised);
    }
}

/* Let a child append until it has acknowledged so many commits, kill it, and take the rest of what it has told. */
static uint64_t kill_after(int round, int commits, uint64_t last) {
    int ends[2];
    uint64_t told;
    assert_int_equal(pipe(ends), 0);
    victim v = {.round = round, .acknowledgements = ends[1]};
    pid_t child = start(append_for_ever, &v);
    assert_int_equal(close(ends[1]), 0);
    for (int i = 0; read(ends[0], &told, sizeof told) == sizeof told; i++) {
        last = told;
        if (i == commits) assert_int_equal(kill(child, SIGKILL), 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(close(ends[0]), 0);
    return last;
}

/* Goal: what was acknowledged before a kill is there. Method: one journal, killed again and again in the middle. */
static void killed_writers_lose_nothing(void **state) {
    (void)state;
    model m = {0};
    for (int round = 0; round < KILLS; round++) {
        uint64_t last, acknowledged = kill_after(round, round * 7 % 31, m.promised);
        model_settle(&m, acknowledged);
        m.attempt = acknowledged + commit_size(acknowledged + 1);
        const char *wrong = model_check(&m, &ministore__posix, in_folder("j"), &last);
        if (wrong) fail_msg("after kill %d: %s", round + 1, wrong);
        model_settle(&m, last);
    }
    assert_status(MINISTORE_OK, ministore_close(open_journal(NULL, NULL), &why));
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
    print_message("%d kills, %llu records\n", KILLS, (unsigned long long)m.promised);
}

/* ---- SIGSTOP ---- */

enum { STOPS = 30 };

/* Take what has been told so far, at least `count` numbers; a closed pipe ends it. */
static uint64_t take(int end, int count, uint64_t last) {
    uint64_t told;
    for (int i = 0;; i++) {
        struct pollfd more = {.fd = end, .events = POLLIN};
        if (i >= count && poll(&more, 1, 0) == 0) return last;
        if (read(end, &told, sizeof told) != sizeof told) return last;
        last = told;
    }
}

/* Goal: a writer that is stopped keeps its lock and harms nobody. Method: stop it at any moment of its appends and
   rotations, read, try to open, and let it go on. */
static void a_stopped_writer_goes_on(void **state) {
    (void)state;
    int ends[2], status;
    uint64_t last = 0, there;
    ministore_t *other;
    assert_int_equal(pipe(ends), 0);
    victim v = {.round = 1, .acknowledgements = ends[1]};
    pid_t child = start(append_for_ever, &v);
    assert_int_equal(close(ends[1]), 0);
    for (int i = 0; i < STOPS; i++) {
        last = take(ends[0], 1 + i * 7 % 31, last);
        assert_int_equal(kill(child, SIGSTOP), 0);
        assert_int_equal(waitpid(child, &status, WUNTRACED), child);
        assert_true(WIFSTOPPED(status));
        last = take(ends[0], 0, last);
        model m = {.promised = last, .attempt = last + commit_size(last + 1)};
        const char *wrong = model_check(&m, &ministore__posix, in_folder("j"), &there);
        if (wrong) fail_msg("stop %d: %s", i + 1, wrong);
        assert_status(MINISTORE_LOCKED, ministore_open(&other, in_folder("j"), NULL, &why));
        assert_int_equal(kill(child, SIGCONT), 0);
    }
    last = take(ends[0], 1, last);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    last = take(ends[0], 1 << 30, last);
    assert_int_equal(close(ends[0]), 0);
    model m = {.promised = last, .attempt = last + commit_size(last + 1)};
    assert_null(model_check(&m, &ministore__posix, in_folder("j"), &there));
    close_journal(open_journal(NULL, NULL));
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
}

/* ---- fork ---- */

typedef struct {
    ministore_t *journal;
    ministore_cursor_t *cursor;
} handles;

/* All calls on inherited handles, then close. */
static void use_inherited(void *argument) {
    const handles *h = argument;
    ministore_record record;
    ministore_batch batch;
    ministore_error err;
    ministore_info info = {.struct_size = sizeof info};
    ministore_cursor_info cursor_info = {.struct_size = sizeof cursor_info};
    MUST(ministore_append(h->journal, "1", 1, NULL, &err) == MINISTORE_FORKED && err.message[0] != '\0');
    MUST(ministore_append_batch(h->journal, "1", 1, NULL, NULL) == MINISTORE_FORKED);
    MUST(ministore_sync(h->journal, NULL) == MINISTORE_FORKED);
    MUST(ministore_rotate(h->journal, NULL) == MINISTORE_FORKED);
    MUST(ministore_prune(h->journal, 1, NULL, NULL) == MINISTORE_FORKED);
    MUST(ministore_stat(h->journal, &info, NULL) == MINISTORE_FORKED);
    MUST(ministore_cursor_next(h->cursor, &record, NULL) == MINISTORE_FORKED);
    MUST(ministore_cursor_next_batch(h->cursor, &batch, NULL) == MINISTORE_FORKED);
    MUST(ministore_cursor_wait(h->cursor, 0, NULL) == MINISTORE_FORKED);
    MUST(ministore_cursor_stat(h->cursor, &cursor_info, NULL) == MINISTORE_FORKED);
    ministore_cursor_close(h->cursor);
    MUST(ministore_close(h->journal, NULL) == MINISTORE_OK);
    ministore_t *own;
    MUST(ministore_open(&own, in_folder("j"), NULL, NULL) == MINISTORE_LOCKED);
}

/* Goal: a child cannot harm its parent's journal. Method: it tries all; a sync and a trim are pending. */
static void a_forked_child_is_refused(void **state) {
    (void)state;
    ministore_options options = writer_options();
    options.sync = MINISTORE_SYNC_MANUAL;
    options.preallocate_bytes = 4096;
    handles h = {.journal = open_journal(NULL, &options)};
    append_text(h.journal, "1");
    h.cursor = open_cursor(NULL, NULL);
    uint64_t size = size_of("j");
    expect_success(start(use_inherited, &h));
    assert_int_equal(size_of("j"), size);
    append_text(h.journal, "2");
    expect_next(h.cursor, "1\n2");
    ministore_cursor_close(h.cursor);
    close_journal(h.journal);
    expect_text("j", HEADER "1\n2\n");
}

enum { FORKS = 40, FORK_THREADS = 4 };

typedef struct {
    ministore_t *journal;
    atomic_bool stop;
    atomic_int appended;
} forking;

static void *append_until_told(void *argument) {
    forking *f = argument;
    while (!atomic_load(&f->stop)) {
        MUST(ministore_append(f->journal, "1", 1, NULL, NULL) == MINISTORE_OK);
        atomic_fetch_add(&f->appended, 1);
    }
    return NULL;
}

static void close_inherited(void *argument) {
    const forking *f = argument;
    MUST(ministore_append(f->journal, "2", 1, NULL, NULL) == MINISTORE_FORKED);
    MUST(ministore_sync(f->journal, NULL) == MINISTORE_FORKED);
    MUST(ministore_close(f->journal, NULL) == MINISTORE_OK);
}

/* Goal: a child made in the middle of group commits and rotations is refused, and can close. Method: threads append
   while this one forks; what they hold and wait for is in the child's copy for ever. */
static void a_fork_in_the_middle_of_a_commit(void **state) {
    (void)state;
    pthread_t threads[FORK_THREADS];
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 200;
    forking f = {.journal = open_journal(NULL, &options)};
    for (int i = 0; i < FORK_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, append_until_told, &f), 0);
    for (int i = 0; i < FORKS; i++) {
        int before = atomic_load(&f.appended);
        while (atomic_load(&f.appended) < before + i % 5) (void)sched_yield();
        expect_success(start(close_inherited, &f));
    }
    atomic_store(&f.stop, true);
    for (int i = 0; i < FORK_THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(ministore__next(f.journal), atomic_load(&f.appended) + 1);
    close_journal(f.journal);
    ministore_verify_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, &info, &why));
    assert_int_equal(info.records, atomic_load(&f.appended));
}

/* Hold what was inherited until told to go. */
static void hold(void *argument) {
    const int *ends = argument;
    char go;
    (void)close(ends[1]);
    MUST(read(ends[0], &go, 1) == 0);
}

/* Goal: the lock goes with the last process that inherited it. Method: a child that holds on to it. */
static void the_lock_stays_with_a_child(void **state) {
    (void)state;
    int ends[2];
    ministore_t *j = open_journal(NULL, NULL), *other;
    assert_int_equal(pipe(ends), 0);
    pid_t child = start(hold, ends);
    close_journal(j);
    assert_status(MINISTORE_LOCKED, ministore_open(&other, in_folder("j"), NULL, &why));
    assert_int_equal(close(ends[1]), 0);
    expect_success(child);
    assert_int_equal(close(ends[0]), 0);
    close_journal(open_journal(NULL, NULL));
}

/* ---- followers ---- */

enum { FOLLOWED = 400 };

static void follow(void *argument) {
    const int *ready = argument;
    ministore_cursor_t *c;
    ministore_record record;
    char text[MODEL_TEXT_MAX];
    MUST(ministore_cursor_open(&c, in_folder("j"), NULL, NULL) == MINISTORE_OK);
    MUST(write(*ready, "!", 1) == 1);
    for (uint64_t n = 1; n <= FOLLOWED;) {
        ministore_status status = ministore_cursor_next(c, &record, NULL);
        if (status == MINISTORE_DONE) status = ministore_cursor_wait(c, -1, NULL);
        else if (status == MINISTORE_OK) {
            MUST(record.sequence == n && record.size == model_text(n, text));
            MUST(memcmp(record.data, text, record.size) == 0);
            n++;
        }
        MUST(status == MINISTORE_OK);
    }
    ministore_cursor_close(c);
}

/* Goal: a follower in another process sees all, over rotations. Method: it began before the journal was there. */
static void a_follower_elsewhere(void **state) {
    (void)state;
    int ends[2];
    char go;
    model m = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t child = start(follow, &ends[1]);
    assert_int_equal(read(ends[0], &go, 1), 1);
    ministore_options options = writer_options();
    options.max_bytes_per_segment = 500;
    ministore_t *j = open_journal(NULL, &options);
    while (m.promised < FOLLOWED) assert_status(MINISTORE_OK, model_append(&m, j, commit_size(m.promised + 1), &why));
    expect_success(child);
    assert_true(j->newest > 10);
    assert_status(MINISTORE_OK, model_close(&m, j, &why));
    for (int i = 0; i < 2; i++) assert_int_equal(close(ends[i]), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(one_writer_at_a_time),
        TEST(killed_writers_lose_nothing),
        TEST(a_stopped_writer_goes_on),
        TEST(a_forked_child_is_refused),
        TEST(a_fork_in_the_middle_of_a_commit),
        TEST(the_lock_stays_with_a_child),
        TEST(a_follower_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
