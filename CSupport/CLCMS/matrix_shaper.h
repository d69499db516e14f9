/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_MATRIX_SHAPER_H
#define SNUG_MATRIX_SHAPER_H

#include <lcms2.h>
#include <stddef.h>
#include <stdint.h>

/* 16-bit RGB through tone curves and a matrix to 8-bit sRGB: what Little CMS does exactly but at 5 megapixels a second,
 * or fast but inexactly. Does not change once made. */
typedef struct snug_matrix_shaper {
    uint8_t *encoding;    /* light, in steps of 1/65535, to a sample of sRGB */
    float *linear[3];     /* a sample to light; all three are the same table where the curves are equal */
    float matrix[3][3];
} snug_matrix_shaper;

/* Whether the profile is nothing but three curves, three colorants and a true black. */
int snug_matrix_shaper_suits(cmsHPROFILE source);

/* Fills `shaper`, which is zero; snug_matrix_shaper_clear frees what it holds, whether this succeeded or not.
 * Returns 0 when memory ran out. */
int snug_matrix_shaper_fill(snug_matrix_shaper *shaper, cmsHPROFILE source, cmsHPROFILE destination);

/* Converts pixels of three samples, with alpha as a fourth that is left alone when `has_alpha`. */
void snug_matrix_shaper_convert(const snug_matrix_shaper *shaper, const uint8_t *source, uint8_t *destination,
                                size_t pixel_count, int has_alpha);

void snug_matrix_shaper_clear(snug_matrix_shaper *shaper);

#endif
