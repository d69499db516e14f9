// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CGIF_H
#define SNUG_CGIF_H

#include <stddef.h>
#include <stdint.h>

// One call over giflib: the colour indexes of one frame. Frames are found and composed elsewhere.

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_gif_status {
    SNUG_GIF_OK __attribute__((swift_name("ok"))) = 0,
    /// The compressed data contradict their format.
    SNUG_GIF_CORRUPT __attribute__((swift_name("corrupt"))),
    /// The data end before the frame does.
    SNUG_GIF_TRUNCATED __attribute__((swift_name("truncated"))),
    SNUG_GIF_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
} snug_gif_status;

/// Decodes the first frame of a GIF in memory.
///
/// `indexes` takes the upper left `columns` × `rows` of it, in the order in which they are shown. On `SNUG_GIF_CORRUPT` and
/// `SNUG_GIF_TRUNCATED`, `decoded` lines of the frame were decoded, in the order in which they are stored.
snug_gif_status snug_gif_decode(const uint8_t *bytes, size_t count, int32_t columns, int32_t rows, uint8_t *indexes,
                                int32_t *decoded);

/// The version of the library that this was built with, such as "5.2.1".
const char *snug_gif_version(void);

#pragma clang assume_nonnull end

#endif
