// SPDX-License-Identifier: Apache-2.0
#include "stream_state.h"

#include <stdlib.h>

// Bytes without stuffing up to a marker. Sets `used` to the raw bytes behind it.
static size_t unstuffed(const uint8_t *bytes, size_t count, uint8_t *out, size_t *used) {
    size_t filled = 0, offset = 0;
    while (offset < count) {
        const uint8_t *found = memchr(bytes + offset, 0xFF, count - offset);
        size_t run = found ? (size_t)(found - (bytes + offset)) : count - offset;
        memcpy(out + filled, bytes + offset, run);
        filled += run;
        offset += run;
        if (!found) break;
        while (offset < count && bytes[offset] == 0xFF) offset++;
        uint8_t code = offset < count ? bytes[offset++] : 1;
        if (code) break;
        out[filled++] = 0xFF;
    }
    *used = offset;
    memset(out + filled, 0xFF, MOST_MCU_BYTES);
    return filled;
}

// Decodes what a decoder skips, into blocks that nobody reads.
static bool synchronise(const snug_stream *stream, bit_reader *reader, const uint8_t *until, const uint8_t *end) {
    int16_t scratch[MOST_BLOCKS_IN_MCU * SNUG_BLOCK_SIZE];
    int16_t *rows[SNUG_MAXIMUM_COMPONENTS];
    int16_t *next = scratch;
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        rows[c] = next;
        next += stream->layout.components[c].horizontal * stream->layout.components[c].vertical * SNUG_BLOCK_SIZE;
    }
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS] = {0}, ended = 0;
    while (reader->next < until) {
        bit_reader before = *reader;
        memset(predictions, 0, sizeof predictions);
        if (decode_mcu(stream, reader, SCAN_SEQUENTIAL, predictions, &ended, rows, 0, 1)) continue;
        // Out of step and into nonsense: once more a little further on.
        *reader = (bit_reader){before.next - (before.count >> 3) + 2, 0, 0};
    }
    return reader->next < end;
}

// What was decoded of a broken or cut MCU goes.
static void clear_mcu(const snug_stream *stream, int16_t *const *rows, int32_t mcu, int32_t capacity) {
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        size_t across = (size_t)stream->layout.components[c].horizontal;
        for (int32_t v = 0; v < stream->layout.components[c].vertical; v++) {
            int16_t *first = rows[c] + ((size_t)v * (size_t)capacity + (size_t)mcu) * across * SNUG_BLOCK_SIZE;
            memset(first, 0, across * SNUG_BLOCK_SIZE * sizeof(int16_t));
        }
    }
}

// Decodes MCUs up to `end`, behind those of earlier segments. Returns how many there are now.
static int32_t sample_segment(
    const snug_stream *stream, bit_reader reader, const uint8_t *end, int32_t mcus, int32_t capacity,
    int64_t wanted_bits, int16_t *const *rows, int64_t *bits) {
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS] = {0}, ended = 0;
    while (mcus < capacity && *bits < wanted_bits) {
        int64_t before = (end - reader.next) * 8 + reader.count;
        // Less than a byte is padding before a marker.
        if (before < 8) break;
        bool is_decoded =
            decode_mcu(stream, &reader, SCAN_SEQUENTIAL, predictions, &ended, rows, mcus, capacity);
        int64_t after = (end - reader.next) * 8 + reader.count;
        if (!is_decoded || after < 0) {
            clear_mcu(stream, rows, mcus, capacity);
            break;
        }
        *bits += before - after;
        mcus++;
    }
    return mcus;
}

int32_t snug_stream_sample(
    const snug_stream *stream, const uint8_t *bytes, size_t count, size_t skip, int32_t capacity, int64_t wanted_bits,
    int16_t *const *rows, int64_t *bits) {
    *bits = 0;
    if (stream->layout.is_progressive) return 0;
    uint8_t *buffer = malloc(count + 2 * MOST_MCU_BYTES);
    if (!buffer) return 0;
    int32_t mcus = 0;
    size_t offset = 0;
    bool is_in_step = skip == 0;
    while (offset < count && mcus < capacity && *bits < wanted_bits) {
        size_t used = 0;
        size_t filled = unstuffed(bytes + offset, count - offset, buffer, &used);
        const uint8_t *end = buffer + filled;
        bit_reader reader = {buffer, 0, 0};
        bool has_skipped = is_in_step;
        if (!is_in_step) {
            size_t skipped = skip < filled ? skip : filled;
            has_skipped = synchronise(stream, &reader, buffer + skipped, end);
            skip -= skipped;
        }
        if (has_skipped) mcus = sample_segment(stream, reader, end, mcus, capacity, wanted_bits, rows, bits);
        // The next bytes follow a marker, where a decoder is in step. Without restarts that is the end.
        if (!stream->layout.restart_interval) break;
        offset += used;
        is_in_step = true;
    }
    free(buffer);
    return mcus;
}
