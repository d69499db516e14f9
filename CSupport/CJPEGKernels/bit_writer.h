// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BIT_WRITER_H
#define SNUG_CJPEGKERNELS_BIT_WRITER_H

#include "internal.h"

// A bit stream without stuffing. `bits` are left aligned; fewer than 8 wait.
typedef struct bit_writer {
    uint8_t *base;
    size_t capacity;
    size_t length;
    uint64_t bits;
    int32_t count;
    // Bytes of 0xFF, each of which gets a zero behind it; known once the stream has ended.
    size_t stuffing;
} bit_writer;

// `length` of at most 56 bits; of 0 bits the value is 0.
SNUG_BODY void put(bit_writer *writer, uint64_t value, int32_t length) {
    writer->bits |= value << ((64 - writer->count - length) & 63);
    writer->count += length;
    snug_store_big_endian(writer->base + writer->length, writer->bits);
    int32_t bytes = writer->count >> 3;
    writer->length += (size_t)bytes;
    writer->bits <<= bytes * 8;
    writer->count &= 7;
}

SNUG_BODY void put_long(bit_writer *writer, uint64_t value, int32_t length) {
    if (length > 32) {
        put(writer, value >> (length - 32) & 0xFFFFFFFFu, 32);
        length -= 32;
    }
    put(writer, value & ((1ull << length) - 1), length);
}

// Room for more bytes behind those written; false when memory runs out.
bool snug_writer_reserve(bit_writer *writer, size_t bytes);
// Pads the last byte with ones.
void snug_writer_finish(bit_writer *writer);
void snug_writer_rewind(bit_writer *writer);
// Bytes of a finished stream with stuffing.
size_t snug_writer_size(const bit_writer *writer);
// Writes a finished stream with stuffing to `out` and frees it.
void snug_writer_take(bit_writer *writer, uint8_t *out);

#endif
