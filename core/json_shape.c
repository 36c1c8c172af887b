/*
 * Records that are alike: one with the shape or the layout of one that was found good is good, too, and to see that
 * takes a fraction of the time of a check. What these are, and what else there may not be, docs/json.md tells.
 */
#include "internal.h"

#include <string.h>

enum { NEEDED_MAX = 1024 }; /* records of one size in a row: so what is learned in vain costs next to nothing */

#if defined(__x86_64__) && !defined(MINISTORE_PORTABLE)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,pclmul,bmi,bmi2,popcnt")))
#define INLINE AVX512 __attribute__((always_inline)) inline static

enum { BLOCK = 64 }; /* bytes that are looked at at once */

/** The bytes outside strings, each string as a quote, and digits in a row as a 1; padded by zeros, as no text has. */
typedef struct {
    __m512i bytes;
    size_t size;
    bool whole;
} shape;

INLINE __m512i all(char byte) {
    return _mm512_set1_epi8(byte);
}

/** The first so many bits. */
INLINE uint64_t first(size_t bits) {
    return bits < BLOCK ? _bzhi_u64(UINT64_MAX, (unsigned)bits) : UINT64_MAX;
}

/** For each bit whether the number of bits up to it is odd: the product with all ones, without carries. */
INLINE uint64_t odd(uint64_t bits) {
    const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), _mm_set1_epi8(-1), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

/**
 * Block by block. Of a text that is whole no byte is a control, beyond ASCII or a backslash, so that each quote begins
 * or ends a string; it ends none in its midst; and no digit is behind a zero that begins a number (one behind a point
 * does not). What goes on from one block to the next is in the lowest bit, or in all of them.
 */
INLINE shape shape_of(const char *text, size_t size) {
    __m512i bytes = _mm512_setzero_si512(), least = all(' '), nearest = all(-1);
    uint64_t wrong = 0, in_string = 0, in_number = 0, at_zero = 0, at_point = 0;
    size_t count = 0;
    for (;; text += BLOCK, size -= BLOCK) {
        const uint64_t there = first(size);
        const __m512i v = _mm512_mask_loadu_epi8(all(' '), there, text);
        least = _mm512_min_epi8(least, v);
        nearest = _mm512_min_epu8(nearest, _mm512_xor_si512(v, all('\\')));

        const uint64_t inside = odd(_mm512_cmpeq_epi8_mask(v, all('"'))) ^ in_string; /* but not quotes that end one */
        const __mmask64 digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, all('0')), all(10));
        const uint64_t digits = digit & ~inside, behind_digit = digits << 1 | in_number;
        const uint64_t points = _mm512_cmpeq_epi8_mask(v, all('.'));
        const uint64_t zeros = _mm512_cmpeq_epi8_mask(v, all('0')) & ~(behind_digit | points << 1 | at_point);
        wrong |= (zeros << 1 | at_zero) & digits;

        const uint64_t kept = there & ~inside & ~(digits & behind_digit);
        const __m512i put = _mm512_maskz_compress_epi8(kept, _mm512_mask_mov_epi8(v, digit, all('1')));
        bytes = _mm512_mask_expand_epi8(bytes, ~first(count), put);
        count += (size_t)__builtin_popcountll(kept);
        in_string = 0 - (inside >> 63);
        in_number = digits >> 63;
        at_zero = zeros >> 63;
        at_point = points >> 63;
        if (size <= BLOCK || count > BLOCK) break;
    }
    const __m512i controls = _mm512_subs_epi8(least, all(' ')); /* negative: there is one, or a byte beyond ASCII */
    wrong |= in_string | _mm512_movepi8_mask(controls) | _mm512_testn_epi8_mask(nearest, nearest);
    return (shape){bytes, count, wrong == 0 && count <= BLOCK};
}

AVX512 static bool is_known(ministore__shapes *s, const char *text, size_t size) {
    const shape its = shape_of(text, size);
    const __m512i known = _mm512_loadu_si512(s->known[its.size % MINISTORE__SHAPES]);
    if ((_mm512_cmpneq_epi8_mask(its.bytes, known) | !its.whole) == 0) return true;
    _mm512_storeu_si512(s->asked, its.bytes);
    s->asked_size = its.whole ? its.size : 0;
    return false;
}

static bool has_shapes(void) {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("bmi2");
}

#else

static bool has_shapes(void) {
    return false;
}

static bool is_known(ministore__shapes *s, const char *text, size_t size) {
    (void)s, (void)text, (void)size;
    return false;
}

#endif

void ministore__shapes_init(ministore__shapes *s) {
    s->usable = has_shapes();
    s->needed = 1;
}

/** Learn the layout of a good record, if enough before it were as long: each time it takes more of them. */
static void note_size(ministore__shapes *s, const char *text, size_t size) {
    s->row = size == s->last ? s->row + 1 : 0;
    s->last = size;
    if (s->row < s->needed) return;
    ministore__layout_learn(&s->layout, text, size);
    s->row = 0;
    if (s->needed < NEEDED_MAX) s->needed *= 2;
}

bool ministore__shapes_know(ministore__shapes *s, const char *text, size_t size) {
    if (ministore__layout_fits(&s->layout, text, size)) return true;
    if (!s->usable || size == 0 || !is_known(s, text, size)) return false;
    note_size(s, text, size);
    return true;
}

void ministore__shapes_add(ministore__shapes *s, const char *text, size_t size) {
    if (s->asked_size > 0) memcpy(s->known[s->asked_size % MINISTORE__SHAPES], s->asked, sizeof s->asked);
    note_size(s, text, size);
}
