// SPDX-License-Identifier: Apache-2.0
#include "float_block.h"

#pragma STDC FP_CONTRACT OFF

typedef int32_t int_row __attribute__((ext_vector_type(8)));
typedef uint8_t byte_row __attribute__((ext_vector_type(8)));

// The orthonormal DCT-II of eight columns at once, by even and odd halves.
SNUG_BODY void transform(float_row *r) {
    const float c1 = 0.490392640f, c2 = 0.461939766f, c3 = 0.415734806f, c4 = 0.353553391f, c5 = 0.277785117f,
                c6 = 0.191341716f, c7 = 0.097545161f;
    float_row s0 = r[0] + r[7], d0 = r[0] - r[7], s1 = r[1] + r[6], d1 = r[1] - r[6];
    float_row s2 = r[2] + r[5], d2 = r[2] - r[5], s3 = r[3] + r[4], d3 = r[3] - r[4];
    float_row a = s0 + s3, b = s1 + s2, c = s0 - s3, d = s1 - s2;
    r[0] = (a + b) * c4;
    r[4] = (a - b) * c4;
    r[2] = c * c2 + d * c6;
    r[6] = c * c6 - d * c2;
    r[1] = d0 * c1 + d1 * c3 + d2 * c5 + d3 * c7;
    r[3] = d0 * c3 - d1 * c7 - d2 * c1 - d3 * c5;
    r[5] = d0 * c5 - d1 * c1 + d2 * c7 + d3 * c3;
    r[7] = d0 * c7 - d1 * c5 + d2 * c3 - d3 * c1;
}

SNUG_BODY void transform_block(const uint8_t *samples, size_t stride, int16_t *out) {
    // Adding and taking away 1.5 × 2²³ rounds to a whole number in any rounding unit.
    const float magic = 12582912.0f;
    float_row r[8];
    int32_t natural[SNUG_BLOCK_SIZE];
    for (int32_t y = 0; y < 8; y++) {
        byte_row bytes;
        memcpy(&bytes, samples + (size_t)y * stride, sizeof bytes);
        r[y] = __builtin_convertvector(bytes, float_row) - 128.0f;
    }
    transform(r);
    transpose(r, r);
    transform(r);
    transpose(r, r);
    for (int32_t y = 0; y < 8; y++) {
        float_row eighths = (r[y] * 8.0f + magic) - magic;
        int_row whole = __builtin_convertvector(eighths, int_row);
        memcpy(natural + 8 * y, &whole, sizeof whole);
    }
    for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) out[k] = (int16_t)natural[SNUG_ZIGZAG[k]];
}

SNUG_BODY void transform_row(
    const uint8_t *samples, size_t stride, int32_t width, int32_t height, int32_t blocks, int16_t *out) {
    uint8_t edge[SNUG_BLOCK_SIZE];
    for (int32_t block = 0; block < blocks; block++) {
        int32_t x = block * 8;
        int16_t *target = out + (size_t)block * SNUG_BLOCK_SIZE;
        if (x + 8 <= width && height >= 8) {
            transform_block(samples + x, stride, target);
            continue;
        }
        for (int32_t v = 0; v < 8; v++) {
            const uint8_t *row = samples + (size_t)(v < height ? v : height - 1) * stride;
            for (int32_t u = 0; u < 8; u++) edge[8 * v + u] = row[x + u < width ? x + u : width - 1];
        }
        transform_block(edge, 8, target);
    }
}

static void transform_row_portable(
    const uint8_t *samples, size_t stride, int32_t width, int32_t height, int32_t blocks, int16_t *out) {
    transform_row(samples, stride, width, height, blocks, out);
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void transform_row_avx2(
    const uint8_t *samples, size_t stride, int32_t width, int32_t height, int32_t blocks, int16_t *out) {
    transform_row(samples, stride, width, height, blocks, out);
}
#endif

void snug_forward_dct(
    snug_kernel_level level, const uint8_t *samples, size_t stride, int32_t width, int32_t height, int32_t blocks,
    int16_t *out) {
    if (width < 1 || height < 1) return;
#if SNUG_HAS_AVX2
    if (level == SNUG_KERNEL_AVX2) {
        transform_row_avx2(samples, stride, width, height, blocks, out);
        return;
    }
#endif
    (void)level;
    transform_row_portable(samples, stride, width, height, blocks, out);
}

void snug_blocks_to_zigzag(const int16_t *natural, size_t blocks, int16_t *zigzag) {
    for (size_t b = 0; b < blocks; b++) {
        for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) {
            zigzag[b * SNUG_BLOCK_SIZE + (size_t)k] = natural[b * SNUG_BLOCK_SIZE + SNUG_ZIGZAG[k]];
        }
    }
}

void snug_blocks_to_natural(const int16_t *zigzag, size_t blocks, int16_t *natural) {
    for (size_t block = 0; block < blocks; block++, natural += SNUG_BLOCK_SIZE, zigzag += SNUG_BLOCK_SIZE) {
        for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) natural[SNUG_ZIGZAG[k]] = zigzag[k];
    }
}
