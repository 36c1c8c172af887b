/*
 * The JSON validator: whether bytes are one JSON text (RFC 8259) in valid UTF-8, found in one pass without memory.
 * What is accepted, and why, is in docs/json.md. Of a long text json_lines.c is asked first: it only ever says yes.
 */
#include "internal.h"

#include <string.h>

enum { STRICT_DEPTH = 128, LENIENT_DEPTH = 8192, BULK_BYTES = 256 /* from there on json_lines.c is quicker */ };

/** One text under check. The scan functions take a place in it and return the place behind what they scanned, or
 *  NULL after noting what is wrong. */
typedef struct {
    const uint8_t *end;
    ministore__json_rules rules;
    const char *wrong;                      /* what is wrong, once a scan function has returned NULL */
    const uint8_t *wrong_at;                /* and where */
    size_t depth;                           /* arrays and objects that are open */
    uint8_t closing;                        /* the bracket that closes the innermost one */
    uint64_t is_object[LENIENT_DEPTH / 64]; /* a bit for each: it is an object */
} checker;

static const uint8_t *fail(checker *text, const uint8_t *at, const char *wrong) {
    text->wrong = wrong;
    text->wrong_at = at;
    return NULL;
}

static const uint8_t *fail_at_end(checker *text) {
    return fail(text, text->end, "the text ends before its value is complete");
}

static inline bool is_blank(uint8_t byte) {
    return byte <= ' ' && (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
}

static inline bool is_digit(uint8_t byte) {
    return (uint8_t)(byte - '0') < 10;
}

static inline const uint8_t *skip_blanks(const uint8_t *at, const uint8_t *end) {
    while (at < end && is_blank(*at)) at++;
    return at;
}

static inline const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end) {
    while (at < end && is_digit(*at)) at++;
    return at;
}

/* ---- strings ---- */

/** Mark the bytes, of eight, that do not stand for themselves in a string: quote, backslash, control, 0x80 and up.
 *  The lowest mark is exact (a subtraction that borrows spoils only those above); its byte comes first in memory. */
static inline uint64_t special_bytes(const uint8_t *at) {
    const uint64_t ones = 0x0101010101010101;
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    const uint64_t quotes = bytes ^ ones * '"';
    const uint64_t backslashes = bytes ^ ones * '\\';
    return ((bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones) | bytes) & ones * 0x80;
}

static inline bool is_plain(uint8_t byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static inline const uint8_t *skip_plain(const uint8_t *at, const uint8_t *end) {
    for (; end - at >= 8; at += 8) {
        const uint64_t special = special_bytes(at);
        if (special != 0) return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && is_plain(*at)) at++;
    return at;
}

/** The length of the UTF-8 sequence of two to four bytes at a place (The Unicode Standard, table 3-7), 0 if invalid. */
static size_t utf8_sequence(const uint8_t *at, const uint8_t *end) {
    const uint8_t lead = at[0];
    const size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4 || (size_t)(end - at) < size) return 0;
    const uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < lowest || at[1] > highest) return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xC0) != 0x80) return 0;
    return size;
}

static const uint8_t *scan_utf8(checker *text, const uint8_t *at) {
    while (at < text->end && *at >= 0x80) {
        const size_t size = utf8_sequence(at, text->end);
        if (size == 0) return fail(text, at, "a string is not valid UTF-8");
        at += size;
    }
    return at;
}

static int hex_value(uint8_t byte) {
    if (is_digit(byte)) return byte - '0';
    const uint8_t lower = byte | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** The UTF-16 unit of the \u escape at a place; -1 if there is none. */
static int32_t unicode_escape(const uint8_t *at, const uint8_t *end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        const int digit = hex_value(at[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static const uint8_t *scan_unicode_escape(checker *text, const uint8_t *at) {
    const int32_t unit = unicode_escape(at, text->end);
    if (unit < 0) return fail(text, at, "a \\u escape lacks its four hexadecimal digits");
    if (text->rules == MINISTORE__JSON_LENIENT || unit < 0xD800 || unit > 0xDFFF) return at + 6;
    const int32_t next = unicode_escape(at + 6, text->end);
    if (unit > 0xDBFF || next < 0xDC00 || next > 0xDFFF)
        return fail(text, at, "a \\u escape is half of a surrogate pair");
    return at + 12;
}

static const uint8_t *scan_escape(checker *text, const uint8_t *at) {
    if (text->end - at < 2) return fail_at_end(text);
    if (at[1] == 'u') return scan_unicode_escape(text, at);
    if (memchr("\"\\/bfnrt", at[1], 8) == NULL) return fail(text, at, "a string holds an unknown escape");
    return at + 2;
}

/** Scan on in a string from a byte that is not plain, or from its end. */
static const uint8_t *scan_special(checker *text, const uint8_t *at) {
    while (at != NULL) {
        if (at == text->end) return fail_at_end(text);
        if (*at == '"') return at + 1;
        if (*at < 0x20) return fail(text, at, "a string holds a raw control character");
        at = *at == '\\' ? scan_escape(text, at) : scan_utf8(text, at);
        if (at != NULL) at = skip_plain(at, text->end);
    }
    return NULL;
}

/** Scan a string from behind its opening quote. */
static inline const uint8_t *scan_string(checker *text, const uint8_t *at) {
    at = skip_plain(at, text->end);
    return at < text->end && *at == '"' ? at + 1 : scan_special(text, at);
}

/* ---- other scalars ---- */

static const uint8_t *scan_some_digits(checker *text, const uint8_t *at) {
    const uint8_t *behind = skip_digits(at, text->end);
    if (behind > at) return behind;
    return at == text->end ? fail_at_end(text) : fail(text, at, "a number lacks a digit");
}

static const uint8_t *scan_exponent(checker *text, const uint8_t *at) {
    if (at < text->end && (*at == '+' || *at == '-')) at++;
    return scan_some_digits(text, at);
}

static inline const uint8_t *scan_number(checker *text, const uint8_t *at) {
    const uint8_t *end = text->end;
    if (*at == '-') at++;
    if (at < end && *at == '0') {
        at++;
        if (at < end && is_digit(*at)) return fail(text, at - 1, "a number begins with a needless zero");
    } else {
        at = scan_some_digits(text, at);
    }
    if (at != NULL && at < end && *at == '.') at = scan_some_digits(text, at + 1);
    if (at != NULL && at < end && (*at == 'e' || *at == 'E')) at = scan_exponent(text, at + 1);
    return at;
}

static inline const uint8_t *scan_word(checker *text, const uint8_t *at, const char *word, size_t size) {
    const size_t left = (size_t)(text->end - at);
    if (left >= size && memcmp(at, word, size) == 0) return at + size;
    if (left < size && memcmp(at, word, left) == 0) return fail_at_end(text);
    return fail(text, at, "a value is expected here");
}

static inline const uint8_t *scan_scalar(checker *text, const uint8_t *at) {
    if (*at == '"') return scan_string(text, at + 1);
    if (is_digit(*at) || *at == '-') return scan_number(text, at);
    if (*at == 't') return scan_word(text, at, "true", 4);
    if (*at == 'f') return scan_word(text, at, "false", 5);
    if (*at == 'n') return scan_word(text, at, "null", 4);
    return fail(text, at, "a value is expected here");
}

/* ---- arrays and objects ---- */

static bool in_object(const checker *text) {
    return text->closing == '}';
}

static inline const uint8_t *scan_opening_bracket(checker *text, const uint8_t *at) {
    if (text->depth == (text->rules == MINISTORE__JSON_STRICT ? STRICT_DEPTH : LENIENT_DEPTH))
        return fail(text, at, "arrays and objects are nested too deeply");
    const uint64_t bit = (uint64_t)1 << text->depth % 64;
    uint64_t *word = &text->is_object[text->depth / 64];
    *word = bit == 1 ? 0 : *word & (bit - 1);
    if (*at == '{') *word |= bit;
    text->closing = *at == '{' ? '}' : ']';
    text->depth++;
    return skip_blanks(at + 1, text->end);
}

static inline const uint8_t *scan_closing_bracket(checker *text, const uint8_t *at) {
    text->depth--;
    if (text->depth > 0) {
        const size_t outer = text->depth - 1;
        text->closing = (text->is_object[outer / 64] >> outer % 64 & 1) != 0 ? '}' : ']';
    }
    return at + 1;
}

/** Scan a member's name and colon. */
static inline const uint8_t *scan_name(checker *text, const uint8_t *at) {
    at = skip_blanks(at, text->end);
    if (at == text->end) return fail_at_end(text);
    if (*at != '"') return fail(text, at, "a member's name in quotes is expected here");
    at = scan_string(text, at + 1);
    if (at == NULL) return NULL;
    at = skip_blanks(at, text->end);
    if (at == text->end) return fail_at_end(text);
    return *at == ':' ? at + 1 : fail(text, at, "a colon is expected here");
}

/** Scan what follows a value: brackets that close, and a comma unless all are closed. */
static inline const uint8_t *scan_behind_value(checker *text, const uint8_t *at) {
    while (text->depth > 0) {
        at = skip_blanks(at, text->end);
        if (at == text->end) return fail_at_end(text);
        if (*at == ',') return at + 1;
        if (*at != text->closing)
            return fail(text, at, in_object(text) ? "a comma or } is expected here" : "a comma or ] is expected here");
        at = scan_closing_bracket(text, at);
    }
    return at;
}

static const uint8_t *scan_value(checker *text, const uint8_t *at) {
    for (;;) {
        at = skip_blanks(at, text->end);
        if (at == text->end) return fail_at_end(text);
        const bool opens = *at == '{' || *at == '[';
        at = opens ? scan_opening_bracket(text, at) : scan_scalar(text, at);
        if (at == NULL) return NULL;
        if (!opens || (at < text->end && *at == text->closing)) {
            at = scan_behind_value(text, at);
            if (at == NULL || text->depth == 0) return at;
        }
        if (in_object(text)) {
            at = scan_name(text, at);
            if (at == NULL) return NULL;
        }
    }
}

static const uint8_t *scan_text(checker *text, const uint8_t *begin) {
    if (text->end - begin >= 3 && memcmp(begin, "\xEF\xBB\xBF", 3) == 0)
        return fail(text, begin, "a byte order mark stands before the value");
    const uint8_t *at = skip_blanks(begin, text->end);
    if (at == text->end) return fail(text, at, "there is no value");
    at = scan_value(text, at);
    if (at != NULL) at = skip_blanks(at, text->end);
    if (at != NULL && at < text->end) return fail(text, at, "something follows the value");
    return at;
}

/* ---- for json_lines.c ---- */

const uint8_t *ministore__json_escape(const uint8_t *at, const uint8_t *end, ministore__json_rules rules) {
    checker text;
    text.end = end;
    text.rules = rules;
    return scan_escape(&text, at);
}

/* ---- the two together ---- */

const char *ministore__json_check(const char *data, size_t size, ministore__json_rules rules, size_t *offset) {
#ifndef MINISTORE_PORTABLE /* tests define it to have the careful way alone */
    ministore_span span;
    size_t used;
    if (size >= BULK_BYTES && ministore__json_lines(data, size, rules, &span, 1, &used) == 1 && used == size)
        return NULL;
#endif
    const uint8_t *begin = (const uint8_t *)(size == 0 ? "" : data);
    checker text;
    text.end = begin + size;
    text.rules = rules;
    text.wrong = "the text is no JSON"; /* each refusal has words of its own */
    text.wrong_at = begin;
    text.depth = 0;
    if (scan_text(&text, begin) != NULL) return NULL;
    *offset = (size_t)(text.wrong_at - begin);
    return text.wrong;
}

ministore_status ministore_json_validate(const void *data, size_t size, ministore_error *err) {
    if (data == NULL && size != 0)
        return ministore__fail(err, MINISTORE_INVALID_ARGUMENT, "data is NULL, but its size is %zu", size);
    size_t offset;
    const char *wrong = ministore__json_check(data, size, MINISTORE__JSON_STRICT, &offset);
    if (wrong == NULL) return MINISTORE_OK;
    (void)ministore__fail(err, MINISTORE_INVALID_JSON, "not valid JSON: %s (byte %zu)", wrong, offset);
    if (err != NULL) err->offset = offset;
    return MINISTORE_INVALID_JSON;
}
