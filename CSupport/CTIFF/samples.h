/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CTIFF_SAMPLES_H
#define SNUG_CTIFF_SAMPLES_H

#include "CSandbox.h"

/* How the samples of a directory become those of the layout. */
typedef struct snug_tiff_form {
    uint16_t bits;
    uint16_t samples;
    /* Samples that are colour, and the index of alpha or -1. */
    uint16_t colours;
    int32_t alpha;
    bool is_premultiplied;
    bool is_float;
    bool is_inverted;
    bool is_palette;
    /* Each of 1 << bits entries, for palettes; 16 bits, or 8 where `is_small_palette`. */
    const uint16_t *palette[3];
    bool is_small_palette;
    /* Of the layout. */
    uint32_t channels;
    uint32_t out_bits;
} snug_tiff_form;

/* Takes `pixels` pixels of one row or tile row. `stride` samples lie between two pixels in `from`; `first` is the sample that
   `from` begins with, of `count` that it has for each pixel. */
void snug_tiff_take(
    const snug_tiff_form *form, const uint8_t *from, uint32_t pixels, uint16_t first, uint16_t count, uint8_t *to);

#endif
