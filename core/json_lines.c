/*
 * The validator for many lines at once: where tokens stand, and whether each may follow the one before, is found for
 * 64 bytes at a time. It only ever says yes; what it cannot tell it leaves to json.c. docs/json.md tells how it works.
 */
#include "internal.h"

#include <stddef.h>
#include <string.h>

#ifndef MINISTORE_VECTOR_BYTES /* tests define it to do without large vectors, or, by 0, without any */
#define MINISTORE_VECTOR_BYTES 64
#endif

#if (defined(__x86_64__) || (defined(__ARM_NEON) && defined(__aarch64__))) && MINISTORE_VECTOR_BYTES > 0

enum {
    BLOCK = 64,        /* bytes looked at at once, the first of which is the last one of the block before */
    STEP = BLOCK - 1,  /* to the next one */
    BEFORE = 3,        /* bytes before it that are looked at, too */
    PIECE = 64,        /* bytes of a line that are copied at once */
    LANES_MAX = 8,     /* blocks judged together, as a group */
    BLOCKS = 48,       /* whose tokens and words are judged together, and those of one group more */
    LEVELS_MAX = 64,   /* brackets that may be open */
    STRETCH = 1 << 10, /* bytes that are walked through, at least, before a line's layout is learned, */
    LONGER = 8         /* and so many times more where few lines had the last one */
};

#define INLINE __attribute__((always_inline)) inline /* into the function of each kind of vector */
#define FOUND_MAX ((BLOCKS + LANES_MAX) * BLOCK)
#define PLACES_MAX (FOUND_MAX / 2 + 16) /* good lines and words are longer than a byte */
#define JUDGED (UINT64_MAX - 1)  /* all places of a block but the first, which are judged before */
#define LAST ((uint64_t)1 << 63) /* so that there is a lowest bit */

#if defined(__clang__)
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 8")
#endif

/** The bytes that others are compared with. */
enum { QUOTE, BACKSLASH, SPACE, TAB, NEWLINE, COLON, COMMA, OPEN, CLOSE, MINUS, POINT, ZERO, SAMPLES };
static const char samples[] = "\"\\ \t\n:,{}-.0";

/** What has been found in blocks and is not judged yet; with room for what is put down behind the last. Vectors are put
 *  down over one another, which is slow where a page ends: so no page ends where the first tokens are. */
typedef struct {
    _Alignas(512) uint8_t tokens[FOUND_MAX + BLOCK];
    uint32_t ends[PLACES_MAX]; /* of lines */
    uint32_t word_begins[PLACES_MAX];
    size_t token_count, end_count, word_count;
} findings;

/** A walk through lines, group by group. */
typedef struct {
    const uint8_t *begin, *end;
    ministore__json_rules rules;
    bool encodes; /* puts good lines to `out`, else notes their spans */
    ministore_span *spans;
    char *out;
    size_t count, most;
    size_t line;            /* where the next one begins */
    const uint8_t *settled; /* escapes before this are checked already */
    unsigned blocks;        /* in what is found */
    bool trims;             /* there have been blanks, or marks */
    bool stopped;
    findings *found;
    uint8_t levels[LEVELS_MAX + 2]; /* what is open: a line, and in it brackets */
    size_t level;                   /* of the innermost one */
    /* What goes on from the block before, each 0 or 1. */
    uint64_t escaped, in_string, in_run, behind_colon, behind_element;
    uint64_t in_blank[7];                                 /* behind tokens of seven kinds */
    uint64_t at_name_end[LANES_MAX], at_zero[LANES_MAX]; /* the same as `carried` keeps it */
} walker;

/* ---- bits ---- */

INLINE static unsigned lowest(uint64_t bits) {
    return (unsigned)__builtin_ctzll(bits);
}

/** The bytes behind backslashes that are not behind such themselves (as simdjson's scanner of escapes, J. Keiser). */
INLINE static uint64_t escaped_bytes(uint64_t backslash, uint64_t *first) {
    const uint64_t odd = 0xAAAAAAAAAAAAAAAA;
    const uint64_t begins = backslash & ~*first;
    const uint64_t escaped = ((begins << 1 | odd) - begins) ^ odd ^ (backslash | *first);
    *first = escaped >> 63;
    return escaped;
}

/* ---- tables for the bits of a byte's halves ---- */

/*
 * Which two bytes in a row break UTF-8, by the halves of the first and the upper half of the second, each bit for
 * a way to do so; 0x80: two continuations, which are right behind a lead of three or four bytes. J. Keiser, D. Lemire:
 * Validating UTF-8 in less than one instruction per byte. Software: Practice and Experience 51 (2021).
 */
static const uint8_t utf8_lead[16] = {2, 2, 2, 2, 2, 2, 2, 2, 0x80, 0x80, 0x80, 0x80, 0x21, 0x01, 0x15, 0x49};
static const uint8_t utf8_lead_low[16] = {0xE7, 0xA3, 0x83, 0x83, 0x8B, 0xCB, 0xCB, 0xCB,
                                          0xCB, 0xCB, 0xCB, 0xCB, 0xCB, 0xDB, 0xCB, 0xCB};
static const uint8_t utf8_next[16] = {1, 1, 1, 1, 1, 1, 1, 1, 0xE6, 0xAE, 0xBA, 0xBA, 1, 1, 1, 1};

/* The letters of escapes, "/ \\ bfn rtu, by their halves. */
static const uint8_t escape_high[16] = {[2] = 1, [5] = 2, [6] = 4, [7] = 8};
static const uint8_t escape_low[16] = {[2] = 13, [4] = 8, [5] = 8, [6] = 4, [12] = 2, [14] = 4, [15] = 1};

/* ---- a block: each check gives the bytes that are wrong ---- */

/** Check the four digits of escapes with a u at these places. */
static uint64_t check_unicode(walker *on, const uint8_t *at, uint64_t letters) {
    for (; letters != 0; letters &= letters - 1) {
        const uint8_t *letter = at + lowest(letters);
        if (letter < on->settled) continue; /* of a pair */
        on->settled = ministore__json_escape(letter - 1, on->end, on->rules);
        if (on->settled == NULL) return letters & (0 - letters);
    }
    return 0;
}

/* ---- what is found ---- */

/** Put down the tokens, each as its byte, with a bit turned where it is behind a colon or an element. Behind them. */
INLINE static uint8_t *put_tokens(uint8_t *out, const uint8_t *bytes, uint64_t tokens, uint64_t colons,
                                  uint64_t elements) {
    uint8_t *const behind = out + __builtin_popcountll(tokens);
    do { /* four at once: a branch for each would often be mispredicted */
        for (unsigned n = 0; n < 4; n++, tokens &= tokens - 1) {
            const unsigned i = lowest(tokens | LAST);
            *out++ = (uint8_t)(bytes[i] ^ (colons >> i & 1) << 7 ^ (elements >> i & 1) << 3);
        }
    } while (tokens != 0);
    return behind;
}

/** Put down places. How many there are then. */
INLINE static size_t put_places(uint32_t *out, size_t count, uint32_t base, uint64_t bits) {
    out += count;
    count += (size_t)__builtin_popcountll(bits);
    do {
        for (unsigned n = 0; n < 2; n++, bits &= bits - 1) *out++ = base + lowest(bits | LAST);
    } while (bits != 0);
    return count;
}

/* ---- what is judged when there is more of it ---- */

/** What may be open. */
enum { ARRAY = 1, OBJECT = 2, LINE = 4 };

/** What each token asks of what is open, and does to it: the innermost must be `around`, and all of it if those are
 *  two; then `opened` is the innermost, if it goes up. */
typedef struct {
    uint8_t around, opened;
    int8_t up;
} effect;

#define EFFECTS(byte, around, ...)                                                                                     \
    [byte] = {around, __VA_ARGS__}, [byte ^ 0x80] = {around | OBJECT, __VA_ARGS__},                                    \
    [byte ^ 0x08] = {around | ARRAY, __VA_ARGS__}, [byte ^ 0x88] = {around | ARRAY | OBJECT, __VA_ARGS__}

static const effect effects[256] = {EFFECTS('[', 0, ARRAY, 1), EFFECTS('{', 0, OBJECT, 1), EFFECTS(']', ARRAY, 0, -1),
                                    EFFECTS('}', OBJECT, 0, -1), EFFECTS('\n', LINE, 0, 0)};

/** Follow the brackets from one of the tokens on, before which so many lines end. How many end behind such as belong
 *  together. */
INLINE static size_t check_brackets(walker *on, size_t from, size_t lines) {
    const findings *found = on->found;
    size_t level = on->level;
    for (size_t i = from; i < found->token_count; i++) {
        const effect *e = &effects[found->tokens[i]];
        if ((e->around & ~on->levels[level]) != 0 || level > LEVELS_MAX) {
            on->stopped = true;
            break;
        }
        on->levels[level + 1] = e->opened;
        level += (size_t)e->up;
        lines += e->around == LINE;
    }
    on->level = level;
    return lines;
}

/** The words, by two bits of their first letter; the fourth is none. */
static const struct {
    uint64_t letters, bits; /* in the order of memory */
    unsigned size;          /* bits */
} known[4] = {{0x65736C6166, 0xFFFFFFFFFF, 40}, {0x6C6C756E, 0xFFFFFFFF, 32}, {0x65757274, 0xFFFFFFFF, 32}, {1, 0, 0}};

/** What may follow a value. */
static const bool follows_value[256] = {[','] = true,  [']'] = true,  ['}'] = true, [' '] = true,
                                        ['\t'] = true, ['\n'] = true, ['\r'] = true};

/** Whether one of the three words stands there, and behind it what may follow a value. */
INLINE static bool is_word(const uint8_t *at, const uint8_t *end) {
    uint64_t word = (uint64_t)'\n' << 32 | (uint64_t)'\n' << 40;
    if (end - at < 8)
        memcpy(&word, at, (size_t)(end - at));
    else
        memcpy(&word, at, sizeof word);
    const unsigned which = word >> 3 & 3;
    return ((word & known[which].bits) == known[which].letters) & follows_value[word >> known[which].size & 0xFF];
}

/** How many of the lines with good brackets have nothing but words for words. */
INLINE static size_t check_words(walker *on, size_t lines) {
    const findings *found = on->found;
    for (size_t i = 0; i < found->word_count; i++) {
        const uint32_t at = found->word_begins[i];
        if (is_word(on->begin + at, on->end)) continue;
        while (lines > 0 && found->ends[lines - 1] > at) lines--;
        on->stopped = true;
        break;
    }
    return lines;
}

/** Leave out the blanks around a good line, which has no other such bytes. */
INLINE static ministore_span trimmed(const uint8_t *text, ministore_span line) {
    for (; text[line.offset] <= ' '; line.size--) line.offset++;
    while (text[line.offset + line.size - 1] <= ' ') line.size--;
    return line;
}

/** Note where good lines are. Where the next one begins. */
INLINE static size_t note_lines(const walker *on, size_t lines) {
    const uint32_t *ends = on->found->ends;
    ministore_span *out = on->spans + on->count;
    size_t next = on->line;
    UNROLLED
    for (size_t i = 0; i < lines; i++) {
        out[i] = (ministore_span){(uint32_t)next, ends[i] - (uint32_t)next};
        next = ends[i] + (size_t)1;
    }
    for (size_t i = 0; on->trims && i < lines; i++) out[i] = trimmed(on->begin, out[i]);
    return next;
}

/** Put good lines, a PIECE at a time, the last ones with some bytes behind. Where the next one begins. */
INLINE static size_t put_lines(walker *on, size_t lines) {
    const uint8_t *text = on->begin;
    const size_t size = (size_t)(on->end - text);
    char *out = on->out;
    size_t next = on->line;
    for (size_t i = 0; i < lines; i++) {
        const size_t end = on->found->ends[i];
        ministore_span line = {(uint32_t)next, (uint32_t)(end - next)};
        if (on->trims) line = trimmed(text, line);
        if (size - end >= PIECE)
            for (size_t k = 0; k < line.size; k += PIECE) memcpy(out + k, text + line.offset + k, PIECE);
        else
            memcpy(out, text + line.offset, line.size);
        out = ministore__end_line(out + line.size);
        next = end + 1;
    }
    on->out = out;
    return next;
}

/** Take so many lines that ended in the blocks judged last. */
INLINE static void take_lines(walker *on, size_t lines) {
    findings *found = on->found;
    if (lines >= on->most - on->count) {
        lines = on->most - on->count;
        on->stopped = true;
    }
    on->line = on->encodes ? put_lines(on, lines) : note_lines(on, lines);
    on->count += lines;
    found->token_count = found->end_count = found->word_count = 0;
    on->blocks = 0;
}

/* ---- lines of one layout ---- */

/** The bytes of a line that is not the first one, without its mark; 0: it is too long to be learned, or has no end. */
static size_t line_size(const uint8_t *line, const uint8_t *end) {
    const size_t left = (size_t)(end - line), most = MINISTORE__LAYOUT_MAX + 2;
    const uint8_t *newline = memchr(line, '\n', left < most ? left : most);
    if (newline == NULL) return 0;
    return (size_t)(newline - line) - (newline[-1] == '\t');
}

static bool can_be_learned(const uint8_t *line, size_t size) {
    return size >= MINISTORE__LAYOUT_MIN && size <= MINISTORE__LAYOUT_MAX && line[0] > ' ' && line[size - 1] > ' ';
}

/** Find the end of a line that can be learned and is followed by one of its size, so many bytes ahead or more; its
 *  begin, too. NULL: there is none, or not enough behind it. */
static const uint8_t *find_alike(const walker *on, size_t ahead, const uint8_t **line) {
    const uint8_t *from = on->begin + on->line, *end = on->end;
    for (; ahead < (size_t)(end - from) / 4; ahead *= LONGER) {
        const uint8_t *newline = memchr(from + ahead, '\n', ahead);
        if (newline == NULL) return NULL;
        *line = newline + 1;
        const size_t size = line_size(*line, end);
        const uint8_t *next = *line + size + 1;
        if (next[-1] == '\t') next++;
        if (can_be_learned(*line, size) && line_size(next, end) == size) return next;
    }
    return NULL;
}

/** Go on behind the lines that were taken, up to there. */
static void begin_stretch(walker *on, const uint8_t *end) {
    *on = (walker){.begin = on->begin,
                   .end = end,
                   .rules = on->rules,
                   .encodes = on->encodes,
                   .spans = on->spans,
                   .out = on->out,
                   .count = on->count,
                   .most = on->most,
                   .line = on->line,
                   .settled = on->begin,
                   .found = on->found,
                   .levels = {LINE}};
}

/* ---- the kinds of vectors ---- */

#if defined(__x86_64__)

#include <immintrin.h>

#define TABLE(table) _mm_loadu_si128((const __m128i *)(table))

#define AVX2 "avx2,bmi,bmi2,popcnt"

#define NAMED(name) avx2_##name
#define TARGET __attribute__((target(AVX2)))
#define WIDTH 32
#define EQUAL(v, c) HIGH((v) == (c))
#define BELOW(v, c) HIGH((v) < (c))
#define HIGH(v) ((uint64_t)(uint32_t)_mm256_movemask_epi8((__m256i)(v)))
#define HIGHEST(w) (unsigned)_mm256_movemask_pd((__m256d)(w))
#define IS_ZERO(w) (_mm256_testz_si256((__m256i)(w), (__m256i)(w)) != 0)
#define LANE_NUMBERS 0, 1, 2, 3
#define LOOKUP(table, v) (NAMED(vector)) _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(TABLE(table)), (__m256i)(v))
#include "json_lines.h"

#define AVX512 "avx512f,avx512bw,avx512dq,avx512cd,avx512vbmi,avx512vbmi2,gfni,vpclmulqdq,bmi,bmi2,popcnt"

#define NAMED(name) avx512_##name
#define TARGET __attribute__((target(AVX512)))
#define WIDTH 64
#define EQUAL(v, c) _mm512_cmpeq_epi8_mask((__m512i)(v), (__m512i)(c))
#define BELOW(v, c) _mm512_cmplt_epu8_mask((__m512i)(v), (__m512i)(c))
#define HIGH(v) _mm512_movepi8_mask((__m512i)(v))
#define HIGHEST(w) _mm512_movepi64_mask((__m512i)(w))
#define IS_ZERO(w) (_mm512_test_epi64_mask((__m512i)(w), (__m512i)(w)) == 0)
#define LANE_NUMBERS 0, 1, 2, 3, 4, 5, 6, 7
#define LOOKUP(table, v) (NAMED(vector)) _mm512_shuffle_epi8(_mm512_broadcast_i32x4(TABLE(table)), (__m512i)(v))
#include "json_lines.h"

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("gfni") &&
           __builtin_cpu_supports("vpclmulqdq");
}

/** Of the largest vectors that the processor has; 0: it has none of a kind that is used. */
static unsigned vector_bytes(void) {
    if (MINISTORE_VECTOR_BYTES >= 64 && has_avx512()) return 64;
    return MINISTORE_VECTOR_BYTES >= 32 && has_avx2() ? 32 : 0;
}

static void walk(walker *on) {
    const unsigned bytes = vector_bytes();
    if (bytes == 64) avx512_walk(on);
    if (bytes == 32) avx2_walk(on);
}

static bool fits(const ministore__layout *l, const uint8_t *text) {
    return l->vector == 64 ? avx512_fits(l, text) : avx2_fits(l, text);
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
#define HIGHEST(w) (unsigned)((w)[0] >> 63 | (w)[1] >> 63 << 1)
#define IS_ZERO(w) (((w)[0] | (w)[1]) == 0)
#define LANE_NUMBERS 0, 1
#define LOOKUP(table, v) vqtbl1q_u8(vld1q_u8(table), (v))
#include "json_lines.h"

static unsigned vector_bytes(void) {
    return 16;
}

static void walk(walker *on) {
    neon_walk(on);
}

static bool fits(const ministore__layout *l, const uint8_t *text) {
    return neon_fits(l, text);
}

#endif

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/*
 * A text that has it has its strings and numbers where that record has them, and as long; all else is the same. So its
 * brackets and commas are as good. But of a record with escapes it is not so plain where strings end.
 */
void ministore__layout_learn(ministore__layout *l, const char *text, size_t size) {
    bool in_string = false;
    l->size = 0;
    l->vector = vector_bytes();
    if (l->vector == 0 || size < MINISTORE__LAYOUT_MIN || size > MINISTORE__LAYOUT_MAX) return;
    if ((*text != '[' && *text != '{') || memchr(text, '\\', size) != NULL) return;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        uint8_t least = (uint8_t)c, more = 0, quote = least ^ 1, backslash = least ^ 1; /* which it cannot be anyway */
        in_string ^= c == '"';
        if (in_string && c != '"' && least < 0x80) {
            least = ' ';
            more = 0x7F - ' ';
            quote = '"';
            backslash = '\\';
        } else if (is_digit(c)) { /* if others are behind it, a number's first one is no zero */
            const bool leads = is_digit(text[i + 1]) && !is_digit(text[i - 1]) && text[i - 1] != '.';
            least = leads ? '1' : '0';
            more = '9' - least;
            quote = backslash = '0' - 1;
        }
        l->least[i] = least;
        l->more[i] = more;
        l->never[0][i] = quote;
        l->never[1][i] = backslash;
    }
    l->size = size;
}

bool ministore__layout_fits(const ministore__layout *l, const char *text, size_t size) {
    return size > 0 && size == l->size && fits(l, (const uint8_t *)text);
}

/** Walk through as many lines of a text as can be told, from its first one on; `used` are their bytes. */
static void walk_through(walker *on, const char *data, size_t size, size_t *used) {
    findings found;
#if defined(MINISTORE_ANALYZED) /* gcc's analyzer does not see who writes there */
    memset(&found, 0, sizeof found);
#endif
    found.token_count = found.end_count = found.word_count = 0;
    on->begin = (const uint8_t *)data;
    on->end = on->begin + size;
    on->found = &found;
    if (size > 0 && size < UINT32_MAX) walk(on);
    on->found = NULL;
    *used = on->line < size ? on->line : size; /* the last line may lack its newline */
}

size_t ministore__json_lines(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                             size_t most, size_t *used) {
    walker on = {.rules = rules, .spans = spans, .most = most};
    walk_through(&on, data, size, used);
    return on.count;
}

size_t ministore__json_encode(const char *data, size_t size, char **out, size_t *used) {
    walker on = {.rules = MINISTORE__JSON_STRICT, .encodes = true, .out = *out, .most = SIZE_MAX};
    walk_through(&on, data, size, used);
    *out = on.out;
    return on.count;
}

#else

void ministore__layout_learn(ministore__layout *l, const char *text, size_t size) {
    (void)l, (void)text, (void)size;
}

bool ministore__layout_fits(const ministore__layout *l, const char *text, size_t size) {
    (void)l, (void)text, (void)size;
    return false;
}

size_t ministore__json_lines(const char *data, size_t size, ministore__json_rules rules, ministore_span *spans,
                             size_t most, size_t *used) {
    (void)data, (void)size, (void)rules, (void)spans, (void)most;
    *used = 0;
    return 0;
}

size_t ministore__json_encode(const char *data, size_t size, char **out, size_t *used) {
    (void)data, (void)size, (void)out;
    *used = 0;
    return 0;
}

#endif
