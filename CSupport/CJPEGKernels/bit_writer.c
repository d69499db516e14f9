// SPDX-License-Identifier: Apache-2.0
#include "bit_writer.h"

#include <stdlib.h>

bool snug_writer_reserve(bit_writer *writer, size_t bytes) {
    if (writer->base && writer->capacity - writer->length >= bytes) return true;
    size_t capacity = writer->capacity + writer->capacity / 2;
    if (capacity < writer->length + bytes) capacity = writer->length + bytes;
    uint8_t *grown = realloc(writer->base, capacity);
    if (!grown) return false;
    writer->base = grown;
    writer->capacity = capacity;
    return true;
}

void snug_writer_finish(bit_writer *writer) {
    writer->stuffing = 0;
    if (!writer->base) return;
    if (writer->count) put(writer, (1u << (8 - writer->count)) - 1, 8 - writer->count);
    for (size_t i = 0; i < writer->length; i++) writer->stuffing += writer->base[i] == 0xFF;
}

void snug_writer_rewind(bit_writer *writer) {
    writer->length = writer->stuffing = 0;
    writer->bits = 0;
    writer->count = 0;
}

size_t snug_writer_size(const bit_writer *writer) { return writer->length + writer->stuffing; }

void snug_writer_copy(const bit_writer *writer, uint8_t *out) {
    if (!writer->base) return;
    const uint8_t *next = writer->base, *end = writer->base + writer->length;
    while (next < end) {
        const uint8_t *found = memchr(next, 0xFF, (size_t)(end - next));
        size_t run = (size_t)((found ? found + 1 : end) - next);
        memcpy(out, next, run);
        out += run;
        next += run;
        if (found) *out++ = 0;
    }
}
