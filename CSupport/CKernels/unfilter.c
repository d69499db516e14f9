// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// PNG 1.2 §9: each pixel needs the one to its left, so a row is a chain of additions. One pixel is worked on at a time, its bytes
// side by side in the lanes of a vector, the neighbours kept in registers: the length of the chain is all that counts. Vectors
// are those of the compiler, so that SSE2, SSE4.1 (with AVX2) and NEON come from the same lines.

typedef uint8_t narrow __attribute__((vector_size(8)));
typedef int16_t wide __attribute__((vector_size(16)));

// Reads 8 bytes whatever the pixel has; the lanes behind it are never stored.
SNUG_BODY narrow load_pixel(const uint8_t *bytes) {
    narrow pixel;
    memcpy(&pixel, bytes, sizeof pixel);
    return pixel;
}

SNUG_BODY wide load_wide(const uint8_t *bytes) { return __builtin_convertvector(load_pixel(bytes), wide); }

SNUG_BODY void store_wide(uint8_t *bytes, wide pixel, const size_t pixel_bytes) {
    const narrow stored = __builtin_convertvector(pixel, narrow);
    memcpy(bytes, &stored, pixel_bytes);
}

SNUG_BODY wide chosen(wide mask, wide one, wide other) { return (mask & one) | (~mask & other); }

SNUG_BODY void undo_left(uint8_t *row, size_t count, const size_t pixel_bytes) {
    narrow left = {0};
    for (size_t i = 0; i < count; i += pixel_bytes) {
        left += load_pixel(row + i);
        memcpy(row + i, &left, pixel_bytes);
    }
}

SNUG_BODY void undo_above(uint8_t *row, const uint8_t *above, size_t count) {
    for (size_t i = 0; i < count; i++) row[i] = (uint8_t)(row[i] + above[i]);
}

SNUG_BODY void undo_average(uint8_t *row, const uint8_t *above, size_t count, const size_t pixel_bytes) {
    wide left = {0};
    for (size_t i = 0; i < count; i += pixel_bytes) {
        left = (load_wide(row + i) + ((left + load_wide(above + i)) >> 1)) & 255;
        store_wide(row + i, left, pixel_bytes);
    }
}

SNUG_BODY void undo_paeth(uint8_t *row, const uint8_t *above, size_t count, const size_t pixel_bytes) {
    wide left = {0}, corner = {0};
    for (size_t i = 0; i < count; i += pixel_bytes) {
        const wide up = load_wide(above + i);
        // The distances of left + up - corner from each of the three.
        const wide by_left = up - corner, by_up = left - corner;
        const wide from_left = __builtin_elementwise_abs(by_left), from_up = __builtin_elementwise_abs(by_up);
        const wide from_corner = __builtin_elementwise_abs(by_left + by_up);
        const wide least = __builtin_elementwise_min(from_corner, __builtin_elementwise_min(from_left, from_up));
        const wide predicted = chosen(from_left == least, left, chosen(from_up == least, up, corner));
        left = (load_wide(row + i) + predicted) & 255;
        store_wide(row + i, left, pixel_bytes);
        corner = up;
    }
}

// Single bytes are no vectors.
SNUG_BODY void undo_left_bytes(uint8_t *row, size_t count) {
    unsigned left = 0;
    for (size_t i = 0; i < count; i++) row[i] = (uint8_t)(left += row[i]);
}

SNUG_BODY void undo_average_bytes(uint8_t *row, const uint8_t *above, size_t count) {
    unsigned left = 0;
    for (size_t i = 0; i < count; i++) {
        left = (row[i] + ((left + above[i]) >> 1)) & 255;
        row[i] = (uint8_t)left;
    }
}

SNUG_BODY int absolute(int value) { return value < 0 ? -value : value; }

SNUG_BODY void undo_paeth_bytes(uint8_t *row, const uint8_t *above, size_t count) {
    int left = 0, corner = 0;
    for (size_t i = 0; i < count; i++) {
        const int up = above[i], by_left = up - corner, by_up = left - corner;
        const int from_left = absolute(by_left), from_up = absolute(by_up), from_corner = absolute(by_left + by_up);
        const int other = from_up <= from_corner ? up : corner;
        const int nearer = from_up <= from_corner ? from_up : from_corner;
        left = (row[i] + (from_left <= nearer ? left : other)) & 255;
        row[i] = (uint8_t)left;
        corner = up;
    }
}

SNUG_BODY void unfilter_bytes(int filter, uint8_t *row, const uint8_t *above, size_t count) {
    switch (filter) {
    case 1: undo_left_bytes(row, count); break;
    case 2: undo_above(row, above, count); break;
    case 3: undo_average_bytes(row, above, count); break;
    case 4: undo_paeth_bytes(row, above, count); break;
    default: break;
    }
}

SNUG_BODY void unfilter_pixels(int filter, uint8_t *row, const uint8_t *above, size_t count, const size_t pixel_bytes) {
    switch (filter) {
    case 1: undo_left(row, count, pixel_bytes); break;
    case 2: undo_above(row, above, count); break;
    case 3: undo_average(row, above, count, pixel_bytes); break;
    case 4: undo_paeth(row, above, count, pixel_bytes); break;
    default: break;
    }
}

SNUG_BODY void unfilter(int filter, uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes) {
    switch (pixel_bytes) {
    case 2: unfilter_pixels(filter, row, above, count, 2); break;
    case 3: unfilter_pixels(filter, row, above, count, 3); break;
    case 4: unfilter_pixels(filter, row, above, count, 4); break;
    case 6: unfilter_pixels(filter, row, above, count, 6); break;
    case 8: unfilter_pixels(filter, row, above, count, 8); break;
    default: unfilter_bytes(filter, row, above, count); break;
    }
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void unfilter_avx2(int filter, uint8_t *row, const uint8_t *above, size_t count,
                                           size_t pixel_bytes) {
    unfilter(filter, row, above, count, pixel_bytes);
}
#endif

void snug_png_unfilter_row(snug_kernel_level level, int filter, uint8_t *row, const uint8_t *above, size_t count,
                           size_t pixel_bytes) {
    SNUG_DISPATCH(level, unfilter_avx2(filter, row, above, count, pixel_bytes),
                  unfilter(filter, row, above, count, pixel_bytes));
}
