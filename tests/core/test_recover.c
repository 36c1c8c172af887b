/*
 * Opening: who gets the lock while names change under the eyes, what a crash left half done, what is cut and saved.
 */
#include "faults.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Goal: a lock on a file that lost the name P is let go, and the new P taken. Method: another rotates before. */
static void rotate_meanwhile(faults *f, call_kind kind, const char *name) {
    (void)name;
    ministore_t *other = f->context;
    if (kind != LOCK || !other) return;
    f->context = NULL;
    append_text(other, "2");
    assert_status(MINISTORE_OK, ministore_rotate(other, &why));
    append_text(other, "3");
    close_journal(other);
}

static void a_rotation_before_the_lock(void **state) {
    (void)state;
    faults f = faults_none();
    put_text("j", HEADER "1\n");
    f.context = open_journal(NULL, NULL);
    f.before = rotate_meanwhile;
    ministore_t *j = open_journal(&f.io, NULL);
    assert_int_equal(ministore__next(j), 4);
    append_text(j, "4");
    close_journal(j);
    expect_records("1\n2\n3\n4");
}

/* Goal: whoever never catches the name P is told LOCKED, not kept for ever. Method: P is swapped before each lock. */
static void swap_the_file(faults *f, call_kind kind, const char *name) {
    (void)f, (void)name;
    if (kind != LOCK) return;
    put_text("swap", HEADER);
    assert_int_equal(rename(in_folder("swap"), in_folder("j")), 0);
}

static void a_name_that_never_holds(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_t *j;
    int descriptors = open_descriptors();
    put_text("j", HEADER);
    f.before = swap_the_file;
    assert_status(MINISTORE_LOCKED, ministore__open(&j, &f.io, in_folder("j"), NULL, &why));
    assert_int_equal(open_descriptors(), descriptors);
}

/* Goal: P may vanish between the look and the open. Method: it is removed then, once; open makes it anew. */
static void remove_it(faults *f, call_kind kind, const char *name) {
    if (kind != OPEN_FILE || strcmp(name, "j") != 0 || !f->context) return;
    f->context = NULL;
    assert_int_equal(unlink(in_folder("j")), 0);
}

static void a_file_that_vanishes(void **state) {
    (void)state;
    faults f = faults_none();
    int once = 1;
    put_text("j", HEADER "1\n");
    f.before = remove_it;
    f.context = &once;
    close_journal(open_journal(&f.io, NULL));
    expect_text("j", HEADER);
}

/* Goal: between the renames of a rotation without links nobody else gets in. Method: a second open at each call. */
static void try_to_get_in(faults *f, call_kind kind, const char *name) {
    (void)kind, (void)name;
    ministore_t *second;
    if (!f->context) return;
    f->context = NULL;
    assert_status(MINISTORE_LOCKED, ministore_open(&second, in_folder("j"), NULL, &why));
    f->context = f;
}

static void nobody_gets_in_during_a_rotation(void **state) {
    (void)state;
    for (int without = 0; without < 2; without++) {
        faults f = faults_none();
        f.no_links = without;
        ministore_t *j = open_journal(&f.io, NULL);
        append_text(j, "1");
        f.before = try_to_get_in;
        f.context = &f;
        assert_status(MINISTORE_OK, ministore_rotate(j, &why));
        append_text(j, "2");
        f.before = NULL;
        close_journal(j);
    }
    expect_records("1\n2\n1\n2");
}

/* Goal: what a crash left of a rotation is completed: one name, and no P.new. Method: both states by hand. */
static void an_interrupted_rotation(void **state) {
    (void)state;
    put_text("j", HEADER "1\n");
    assert_int_equal(link(in_folder("j"), in_folder("j.001")), 0);
    put_text("j.new", "// MINI");
    expect_records("1");
    close_journal(open_journal(NULL, NULL));
    assert_false(is_there("j.001") || is_there("j.new"));
    assert_int_equal(rename(in_folder("j"), in_folder("j.001")), 0);
    put_text("j.new", HEADER);
    expect_records("1");
    ministore_t *j = open_journal(NULL, NULL);
    append_text(j, "2");
    close_journal(j);
    char *text = get_bytes("j", NULL);
    assert_non_null(strstr(text, " first=2 prev=crc32c:"));
    free(text);
    assert_status(MINISTORE_OK, ministore_verify(in_folder("j"), 1 << 20, NULL, &why));
}

/* Goal: P.torn is never overwritten, and keeps the mode of P. */
static void the_torn_tail_is_kept(void **state) {
    (void)state;
    struct stat found;
    put_text("j", HEADER "1\n2");
    assert_int_equal(chmod(in_folder("j"), 0644), 0);
    ministore_t *j = open_journal(NULL, NULL);
    ministore_info info = {.struct_size = sizeof info};
    assert_status(MINISTORE_OK, ministore_stat(j, &info, &why));
    assert_int_equal(info.torn_bytes, 1);
    assert_int_equal(info.torn_offset, strlen(HEADER) + 2);
    close_journal(j);
    expect_text("j.torn", "2");
    add_text("j", "3\t\n");
    close_journal(open_journal(NULL, NULL));
    expect_text("j.torn", "23\t\n");
    expect_text("j", HEADER "1\n");
    assert_int_equal(stat(in_folder("j.torn"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0644);
}

/* Goal: a tail longer than one copy's chunk is saved whole. */
static void a_long_torn_tail(void **state) {
    (void)state;
    enum { SIZE = 100000 };
    char *tail = malloc(SIZE + 1);
    assert_non_null(tail);
    memset(tail, 't', SIZE);
    tail[SIZE] = '\0';
    put_text("j", HEADER "1\n");
    add_text("j", tail);
    close_journal(open_journal(NULL, NULL));
    expect_text("j.torn", tail);
    expect_text("j", HEADER "1\n");
    free(tail);
}

/* Goal: if the tail cannot be saved, nothing is cut. Method: P.torn is a link, a folder, a FIFO. */
static void a_tail_that_cannot_be_saved(void **state) {
    (void)state;
    ministore_t *j;
    put_text("j", HEADER "1\n2");
    put_text("precious", "precious");
    assert_int_equal(symlink("precious", in_folder("j.torn")), 0);
    assert_status(MINISTORE_IO, ministore_open(&j, in_folder("j"), NULL, &why));
    assert_int_equal(unlink(in_folder("j.torn")), 0);
    assert_int_equal(mkdir(in_folder("j.torn"), 0700), 0);
    assert_status(MINISTORE_IO, ministore_open(&j, in_folder("j"), NULL, &why));
    assert_int_equal(rmdir(in_folder("j.torn")), 0);
    assert_int_equal(mkfifo(in_folder("j.torn"), 0600), 0);
    assert_status(MINISTORE_IO, ministore_open(&j, in_folder("j"), NULL, &why));
    expect_text("j", HEADER "1\n2");
    expect_text("precious", "precious");
}

/* Goal: what is no journal is refused, and not one byte of it changes. */
static void foreign_files(void **state) {
    (void)state;
    static const struct {
        const char *text;
        ministore_status status;
    } rows[] = {
        {"{\"n\":1}\n", MINISTORE_BAD_HEADER},
        {"\n", MINISTORE_BAD_HEADER},
        {"// MINISTORE JOURNAL v0.2.0\n1\n", MINISTORE_UNSUPPORTED_VERSION},
        {HEADER "1\nno record\n", MINISTORE_CORRUPT},
        {HEADER "\n", MINISTORE_CORRUPT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ministore_t *j;
        put_text("j", rows[i].text);
        assert_status(rows[i].status, ministore_open(&j, in_folder("j"), NULL, &why));
        assert_null(j);
        assert_string_equal(why.segment, "j");
        expect_text("j", rows[i].text);
        assert_false(is_there("j.torn"));
    }
}

/* Goal: a folder, FIFO or link to nowhere good at the path is told, and nothing hangs. */
static void not_a_file(void **state) {
    (void)state;
    ministore_t *j;
    assert_int_equal(mkdir(in_folder("folder"), 0700), 0);
    assert_status(MINISTORE_NOT_A_FILE, ministore_open(&j, in_folder("folder"), NULL, &why));
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_status(MINISTORE_NOT_A_FILE, ministore_open(&j, in_folder("fifo"), NULL, &why));
    assert_status(MINISTORE_NOT_A_FILE, ministore_open(&j, "/dev/null", NULL, &why));
}

/* Goal: open answers for what it found: file and folder are synced before it returns, or it fails. */
static void open_syncs_what_it_found(void **state) {
    (void)state;
    faults f = faults_none();
    ministore_t *j;
    put_text("j", HEADER "1\n");
    fail_calls(&f, SYNC, 0, 0, 0);
    close_journal(open_journal(&f.io, NULL));
    assert_true(f.seen >= 2);
    long syncs = f.seen;
    for (long at = 1; at <= syncs; at++) {
        fail_calls(&f, SYNC, at, 1, EIO);
        assert_status(MINISTORE_IO, ministore__open(&j, &f.io, in_folder("j"), NULL, &why));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_rotation_before_the_lock),
        TEST(a_name_that_never_holds),
        TEST(a_file_that_vanishes),
        TEST(nobody_gets_in_during_a_rotation),
        TEST(an_interrupted_rotation),
        TEST(the_torn_tail_is_kept),
        TEST(a_long_torn_tail),
        TEST(a_tail_that_cannot_be_saved),
        TEST(foreign_files),
        TEST(not_a_file),
        TEST(open_syncs_what_it_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
