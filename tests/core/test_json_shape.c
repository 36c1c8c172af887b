/*
 * Records that are alike: what has the shape of a good record is good, whatever was changed in it, and where; and what
 * differs in strings and digits alone has the same shape, where the processor can tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { TEXT_MAX = 512, BLOCK = 64 };

static ministore__shapes fresh(void) {
    ministore__shapes shapes = {0};
    ministore__shapes_init(&shapes);
    return shapes;
}

static bool knows(ministore__shapes *shapes, const char *text) {
    return ministore__shapes_know(shapes, text, strlen(text));
}

static void add(ministore__shapes *shapes, const char *text) {
    if (!knows(shapes, text)) ministore__shapes_add(shapes, text, strlen(text));
}

static bool is_good(const char *text, size_t size) {
    size_t offset;
    return ministore__json_check(text, size, MINISTORE__JSON_STRICT, &offset) == NULL && !memchr(text, '\n', size);
}

/** A text that is known must be good, in memory that ends right behind it. Whether it is known. */
static bool look(ministore__shapes *shapes, const char *text, size_t size) {
    char *exact = malloc(size);
    assert_non_null(exact);
    memcpy(exact, text, size);
    const bool known = ministore__shapes_know(shapes, exact, size);
    if (known && !is_good(exact, size)) fail_msg("taken for good: %.*s", (int)size, exact);
    free(exact);
    return known;
}

static const char *const records[] = {
    "{}",
    "[]",
    "[[],{}]",
    "1",
    "-0.5",
    "\"text\"",
    "true",
    "[null,false,true]",
    "{\"a\":1}",
    "{\"a\":-1.5e+3,\"b\":[0,10,200]}",
    "{\"a\":{\"b\":{\"c\":\"d\"}},\"e\":[{\"f\":0.25},\"g\"]}",
    "{ \"a\" : 1 , \"b\" : [ 2 , 3 ] }",
    "[\"a\",\"b\",\"\",\"c d\",{\"e\":1E-2}]",
    "{\"id\":100000001,\"user\":\"ada.lovelace\",\"amount\":12.05,\"currency\":\"EUR\",\"ok\":true,\"n\":[1,2]}",
};

enum { RECORDS = sizeof records / sizeof *records };

static void test_records_that_are_alike_are_known(void **state) {
    static const char *const alike[][2] = {
        {"{\"a\":1}", "{\"name\":1234567890}"},
        {"{\"a\":1}", "{\"\":0}"},
        {"{\"a\":1}", "{\"{[,:]}.0\":9}"},
        {"{\"a\":12.50}", "{\"b\":0.05}"},
        {"-1", "-0"},
        {"1", "18446744073709551616"},
        {"1e5", "10e17"},
        {"[1,2]", "[300,0]"},
        {"\"\"", "\"\x7F and all of ASCII but quotes: !#$%&'()*+,-./0123456789:;<=>?@AZ[]^_`az{|}~\""},
        {"{ \"a\" : true }", "{ \"b\" : true }"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        ministore__shapes shapes = fresh();
        assert_false(knows(&shapes, alike[i][0]));
        add(&shapes, alike[i][0]);
        assert_int_equal(knows(&shapes, alike[i][0]), shapes.usable);
        assert_int_equal(knows(&shapes, alike[i][1]), shapes.usable);
    }
}

static void test_strings_and_numbers_of_any_length_are_alike(void **state) {
    (void)state;
    ministore__shapes shapes = fresh();
    add(&shapes, "{\"a\":1,\"b\":[\"c\",2]}");
    for (int name = 0; name < 3 * BLOCK; name++)
        for (int digits = 1; digits < 2 * BLOCK; digits += 7) {
            char text[TEXT_MAX];
            (void)snprintf(text, sizeof text, "{\"%0*d\":1%0*d,\"b\":[\"c\",2]}", name + 1, 0, digits, 0);
            assert_int_equal(look(&shapes, text, strlen(text)), shapes.usable);
        }
}

static void test_shapes_are_kept_apart(void **state) {
    (void)state;
    ministore__shapes shapes = fresh();
    for (size_t i = 0; i < RECORDS; i++) {
        ministore__shapes one = fresh();
        add(&one, records[i]);
        for (size_t k = 0; k < RECORDS; k++) assert_int_equal(knows(&one, records[k]), one.usable && k == i);
    }
    add(&shapes, "{\"ok\":true}");
    add(&shapes, "{\"ok\":false}"); /* of another size: it does not drive the first one out */
    assert_int_equal(knows(&shapes, "{\"ok\":true}"), shapes.usable);
    assert_int_equal(knows(&shapes, "{\"no\":false}"), shapes.usable);
    assert_false(knows(&shapes, "{\"ok\":null}"));
}

static void test_what_is_not_looked_at_is_not_known(void **state) {
    static const char *const others[] = {"\"a\\n\"", "\"\xC3\xA9\"", "[1,\t2]", "{\"a\":1}\r"};
    char many[TEXT_MAX];
    (void)state;
    ministore__shapes shapes = fresh();
    assert_false(ministore__shapes_know(&shapes, "", 0));
    assert_false(ministore__shapes_know(&shapes, "\0", 1));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        add(&shapes, others[i]);
        assert_false(knows(&shapes, others[i]));
    }
    for (size_t size = 1; size < 4 * BLOCK; size++) { /* nothing but brackets: each is a byte of the shape */
        memset(many, '[', size);
        memset(many + size, ']', size);
        assert_false(ministore__shapes_know(&shapes, many, 2 * size));
        ministore__shapes_add(&shapes, many, 2 * size);
        assert_int_equal(look(&shapes, many, 2 * size), shapes.usable && 2 * size <= BLOCK);
        if (2 * size > BLOCK) assert_false(look(&shapes, many, BLOCK));
    }
}

/** One byte of a record changed, left out, or put in, at each place and to each value. */
static void test_no_change_makes_what_is_known_wrong(void **state) {
    (void)state;
    ministore__shapes shapes = fresh();
    size_t known = 0;
    for (size_t i = 0; i < RECORDS; i++) add(&shapes, records[i]);
    for (size_t i = 0; i < RECORDS; i++) {
        const size_t size = strlen(records[i]);
        for (size_t at = 0; at < size; at++) {
            char text[TEXT_MAX];
            memcpy(text, records[i], at);
            memcpy(text + at, records[i] + at + 1, size - at - 1);
            if (size > 1) known += look(&shapes, text, size - 1);
            memcpy(text + at + 1, records[i] + at, size - at);
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                known += look(&shapes, text, size + 1);
            }
            memcpy(text, records[i], size);
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                known += look(&shapes, text, size);
            }
        }
    }
    assert_int_equal(known > 0, shapes.usable); /* most changes in strings are none */
}

/** The same with two bytes changed, wherever in a block they are. */
static void test_no_change_at_any_place_of_a_block(void **state) {
    static const char bytes[] = "\"\\{}[]:,.-+019eEtn \n\x7F\x80";
    static const char record[] = "{\"a\":[10.5,-0,\"b\"],\"c\":true,\"d\":{\"e\":0.01}}";
    (void)state;
    for (size_t shift = 0; shift <= BLOCK; shift++) {
        char text[TEXT_MAX];
        ministore__shapes shapes = fresh();
        (void)snprintf(text, sizeof text, "[\"%0*d\",%s]", (int)shift + 1, 0, record);
        add(&shapes, text);
        const size_t size = strlen(text), begin = size - sizeof record;
        for (size_t at = begin; at < size; at++) {
            const char first = text[at], second = text[at + 1];
            for (size_t i = 0; i < sizeof bytes - 1; i++)
                for (size_t k = 0; k < sizeof bytes - 1; k++) {
                    text[at] = bytes[i];
                    if (at + 1 < size) text[at + 1] = bytes[k];
                    (void)look(&shapes, text, size);
                }
            text[at] = first;
            text[at + 1] = second;
        }
        assert_int_equal(look(&shapes, text, size), shapes.usable);
    }
}

/** A record as long as the one before it gives its layout, whether or not the processor can tell shapes; for the next
 *  layout two must be before it, then four. */
static void test_the_layout_of_records_of_one_size_is_learned(void **state) {
    static const char *const some[] = {
        "{\"\xC3\xA9\":\"none of these has a shape\",\"n\":12345,\"but\":\"a layout\",\"a\":[1]}",
        "{\"\xC3\xA9\":\"none of these has a shape\",\"n\":12345,\"but\":\"another\",\"a\":[\"\"]}",
        "{\"\xC3\xA9\":\"none of these has a shape\",\"n\":\"345\",\"but\":\"a third\",\"a\":[12]}"};
    static const size_t enough[] = {2, 3, 5};
    (void)state;
    ministore__shapes shapes = fresh();
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        assert_int_equal(strlen(some[i]), strlen(some[0]));
        for (size_t added = 0; added < enough[i]; added++) {
            assert_false(knows(&shapes, some[i]));
            add(&shapes, some[i]);
        }
        assert_int_equal(knows(&shapes, some[i]), shapes.layout.size > 0);
        assert_true(shapes.layout.size > 0 || !shapes.usable);
        add(&shapes, "[]"); /* of another size */
    }
}

enum { LETTERS = 12, LENGTH = 6, GOOD = 1, BAD = 2 };

/** The shape asked about last as a number, each of its letters a digit. */
static size_t number_of(const ministore__shapes *shapes, const char *letters) {
    size_t number = 0;
    for (size_t i = 0; i < shapes->asked_size; i++) {
        const char *letter = strchr(letters, shapes->asked[i]);
        assert_non_null(letter);
        number = number * (LETTERS + 1) + (size_t)(letter - letters) + 1;
    }
    return number;
}

/** All texts of some letters: those of one shape are good, or none of them is. */
static void test_good_or_bad_is_a_matter_of_the_shape(void **state) {
    static const char letters[] = "\"{}[]:,.-01e";
    size_t texts = 1, most = 1, compared = 0;
    (void)state;
    ministore__shapes shapes = fresh();
    for (int i = 0; i < LENGTH; i++) most *= LETTERS + 1;
    uint8_t *seen = calloc(most, 1); /* by shapes: what a text of it is */
    assert_non_null(seen);
    for (size_t size = 1; size <= LENGTH && shapes.usable; size++) {
        texts *= LETTERS;
        for (size_t n = 0; n < texts; n++) {
            char text[LENGTH];
            for (size_t i = 0, left = n; i < size; i++, left /= LETTERS) text[i] = letters[left % LETTERS];
            shapes.asked_size = 0;
            assert_false(ministore__shapes_know(&shapes, text, size));
            if (shapes.asked_size == 0) continue;
            uint8_t *of = &seen[number_of(&shapes, letters)];
            const uint8_t now = is_good(text, size) ? GOOD : BAD;
            if (*of != 0 && *of != now) fail_msg("of two kinds, with the same shape: %.*s", (int)size, text);
            compared += *of != 0;
            *of = now;
        }
    }
    free(seen);
    assert_int_equal(compared > texts / 4, shapes.usable);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_that_are_alike_are_known),
        cmocka_unit_test(test_strings_and_numbers_of_any_length_are_alike),
        cmocka_unit_test(test_shapes_are_kept_apart),
        cmocka_unit_test(test_what_is_not_looked_at_is_not_known),
        cmocka_unit_test(test_no_change_makes_what_is_known_wrong),
        cmocka_unit_test(test_no_change_at_any_place_of_a_block),
        cmocka_unit_test(test_good_or_bad_is_a_matter_of_the_shape),
        cmocka_unit_test(test_the_layout_of_records_of_one_size_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
