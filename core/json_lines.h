/*
 * The bulk validator for one kind of vector: json_lines.c includes this once for each, with NAMED, TARGET, WIDTH and
 * EQUAL, BELOW and HIGH (a bit for each byte of a vector: is it c, below c, 0x80 or more) defined.
 */

typedef uint8_t NAMED(vector) __attribute__((vector_size(WIDTH)));

TARGET __attribute__((always_inline)) static inline kinds NAMED(sort)(const uint8_t *at) {
    kinds all = {0};
#if !defined(__clang__)
#pragma GCC unroll 4
#endif
    for (unsigned i = 0; i < BLOCK; i += WIDTH) {
        NAMED(vector) v;
        memcpy(&v, at + i, WIDTH);
        const NAMED(vector) bracket = v | 0x20; /* as if curly */
        const NAMED(vector) value = v - '0';
        all.quote |= EQUAL(v, '"') << i;
        all.backslash |= EQUAL(v, '\\') << i;
        all.control |= BELOW(v, 0x20) << i;
        all.high |= HIGH(v) << i;
        all.space |= EQUAL(v, ' ') << i;
        all.newline |= EQUAL(v, '\n') << i;
        all.colon |= EQUAL(v, ':') << i;
        all.comma |= EQUAL(v, ',') << i;
        all.open |= EQUAL(bracket, '{') << i;
        all.curly |= EQUAL(v | 0x06, 0x7F) << i; /* of brackets */
        all.close |= EQUAL(bracket, '}') << i;
        all.digit |= BELOW(value, 10) << i;
        all.minus |= EQUAL(v, '-') << i;
        all.point |= EQUAL(v, '.') << i;
        all.zero |= EQUAL(v, '0') << i;
    }
    return all;
}

/** Check a block of fewer bytes. A newline before the text begins its first line, one behind it ends the last. */
TARGET static void NAMED(check_part)(walker *on, const uint8_t *at) {
    uint8_t copy[BLOCK];
    const uint8_t *from = at < on->begin ? on->begin : at;
    const size_t left = (size_t)(on->end - from);
    const size_t most = BLOCK - (size_t)(from - at);
    memset(copy, '\n', BLOCK);
    memcpy(copy + (from - at), from, left < most ? left : most);
    check_block(on, at, NAMED(sort)(copy));
}

TARGET static void NAMED(walk)(walker *on) {
    const uint8_t *at = on->begin - 1;
    NAMED(check_part)(on, at);
    for (at += BLOCK - 1; on->end - at >= BLOCK && !on->stopped; at += BLOCK - 1) check_block(on, at, NAMED(sort)(at));
    if (on->line < on->end && !on->stopped) NAMED(check_part)(on, at);
}

#undef NAMED
#undef TARGET
#undef WIDTH
#undef EQUAL
#undef BELOW
#undef HIGH
