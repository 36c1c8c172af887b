/*
 * How AVX-512 (with VBMI2, GFNI and VPCLMULQDQ) sorts bytes, carries bits from block to block, puts down what is found,
 * and follows brackets: json_lines.h includes this in place of what it does for other vectors.
 */

#define FOR_AVX512 TARGET INLINE static

FOR_AVX512 __m512i avx512_all(uint64_t word) {
    return _mm512_set1_epi64((long long)word);
}

/* ---- sorting ---- */

/* A byte's kind: a bit of its own for four kinds, and for all others one of three classes, and which of it. */
enum { OF_QUOTE = 1, OF_BACKSLASH = 2, OF_COLON = 4, OF_COMMA = 8 };
enum { BRACKET = 0x10, WHITE = 0x20, NUMBER = 0x30, FIRST = 0x40, SECOND = 0x80 };

#define CONTROL (WHITE | FIRST)
#define EIGHT(kind) kind, kind, kind, kind, kind, kind, kind, kind

static const uint8_t avx512_kind_of[128] = {
    EIGHT(CONTROL), CONTROL, WHITE | SECOND /* TAB */, WHITE | FIRST | SECOND /* newline */, CONTROL, CONTROL, CONTROL,
    CONTROL, CONTROL, EIGHT(CONTROL), EIGHT(CONTROL), [' '] = WHITE, ['"'] = OF_QUOTE, ['\\'] = OF_BACKSLASH,
    [':'] = OF_COLON, [','] = OF_COMMA, ['['] = BRACKET | FIRST, ['{'] = BRACKET | FIRST | SECOND, [']'] = BRACKET,
    ['}'] = BRACKET, ['-'] = NUMBER | SECOND, ['.'] = NUMBER | FIRST | SECOND, ['0'] = NUMBER | FIRST,
    ['1'] = EIGHT(NUMBER), ['9'] = NUMBER};

/** A group's bytes: a word for each bit of their kinds, and what is judged of them. */
typedef struct {
    words quote, inside, backslash, colon, comma, low, high, first, second, wrong;
    flags found;
    const uint8_t *at;    /* as for other vectors */
    const uint8_t *bytes;
    uint8_t copy[BEFORE + GROUP];
} kinds;

/** What makes words of bits out of kinds. */
typedef struct {
    __m512i low, high; /* avx512_kind_of */
    __m512i mirror;    /* turns eight bytes over: the bits of each last one become the first ones of all, and so on */
    __m512i by_bit;    /* every eighth byte, then those behind them, and so on */
} constants;

FOR_AVX512 void avx512_prepare(constants *with) {
    with->low = _mm512_loadu_si512(avx512_kind_of);
    with->high = _mm512_loadu_si512(avx512_kind_of + 64);
    with->mirror = avx512_all(0x8040201008040201);
    uint8_t by_bit[64];
    for (unsigned i = 0; i < 64; i++) by_bit[i] = (uint8_t)(i % 8 * 8 + i / 8);
    with->by_bit = _mm512_loadu_si512(by_bit);
}

FOR_AVX512 __m512i avx512_kinds_of(const constants *with, __m512i ascii) {
    return _mm512_permutex2var_epi8(with->low, ascii, with->high);
}

/** A block as eight words, one for each bit of the bytes' kinds, each eight bytes of them in reverse. */
FOR_AVX512 __m512i avx512_bits_of_kinds(const constants *with, __m512i v) {
    const __m512i of = avx512_kinds_of(with, v);
    return _mm512_permutexvar_epi8(with->by_bit, _mm512_gf2p8affine_epi64_epi8(with->mirror, of, 0));
}

/** From a block's eight words each to the eight blocks' words for each bit. */
FOR_AVX512 void avx512_transpose(__m512i w[8]) {
    __m512i pairs[8];
    for (unsigned i = 0; i < 8; i += 2) {
        pairs[i] = _mm512_unpacklo_epi64(w[i], w[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi64(w[i], w[i + 1]);
    }
    for (unsigned i = 0; i < 2; i++) {
        const __m512i even = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0x88);
        const __m512i odd = _mm512_shuffle_i64x2(pairs[i], pairs[i + 2], 0xDD);
        const __m512i even_high = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0x88);
        const __m512i odd_high = _mm512_shuffle_i64x2(pairs[i + 4], pairs[i + 6], 0xDD);
        w[i] = _mm512_shuffle_i64x2(even, even_high, 0x88);
        w[i + 2] = _mm512_shuffle_i64x2(odd, odd_high, 0x88);
        w[i + 4] = _mm512_shuffle_i64x2(even, even_high, 0xDD);
        w[i + 6] = _mm512_shuffle_i64x2(odd, odd_high, 0xDD);
    }
}

/** Check bytes beyond ASCII, and leave them without a kind, which was that of others. */
FOR_AVX512 words avx512_check_high(const uint8_t *bytes, __m512i w[8]) {
    words wrong = {0}, high = {0};
    for (size_t i = 0; i < LANES; i++) {
        wrong[i] = avx512_check_utf8(bytes + i * STEP);
        high[i] = _mm512_movepi8_mask(_mm512_loadu_si512(bytes + i * STEP));
    }
    for (size_t i = 0; i < 8; i++) w[i] = _mm512_andnot_si512((__m512i)high, w[i]);
    return wrong;
}

FOR_AVX512 void avx512_sort(const constants *with, kinds *k) {
    const uint8_t *bytes = k->bytes;
    __m512i w[LANES], any = _mm512_setzero_si512();
    UNROLLED
    for (size_t i = 0; i < LANES; i++) {
        const __m512i v = _mm512_loadu_si512(bytes + i * STEP);
        any = _mm512_or_si512(any, v);
        w[i] = avx512_bits_of_kinds(with, v);
    }
    avx512_transpose(w);
    for (size_t i = 0; i < LANES; i++) w[i] = _mm512_gf2p8affine_epi64_epi8(w[i], with->mirror, 0);
    k->wrong = _mm512_movepi8_mask(any) == 0 ? (words){0} : avx512_check_high(bytes, w);
    k->quote = (words)w[0];
    k->backslash = (words)w[1];
    k->colon = (words)w[2];
    k->comma = (words)w[3];
    k->low = (words)w[4];
    k->high = (words)w[5];
    k->first = (words)w[6];
    k->second = (words)w[7];
}

FOR_AVX512 words avx512_controls(const kinds *k) {
    return k->high & ~k->low & (k->first | k->second);
}

FOR_AVX512 symbols avx512_symbols_of(const kinds *k, words outside) {
    const words bracket = k->low & ~k->high & outside;
    symbols s = {.white = k->high & ~k->low & outside, .number = k->low & k->high & outside};
    s.newline = s.white & k->first & k->second;
    s.tab = s.white & k->second & ~k->first;
    s.colon = k->colon & outside;
    s.comma = k->comma & outside;
    s.open = bracket & k->first;
    s.curly = s.open & k->second;
    s.close = bracket & ~k->first;
    s.digit = s.number & ~k->second;
    s.zero = s.digit & k->first;
    s.minus = s.number & k->second & ~k->first;
    s.point = s.number & k->second & k->first;
    s.letter = outside & ~(k->low | k->high) & ~(k->colon | k->comma);
    return s;
}

/* ---- what one instruction does for all blocks ---- */

FOR_AVX512 words avx512_plus(words w, unsigned blocks) {
    return (words)_mm512_mask_sub_epi64((__m512i)w, (__mmask8)blocks, (__m512i)w, avx512_all(UINT64_MAX));
}

/** All bits of these blocks turned over. */
FOR_AVX512 words avx512_turned(words w, unsigned blocks) {
    return (words)_mm512_mask_xor_epi64((__m512i)w, (__mmask8)blocks, (__m512i)w, avx512_all(UINT64_MAX));
}

/** The blocks whose bits are all set. */
FOR_AVX512 unsigned avx512_full(words w) {
    return _mm512_cmpeq_epi64_mask((__m512i)w, avx512_all(UINT64_MAX));
}

/** The blocks that have a carry of `sum`, which is that of `within` and some bits of it. */
FOR_AVX512 unsigned avx512_carries(words within, words bits, words sum) {
    (void)bits;
    return _mm512_cmplt_epu64_mask((__m512i)sum, (__m512i)within);
}

/** Each block's last bit as the lowest of the next one, too, which is of the same byte. */
FOR_AVX512 words avx512_carried(words bits, uint64_t *last) {
    const __m512i before = _mm512_loadu_si512(last), lasts = _mm512_srli_epi64((__m512i)bits, 63);
    _mm512_storeu_si512(last, lasts);
    return bits | (words)_mm512_alignr_epi64(lasts, before, 7);
}

/** For each bit whether the number of bits up to it is odd: the product with all ones, without carries. */
FOR_AVX512 words avx512_odd(words bits) {
    const __m512i w = (__m512i)bits, ones = avx512_all(UINT64_MAX);
    return (words)_mm512_unpacklo_epi64(_mm512_clmulepi64_epi128(w, ones, 0), _mm512_clmulepi64_epi128(w, ones, 1));
}

/* ---- putting down ---- */

/** Put down the places of a group. How many there are then. */
FOR_AVX512 size_t avx512_put_places(uint32_t *out, size_t count, uint32_t base, words bits) {
    const __m512i w = (__m512i)bits;
    if (_mm512_test_epi64_mask(w, (__m512i)(bits - 1)) != 0) { /* a block has two */
        for (size_t i = 0; i < LANES; i++)
            if (bits[i] != 0) count = put_places(out, count, base + (uint32_t)i * STEP, bits[i]);
        return count;
    }
    const __mmask8 there = _mm512_test_epi64_mask(w, w);
    const words begins = (words){LANE_NUMBERS} * STEP + base;
    const __m512i places = (__m512i)(begins + 63) - _mm512_lzcnt_epi64(w);
    _mm256_storeu_si256((__m256i *)(out + count), _mm512_cvtepi64_epi32(_mm512_maskz_compress_epi64(there, places)));
    return count + (size_t)__builtin_popcount(there);
}

/** As put_tokens and put_places, a block's tokens by one instruction that moves bytes together. */
FOR_AVX512 void avx512_put(findings *found, uint32_t base, const kinds *k) {
    const flags *f = &k->found;
    const uint8_t *bytes = k->bytes;
    uint8_t *out = found->tokens + found->token_count;
    for (size_t i = 0; i < LANES; i++) {
        const uint64_t tokens = avx512_get(&f->tokens, i);
        __m512i v = _mm512_loadu_si512(bytes + i * STEP);
        v = _mm512_mask_sub_epi8(v, avx512_get(&f->colons, i), v, _mm512_set1_epi8((char)0x80));
        v = _mm512_mask_sub_epi8(v, avx512_get(&f->elements, i), v, _mm512_set1_epi8(0x08)); /* which all tokens have */
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(tokens, v));
        out += __builtin_popcountll(tokens);
    }
    found->token_count = (size_t)(out - found->tokens);
    found->end_count = avx512_put_places(found->ends, found->end_count, base, f->newlines);
    found->word_count = avx512_put_places(found->word_begins, found->word_count, base, f->word_begins);
}

/* ---- following brackets ---- */

enum { TOGETHER = 63 }; /* tokens that are followed together */

/** Tokens: what they are, and whether they are behind a colon or an element. What is behind the last one has a place,
 *  too, and is nothing. */
typedef struct {
    uint64_t open, close, newline, object, colon, element;
} brackets;

/** Take out brackets that close what the token before opens, until there are none; what stood behind a colon or an
 *  element goes to the token behind. False: some do not belong together. */
FOR_AVX512 bool avx512_pair(brackets *b) {
    uint64_t wrong = 0;
    for (uint64_t opens; (opens = b->open & b->close >> 1) != 0;) {
        const uint64_t closes = opens << 1, out = opens | closes;
        wrong |= opens & (b->object ^ b->object >> 1);
        wrong |= closes & ((b->colon & ~b->object) | (b->element & b->object));
        b->colon = _pext_u64(b->colon | (out + (b->colon & opens)), ~out);
        b->element = _pext_u64(b->element | (out + (b->element & opens)), ~out);
        b->open = _pext_u64(b->open, ~out);
        b->close = _pext_u64(b->close, ~out);
        b->newline = _pext_u64(b->newline, ~out);
        b->object = _pext_u64(b->object, ~out);
    }
    return wrong == 0;
}

/** What must be around a token. */
FOR_AVX512 unsigned avx512_around(const brackets *b, uint64_t tokens) {
    return ((b->colon & tokens) != 0 ? OBJECT : 0) | ((b->element & tokens) != 0 ? ARRAY : 0);
}

FOR_AVX512 unsigned avx512_bracket(const brackets *b, uint64_t token) {
    return (b->object & token) != 0 ? OBJECT : ARRAY;
}

/** Whether newlines are behind all that closes and before all that opens. */
FOR_AVX512 bool avx512_are_apart(const brackets *b) {
    const uint64_t before = (b->newline & (0 - b->newline)) - 1;
    const uint64_t behind = UINT64_MAX << (63 - __builtin_clzll(b->newline));
    return ((b->close & ~before) | (b->open & ~behind) | (b->newline & (b->colon | b->element))) == 0;
}

/** Follow what is left: brackets that close, then newlines, then brackets that open. False: not all is good, and
 *  nothing has been done. */
FOR_AVX512 bool avx512_follow(walker *on, const brackets *b) {
    size_t level = on->level;
    for (uint64_t left = b->close; left != 0; left &= left - 1, level--) {
        const uint64_t token = left & (0 - left);
        if (((avx512_around(b, token) | avx512_bracket(b, token)) & ~(unsigned)on->levels[level]) != 0) return false;
    }
    if (b->newline != 0 && (level > 0 || !avx512_are_apart(b))) return false;
    if (level + (size_t)__builtin_popcountll(b->open) > LEVELS_MAX) return false;
    unsigned innermost = on->levels[level];
    for (uint64_t left = b->open; left != 0; left &= left - 1) {
        const uint64_t token = left & (0 - left);
        if ((avx512_around(b, token) & ~innermost) != 0) return false;
        innermost = avx512_bracket(b, token);
    }
    if ((avx512_around(b, ~(b->open | b->close | b->newline)) & ~innermost) != 0) return false;
    for (uint64_t left = b->open; left != 0; left &= left - 1)
        on->levels[++level] = (uint8_t)avx512_bracket(b, left & (0 - left));
    on->level = level;
    return true;
}

/** What those tokens are, or as many as there are. */
FOR_AVX512 brackets avx512_brackets(const uint8_t *tokens, size_t count) {
    const uint64_t there = ((uint64_t)1 << (count < TOGETHER ? count : TOGETHER)) - 1;
    const __m512i v = _mm512_loadu_si512(tokens);
    const uint64_t close = _mm512_mask_test_epi8_mask(there, v, _mm512_set1_epi8(']' & '}' & ~'[' & ~'{'));
    const uint64_t bracket = _mm512_mask_test_epi8_mask(there, v, _mm512_set1_epi8('[' & ']' & ~'\n'));
    return (brackets){.open = bracket & ~close,
                      .close = close,
                      .newline = there & ~bracket,
                      .object = _mm512_mask_test_epi8_mask(there, v, _mm512_set1_epi8('{' & ~'[')),
                      .colon = _mm512_mask_test_epi8_mask(there, v, _mm512_set1_epi8((char)0x80)),
                      .element = _mm512_mask_testn_epi8_mask(there, v, _mm512_set1_epi8(0x08))};
}

/** As check_brackets, which is asked what this cannot tell. */
FOR_AVX512 size_t avx512_check_brackets(walker *on) {
    const findings *found = on->found;
    size_t lines = 0;
    for (size_t i = 0; i < found->token_count; i += TOGETHER) {
        brackets b = avx512_brackets(found->tokens + i, found->token_count - i);
        const size_t newlines = (size_t)__builtin_popcountll(b.newline);
        if (!avx512_pair(&b) || !avx512_follow(on, &b)) return check_brackets(on, i, lines);
        lines += newlines;
    }
    return lines;
}

/* ---- words ---- */

/** Whether eight words are followed by what may follow a value, and are words: as is_word for each. */
FOR_AVX512 bool avx512_are_words(const constants *with, __m512i eight) {
    const __m512i five = _mm512_and_si512(eight, avx512_all(known[0].bits));
    const __m512i four = _mm512_and_si512(eight, avx512_all(known[1].bits));
    const __mmask8 of_five = _mm512_cmpeq_epi64_mask(five, avx512_all(known[0].letters));
    const __mmask8 of_four = _mm512_cmpeq_epi64_mask(four, avx512_all(known[1].letters)) |
                             _mm512_cmpeq_epi64_mask(four, avx512_all(known[2].letters));
    const __m512i behind = _mm512_mask_srli_epi64(_mm512_srli_epi64(eight, 32), of_five, eight, 40);
    const __m512i next = _mm512_min_epu8(_mm512_and_si512(behind, avx512_all(0xFF)), avx512_all(0x7F)); /* or DEL */
    const __m512i ends = _mm512_and_si512(avx512_kinds_of(with, next), avx512_all(OF_COMMA | NUMBER));
    const __mmask8 follows = _mm512_cmpneq_epi64_mask(ends, _mm512_setzero_si512()) &
                             _mm512_cmpneq_epi64_mask(ends, avx512_all(NUMBER));
    return ((of_five | of_four) & follows) == 0xFF;
}

/** Eight words that begin at these places. */
FOR_AVX512 __m512i avx512_words_at(const uint8_t *text, const uint32_t *places) {
    long long w[8];
    for (size_t i = 0; i < 8; i++) memcpy(&w[i], text + places[i], sizeof *w);
    return _mm512_set_epi64(w[7], w[6], w[5], w[4], w[3], w[2], w[1], w[0]);
}

/** As check_words, which is asked what this cannot tell. */
FOR_AVX512 size_t avx512_check_words(walker *on, const constants *with, size_t lines) {
    const size_t count = on->found->word_count;
    uint32_t *begins = on->found->word_begins;
    if (count == 0) return lines;
    if ((size_t)(on->end - on->begin) - begins[count - 1] < 8) return check_words(on, lines);
    for (size_t i = 0; i < 8; i++) begins[count + i] = begins[0]; /* so that there are eight, or some more */
    for (size_t i = 0; i < count; i += 8)
        if (!avx512_are_words(with, avx512_words_at(on->begin, begins + i))) return check_words(on, lines);
    return lines;
}

FOR_AVX512 size_t avx512_check_found(walker *on, const constants *with) {
    return avx512_check_words(on, with, avx512_check_brackets(on));
}

#undef FOR_AVX512
#undef CONTROL
#undef EIGHT
