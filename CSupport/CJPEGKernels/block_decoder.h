// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BLOCK_DECODER_H
#define SNUG_CJPEGKERNELS_BLOCK_DECODER_H

#include "bit_reader.h"

// What an AC code says when it and its value are longer than the index: an entry as in `fast`, 0 when there is no such code.
SNUG_BODY uint32_t slow_entry(const decode_table *table, uint64_t *bits, int32_t *count) {
    int32_t length = 0;
    int32_t symbol = snug_decode_table_slow_symbol(table, *bits, &length);
    if (symbol < 0) return 0;
    int32_t size = symbol & 15, run = symbol >> 4, value = 0;
    *bits <<= length;
    *count -= length;
    if (!size) return (run == 15 ? 16u : 64u) << 8;
    value = extended(*bits, size);
    *bits <<= size;
    *count -= size;
    return (uint32_t)(run + 1) << 8 | (uint32_t)(uint16_t)value << 16;
}

// Decodes a block of zeros in place, in zigzag or natural order. The caller sees to it that MOST_MCU_BYTES are readable.
SNUG_BODY bool decode_block(
    bit_reader *reader, const decode_table *dc, const decode_table *ac, bool is_natural, int32_t *prediction,
    int16_t *out) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    REFILL();
    uint32_t entry = dc->fast[bits >> (64 - DC_BITS)];
    int32_t difference = (int16_t)(entry >> 16);
    if (__builtin_expect(entry != 0, 1)) {
        TAKE(entry & 63);
    } else if (!slow_difference(dc, &bits, &count, &difference)) {
        return false;
    }
    *prediction = (int32_t)((uint32_t)*prediction + (uint32_t)difference);
    out[0] = (int16_t)*prediction;
    int32_t k = 0;
    for (;;) {
        REFILL();
        // Four lookups of at most 11 bits for each refill.
        for (int32_t i = 0; i < 4; i++) {
            entry = ac->fast[bits >> (64 - AC_BITS)];
            if (__builtin_expect(!entry, 0)) {
                REFILL();
                entry = slow_entry(ac, &bits, &count);
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
