// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// MARK: Mirroring

SNUG_BODY void mirror(const uint8_t *row, const int channels, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < channels; c++) out[i * channels + c] = row[(count - 1 - i) * channels + c];
    }
}

SNUG_BODY void mirror_any(const uint8_t *row, int channels, size_t count, uint8_t *out) {
    switch (channels) {
    case 1: mirror(row, 1, count, out); break;
    case 2: mirror(row, 2, count, out); break;
    case 3: mirror(row, 3, count, out); break;
    default: mirror(row, 4, count, out); break;
    }
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void mirror_avx2(const uint8_t *row, int channels, size_t count, uint8_t *out) {
    mirror_any(row, channels, count, out);
}
#endif

void snug_mirror_row(snug_kernel_level level, const uint8_t *row, int channels, size_t count, uint8_t *out) {
    SNUG_DISPATCH(level, mirror_avx2(row, channels, count, out), mirror_any(row, channels, count, out));
}

// MARK: Transposing

typedef uint8_t bytes16 __attribute__((vector_size(16)));

// Perfect shuffles: after log2(16) of them over 16 registers, rows are columns. SSE2 and NEON have them as one
// instruction each.
#define LOW_BYTES(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_BYTES(a, b) \
    __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

// One square of 16 × 16 samples.
SNUG_BODY void transpose_16(const uint8_t *in, ptrdiff_t stride, uint8_t *out, ptrdiff_t out_stride) {
    bytes16 rows[16], next[16];
    for (int y = 0; y < 16; y++) memcpy(&rows[y], in + y * stride, sizeof rows[y]);
    for (int stage = 0; stage < 4; stage++) {
        for (int i = 0; i < 8; i++) {
            next[2 * i] = LOW_BYTES(rows[i], rows[i + 8]);
            next[2 * i + 1] = HIGH_BYTES(rows[i], rows[i + 8]);
        }
        for (int i = 0; i < 16; i++) rows[i] = next[i];
    }
    for (int x = 0; x < 16; x++) memcpy(out + x * out_stride, &rows[x], sizeof rows[x]);
}

SNUG_BODY void transpose_pixels(const uint8_t *in, ptrdiff_t stride, size_t width, size_t height, const int channels,
                                uint8_t *out, ptrdiff_t out_stride) {
    for (size_t x = 0; x < width; x++) {
        uint8_t *column = out + (ptrdiff_t)x * out_stride;
        const uint8_t *pixel = in + x * channels;
        for (size_t y = 0; y < height; y++) memcpy(column + y * channels, pixel + (ptrdiff_t)y * stride, channels);
    }
}

// Squares small enough that their rows and columns stay in the first cache together.
SNUG_BODY void transpose_blocks(snug_source_plane source, const int channels, uint8_t *out, ptrdiff_t out_stride) {
    const size_t side = 16;
    for (size_t y = 0; y < source.height; y += side) {
        const size_t rows = source.height - y < side ? source.height - y : side;
        for (size_t x = 0; x < source.width; x += side) {
            const size_t columns = source.width - x < side ? source.width - x : side;
            const uint8_t *in = source.samples + (ptrdiff_t)y * source.stride + x * channels;
            uint8_t *to = out + (ptrdiff_t)x * out_stride + y * channels;
            if (channels == 1 && rows == side && columns == side) {
                transpose_16(in, source.stride, to, out_stride);
            } else {
                transpose_pixels(in, source.stride, columns, rows, channels, to, out_stride);
            }
        }
    }
}

void snug_transpose(snug_source_plane source, int channels, uint8_t *out, ptrdiff_t out_stride) {
    switch (channels) {
    case 1: transpose_blocks(source, 1, out, out_stride); break;
    case 2: transpose_blocks(source, 2, out, out_stride); break;
    case 3: transpose_blocks(source, 3, out, out_stride); break;
    default: transpose_blocks(source, 4, out, out_stride); break;
    }
}
