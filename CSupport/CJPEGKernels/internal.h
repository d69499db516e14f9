// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_INTERNAL_H
#define SNUG_CJPEGKERNELS_INTERNAL_H

#include "CJPEGKernels.h"

#include <string.h>

#if defined(__x86_64__)
#define SNUG_HAS_AVX2 1
// Without "fma": fused multiply-adds would round otherwise than the portable path does.
#define SNUG_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#else
#define SNUG_HAS_AVX2 0
#endif

// A body that is inlined into one function for each level, so that the compiler vectorises it for each.
#define SNUG_BODY static inline __attribute__((always_inline))

// Places in natural order of coefficients in zigzag order (T.81 figure A.6).
static const uint8_t SNUG_ZIGZAG[SNUG_BLOCK_SIZE] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

SNUG_BODY int32_t snug_bit_size(int32_t value) {
    uint32_t magnitude = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

SNUG_BODY uint64_t snug_load_big_endian(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

SNUG_BODY void snug_store_big_endian(uint8_t *bytes, uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(bytes, &word, 8);
}

#endif
