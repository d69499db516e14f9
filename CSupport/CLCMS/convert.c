/* SPDX-License-Identifier: Apache-2.0 */
#include "transform.h"

#include <string.h>

/* round(sample × 255 / 65535), exact for every sample. */
static inline uint8_t reduced(uint16_t sample) { return (uint8_t)(((uint32_t)sample * 255 + 32895) >> 16); }

static inline uint16_t load16(const uint8_t *bytes) {
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Alpha is not colour: Little CMS leaves the extra channel alone, and it is copied here. */
static void copy_alpha(snug_colour_layout layout, const uint8_t *source, uint8_t *destination, size_t pixel_count) {
    size_t colours = layout.model == SNUG_COLOUR_GRAY ? 1 : 3;
    size_t step = colours + 1;
    if (layout.is_sixteen_bit) {
        for (size_t x = 0; x < pixel_count; x++) {
            destination[x * step + colours] = reduced(load16(source + (x * step + colours) * 2));
        }
    } else {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step + colours] = source[x * step + colours];
    }
}

static void convert_gray(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count) {
    const uint8_t *table = transform->gray_table;
    size_t step = transform->layout.has_alpha ? 2 : 1;
    if (transform->layout.is_sixteen_bit) {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step] = table[load16(source + x * step * 2)];
    } else {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step] = table[source[x * step]];
    }
}

static void convert_colour(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                           size_t pixel_count) {
    snug_colour_layout layout = transform->layout;
    if (transform->has_shaper) {
        snug_matrix_shaper_convert(&transform->shaper, source, destination, pixel_count, layout.has_alpha);
        return;
    }
    size_t source_bytes = layout.model == SNUG_COLOUR_RGB && !layout.has_alpha ? 3 : 4;
    if (layout.is_sixteen_bit) source_bytes *= 2;
    size_t destination_bytes = layout.has_alpha ? 4 : 3;
    while (pixel_count > 0) {
        size_t count = pixel_count < 65536 ? pixel_count : 65536; /* Little CMS counts in 32 bits */
        cmsDoTransform(transform->transform, source, destination, (cmsUInt32Number)count);
        source += count * source_bytes;
        destination += count * destination_bytes;
        pixel_count -= count;
    }
}

void snug_colour_convert(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count) {
    if (transform->layout.model == SNUG_COLOUR_GRAY) {
        convert_gray(transform, source, destination, pixel_count);
    } else {
        convert_colour(transform, source, destination, pixel_count);
    }
    if (transform->layout.has_alpha) copy_alpha(transform->layout, source, destination, pixel_count);
}

void snug_colour_reduce(const uint8_t *source, uint8_t *destination, size_t sample_count) {
    for (size_t i = 0; i < sample_count; i++) destination[i] = reduced(load16(source + i * 2));
}

void snug_colour_convert_plain_cmyk(const uint8_t *source, uint8_t *destination, size_t pixel_count, int is_inverted) {
    uint32_t flip = is_inverted ? 0 : 255;
    for (size_t x = 0; x < pixel_count; x++) {
        uint32_t light = source[x * 4 + 3] ^ flip;
        for (size_t c = 0; c < 3; c++) {
            uint32_t product = (source[x * 4 + c] ^ flip) * light + 128;
            destination[x * 3 + c] = (uint8_t)((product + (product >> 8)) >> 8);
        }
    }
}
