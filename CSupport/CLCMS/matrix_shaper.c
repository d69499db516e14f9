/* SPDX-License-Identifier: Apache-2.0 */
#include "matrix_shaper.h"

#include <lcms2_plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 65536 };

static const cmsTagSignature curve_tags[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
static const cmsTagSignature colorant_tags[3] = {cmsSigRedColorantTag, cmsSigGreenColorantTag, cmsSigBlueColorantTag};

int snug_matrix_shaper_suits(cmsHPROFILE source) {
    /* Tables, where a profile has them too, go before curves and matrix. */
    static const cmsTagSignature tables[] = {cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigDToB0Tag, cmsSigDToB1Tag};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (cmsIsTag(source, tables[i])) return 0;
    }
    if (!cmsIsMatrixShaper(source) || cmsGetPCS(source) != cmsSigXYZData) return 0;
    for (int c = 0; c < 3; c++) {
        const cmsToneCurve *curve = cmsReadTag(source, curve_tags[c]);
        /* A lifted black is for black-point compensation, which is not done here. */
        if (curve == NULL || !(fabsf(cmsEvalToneCurveFloat(curve, 0)) < 1e-4f)) return 0;
    }
    return 1;
}

/* Columns are the colorants: light of the three channels to XYZ. */
static int read_matrix(cmsHPROFILE profile, cmsMAT3 *matrix) {
    for (int c = 0; c < 3; c++) {
        const cmsCIEXYZ *colorant = cmsReadTag(profile, colorant_tags[c]);
        if (colorant == NULL) return 0;
        matrix->v[0].n[c] = colorant->X;
        matrix->v[1].n[c] = colorant->Y;
        matrix->v[2].n[c] = colorant->Z;
    }
    return 1;
}

static int fill_matrix(snug_matrix_shaper *shaper, cmsHPROFILE source, cmsHPROFILE destination) {
    cmsMAT3 to_xyz, from_xyz, inverse, product;
    if (!read_matrix(source, &to_xyz) || !read_matrix(destination, &from_xyz)) return 0;
    if (!_cmsMAT3inverse(&from_xyz, &inverse)) return 0;
    _cmsMAT3per(&product, &inverse, &to_xyz);
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) shaper->matrix[r][c] = (float)product.v[r].n[c];
    }
    return 1;
}

static int fill_curves(snug_matrix_shaper *shaper, cmsHPROFILE source) {
    for (int c = 0; c < 3; c++) {
        const cmsToneCurve *curve = cmsReadTag(source, curve_tags[c]);
        float *table = malloc(LEVELS * sizeof(float));
        shaper->linear[c] = table;
        if (curve == NULL || table == NULL) return 0;
        for (int i = 0; i < LEVELS; i++) table[i] = cmsEvalToneCurveFloat(curve, (float)i / (LEVELS - 1));
        if (c > 0 && memcmp(table, shaper->linear[0], LEVELS * sizeof(float)) == 0) {
            free(table);
            shaper->linear[c] = shaper->linear[0];
        }
    }
    return 1;
}

/* IEC 61966-2-1. A step of light is at most 0.05 of a code value. */
static int fill_encoding(snug_matrix_shaper *shaper) {
    shaper->encoding = malloc(LEVELS);
    if (shaper->encoding == NULL) return 0;
    for (int i = 0; i < LEVELS; i++) {
        double light = (double)i / (LEVELS - 1);
        double sample = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
        shaper->encoding[i] = (uint8_t)(sample * 255 + 0.5);
    }
    return 1;
}

int snug_matrix_shaper_fill(snug_matrix_shaper *shaper, cmsHPROFILE source, cmsHPROFILE destination) {
    return fill_matrix(shaper, source, destination) && fill_curves(shaper, source) && fill_encoding(shaper);
}

/* The index of a light; written so that what is no number becomes 0. */
static inline uint32_t level(float light) {
    float scaled = light * (LEVELS - 1) + 0.5f;
    return scaled > 0 ? (scaled < LEVELS - 1 ? (uint32_t)scaled : LEVELS - 1) : 0;
}

void snug_matrix_shaper_convert(const snug_matrix_shaper *shaper, const uint8_t *source, uint8_t *destination,
                                size_t pixel_count, int has_alpha) {
    size_t step = has_alpha ? 4 : 3;
    for (size_t x = 0; x < pixel_count; x++) {
        uint16_t samples[3];
        memcpy(samples, source + x * step * 2, sizeof samples);
        float red = shaper->linear[0][samples[0]];
        float green = shaper->linear[1][samples[1]];
        float blue = shaper->linear[2][samples[2]];
        for (size_t c = 0; c < 3; c++) {
            const float *row = shaper->matrix[c];
            destination[x * step + c] = shaper->encoding[level(row[0] * red + row[1] * green + row[2] * blue)];
        }
    }
}

void snug_matrix_shaper_clear(snug_matrix_shaper *shaper) {
    for (int c = 2; c >= 0; c--) {
        if (c == 0 || shaper->linear[c] != shaper->linear[0]) free(shaper->linear[c]);
    }
    free(shaper->encoding);
}
