// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <math.h>

// Pixels as `alpha << 24 | blue << 16 | green << 8 | red`; all that are wholly transparent are one colour.
SNUG_BODY uint32_t pixel_at(const uint8_t *p, const int channels) {
    switch (channels) {
    case 1: return 0xff000000u | p[0] * 0x010101u;
    case 2: return p[1] ? (uint32_t)p[1] << 24 | p[0] * 0x010101u : 0;
    case 3: return 0xff000000u | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    default: return p[3] ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
    }
}

// MARK: Counting

SNUG_BODY int64_t count_row(const uint8_t *row, const int channels, size_t width, int shift, snug_colour_count *slots,
                            int slot_bits, size_t used, size_t most) {
    const uint32_t kept = (0xffu << shift & 0xffu) * 0x01010101u;
    const uint32_t last_slot = (1u << slot_bits) - 1;
    snug_colour_count *slot = NULL;
    for (size_t x = 0; x < width; x++) {
        const uint32_t pixel = pixel_at(row + x * channels, channels), key = pixel & kept;
        if (!slot || slot->colour != key) {
            uint32_t at = key * 2654435761u >> (32 - slot_bits);
            while (slots[at].count && slots[at].colour != key) at = (at + 1) & last_slot;
            slot = slots + at;
            if (!slot->count) {
                if (used == most) return -1;
                used++;
                slot->colour = key;
            }
        }
        slot->count++;
        if (shift) {
            for (int c = 0; c < 4; c++) slot->rest[c] += (pixel & ~kept) >> (8 * c) & 0xff;
        }
    }
    return (int64_t)used;
}

int64_t snug_count_colours(snug_source_plane source, int channels, int shift, snug_colour_count *slots, int slot_bits,
                           size_t most) {
    int64_t used = 0;
    for (size_t y = 0; y < source.height && used >= 0; y++) {
        const uint8_t *row = source.samples + (ptrdiff_t)y * source.stride;
        switch (channels) {
        case 1: used = count_row(row, 1, source.width, shift, slots, slot_bits, (size_t)used, most); break;
        case 2: used = count_row(row, 2, source.width, shift, slots, slot_bits, (size_t)used, most); break;
        case 3: used = count_row(row, 3, source.width, shift, slots, slot_bits, (size_t)used, most); break;
        default: used = count_row(row, 4, source.width, shift, slots, slot_bits, (size_t)used, most); break;
        }
    }
    return used;
}

// MARK: Nearest colours

void snug_weigh_colour(const uint8_t *rgba, float *out) {
    // Distances go with luma's sensitivity; premultiplied, so that colours matter less the more transparent they are.
    static const float weights[3] = {0.75f, 1.0f, 0.55f};
    for (int c = 0; c < 3; c++) out[c] = rgba[c] * (rgba[3] / 255.0f) * weights[c];
    out[3] = rgba[3];
}

SNUG_BODY unsigned nearest(snug_palette palette, const float *colour) {
    unsigned best = 0;
    float least = INFINITY;
    for (int from = 0; from < palette.count; from += 16) {
        float distance[16];
        for (int i = 0; i < 16; i++) {
            float sum = 0;
            for (int c = 0; c < 4; c++) {
                const float d = palette.colours[c * SNUG_PALETTE_ENTRIES + from + i] - colour[c];
                sum += d * d;
            }
            distance[i] = sum;
        }
        float group = distance[0];
        for (int i = 1; i < 16; i++) group = distance[i] < group ? distance[i] : group;
        if (group < least) {
            least = group;
            for (int i = 0; i < 16; i++) {
                if (distance[i] == group) {
                    best = (unsigned)(from + i);
                    break;
                }
            }
        }
    }
    return best;
}

SNUG_BODY void assign(snug_palette palette, const float *colours, size_t count, uint8_t *out) {
    for (size_t i = 0; i < count; i++) out[i] = (uint8_t)nearest(palette, colours + 4 * i);
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void assign_avx2(snug_palette palette, const float *colours, size_t count, uint8_t *out) {
    assign(palette, colours, count, out);
}
#endif

void snug_assign_colours(snug_kernel_level level, snug_palette palette, const float *colours, size_t count,
                         uint8_t *out) {
    SNUG_DISPATCH(level, assign_avx2(palette, colours, count, out), assign(palette, colours, count, out));
}

// MARK: Mapping

SNUG_BODY uint8_t cached_index(snug_palette palette, snug_palette_cache cache, uint32_t pixel) {
    const uint32_t slot = pixel * 2654435761u >> (32 - SNUG_PALETTE_CACHE_BITS);
    // The key is one more than the pixel, so that a zeroed cache is an empty one.
    if (cache.keys[slot] != (uint64_t)pixel + 1) {
        const uint8_t rgba[4] = {(uint8_t)pixel, (uint8_t)(pixel >> 8), (uint8_t)(pixel >> 16), (uint8_t)(pixel >> 24)};
        float colour[4];
        snug_weigh_colour(rgba, colour);
        cache.indices[slot] = (uint8_t)nearest(palette, colour);
        cache.keys[slot] = (uint64_t)pixel + 1;
    }
    return cache.indices[slot];
}

SNUG_BODY void map_row(snug_palette palette, snug_palette_cache cache, const uint8_t *row, int channels,
                       size_t width, uint8_t *out) {
    uint32_t last = 0;
    for (size_t x = 0; x < width; x++) {
        const uint32_t pixel = pixel_at(row + x * channels, channels);
        out[x] = x && pixel == last ? out[x - 1] : cached_index(palette, cache, pixel);
        last = pixel;
    }
}

// Errors beyond this are cut, so that they do not run far through areas that the palette cannot show.
static const float largest_error = 32;
// The share of an error that is passed on.
static const float dither_strength = 0.8f;

SNUG_BODY void dither_row(snug_palette palette, snug_palette_cache cache, const uint8_t *row, int channels,
                          size_t width, bool backwards, float *errors, float *next, uint8_t *out) {
    memset(next, 0, (width + 2) * 4 * sizeof *next);
    const ptrdiff_t step = backwards ? -1 : 1;
    ptrdiff_t x = backwards ? (ptrdiff_t)width - 1 : 0;
    for (size_t n = 0; n < width; n++, x += step) {
        const uint32_t pixel = pixel_at(row + x * channels, channels);
        float *here = errors + 4 * (x + 1), wanted[4];
        uint32_t shown = 0;
        for (int c = 0; c < 4 && pixel; c++) {
            wanted[c] = (float)(pixel >> (8 * c) & 0xff) + here[c] * dither_strength;
            const float bounded = wanted[c] < 0 ? 0 : wanted[c] > 255 ? 255 : wanted[c];
            shown |= (uint32_t)(bounded + 0.5f) << (8 * c);
        }
        const uint8_t index = cached_index(palette, cache, shown >> 24 ? shown : 0);
        out[x] = index;
        if (!pixel) continue;
        float error[4], size = 0;
        for (int c = 0; c < 4; c++) {
            error[c] = wanted[c] - palette.rgba[index * 4 + c];
            size += error[c] * error[c];
        }
        if (size == 0) continue;
        if (size > largest_error * largest_error) {
            const float scale = largest_error / sqrtf(size);
            for (int c = 0; c < 4; c++) error[c] *= scale;
        }
        float *below = next + 4 * (x + 1);
        for (int c = 0; c < 4; c++) {
            here[4 * step + c] += error[c] * (7 / 16.0f);
            below[-4 * step + c] += error[c] * (3 / 16.0f);
            below[c] += error[c] * (5 / 16.0f);
            below[4 * step + c] += error[c] * (1 / 16.0f);
        }
    }
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void map_row_avx2(snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                                          int channels, size_t width, uint8_t *out) {
    map_row(palette, cache, row, channels, width, out);
}
SNUG_TARGET_AVX2 static void dither_row_avx2(snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                                             int channels, size_t width, bool backwards, float *errors, float *next,
                                             uint8_t *out) {
    dither_row(palette, cache, row, channels, width, backwards, errors, next, out);
}
#endif

void snug_map_row(snug_kernel_level level, snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                  int channels, size_t width, uint8_t *out) {
    SNUG_DISPATCH(level, map_row_avx2(palette, cache, row, channels, width, out),
                  map_row(palette, cache, row, channels, width, out));
}

void snug_dither_row(snug_kernel_level level, snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                     int channels, size_t width, bool backwards, float *errors, float *next, uint8_t *out) {
    SNUG_DISPATCH(level, dither_row_avx2(palette, cache, row, channels, width, backwards, errors, next, out),
                  dither_row(palette, cache, row, channels, width, backwards, errors, next, out));
}
