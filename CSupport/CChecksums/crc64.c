// SPDX-License-Identifier: Apache-2.0
#include "CChecksums.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Folding as in Intel's "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction": a register of 128 bits is
// moved n bits onward by multiplying its halves by x to the powers n + 63 and n - 1, modulo the polynomial. (One less than the
// distance, because the product of two values whose lowest power is in the highest bit is one place short.)

#if defined(__x86_64__)

#define SNUG_TARGET_CLMUL __attribute__((target("pclmul,sse4.1")))

SNUG_TARGET_CLMUL static inline __m128i moved(__m128i value, __m128i powers, __m128i onto) {
    __m128i first = _mm_clmulepi64_si128(value, powers, 0x00);
    __m128i second = _mm_clmulepi64_si128(value, powers, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), onto);
}

SNUG_TARGET_CLMUL static void fold(const uint8_t *bytes, size_t count, uint64_t remainder, uint8_t *out) {
    const __m128i by512 = _mm_set_epi64x(0x62242240ace5045a, 0x0c32cdb31e18a84a);
    const __m128i by128 = _mm_set_epi64x(0x21e9761e252621ac, (long long)0xeadc41fd2ba3d420);
    const __m128i *source = (const __m128i *)bytes;
    __m128i lanes[4];
    for (int lane = 0; lane < 4; lane++) lanes[lane] = _mm_loadu_si128(source + lane);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_set_epi64x(0, (long long)remainder));
    for (size_t at = 4; at < count / 16; at += 4)
        for (int lane = 0; lane < 4; lane++)
            lanes[lane] = moved(lanes[lane], by512, _mm_loadu_si128(source + at + (size_t)lane));
    __m128i all = lanes[0];
    for (int lane = 1; lane < 4; lane++) all = moved(all, by128, lanes[lane]);
    _mm_storeu_si128((__m128i *)out, all);
}

size_t snug_crc64_fold(const uint8_t *bytes, size_t count, uint64_t remainder, uint8_t *out) {
    count &= ~(size_t)63;
    if (!count || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1")) return 0;
    fold(bytes, count, remainder, out);
    return count;
}

#else

size_t snug_crc64_fold(const uint8_t *bytes, size_t count, uint64_t remainder, uint8_t *out) {
    (void)bytes, (void)count, (void)remainder, (void)out;
    return 0;
}

#endif
