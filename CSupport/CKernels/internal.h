// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CKERNELS_INTERNAL_H
#define SNUG_CKERNELS_INTERNAL_H

#include "CKernels.h"

#include <string.h>

#if defined(__x86_64__)
#define SNUG_HAS_AVX2 1
#include <immintrin.h>
// Without "fma": fused multiply-adds would round otherwise than the portable path does.
#define SNUG_TARGET_AVX2 __attribute__((target("avx2")))
#else
#define SNUG_HAS_AVX2 0
#endif

// A body that is inlined into one function for each level, so that the compiler vectorises it for each.
#define SNUG_BODY static inline __attribute__((always_inline))

#if SNUG_HAS_AVX2
// Runs the first statement where `level` asks for AVX2, else the second.
#define SNUG_DISPATCH(level, avx2_call, portable_call) \
    do { \
        if ((level) == SNUG_KERNEL_AVX2) { \
            avx2_call; \
        } else { \
            portable_call; \
        } \
    } while (0)
#else
#define SNUG_DISPATCH(level, avx2_call, portable_call) \
    do { \
        (void)(level); \
        portable_call; \
    } while (0)
#endif

SNUG_BODY int32_t snug_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

#endif
