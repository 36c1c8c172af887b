/*
 * Somebody else in the journal's folder: links put in the way at any moment are not followed, no file ever has wider
 * rights than the journal, and no name outside the journal's own is touched.
 */
#include "faults.h"
#include "model.h"
#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the work: all that makes, renames and removes files ---- */

static ministore_options options_with(uint32_t mode) {
    ministore_options options = writer_options();
    options.mode = mode;
    options.max_bytes_per_segment = 150;
    options.max_segments = 3;
    return options;
}

/* Write over several rotations, tear the tail, open again, repair; failures are the attacker's doing. It ends where P
   has become a link: opening follows that one, as it is meant to. */
static void work(const ministore__io *io, uint32_t mode, model *m) {
    ministore_t *j;
    ministore_options options = options_with(mode);
    for (int session = 0; session < 2; session++) {
        if (ministore__open(&j, io, in_folder("d/j"), &options, NULL) != MINISTORE_OK) return;
        for (int i = 0; i < 6; i++) (void)model_append(m, j, 1, NULL);
        (void)model_rotate(m, j, NULL);
        (void)model_append(m, j, 1, NULL);
        (void)model_close(m, j, NULL);
        int file = open(in_folder("d/j"), O_WRONLY | O_APPEND | O_NOFOLLOW);
        if (file < 0) return;
        assert_int_equal(write(file, "{\"torn", 6), 6);
        assert_int_equal(close(file), 0);
    }
    (void)ministore__repair(io, in_folder("d/j"), 0, 1 << 20, NULL, NULL);
}

static void make_folder(void) {
    assert_int_equal(mkdir(in_folder("d"), 0700), 0);
}

/* ---- links ---- */

static const char *const names[] = {"j", "j.new", "j.torn", "j.001", "j.002", "j.003"};

typedef struct {
    long at, seen;
    const char *name;
    bool done;
} attack;

/* Before call number `at`: whatever has the name is moved away, and a link to the victim stands there. */
static void put_link(faults *f, call_kind kind, const char *name) {
    (void)kind, (void)name;
    attack *a = f->context;
    char path[512];
    if (++a->seen != a->at) return;
    (void)snprintf(path, sizeof path, "%s/d/%s", test_folder, a->name);
    (void)rename(path, in_folder("d/moved"));
    assert_int_equal(symlink("../victim", path), 0);
    a->done = true;
}

static bool attack_once(long at, const char *name) {
    model m = {0};
    faults f = faults_none();
    attack a = {.at = at, .name = name};
    struct stat found;
    assert_int_equal(folder_setup(NULL), 0);
    make_folder();
    put_text("victim", HEADER "\"precious\"\n");
    assert_int_equal(chmod(in_folder("victim"), 0604), 0);
    f.before = put_link;
    f.context = &a;
    work(&f.io, 0600, &m);
    expect_text("victim", HEADER "\"precious\"\n");
    assert_int_equal(stat(in_folder("victim"), &found), 0);
    assert_int_equal(found.st_mode & 07777, 0604);
    assert_int_equal(folder_teardown(NULL), 0);
    return a.done;
}

/* Goal: a link put in the way at any moment is not followed. Method: before each call, for each name but P. */
static void links_are_not_followed(void **state) {
    (void)state;
    long attacks = 0;
    for (size_t i = 1; i < sizeof names / sizeof *names; i++)
        for (long at = 1; attack_once(at, names[i]); at++) attacks++;
    print_message("%ld links put in the way\n", attacks);
    assert_true(attacks > 500);
}

/* Goal: the same for P itself while one handle has it open, at each call of its appends and rotations. */
static void a_link_over_the_journal(void **state) {
    (void)state;
    ministore_options options = options_with(0600);
    bool done = true;
    for (long at = 1; done; at++) {
        model m = {0};
        faults f = faults_none();
        attack a = {.at = at, .name = "j"};
        ministore_t *j;
        assert_int_equal(folder_setup(NULL), 0);
        make_folder();
        put_text("victim", HEADER "\"precious\"\n");
        assert_status(MINISTORE_OK, ministore__open(&j, &f.io, in_folder("d/j"), &options, &why));
        f.before = put_link;
        f.context = &a;
        for (int i = 0; i < 8; i++) (void)model_append(&m, j, 1, NULL);
        (void)model_rotate(&m, j, NULL);
        (void)model_close(&m, j, NULL);
        expect_text("victim", HEADER "\"precious\"\n");
        assert_int_equal(folder_teardown(NULL), 0);
        done = a.done;
    }
}

/* ---- rights, and names ---- */

typedef struct {
    mode_t most; /* rights that a file may have */
    long looks;
} watch;

/* Every file in the folder, as the call before left it. */
static void look_at_modes(faults *f, call_kind kind, const char *name) {
    (void)kind, (void)name;
    watch *w = f->context;
    struct stat found;
    char path[512];
    DIR *folder = opendir(in_folder("d"));
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder));) {
        (void)snprintf(path, sizeof path, "%s/d/%s", test_folder, entry->d_name);
        assert_int_equal(lstat(path, &found), 0);
        if (!S_ISREG(found.st_mode)) continue;
        if ((found.st_mode & 07777 & ~w->most) != 0) fail_msg("%s has mode %o", entry->d_name, found.st_mode & 07777);
        w->looks++;
    }
    (void)closedir(folder);
}

/* Goal: no file, for no moment, has wider rights than asked for. Method: look before each call, without a umask. */
static void no_file_has_wider_rights(void **state) {
    (void)state;
    static const mode_t modes[] = {0600, 0640, 0400 | 0200 | 0040};
    mode_t before = umask(0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        model m = {0};
        watch w = {.most = modes[i]};
        faults f = faults_none();
        assert_int_equal(folder_setup(NULL), 0);
        make_folder();
        f.before = look_at_modes;
        f.context = &w;
        work(&f.io, modes[i], &m);
        assert_int_equal(m.promised, 14);
        assert_true(is_there("d/j.torn"));
        print_message("%ld looks at files, none wider than %o\n", w.looks, (unsigned)modes[i]);
        assert_true(w.looks > 100);
        assert_int_equal(folder_teardown(NULL), 0);
    }
    (void)umask(before);
}

/* What is made, linked, renamed or removed is P or begins with its name and a point, in the folder that is held. */
static void check_name(faults *f, call_kind kind, const char *name) {
    long *checked = f->context;
    if (kind != OPEN_FILE && kind != LINK && kind != RENAME && kind != UNLINK) return;
    if (strchr(name, '/') || (strcmp(name, "j") != 0 && strncmp(name, "j.", 2) != 0))
        fail_msg("%s of %s", call_names[kind], name);
    (*checked)++;
}

static void no_other_name_is_touched(void **state) {
    (void)state;
    model m = {0};
    long checked = 0;
    faults f = faults_none();
    make_folder();
    put_text("d/jay", "another's");
    put_text("d/j.001.gz", "another's");
    put_text("j", "another's");
    f.before = check_name;
    f.context = &checked;
    work(&f.io, 0600, &m);
    assert_int_equal(m.promised, 14);
    assert_true(checked > 20);
    expect_text("d/jay", "another's");
    expect_text("d/j.001.gz", "another's");
    expect_text("j", "another's");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(a_link_over_the_journal),
        cmocka_unit_test(no_file_has_wider_rights),
        TEST(no_other_name_is_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
