// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_STREAM_STATE_H
#define SNUG_CJPEGKERNELS_STREAM_STATE_H

#include "band_decoder.h"
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
    // Blocks to come whose band has ended already, in a progressive AC scan.
    int32_t ended_blocks;
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

// What a scan's blocks are made of.
typedef enum scan_kind {
    SCAN_SEQUENTIAL, SCAN_SEQUENTIAL_NATURAL, SCAN_DC_FIRST, SCAN_DC_REFINEMENT, SCAN_AC_FIRST, SCAN_AC_REFINEMENT
} scan_kind;

// Decodes one MCU into blocks that are 0, or adds to what earlier scans gave. `ended` is the run of ended bands.
SNUG_BODY bool decode_mcu(
    const snug_stream *stream, bit_reader *reader, scan_kind kind, int32_t *predictions, int32_t *ended,
    int16_t *const *rows, int32_t column, int32_t mcus_across) {
    const snug_scan_band *band = &stream->layout.band;
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        const snug_stream_component *component = &stream->layout.components[c];
        const decode_table *dc = &stream->dc[component->dc_table], *ac = &stream->ac[component->ac_table];
        int32_t across = component->horizontal;
        for (int32_t v = 0; v < component->vertical; v++) {
            for (int32_t h = 0; h < across; h++) {
                size_t block = (size_t)v * (size_t)mcus_across * (size_t)across + (size_t)(column * across + h);
                int16_t *out = rows[c] + block * SNUG_BLOCK_SIZE;
                bool is_decoded = false;
                switch (kind) {
                case SCAN_SEQUENTIAL: is_decoded = decode_block(reader, dc, ac, false, &predictions[c], out); break;
                case SCAN_SEQUENTIAL_NATURAL: is_decoded = decode_block(reader, dc, ac, true, &predictions[c], out); break;
                case SCAN_DC_FIRST: is_decoded = decode_dc(reader, dc, band, &predictions[c], out); break;
                case SCAN_DC_REFINEMENT: is_decoded = refine_dc(reader, band, out); break;
                case SCAN_AC_FIRST: is_decoded = decode_band(reader, ac, band, ended, out); break;
                case SCAN_AC_REFINEMENT: is_decoded = refine_band(reader, ac, band, ended, out); break;
                }
                if (!is_decoded) return false;
                int32_t limit = component->dc_limit;
                if (limit && kind == SCAN_DC_REFINEMENT && (out[0] > limit || out[0] < -limit)) return false;
            }
        }
        int32_t limit = kind == SCAN_DC_FIRST ? (component->dc_limit >> band->low) + 1 : component->dc_limit;
        if (component->dc_limit && (predictions[c] > limit || predictions[c] < -limit)) return false;
    }
    return true;
}

#endif
