/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_JPEG_REFERENCE_H
#define SNUG_JPEG_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* libjpeg as its own examples use it, for tests that compare ours with it. Nothing here is shared with CJPEG. */

/* The planes of an image, rows without padding. */
typedef struct snug_test_planes {
    int32_t count;
    int32_t widths[3], heights[3];
    const uint8_t *_Nullable samples[3];
} snug_test_planes;

/* The samples of one component as stored. False when the file does not decode or `capacity` is too small. */
bool snug_test_jpeg_plane(
    const uint8_t *bytes, size_t count, int32_t component, uint8_t *samples, size_t capacity, int32_t *width,
    int32_t *height);

/* The quantised coefficients of all components in natural order. Returns how many, 0 when the file does not decode. */
size_t snug_test_jpeg_coefficients(const uint8_t *bytes, size_t count, int16_t *coefficients, size_t capacity);

/* Encodes planes at a quality, baseline with optimal Huffman tables. The caller frees `bytes`. */
size_t snug_test_jpeg_encode(
    const snug_test_planes *planes, int32_t quality, uint8_t *_Nullable *_Nonnull bytes);
void snug_test_jpeg_free(uint8_t *_Nullable bytes);

/* libjpeg's quantisation table for a quality: 64 divisors in natural order. */
void snug_test_jpeg_table(int32_t quality, bool is_chroma, uint16_t *values);

#pragma clang assume_nonnull end

#endif
