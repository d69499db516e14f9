// SPDX-License-Identifier: Apache-2.0
#include "bit_writer.h"

#include <stdlib.h>
#include <sys/mman.h>

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

/* Gives whole pages of a buffer's inside back before the buffer is freed: a copy then takes no memory of its own. The
   allocator's notes lie before its first page's end and behind its last one. */
static void give_back(uint8_t *from, const uint8_t *to) {
    const uintptr_t page = 4096;
    uintptr_t first = ((uintptr_t)from + page - 1) & ~(page - 1), last = (uintptr_t)to & ~(page - 1);
    if (last > first) madvise((void *)first, last - first, MADV_DONTNEED);
}

void snug_writer_take(bit_writer *writer, uint8_t *out) {
    enum { PART = 1 << 18 };
    if (!writer->base) return;
    uint8_t *next = writer->base, *end = writer->base + writer->length, *kept = writer->base + 1;
    while (next < end) {
        const uint8_t *found = memchr(next, 0xFF, (size_t)(end - next));
        size_t run = (size_t)((found ? found + 1 : end) - next);
        memcpy(out, next, run);
        out += run;
        next += run;
        if (found) *out++ = 0;
        if (next - kept >= PART) {
            give_back(kept, next);
            kept = next;
        }
    }
    free(writer->base);
    *writer = (bit_writer){0};
}
