// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// PNG 1.2 §9: each filter predicts a byte from the one to its left, above it and above that to the left.

static inline uint8_t paeth(uint8_t left, uint8_t above, uint8_t corner) {
    int from_left = above - corner, from_above = left - corner, from_corner = from_left + from_above;
    from_left = from_left < 0 ? -from_left : from_left;
    from_above = from_above < 0 ? -from_above : from_above;
    from_corner = from_corner < 0 ? -from_corner : from_corner;
    if (from_left <= from_above && from_left <= from_corner) return left;
    return from_above <= from_corner ? above : corner;
}

void snug_png_filter_row(int filter, const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes,
                         uint8_t *out) {
    const size_t first = pixel_bytes < count ? pixel_bytes : count;
    switch (filter) {
    case 1:
        memcpy(out, row, first);
        for (size_t i = first; i < count; i++) out[i] = (uint8_t)(row[i] - row[i - pixel_bytes]);
        break;
    case 2:
        for (size_t i = 0; i < count; i++) out[i] = (uint8_t)(row[i] - above[i]);
        break;
    case 3:
        for (size_t i = 0; i < first; i++) out[i] = (uint8_t)(row[i] - above[i] / 2);
        for (size_t i = first; i < count; i++) {
            out[i] = (uint8_t)(row[i] - (row[i - pixel_bytes] + above[i]) / 2);
        }
        break;
    case 4:
        for (size_t i = 0; i < first; i++) out[i] = (uint8_t)(row[i] - above[i]);
        for (size_t i = first; i < count; i++) {
            out[i] = (uint8_t)(row[i] - paeth(row[i - pixel_bytes], above[i], above[i - pixel_bytes]));
        }
        break;
    default: memcpy(out, row, count);
    }
}

static size_t distinct_pairs(const uint8_t *bytes, size_t count, uint64_t *seen) {
    memset(seen, 0, 65536 / 8);
    size_t found = 0;
    for (size_t i = 1; i < count; i++) {
        const unsigned pair = (unsigned)bytes[i - 1] << 8 | bytes[i];
        const uint64_t bit = 1ull << (pair & 63);
        found += !(seen[pair >> 6] & bit);
        seen[pair >> 6] |= bit;
    }
    return found;
}

int snug_png_filter_row_by_pairs(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes,
                                 uint8_t *scratch, uint8_t *out) {
    uint64_t seen[65536 / 64];
    size_t fewest = SIZE_MAX;
    int best = 0;
    for (int filter = 0; filter < 5; filter++) {
        snug_png_filter_row(filter, row, above, count, pixel_bytes, scratch);
        const size_t pairs = distinct_pairs(scratch, count, seen);
        if (pairs < fewest) {
            fewest = pairs;
            best = filter;
            memcpy(out, scratch, count);
        }
    }
    return best;
}

void snug_png_pack_row(const uint8_t *indices, size_t count, int bits, uint8_t *out) {
    const int in_byte = 8 / bits;
    for (size_t i = 0; i < count; i += in_byte) {
        unsigned byte = 0;
        for (int k = 0; k < in_byte; k++) {
            byte = byte << bits | (i + k < count ? indices[i + k] : 0);
        }
        *out++ = (uint8_t)byte;
    }
}
