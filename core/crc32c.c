/*
 * CRC-32C (Castagnoli): by the processor's instruction where there is one, else by a table; much at once by folding.
 */
#include "internal.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define HARDWARE __attribute__((target("sse4.2")))
#define HARDWARE_IS_THERE __builtin_cpu_supports("sse4.2")
#define FOLDING __attribute__((target("sse4.2,avx2,vpclmulqdq")))
#define FOLDING_IS_THERE (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq"))
#define ADD_BYTE(crc, byte) _mm_crc32_u8(crc, byte)
#define ADD_EIGHT(crc, bytes) (uint32_t)_mm_crc32_u64(crc, bytes)
#elif defined(__ARM_FEATURE_CRC32) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <arm_acle.h>
#define HARDWARE
#define HARDWARE_IS_THERE true
#define ADD_BYTE(crc, byte) __crc32cb(crc, byte)
#define ADD_EIGHT(crc, bytes) __crc32cd(crc, bytes)
#endif

#if defined(HARDWARE)

/* The instruction takes three cycles but can start in each: three lanes side by side keep it busy. */
enum { LANE_BYTES = 4096, LANES_BYTES = 3 * LANE_BYTES };

HARDWARE static inline uint32_t add_eight(uint32_t crc, const uint8_t *at) {
    uint64_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return ADD_EIGHT(crc, bytes);
}

/** The CRC of what gave `crc` and LANE_BYTES zeros: a product of polynomials over GF(2), bits in reflected order. */
static uint32_t skip_lane(uint32_t crc) {
    const uint32_t x_to_lane_bits = 0x35D73A62; /* x to the power of 8 * LANE_BYTES */
    uint32_t product = 0;
    for (uint32_t bit = 0x80000000; bit != 0; bit >>= 1) {
        product ^= crc & (0U - ((x_to_lane_bits & bit) != 0));
        crc = crc >> 1 ^ (0x82F63B78 & (0U - (crc & 1)));
    }
    return product;
}

HARDWARE static uint32_t add_by_hardware(uint32_t crc, const uint8_t *at, size_t size) {
    for (; size >= LANES_BYTES; at += LANES_BYTES, size -= LANES_BYTES) {
        uint32_t second = 0, third = 0;
        for (size_t i = 0; i < LANE_BYTES; i += 8) {
            crc = add_eight(crc, at + i);
            second = add_eight(second, at + LANE_BYTES + i);
            third = add_eight(third, at + (size_t)2 * LANE_BYTES + i);
        }
        crc = skip_lane(skip_lane(crc) ^ second) ^ third;
    }
    for (; size >= 8; at += 8, size -= 8) crc = add_eight(crc, at);
    for (; size > 0; at++, size--) crc = ADD_BYTE(crc, *at);
    return crc;
}
#endif

#if defined(FOLDING)

enum { FOLDED_BYTES = 256, FOLDING_PAYS = 1024 };

/**
 * Folding, after Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009:
 * bytes may be left out if their product with x to the power of 8 * FOLDED_BYTES is added to those that stand so far
 * behind them. It has a factor for each half of 16 bytes. The last FOLDED_BYTES then have the CRC of all.
 */
FOLDING static uint32_t add_by_folding(uint32_t crc, const uint8_t *at, size_t size) {
    const __m256i factors = _mm256_set_epi64x(0xB9E02B86, 0xDCB17AA4, 0xB9E02B86, 0xDCB17AA4);
    __m256i sums[FOLDED_BYTES / 32];
    memcpy(sums, at, FOLDED_BYTES);
    sums[0] ^= _mm256_set_epi64x(0, 0, 0, crc);
    for (at += FOLDED_BYTES, size -= FOLDED_BYTES; size >= FOLDED_BYTES; at += FOLDED_BYTES, size -= FOLDED_BYTES) {
#if !defined(__clang__)
#pragma GCC unroll 8
#endif
        for (size_t i = 0; i < FOLDED_BYTES / 32; i++) {
            const __m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(at + 32 * i));
            sums[i] = _mm256_clmulepi64_epi128(sums[i], factors, 0x00) ^
                      _mm256_clmulepi64_epi128(sums[i], factors, 0x11) ^ next;
        }
    }
    return add_by_hardware(add_by_hardware(0, (const uint8_t *)sums, sizeof sums), at, size);
}
#endif

/** The CRC of each half byte, behind no other. */
static const uint32_t crc_of_half[16] = {
    0x00000000, 0x105EC76F, 0x20BD8EDE, 0x30E349B1, 0x417B1DBC, 0x5125DAD3, 0x61C69362, 0x7198540D,
    0x82F63B78, 0x92A8FC17, 0xA24BB5A6, 0xB21572C9, 0xC38D26C4, 0xD3D3E1AB, 0xE330A81A, 0xF36E6F75,
};

static uint32_t add_by_table(uint32_t crc, const uint8_t *at, size_t size) {
    for (; size > 0; at++, size--) {
        crc ^= *at;
        crc = crc >> 4 ^ crc_of_half[crc & 15];
        crc = crc >> 4 ^ crc_of_half[crc & 15];
    }
    return crc;
}

uint32_t ministore__crc32c(uint32_t crc, const void *data, size_t size) {
#if defined(FOLDING)
    if (size >= FOLDING_PAYS && FOLDING_IS_THERE) return ~add_by_folding(~crc, data, size);
#endif
#if defined(HARDWARE)
    if (HARDWARE_IS_THERE) return ~add_by_hardware(~crc, data, size);
#endif
    return ~add_by_table(~crc, data, size);
}
