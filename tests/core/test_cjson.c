/*
 * The cJSON layer: trees go in and come out, and every way to fail says so.
 */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../core/cjson/ministore_cjson.h"

/** The next record as a tree, written out again by cJSON, to be freed. */
static char *next_as_text(ministore_cursor_t *cursor) {
    cJSON *tree = NULL;
    assert_status(MINISTORE_OK, ministore_cjson_next(cursor, &tree, NULL, &why));
    char *text = cJSON_PrintUnformatted(tree);
    assert_non_null(text);
    cJSON_Delete(tree);
    return text;
}

static void expect_tree(ministore_cursor_t *cursor, const char *expected) {
    char *text = next_as_text(cursor);
    assert_string_equal(text, expected);
    cJSON_free(text);
}

static void expect_end(ministore_cursor_t *cursor) {
    cJSON *tree = (cJSON *)&tree;
    assert_status(MINISTORE_DONE, ministore_cjson_next(cursor, &tree, NULL, &why));
    assert_null(tree);
}

static void test_a_tree_goes_in_and_comes_out(void **state) {
    (void)state;
    ministore_t *journal = open_journal(NULL, NULL);
    cJSON *event = cJSON_CreateObject();
    assert_non_null(cJSON_AddStringToObject(event, "name", "Zo\xC3\xAB \"quoted\"\n"));
    assert_non_null(cJSON_AddNumberToObject(event, "amount", 12.5));
    assert_non_null(cJSON_AddNullToObject(event, "nothing"));
    assert_non_null(cJSON_AddArrayToObject(event, "empty"));
    assert_non_null(cJSON_AddTrueToObject(event, "ok"));
    uint64_t sequence = 0;
    assert_status(MINISTORE_OK, ministore_cjson_append(journal, event, &sequence, &why));
    assert_int_equal(sequence, 1);
    assert_status(MINISTORE_OK, ministore_cjson_append(journal, event, NULL, NULL));
    close_journal(journal);

    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    cJSON *tree = NULL;
    ministore_record record;
    assert_status(MINISTORE_OK, ministore_cjson_next(cursor, &tree, &record, &why));
    assert_true(cJSON_Compare(tree, event, 1));
    assert_int_equal(record.sequence, 1);
    assert_int_equal(record.line, 2);
    assert_string_equal(record.segment, "j");
    static const char written[] =
        "{\"name\":\"Zo\xC3\xAB \\\"quoted\\\"\\n\",\"amount\":12.5,\"nothing\":null,\"empty\":[],\"ok\":true}";
    assert_int_equal(record.size, sizeof written - 1);
    assert_memory_equal(record.data, written, record.size);
    cJSON_Delete(tree);
    expect_tree(cursor, written);
    expect_end(cursor);
    ministore_cursor_close(cursor);
    cJSON_Delete(event);
}

static void test_any_value_may_be_a_record(void **state) {
    (void)state;
    static const char *const texts[] = {"null", "true", "-7", "\"\"", "[]", "{}", "[[{\"a\":[0]}]]"};
    ministore_t *journal = open_journal(NULL, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cJSON *tree = cJSON_Parse(texts[i]);
        assert_non_null(tree);
        assert_status(MINISTORE_OK, ministore_cjson_append(journal, tree, NULL, &why));
        cJSON_Delete(tree);
    }
    close_journal(journal);
    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) expect_tree(cursor, texts[i]);
    expect_end(cursor);
    ministore_cursor_close(cursor);
}

/** The header warns of these: should cJSON get better, the warning can go. */
static void test_what_the_header_warns_of(void **state) {
    (void)state;
    ministore_t *journal = open_journal(NULL, NULL);
    append_text(journal, "9007199254740993");
    append_text(journal, "\"before\\u0000behind\"");
    cJSON *infinity = cJSON_CreateNumber(INFINITY);
    assert_status(MINISTORE_OK, ministore_cjson_append(journal, infinity, NULL, &why));
    cJSON_Delete(infinity);
    close_journal(journal);

    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    cJSON *tree = NULL;
    ministore_record record;
    assert_status(MINISTORE_OK, ministore_cjson_next(cursor, &tree, &record, &why));
    assert_true(cJSON_GetNumberValue(tree) == 9007199254740992.0);
    assert_memory_equal(record.data, "9007199254740993", 16);
    cJSON_Delete(tree);
    expect_tree(cursor, "\"before\"");
    expect_tree(cursor, "null");
    ministore_cursor_close(cursor);
}

static void test_trees_that_are_no_record_are_refused(void **state) {
    (void)state;
    ministore_t *journal = open_journal(NULL, NULL);
    cJSON *trees[] = {cJSON_CreateRaw("{oops}"), cJSON_CreateRaw("[1,\n2]"), cJSON_CreateString("\xFF")};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
        uint64_t sequence = 77;
        assert_status(MINISTORE_INVALID_JSON, ministore_cjson_append(journal, trees[i], &sequence, &why));
        assert_int_equal(sequence, 77);
        cJSON_Delete(trees[i]);
    }
    cJSON *nested = cJSON_CreateArray();
    for (int depth = 1; depth < 129; depth++) {
        cJSON *outer = cJSON_CreateArray();
        assert_true(cJSON_AddItemToArray(outer, nested));
        nested = outer;
    }
    assert_status(MINISTORE_INVALID_JSON, ministore_cjson_append(journal, nested, NULL, &why));
    assert_status(MINISTORE_OK, ministore_cjson_append(journal, nested->child, NULL, &why));
    cJSON_Delete(nested);
    close_journal(journal);
}

static void test_a_record_that_cjson_does_not_take_is_passed(void **state) {
    (void)state;
    close_journal(open_journal(NULL, NULL));
    const uint64_t header = size_of("j");
    add_text("j", "1\n{\"lone\":\"\\ud800\"}\n3\n");
    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    cJSON *tree = NULL;
    ministore_record record;
    memset(&record, 0x5A, sizeof record);
    const ministore_record untouched = record;
    expect_tree(cursor, "1");
    assert_status(MINISTORE_INVALID_JSON, ministore_cjson_next(cursor, &tree, &record, &why));
    assert_null(tree);
    assert_memory_equal(&record, &untouched, sizeof record);
    assert_int_equal(why.status, MINISTORE_INVALID_JSON);
    assert_int_equal(why.sequence, 2);
    assert_int_equal(why.line, 3);
    assert_int_equal(why.offset, header + 2);
    assert_string_equal(why.segment, "j");
    assert_non_null(strstr(why.message, "j:3:"));
    expect_tree(cursor, "3");
    expect_end(cursor);
    ministore_cursor_close(cursor);

    cursor = open_cursor(NULL, NULL);
    expect_tree(cursor, "1");
    assert_int_equal(ministore_cjson_next(cursor, &tree, NULL, NULL), MINISTORE_INVALID_JSON);
    ministore_cursor_close(cursor);
}

static void test_failures_of_the_cursor_are_handed_up(void **state) {
    (void)state;
    close_journal(open_journal(NULL, NULL));
    add_text("j", "{\"broken\"\n2\n");
    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    cJSON *tree = (cJSON *)&tree;
    assert_int_equal(ministore_cjson_next(cursor, &tree, NULL, &why), MINISTORE_CORRUPT);
    assert_null(tree);
    assert_int_equal(why.line, 2);
    ministore_cursor_close(cursor);
}

static void test_null_arguments_are_refused(void **state) {
    (void)state;
    ministore_t *journal = open_journal(NULL, NULL);
    cJSON *tree = cJSON_CreateNull();
    assert_int_equal(ministore_cjson_append(NULL, tree, NULL, &why), MINISTORE_INVALID_ARGUMENT);
    assert_int_equal(why.status, MINISTORE_INVALID_ARGUMENT);
    assert_int_equal(ministore_cjson_append(journal, NULL, NULL, NULL), MINISTORE_INVALID_ARGUMENT);
    cJSON_Delete(tree);
    close_journal(journal);
    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    assert_int_equal(ministore_cjson_next(cursor, NULL, NULL, &why), MINISTORE_INVALID_ARGUMENT);
    ministore_cursor_close(cursor);
    tree = (cJSON *)&tree;
    assert_int_equal(ministore_cjson_next(NULL, &tree, NULL, &why), MINISTORE_INVALID_ARGUMENT);
    assert_null(tree);
}

static void *no_memory(size_t size) {
    (void)size;
    return NULL;
}

static void test_no_memory_writes_nothing(void **state) {
    (void)state;
    ministore_t *journal = open_journal(NULL, NULL);
    cJSON *tree = cJSON_CreateNull();
    cJSON_InitHooks(&(cJSON_Hooks){no_memory, free});
    const ministore_status status = ministore_cjson_append(journal, tree, NULL, &why);
    cJSON_InitHooks(NULL);
    assert_int_equal(status, MINISTORE_NO_MEMORY);
    assert_int_equal(why.status, MINISTORE_NO_MEMORY);
    assert_non_null(strstr(why.message, "append again"));
    cJSON_Delete(tree);
    close_journal(journal);
    ministore_cursor_t *cursor = open_cursor(NULL, NULL);
    expect_end(cursor);
    ministore_cursor_close(cursor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_tree_goes_in_and_comes_out),
        TEST(test_any_value_may_be_a_record),
        TEST(test_what_the_header_warns_of),
        TEST(test_trees_that_are_no_record_are_refused),
        TEST(test_a_record_that_cjson_does_not_take_is_passed),
        TEST(test_failures_of_the_cursor_are_handed_up),
        TEST(test_null_arguments_are_refused),
        TEST(test_no_memory_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
