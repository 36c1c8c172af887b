/*
 * Waiting for something to read: time-outs, interrupts from signal handlers, systems without a watch, rotation.
 */
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Goal: a wait looks once with 0, and ends at its time; what is there is told at once. */
static void time_outs(void **state) {
    (void)state;
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 30, &why));
    put_text("j", HEADER "1\n");
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, 0, &why));
    expect_next(c, "1");
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    ministore_cursor_close(c);
}

/* Goal: the journal's folder may come while one waits. Method: folder and journal are made between waits. */
static void a_folder_that_comes_later(void **state) {
    (void)state;
    ministore_cursor_t *c;
    assert_status(MINISTORE_OK, ministore_cursor_open(&c, in_folder("later/j"), NULL, &why));
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 30, &why));
    assert_int_equal(mkdir(in_folder("later"), 0700), 0);
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    put_text("later/j", HEADER "1\n");
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    expect_next(c, "1");
    ministore_cursor_close(c);
}

/* Goal: an interrupt holds until one wait has returned it. */
static void an_interrupt_before_the_wait(void **state) {
    (void)state;
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    ministore_cursor_interrupt(c);
    ministore_cursor_interrupt(c);
    assert_status(MINISTORE_INTERRUPTED, ministore_cursor_wait(c, -1, &why));
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    ministore_cursor_interrupt(c);
    assert_status(MINISTORE_INTERRUPTED, ministore_cursor_wait(c, -1, &why));
    ministore_cursor_close(c);
}

static ministore_cursor_t *waiting;

static void interrupt_in_handler(int number) {
    (void)number;
    ministore_cursor_interrupt(waiting);
}

/* Goal: a signal handler may interrupt. Method: the signal comes just before the system's wait begins. */
static void raise_before_the_wait(faults *f, call_kind kind, const char *name) {
    (void)f, (void)name;
    if (kind == WAIT) (void)raise(SIGUSR1);
}

static void an_interrupt_from_a_signal_handler(void **state) {
    (void)state;
    faults f = faults_none();
    struct sigaction action = {.sa_handler = interrupt_in_handler, .sa_flags = SA_RESTART}, before;
    waiting = open_cursor(&f.io, NULL);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    f.before = raise_before_the_wait;
    assert_status(MINISTORE_INTERRUPTED, ministore_cursor_wait(waiting, -1, &why));
    f.before = NULL;
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
    ministore_cursor_close(waiting);
}

/* Goal: a signal alone ends a wait; a wait that fails otherwise tells so. */
static void a_wait_that_fails(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_cursor_t *c = open_cursor(&f.io, NULL);
    fail_calls(&f, WAIT, 1, 1, EINTR);
    assert_status(MINISTORE_INTERRUPTED, ministore_cursor_wait(c, -1, &why));
    fail_calls(&f, WAIT, 1, 1, EIO);
    assert_status(MINISTORE_IO, ministore_cursor_wait(c, -1, &why));
    ministore_cursor_close(c);
    c = open_cursor(&f.io, NULL);
    fail_calls(&f, MAKE_PIPE, 1, 1, EMFILE);
    assert_status(MINISTORE_IO, ministore_cursor_wait(c, -1, &why));
    assert_int_equal(why.os_error, EMFILE);
    ministore_cursor_close(c);
}

/* Goal: where there is no watch one looks again and again. Method: the record comes after the first system's wait. */
static void append_before_the_second_wait(faults *f, call_kind kind, const char *name) {
    (void)name;
    long *waits = f->context;
    if (kind == WAIT && ++*waits == 2) add_text("j", "1\n");
}

static void without_a_watch(void **state) {
    (void)state;
    faults f = faults_none();
    long waits = 0;
    put_text("j", HEADER);
    ministore_cursor_t *c = open_cursor(&f.io, NULL);
    fail_calls(&f, WATCH, 1, 1000000, ENOSPC);
    f.before = append_before_the_second_wait;
    f.context = &waits;
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    assert_true(waits >= 2);
    expect_next(c, "1");
    ministore_cursor_close(c);
}

/* Goal: what a wait found wrong is what the next read tells, once it is read. */
static void a_wait_that_finds_damage(void **state) {
    (void)state;
    ministore_record record;
    ministore_cursor_options options = reader_options();
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    options.max_record_bytes = 4;
    put_text("j", HEADER);
    ministore_cursor_t *c = open_cursor(NULL, &options);
    expect_next(c, "");
    char *long_line = test_malloc(MINISTORE__CHUNK + 1);
    memset(long_line, '7', MINISTORE__CHUNK);
    long_line[MINISTORE__CHUNK] = '\0';
    add_text("j", long_line);
    add_text("j", "\n2\n");
    test_free(long_line);
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    assert_status(MINISTORE_TOO_LARGE, ministore_cursor_next(c, &record, &why));
    assert_int_equal(why.line, 2);
    expect_next(c, "2");
    ministore_cursor_close(c);
}

/* Goal: a follower at the end goes on over rotations, by number. Method: several rotations between two reads. */
static void over_rotations(void **state) {
    (void)state;
    ministore_cursor_options options = reader_options();
    options.at_end = 1;
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "1");
    ministore_cursor_t *c = open_cursor(NULL, &options);
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    append_text(j, "2");
    for (int i = 0; i < 3; i++) {
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        append_text(j, "3");
    }
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    expect_next(c, "2\n3\n3\n3");
    close_journal(j);
    ministore_cursor_close(c);
}

/* Goal: space allocated in advance is the end for now, and no damage, while one follows. */
static void over_preallocated_space(void **state) {
    (void)state;
    ministore_options options = writer_options();
    options.preallocate_bytes = 1 << 20;
    ministore_t *j = open_journal(NULL, &options);
    ministore_cursor_t *c = open_cursor(NULL, NULL);
    append_text(j, "1");
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    expect_next(c, "1");
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    append_text(j, "2");
    assert_status(MINISTORE_OK, ministore_cursor_wait(c, -1, &why));
    expect_next(c, "2");
    close_journal(j);
    assert_status(MINISTORE_TIMEOUT, ministore_cursor_wait(c, 0, &why));
    ministore_cursor_close(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(time_outs),
        TEST(a_folder_that_comes_later),
        TEST(an_interrupt_before_the_wait),
        TEST(an_interrupt_from_a_signal_handler),
        TEST(a_wait_that_fails),
        TEST(without_a_watch),
        TEST(a_wait_that_finds_damage),
        TEST(over_rotations),
        TEST(over_preallocated_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
