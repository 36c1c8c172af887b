/*
 * The JSON validator: grammar against a second, plain implementation, UTF-8, limits, places, the JSONTestSuite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define STRICT MINISTORE__JSON_STRICT
#define LENIENT MINISTORE__JSON_LENIENT
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- asking the validator ---- */

/** What the validator says of bytes in memory that ends where they end, so that a sanitizer sees it read on. */
static const char *check_exact(const void *bytes, size_t size, ministore__json_rules rules, size_t *offset) {
    char *copy = malloc(size == 0 ? 1 : size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const char *wrong = ministore__json_check(copy, size, rules, offset);
    free(copy);
    return wrong;
}

static bool accepts(const void *bytes, size_t size, ministore__json_rules rules) {
    size_t offset = 0;
    const char *wrong = check_exact(bytes, size, rules, &offset);
    if (wrong != NULL && offset > size)
        fail_msg("place %zu is outside of the text (%zu bytes): %s", offset, size, wrong);
    return wrong == NULL;
}

static void assert_accepted(const char *text) {
    if (!accepts(text, strlen(text), STRICT) || !accepts(text, strlen(text), LENIENT)) fail_msg("refused: %s", text);
}

static void assert_refused(const char *text) {
    if (accepts(text, strlen(text), STRICT) || accepts(text, strlen(text), LENIENT)) fail_msg("accepted: %s", text);
}

/* ---- a second implementation of the grammar: recursive, a byte at a time, ASCII texts ended by NUL ---- */

static const char *plain_value(const char *at);

static const char *plain_blanks(const char *at) {
    return at + strspn(at, " \t\r\n");
}

static const char *plain_digits(const char *at) {
    const size_t digits = strspn(at, "0123456789");
    return digits == 0 ? NULL : at + digits;
}

static const char *plain_number(const char *at) {
    at += *at == '-';
    at = *at == '0' ? at + 1 : plain_digits(at);
    if (at != NULL && *at == '.') at = plain_digits(at + 1);
    if (at != NULL && (*at == 'e' || *at == 'E')) at = plain_digits(at + 1 + (at[1] == '+' || at[1] == '-'));
    return at;
}

static const char *plain_string(const char *at) {
    if (*at++ != '"') return NULL;
    for (; *at != '"'; at++) {
        if (*at == '\0' || (*at == '\\' && (*++at == '\0' || strchr("\"\\/bfnrt", *at) == NULL))) return NULL;
    }
    return at + 1;
}

static const char *plain_member(const char *at) {
    at = plain_string(plain_blanks(at));
    if (at == NULL) return NULL;
    at = plain_blanks(at);
    return *at == ':' ? plain_value(at + 1) : NULL;
}

static const char *plain_list(const char *at, char closing, const char *(*element)(const char *)) {
    if (*plain_blanks(at) == closing) return plain_blanks(at) + 1;
    for (;;) {
        at = element(at);
        if (at == NULL) return NULL;
        at = plain_blanks(at);
        if (*at == closing) return at + 1;
        if (*at++ != ',') return NULL;
    }
}

static const char *plain_value(const char *at) {
    at = plain_blanks(at);
    if (*at == '[') return plain_list(at + 1, ']', plain_value);
    if (*at == '{') return plain_list(at + 1, '}', plain_member);
    if (*at == '"') return plain_string(at);
    if (strncmp(at, "null", 4) == 0) return at + 4;
    return plain_number(at);
}

static bool plain_accepts(const char *text) {
    const char *at = plain_value(text);
    return at != NULL && *plain_blanks(at) == '\0';
}

/** Every text of up to `size` symbols, by counting in as many digits as there are symbols. */
static void compare_all_texts(const char *const *symbols, size_t count, size_t size) {
    size_t texts = 1;
    for (size_t i = 0; i < size; i++) texts *= count;
    size_t accepted = 0;
    for (size_t number = 0; number < texts; number++) {
        char text[64] = "";
        size_t rest = number;
        for (size_t i = 0; i < size; i++, rest /= count) strcat(text, symbols[rest % count]);
        const bool expected = plain_accepts(text);
        if (accepts(text, strlen(text), STRICT) != expected || accepts(text, strlen(text), LENIENT) != expected)
            fail_msg("should be %s: %s", expected ? "accepted" : "refused", text);
        accepted += expected;
    }
    assert_true(accepted > 0);
}

static void test_structure_is_the_grammars(void **state) {
    (void)state;
    static const char *const symbols[] = {"", "[", "]", "{", "}", "\"\"", ",", ":", "1", " "};
    compare_all_texts(symbols, COUNT(symbols), 5);
}

static void test_members_are_the_grammars(void **state) {
    (void)state;
    static const char *const symbols[] = {"", "{", "}", "[", "]", "\"a\":", "null", ","};
    compare_all_texts(symbols, COUNT(symbols), 6);
}

static void test_numbers_are_the_grammars(void **state) {
    (void)state;
    static const char *const symbols[] = {"", "0", "1", "9", "-", "+", ".", "e", "E", " ", "a"};
    compare_all_texts(symbols, COUNT(symbols), 5);
}

static void test_strings_are_the_grammars(void **state) {
    (void)state;
    static const char *const symbols[] = {"\"", "\\", "/", "n", "x", "0", "\"]"};
    compare_all_texts(symbols, COUNT(symbols), 6);
}

/* ---- bytes ---- */

static void test_only_four_bytes_are_blank(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char texts[][3] = {{(char)byte, '[', ']'}, {'[', (char)byte, ']'}, {'[', ']', (char)byte}};
        const bool blank = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
        const bool digit = byte >= '0' && byte <= '9';
        assert_int_equal(accepts(texts[0], 3, STRICT), blank);
        assert_int_equal(accepts(texts[1], 3, STRICT), blank || digit);
        assert_int_equal(accepts(texts[2], 3, STRICT), blank);
    }
}

static void test_words_are_exact(void **state) {
    (void)state;
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < COUNT(words); i++) {
        assert_accepted(words[i]);
        for (size_t at = 0; at < strlen(words[i]); at++) {
            char text[16];
            strcpy(text, words[i]);
            text[at] ^= 0x20;
            assert_refused(text);
            text[at] = '\0';
            assert_refused(text);
        }
    }
    assert_refused("nulls");
    assert_refused("truefalse");
}

static void test_escapes(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char text[] = {'"', '\\', (char)byte, '"'};
        const bool known = byte != 0 && strchr("\"\\/bfnrt", byte) != NULL;
        assert_int_equal(accepts(text, sizeof text, STRICT), known);
        assert_int_equal(accepts(text, sizeof text, LENIENT), known);
    }
}

static void test_unicode_escapes_take_four_hexadecimal_digits(void **state) {
    (void)state;
    for (size_t at = 3; at < 7; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[] = "\"\\u00e9\"";
            text[at] = (char)byte;
            const bool hexadecimal = byte != 0 && strchr("0123456789abcdefABCDEF", byte) != NULL;
            assert_int_equal(accepts(text, 8, STRICT), hexadecimal);
        }
    }
    assert_refused("\"\\U00e9\"");
    assert_refused("\"\\u0e9\"");
}

static void test_surrogate_escapes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool strict;
    } cases[] = {
        {"\"\\ud7ff\"", true},
        {"\"\\ue000\"", true},
        {"\"\\ud800\\udc00\"", true},
        {"\"\\uDBFF\\uDFFF\"", true},
        {"\"\\ud800\"", false},
        {"\"\\udbff\"", false},
        {"\"\\udc00\"", false},
        {"\"\\udfff\"", false},
        {"\"\\ud800\\ud800\"", false},
        {"\"\\udc00\\ud800\"", false},
        {"\"\\udc00\\udc00\"", false},
        {"\"\\ud800\\udbff\"", false},
        {"\"\\ud800\\ue000\"", false},
        {"\"\\ud800x\"", false},
        {"\"\\ud800\\n\"", false},
        {"\"\\ud800 \\udc00\"", false},
        {"\"\\ud800\\ud800\\udc00\"", false},
        {"{\"\\udead\":0}", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const size_t size = strlen(cases[i].text);
        if (accepts(cases[i].text, size, STRICT) != cases[i].strict)
            fail_msg("strict should %s %s", cases[i].strict ? "accept" : "refuse", cases[i].text);
        if (!accepts(cases[i].text, size, LENIENT)) fail_msg("lenient should accept %s", cases[i].text);
    }
    assert_refused("\"\\ud800\\udc0\"");
    assert_refused("\"\\ud800\\u\"");
}

/* ---- UTF-8 against its definition: decode, then look at the number ---- */

/** The size of the character at `at`, 0 if it is not well-formed. */
static size_t plain_character(const uint8_t *at, size_t left) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (at[0] < 0x80) return 1;
    size_t size = 0;
    while (size < 8 && (at[0] << size & 0x80) != 0) size++;
    if (size < 2 || size > 4 || size > left) return 0;
    uint32_t number = at[0] & (0x7FU >> size);
    for (size_t i = 1; i < size; i++) {
        if (at[i] >> 6 != 2) return 0;
        number = number << 6 | (at[i] & 0x3FU);
    }
    return number < least[size] || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF) ? 0 : size;
}

static bool plain_content(const uint8_t *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        const size_t step = plain_character(bytes + at, size - at);
        if (step == 0 || bytes[at] < 0x20) return false;
        at += step;
    }
    return true;
}

/** Compare the two on a string of these bytes. */
static void compare_content(const uint8_t *bytes, size_t size) {
    if (memchr(bytes, '"', size) != NULL || memchr(bytes, '\\', size) != NULL) return;
    char text[6] = "\"";
    memcpy(text + 1, bytes, size);
    text[1 + size] = '"';
    size_t offset;
    const bool accepted = ministore__json_check(text, size + 2, STRICT, &offset) == NULL;
    if (accepted != plain_content(bytes, size))
        fail_msg("should be %s: %zu bytes, %02x %02x %02x %02x", accepted ? "refused" : "accepted", size, bytes[0],
                 bytes[1], bytes[2], bytes[3]);
}

static void test_utf8_of_up_to_three_bytes(void **state) {
    (void)state;
    uint8_t bytes[4] = {0};
    for (int first = 0; first < 256; first++) {
        bytes[0] = (uint8_t)first;
        compare_content(bytes, 1);
        for (int second = 0; second < 256; second++) {
            bytes[1] = (uint8_t)second;
            compare_content(bytes, 2);
            /* Below 0x80 the first byte is a character of its own: the pairs behind it have been compared. */
            for (int third = 0; third < 256 && first >= 0x80; third++) {
                bytes[2] = (uint8_t)third;
                compare_content(bytes, 3);
            }
        }
    }
}

static void test_utf8_of_four_bytes(void **state) {
    (void)state;
    static const uint8_t edges[] = {0x00, 0x20, 0x7F, 0x80, 0xBF, 0xC0, 0xFF};
    for (unsigned first = 0xF0; first <= 0xFF; first++) {
        for (unsigned middle = 0; middle < 0x10000; middle++) {
            for (size_t i = 0; i < COUNT(edges); i++) {
                const uint8_t last[] = {(uint8_t)first, (uint8_t)(middle >> 8), (uint8_t)middle, edges[i]};
                compare_content(last, 4);
            }
        }
        for (unsigned last = 0; last < 256; last++) {
            const uint8_t bytes[] = {(uint8_t)first, 0x90, 0x80, (uint8_t)last};
            compare_content(bytes, 4);
        }
    }
}

static void test_utf8_outside_of_strings_is_refused(void **state) {
    (void)state;
    assert_refused("\xEF\xBB\xBF{}");
    assert_refused("[\xC2\xA0]");
    assert_refused("[]\xE2\x80\x83");
}

/* ---- strings of every length, at every alignment, with a byte that matters at every place ---- */

static void check_string(char *text, size_t size) {
    size_t offset = SIZE_MAX;
    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    assert_null(ministore__json_check(text, size, STRICT, &offset));
    for (size_t at = 1; at + 1 < size; at++) {
        static const char refused[] = {'\0', '\x1F', '\n', '\x80', '\xFF'};
        for (size_t i = 0; i < sizeof refused; i++) {
            text[at] = refused[i];
            assert_non_null(ministore__json_check(text, size, STRICT, &offset));
            assert_int_equal(offset, at);
        }
        text[at] = '"';
        assert_non_null(ministore__json_check(text, size, STRICT, &offset));
        assert_int_equal(offset, at + 1);
        text[at] = '\x7F';
        assert_null(ministore__json_check(text, size, STRICT, &offset));
        text[at] = '\\';
        assert_non_null(ministore__json_check(text, size, STRICT, &offset));
        text[at] = 'x';
    }
    assert_non_null(ministore__json_check(text, size - 1, STRICT, &offset));
    assert_int_equal(offset, size - 1);
}

static void test_strings_of_every_length_and_alignment(void **state) {
    (void)state;
    for (size_t alignment = 0; alignment < 8; alignment++) {
        for (size_t size = 2; size <= 202; size++) {
            char *memory = malloc(alignment + size);
            assert_non_null(memory);
            check_string(memory + alignment, size);
            free(memory);
        }
    }
}

static void test_characters_at_every_place(void **state) {
    (void)state;
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E",
                                             "\\n",      "\\u20ac",      "\\ud834\\udd1e"};
    for (size_t i = 0; i < COUNT(characters); i++) {
        for (size_t before = 0; before <= 24; before++) {
            char text[64];
            const int size = snprintf(text, sizeof text, "\"%.*s%s%s\"", (int)before, "xxxxxxxxxxxxxxxxxxxxxxxx",
                                      characters[i], characters[i]);
            assert_accepted(text);
            text[size - 2] = '"'; /* the second one lacks its last byte */
            assert_false(accepts(text, (size_t)size - 1, STRICT));
        }
    }
}

static void test_no_prefix_of_a_text_is_one(void **state) {
    (void)state;
    static const char text[] =
        "{\"name\" : \"Zo\xC3\xAB \xE2\x82\xAC \xF0\x9D\x84\x9E\", \"escapes\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t"
        "\\u00e9\\ud834\\udd1e\",\r\n\t\"numbers\":[0,-1,12.5,1e9,-0.25E-7,3e+2],"
        "\"words\":[true,false,null,[],{},[{}]]}";
    assert_accepted(text);
    for (size_t size = 0; size < sizeof text - 1; size++) {
        assert_false(accepts(text, size, STRICT));
        assert_false(accepts(text, size, LENIENT));
    }
}

/* ---- nesting ---- */

enum { DEEPEST = 8192 };

typedef struct {
    char text[DEEPEST * 6 + 16];
    size_t size;
    size_t opening[DEEPEST + 1]; /* place of each opening bracket */
    size_t closing[DEEPEST + 1]; /* place of each closing one, by the same number */
} nest;

/** Write `depth` containers, one in the other; which of them are objects follows no pattern of the bit stack. */
static void write_nest(nest *out, size_t depth, bool (*is_object)(size_t)) {
    out->size = 0;
    for (size_t i = 0; i < depth; i++) {
        out->opening[i] = out->size;
        const char *opening = !is_object(i) ? "[" : i + 1 < depth ? "{\"\":" : "{";
        memcpy(out->text + out->size, opening, strlen(opening));
        out->size += strlen(opening);
    }
    for (size_t i = depth; i-- > 0;) {
        out->closing[i] = out->size;
        out->text[out->size++] = is_object(i) ? '}' : ']';
    }
}

static bool always(size_t level) {
    (void)level;
    return true;
}

static bool never(size_t level) {
    (void)level;
    return false;
}

static bool mixed(size_t level) {
    return (level * 2654435761U >> 13 & 1) != 0;
}

static void test_depth_limits(void **state) {
    (void)state;
    static bool (*const kinds[])(size_t) = {always, never, mixed};
    static const struct {
        ministore__json_rules rules;
        size_t depth;
    } limits[] = {{STRICT, 128}, {LENIENT, 8192}};
    nest *brackets = malloc(sizeof *brackets);
    assert_non_null(brackets);
    for (size_t i = 0; i < COUNT(limits); i++) {
        for (size_t kind = 0; kind < COUNT(kinds); kind++) {
            size_t offset;
            write_nest(brackets, limits[i].depth, kinds[kind]);
            assert_null(check_exact(brackets->text, brackets->size, limits[i].rules, &offset));
            write_nest(brackets, limits[i].depth + 1, kinds[kind]);
            assert_non_null(check_exact(brackets->text, brackets->size, limits[i].rules, &offset));
            assert_int_equal(offset, brackets->opening[limits[i].depth]);
        }
    }
    free(brackets);
}

static void test_depth_is_of_open_brackets_only(void **state) {
    (void)state;
    char text[1 + 1000 * 3 + 1] = "[";
    for (size_t i = 0; i < 1000; i++) memcpy(text + 1 + i * 3, i % 2 == 0 ? "[]," : "{},", 3);
    text[3000] = ']'; /* in place of the last comma */
    assert_true(accepts(text, 3001, STRICT));
}

static void test_every_bracket_is_closed_by_its_own_kind(void **state) {
    (void)state;
    nest *brackets = malloc(sizeof *brackets);
    assert_non_null(brackets);
    write_nest(brackets, 300, mixed);
    assert_true(accepts(brackets->text, brackets->size, LENIENT));
    for (size_t i = 0; i < 300; i++) {
        char *closing = &brackets->text[brackets->closing[i]];
        const char right = *closing;
        size_t offset;
        *closing = right == ']' ? '}' : ']';
        assert_non_null(check_exact(brackets->text, brackets->size, LENIENT, &offset));
        assert_int_equal(offset, brackets->closing[i]);
        *closing = right;
    }
    free(brackets);
}

/* ---- what is said, and where ---- */

static void test_faults_are_named_at_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *wrong;
    } cases[] = {
        {"", 0, "there is no value"},
        {" \t", 2, "there is no value"},
        {"\xEF\xBB\xBF{}", 0, "a byte order mark stands before the value"},
        {"[1,", 3, "the text ends before its value is complete"},
        {"[1", 2, "the text ends before its value is complete"},
        {"{", 1, "the text ends before its value is complete"},
        {"{\"a\"", 4, "the text ends before its value is complete"},
        {"tru", 3, "the text ends before its value is complete"},
        {"-", 1, "the text ends before its value is complete"},
        {"\"\\", 2, "the text ends before its value is complete"},
        {"[1,]", 3, "a value is expected here"},
        {"[NaN]", 1, "a value is expected here"},
        {"{\"a\":}", 5, "a value is expected here"},
        {"{a:1}", 1, "a member's name in quotes is expected here"},
        {"{\"a\":1,}", 7, "a member's name in quotes is expected here"},
        {"{\"a\" 1}", 5, "a colon is expected here"},
        {"{\"a\":1 \"b\"", 7, "a comma or } is expected here"},
        {"{\"a\":1]", 6, "a comma or } is expected here"},
        {"[1 2]", 3, "a comma or ] is expected here"},
        {"{} {}", 3, "something follows the value"},
        {"1]", 1, "something follows the value"},
        {"[-01]", 2, "a number begins with a needless zero"},
        {"[1.]", 3, "a number lacks a digit"},
        {"[1e+]", 4, "a number lacks a digit"},
        {"[-]", 2, "a number lacks a digit"},
        {"[\"a\tb\"]", 3, "a string holds a raw control character"},
        {"[\"a\xFF\"]", 3, "a string is not valid UTF-8"},
        {"[\"a\xE2\x82\"]", 3, "a string is not valid UTF-8"},
        {"[\"a\\x\"]", 3, "a string holds an unknown escape"},
        {"[\"a\\u12g4\"]", 3, "a \\u escape lacks its four hexadecimal digits"},
        {"[\"a\\ud800\"]", 3, "a \\u escape is half of a surrogate pair"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t offset = SIZE_MAX;
        const char *wrong = check_exact(cases[i].text, strlen(cases[i].text), STRICT, &offset);
        if (wrong == NULL) fail_msg("accepted: %s", cases[i].text);
        assert_string_equal(wrong, cases[i].wrong);
        if (offset != cases[i].offset) fail_msg("%s: place %zu instead of %zu", cases[i].text, offset, cases[i].offset);
    }
}

static void test_public_call_is_strict_and_tells_the_place(void **state) {
    (void)state;
    ministore_error err;
    memset(&err, 0x5A, sizeof err);
    const ministore_error untouched = err;
    assert_int_equal(ministore_json_validate(" {\"a\":[1,\n2]}\r\n", 15, &err), MINISTORE_OK);
    assert_memory_equal(&err, &untouched, sizeof err);

    assert_int_equal(ministore_json_validate("[1,x]", 5, &err), MINISTORE_INVALID_JSON);
    assert_int_equal(err.status, MINISTORE_INVALID_JSON);
    assert_int_equal(err.offset, 3);
    assert_int_equal(err.line, 0);
    assert_string_equal(err.segment, "");
    assert_non_null(strstr(err.message, "a value is expected here"));
    assert_non_null(strstr(err.message, "byte 3"));

    assert_int_equal(ministore_json_validate("\"\\ud800\"", 8, NULL), MINISTORE_INVALID_JSON);
    assert_int_equal(ministore_json_validate("", 0, NULL), MINISTORE_INVALID_JSON);
    assert_int_equal(ministore_json_validate(NULL, 0, NULL), MINISTORE_INVALID_JSON);
    assert_int_equal(ministore_json_validate(NULL, 1, &err), MINISTORE_INVALID_ARGUMENT);
    assert_int_equal(err.status, MINISTORE_INVALID_ARGUMENT);
}

/* ---- the JSONTestSuite ---- */

/** The texts of which RFC 8259 leaves open whether a parser takes them; docs/json.md gives the reasons. */
typedef struct {
    const char *name;
    bool strict;
    bool lenient;
    bool seen;
} decision;

static decision decisions[] = {
    {"i_number_double_huge_neg_exp.json", true, true, false},
    {"i_number_huge_exp.json", true, true, false},
    {"i_number_neg_int_huge_exp.json", true, true, false},
    {"i_number_pos_double_huge_exp.json", true, true, false},
    {"i_number_real_neg_overflow.json", true, true, false},
    {"i_number_real_pos_overflow.json", true, true, false},
    {"i_number_real_underflow.json", true, true, false},
    {"i_number_too_big_neg_int.json", true, true, false},
    {"i_number_too_big_pos_int.json", true, true, false},
    {"i_number_very_big_negative_int.json", true, true, false},
    {"i_object_key_lone_2nd_surrogate.json", false, true, false},
    {"i_string_1st_surrogate_but_2nd_missing.json", false, true, false},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", false, true, false},
    {"i_string_incomplete_surrogate_and_escape_valid.json", false, true, false},
    {"i_string_incomplete_surrogate_pair.json", false, true, false},
    {"i_string_incomplete_surrogates_escape_valid.json", false, true, false},
    {"i_string_invalid_lonely_surrogate.json", false, true, false},
    {"i_string_invalid_surrogate.json", false, true, false},
    {"i_string_inverted_surrogates_U+1D11E.json", false, true, false},
    {"i_string_lone_second_surrogate.json", false, true, false},
    {"i_string_UTF-16LE_with_BOM.json", false, false, false},
    {"i_string_utf16BE_no_BOM.json", false, false, false},
    {"i_string_utf16LE_no_BOM.json", false, false, false},
    {"i_string_UTF-8_invalid_sequence.json", false, false, false},
    {"i_string_UTF8_surrogate_U+D800.json", false, false, false},
    {"i_string_invalid_utf-8.json", false, false, false},
    {"i_string_iso_latin_1.json", false, false, false},
    {"i_string_lone_utf8_continuation_byte.json", false, false, false},
    {"i_string_not_in_unicode_range.json", false, false, false},
    {"i_string_overlong_sequence_2_bytes.json", false, false, false},
    {"i_string_overlong_sequence_6_bytes.json", false, false, false},
    {"i_string_overlong_sequence_6_bytes_null.json", false, false, false},
    {"i_string_truncated-utf-8.json", false, false, false},
    {"i_structure_500_nested_arrays.json", false, true, false},
    {"i_structure_UTF-8_BOM_empty_object.json", false, false, false},
};

static decision *find_decision(const char *name) {
    for (size_t i = 0; i < COUNT(decisions); i++)
        if (strcmp(decisions[i].name, name) == 0) return &decisions[i];
    fail_msg("%s is not in the table of decisions: decide, and tell docs/json.md", name);
    return NULL;
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail_msg("cannot open %s: %s", path, strerror(errno));
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static void check_suite_file(const char *folder, const char *name) {
    bool strict = name[0] == 'y';
    bool lenient = strict;
    if (name[0] == 'i') {
        decision *decided = find_decision(name);
        decided->seen = true;
        strict = decided->strict;
        lenient = decided->lenient;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t size;
    char *bytes = read_file(path, &size);
    if (accepts(bytes, size, STRICT) != strict || accepts(bytes, size, LENIENT) != lenient)
        fail_msg("%s should be %s by strict, %s by lenient rules", path, strict ? "accepted" : "refused",
                 lenient ? "accepted" : "refused");
    free(bytes);
}

static void test_json_test_suite(void **state) {
    (void)state;
    const char *fixtures = getenv("MINISTORE_FIXTURES");
    char folder[2048];
    snprintf(folder, sizeof folder, "%s/json/JSONTestSuite", fixtures != NULL ? fixtures : MINISTORE_FIXTURES_DIR);
    DIR *files = opendir(folder);
    if (files == NULL) {
        print_message("JSONTestSuite is NOT checked: %s is missing. Set MINISTORE_FIXTURES to the fixtures.\n", folder);
        skip();
    }
    size_t accepted = 0, refused = 0;
    for (struct dirent *entry = readdir(files); entry != NULL; entry = readdir(files)) {
        const char *name = entry->d_name;
        if (strlen(name) < 2 || name[1] != '_') continue;
        check_suite_file(folder, name);
        accepted += name[0] == 'y';
        refused += name[0] == 'n';
    }
    closedir(files);
    assert_int_equal(accepted, 95);
    assert_int_equal(refused, 188);
    for (size_t i = 0; i < COUNT(decisions); i++)
        if (!decisions[i].seen) fail_msg("%s/%s is missing", folder, decisions[i].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure_is_the_grammars),
        cmocka_unit_test(test_members_are_the_grammars),
        cmocka_unit_test(test_numbers_are_the_grammars),
        cmocka_unit_test(test_strings_are_the_grammars),
        cmocka_unit_test(test_only_four_bytes_are_blank),
        cmocka_unit_test(test_words_are_exact),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_unicode_escapes_take_four_hexadecimal_digits),
        cmocka_unit_test(test_surrogate_escapes),
        cmocka_unit_test(test_utf8_of_up_to_three_bytes),
        cmocka_unit_test(test_utf8_of_four_bytes),
        cmocka_unit_test(test_utf8_outside_of_strings_is_refused),
        cmocka_unit_test(test_strings_of_every_length_and_alignment),
        cmocka_unit_test(test_characters_at_every_place),
        cmocka_unit_test(test_no_prefix_of_a_text_is_one),
        cmocka_unit_test(test_depth_limits),
        cmocka_unit_test(test_depth_is_of_open_brackets_only),
        cmocka_unit_test(test_every_bracket_is_closed_by_its_own_kind),
        cmocka_unit_test(test_faults_are_named_at_their_place),
        cmocka_unit_test(test_public_call_is_strict_and_tells_the_place),
        cmocka_unit_test(test_json_test_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
