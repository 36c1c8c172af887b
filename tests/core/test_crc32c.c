/*
 * CRC-32C: known values, and every path and length against the definition worked out bit by bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

/* Included, not linked: machines with the instruction take the table only when its function is called by name. */
#include "crc32c.c"

enum { LONGEST = 3 * 4096 * 2 + 64 };

static uint8_t bytes[LONGEST];

static int fill_bytes(void **state) {
    (void)state;
    uint32_t number = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        number = number * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(number >> 24);
    }
    return 0;
}

/** The definition: division by the polynomial, a bit at a time. */
static uint32_t by_definition(uint32_t crc, const uint8_t *at, size_t size) {
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
    }
    return ~crc;
}

/** Known values: RFC 3720, appendix B.4, and the check value of CRC catalogues. */
static void test_known_values(void **state) {
    (void)state;
    uint8_t block[32];
    assert_int_equal(ministore__crc32c(0, "", 0), 0);
    assert_int_equal(ministore__crc32c(0, NULL, 0), 0);
    assert_int_equal(ministore__crc32c(0, "123456789", 9), 0xE3069283);
    memset(block, 0, sizeof block);
    assert_int_equal(ministore__crc32c(0, block, sizeof block), 0x8A9136AA);
    memset(block, 0xFF, sizeof block);
    assert_int_equal(ministore__crc32c(0, block, sizeof block), 0x62A8AB43);
    for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)i;
    assert_int_equal(ministore__crc32c(0, block, sizeof block), 0x46DD794E);
    for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)(31 - i);
    assert_int_equal(ministore__crc32c(0, block, sizeof block), 0x113FDB5C);
}

static void assert_right(const uint8_t *at, size_t size) {
    const uint32_t expected = by_definition(0x12345678, at, size);
    assert_int_equal(ministore__crc32c(0x12345678, at, size), expected);
    assert_int_equal(~add_by_table(~0x12345678U, at, size), expected);
#if defined(HARDWARE)
    if (HARDWARE_IS_THERE) assert_int_equal(~add_by_hardware(~0x12345678U, at, size), expected);
#endif
}

static void test_every_short_length_and_alignment(void **state) {
    (void)state;
    for (size_t alignment = 0; alignment < 8; alignment++)
        for (size_t size = 0; size <= 200; size++) assert_right(bytes + alignment, size);
}

static void test_lengths_around_the_three_lanes(void **state) {
    (void)state;
    for (size_t lanes = 1; lanes <= 6; lanes++)
        for (size_t size = lanes * 4096 - 9; size <= lanes * 4096 + 9; size++) assert_right(bytes + 3, size);
}

static void test_lengths_around_what_is_folded(void **state) {
    (void)state;
    for (size_t folded = 256; folded <= 2304; folded += 256)
        for (size_t size = folded - 17; size <= folded + 17; size++) assert_right(bytes + 5, size);
}

static void test_pieces_make_the_whole(void **state) {
    (void)state;
    const uint32_t whole = ministore__crc32c(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 997) {
        const uint32_t first = ministore__crc32c(0, bytes, cut);
        assert_int_equal(ministore__crc32c(first, bytes + cut, sizeof bytes - cut), whole);
    }
}

/** In memory that ends where the bytes end, so that a sanitizer sees it read on. */
static void test_reads_no_further_than_the_end(void **state) {
    (void)state;
    for (size_t size = 1; size <= 64; size++) {
        uint8_t *exact = malloc(size);
        assert_non_null(exact);
        memcpy(exact, bytes, size);
        assert_right(exact, size);
        free(exact);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_every_short_length_and_alignment),
        cmocka_unit_test(test_lengths_around_the_three_lanes),
        cmocka_unit_test(test_lengths_around_what_is_folded),
        cmocka_unit_test(test_pieces_make_the_whole),
        cmocka_unit_test(test_reads_no_further_than_the_end),
    };
    return cmocka_run_group_tests(tests, fill_bytes, NULL);
}
