/*
 * How failures are written down: status names, places, what is cut and where, the status of a system error.
 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Goal: every status has its name, and every other number none. Method: the header's list. */
static void names_of_statuses(void **state) {
    (void)state;
    static const struct {
        ministore_status status;
        const char *name;
    } rows[] = {
        {0, "OK"},
        {1, "DONE"},
        {2, "TIMEOUT"},
        {3, "INTERRUPTED"},
        {-1, "INVALID_ARGUMENT"},
        {-2, "NO_MEMORY"},
        {-3, "IO"},
        {-4, "NO_SPACE"},
        {-5, "NOT_A_FILE"},
        {-6, "LOCKED"},
        {-7, "BAD_HEADER"},
        {-8, "UNSUPPORTED_VERSION"},
        {-9, "INVALID_JSON"},
        {-10, "TOO_LARGE"},
        {-11, "CORRUPT"},
        {-12, "TORN"},
        {-13, "PRUNED"},
        {-14, "POISONED"},
        {-15, "FORKED"},
        {4, "UNKNOWN"},
        {-16, "UNKNOWN"},
        {INT32_MIN, "UNKNOWN"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(ministore_status_name(rows[i].status), rows[i].name);
}

/* Goal: the library tells its versions. */
static void versions(void **state) {
    (void)state;
    int major, minor, patch;
    assert_int_equal(sscanf(ministore_version(), "%d.%d.%d", &major, &minor, &patch), 3);
    assert_int_equal(ministore_abi_version(), 1);
}

/* Goal: an error says all of a place, and the message begins with the segment's path. */
static void a_place_is_written_down(void **state) {
    (void)state;
    ministore_error err;
    memset(&err, 0xFF, sizeof err);
    ministore__place at = {.path = "folder/j", .segment = "j.003", .line = 7, .sequence = 42, .offset = 99};
    assert_int_equal(ministore__fail_at(&err, MINISTORE_CORRUPT, &at, "it is %s", "wrong"), MINISTORE_CORRUPT);
    assert_int_equal(err.status, MINISTORE_CORRUPT);
    assert_int_equal(err.os_error, 0);
    assert_int_equal(err.line, 7);
    assert_int_equal(err.sequence, 42);
    assert_int_equal(err.offset, 99);
    assert_string_equal(err.path, "folder/j");
    assert_string_equal(err.segment, "j.003");
    assert_string_equal(err.message, "folder/j.003:7: it is wrong");
    for (size_t i = 0; i < 4; i++) assert_int_equal(err.reserved[i], 0);
}

/* Goal: nobody has to ask for details. */
static void without_details(void **state) {
    (void)state;
    assert_int_equal(ministore__fail(NULL, MINISTORE_TORN, "x"), MINISTORE_TORN);
    assert_int_equal(ministore__fail_io(NULL, -ENOSPC, "j", NULL, "x"), MINISTORE_NO_SPACE);
}

/* Goal: long texts are cut at a character. Method: two-byte characters, at even and odd places. */
static void long_texts_are_cut_at_a_character(void **state) {
    (void)state;
    for (size_t shift = 0; shift < 2; shift++) {
        char path[4096] = "x";
        ministore_error err;
        for (size_t i = 0; i < 1500; i++) memcpy(path + shift + 2 * i, "\xC3\xA9", 2);
        path[shift + 3000] = '\0';
        assert_int_equal(ministore__fail_io(&err, -EIO, path, path, "cannot do it"), MINISTORE_IO);
        assert_in_range(strlen(err.path), sizeof err.path - 3, sizeof err.path - 1);
        assert_in_range(strlen(err.segment), sizeof err.segment - 3, sizeof err.segment - 1);
        assert_int_equal((strlen(err.path) - shift) % 2, 0);
        assert_int_equal((strlen(err.segment) - shift) % 2, 0);
        assert_true(strlen(err.message) < sizeof err.message);
        assert_int_equal(ministore__fail(&err, MINISTORE_IO, "%s", path), MINISTORE_IO);
        assert_int_equal((strlen(err.message) - shift) % 2, 0);
    }
}

/* Goal: however long the path, the message still says what is wrong. */
static void a_long_path_leaves_room_for_the_message(void **state) {
    (void)state;
    char path[2000];
    ministore_error err;
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    (void)ministore__fail_io(&err, -EIO, path, NULL, "cannot do what is to be done");
    assert_non_null(strstr(err.message, "cannot do what is to be done"));
}

/* Goal: a system error gives the status that says what to do. */
static void statuses_of_system_errors(void **state) {
    (void)state;
    static const struct {
        int os_error;
        ministore_status status;
    } rows[] = {{ENOSPC, MINISTORE_NO_SPACE}, {EDQUOT, MINISTORE_NO_SPACE}, {EFBIG, MINISTORE_NO_SPACE},
                {ENOMEM, MINISTORE_NO_MEMORY}, {EIO, MINISTORE_IO},         {EACCES, MINISTORE_IO}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ministore_error err;
        assert_int_equal(ministore__fail_io(&err, -rows[i].os_error, "j", NULL, "cannot"), rows[i].status);
        assert_int_equal(err.os_error, rows[i].os_error);
        assert_non_null(strstr(err.message, strerror(rows[i].os_error)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_statuses),
        cmocka_unit_test(versions),
        cmocka_unit_test(a_place_is_written_down),
        cmocka_unit_test(without_details),
        cmocka_unit_test(long_texts_are_cut_at_a_character),
        cmocka_unit_test(a_long_path_leaves_room_for_the_message),
        cmocka_unit_test(statuses_of_system_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
