// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BLOCK_DECODER_H
#define SNUG_CJPEGKERNELS_BLOCK_DECODER_H

#include "bit_reader.h"

// Decodes a block of zeros in place, in zigzag or natural order. The caller sees to it that MOST_MCU_BYTES are readable.
SNUG_BODY bool decode_block(
    bit_reader *reader, const decode_table *dc, const decode_table *ac, bool is_natural, int32_t *prediction,
    int16_t *out) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    REFILL();
    int32_t difference;
    if (!take_difference(dc, &bits, &count, &difference)) return false;
    *prediction = (int32_t)((uint32_t)*prediction + (uint32_t)difference);
    out[0] = (int16_t)*prediction;
    int32_t k = 0;
    uint32_t entry;
    for (;;) {
        REFILL();
        // Four lookups of at most 11 bits for each refill.
        for (int32_t i = 0; i < 4; i++) {
            entry = ac->fast[bits >> (64 - AC_BITS)];
            if (__builtin_expect(!(entry & 63), 0)) {
                REFILL();
                entry = slow_entry(ac, entry, &bits, &count);
                if (!entry) return false;
                i = 4;
            } else {
                TAKE(entry & 63);
            }
            k += (int32_t)(entry >> 8 & 127);
            if (__builtin_expect(k >= 63, 0)) goto end;
            out[is_natural ? SNUG_ZIGZAG[k] : k] = (int16_t)(entry >> 16);
        }
    }
end:
    // A block ends by filling its last place or by its end code; anything else runs past it.
    if (k == 63) {
        out[63] = (int16_t)(entry >> 16);
    } else if ((entry >> 8 & 127) != 64) {
        return false;
    }
    *reader = (bit_reader){next, bits, count};
    return true;
}

#endif
