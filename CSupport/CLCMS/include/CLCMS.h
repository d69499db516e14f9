/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CLCMS_H
#define SNUG_CLCMS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

#ifdef __cplusplus
extern "C" {
#endif

typedef enum __attribute__((enum_extensibility(closed))) snug_colour_status {
    SNUG_COLOUR_OK __attribute__((swift_name("ok"))) = 0,
    /* The profile, or the numbers given instead of one, make no transform; the message says why. */
    SNUG_COLOUR_UNUSABLE __attribute__((swift_name("unusable"))),
    SNUG_COLOUR_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
} snug_colour_status;

typedef enum __attribute__((enum_extensibility(closed))) snug_colour_model {
    SNUG_COLOUR_GRAY __attribute__((swift_name("gray"))) = 0,
    SNUG_COLOUR_RGB __attribute__((swift_name("rgb"))),
    SNUG_COLOUR_CMYK __attribute__((swift_name("cmyk"))),
    /* 255 is no ink, as Adobe's JPEGs have it. */
    SNUG_COLOUR_INVERTED_CMYK __attribute__((swift_name("invertedCMYK"))),
} snug_colour_model;

/* One pixel of a source. CMYK has 8 bits and no alpha; 16-bit samples are in the machine's byte order. */
typedef struct snug_colour_layout {
    snug_colour_model model;
    int has_alpha;
    int is_sixteen_bit;
} snug_colour_layout;

/* A transform to 8-bit sRGB, or to gray with sRGB's tone curve for gray sources. It does not change once made, so any
 * number of threads may convert with one at the same time. */
typedef struct snug_colour_transform snug_colour_transform;

/* Room for the message of a failure, its zero included. */
#define SNUG_COLOUR_MESSAGE_SIZE 256

/* Makes a transform from an ICC profile, which is copied. On success *transform is the caller's, to be freed with
 * snug_colour_transform_free; on failure it is NULL and `message` (SNUG_COLOUR_MESSAGE_SIZE bytes) is set.
 * `memory_limit` bounds what Little CMS may hold while it builds, in bytes. */
snug_colour_status snug_colour_transform_from_profile(const uint8_t *profile, size_t profile_size,
                                                      snug_colour_layout layout, size_t memory_limit, char *message,
                                                      snug_colour_transform *_Nullable *_Nonnull transform);

/* The same from an exponent (light = sample ^ exponent) and the xy of white, red, green and blue, in that order.
 * Not for CMYK. */
snug_colour_status snug_colour_transform_from_primaries(double exponent, const double *chromaticities,
                                                        snug_colour_layout layout, size_t memory_limit,
                                                        char *message,
                                                        snug_colour_transform *_Nullable *_Nonnull transform);

/* Converts `pixel_count` pixels; alpha is carried over, reduced to 8 bits where it has 16. The rows must not overlap. */
void snug_colour_convert(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count);

void snug_colour_transform_free(snug_colour_transform *transform);

/* Reduces 16-bit samples to 8 bits, to the nearest. */
void snug_colour_reduce(const uint8_t *source, uint8_t *destination, size_t sample_count);

/* CMYK to RGB without a profile: each of R, G, B is (255 - ink) × (255 - black) / 255, to the nearest. */
void snug_colour_convert_plain_cmyk(const uint8_t *source, uint8_t *destination, size_t pixel_count, int is_inverted);

/* The version of Little CMS that is loaded: 2140 for 2.14. */
int snug_colour_library_version(void);

#ifdef __cplusplus
}
#endif

#pragma clang assume_nonnull end

#endif
