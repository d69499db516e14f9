/* SPDX-License-Identifier: Apache-2.0 */
#include "expansion.h"

#include <string.h>

static void take_transparency(snug_png_expansion *expansion, png_structp png, png_infop info) {
    png_bytep alphas = NULL;
    png_color_16p colour = NULL;
    int count = 0;
    if (png_get_tRNS(png, info, &alphas, &count, &colour) == 0 || count <= 0) return;
    if (expansion->colour_type == PNG_COLOR_TYPE_PALETTE) {
        for (int index = 0; index < count && index < 256 && alphas != NULL; index++) {
            expansion->palette[index][3] = alphas[index];
        }
        expansion->has_alpha = true;
    } else if (colour != NULL && (expansion->colour_type & PNG_COLOR_MASK_ALPHA) == 0) {
        /* Bits above the file's depth count for nothing (PNG 1.2 §11.3.2.1). */
        const unsigned mask = (1u << expansion->bit_depth) - 1;
        const bool is_gray = expansion->colour_type == PNG_COLOR_TYPE_GRAY;
        expansion->transparent[0] = (uint16_t)((is_gray ? colour->gray : colour->red) & mask);
        expansion->transparent[1] = (uint16_t)(colour->green & mask);
        expansion->transparent[2] = (uint16_t)(colour->blue & mask);
        expansion->has_alpha = expansion->has_transparent_colour = true;
    }
}

void snug_png_expansion_begin(
    snug_png_expansion *expansion, png_structp png, png_infop info, snug_png_depth depth) {
    memset(expansion, 0, sizeof *expansion);
    expansion->width = png_get_image_width(png, info);
    expansion->colour_type = png_get_color_type(png, info);
    expansion->bit_depth = png_get_bit_depth(png, info);
    expansion->keeps_16_bits = depth == SNUG_PNG_DEPTH_NATIVE;
    expansion->has_alpha = (expansion->colour_type & PNG_COLOR_MASK_ALPHA) != 0;
    for (int index = 0; index < 256; index++) expansion->palette[index][3] = 255;
    png_colorp colours = NULL;
    int count = 0;
    if (expansion->colour_type == PNG_COLOR_TYPE_PALETTE && png_get_PLTE(png, info, &colours, &count) != 0) {
        for (int index = 0; index < count && index < 256; index++) {
            expansion->palette[index][0] = colours[index].red;
            expansion->palette[index][1] = colours[index].green;
            expansion->palette[index][2] = colours[index].blue;
        }
    }
    take_transparency(expansion, png, info);
}

uint32_t snug_png_expansion_channels(const snug_png_expansion *expansion) {
    const bool is_coloured = (expansion->colour_type & PNG_COLOR_MASK_COLOR) != 0;
    return (is_coloured ? 3 : 1) + (expansion->has_alpha ? 1 : 0);
}

uint32_t snug_png_expansion_bits(const snug_png_expansion *expansion) {
    return expansion->bit_depth == 16 && expansion->keeps_16_bits ? 16 : 8;
}

bool snug_png_expansion_is_plain(const snug_png_expansion *expansion) {
    return expansion->bit_depth == 8 && expansion->colour_type != PNG_COLOR_TYPE_PALETTE
        && !expansion->has_transparent_colour;
}

/* MARK: Samples of at most 8 bits */

/* The value of pixel `x` in a row of `bits` a pixel. */
static inline unsigned packed_value(const uint8_t *row, size_t x, unsigned bits) {
    const size_t bit = x * bits;
    return (unsigned)row[bit >> 3] >> (8 - bits - (bit & 7)) & ((1u << bits) - 1);
}

static inline void expand_indices(const snug_png_expansion *expansion, const uint8_t *row, unsigned bits, uint8_t *out) {
    const size_t width = expansion->width;
    if (expansion->has_alpha) {
        for (size_t x = 0; x < width; x++) memcpy(out + 4 * x, expansion->palette[packed_value(row, x, bits)], 4);
    } else {
        for (size_t x = 0; x < width; x++) memcpy(out + 3 * x, expansion->palette[packed_value(row, x, bits)], 3);
    }
}

static inline void expand_levels(const snug_png_expansion *expansion, const uint8_t *row, unsigned bits, uint8_t *out) {
    const size_t width = expansion->width;
    const unsigned step = 255 / ((1u << bits) - 1);
    if (expansion->has_alpha) {
        for (size_t x = 0; x < width; x++) {
            const unsigned level = packed_value(row, x, bits);
            out[2 * x] = (uint8_t)(level * step);
            out[2 * x + 1] = level == expansion->transparent[0] ? 0 : 255;
        }
    } else {
        for (size_t x = 0; x < width; x++) out[x] = (uint8_t)(packed_value(row, x, bits) * step);
    }
}

static void expand_colours(const snug_png_expansion *expansion, const uint8_t *row, uint8_t *out) {
    const uint16_t *transparent = expansion->transparent;
    for (size_t x = 0; x < expansion->width; x++, row += 3, out += 4) {
        memcpy(out, row, 3);
        out[3] = row[0] == transparent[0] && row[1] == transparent[1] && row[2] == transparent[2] ? 0 : 255;
    }
}

static void expand_narrow(const snug_png_expansion *expansion, const uint8_t *row, uint8_t *out) {
    if (expansion->colour_type == PNG_COLOR_TYPE_RGB) {
        expand_colours(expansion, row, out);
        return;
    }
    const bool has_indices = expansion->colour_type == PNG_COLOR_TYPE_PALETTE;
    /* A constant in each call, so that shifts are none of the loop's work. */
    switch (expansion->bit_depth) {
    case 1: has_indices ? expand_indices(expansion, row, 1, out) : expand_levels(expansion, row, 1, out); break;
    case 2: has_indices ? expand_indices(expansion, row, 2, out) : expand_levels(expansion, row, 2, out); break;
    case 4: has_indices ? expand_indices(expansion, row, 4, out) : expand_levels(expansion, row, 4, out); break;
    default: has_indices ? expand_indices(expansion, row, 8, out) : expand_levels(expansion, row, 8, out); break;
    }
}

/* MARK: Samples of 16 bits */

static inline unsigned wide_value(const uint8_t *bytes) { return (unsigned)bytes[0] << 8 | bytes[1]; }

static inline void store_sample(uint8_t *out, size_t index, unsigned value, bool is_wide) {
    if (is_wide) {
        const uint16_t native = (uint16_t)value;
        memcpy(out + 2 * index, &native, 2);
    } else {
        /* The nearest of 8 bits, as libpng rounds. */
        out[index] = (uint8_t)((value * 255 + 32895) >> 16);
    }
}

static inline void expand_wide(const snug_png_expansion *expansion, const uint8_t *row, uint8_t *out, bool is_wide) {
    const size_t stored = (expansion->colour_type & PNG_COLOR_MASK_COLOR ? 3 : 1)
        + (expansion->colour_type & PNG_COLOR_MASK_ALPHA ? 1 : 0);
    if (!expansion->has_transparent_colour) {
        for (size_t i = 0; i < expansion->width * stored; i++) store_sample(out, i, wide_value(row + 2 * i), is_wide);
        return;
    }
    for (size_t x = 0; x < expansion->width; x++) {
        bool is_transparent = true;
        for (size_t c = 0; c < stored; c++) {
            const unsigned value = wide_value(row + 2 * (x * stored + c));
            is_transparent = is_transparent && value == expansion->transparent[c];
            store_sample(out, x * (stored + 1) + c, value, is_wide);
        }
        store_sample(out, x * (stored + 1) + stored, is_transparent ? 0 : 65535, is_wide);
    }
}

void snug_png_expand_row(const snug_png_expansion *expansion, const uint8_t *row, uint8_t *out) {
    if (expansion->bit_depth < 16) expand_narrow(expansion, row, out);
    else if (expansion->keeps_16_bits) expand_wide(expansion, row, out, true);
    else expand_wide(expansion, row, out, false);
}
