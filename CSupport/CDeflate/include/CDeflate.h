// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CDEFLATE_H
#define SNUG_CDEFLATE_H

#include <stddef.h>
#include <stdint.h>

// Compression of whole buffers by libdeflate: faster and smaller than zlib, but without streaming.

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_deflate_status {
    SNUG_DEFLATE_OK __attribute__((swift_name("ok"))) = 0,
    /// The compressed data would be larger than the limit.
    SNUG_DEFLATE_OVER_LIMIT __attribute__((swift_name("overLimit"))),
    SNUG_DEFLATE_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
} snug_deflate_status;

/// Compresses `count` bytes in zlib's format at a level of 1 to 12.
///
/// Holds at most `byte_limit` bytes of output. On `SNUG_DEFLATE_OK`, `result` is the data and `result_count` their
/// number; release them with `snug_deflate_free`.
snug_deflate_status snug_deflate_zlib(const uint8_t *bytes, size_t count, int level, size_t byte_limit,
                                      uint8_t *_Nullable *_Nonnull result, size_t *result_count);
void snug_deflate_free(uint8_t *_Nullable bytes);

/// The checksum of PNG chunks, continued from `value` (0 to begin).
uint32_t snug_deflate_crc32(uint32_t value, const uint8_t *bytes, size_t count);

/// The version that this was built with.
const char *snug_deflate_version(void);

#pragma clang assume_nonnull end

#endif
