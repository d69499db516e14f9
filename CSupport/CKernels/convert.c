// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// Each body is written once in plain C. For AVX2 the compiler vectorises it anew, except where it does so badly.
#if SNUG_HAS_AVX2
#define SNUG_FOR_AVX2(declaration, call) \
    SNUG_TARGET_AVX2 static declaration { call; }
#else
#define SNUG_FOR_AVX2(declaration, call)
#endif

// Exact for any product of two bytes, and for sums of such with weights that add up to 255.
SNUG_BODY uint8_t divided_by_255(uint32_t value) {
    const uint32_t rounded = value + 128;
    return (uint8_t)((rounded + (rounded >> 8)) >> 8);
}

// MARK: Alpha

SNUG_BODY void premultiply(const uint8_t *pixels, const int channels, size_t count, int16_t *out) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t alpha = pixels[i * channels + channels - 1];
        for (int c = 0; c < channels - 1; c++) {
            const uint32_t product = pixels[i * channels + c] * alpha;
            out[i * channels + c] = (int16_t)(((product << SNUG_INTERMEDIATE_BITS) + 127) / 255);
        }
        out[i * channels + channels - 1] = (int16_t)(alpha << SNUG_INTERMEDIATE_BITS);
    }
}

SNUG_BODY void premultiply_any(const uint8_t *pixels, int channels, size_t count, int16_t *out) {
    if (channels == 2) premultiply(pixels, 2, count, out);
    else premultiply(pixels, 4, count, out);
}
SNUG_FOR_AVX2(void premultiply_avx2(const uint8_t *pixels, int channels, size_t count, int16_t *out),
              premultiply_any(pixels, channels, count, out))

void snug_premultiply_row(snug_kernel_level level, const uint8_t *pixels, int channels, size_t count, int16_t *out) {
    SNUG_DISPATCH(level, premultiply_avx2(pixels, channels, count, out), premultiply_any(pixels, channels, count, out));
}

enum { SUM_BITS = SNUG_WEIGHT_BITS + SNUG_INTERMEDIATE_BITS };

SNUG_BODY uint8_t sample_of_sum(int32_t sum) {
    return (uint8_t)snug_clamp((sum + (1 << (SUM_BITS - 1))) >> SUM_BITS, 0, 255);
}

SNUG_BODY void unpremultiply(const int32_t *sums, const int channels, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        const int32_t *pixel = sums + i * channels;
        const int32_t alpha = pixel[channels - 1];
        const uint8_t opacity = sample_of_sum(alpha);
        out[i * channels + channels - 1] = opacity;
        if (opacity == 0) {
            for (int c = 0; c < channels - 1; c++) out[i * channels + c] = 0;
        } else if (alpha == 255 << SUM_BITS) {
            for (int c = 0; c < channels - 1; c++) out[i * channels + c] = sample_of_sum(pixel[c]);
        } else {
            const float factor = 255.0F / (float)alpha;
            for (int c = 0; c < channels - 1; c++) {
                const float colour = (float)pixel[c] * factor;
                const float bounded = colour < 0.0F ? 0.0F : colour > 255.0F ? 255.0F : colour;
                out[i * channels + c] = (uint8_t)(bounded + 0.5F);
            }
        }
    }
}

void snug_unpremultiply_row(const int32_t *sums, int channels, size_t count, uint8_t *out) {
    if (channels == 2) unpremultiply(sums, 2, count, out);
    else unpremultiply(sums, 4, count, out);
}

SNUG_BODY void flatten(const uint8_t *pixels, const int channels, const uint8_t *background, size_t count,
                       uint8_t *out) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t alpha = pixels[i * channels + channels - 1];
        for (int c = 0; c < channels - 1; c++) {
            out[i * (channels - 1) + c] =
                divided_by_255(pixels[i * channels + c] * alpha + background[c] * (255 - alpha));
        }
    }
}

SNUG_BODY void flatten_any(const uint8_t *pixels, int channels, const uint8_t *background, size_t count,
                           uint8_t *out) {
    const uint8_t colour[3] = {background[0], channels == 4 ? background[1] : 0, channels == 4 ? background[2] : 0};
    if (channels == 2) flatten(pixels, 2, colour, count, out);
    else flatten(pixels, 4, colour, count, out);
}
SNUG_FOR_AVX2(void flatten_avx2(const uint8_t *pixels, int channels, const uint8_t *background, size_t count,
                                uint8_t *out),
              flatten_any(pixels, channels, background, count, out))

void snug_flatten_row(snug_kernel_level level, const uint8_t *pixels, int channels, const uint8_t *background,
                      size_t count, uint8_t *out) {
    SNUG_DISPATCH(level, flatten_avx2(pixels, channels, background, count, out),
                  flatten_any(pixels, channels, background, count, out));
}

// MARK: Halving

SNUG_BODY void halve_columns(const uint8_t *row, size_t width, uint8_t *out) {
    const size_t pairs = width / 2;
    for (size_t i = 0; i < pairs; i++) out[i] = (uint8_t)((row[2 * i] + row[2 * i + 1] + (i & 1)) >> 1);
    if (width & 1) out[pairs] = row[width - 1];
}
SNUG_FOR_AVX2(void halve_columns_avx2(const uint8_t *row, size_t width, uint8_t *out), halve_columns(row, width, out))

void snug_halve_horizontally(snug_kernel_level level, const uint8_t *row, size_t width, uint8_t *out) {
    SNUG_DISPATCH(level, halve_columns_avx2(row, width, out), halve_columns(row, width, out));
}

SNUG_BODY void halve_rows(const uint8_t *upper, const uint8_t *lower, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) out[i] = (uint8_t)((upper[i] + lower[i] + (i & 1)) >> 1);
}
SNUG_FOR_AVX2(void halve_rows_avx2(const uint8_t *upper, const uint8_t *lower, size_t count, uint8_t *out),
              halve_rows(upper, lower, count, out))

void snug_halve_vertically(snug_kernel_level level, const uint8_t *upper, const uint8_t *lower, size_t count,
                           uint8_t *out) {
    SNUG_DISPATCH(level, halve_rows_avx2(upper, lower, count, out), halve_rows(upper, lower, count, out));
}

SNUG_BODY void halve_squares(const uint8_t *upper, const uint8_t *lower, size_t width, uint8_t *out) {
    const size_t pairs = width / 2;
    for (size_t i = 0; i < pairs; i++) {
        const unsigned sum = upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1];
        out[i] = (uint8_t)((sum + 1 + (i & 1)) >> 2);
    }
    if (width & 1) out[pairs] = (uint8_t)((upper[width - 1] + lower[width - 1] + (pairs & 1)) >> 1);
}
SNUG_FOR_AVX2(void halve_squares_avx2(const uint8_t *upper, const uint8_t *lower, size_t width, uint8_t *out),
              halve_squares(upper, lower, width, out))

void snug_halve_both(snug_kernel_level level, const uint8_t *upper, const uint8_t *lower, size_t width, uint8_t *out) {
    SNUG_DISPATCH(level, halve_squares_avx2(upper, lower, width, out), halve_squares(upper, lower, width, out));
}
