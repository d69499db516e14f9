// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CWEBP_H
#define SNUG_CWEBP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Plain calls over libwebp: one image in memory in, one out. Containers (metadata, animations) are not its concern.

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_webp_status {
    SNUG_WEBP_OK __attribute__((swift_name("ok"))) = 0,
    /// The bitstream contradicts its format.
    SNUG_WEBP_CORRUPT __attribute__((swift_name("corrupt"))),
    /// The data end before the image does.
    SNUG_WEBP_TRUNCATED __attribute__((swift_name("truncated"))),
    SNUG_WEBP_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
    /// The output would be larger than its limit.
    SNUG_WEBP_OVER_LIMIT __attribute__((swift_name("overLimit"))),
    SNUG_WEBP_CANCELLED __attribute__((swift_name("cancelled"))),
    /// The caller's sizes do not suit the image, or the library has no such setting.
    SNUG_WEBP_MISUSE __attribute__((swift_name("misuse"))),
} snug_webp_status;

// MARK: Reading

/// What a bitstream says about itself.
typedef struct snug_webp_features {
    int32_t width;
    int32_t height;
    bool has_alpha;
    bool is_lossless;
} snug_webp_features;

/// Reads the header of a file or of an image's chunks.
snug_webp_status snug_webp_read_features(const uint8_t *bytes, size_t count, snug_webp_features *features);

/// Decodes to RGBA (4 channels) or RGB (3) in memory of the caller's: `height` rows, `stride` bytes apart.
///
/// On `SNUG_WEBP_TRUNCATED` and `SNUG_WEBP_CORRUPT`, `rows` whole rows were written.
snug_webp_status snug_webp_decode(const uint8_t *bytes, size_t count, int channels, uint8_t *out, size_t stride,
                                  int32_t width, int32_t height, int32_t *rows);

// MARK: Writing

/// What of the pixels is encoded.
typedef enum __attribute__((enum_extensibility(closed))) snug_webp_part {
    SNUG_WEBP_WHOLE __attribute__((swift_name("whole"))) = 0,
    /// The lossy image without its alpha, which decides what transparent areas hold.
    SNUG_WEBP_COLOUR __attribute__((swift_name("colour"))),
    /// A lossy image of one gray and the alpha of the pixels.
    SNUG_WEBP_ALPHA __attribute__((swift_name("alpha"))),
} snug_webp_part;

typedef struct snug_webp_settings {
    snug_webp_part part;
    int32_t width;
    int32_t height;
    /// 3 or 4.
    int32_t channels;
    bool is_lossless;
    /// 0 to 100, 100 for none: how much a lossless image is smoothed first.
    int32_t near_lossless;
    /// 0 to 100: looks for lossy images, effort for lossless ones.
    float quality;
    /// 0 (fast) to 6.
    int32_t method;
    /// 0 to 100.
    int32_t alpha_quality;
    /// Slower conversion to 4:2:0 that keeps coloured edges.
    bool uses_sharp_yuv;
    size_t byte_limit;
    bool (*_Nullable is_cancelled)(void *_Nullable context);
    void *_Nullable context;
} snug_webp_settings;

/// Encodes pixels; release `result` with `snug_webp_free`.
snug_webp_status snug_webp_encode(const snug_webp_settings *settings, const uint8_t *pixels, size_t stride,
                                  uint8_t *_Nullable *_Nonnull result, size_t *result_count);
void snug_webp_free(uint8_t *_Nullable bytes);

/// The version of the loaded library, as `major << 16 | minor << 8 | revision`.
int32_t snug_webp_version(void);

#pragma clang assume_nonnull end

#endif
