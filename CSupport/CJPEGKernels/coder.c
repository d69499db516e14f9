// SPDX-License-Identifier: Apache-2.0
#include "quantiser.h"

#include <stdlib.h>

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

// A bit stream without stuffing. `bits` are left aligned; fewer than 8 wait.
typedef struct bit_writer {
    uint8_t *base;
    size_t capacity;
    size_t length;
    uint64_t bits;
    int32_t count;
} bit_writer;

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
    const snug_code_table *_Nullable tables;
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

// The part of a row of MCUs that is there: a whole row of the image, or a run from its middle.
typedef struct extent {
    int32_t mcus, capacity;
    int32_t across[SNUG_MAXIMUM_COMPONENTS], down[SNUG_MAXIMUM_COMPONENTS];
} extent;

SNUG_BODY const int16_t *block_at(
    const snug_plane_layout *plane, const extent *extent, const int16_t *blocks, int32_t row, int32_t column) {
    size_t across = (size_t)extent->capacity * (size_t)plane->horizontal;
    return blocks + ((size_t)row * across + (size_t)column) * SNUG_BLOCK_SIZE;
}

SNUG_BODY void sequential_row(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent, bool counts) {
    quantised block;
    for (int32_t x = 0; x < extent->mcus; x++) {
        for (int32_t c = 0; c < coder->layout.component_count; c++) {
            const snug_plane_layout *plane = &coder->layout.components[c];
            const snug_quantiser *quantiser = &quantisers[c];
            for (int32_t v = 0; v < plane->vertical; v++) {
                for (int32_t h = 0; h < plane->horizontal; h++) {
                    int32_t column = x * plane->horizontal + h;
                    int32_t table = c ? SNUG_AC_CHROMA : SNUG_AC_LUMA;
                    if (column >= extent->across[c] || v >= extent->down[c]) {
                        // Padding: as cheap as it gets.
                        put_dc(coder, sink, c, coder->predictions[c], counts);
                        put_symbol(&coder->dc, sink, table, 0, 0, counts);
                        continue;
                    }
                    const int16_t *coefficients = block_at(plane, extent, rows[c], v, column);
                    put_dc(coder, sink, c, quantise_dc(coefficients[0], quantiser), counts);
                    quantise_block(coefficients, quantiser, false, &block);
                    put_sequential(&coder->dc, sink, table, &block, counts);
                }
            }
        }
    }
}

SNUG_BODY void progressive_dc_row(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent, bool counts) {
    for (int32_t x = 0; x < extent->mcus; x++) {
        for (int32_t c = 0; c < coder->layout.component_count; c++) {
            const snug_plane_layout *plane = &coder->layout.components[c];
            for (int32_t v = 0; v < plane->vertical; v++) {
                for (int32_t h = 0; h < plane->horizontal; h++) {
                    int32_t column = x * plane->horizontal + h;
                    bool is_padding = column >= extent->across[c] || v >= extent->down[c];
                    int32_t value = coder->predictions[c];
                    if (!is_padding) {
                        value = quantise_dc(block_at(plane, extent, rows[c], v, column)[0], &quantisers[c]);
                    }
                    put_dc(coder, sink, c, value, counts);
                }
            }
        }
    }
}

SNUG_BODY void progressive_row(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent, bool counts) {
    // Places 1 to 5, the low band of luma.
    const uint64_t low = 0x3E;
    quantised block;
    progressive_dc_row(coder, sink, quantisers, rows, extent, counts);
    for (int32_t c = 0; c < coder->layout.component_count; c++) {
        const snug_plane_layout *plane = &coder->layout.components[c];
        ac_scan *scans = coder->scans[c];
        for (int32_t v = 0; v < extent->down[c]; v++) {
            for (int32_t column = 0; column < extent->across[c]; column++) {
                quantise_block(block_at(plane, extent, rows[c], v, column), &quantisers[c], true, &block);
                if (c == 0) {
                    put_first(&scans[0], sink, SNUG_AC_LUMA, block.large & low, &block, 1, 5, counts);
                    put_first(&scans[1], sink, SNUG_AC_LUMA_HIGH, block.large & ~low, &block, 6, 63, counts);
                    put_refinement(&scans[2], sink, SNUG_AC_LUMA_REFINEMENT, &block, counts);
                } else {
                    put_first(&scans[0], sink, SNUG_AC_CHROMA, block.large, &block, 1, 63, counts);
                    put_refinement(&scans[2], sink, SNUG_AC_CHROMA_REFINEMENT, &block, counts);
                }
            }
        }
    }
}

SNUG_BODY void any_row(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent) {
    // Four bodies, so that no inner loop asks what it is for.
    if (coder->layout.is_progressive) {
        if (sink->counts) {
            progressive_row(coder, sink, quantisers, rows, extent, true);
        } else {
            progressive_row(coder, sink, quantisers, rows, extent, false);
        }
    } else if (sink->counts) {
        sequential_row(coder, sink, quantisers, rows, extent, true);
    } else {
        sequential_row(coder, sink, quantisers, rows, extent, false);
    }
}

static void row_portable(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent) {
    any_row(coder, sink, quantisers, rows, extent);
}

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static void row_avx2(
    snug_coder *coder, const sink *sink, const snug_quantiser *quantisers, const int16_t *const *rows,
    const extent *extent) {
    any_row(coder, sink, quantisers, rows, extent);
}
#endif

static void run_row(
    snug_coder *coder, snug_kernel_level level, const sink *sink, const snug_quantiser *quantisers,
    const int16_t *const *rows, const extent *extent) {
#if SNUG_HAS_AVX2
    if (level == SNUG_KERNEL_AVX2) {
        row_avx2(coder, sink, quantisers, rows, extent);
        return;
    }
#endif
    (void)level;
    row_portable(coder, sink, quantisers, rows, extent);
}

// MARK: Entry points

snug_coder *snug_coder_create(const snug_coding_layout *layout) {
    if (layout->component_count < 1 || layout->component_count > SNUG_MAXIMUM_COMPONENTS) return NULL;
    snug_coder *coder = calloc(1, sizeof *coder);
    if (!coder) return NULL;
    coder->layout = *layout;
    snug_coder_rewind(coder);
    return coder;
}

void snug_coder_free(snug_coder *coder) {
    free(coder->dc.base);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) free(coder->scans[c][s].writer.base);
    }
    free(coder);
}

static void rewind_writer(bit_writer *writer) {
    writer->length = 0;
    writer->bits = 0;
    writer->count = 0;
}

static void rewind_state(snug_coder *coder, bool has_prediction) {
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        coder->predictions[c] = 0;
        coder->has_prediction[c] = has_prediction;
        for (int32_t s = 0; s < 3; s++) {
            coder->scans[c][s].eob_run = 0;
            coder->scans[c][s].pending_blocks = coder->scans[c][s].pending_bits = 0;
        }
    }
}

void snug_coder_rewind(snug_coder *coder) {
    rewind_state(coder, true);
    rewind_writer(&coder->dc);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) rewind_writer(&coder->scans[c][s].writer);
    }
}

void snug_coder_set_tables(snug_coder *coder, const snug_code_table *tables) {
    memcpy(coder->owned, tables, sizeof coder->owned);
    coder->tables = coder->owned;
}

static bool reserve(bit_writer *writer, size_t bytes) {
    if (writer->base && writer->capacity - writer->length >= bytes) return true;
    size_t capacity = writer->capacity + writer->capacity / 2;
    if (capacity < writer->length + bytes) capacity = writer->length + bytes;
    uint8_t *grown = realloc(writer->base, capacity);
    if (!grown) return false;
    writer->base = grown;
    writer->capacity = capacity;
    return true;
}

// Room for whatever a row of blocks may become.
static bool reserve_row(snug_coder *coder) {
    size_t all = 0;
    for (int32_t c = 0; c < coder->layout.component_count; c++) {
        const snug_plane_layout *plane = &coder->layout.components[c];
        size_t blocks = (size_t)coder->layout.mcus_across * (size_t)(plane->horizontal * plane->vertical);
        all += blocks;
        if (!coder->layout.is_progressive) continue;
        for (int32_t s = 0; s < 3; s++) {
            if (!reserve(&coder->scans[c][s].writer, blocks * MOST_BLOCK_BYTES + 2 * MOST_FLUSH_BYTES)) return false;
        }
    }
    size_t each = coder->layout.is_progressive ? 4 : MOST_BLOCK_BYTES;
    return reserve(&coder->dc, all * each + 2 * MOST_FLUSH_BYTES);
}

static extent row_extent(const snug_coder *coder, int32_t row) {
    extent result = {.mcus = coder->layout.mcus_across, .capacity = coder->layout.mcus_across};
    for (int32_t c = 0; c < coder->layout.component_count; c++) {
        const snug_plane_layout *plane = &coder->layout.components[c];
        int32_t across = coder->layout.mcus_across * plane->horizontal;
        int32_t down = plane->blocks_down - row * plane->vertical;
        result.across[c] = plane->blocks_across < across ? plane->blocks_across : across;
        result.down[c] = down < 0 ? 0 : down < plane->vertical ? down : plane->vertical;
    }
    return result;
}

bool snug_coder_write_row(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers, const int16_t *const *rows,
    int32_t row) {
    if (!coder->tables || !reserve_row(coder)) return false;
    sink sink = {.tables = coder->tables};
    extent extent = row_extent(coder, row);
    run_row(coder, level, &sink, quantisers, rows, &extent);
    return true;
}

void snug_coder_count_row(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers, const int16_t *const *rows,
    int32_t row, snug_symbol_counts *counts) {
    sink sink = {.counts = counts};
    extent extent = row_extent(coder, row);
    run_row(coder, level, &sink, quantisers, rows, &extent);
}

// Ends the runs of all scans.
static void flush_all(snug_coder *coder, const sink *sink, bool counts) {
    if (!coder->layout.is_progressive) return;
    for (int32_t c = 0; c < coder->layout.component_count; c++) {
        flush_eob_run(&coder->scans[c][0], sink, c ? SNUG_AC_CHROMA : SNUG_AC_LUMA, counts);
        if (c == 0) flush_eob_run(&coder->scans[c][1], sink, SNUG_AC_LUMA_HIGH, counts);
        flush_eob_run(&coder->scans[c][2], sink, c ? SNUG_AC_CHROMA_REFINEMENT : SNUG_AC_LUMA_REFINEMENT, counts);
    }
}

void snug_coder_count_sample(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers, const int16_t *const *rows,
    int32_t mcus, int32_t capacity, snug_symbol_counts *counts) {
    sink sink = {.counts = counts};
    extent extent = {.mcus = mcus, .capacity = capacity};
    for (int32_t c = 0; c < coder->layout.component_count; c++) {
        extent.across[c] = mcus * coder->layout.components[c].horizontal;
        extent.down[c] = coder->layout.components[c].vertical;
    }
    rewind_state(coder, false);
    run_row(coder, level, &sink, quantisers, rows, &extent);
    // The run would have gone on: what is pending is left out.
    rewind_state(coder, true);
}

void snug_coder_finish_count(snug_coder *coder, snug_symbol_counts *counts) {
    sink sink = {.counts = counts};
    flush_all(coder, &sink, true);
    rewind_state(coder, true);
}

size_t snug_coder_byte_count(const snug_coder *coder) {
    size_t sum = coder->dc.length;
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) sum += coder->scans[c][s].writer.length;
    }
    return sum;
}

// Pads the last byte with ones.
static void finish_writer(bit_writer *writer) {
    if (writer->base && writer->count) put(writer, (1u << (8 - writer->count)) - 1, 8 - writer->count);
}

bool snug_coder_finish(snug_coder *coder) {
    if (!coder->tables || !reserve_row(coder)) return false;
    sink sink = {.tables = coder->tables};
    flush_all(coder, &sink, false);
    finish_writer(&coder->dc);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) finish_writer(&coder->scans[c][s].writer);
    }
    return true;
}

static const bit_writer *writer_of(const snug_coder *coder, int32_t stream) {
    return stream <= 0 || stream >= SNUG_SCAN_STREAMS ? &coder->dc : &coder->scans[(stream - 1) / 3][(stream - 1) % 3].writer;
}

size_t snug_coder_scan_size(const snug_coder *coder, int32_t stream) {
    const bit_writer *writer = writer_of(coder, stream);
    size_t size = writer->length;
    for (size_t i = 0; i < writer->length; i++) size += writer->base[i] == 0xFF;
    return size;
}

void snug_coder_copy_scan(const snug_coder *coder, int32_t stream, uint8_t *out) {
    const bit_writer *writer = writer_of(coder, stream);
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
