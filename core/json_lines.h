/*
 * The bulk validator for one kind of vector: json_lines.c includes this once for each, with NAMED, TARGET, WIDTH and
 * these defined: EQUAL, BELOW, HIGH (a bit for each byte: is it that of the other vector, below it, 0x80 or more),
 * LOOKUP (in a table of 16), HIGHEST (each word's highest bit), IS_ZERO, LANE_NUMBERS.
 */

#define LANES (WIDTH / 8)                    /* blocks judged together, as a group */
#define GROUP (BLOCK + (LANES - 1) * STEP) /* bytes of them */
#define vector NAMED(vector)
#define words NAMED(words)
#define kinds NAMED(kinds)
#define flags NAMED(flags)
#define symbols NAMED(symbols)
#define constants NAMED(constants)

typedef uint8_t vector __attribute__((vector_size(WIDTH)));

/** A bit for each byte of each block of a group, the first byte's lowest. */
typedef uint64_t words __attribute__((vector_size(WIDTH)));

/** Brackets and newlines, the tokens; those of them behind colons and behind elements; newlines, and where words begin.
 */
typedef struct {
    words tokens, colons, elements, newlines, word_begins;
} flags;

/** What is outside strings. White are all control characters, too, and curly brackets are among those that open. */
typedef struct {
    words newline, tab, white, colon, comma, open, curly, close, number, digit, minus, point, zero, letter;
} symbols;

TARGET INLINE static vector NAMED(load)(const uint8_t *bytes) {
    vector v;
    memcpy(&v, bytes, WIDTH);
    return v;
}

/** A block's word. */
TARGET INLINE static uint64_t NAMED(get)(const words *w, size_t lane) {
    uint64_t bits;
    memcpy(&bits, (const uint8_t *)w + lane * sizeof bits, sizeof bits);
    return bits;
}

/** The bytes at which UTF-8 shows to be broken. The three bytes before the block are looked at, too. */
TARGET INLINE static uint64_t NAMED(check_utf8)(const uint8_t *bytes) {
    uint64_t good = 0;
    UNROLLED
    for (unsigned i = 0; i < BLOCK; i += WIDTH) {
        const vector v = NAMED(load)(bytes + i), before = NAMED(load)(bytes + i - 1);
        const vector third = (vector)(NAMED(load)(bytes + i - 2) >= 0xE0);
        const vector fourth = (vector)(NAMED(load)(bytes + i - 3) >= 0xF0);
        const vector lead = LOOKUP(utf8_lead, before >> 4) & LOOKUP(utf8_lead_low, before & 15);
        const vector wrong = (lead & LOOKUP(utf8_next, v >> 4)) ^ ((third | fourth) & 0x80);
        good |= EQUAL(wrong, wrong ^ wrong) << i;
    }
    return ~good;
}

/** The bytes that are no letter of an escape; *unicode: those that are a u. */
TARGET INLINE static uint64_t NAMED(no_escapes)(const uint8_t *bytes, uint64_t *unicode) {
    uint64_t none = 0;
    *unicode = 0;
    UNROLLED
    for (unsigned i = 0; i < BLOCK; i += WIDTH) {
        const vector v = NAMED(load)(bytes + i);
        const vector letter = LOOKUP(escape_high, v >> 4) & LOOKUP(escape_low, v & 15);
        none |= EQUAL(letter, letter ^ letter) << i;
        *unicode |= EQUAL(v, v ^ v ^ 'u') << i;
    }
    return none;
}

/* ---- what AVX-512 does in a way of its own ---- */

#if WIDTH == 64

#include "json_lines_avx512.h"

#else

/** A group's bytes: for each kind where it is, and what is judged of them. */
typedef struct {
    words quote, inside, backslash, control, white, tab, newline, colon, comma, open, curly, close, digit, minus, point;
    words zero, wrong;
    flags found;
    const uint8_t *at;    /* where the first block is in the text; the others are each a STEP behind */
    const uint8_t *bytes; /* there, or a copy */
    uint8_t copy[BEFORE + GROUP];
} kinds;

/** What bytes are compared with. */
typedef struct {
    vector like[SAMPLES];
} constants;

TARGET INLINE static void NAMED(prepare)(constants *with) {
    for (unsigned i = 0; i < SAMPLES; i++) memset(&with->like[i], samples[i], WIDTH);
}

/* Put down a block's word. Not as one of a vector: some compilers load and store all of it then, which is slow. */
#define PUT(kind, bits) memcpy(out + offsetof(kinds, kind), &(bits), sizeof(uint64_t))

/** Put down where a block has which bytes, from its first word on. */
TARGET INLINE static void NAMED(sort_block)(const vector *like, uint8_t *out, const uint8_t *bytes) {
    uint64_t quote = 0, backslash = 0, high = 0, control = 0, white = 0, tab = 0, newline = 0, colon = 0, comma = 0;
    uint64_t open = 0, curly = 0, close = 0, digit = 0, minus = 0, point = 0, zero = 0;
    UNROLLED
    for (unsigned i = 0; i < BLOCK; i += WIDTH) {
        const vector v = NAMED(load)(bytes + i);
        const vector bracket = v | like[SPACE]; /* as if curly */
        quote |= EQUAL(v, like[QUOTE]) << i;
        backslash |= EQUAL(v, like[BACKSLASH]) << i;
        high |= HIGH(v) << i;
        control |= BELOW(v, like[SPACE]) << i;
        white |= EQUAL(v, like[SPACE]) << i;
        tab |= EQUAL(v, like[TAB]) << i;
        newline |= EQUAL(v, like[NEWLINE]) << i;
        colon |= EQUAL(v, like[COLON]) << i;
        comma |= EQUAL(v, like[COMMA]) << i;
        open |= EQUAL(bracket, like[OPEN]) << i;
        curly |= EQUAL(v, like[OPEN]) << i;
        close |= EQUAL(bracket, like[CLOSE]) << i;
        digit |= BELOW(v - like[ZERO], like[NEWLINE]) << i;
        minus |= EQUAL(v, like[MINUS]) << i;
        point |= EQUAL(v, like[POINT]) << i;
        zero |= EQUAL(v, like[ZERO]) << i;
    }
    white |= control;
    const uint64_t wrong = high != 0 ? NAMED(check_utf8)(bytes) : 0;
    PUT(quote, quote);
    PUT(backslash, backslash);
    PUT(control, control);
    PUT(white, white);
    PUT(tab, tab);
    PUT(newline, newline);
    PUT(colon, colon);
    PUT(comma, comma);
    PUT(open, open);
    PUT(curly, curly);
    PUT(close, close);
    PUT(digit, digit);
    PUT(minus, minus);
    PUT(point, point);
    PUT(zero, zero);
    PUT(wrong, wrong);
}

#undef PUT

TARGET INLINE static void NAMED(sort)(const constants *with, kinds *k) {
    UNROLLED
    for (size_t i = 0; i < LANES; i++)
        NAMED(sort_block)(with->like, (uint8_t *)k + i * sizeof(uint64_t), k->bytes + i * STEP);
}

TARGET INLINE static words NAMED(controls)(const kinds *k) {
    return k->control;
}

TARGET INLINE static symbols NAMED(symbols_of)(const kinds *k, words outside) {
    symbols s = {.newline = k->newline & outside, .tab = k->tab & outside, .white = k->white & outside};
    s.colon = k->colon & outside;
    s.comma = k->comma & outside;
    s.open = k->open & outside;
    s.curly = k->curly & outside;
    s.close = k->close & outside;
    s.digit = k->digit & outside;
    s.minus = k->minus & outside;
    s.point = k->point & outside;
    s.zero = k->zero & outside;
    s.number = s.digit | s.minus | s.point;
    s.letter = outside & ~(s.white | s.colon | s.comma | s.open | s.close | s.number);
    return s;
}

/** A bit for each of these blocks as the lowest of its word. */
TARGET INLINE static words NAMED(spread)(unsigned blocks) {
    return (((words){0} + blocks) >> (words){LANE_NUMBERS}) & 1;
}

TARGET INLINE static words NAMED(plus)(words w, unsigned blocks) {
    return w + NAMED(spread)(blocks);
}

/** All bits of these blocks turned over. */
TARGET INLINE static words NAMED(turned)(words w, unsigned blocks) {
    return w ^ (0 - NAMED(spread)(blocks));
}

/** The blocks whose bits are all set. */
TARGET INLINE static unsigned NAMED(full)(words w) {
    return HIGHEST((words)(w == ~(words){0}));
}

/** The blocks that have a carry of `sum`, which is that of `within` and some bits of it. */
TARGET INLINE static unsigned NAMED(carries)(words within, words bits, words sum) {
    return HIGHEST(bits | (within & ~sum));
}

/** Each block's last bit as the lowest of the next one, too, which is of the same byte. */
TARGET INLINE static words NAMED(carried)(words bits, uint64_t *last) {
    const unsigned lasts = HIGHEST(bits);
    const words carried = bits | NAMED(spread)(lasts << 1 | (unsigned)*last);
    *last = lasts >> (LANES - 1);
    return carried;
}

/** For each bit whether the number of bits up to it is odd. */
TARGET INLINE static words NAMED(odd)(words bits) {
    for (unsigned i = 1; i < 64; i *= 2) bits ^= bits << i;
    return bits;
}

TARGET INLINE static void NAMED(put)(findings *found, uint32_t base, const kinds *k) {
    const flags *f = &k->found;
    uint8_t *out = found->tokens + found->token_count;
    size_t ends = found->end_count, word_begins = found->word_count;
    for (size_t i = 0; i < LANES; i++, base += STEP) {
        out = put_tokens(out, k->bytes + i * STEP, NAMED(get)(&f->tokens, i), NAMED(get)(&f->colons, i),
                         NAMED(get)(&f->elements, i));
        ends = put_places(found->ends, ends, base, NAMED(get)(&f->newlines, i));
        word_begins = put_places(found->word_begins, word_begins, base, NAMED(get)(&f->word_begins, i));
    }
    found->token_count = (size_t)(out - found->tokens);
    found->end_count = ends;
    found->word_count = word_begins;
}

TARGET INLINE static size_t NAMED(check_found)(walker *on, const constants *with) {
    (void)with;
    return check_words(on, check_brackets(on, 0, 0));
}

#endif

/* ---- the text in blocks ---- */

/** The bytes of a group that is not all there: a newline before the text begins its first line, one behind it ends its
 *  last, and more stop the walk. */
static const uint8_t *NAMED(part)(const walker *on, const uint8_t *at, uint8_t *copy) {
    const uint8_t *from = at - BEFORE < on->begin ? on->begin : at - BEFORE;
    const size_t before = (size_t)(from - (at - BEFORE)), left = (size_t)(on->end - from);
    const size_t room = BEFORE + GROUP - before;
    memset(copy, '\n', BEFORE + GROUP);
    memcpy(copy + before, from, left < room ? left : room);
    return copy + BEFORE;
}

/**
 * The places behind runs of `within` that hold any of the bits, which are some of it, from there on; *going_on: one
 * that began before does. It is one sum of all words: those that a carry reaches are told by the sum of the words' own
 * carries, a bit each.
 */
TARGET INLINE static words NAMED(behind_runs)(words bits, words within, uint64_t *going_on) {
    const words sum = within + bits;
    const unsigned full = NAMED(full)(sum);
    const unsigned carries = ((NAMED(carries)(within, bits, sum) << 1 | (unsigned)*going_on) + full) ^ full;
    *going_on = carries >> LANES & 1;
    return NAMED(plus)(sum, carries) & ~within;
}

/** The places behind tokens whose last bytes are `bits`, and behind the blanks there. */
TARGET INLINE static words NAMED(behind_tokens)(words bits, const words *blank, uint64_t *going_on) {
    const words next = bits << 1;
    return blank == NULL ? next : (next & ~*blank) | NAMED(behind_runs)(next & *blank, *blank, going_on);
}

/** Find the quotes that are escaped, and check the escapes. */
TARGET static void NAMED(check_escapes)(walker *on, kinds *k) {
    for (size_t i = 0; i < LANES; i++) {
        uint64_t unicode;
        const uint64_t none = NAMED(no_escapes)(k->bytes + i * STEP, &unicode);
        const uint64_t escaped = escaped_bytes(NAMED(get)(&k->backslash, i), &on->escaped);
        k->quote[i] &= ~escaped;
        k->wrong[i] |= (escaped & none) | check_unicode(on, k->at + i * STEP, escaped & unicode & JUDGED);
    }
}

/** The bytes inside strings, closing quotes not. */
TARGET INLINE static words NAMED(inside)(walker *on, words quote) {
    const words odd = NAMED(odd)(quote & JUDGED);
    unsigned lanes = HIGHEST(odd); /* the same for whole blocks */
    for (unsigned i = 1; i < LANES; i *= 2) lanes ^= lanes << i;
    lanes = lanes << 1 ^ (0 - (unsigned)on->in_string);
    on->in_string = lanes >> LANES & 1;
    return NAMED(turned)(odd, lanes);
}

/** Find strings, and check escapes. */
TARGET INLINE static void NAMED(find_strings)(walker *on, kinds *k) {
    if (on->escaped != 0 || !IS_ZERO(k->backslash)) NAMED(check_escapes)(on, k);
    k->inside = NAMED(inside)(on, k->quote);
}

/** Blanks that are none. */
TARGET INLINE static words NAMED(wrong_blanks)(const kinds *k, words blank, words tab) {
    words wrong = blank & NAMED(controls)(k) & ~tab;
    for (size_t i = 0; i < LANES; i++)
        for (uint64_t left = wrong[i]; left != 0; left &= left - 1)
            if (k->bytes[i * STEP + lowest(left)] == '\r') wrong[i] ^= left & (0 - left);
    return wrong;
}

/** Check that each token may follow the one before. */
TARGET INLINE static words NAMED(check_order)(walker *on, const kinds *k, const symbols *s, const words *blank,
                                              words line_ends, flags *f) {
    const words opening = k->quote & k->inside, closing = k->quote & ~k->inside;
    const words scalar = s->number | s->letter;
    const words starts = scalar & ~(scalar << 1) & JUDGED;
    const words zeros = s->zero & (starts | s->minus << 1);
    words wrong = k->wrong | (NAMED(controls)(k) & k->inside) | (s->letter & ~(s->letter << 1 | starts));
    wrong |= (s->point & starts) | (s->minus & ~starts) | ((s->point | s->minus) << 1 & ~s->digit);
    wrong |= s->digit & NAMED(carried)(zeros, on->at_zero) << 1;

    const words values = opening | starts | s->open;
    uint64_t *in_blank = on->in_blank;
    const words behind_comma = NAMED(behind_tokens)(s->comma, blank, in_blank++);
    const words behind_open = NAMED(behind_tokens)(s->open, blank, in_blank++);
    const words behind_curly = NAMED(behind_tokens)(s->curly, blank, in_blank++);
    const words behind_newline = NAMED(behind_tokens)(s->newline, blank, in_blank++);
    const words behind_colon = NAMED(behind_tokens)(s->colon, blank, in_blank++);
    wrong |= (values ^ (behind_comma | behind_colon | behind_newline | behind_open)) & ~(behind_open & s->close);
    wrong |= (behind_newline & ~s->open) | (behind_curly & ~(opening | s->close));
    wrong |= line_ends & ~NAMED(behind_tokens)(s->close, blank, in_blank++);
    const words names = (behind_curly | behind_comma) & opening;
    /* Digits and names are never next to each other, so one sum does for both. */
    const words behind = NAMED(behind_runs)((s->point << 1 & s->digit) | names, s->digit | k->inside, &on->in_run);
    const words name_ends = NAMED(carried)(behind & closing, on->at_name_end);
    const words behind_name = NAMED(behind_tokens)(name_ends, blank, in_blank);
    const words elements = (behind_comma & ~opening) | (behind_name & ~s->colon);
    const words between = ~f->tokens;
    f->colons = NAMED(behind_runs)(s->colon, between, &on->behind_colon);
    f->elements = (elements & f->tokens) | NAMED(behind_runs)(elements & between, between, &on->behind_element);
    f->word_begins = s->letter & starts;
    return wrong | (s->point & behind) | (s->colon & ~behind_name);
}

/** Forget what is found from the first wrong byte on. */
TARGET INLINE static void NAMED(stop_at)(walker *on, flags *f, words wrong) {
    for (size_t i = 0; i < LANES; i++) {
        const uint64_t before = on->stopped ? 0 : wrong[i] == 0 ? UINT64_MAX : (wrong[i] & (0 - wrong[i])) - 1;
        on->stopped |= wrong[i] != 0;
        f->tokens[i] &= before;
        f->newlines[i] &= before;
        f->word_begins[i] &= before;
    }
}

/** Judge a group of blocks whose strings are known. */
TARGET INLINE static void NAMED(judge)(walker *on, kinds *k) {
    flags *f = &k->found;
    const symbols s = NAMED(symbols_of)(k, ~(k->inside | k->quote));
    const words marks = s.tab & s.newline >> 1 & JUDGED; /* each takes the part of the newline behind it */
    const words line_ends = (s.newline & ~(marks << 1)) | marks;
    const words blank = s.white & ~(s.newline | marks);
    bool blanks = false;
    words wrong;
    f->tokens = s.newline | s.open | s.close;
    f->newlines = s.newline;
    if (!IS_ZERO(blank | marks)) {
        on->trims = true;
        blanks = !IS_ZERO(blank);
    }
    if (blanks)
        wrong = NAMED(check_order)(on, k, &s, &blank, line_ends, f) | NAMED(wrong_blanks)(k, blank, s.tab);
    else
        wrong = NAMED(check_order)(on, k, &s, NULL, line_ends, f);
    wrong &= JUDGED;
    f->tokens &= JUDGED;
    f->newlines &= JUDGED;
    if (!IS_ZERO(wrong)) NAMED(stop_at)(on, f, wrong);
}

/** Put down what a judged group has, and note the lines that end in it. */
TARGET INLINE static void NAMED(finish)(walker *on, const constants *with, const kinds *k) {
    NAMED(put)(on->found, (uint32_t)(k->at - on->begin), k);
    on->blocks += LANES;
    if (on->stopped || on->blocks >= BLOCKS) take_lines(on, NAMED(check_found)(on, with));
}

/**
 * Three groups are on their way: one is sorted, the one before is judged, and what was found in the one before that is
 * put down. So each step has little to wait for.
 */
TARGET __attribute__((noinline)) static void NAMED(walk_stretch)(walker *on) {
    constants with;
    NAMED(prepare)(&with);
#if !defined(MINISTORE_ANALYZED) /* gcc's analyzer does not know that this changes nothing */
    __asm__("" : "+m"(with));    /* else they are made anew for each block */
#endif
    kinds groups[3], *k = groups, *sorted = NULL, *judged = NULL;
    const uint8_t *limit = on->end[-1] == '\n' ? on->end : on->end + 1;
    for (const uint8_t *at = on->begin + on->line - 1; !on->stopped && at + 1 < limit; at += (size_t)LANES * STEP) {
        const bool whole = sorted != NULL && on->end - at >= GROUP;
        k->at = at;
        k->bytes = whole ? at : NAMED(part)(on, at, k->copy);
        NAMED(sort)(&with, k);
        if (judged != NULL) NAMED(finish)(on, &with, judged);
        if (on->stopped) return;
        if (sorted != NULL) NAMED(judge)(on, sorted);
        NAMED(find_strings)(on, k);
        judged = sorted;
        sorted = k;
        k = k == groups + 2 ? groups : k + 1;
    }
    if (judged != NULL) NAMED(finish)(on, &with, judged);
    if (sorted != NULL && !on->stopped) {
        NAMED(judge)(on, sorted);
        NAMED(finish)(on, &with, sorted);
    }
    take_lines(on, NAMED(check_found)(on, &with));
}

/** Whether the bytes there have that layout; they are put to `out`, too, if it is not NULL. */
TARGET INLINE static bool NAMED(has_layout)(const uint8_t *at, const ministore__layout *l, char *out) {
    uint64_t wrong = 0;
    for (size_t i = 0, last = l->size - WIDTH;; i = i + WIDTH < last ? i + WIDTH : last) {
        const vector v = NAMED(load)(at + i);
        wrong |= BELOW(NAMED(load)(l->more + i), v - NAMED(load)(l->least + i));
        wrong |= EQUAL(v, NAMED(load)(l->never[0] + i)) | EQUAL(v, NAMED(load)(l->never[1] + i));
        if (out != NULL) memcpy(out + i, &v, WIDTH);
        if (i == last) return wrong == 0;
    }
}

TARGET static bool NAMED(fits)(const ministore__layout *l, const uint8_t *text) {
    return NAMED(has_layout)(text, l, NULL);
}

/** Take the next lines as long as they have that layout, with a mark or without. */
TARGET static void NAMED(take_alike)(walker *on, const ministore__layout *l) {
    const uint8_t *at = on->begin + on->line, *const end = on->end;
    const size_t size = l->size;
    size_t count = on->count;
    char *out = on->encodes ? on->out : NULL;
    for (; count < on->most && (size_t)(end - at) > size; count++) {
        const uint8_t *newline = at + size;
        if (*newline == '\t') newline++;
        if (newline == end || *newline != '\n' || !NAMED(has_layout)(at, l, out)) break;
        if (out != NULL)
            out = ministore__end_line(out + size);
        else
            on->spans[count] = (ministore_span){(uint32_t)(at - on->begin), (uint32_t)size};
        at = newline + 1;
    }
    on->line = (size_t)(at - on->begin);
    on->count = count;
    on->out = out;
}

/** Walk through lines, and where they are alike learn what they look like, and take the next ones by that. */
TARGET static void NAMED(walk)(walker *on) {
    const uint8_t *const end = on->end;
    _Alignas(BLOCK) ministore__layout l;
    for (size_t ahead = STRETCH; on->begin + on->line < end && on->count < on->most;) {
        const uint8_t *line, *stretch = on->most > 1 ? find_alike(on, ahead, &line) : NULL;
        begin_stretch(on, stretch != NULL ? stretch : end);
        NAMED(walk_stretch)(on);
        if (stretch == NULL || on->begin + on->line < stretch) return;
        on->end = end;
        ministore__layout_learn(&l, (const char *)line, line_size(line, end));
        if (l.size > 0) NAMED(take_alike)(on, &l);
        ahead = on->begin + on->line - stretch > LONGER * STRETCH ? STRETCH : ahead * LONGER;
    }
}

#undef LANES
#undef GROUP
#undef vector
#undef words
#undef kinds
#undef flags
#undef symbols
#undef constants
#undef NAMED
#undef TARGET
#undef WIDTH
#undef EQUAL
#undef BELOW
#undef HIGH
#undef HIGHEST
#undef IS_ZERO
#undef LANE_NUMBERS
#undef LOOKUP
