// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_STREAM_STATE_H
#define SNUG_CJPEGKERNELS_STREAM_STATE_H

#include "block_decoder.h"

enum {
    BUFFER_BYTES = 64 * 1024,
    MOST_BLOCKS_IN_MCU = 10,
    // An MCU of ten blocks whose codes and values all have the most bits, and a load past it.
    MOST_MCU_BYTES = MOST_BLOCKS_IN_MCU * 64 * (16 + 15) / 8 + 16,
};

struct snug_stream {
    snug_stream_layout layout;
    decode_table dc[4], ac[4];
    int32_t blocks_in_mcu;
    bit_reader reader;
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS];
    // Where the decoder is: MCU in its row, row, MCUs left before a restart.
    int32_t column, row, until_restart;
    int32_t next_restart;
    // Set when the input has a restart marker at its end: feeding continues after it is reached.
    bool is_at_restart;
    // No more bytes: the end of the input or a marker that ends the scan.
    bool has_ended;
    // A 0xFF whose second byte has not been fed yet.
    bool is_inside_marker;
    // More than one 0xFF came: fill bytes, which only a marker may follow.
    bool has_fill;
    int64_t leftover;
    int64_t fed;
    size_t filled;
    uint8_t buffer[BUFFER_BYTES + MOST_MCU_BYTES];
};

SNUG_BODY bool decode_mcu(
    const snug_stream *stream, bit_reader *reader, bool is_natural, int32_t *predictions, int16_t *const *rows,
    int32_t column, int32_t mcus_across) {
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        const snug_stream_component *component = &stream->layout.components[c];
        const decode_table *dc = &stream->dc[component->dc_table], *ac = &stream->ac[component->ac_table];
        int32_t across = component->horizontal;
        for (int32_t v = 0; v < component->vertical; v++) {
            for (int32_t h = 0; h < across; h++) {
                size_t block = (size_t)v * (size_t)mcus_across * (size_t)across + (size_t)(column * across + h);
                int16_t *out = rows[c] + block * SNUG_BLOCK_SIZE;
                if (!decode_block(reader, dc, ac, is_natural, &predictions[c], out)) return false;
            }
        }
        if (component->dc_limit
            && (predictions[c] > component->dc_limit || predictions[c] < -component->dc_limit)) return false;
    }
    return true;
}

#endif
