/*
 * The validators against a second opinion (oracle.h), strict against lenient rules, and each way in which they can be
 * compiled against the others: they must answer alike, in words and place too. What the bulk validator takes is good.
 */
#include "fuzz.h"
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

enum { STRICT_DEPTH = 128, LENIENT_DEPTH = 8192, SHIFTS = 67, SHAPED_BYTES = 512, STRIDE = 7 };
enum { ALIKE_MIN = 64, ALIKE_MAX = 512, ALIKE_BYTES = 6000, LINES_MAX = 128 };

/* MINISTORE_JSON_VARIANTS lists the compilations: X(name) for each, whose check is called name_json_check. */
typedef const char *check_function(const char *data, size_t size, ministore__json_rules rules, size_t *offset);
typedef size_t lines_function(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                              size_t most, size_t *used);
typedef size_t encode_function(const char *data, size_t size, char **out, size_t *used);
#define X(name)                                                                                                        \
    check_function name##_json_check;                                                                                  \
    lines_function name##_json_lines;                                                                                  \
    encode_function name##_json_encode;
MINISTORE_JSON_VARIANTS
#undef X

static check_function *const variants[] = {ministore__json_check,
#define X(name) name##_json_check,
                                           MINISTORE_JSON_VARIANTS
#undef X
};

static lines_function *const bulk[] = {ministore__json_lines,
#define X(name) name##_json_lines,
                                       MINISTORE_JSON_VARIANTS
#undef X
};

static encode_function *const encoders[] = {ministore__json_encode,
#define X(name) name##_json_encode,
                                            MINISTORE_JSON_VARIANTS
#undef X
};

/* ---- surrogates, which the second opinion is not asked about ---- */

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The unit of a \uXXXX escape, or -1. */
static int unit_at(const char *text, size_t size) {
    int unit = 0;
    if (size < 6 || text[0] != '\\' || text[1] != 'u') return -1;
    for (int i = 2; i < 6; i++) {
        if (hex(text[i]) < 0) return -1;
        unit = unit * 16 + hex(text[i]);
    }
    return unit;
}

/* Make other escapes of those of surrogates; whether one of them was without its other half. */
static bool replace_surrogates(char *text, size_t size) {
    bool lone = false;
    for (size_t i = 0; i < size;) {
        int unit = unit_at(text + i, size - i);
        if (unit >= 0xD800 && unit <= 0xDFFF) {
            int next = unit_at(text + i + 6, size - i < 6 ? 0 : size - i - 6);
            bool pair = unit < 0xDC00 && next >= 0xDC00 && next <= 0xDFFF;
            text[i + 2] = '0';
            if (pair) text[i + 8] = '0';
            lone = lone || !pair;
            i += pair ? 12 : 6;
        } else {
            i += text[i] == '\\' ? 2 : 1;
        }
    }
    return lone;
}

/* ---- the comparisons ---- */

/* What all variants say: NULL, or what is wrong and where. */
static const char *ask(const char *data, size_t size, ministore__json_rules rules, size_t *offset) {
    *offset = 0;
    const char *wrong = variants[0](data, size, rules, offset);
    for (size_t i = 1; i < sizeof variants / sizeof variants[0]; i++) {
        size_t at = 0;
        const char *other = variants[i](data, size, rules, &at);
        MUST((wrong == NULL) == (other == NULL));
        MUST(at == *offset);
        if (wrong) MUST(strcmp(wrong, other) == 0);
    }
    MUST(*offset <= size);
    return wrong;
}

/* Blanks around a text change nothing but the place of a fault, and neither does where in memory it lies. */
static void ask_shifted(fuzz_input in, size_t before, size_t behind, ministore__json_rules rules, const char *wrong,
                        size_t offset) {
    size_t at, size = before + in.size + behind;
    char *text = malloc(size > 0 ? size : 1);
    MUST(text != NULL);
    memset(text, ' ', size);
    if (in.size > 0) memcpy(text + before, in.data, in.size);
    const char *shifted = ask(text, size, rules, &at);
    bool at_the_end = offset == in.size; /* the end has moved */
    bool mark = wrong && offset == 0 && in.size >= 3 && memcmp(in.data, "\xEF\xBB\xBF", 3) == 0;
    if (!mark) MUST((wrong == NULL) == (shifted == NULL));
    if (wrong && !at_the_end && !mark) MUST(strcmp(shifted, wrong) == 0 && at == before + offset);
    free(text);
}

/* The input as lines: the careful validator must take each that a bulk one takes. */
static void ask_for_lines(const char *data, size_t size, lines_function *lines, ministore__json_rules rules) {
    ministore_span spans[LINES_MAX];
    size_t used = 0, at, offset;
    const size_t count = lines(data, size, rules, spans, LINES_MAX, &used);
    const char *line = data;
    MUST(used <= size && (count > 0) == (used > 0));
    for (size_t i = 0; i < count; i++) {
        const char *newline = memchr(line, '\n', size - (size_t)(line - data));
        const char *end = newline ? newline : data + size;
        at = spans[i].offset;
        MUST(data + at >= line && data + at + spans[i].size <= end);
        MUST(portable_json_check(data + at, spans[i].size, rules, &offset) == NULL);
        for (const char *blank = line; blank < data + at; blank++) MUST(memchr(" \t\r", *blank, 3) != NULL);
        for (const char *blank = data + at + spans[i].size; blank < end; blank++)
            MUST(memchr(" \t\r", *blank, 3) != NULL);
        line = newline ? newline + 1 : end;
    }
    MUST(line == data + used);
}

/* The input as a batch: each line that is taken is a good one, and put with a mark. */
static void ask_for_commit(const char *data, size_t size, encode_function *encode) {
    char *out = malloc(MINISTORE__ENCODED_MOST(size)), *end = out, *put = out;
    size_t used = 0, offset;
    MUST(out != NULL);
    const size_t count = encode(data, size, &end, &used);
    const char *at = data;
    MUST(used <= size);
    for (size_t i = 0; i < count; i++) {
        const char *newline = memchr(at, '\n', size - (size_t)(at - data)), *line = at;
        at = newline ? newline + 1 : data + size;
        size_t length = (size_t)((newline ? newline : at) - line);
        ministore__trim(&line, &length);
        MUST(portable_json_check(line, length, MINISTORE__JSON_STRICT, &offset) == NULL);
        MUST((size_t)(end - put) >= length + 2 && memcmp(put, line, length) == 0);
        MUST(memcmp(put + length, "\t\n", 2) == 0);
        put += length + 2;
    }
    MUST(put == end && at == data + used);
    free(out);
}

/* The input as a line over and over, so that the layout of one tells of others, and of each with one byte changed to
 * another one of it. */
static void ask_for_alike(fuzz_input in, size_t variant) {
    const size_t line = in.size + 1, count = ALIKE_BYTES / line;
    char *text = malloc(count * line);
    MUST(text != NULL);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * line, in.data, in.size);
        text[i * line + in.size] = '\n';
        if (i < count / 2) continue;
        text[i * line + i * STRIDE % in.size] = (char)in.data[(i * SHIFTS + in.size) % in.size];
    }
    ask_for_lines(text, count * line, bulk[variant], MINISTORE__JSON_STRICT);
    ask_for_commit(text, count * line, encoders[variant]);
    free(text);
}

/* A text that has the shape or the layout of a good record must be one: the input with one byte changed to another one
 * of it. */
static void ask_for_shapes(fuzz_input in) {
    ministore__shapes shapes = {0};
    size_t offset;
    char *text = fuzz_copy(in);
    ministore__shapes_init(&shapes);
    MUST(in.size == 0 || !ministore__shapes_know(&shapes, text, in.size));
    const bool good = portable_json_check(text, in.size, MINISTORE__JSON_STRICT, &offset) == NULL;
    for (int i = 0; good && i < 2; i++) ministore__shapes_add(&shapes, text, in.size); /* its layout, too */
    for (size_t i = 0; i < in.size && i < SHAPED_BYTES; i++) {
        const char before = text[i];
        text[i] = (char)in.data[(i * STRIDE + in.size) % in.size];
        if (ministore__shapes_know(&shapes, text, in.size)) {
            MUST(portable_json_check(text, in.size, MINISTORE__JSON_STRICT, &offset) == NULL);
            MUST(memchr(text, '\n', in.size) == NULL);
        }
        text[i] = before;
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_input in = {data, size};
    char *text = fuzz_copy(in), *other = fuzz_copy(in);
    size_t depth, strict_at, lenient_at;
    ministore_error err;
    bool lone = replace_surrogates(other, size);
    const oracle_answer oracle = oracle_is_json(other, size, &depth);
    const char *strict = ask(text, size, MINISTORE__JSON_STRICT, &strict_at);
    const char *lenient = ask(text, size, MINISTORE__JSON_LENIENT, &lenient_at);
    if (oracle != ORACLE_NO_OPINION) {
        MUST((lenient == NULL) == (oracle == ORACLE_YES && depth <= LENIENT_DEPTH));
        MUST((strict == NULL) == (oracle == ORACLE_YES && depth <= STRICT_DEPTH && !lone));
    }
    MUST(lenient == NULL || (strict && strict_at <= lenient_at));
    ministore_status status = ministore_json_validate(text, size, &err);
    MUST(status == (strict ? MINISTORE_INVALID_JSON : MINISTORE_OK));
    if (strict) MUST(err.offset == strict_at && strstr(err.message, strict) != NULL);
    const size_t before = ministore__crc32c(0, data, size) % SHIFTS, behind = size % SHIFTS;
    ask_shifted(in, before, 0, MINISTORE__JSON_STRICT, strict, strict_at);
    ask_shifted(in, before, behind, MINISTORE__JSON_LENIENT, lenient, lenient_at);
    for (size_t i = 0; size > 0 && i < sizeof bulk / sizeof bulk[0]; i++) {
        ask_for_lines(text, size, bulk[i], MINISTORE__JSON_STRICT);
        ask_for_lines(text, size, bulk[i], MINISTORE__JSON_LENIENT);
        ask_for_commit(text, size, encoders[i]);
        if (size >= ALIKE_MIN && size <= ALIKE_MAX && memchr(text, '\n', size) == NULL) ask_for_alike(in, i);
    }
    ask_for_shapes(in);
    free(text);
    free(other);
    return 0;
}
