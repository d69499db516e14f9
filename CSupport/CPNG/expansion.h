/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as a file stores them become rows as they are handed out: whole samples, palettes and tRNS spelt out. */
#ifndef SNUG_CPNG_EXPANSION_H
#define SNUG_CPNG_EXPANSION_H

#include "CPNG.h"

#include <png.h>

typedef struct snug_png_expansion {
    size_t width;
    /* Of the file. */
    int colour_type, bit_depth;
    /* Samples of 16 bits stay so. */
    bool keeps_16_bits;
    /* One colour or level is transparent, in samples of the file. */
    bool has_transparent_colour;
    uint16_t transparent[3];
    /* Red, green, blue and alpha of each entry; opaque black behind the last one. */
    uint8_t palette[256][4];
    bool has_alpha;
} snug_png_expansion;

/* Takes in a file's header, palette and tRNS. */
void snug_png_expansion_begin(
    snug_png_expansion *expansion, png_structp png, png_infop info, snug_png_depth depth);
/* Samples of a pixel, and bits of each, of rows that are handed out. */
uint32_t snug_png_expansion_channels(const snug_png_expansion *expansion);
uint32_t snug_png_expansion_bits(const snug_png_expansion *expansion);
/* True when rows are handed out as they are. */
bool snug_png_expansion_is_plain(const snug_png_expansion *expansion);
void snug_png_expand_row(const snug_png_expansion *expansion, const uint8_t *row, uint8_t *out);

#endif
