// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BLOCK_CODER_H
#define SNUG_CJPEGKERNELS_BLOCK_CODER_H

#include "bit_writer.h"
#include "quantiser.h"

enum {
    // Most bytes that a block adds to a stream: 63 codes of 16 bits with 10 more each, one DC difference, and a flush.
    MOST_BLOCK_BYTES = 240,
    // Most bytes that ending a run of blocks takes: its code and the correction bits that wait behind it.
    MOST_FLUSH_BYTES = 512,
    // Correction bits that may wait; as many blocks at most.
    MOST_PENDING_BITS = 900,
    MOST_PENDING_BLOCKS = 1000,
    MOST_EOB_RUN = 0x7FFF,
};

// One scan of AC coefficients: its stream, and the blocks that end without another code.
typedef struct ac_scan {
    bit_writer writer;
    uint32_t eob_run;
    int32_t pending_blocks, pending_bits;
    uint64_t corrections[MOST_PENDING_BLOCKS];
    uint8_t correction_counts[MOST_PENDING_BLOCKS];
} ac_scan;

struct snug_coder {
    snug_coding_layout layout;
    const snug_code_table *tables;
    snug_code_table owned[SNUG_TABLE_COUNT];
    bit_writer dc;
    // Low band, high band and refinement of each component.
    ac_scan scans[SNUG_MAXIMUM_COMPONENTS][3];
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS];
    // Set once a component has a prediction: a run from the middle of an image has none at first.
    bool has_prediction[SNUG_MAXIMUM_COMPONENTS];
};

// What a row is written to, or counted into.
typedef struct sink {
    const snug_code_table *tables;
    snug_symbol_counts *counts;
} sink;

SNUG_BODY void put_symbol(
    bit_writer *writer, const sink *sink, int32_t table, int32_t symbol, uint32_t value, bool counts) {
    if (counts) {
        sink->counts->frequencies[table][symbol]++;
    } else {
        put(writer, sink->tables[table].codes[symbol] | value, sink->tables[table].lengths[symbol]);
    }
}

// The bits that follow a symbol of a size (T.81 F.1.2.1): negative values one less.
SNUG_BODY uint32_t magnitude_bits(int32_t value, int32_t size) {
    return (uint32_t)(value + (value >> 31)) & ((1u << size) - 1);
}

SNUG_BODY void put_sequential(
    bit_writer *writer, const sink *sink, int32_t table, const quantised *block, bool counts) {
    uint64_t left = block->kept;
    int32_t last = 0;
    while (left) {
        int32_t place = __builtin_ctzll(left);
        int32_t run = place - last - 1;
        left &= left - 1;
        last = place;
        while (__builtin_expect(run > 15, 0)) {
            put_symbol(writer, sink, table, 0xF0, 0, counts);
            run -= 16;
        }
        int32_t value = block->values[place], size = snug_bit_size(value);
        put_symbol(writer, sink, table, run << 4 | size, magnitude_bits(value, size), counts);
    }
    if (last < 63) put_symbol(writer, sink, table, 0, 0, counts);
}

SNUG_BODY void flush_eob_run(ac_scan *scan, const sink *sink, int32_t table, bool counts) {
    if (!scan->eob_run) return;
    int32_t size = snug_bit_size((int32_t)scan->eob_run) - 1;
    put_symbol(&scan->writer, sink, table, size << 4, 0, counts);
    if (counts) {
        sink->counts->extra_bits += (uint64_t)size;
    } else {
        put(&scan->writer, scan->eob_run - (1u << size), size);
        for (int32_t i = 0; i < scan->pending_blocks; i++) {
            put_long(&scan->writer, scan->corrections[i], scan->correction_counts[i]);
        }
    }
    scan->eob_run = 0;
    scan->pending_blocks = scan->pending_bits = 0;
}

// First pass over the places of a band, at half resolution (point transform 1).
SNUG_BODY void put_first(
    ac_scan *scan, const sink *sink, int32_t table, uint64_t places, const quantised *block, int32_t first,
    int32_t end, bool counts) {
    int32_t last = first - 1;
    uint64_t left = places;
    if (left) flush_eob_run(scan, sink, table, counts);
    while (left) {
        int32_t place = __builtin_ctzll(left);
        int32_t run = place - last - 1;
        left &= left - 1;
        last = place;
        while (__builtin_expect(run > 15, 0)) {
            put_symbol(&scan->writer, sink, table, 0xF0, 0, counts);
            run -= 16;
        }
        int32_t value = block->values[place];
        int32_t half = (value < 0 ? -value : value) >> 1, size = snug_bit_size(half);
        put_symbol(
            &scan->writer, sink, table, run << 4 | size, magnitude_bits(value < 0 ? -half : half, size), counts);
    }
    if (last < end && ++scan->eob_run == MOST_EOB_RUN) flush_eob_run(scan, sink, table, counts);
}

SNUG_BODY void put_corrections(ac_scan *scan, const sink *sink, uint64_t *bits, int32_t *count, bool counts) {
    if (counts) {
        sink->counts->extra_bits += (uint64_t)*count;
    } else if (*count) {
        put_long(&scan->writer, *bits, *count);
    }
    *bits = 0;
    *count = 0;
}

// Second pass: the last bit of all AC coefficients (T.81 G.1.2.3).
SNUG_BODY void put_refinement(ac_scan *scan, const sink *sink, int32_t table, const quantised *block, bool counts) {
    uint64_t left = block->kept, fresh = block->kept & ~block->large;
    int32_t last_fresh = fresh ? 63 - __builtin_clzll(fresh) : 0;
    int32_t last = 0, run = 0, correction_count = 0;
    uint64_t corrections = 0;
    while (left) {
        int32_t place = __builtin_ctzll(left);
        left &= left - 1;
        run += place - last - 1;
        last = place;
        while (__builtin_expect(run > 15 && place <= last_fresh, 0)) {
            flush_eob_run(scan, sink, table, counts);
            put_symbol(&scan->writer, sink, table, 0xF0, 0, counts);
            put_corrections(scan, sink, &corrections, &correction_count, counts);
            run -= 16;
        }
        if (block->large >> place & 1) {
            int32_t value = block->values[place];
            corrections = corrections << 1 | (uint64_t)((value < 0 ? -value : value) & 1);
            correction_count++;
            continue;
        }
        flush_eob_run(scan, sink, table, counts);
        put_symbol(&scan->writer, sink, table, run << 4 | 1, block->values[place] > 0, counts);
        put_corrections(scan, sink, &corrections, &correction_count, counts);
        run = 0;
    }
    if (last == 63 && !correction_count && run == 0) return;
    scan->eob_run++;
    if (counts) {
        sink->counts->extra_bits += (uint64_t)correction_count;
    } else if (correction_count) {
        scan->corrections[scan->pending_blocks] = corrections;
        scan->correction_counts[scan->pending_blocks++] = (uint8_t)correction_count;
    }
    scan->pending_bits += correction_count;
    if (scan->eob_run == MOST_EOB_RUN || scan->pending_bits > MOST_PENDING_BITS) {
        flush_eob_run(scan, sink, table, counts);
    }
}

SNUG_BODY void put_dc(
    snug_coder *coder, const sink *sink, int32_t component, int32_t value, bool counts) {
    int32_t difference = value - coder->predictions[component], size = snug_bit_size(difference);
    coder->predictions[component] = value;
    if (coder->has_prediction[component]) {
        int32_t table = component ? SNUG_DC_CHROMA : SNUG_DC_LUMA;
        put_symbol(&coder->dc, sink, table, size, magnitude_bits(difference, size), counts);
    }
    coder->has_prediction[component] = true;
}

#endif
