/*
 * The validator for many lines at once, held to the one for single texts: on lines made at random and then damaged,
 * at every place of a block, for each kind of vector. What it calls good is good, and where it says.
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

enum {
    ROUNDS = 40000,
    TEXT_MAX = 1 << 16,
    SPANS = 64,
    LEVELS = 6,
    TREE_LEVELS = 80,
    PLACES = 1100 /* more than two groups */
};

/* ---- lines at random ---- */

typedef struct {
    char bytes[TEXT_MAX];
    size_t size;
} text;

static uint64_t seed = 1;

static unsigned below(unsigned n) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static void put(text *t, const char *some) {
    const size_t size = strlen(some);
    if (t->size + size > TEXT_MAX / 2) return;
    memcpy(t->bytes + t->size, some, size);
    t->size += size;
}

static void put_times(text *t, const char *some, size_t times) {
    for (size_t i = 0; i < times; i++) put(t, some);
}

#define PUT_ONE_OF(t, choices) put(t, (choices)[below(sizeof(choices) / sizeof *(choices))])

static void put_blank(text *t) {
    static const char *const blanks[] = {" ", "\t", "\r", "  ", " \t \t "};
    if (below(40) == 0) PUT_ONE_OF(t, blanks);
}

static void put_string(text *t) {
    static const char *const parts[] = {
        "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\\n", "{", "]",
        ",",    ":",    "0",       "true",           " ",        "\\ud800"};
    put(t, "\"");
    for (unsigned left = below(below(30) == 0 ? 200 : 16); left > 0; left--) {
        if (below(4) > 0)
            put(t, "x");
        else
            PUT_ONE_OF(t, parts);
    }
    put(t, "\"");
}

static void put_scalar(text *t) {
    static const char *const scalars[] = {"true",
                                          "false",
                                          "null",
                                          "0",
                                          "-0",
                                          "7",
                                          "-12.5",
                                          "0.05",
                                          "10",
                                          "3.14159",
                                          "1e5",
                                          "2.5E-3",
                                          "123456789012345678901234567890",
                                          "0.00000000000001"};
    if (below(2) == 0)
        put_string(t);
    else
        PUT_ONE_OF(t, scalars);
}

static void put_value(text *t, int level) {
    put_blank(t);
    if (level == LEVELS || below(3) == 0) {
        put_scalar(t);
    } else {
        const bool object = below(2) == 0;
        put(t, object ? "{" : "[");
        put_blank(t);
        for (unsigned left = below(5), first = left; left > 0; left--) {
            if (left < first) put(t, ",");
            if (object) {
                put_blank(t);
                put_string(t);
                put_blank(t);
                put(t, ":");
            }
            put_value(t, level + 1);
        }
        put(t, object ? "}" : "]");
    }
    put_blank(t);
}

static void make_lines(text *t) {
    static const char *const ends[] = {"\n", "\n", "\t\n", "\r\n"};
    t->size = 0;
    for (unsigned left = 1 + below(8); left > 0; left--) {
        put_value(t, below(8) == 0 ? LEVELS : 0);
        PUT_ONE_OF(t, ends);
    }
    if (below(2) == 0) t->size--; /* the last line may lack its newline */
}

static void insert(text *t, char *at, const char *some) {
    const size_t size = strlen(some);
    memmove(at + size, at, t->size - (size_t)(at - t->bytes));
    memcpy(at, some, size);
    t->size += size;
}

static void take_out(text *t, char *at, size_t size) {
    t->size -= size;
    memmove(at, at + size, t->size - (size_t)(at - t->bytes));
}

static void damage(text *t) {
    static const char bytes[] = "\"\\{}[]:,0123456789-.+eEtrufalsn \t\r\n\x01\x80\xC3\xFF";
    char *at = t->bytes + below((unsigned)t->size);
    const unsigned what = below(3);
    if (what == 0) {
        take_out(t, at, 1);
        return;
    }
    if (what == 1) insert(t, at, " ");
    *at = bytes[below(sizeof bytes - 1)];
}

/* ---- brackets at random ---- */

static void put_tree(text *t, unsigned *left, int level) {
    const bool object = below(2) == 0;
    put(t, object ? "{" : "[");
    for (bool first = true; *left > 0 && below(level == 0 ? 40 : 5) > 0; first = false) {
        (*left)--;
        if (!first) put(t, ",");
        if (object) put(t, "\"a\":");
        if (level < TREE_LEVELS && below(4) > 0)
            put_tree(t, left, level + 1);
        else
            put(t, "1");
    }
    put(t, object ? "}" : "]");
}

static void make_trees(text *t) {
    t->size = 0;
    for (unsigned lines = 1 + below(6); lines > 0; lines--) {
        unsigned left = below(2) == 0 ? 10 : 300;
        put_tree(t, &left, 0);
        put(t, "\n");
    }
}

static bool opens(char c) {
    return c == '[' || c == '{';
}

static bool closes(char c) {
    return c == ']' || c == '}';
}

/** The bracket that closes what is open at a place, or the last byte. */
static char *closing(text *t, char *at) {
    int level = 0;
    for (; at < t->bytes + t->size - 1; at++) {
        level += opens(*at) - closes(*at);
        if (level == 0) break;
    }
    return at;
}

/** Give a value a name, or take its name away. */
static void change_name(text *t, char *at) {
    while (at > t->bytes && at[-1] != ',' && !opens(at[-1])) at--;
    if (at == t->bytes || closes(*at)) return;
    if (*at == '"')
        take_out(t, at, 4);
    else
        insert(t, at, "\"a\":");
}

/** Move the last bracket of a line to the end of the next one. */
static void move_closing(text *t, char *at) {
    char *const end = t->bytes + t->size, *newline = memchr(at, '\n', (size_t)(end - at));
    char *next = newline + 1 < end ? memchr(newline + 1, '\n', (size_t)(end - newline - 1)) : NULL;
    if (next == NULL) return;
    const char closing[] = {newline[-1], 0};
    insert(t, next, closing);
    take_out(t, newline - 1, 1);
}

/** Turn a bracket, or two that belong together, into such of the other kind, or into something else; or other damage
 *  that leaves the order of neighbours as it may be. */
static void damage_tree(text *t) {
    char *at = t->bytes + below((unsigned)t->size);
    const unsigned what = below(5);
    if (what == 0) {
        change_name(t, at);
        return;
    }
    if (what == 1) {
        move_closing(t, at);
        return;
    }
    while (at > t->bytes && !opens(*at) && !closes(*at)) at--;
    if (what == 2 && opens(*at)) *closing(t, at) ^= 0x20;
    *at = what < 4 ? *at ^ 0x20 : "[]{},:1\n"[below(8)];
}

/* ---- asking ---- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/** What the first line holds without the blanks around it; the bytes of the line with its newline. */
static size_t first_line(const char *data, size_t size, ministore_span *out) {
    const char *newline = memchr(data, '\n', size);
    size_t begin = 0, end = newline ? (size_t)(newline - data) : size;
    const size_t line = end + (newline != NULL);
    while (begin < end && is_blank(data[begin])) begin++;
    while (end > begin && is_blank(data[end - 1])) end--;
    *out = (ministore_span){(uint32_t)begin, (uint32_t)(end - begin)};
    return line;
}

/** Hold the records that were found at the beginning of `data` to its lines. */
static void check_found(const char *data, size_t size, ministore__json_rules rules, const ministore_span *spans,
                        size_t count, size_t used) {
    size_t at = 0, offset;
    for (size_t i = 0; i < count; i++) {
        ministore_span line;
        const size_t step = first_line(data + at, size - at, &line);
        assert_int_equal(spans[i].offset, at + line.offset);
        assert_int_equal(spans[i].size, line.size);
        if (ministore__json_check(data + spans[i].offset, spans[i].size, rules, &offset) != NULL)
            fail_msg("accepted: %.*s", (int)line.size, data + spans[i].offset);
        at += step;
    }
    assert_int_equal(used, at);
}

/** Hold the lines that are put for a commit to those of `data`: `found` are good or, unless it is all, more. */
static void check_encoded(const char *data, size_t size, size_t found, bool all) {
    size_t at = 0, offset, used;
    char *out = malloc(MINISTORE__ENCODED_MOST(size)), *end = out, *put = out;
    assert_non_null(out);
    const size_t count = ministore__json_encode(data, size, &end, &used);
    assert_true(count == found || (!all && count > found));
    for (size_t i = 0; i < count; i++) {
        ministore_span line;
        const size_t step = first_line(data + at, size - at, &line);
        assert_null(ministore__json_check(data + at + line.offset, line.size, MINISTORE__JSON_STRICT, &offset));
        assert_true((size_t)(end - put) >= line.size + 2);
        assert_memory_equal(put, data + at + line.offset, line.size);
        assert_memory_equal(put + line.size, "\t\n", 2);
        put += line.size + 2;
        at += step;
    }
    assert_ptr_equal(put, end);
    assert_int_equal(used, at);
    free(out);
}

/** Go through lines as a reader does. How many were found good in bulk. */
static size_t go_through(const char *data, size_t size, ministore__json_rules rules) {
    size_t found = 0;
    for (size_t at = 0; at < size;) {
        ministore_span spans[SPANS], line;
        size_t used;
        const size_t most = 1 + below(SPANS);
        const size_t count = ministore__json_lines(data + at, size - at, rules, spans, most, &used);
        check_found(data + at, size - at, rules, spans, count, used);
        if (rules == MINISTORE__JSON_STRICT) check_encoded(data + at, size - at, count, count < most);
        found += count;
        at += used;
        if (at < size) at += first_line(data + at, size - at, &line);
    }
    return found;
}

/* ---- the tests ---- */

/** Whether this processor has vectors of the kind that is tested. */
static bool has_vectors(void) {
#if defined(__x86_64__)
    return MINISTORE_VECTOR_BYTES >= 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#else
    return MINISTORE_VECTOR_BYTES > 0;
#endif
}

static void what_is_found_good_is_good(void **state) {
    (void)state;
    static text t;
    size_t found = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        make_lines(&t);
        for (unsigned left = below(3); left > 0 && t.size > 1; left--) damage(&t);
        char *exact = malloc(t.size); /* a sanitizer sees a byte read too far */
        assert_non_null(exact);
        memcpy(exact, t.bytes, t.size);
        found += go_through(exact, t.size, i % 2 == 0 ? MINISTORE__JSON_STRICT : MINISTORE__JSON_LENIENT);
        free(exact);
    }
    assert_int_equal(found > 0, has_vectors());
}

/* Of lines that are little but brackets, hundreds of them, all are found, and none is that has a wrong one. */
static void brackets_of_many_blocks_are_followed(void **state) {
    (void)state;
    static text t;
    size_t found = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        make_trees(&t);
        for (unsigned left = below(3); left > 0; left--) damage_tree(&t);
        found += go_through(t.bytes, t.size, MINISTORE__JSON_STRICT);
    }
    assert_int_equal(found > 0, has_vectors());
}

/* A line of an array at first, then others. How many are found. */
static size_t find(int before, const char *lines, ministore_span *spans, size_t *used, char *data, size_t room) {
    const int size = snprintf(data, room, "[\"%0*d\"]\n%s", before, 0, lines);
    return ministore__json_lines(data, (size_t)size, MINISTORE__JSON_STRICT, spans, SPANS, used);
}

/* Ordinary records are found wherever they begin in a block and in a group, to the last one: the bulk is no idle
 * promise. */
static void ordinary_records_are_found_at_every_place(void **state) {
    (void)state;
    static const char *const records[] = {
        "{\"id\":10,\"ok\":true,\"n\":[1,-2.5,0.05],\"none\":null,\"s\":\"a\\\"\xC3\xA9\"}",
        "{}",
        "[]",
        "[[],{\"a\":{}}]",
        "{\"on\":false}",
        "[ 1 , { \"a\" : true } ]",
        "[1,2,{\"a\":3}]",
        "[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]",
        "[[],{},[[]],[{}],{\"a\":[],\"b\":{},\"c\":[[],[{}]]},[[[]],[{}]],[],{},[],{},[],{},[],{},[],{},[]]",
        "[\"\\ud83d\\ude00\\\\\\n\",\"\xE2\x82\xAC\xF0\x9F\x98\x80\"]"};
    for (size_t i = 0; has_vectors() && i < sizeof records / sizeof *records; i++) {
        for (int before = 0; before < PLACES; before++) {
            char data[PLACES + 256], lines[256];
            ministore_span spans[SPANS];
            size_t used;
            snprintf(lines, sizeof lines, "%s\t\n%s", records[i], records[i]);
            assert_int_equal(find(before, lines, spans, &used, data, sizeof data), 3);
            assert_int_equal(used, strlen(data));
            assert_memory_equal(data + spans[1].offset, records[i], spans[1].size);
            assert_int_equal(spans[2].size, strlen(records[i]));
        }
    }
}

/** Put a line of an array that has so many empty ones in it. */
static void put_arrays(text *t, size_t count) {
    put(t, "[");
    for (size_t i = 0; i < count; i++) put(t, i == 0 ? "[]" : ",[]");
    put(t, "]\n");
}

/* However many lines of the least size there are, they fit with their marks where there is room for the most. */
static void the_shortest_lines_have_room_for_their_marks(void **state) {
    (void)state;
    static text t;
    for (size_t lines = 1; has_vectors() && lines < 1200; lines += 1 + lines / 16) {
        t.size = 0;
        put_times(&t, "{}\n", lines);
        check_encoded(t.bytes, t.size, lines, true);
        check_encoded(t.bytes, t.size - 1, lines, true);
    }
}

/* Blanks around a line are left out wherever it begins, however far it goes without any. */
static void blanks_around_a_line_are_left_out_at_every_place(void **state) {
    (void)state;
    enum { FARTHEST = 4000 };
    static const char *const formats[] = {" {\"a\":\"%0900d\"}\n", "{\"a\":\"%0900d\"} \n", "{\"a\":\"%0900d\"}\t\n"};
    static char data[FARTHEST + 1000];
    for (int before = 1; has_vectors() && before < FARTHEST; before++) {
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            size_t used, size = (size_t)snprintf(data, sizeof data, "[\"%0*d\"]\n", before, 0);
            ministore_span spans[SPANS];
            size += (size_t)snprintf(data + size, sizeof data - size, formats[i], 0);
            const size_t count = ministore__json_lines(data, size, MINISTORE__JSON_STRICT, spans, SPANS, &used);
            assert_int_equal(count, 2);
            check_found(data, size, MINISTORE__JSON_STRICT, spans, count, used);
        }
    }
}

/* As deep as strict rules allow, and not deeper: what is found is good, and the line before is found in any case. */
static void brackets_are_followed_to_any_level(void **state) {
    (void)state;
    static text t;
    for (size_t levels = 1; has_vectors() && levels < 140; levels++) {
        for (size_t before = 0; before < 140; before++) {
            size_t used, offset;
            ministore_span spans[SPANS];
            t.size = 0;
            put_arrays(&t, before);
            const size_t line = t.size;
            put_times(&t, "[", levels);
            put_times(&t, "]", levels);
            const size_t count =
                ministore__json_lines(t.bytes, t.size, MINISTORE__JSON_STRICT, spans, SPANS, &used);
            assert_int_equal(used, count == 2 ? t.size : line);
            const char *wrong =
                ministore__json_check(t.bytes + line, t.size - line, MINISTORE__JSON_STRICT, &offset);
            assert_true(wrong == NULL || used == line);
            assert_true(levels > 20 || used == t.size);
        }
    }
}

/* A named value in an array is found to be wrong, however many brackets are before it, and with as many in it as are
 * looked at together. */
static void a_name_in_an_array_is_found_at_no_place(void **state) {
    (void)state;
    static text t;
    for (size_t pairs = 0; has_vectors() && pairs < 4; pairs++) {
        for (size_t others = 0; others < 25; others++) {
            ministore_span spans[SPANS];
            size_t used;
            t.size = 0;
            put_times(&t, "[[]]\n", pairs);
            put_times(&t, "[]\n", others);
            const size_t good = t.size;
            put(&t, "{\"a\":[1,\"b\":");
            put_times(&t, "[", 60);
            put_times(&t, "]", 60);
            put(&t, "]}\n");
            assert_int_equal(ministore__json_lines(t.bytes, t.size, MINISTORE__JSON_STRICT, spans, SPANS, &used),
                             pairs + others);
            assert_int_equal(used, good);
        }
    }
}

/* Write a line over and over. How many of its lines are found. */
static size_t find_line(text *t, const char *format, const char *filler) {
    ministore_span spans[SPANS];
    size_t used;
    char line[4096];
    const int size = snprintf(line, sizeof line, format, filler);
    assert_in_range(size, 1, sizeof line - 1);
    t->size = 0;
    put_times(t, line, 3);
    return ministore__json_lines(t->bytes, t->size, MINISTORE__JSON_STRICT, spans, SPANS, &used);
}

/* What stands before a string is remembered behind it, however many blocks the string fills. */
static void long_strings_hide_nothing(void **state) {
    (void)state;
    enum { LONGEST = 1200 };
    static text t;
    char filler[LONGEST + 1];
    for (size_t size = 0; has_vectors() && size <= LONGEST; size++) {
        memset(filler, 'x', sizeof filler);
        filler[size] = '\0';
        assert_int_equal(find_line(&t, "{\"%s\":[1,\"\"]}\n", filler), 3);
        assert_int_equal(find_line(&t, "[1,\"%s\",{\"a\":2}]\n", filler), 3);
        assert_int_equal(find_line(&t, "[1,\"a\":\"%s\"]\n", filler), 0);
        assert_int_equal(find_line(&t, "{\"a\":1,2,\"b\":\"%s\"}\n", filler), 0);
    }
}

/* Behind a wrong bracket no line is found, wherever it is, though what follows it would fit what was open before. */
static void nothing_is_found_behind_a_wrong_bracket(void **state) {
    (void)state;
    enum { FARTHEST = 4000, FILLER = 500 };
    ministore_span spans[SPANS];
    static text t;
    for (int before = 1; has_vectors() && before < FARTHEST; before += 3) {
        size_t used;
        t.size = (size_t)snprintf(t.bytes, sizeof t.bytes, "[\"%0*d\"]\n", before, 0);
        const size_t good = t.size;
        put(&t, "{\"a\":[1},\"");
        put_times(&t, "x", FILLER);
        put(&t, "\",2]}\n[]\n");
        assert_int_equal(ministore__json_lines(t.bytes, t.size, MINISTORE__JSON_STRICT, spans, SPANS, &used), 1);
        assert_int_equal(used, good);
    }
}

/* One wrong word among many is found, wherever it is. */
static void a_wrong_word_is_found_at_every_place(void **state) {
    (void)state;
    enum { WORDS = 40 };
    static text t;
    for (unsigned wrong = 0; has_vectors() && wrong < WORDS; wrong++) {
        static const char *const words[] = {"true", "false", "null"}, *const others[] = {"trve", "falsy", "nul", "x"};
        ministore_span spans[SPANS];
        size_t used;
        t.size = 0;
        put(&t, "[]\n[");
        for (unsigned i = 0; i < WORDS; i++) {
            if (i > 0) put(&t, ",");
            if (i == wrong)
                PUT_ONE_OF(&t, others);
            else
                PUT_ONE_OF(&t, words);
        }
        put(&t, "]\n[\"the end\"]\n");
        assert_int_equal(ministore__json_lines(t.bytes, t.size, MINISTORE__JSON_STRICT, spans, SPANS, &used), 1);
        assert_int_equal(used, strlen("[]\n"));
    }
}

/* What is no record is not found, wherever it begins, nor anything behind it. */
static void what_is_wrong_is_found_at_no_place(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "\t",
                                        " ",
                                        "{\"a\":1,2}",
                                        "[\"a\":1]",
                                        "[1,\"a\":1]",
                                        "{\"a\"}",
                                        "{\"a\",1}",
                                        "{},{}",
                                        "{}{}",
                                        "{},\"a\":{}",
                                        "{} {}",
                                        "[1.2.3]",
                                        "[1.]",
                                        "[.5]",
                                        "[01]",
                                        "[-01]",
                                        "[-]",
                                        "[1-1]",
                                        "[tru]",
                                        "[truex]",
                                        "[true1]",
                                        "[1true]",
                                        "[nul,1]",
                                        "[True]",
                                        "[1}",
                                        "{]",
                                        "]",
                                        "[",
                                        "[[]",
                                        "[]]",
                                        "[\"\\x\"]",
                                        "[\"\\u12\"]",
                                        "[\"\xC3\"]",
                                        "[\"\x80\"]",
                                        "[\"\xE2\x82\"]",
                                        "[\"\xED\xA0\x80\"]",
                                        "[\"\xF4\x90\x80\x80\"]",
                                        "[\"\xC0\xAF\"]",
                                        "[\"\\ud800\"]",
                                        "[\"\\udc00\"]",
                                        "{\"a\":1,}",
                                        "[,1]",
                                        "[1,]",
                                        "{:1}",
                                        "{\"a\"::1}",
                                        "{1:1}",
                                        "[\x01]",
                                        "[1\f]",
                                        "[1 2]",
                                        "[true false]",
                                        "[\"a\" \"b\"]",
                                        "[\"a\"1]",
                                        "[\"a]",
                                        "[\"\x1F\"]",
                                        "[\"\t\"]",
                                        "[\\\"a\"]",
                                        "[\xC3\xA9]",
                                        "[true\xDD\x80]",
                                        "[{\"a\":1}:1]",
                                        "{\"a\":1:1}",
                                        "{\"a\":{}\"b\":1}",
                                        "[{]}",
                                        "{\"a\":[}]",
                                        "[[1}]",
                                        "[[],\"a\":{}]",
                                        "[[],[],\"a\":[]]",
                                        "{\"a\":[],[]}",
                                        "{\"a\":{},{},{}}",
                                        "{\"a\":[[],\"b\":{}]}",
                                        "[{\"a\":[]},{},[],\"b\":{\"c\":{}}]",
                                        "{\"a\":[[[]]],\"b\"}",
                                        "[[[]][]]",
                                        "[[[]],]",
                                        "[\"a\":[],[]]",
                                        "[\"a\":{},{},[[]]]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (int before = 0; before < PLACES; before++) {
            char data[PLACES + 256], lines[256];
            ministore_span spans[SPANS];
            size_t used;
            snprintf(lines, sizeof lines, "%s%s\n{}\n", wrong[i], before % 2 == 0 ? "" : "\t");
            assert_int_equal(find(before, lines, spans, &used, data, sizeof data), has_vectors());
            assert_int_equal(used, has_vectors() ? (size_t)(strchr(data, '\n') + 1 - data) : 0);
        }
    }
}

/* ---- lines that are alike ---- */

/** Put a line so often that those behind the first ones are taken by their layout. How many these are. */
static size_t put_alike(text *t, const char *line) {
    enum { BYTES = 6000 };
    const size_t lines = BYTES / strlen(line) + 1;
    t->size = 0;
    put_times(t, line, lines);
    return lines;
}

/** Hold what is found in lines to the careful way, where their memory ends with them. How many are found. */
static size_t find_alike_lines(const text *t) {
    enum { MOST = 128 };
    ministore_span spans[MOST];
    size_t used;
    char *exact = malloc(t->size);
    assert_non_null(exact);
    memcpy(exact, t->bytes, t->size);
    const size_t count = ministore__json_lines(exact, t->size, MINISTORE__JSON_STRICT, spans, MOST, &used);
    check_found(exact, t->size, MINISTORE__JSON_STRICT, spans, count, used);
    check_encoded(exact, t->size, count, true);
    free(exact);
    return count;
}

static const char *const alike[] = {
    "{\"id\":100,\"user\":\"ada.lovelace\",\"amount\":12.05,\"none\":null,\"n\":[1,-2,0.5,10]}\n",
    "{\"id\":100,\"user\":\"ada lovelace\",\"amount\":-12.5,\"ok\":true,\"in\":{\"a\":[{},[0]]}}\t\n",
    "[\"caf\xC3\xA9\",\"\xE2\x82\xAC 5\",7,[1.25,-0.75,90],{\"\":\"\",\"name\":[\"grace\",\"hopper\"]}, 1 ]\n",
    "{\"on\":false,\"text\":\"longer than two vectors\",\"n\":[1234567890,4321.01,0.25],\"and\":\"on, and on\"}\n",
    " {\"a blank\":\"before the record\",\"n\":[17,25,-3],\"name\":\"grace hopper\",\"n\":12345}\n",
    "{\"a blank\":\"behind the record\",\"n\":[17,25,-3],\"name\":\"grace hopper\",\"n\":12345} \t\n",
    "{\"escape\":\"makes a record \\\"[],[],like no other\",\"n\":[17,25,-3],\"name\":\"grace\"}\n",
    "{\"escapes\":\"make them \\\\ \\\"like\\\" no other\",\"n\":[17,25,-3],\"name\":\"\\u0067race\"}\n",
};
enum { ALIKE = sizeof alike / sizeof *alike };

/* Of lines that are alike all are found; where a byte of one of them is another one, those before it, and it if it is
 * good, wherever the byte is. */
static void of_lines_that_are_alike_each_is_judged(void **state) {
    (void)state;
    static const char others[] = "\"\\{}[]:,/0123456789-.+eEtaz \t\r\n\x01\x1F\x7F\x80\xA9\xC3\xFF";
    static text t;
    for (size_t i = 0; has_vectors() && i < ALIKE; i++) {
        const size_t size = strlen(alike[i]), lines = put_alike(&t, alike[i]);
        assert_int_equal(find_alike_lines(&t), lines);
        for (size_t wrong = lines - 10; wrong < lines; wrong += 9) {
            for (size_t place = 0; place < size - 1; place++) {
                char *const at = t.bytes + wrong * size + place, before = *at;
                for (size_t k = 0; k < sizeof others; k++) {
                    *at = others[k];
                    assert_true(find_alike_lines(&t) >= wrong);
                }
                *at = before;
            }
        }
    }
}

/* The same where a byte is left out or put in, so that lines have other sizes. */
static void lines_of_other_sizes_are_found_between_such_that_are_alike(void **state) {
    (void)state;
    static const char others[] = "\"0,]x \t\n";
    static text t;
    for (size_t i = 0; has_vectors() && i < ALIKE; i++) {
        const size_t size = strlen(alike[i]), wrong = put_alike(&t, alike[i]) - 10;
        for (size_t place = 0; place < size - 1; place++) {
            for (size_t k = 0; k < sizeof others; k++) {
                (void)put_alike(&t, alike[i]);
                char *const at = t.bytes + wrong * size + place;
                if (others[k] == '\0')
                    take_out(&t, at, 1);
                else
                    insert(&t, at, (char[]){others[k], '\0'});
                assert_true(find_alike_lines(&t) >= wrong);
            }
        }
    }
}

/* Lines of all sizes that are alike are found, those with marks among those without, and a last one without an end. */
static void lines_of_any_size_that_are_alike_are_found(void **state) {
    (void)state;
    enum { LONGEST = 530 };
    static text t;
    for (int size = 14; has_vectors() && size <= LONGEST; size++) {
        char line[LONGEST + 3], marked[LONGEST + 3];
        snprintf(line, sizeof line, "{\"a\":\"%0*d\"}\n", size - 8, 0);
        snprintf(marked, sizeof marked, "{\"a\":\"%0*d\"}\t\n", size - 8, 0);
        size_t lines = 0;
        for (t.size = 0; t.size < 6000 || lines < 12; lines++) put(&t, lines % 6 > 3 ? marked : line);
        t.size -= size % 2 == 0;
        if (lines > 128) continue; /* more than are asked for */
        assert_int_equal(find_alike_lines(&t), lines);
    }
}

/* Lines that are alike and wrong are not found, however many they are. */
static void what_is_wrong_is_not_learned(void **state) {
    (void)state;
    static const char *const wrong[] = {"[1,\"a\":2]", "{\"a\":[1}}", "[01]", "{\"a\":1,2}", "[tru]", "[1]]"};
    static text t;
    for (size_t i = 0; has_vectors() && i < sizeof wrong / sizeof *wrong; i++) {
        char line[128];
        snprintf(line, sizeof line, "[\"%080d\",%s]\n", 0, wrong[i]);
        (void)put_alike(&t, line);
        assert_int_equal(find_alike_lines(&t), 0);
    }
}

/* A text that has the layout of a good record is good and on one line, wherever it differs, and the record has it. */
static void what_has_the_layout_of_a_good_record_is_good(void **state) {
    (void)state;
    static text t;
    for (size_t i = 0; i < ALIKE; i++) {
        ministore__layout learned;
        t.size = 0;
        put(&t, alike[i]);
        const char *from = t.bytes;
        size_t size = t.size, offset;
        ministore__trim(&from, &size);
        char *exact = malloc(size);
        assert_non_null(exact);
        memcpy(exact, from, size);
        ministore__layout_learn(&learned, exact, size);
        const bool fits = ministore__layout_fits(&learned, exact, size);
        assert_int_equal(fits, has_vectors() && memchr(exact, '\\', size) == NULL);
        assert_false(ministore__layout_fits(&learned, exact, size - 1));
        for (size_t at = 0; at < size; at++) {
            const char before = exact[at];
            for (int byte = 0; byte < 256; byte++) {
                exact[at] = (char)byte;
                if (!ministore__layout_fits(&learned, exact, size)) continue;
                assert_null(ministore__json_check(exact, size, MINISTORE__JSON_STRICT, &offset));
                assert_null(memchr(exact, '\n', size));
            }
            exact[at] = before;
        }
        free(exact);
    }
}

/* What is no array or object, or too short or too long, is not learned. */
static void what_cannot_be_learned_is_not(void **state) {
    (void)state;
    static char number[MINISTORE__LAYOUT_MAX + 1], array[MINISTORE__LAYOUT_MAX + 1];
    memset(number, '1', sizeof number);
    memset(array, 'x', sizeof array);
    memcpy(array, "[\"", 2);
    for (size_t size = 4; size <= sizeof array; size++) {
        ministore__layout learned;
        memcpy(array + size - 2, "\"]", 2);
        ministore__layout_learn(&learned, array, size);
        const bool can_be = has_vectors() && size >= MINISTORE__LAYOUT_MIN && size <= MINISTORE__LAYOUT_MAX;
        assert_int_equal(ministore__layout_fits(&learned, array, size), can_be);
        array[size - 2] = 'x';
        ministore__layout_learn(&learned, number, size);
        assert_false(ministore__layout_fits(&learned, number, size));
    }
}

/* What another line may have in the place of a byte, most of it good. */
static char varied(char c) {
    if (c >= '0' && c <= '9') return (char)('0' + below(10));
    return c >= 'a' && c <= 'z' ? "abcdefghijkl\"\\\x7F\xC3\n"[below(17)] : c;
}

/* The same of lines made at random, all made of one. */
static void variations_of_a_line_are_judged(void **state) {
    (void)state;
    static text t;
    for (unsigned i = 0; has_vectors() && i < ROUNDS / 10; i++) {
        do {
            t.size = 0;
            put_value(&t, 0);
        } while (t.size < 70);
        const size_t size = t.size + 1;
        t.bytes[t.size++] = '\n';
        for (; t.size < 6000; t.size += size)
            for (size_t k = 0; k < size; k++)
                t.bytes[t.size + k] = below(3000) == 0 ? varied(t.bytes[k]) : t.bytes[k];
        (void)go_through(t.bytes, t.size, i % 2 == 0 ? MINISTORE__JSON_STRICT : MINISTORE__JSON_LENIENT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_good_is_good),
        cmocka_unit_test(brackets_of_many_blocks_are_followed),
        cmocka_unit_test(ordinary_records_are_found_at_every_place),
        cmocka_unit_test(the_shortest_lines_have_room_for_their_marks),
        cmocka_unit_test(blanks_around_a_line_are_left_out_at_every_place),
        cmocka_unit_test(brackets_are_followed_to_any_level),
        cmocka_unit_test(a_name_in_an_array_is_found_at_no_place),
        cmocka_unit_test(long_strings_hide_nothing),
        cmocka_unit_test(nothing_is_found_behind_a_wrong_bracket),
        cmocka_unit_test(a_wrong_word_is_found_at_every_place),
        cmocka_unit_test(what_is_wrong_is_found_at_no_place),
        cmocka_unit_test(of_lines_that_are_alike_each_is_judged),
        cmocka_unit_test(lines_of_other_sizes_are_found_between_such_that_are_alike),
        cmocka_unit_test(lines_of_any_size_that_are_alike_are_found),
        cmocka_unit_test(what_is_wrong_is_not_learned),
        cmocka_unit_test(what_has_the_layout_of_a_good_record_is_good),
        cmocka_unit_test(what_cannot_be_learned_is_not),
        cmocka_unit_test(variations_of_a_line_are_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
