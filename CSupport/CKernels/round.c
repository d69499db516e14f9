// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// Samples are rounded so that a filter's residuals become multiples of a step, against neighbours that are rounded themselves:
// errors do not add up. As in `unfilter.c`, a row is a chain of pixels, each worked on in the lanes of one vector.

typedef uint8_t narrow __attribute__((vector_size(8)));
typedef int16_t wide __attribute__((vector_size(16)));
typedef uint16_t unsigned_wide __attribute__((vector_size(16)));

SNUG_BODY wide load_lanes(const uint8_t *bytes, const int channels) {
    narrow pixel = {0};
    memcpy(&pixel, bytes, (size_t)channels);
    return __builtin_convertvector(pixel, wide);
}

SNUG_BODY void store_lanes(uint8_t *bytes, wide pixel, const int channels) {
    const narrow stored = __builtin_convertvector(pixel, narrow);
    memcpy(bytes, &stored, (size_t)channels);
}

SNUG_BODY wide either(wide mask, wide one, wide other) { return (mask & one) | (~mask & other); }

SNUG_BODY wide predict(const int filter, wide left, wide up, wide corner) {
    if (filter == 1) return left;
    if (filter == 2) return up;
    if (filter == 3) return (left + up) >> 1;
    const wide by_left = up - corner, by_up = left - corner;
    const wide from_left = __builtin_elementwise_abs(by_left), from_up = __builtin_elementwise_abs(by_up);
    const wide from_corner = __builtin_elementwise_abs(by_left + by_up);
    const wide least = __builtin_elementwise_min(from_corner, __builtin_elementwise_min(from_left, from_up));
    return either(from_left == least, left, either(from_up == least, up, corner));
}

// The residual's nearest multiple of the step. Multiplying by 65536 / step, rounded up, divides exactly up to 255 + step / 2.
SNUG_BODY wide nearest_multiple(wide residual, wide step, wide half, unsigned_wide reciprocal) {
    const wide size = __builtin_elementwise_abs(residual) + half;
    typedef uint32_t products __attribute__((vector_size(32)));
    const products product = __builtin_convertvector((unsigned_wide)size, products)
        * __builtin_convertvector(reciprocal, products);
    const wide multiple = __builtin_convertvector(product >> 16, wide) * step;
    const wide sign = residual >> 15;
    return (multiple ^ sign) - sign;
}

// Rounds a row for one filter; returns the sum of the residuals' sizes.
SNUG_BODY uint64_t round_for(const int filter, const int channels, const uint8_t *row, const uint8_t *above, size_t width,
                             int step, uint8_t *rounded, uint8_t *residuals) {
    const bool has_alpha = channels == 2 || channels == 4;
    const int alpha = channels - 1;
    const unsigned factor = (65536u + (unsigned)step - 1) / (unsigned)step;
    wide steps, halves, left = {0}, corner = {0}, sizes = {0};
    unsigned_wide reciprocals;
    for (int i = 0; i < 8; i++) {
        steps[i] = (int16_t)step;
        halves[i] = (int16_t)(step / 2);
        reciprocals[i] = (uint16_t)(factor > 65535 ? 65535 : factor);
    }
    uint64_t total = 0;
    for (size_t x = 0; x < width; x++) {
        const size_t at = x * (size_t)channels;
        const wide wanted = load_lanes(row + at, channels), up = load_lanes(above + at, channels);
        const wide predicted = predict(filter, left, up, corner);
        wide residual = wanted - predicted;
        wide value = predicted + nearest_multiple(residual, steps, halves, reciprocals);
        value = __builtin_elementwise_min(__builtin_elementwise_max(value, (wide){0}), (wide){0} + 255);
        if (has_alpha) {
            const uint8_t opacity = row[at + (size_t)alpha];
            // What cannot be seen costs nothing, and what is opaque stays so.
            if (opacity == 0) value = predicted;
            if (opacity == 0 || opacity == 255) value[alpha] = opacity;
        }
        residual = (value - predicted) & 255;
        store_lanes(rounded + at, value, channels);
        store_lanes(residuals + at, residual, channels);
        sizes += __builtin_elementwise_min(residual, 256 - residual);
        if ((x & 127) == 127 || x + 1 == width) {
            for (int i = 0; i < channels; i++) total += (uint64_t)sizes[i];
            sizes = (wide){0};
        }
        left = value;
        corner = up;
    }
    return total;
}

SNUG_BODY uint64_t round_any(int filter, const int channels, const uint8_t *row, const uint8_t *above, size_t width, int step,
                             uint8_t *rounded, uint8_t *residuals) {
    switch (filter) {
    case 1: return round_for(1, channels, row, above, width, step, rounded, residuals);
    case 2: return round_for(2, channels, row, above, width, step, rounded, residuals);
    case 3: return round_for(3, channels, row, above, width, step, rounded, residuals);
    default: return round_for(4, channels, row, above, width, step, rounded, residuals);
    }
}

SNUG_BODY uint64_t round_row(int filter, int channels, const uint8_t *row, const uint8_t *above, size_t width, int step,
                             uint8_t *rounded, uint8_t *residuals) {
    switch (channels) {
    case 1: return round_any(filter, 1, row, above, width, step, rounded, residuals);
    case 2: return round_any(filter, 2, row, above, width, step, rounded, residuals);
    case 3: return round_any(filter, 3, row, above, width, step, rounded, residuals);
    default: return round_any(filter, 4, row, above, width, step, rounded, residuals);
    }
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static uint64_t round_row_avx2(int filter, int channels, const uint8_t *row, const uint8_t *above,
                                                size_t width, int step, uint8_t *rounded, uint8_t *residuals) {
    return round_row(filter, channels, row, above, width, step, rounded, residuals);
}
#endif

int snug_png_round_row(snug_kernel_level level, snug_rounding rounding, const uint8_t *row, const uint8_t *above,
                       uint8_t *rounded, uint8_t *residuals, uint8_t *scratch) {
    const size_t count = rounding.width * (size_t)rounding.channels;
    uint64_t least = UINT64_MAX;
    int best = 1;
    for (int filter = 1; filter <= 4; filter++) {
        uint64_t total = 0;
        SNUG_DISPATCH(level,
                      total = round_row_avx2(filter, rounding.channels, row, above, rounding.width, rounding.step, scratch,
                                             scratch + count),
                      total = round_row(filter, rounding.channels, row, above, rounding.width, rounding.step, scratch,
                                        scratch + count));
        if (total >= least) continue;
        least = total;
        best = filter;
        memcpy(rounded, scratch, count);
        memcpy(residuals, scratch + count, count);
    }
    return best;
}
