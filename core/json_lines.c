/*
 * The validator for many lines at once: where tokens stand, and whether each may follow the one before, is found for
 * 64 bytes at a time. It only ever says yes; what it cannot tell it leaves to json.c. docs/json.md tells how it works.
 */
#include "internal.h"

#include <string.h>

#ifndef MINISTORE_VECTOR_BYTES /* tests define it to do without large vectors, or, by 0, without any */
#define MINISTORE_VECTOR_BYTES 64
#endif

#if (defined(__SSE2__) || (defined(__ARM_NEON) && defined(__aarch64__))) && MINISTORE_VECTOR_BYTES > 0

enum { BLOCK = 64 };

#define INLINE __attribute__((always_inline)) inline /* into the function of each kind of vector */
#define JUDGED (UINT64_MAX - 1)                      /* all places of a block but the first */

/**
 * A bit for each byte of a block, the first byte's lowest, and a word for each kind of byte. A block begins with the
 * last byte of the one before, so that what may stand at a place is told by the bit below it. That byte's place is not
 * judged again.
 */
typedef struct {
    uint64_t quote, backslash, control, high, space, newline, colon, comma, open, curly, close;
    uint64_t digit, minus, point, zero;
    uint64_t blank, scalar; /* between tokens; numbers and words */
} kinds;

/** A walk through lines, block by block. */
typedef struct {
    const uint8_t *begin, *end;
    ministore__json_rules rules;
    ministore_span *spans; /* of the lines that are good */
    size_t count, most;
    const uint8_t *line;    /* where the next one begins */
    const uint8_t *settled; /* bytes before this are of an escape, a character or a word already checked */
    bool stopped;
    uint64_t objects; /* a bit for each open bracket, the innermost one's lowest: it is an object. A 1 above all */
    /* What goes on from the block before, each 0 or 1. */
    uint64_t in_string, in_name, in_fraction, at_zero;
    uint64_t in_blank[6]; /* behind tokens of six kinds */
} walker;

/* ---- bits ---- */

static inline uint64_t bits_below(ptrdiff_t n) {
    return n <= 0 ? 0 : n >= BLOCK ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

/** The bits of a block at `at` from bit `first` up to the byte before `behind`. */
static inline uint64_t bits_up_to(const uint8_t *at, unsigned first, const uint8_t *behind) {
    return bits_below(behind - at) & (UINT64_MAX << first);
}

static inline unsigned lowest(uint64_t bits) {
    return (unsigned)__builtin_ctzll(bits);
}

/** For each bit whether an odd number of bits is set up to it. */
static inline uint64_t odd_so_far(uint64_t bits) {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

/** The places behind runs of `within` that begin at bits; *going_on: one that began before goes on at the lowest bit.
 */
static inline uint64_t behind_runs(uint64_t bits, uint64_t within, uint64_t *going_on) {
    unsigned long long sum;
    const bool over = __builtin_uaddll_overflow(within, (bits & within) | *going_on, &sum);
    *going_on = over;
    return sum & ~within;
}

/** The places behind tokens whose last bytes are `bits`, and behind the blanks there. */
static inline uint64_t behind_tokens(uint64_t bits, uint64_t blank, uint64_t *going_on) {
    const uint64_t next = bits << 1;
    return blank == 0 ? next : (next & ~blank) | behind_runs(next, blank, going_on);
}

/* ---- what needs a look at single bytes ---- */

static inline void settle(walker *on, const uint8_t *behind) {
    if (behind > on->settled) on->settled = behind;
}

/** The place behind an escape; NULL if it is not valid. */
static inline const uint8_t *escape_end(const walker *on, const uint8_t *at) {
    const uint8_t kind = on->end - at > 1 ? at[1] : 'u';
    if (kind == 'u') return ministore__json_escape(at, on->end, on->rules);
    return memchr("\"\\/bfnrt", kind, 8) != NULL ? at + 2 : NULL;
}

/** Check escapes, and take their bytes out of the quotes. The first bad one. */
static inline uint64_t check_escapes(walker *on, const uint8_t *at, kinds *k) {
    while (k->backslash != 0) {
        const unsigned i = lowest(k->backslash);
        const uint8_t *behind = escape_end(on, at + i);
        if (behind == NULL) return (uint64_t)1 << i;
        const uint64_t bits = bits_up_to(at, i, behind);
        k->backslash &= ~bits;
        k->quote &= ~bits;
        settle(on, behind);
    }
    return 0;
}

static inline bool is_continuation(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/** As ministore__utf8_sequence, with a short way for most of what three bytes hold. */
static inline size_t character_size(const walker *on, const uint8_t *at) {
    const bool three = *at > 0xE0 && *at < 0xED && on->end - at > 2;
    return three && is_continuation(at[1]) && is_continuation(at[2]) ? 3 : ministore__utf8_sequence(at, on->end);
}

static inline uint64_t check_utf8(walker *on, const uint8_t *at, uint64_t high) {
    while (high != 0) {
        const uint8_t *here = at + lowest(high);
        do {
            const size_t size = character_size(on, here);
            if (size == 0) return (uint64_t)1 << (here - at);
            here += size;
        } while (here < on->end && here < at + BLOCK && *here >= 0x80);
        high &= ~bits_below(here - at);
        settle(on, here);
    }
    return 0;
}

/** The place behind a word, where a bracket or a comma must come; NULL if there is none. */
static inline const uint8_t *word_end(const walker *on, const uint8_t *at) {
    const ptrdiff_t left = on->end - at;
    if (left > 4 && (memcmp(at, "true", 4) == 0 || memcmp(at, "null", 4) == 0)) return at + 4;
    return left > 5 && memcmp(at, "false", 5) == 0 ? at + 5 : NULL;
}

/** Check the words that begin at `starts`, and take their bytes out of `odd`. */
static inline uint64_t check_words(walker *on, const uint8_t *at, uint64_t starts, uint64_t odd) {
    for (; starts != 0; starts &= starts - 1) {
        const unsigned i = lowest(starts);
        const uint8_t *behind = word_end(on, at + i);
        if (behind == NULL) break;
        if (*behind > ' ' && *behind != ',' && *behind != '}' && *behind != ']') break;
        odd &= ~bits_up_to(at, i, behind);
        settle(on, behind);
    }
    return odd;
}

/* ---- a block: each check gives the bytes that are wrong ---- */

/** Check strings, and take out of `k` what stands in them. The bytes in strings, opening quotes included. */
INLINE static uint64_t check_strings(walker *on, const uint8_t *at, uint64_t unsettled, kinds *k, uint64_t *wrong) {
    if (k->backslash != 0 || unsettled != UINT64_MAX) {
        k->quote &= unsettled;
        k->backslash &= unsettled;
        *wrong |= check_escapes(on, at, k);
    }
    const uint64_t inside = odd_so_far(k->quote) ^ (0 - (on->in_string ^ (k->quote & 1)));
    on->in_string = inside >> 63;
    *wrong |= k->control & inside;
    if ((k->high & inside) != 0) *wrong |= check_utf8(on, at, k->high & inside & unsettled);
    const uint64_t outside = ~(inside | k->quote);
    k->newline &= outside;
    k->colon &= outside;
    k->comma &= outside;
    k->open &= outside;
    k->close &= outside;
    k->blank = (k->space | k->control) & outside & ~k->newline;
    k->scalar = outside & ~(k->newline | k->colon | k->comma | k->open | k->close | k->blank);
    return inside;
}

/** Check numbers without exponent. */
INLINE static uint64_t check_numbers(walker *on, const kinds *k, uint64_t plain, uint64_t starts) {
    const uint64_t digits = k->digit & plain;
    const uint64_t points = k->point & plain;
    const uint64_t minuses = k->minus & plain;
    const uint64_t zeros = (k->zero & plain & (starts | minuses << 1)) | on->at_zero;
    on->at_zero = zeros >> 63;
    const uint64_t wrong = (points & starts) | (minuses & ~starts) | ((points | minuses) << 1 & ~digits);
    return wrong | (points & behind_runs(points << 1, digits, &on->in_fraction)) | (digits & zeros << 1);
}

INLINE static uint64_t check_scalars(walker *on, const uint8_t *at, uint64_t unsettled, const kinds *k,
                                     uint64_t starts) {
    const uint64_t plain = k->scalar & unsettled;
    uint64_t odd = plain & ~(k->digit | k->minus | k->point);
    if (odd != 0) odd = check_words(on, at, starts & odd, odd);
    return odd | check_numbers(on, k, plain, starts);
}

/** What brackets tell: the bytes in an object, and the brackets that open and close the value of a line. */
typedef struct {
    uint64_t object, first, last;
} nesting;

INLINE static nesting check_brackets(walker *on, const kinds *k, uint64_t *wrong) {
    uint64_t objects = on->objects;
    nesting n = {.object = 0 - (objects & 1), .last = k->close & (objects == 1)};
    for (uint64_t brackets = (k->open | k->close) & JUDGED; brackets != 0; brackets &= brackets - 1) {
        const unsigned i = lowest(brackets);
        const uint64_t curly = k->curly >> i & 1;
        const uint64_t outermost = objects == 1;
        if ((k->open >> i & 1) != 0) {
            *wrong |= (objects >> 63) << i;
            objects = objects << 1 | curly;
            n.first |= outermost << i;
        } else {
            *wrong |= (outermost | ((objects & 1) ^ curly)) << i;
            objects >>= 1;
            n.last |= (uint64_t)(objects == 1) << i;
        }
        n.object = (n.object & ~(UINT64_MAX << i)) | (0 - (objects & 1)) << i;
    }
    on->objects = objects | (objects == 0); /* one too many closed: wrong anyway, but no walk without a 1 above all */
    return n;
}

INLINE static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/** Check which control characters stand between tokens. A mark takes the part of the newline behind it. */
INLINE static uint64_t check_blanks(const uint8_t *at, kinds *k, uint64_t *line_ends) {
    const uint64_t marks = k->blank & k->newline >> 1 & JUDGED;
    *line_ends = (k->newline & ~(marks << 1)) | marks;
    for (uint64_t left = k->blank & JUDGED; left != 0; left &= left - 1)
        if (!is_blank(at[lowest(left)])) return (uint64_t)1 << lowest(left);
    k->blank &= ~marks;
    return 0;
}

/** Check that each token may follow the one before. */
INLINE static uint64_t check_order(walker *on, const kinds *k, uint64_t blank, uint64_t inside, uint64_t starts,
                                   nesting n, uint64_t line_ends) {
    const uint64_t opening = k->quote & inside;
    const uint64_t closing = k->quote & ~inside;
    const uint64_t values = opening | starts | k->open;
    uint64_t *in_blank = on->in_blank;
    const uint64_t behind_separator = behind_tokens(k->colon | k->comma | k->newline, blank, in_blank++);
    const uint64_t behind_open = behind_tokens(k->open, blank, in_blank++);
    uint64_t wrong = (values ^ (behind_separator | behind_open)) & ~(behind_open & k->close);
    wrong |= n.first ^ behind_tokens(k->newline, blank, in_blank++);
    wrong |= line_ends ^ behind_tokens(n.last, blank, in_blank++);
    const uint64_t names = behind_tokens((k->open & k->curly) | (k->comma & n.object), blank, in_blank++);
    wrong |= names & ~(opening | k->close);
    const uint64_t name_ends = closing & behind_runs(names & opening, inside, &on->in_name);
    on->in_name |= name_ends >> 63;
    return wrong | (k->colon ^ behind_tokens(name_ends, blank, in_blank));
}

/** Note the lines that end at these newlines. */
INLINE static void take_lines(walker *on, const uint8_t *at, uint64_t newlines) {
    for (; newlines != 0 && on->count < on->most; newlines &= newlines - 1) {
        const uint8_t *first = on->line;
        const uint8_t *behind = at + lowest(newlines);
        on->line = behind < on->end ? behind + 1 : behind;
        while (is_blank(*first)) first++;
        while (is_blank(behind[-1])) behind--;
        on->spans[on->count++] = (ministore_span){(uint32_t)(first - on->begin), (uint32_t)(behind - first)};
    }
}

INLINE static void check_block(walker *on, const uint8_t *at, kinds k) {
    uint64_t wrong = 0;
    const uint64_t unsettled = on->settled > at ? ~bits_below(on->settled - at) : UINT64_MAX;
    const uint64_t inside = check_strings(on, at, unsettled, &k, &wrong);
    const uint64_t starts = k.scalar & ~(k.scalar << 1) & JUDGED;
    wrong |= check_scalars(on, at, unsettled, &k, starts);
    const nesting n = check_brackets(on, &k, &wrong);
    if (k.blank == 0) { /* the same without the work for blanks */
        wrong |= check_order(on, &k, 0, inside, starts, n, k.newline);
    } else {
        uint64_t line_ends = 0;
        wrong |= check_blanks(at, &k, &line_ends);
        wrong |= check_order(on, &k, k.blank, inside, starts, n, line_ends);
    }
    wrong &= JUDGED;
    k.newline &= JUDGED;
    if (wrong != 0) k.newline &= bits_below((ptrdiff_t)lowest(wrong));
    take_lines(on, at, k.newline);
    on->stopped = wrong != 0 || on->count == on->most;
}

/* ---- the kinds of vectors ---- */

#if defined(__SSE2__)

#include <immintrin.h>

#define NAMED(name) sse2_##name
#define TARGET
#define WIDTH 16
#define EQUAL(v, c) HIGH((v) == (c))
#define BELOW(v, c) HIGH((v) < (c))
#define HIGH(v) ((uint64_t)(uint32_t)_mm_movemask_epi8((__m128i)(v)))
#include "json_lines.h"

#define NAMED(name) avx2_##name
#define TARGET __attribute__((target("avx2,bmi")))
#define WIDTH 32
#define EQUAL(v, c) HIGH((v) == (c))
#define BELOW(v, c) HIGH((v) < (c))
#define HIGH(v) ((uint64_t)(uint32_t)_mm256_movemask_epi8((__m256i)(v)))
#include "json_lines.h"

#define NAMED(name) avx512_##name
#define TARGET __attribute__((target("avx512f,avx512bw,bmi")))
#define WIDTH 64
#define EQUAL(v, c) _mm512_cmpeq_epi8_mask((__m512i)(v), _mm512_set1_epi8(c))
#define BELOW(v, c) _mm512_cmplt_epu8_mask((__m512i)(v), _mm512_set1_epi8(c))
#define HIGH(v) _mm512_movepi8_mask((__m512i)(v))
#include "json_lines.h"
static void walk(walker *on) {
    if (MINISTORE_VECTOR_BYTES >= 64 && __builtin_cpu_supports("avx512bw"))
        avx512_walk(on);
    else if (MINISTORE_VECTOR_BYTES >= 32 && __builtin_cpu_supports("avx2"))
        avx2_walk(on);
    else
        sse2_walk(on);
}

#else

#include <arm_neon.h>

static inline uint64_t neon_bits(uint8x16_t truth) {
    const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t bits = vandq_u8(truth, weights);
    return vaddv_u8(vget_low_u8(bits)) | (uint64_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

#define NAMED(name) neon_##name
#define TARGET
#define WIDTH 16
#define EQUAL(v, c) neon_bits((uint8x16_t)((v) == (c)))
#define BELOW(v, c) neon_bits((uint8x16_t)((v) < (c)))
#define HIGH(v) neon_bits((uint8x16_t)((v) >= 0x80))
#include "json_lines.h"

static void walk(walker *on) {
    neon_walk(on);
}

#endif

size_t ministore__json_lines(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                             size_t most, size_t *used) {
    const uint8_t *begin = (const uint8_t *)data;
    walker on = {.begin = begin, .end = begin + size, .rules = rules, .spans = spans, .most = most};
    on.line = on.settled = begin;
    on.objects = 1;
    if (size <= UINT32_MAX) walk(&on);
    *used = (size_t)(on.line - begin);
    return on.count;
}

#else

size_t ministore__json_lines(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                             size_t most, size_t *used) {
    (void)data, (void)size, (void)rules, (void)spans, (void)most;
    *used = 0;
    return 0;
}

#endif
