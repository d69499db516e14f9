// SPDX-License-Identifier: Apache-2.0
#include "float_block.h"

#pragma STDC FP_CONTRACT OFF

typedef int32_t int_row __attribute__((ext_vector_type(8)));
typedef int16_t short_row __attribute__((ext_vector_type(8)));
typedef uint8_t byte_row __attribute__((ext_vector_type(8)));

// TO_n[u][x]: the share of frequency u in sample x of n; the other half follows by symmetry. Divisors of eight are means
// of the eight samples that there would be, the others transforms of the n lowest frequencies.
static const float TO_1[8][4] = {
    {0.353553391f},
    {0},
    {0},
    {0},
    {0},
    {0},
    {0},
    {0},
};

static const float TO_2[8][4] = {
    {0.353553391f},
    {0.320364431f},
    {0},
    {-0.112497028f},
    {0},
    {0.075168111f},
    {0},
    {-0.063724447f},
};

static const float TO_3[8][4] = {
    {0.353553391f, 0.353553391f},
    {0.433012702f},
    {0.250000000f, -0.500000000f},
    {0},
    {0},
    {0},
    {0},
    {0},
};

static const float TO_4[8][4] = {
    {0.353553391f, 0.353553391f},
    {0.453063723f, 0.187665139f},
    {0.326640741f, -0.326640741f},
    {0.159094823f, -0.384088878f},
    {0},
    {-0.106303762f, 0.256639984f},
    {-0.135299025f, 0.135299025f},
    {-0.090119978f, -0.037328917f},
};

static const float TO_6[8][4] = {
    {0.353553391f, 0.353553391f, 0.353553391f},
    {0.482962913f, 0.353553391f, 0.129409523f},
    {0.433012702f, 0, -0.433012702f},
    {0.353553391f, -0.353553391f, -0.353553391f},
    {0.250000000f, -0.500000000f, 0.250000000f},
    {0.129409523f, -0.353553391f, 0.482962913f},
    {0},
    {0},
};

static const float TO_8[8][4] = {
    {0.353553391f, 0.353553391f, 0.353553391f, 0.353553391f},
    {0.490392640f, 0.415734806f, 0.277785117f, 0.097545161f},
    {0.461939766f, 0.191341716f, -0.191341716f, -0.461939766f},
    {0.415734806f, -0.097545161f, -0.490392640f, -0.277785117f},
    {0.353553391f, -0.353553391f, -0.353553391f, 0.353553391f},
    {0.277785117f, -0.490392640f, 0.097545161f, 0.415734806f},
    {0.191341716f, -0.461939766f, 0.461939766f, -0.191341716f},
    {0.097545161f, -0.277785117f, 0.415734806f, -0.490392640f},
};

// `side` sums of eight rows, by even and odd frequencies; those of no share cost nothing once this is unrolled.
SNUG_BODY void invert(const float_row *in, float_row *out, const float basis[8][4], int32_t side) {
#pragma clang loop unroll(full)
    for (int32_t x = 0; x < (side + 1) / 2; x++) {
        float_row even = in[0] * basis[0][x], odd = 0;
#pragma clang loop unroll(full)
        for (int32_t u = 1; u < 8; u++) {
            if (basis[u][x] == 0) continue;
            if (u % 2) odd += in[u] * basis[u][x];
            else even += in[u] * basis[u][x];
        }
        out[x] = even + odd;
        out[side - 1 - x] = even - odd;
    }
}

// The first pass: rows of a block's samples, each still in frequencies across.
SNUG_BODY void invert_columns(
    const int16_t *block, const float *steps, float_row *out, const float basis[8][4], int32_t side) {
    float_row rows[8];
    for (int32_t v = 0; v < 8; v++) {
        short_row values;
        float_row step;
        memcpy(&values, block + 8 * v, sizeof values);
        memcpy(&step, steps + 8 * v, sizeof step);
        rows[v] = __builtin_convertvector(values, float_row) * step;
    }
    invert(rows, out, basis, side);
}

SNUG_BODY void store(const float_row *samples, int32_t count, uint8_t *out) {
    // Adding and taking away 1.5 × 2²³ rounds to a whole number in any rounding unit.
    const float magic = 12582912.0f;
    int_row whole = __builtin_convertvector(((*samples + 128.0f) + magic) - magic, int_row);
    byte_row bytes = __builtin_convertvector(
        __builtin_elementwise_min(__builtin_elementwise_max(whole, (int_row)0), (int_row)255), byte_row);
    memcpy(out, &bytes, (size_t)count);
}

// Blocks of at most four rows go in pairs, which fill the vectors of the second pass.
SNUG_BODY void invert_row(
    const int16_t *blocks, const float *steps, const float across_basis[8][4], int32_t across,
    const float down_basis[8][4], int32_t down, int32_t count, uint8_t *out, size_t stride) {
    const int32_t together = down <= 4 ? 2 : 1;
    for (int32_t first = 0; first < count; first += together) {
        const int16_t *block = blocks + (size_t)first * SNUG_BLOCK_SIZE;
        bool is_pair = together == 2 && first + 1 < count;
        float_row rows[8] = {0}, turned[8], columns[8] = {0}, samples[8];
        invert_columns(block, steps, rows, down_basis, down);
        if (together == 2) {
            invert_columns(is_pair ? block + SNUG_BLOCK_SIZE : block, steps, rows + 4, down_basis, down);
        }
        transpose(rows, turned);
        invert(turned, columns, across_basis, across);
        transpose(columns, samples);
        uint8_t *target = out + (size_t)first * (size_t)across;
        for (int32_t y = 0; y < down; y++) {
            store(&samples[y], across, target + (size_t)y * stride);
            if (is_pair) store(&samples[4 + y], across, target + (size_t)y * stride + across);
        }
    }
}

// True when the sides are among those that there are.
SNUG_BODY bool invert_any(
    const int16_t *blocks, const float *steps, int32_t across, int32_t down, int32_t count, uint8_t *out,
    size_t stride) {
#define SIDES(a, d) \
    case 8 * (a) + (d): invert_row(blocks, steps, TO_##a, a, TO_##d, d, count, out, stride); return true
    switch (across < 1 || across > 8 || down < 1 || down > 8 ? 0 : 8 * across + down) {
        SIDES(1, 1);
        SIDES(1, 2);
        SIDES(2, 1);
        SIDES(2, 2);
        SIDES(2, 4);
        SIDES(3, 3);
        SIDES(4, 2);
        SIDES(4, 4);
        SIDES(6, 6);
        SIDES(8, 8);
    default: return false;
    }
#undef SIDES
}

static bool invert_portable(
    const int16_t *blocks, const float *steps, int32_t across, int32_t down, int32_t count, uint8_t *out,
    size_t stride) {
    return invert_any(blocks, steps, across, down, count, out, stride);
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static bool invert_avx2(
    const int16_t *blocks, const float *steps, int32_t across, int32_t down, int32_t count, uint8_t *out,
    size_t stride) {
    return invert_any(blocks, steps, across, down, count, out, stride);
}
#endif

bool snug_scaled_inverse(
    snug_kernel_level level, const int16_t *blocks, const float *steps, int32_t across, int32_t down, int32_t count,
    uint8_t *out, size_t stride) {
#if SNUG_HAS_AVX2
    if (level == SNUG_KERNEL_AVX2) return invert_avx2(blocks, steps, across, down, count, out, stride);
#endif
    (void)level;
    return invert_portable(blocks, steps, across, down, count, out, stride);
}
