// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BIT_READER_H
#define SNUG_CJPEGKERNELS_BIT_READER_H

#include "decode_table.h"

// Bits of `bits` are left aligned; `count` of them are valid. `next` is the byte after those that are fully loaded.
typedef struct bit_reader {
    const uint8_t *next;
    uint64_t bits;
    int32_t count;
} bit_reader;

// The value of a magnitude (T.81 F.2.2.1); of no bits it is 0.
SNUG_BODY int32_t extended(uint64_t bits, int32_t size) {
    int32_t value = (int32_t)(bits >> (64 - size));
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

// At least 56 bits are there afterwards. The caller sees to it that 8 bytes are readable.
#define REFILL() \
    do { \
        bits |= snug_load_big_endian(next) >> count; \
        next += (63 - count) >> 3; \
        count |= 56; \
    } while (0)

#define TAKE(n) \
    do { \
        bits <<= (n); \
        count -= (n); \
    } while (0)

// The difference of a DC coefficient whose code and value are longer than the index; false when there is no such code.
SNUG_BODY bool slow_difference(const decode_table *table, uint64_t *bits, int32_t *count, int32_t *difference) {
    int32_t length = 0;
    int32_t size = snug_decode_table_slow_symbol(table, *bits, &length);
    if (size < 0) return false;
    *bits <<= length;
    *count -= length;
    *difference = 0;
    if (!size) return true;
    *difference = extended(*bits, size);
    *bits <<= size;
    *count -= size;
    return true;
}

// The difference of a DC coefficient; false when there is no such code. At least 31 bits are there.
SNUG_BODY bool take_difference(const decode_table *table, uint64_t *bits, int32_t *count, int32_t *difference) {
    uint32_t entry = table->fast[*bits >> (64 - DC_BITS)];
    if (__builtin_expect(!entry, 0)) return slow_difference(table, bits, count, difference);
    *difference = (int16_t)(entry >> 16);
    *bits <<= entry & 63;
    *count -= (int32_t)(entry & 63);
    return true;
}

// The entry, as in `fast` of a progressive scan, of an AC code that is longer than the index with its value; 0 when there
// is no such code. Sequential scans ignore the value of an end. `found` is what the index says.
SNUG_BODY uint32_t slow_entry(const decode_table *table, uint32_t found, uint64_t *bits, int32_t *count) {
    int32_t length = (int32_t)(found >> 8 & 31), symbol = (int32_t)(found >> 16);
    if (!found) {
        symbol = snug_decode_table_slow_symbol(table, *bits, &length);
        if (symbol < 0) return 0;
    }
    int32_t size = symbol & 15, run = symbol >> 4;
    *bits <<= length;
    *count -= length;
    if (!size) return run == 15 ? 16u << 8 : 64u << 8 | (uint32_t)run << 16;
    int32_t value = extended(*bits, size);
    *bits <<= size;
    *count -= size;
    return (uint32_t)(run + 1) << 8 | (uint32_t)(uint16_t)value << 16;
}

#endif
