/*
 * Journals of the Rust crate: what the crate recorded of each is what we must answer, but for the table below.
 * Method: a copy of each case is replayed, streamed, continued and rotated, each answer put beside the crate's.
 */
#include "ministore.h"
#include "sha256.h"
#include "tree.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOBODY 65534 /* the ordinary user of cases that are not for root */

/** How an answer was got. */
typedef enum { REPLAY, STREAM, APPEND, APPEND_NUMBER, ROTATE, WAYS } way;

static const char *const recorded_as[WAYS] = {"crate_replay", "crate_stream", "crate_reopen_append",
                                              "crate_reopen_append_number", "crate_reopen_rotate"};

/** A case that we answer in another way than the crate; NULL where the answers are equal. */
typedef struct {
    const char *name;
    const char *ours[WAYS];
    bool other_bytes; /* the answers are equal, the files made on the way are not */
} difference;

/* docs/rust-crate.md has a reason for each. A number of records is what is read, an error stands where it came. */
static const difference differences[] = {
#include "journals_differences.h"
};

/* --------------------------------------------------------------- answers -- */

/** What a reading gave: records and errors in order, or, of an open that failed, its error alone. */
typedef struct {
    struct item {
        bool is_error;
        tree_bytes text;
        ministore_error error;
    } * items;
    size_t count;
    uint64_t cut; /* what open cut from the end */
    bool refused; /* by open: nothing was appended */
} answer;

static struct item *add_item(answer *to) {
    to->items = tree_need(realloc(to->items, (to->count + 1) * sizeof *to->items));
    struct item *added = &to->items[to->count++];
    *added = (struct item){0};
    return added;
}

static void add_error(answer *to, const ministore_error *error) {
    struct item *added = add_item(to);
    added->is_error = true;
    added->error = *error;
}

static void free_answer(answer *gone) {
    for (size_t i = 0; i < gone->count; i++) free(gone->items[i].text.data);
    free(gone->items);
}

static void say(char **at, char *end, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void say(char **at, char *end, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int size = vsnprintf(*at, (size_t)(end - *at), format, list);
    va_end(list);
    assert_true(size >= 0 && size < end - *at);
    *at += size;
}

/** An answer as the table has it: "cut 7; 3 records, CORRUPT journal.jsonl:5, 1 record". */
static void describe(const answer *said, char *text, size_t size) {
    char *at = text, *end = text + size;
    size_t records = 0;
    if (said->cut > 0) say(&at, end, "cut %" PRIu64 "; ", said->cut);
    if (said->refused) say(&at, end, "refused: ");
    for (size_t i = 0; i <= said->count; i++) {
        bool error = i < said->count && said->items[i].is_error;
        if (i < said->count && !error) {
            records++;
            continue;
        }
        if (records > 0 || said->count == 0)
            say(&at, end, "%zu record%s%s", records, records == 1 ? "" : "s", error ? ", " : "");
        if (error) {
            const ministore_error *what = &said->items[i].error;
            say(&at, end, "%s", ministore_status_name(what->status));
            if (what->line > 0)
                say(&at, end, " %s:%" PRIu64, what->segment, what->line);
            else if (*what->segment)
                say(&at, end, " %s", what->segment);
            say(&at, end, "%s", i + 1 < said->count ? ", " : "");
        }
        records = 0;
    }
}

/* ------------------------------------------------------------ our answer -- */

/** Read to the end; past bad lines, if the options say so. */
static void read_into(answer *to, const char *path, const ministore_cursor_options *options, uint64_t *torn) {
    ministore_cursor_t *cursor = NULL;
    ministore_record record;
    ministore_error error = {0};
    ministore_status status = ministore_cursor_open(&cursor, path, options, &error);
    bool go_on = status == MINISTORE_OK;
    if (!go_on) add_error(to, &error);
    while (go_on && (status = ministore_cursor_next(cursor, &record, &error)) != MINISTORE_DONE) {
        if (status < 0) {
            add_error(to, &error);
            go_on = options->on_bad_line == MINISTORE_BAD_LINE_SKIP &&
                    (status == MINISTORE_CORRUPT || status == MINISTORE_TOO_LARGE);
        } else {
            tree_append(&add_item(to)->text, record.data, record.size);
        }
    }
    ministore_cursor_info info = {.struct_size = sizeof info};
    if (torn != NULL && cursor != NULL && ministore_cursor_stat(cursor, &info, NULL) == MINISTORE_OK)
        *torn = info.torn_bytes;
    ministore_cursor_close(cursor);
}

static answer replay(const char *path, uint64_t *torn) {
    answer said = {0};
    ministore_cursor_options options;
    ministore_cursor_options_init(&options, sizeof options);
    read_into(&said, path, &options, torn);
    return said;
}

static answer stream(const char *path) {
    answer said = {0};
    ministore_cursor_options options;
    ministore_cursor_options_init(&options, sizeof options);
    options.scope = MINISTORE_STREAM;
    options.on_bad_line = MINISTORE_BAD_LINE_SKIP;
    read_into(&said, path, &options, NULL);
    return said;
}

/** Open, append what the crate appended, close, and replay. */
static answer continue_journal(const char *path, const cJSON *recorded) {
    answer said = {0};
    ministore_t *journal = NULL;
    ministore_error error = {0};
    ministore_options options;
    ministore_info info = {.struct_size = sizeof info};
    ministore_options_init(&options, sizeof options);
    const cJSON *limit = cJSON_GetObjectItem(recorded, "max_bytes_per_segment");
    if (limit != NULL) options.max_bytes_per_segment = (uint64_t)limit->valuedouble;
    if (ministore_open(&journal, path, &options, &error) != MINISTORE_OK) {
        add_error(&said, &error);
        said.refused = true;
        return said;
    }
    assert_int_equal(ministore_stat(journal, &info, &error), MINISTORE_OK);
    const cJSON *record;
    cJSON_ArrayForEach(record, cJSON_GetObjectItem(recorded, "appended")) {
        size_t size = strlen(record->valuestring);
        assert_int_equal(ministore_append(journal, record->valuestring, size, NULL, &error), MINISTORE_OK);
    }
    assert_int_equal(ministore_close(journal, &error), MINISTORE_OK);
    said = replay(path, NULL);
    said.cut = info.torn_bytes;
    return said;
}

/* ----------------------------------------------------- the crate's answer -- */

static bool same_text(const cJSON *recorded, const tree_bytes *ours) {
    char hex[65];
    if (cJSON_IsString(recorded))
        return strlen(recorded->valuestring) == ours->size &&
               memcmp(recorded->valuestring, ours->data, ours->size) == 0;
    sha256_hex(ours->data, ours->size, hex);
    return strcmp(cJSON_GetObjectItem(recorded, "sha256")->valuestring, hex) == 0;
}

/** The crate's words for what our status says. Its line is one more than the record's number. */
static bool same_error(const cJSON *recorded, const ministore_error *ours) {
    const char *kind = cJSON_GetObjectItem(recorded, "kind")->valuestring;
    const cJSON *io_kind = cJSON_GetObjectItem(recorded, "io_kind");
    if (strcmp(kind, "Deserialize") == 0)
        return ours->status == MINISTORE_CORRUPT &&
               (uint64_t)cJSON_GetObjectItem(recorded, "line")->valuedouble == ours->sequence + 1;
    if (strcmp(kind, "MissingInitialState") == 0) return ours->status == MINISTORE_BAD_HEADER;
    if (strcmp(io_kind->valuestring, "InvalidData") == 0) return ours->status == MINISTORE_CORRUPT;
    if (strcmp(io_kind->valuestring, "IsADirectory") == 0) return ours->status == MINISTORE_NOT_A_FILE;
    return ours->status == MINISTORE_IO;
}

/** Our last item is the error, and nothing else is compared: the crate gives no records with one. */
static bool ends_with_error(const cJSON *recorded, const answer *ours) {
    return ours->count > 0 && ours->items[ours->count - 1].is_error &&
           same_error(recorded, &ours->items[ours->count - 1].error);
}

static bool same_records(const cJSON *recorded, const answer *ours) {
    bool same = (size_t)cJSON_GetArraySize(recorded) == ours->count;
    const cJSON *wanted = cJSON_GetArrayItem(recorded, 0);
    for (size_t i = 0; same && i < ours->count; i++, wanted = wanted->next)
        same = !ours->items[i].is_error && same_text(wanted, &ours->items[i].text);
    return same;
}

static bool same_items(const cJSON *recorded, const answer *ours) {
    bool same = (size_t)cJSON_GetArraySize(recorded) == ours->count;
    const cJSON *wanted = cJSON_GetArrayItem(recorded, 0);
    for (size_t i = 0; same && i < ours->count; i++, wanted = wanted->next) {
        const cJSON *text = cJSON_GetObjectItem(wanted, "record");
        if (ours->items[i].is_error)
            same = text == NULL && same_error(cJSON_GetObjectItem(wanted, "error"), &ours->items[i].error);
        else
            same = text != NULL && same_text(text, &ours->items[i].text);
    }
    return same;
}

static bool same_replay(const cJSON *recorded, const answer *ours) {
    const cJSON *error = cJSON_GetObjectItem(recorded, "error");
    return error != NULL ? ends_with_error(error, ours) : same_records(cJSON_GetObjectItem(recorded, "records"), ours);
}

static bool same_continued(const cJSON *recorded, const answer *ours) {
    const cJSON *open = cJSON_GetObjectItem(recorded, "open");
    if (!cJSON_IsString(open)) return ours->refused && ends_with_error(cJSON_GetObjectItem(open, "error"), ours);
    return !ours->refused && ours->cut == 0 && same_replay(cJSON_GetObjectItem(recorded, "replay_after"), ours);
}

static bool same_answer(way how, const cJSON *recorded, const answer *ours) {
    if (how == REPLAY) return same_replay(recorded, ours);
    if (how != STREAM) return same_continued(recorded, ours);
    const cJSON *error = cJSON_GetObjectItem(recorded, "open_error");
    return error != NULL ? ends_with_error(error, ours) : same_items(cJSON_GetObjectItem(recorded, "items"), ours);
}

/* ------------------------------------------------------------- the cases -- */

typedef struct {
    const char *set;    /* the folder with cases.json */
    const cJSON *about; /* the case's object there */
} journal_case;

static const char *string_of(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItem(object, name);
    return item != NULL ? item->valuestring : NULL;
}

static void make_parents(const char *path) {
    char *folder = tree_need(strdup(path));
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) tree_fail("make the folder", folder);
        *slash = '/';
    }
    free(folder);
}

static void take_setup(const char *folder, const cJSON *step) {
    const char *op = string_of(step, "op");
    char *path = tree_join(folder, string_of(step, "path"));
    char *to = tree_join(folder, string_of(step, "to") != NULL ? string_of(step, "to") : "");
    if (strcmp(op, "mkdir") == 0) {
        assert_int_equal(mkdir(path, 0700), 0);
    } else if (strcmp(op, "chmod") == 0) {
        assert_int_equal(chmod(path, (mode_t)strtoul(string_of(step, "mode"), NULL, 8)), 0);
    } else if (strcmp(op, "symlink") == 0) {
        assert_int_equal(symlink(string_of(step, "target"), path), 0);
    } else if (strcmp(op, "rename") == 0) {
        make_parents(to);
        assert_int_equal(rename(path, to), 0);
    } else {
        fail_msg("cases.json has a setup step that this test does not know: %s", op);
    }
    free(path);
    free(to);
}

/** A fresh copy of the case, as it lies on disk before the library sees it. */
static char *lay_out(const journal_case *from) {
    char *folder = tree_make_temporary();
    char *files = tree_join(from->set, string_of(from->about, "name"));
    struct stat there;
    if (stat(files, &there) == 0) tree_copy(files, folder);
    const cJSON *file;
    cJSON_ArrayForEach(file, cJSON_GetObjectItem(from->about, "files")) {
        char *path = tree_join(folder, string_of(file, "name"));
        assert_int_equal(chmod(path, 0600), 0); /* the fixtures may be read-only */
        free(path);
    }
    const cJSON *step;
    cJSON_ArrayForEach(step, cJSON_GetObjectItem(from->about, "setup")) take_setup(folder, step);
    free(files);
    return folder;
}

/** Cases that are not for root are run as an ordinary user who owns the files. */
static bool leave_root(const journal_case *now, const char *folder) {
    if (string_of(now->about, "as_user") == NULL || geteuid() != 0) return false;
    tree_list list = tree_list_all(folder);
    for (size_t i = 0; i < list.count; i++) {
        char *path = tree_join(folder, list.names[i]);
        assert_int_equal(lchown(path, NOBODY, NOBODY), 0);
        free(path);
    }
    tree_list_free(&list);
    assert_int_equal(chown(folder, NOBODY, NOBODY), 0);
    assert_int_equal(seteuid(NOBODY), 0);
    return true;
}

static bool same_files(const char *folder, const cJSON *recorded) {
    bool same = true;
    const cJSON *file;
    cJSON_ArrayForEach(file, cJSON_GetObjectItem(recorded, "files_changed")) {
        char hex[65];
        char *path = tree_join(folder, string_of(file, "name"));
        tree_bytes bytes = tree_read(path);
        sha256_hex(bytes.data, bytes.size, hex);
        same = same && strcmp(hex, string_of(file, "sha256")) == 0;
        free(bytes.data);
        free(path);
    }
    return same;
}

/** A torn journal must give what had been acknowledged, and tell the size of the rest. */
static void check_torn(const cJSON *about, const answer *replayed, uint64_t torn) {
    const cJSON *acknowledged = cJSON_GetObjectItem(about, "acknowledged_records");
    if (acknowledged == NULL) return;
    assert_int_equal(replayed->count, (size_t)acknowledged->valuedouble);
    assert_int_equal(torn, (uint64_t)cJSON_GetObjectItem(about, "torn_bytes")->valuedouble);
}

static const difference *find_difference(const char *name) {
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        if (strcmp(differences[i].name, name) == 0) return &differences[i];
    return NULL;
}

/** Either the answers are equal and the table is silent, or they differ and the table has ours. */
static void judge(const journal_case *now, way how, const cJSON *recorded, const answer *ours) {
    const char *name = string_of(now->about, "name");
    const difference *row = find_difference(name);
    const char *known = row != NULL ? row->ours[how] : NULL;
    char text[512];
    describe(ours, text, sizeof text);
    bool same = same_answer(how, recorded, ours);
    if (same && known != NULL)
        fail_msg("%s, %s: in the table, but we answer as the crate does: %s", name, recorded_as[how], text);
    if (!same && known == NULL)
        fail_msg("%s, %s: not the crate's answer, and not in the table: %s", name, recorded_as[how], text);
    if (!same && strcmp(known, text) != 0)
        fail_msg("%s, %s: the table says '%s', we say '%s'", name, recorded_as[how], known, text);
}

/** A journal that we continue as the crate does must come out byte for byte the same. */
static void judge_files(const journal_case *now, const char *folder, const cJSON *recorded) {
    const char *name = string_of(now->about, "name");
    const difference *row = find_difference(name);
    bool other = row != NULL && row->other_bytes;
    if (same_files(folder, recorded) == other)
        fail_msg("%s: the files are %s what the crate made of them", name, other ? "now" : "not");
}

static answer ask(way how, const char *path, const cJSON *recorded, uint64_t *torn) {
    if (how == REPLAY) return replay(path, torn);
    return how == STREAM ? stream(path) : continue_journal(path, recorded);
}

static void run_way(const journal_case *now, way how) {
    const cJSON *recorded = cJSON_GetObjectItem(now->about, recorded_as[how]);
    if (recorded == NULL) return;
    uint64_t torn = 0;
    char *folder = lay_out(now);
    char *path = tree_join(folder, string_of(now->about, "path"));
    bool was_root = leave_root(now, folder);
    answer ours = ask(how, path, recorded, &torn);
    if (was_root) assert_int_equal(seteuid(0), 0);
    judge(now, how, recorded, &ours);
    if (how == REPLAY) check_torn(now->about, &ours, torn);
    if ((how == APPEND || how == APPEND_NUMBER) && same_answer(how, recorded, &ours))
        judge_files(now, folder, recorded);
    free_answer(&ours);
    free(path);
    tree_remove(folder);
    free(folder);
}

static void test_case(void **state) {
    for (way how = REPLAY; how < WAYS; how++) run_way(*state, how);
}

/* -------------------------------------------------------------- the sets -- */

/** Run every case of a set as a test of its own. */
static int run_set(const char *set) {
    char *path = tree_join(set, "cases.json");
    tree_bytes text = tree_read(path);
    cJSON *root = cJSON_ParseWithLength(text.data, text.size);
    const cJSON *cases = cJSON_GetObjectItem(root, "cases");
    size_t count = (size_t)cJSON_GetArraySize(cases), i = 0;
    if (count == 0) tree_fail("find cases in", path);
    struct CMUnitTest *tests = tree_need(calloc(count, sizeof *tests));
    journal_case *states = tree_need(calloc(count, sizeof *states));
    const cJSON *about;
    cJSON_ArrayForEach(about, cases) {
        states[i] = (journal_case){set, about};
        tests[i] = (struct CMUnitTest){string_of(about, "name"), test_case, NULL, NULL, &states[i]};
        i++;
    }
    int failed = _cmocka_run_group_tests(set, tests, count, NULL, NULL);
    free(tests);
    free(states);
    cJSON_Delete(root);
    free(text.data);
    free(path);
    return failed;
}

/** docs/rust-crate.md must name every case in the table. */
static void test_differences_are_documented(void **state) {
    (void)state;
    tree_bytes page = tree_read(MINISTORE_TESTS_DIR "/../docs/rust-crate.md");
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++) {
        char name[128];
        snprintf(name, sizeof name, "`%s`", differences[i].name);
        if (strstr(page.data, name) == NULL) fail_msg("docs/rust-crate.md does not name %s", name);
    }
    free(page.data);
}

static void test_digest(void **state) {
    (void)state;
    char hex[65];
    sha256_hex("abc", 3, hex); /* FIPS 180-4's own example */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_differences_are_documented),
                                       cmocka_unit_test(test_digest)};
    const char *fixtures = getenv("MINISTORE_FIXTURES");
    char *shared = tree_join(fixtures != NULL ? fixtures : MINISTORE_FIXTURES_DIR, "journals");
    struct stat there;
    int failed = cmocka_run_group_tests(tests, NULL, NULL) + run_set(MINISTORE_TESTS_DIR "/fixtures/journals");
    if (fixtures != NULL || stat(shared, &there) == 0)
        failed += run_set(shared);
    else
        printf("notice: %s is not there; only the journals of tests/fixtures were tested\n", shared);
    free(shared);
    return failed != 0;
}
