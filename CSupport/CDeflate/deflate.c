// SPDX-License-Identifier: Apache-2.0
#include "CDeflate.h"

#include <libdeflate.h>
#include <stdlib.h>

snug_deflate_status snug_deflate_zlib(const uint8_t *bytes, size_t count, int level, size_t byte_limit, uint8_t **result,
                                      size_t *result_count) {
    *result = NULL;
    *result_count = 0;
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    if (!compressor) return SNUG_DEFLATE_OUT_OF_MEMORY;
    size_t capacity = libdeflate_zlib_compress_bound(compressor, count);
    // The library gives up a few bytes before the end of its buffer.
    const size_t margin = 64;
    if (byte_limit < capacity) capacity = byte_limit + margin;
    snug_deflate_status status = SNUG_DEFLATE_OVER_LIMIT;
    uint8_t *output = capacity ? malloc(capacity) : NULL;
    if (capacity && !output) status = SNUG_DEFLATE_OUT_OF_MEMORY;
    if (output) {
        size_t written = libdeflate_zlib_compress(compressor, bytes, count, output, capacity);
        if (written && written <= byte_limit) {
            *result = output;
            *result_count = written;
            output = NULL;
            status = SNUG_DEFLATE_OK;
        }
    }
    free(output);
    libdeflate_free_compressor(compressor);
    return status;
}

void snug_deflate_free(uint8_t *bytes) { free(bytes); }

uint32_t snug_deflate_crc32(uint32_t value, const uint8_t *bytes, size_t count) {
    return libdeflate_crc32(value, bytes, count);
}

const char *snug_deflate_version(void) { return LIBDEFLATE_VERSION_STRING; }
