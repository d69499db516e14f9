// SPDX-License-Identifier: Apache-2.0
#include "coder_rows.h"

#include <stdlib.h>

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

static void forget_predictions(snug_coder *coder, bool has_prediction) {
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        coder->predictions[c] = 0;
        coder->has_prediction[c] = has_prediction;
    }
}

static void rewind_state(snug_coder *coder) {
    forget_predictions(coder, true);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) {
            coder->scans[c][s].eob_run = 0;
            coder->scans[c][s].pending_blocks = coder->scans[c][s].pending_bits = 0;
        }
    }
}

void snug_coder_rewind(snug_coder *coder) {
    rewind_state(coder);
    snug_writer_rewind(&coder->dc);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) snug_writer_rewind(&coder->scans[c][s].writer);
    }
}

void snug_coder_set_tables(snug_coder *coder, const snug_code_table *tables) {
    memcpy(coder->owned, tables, sizeof coder->owned);
    coder->tables = coder->owned;
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
            if (!snug_writer_reserve(&coder->scans[c][s].writer, blocks * MOST_BLOCK_BYTES + 2 * MOST_FLUSH_BYTES)) return false;
        }
    }
    size_t each = coder->layout.is_progressive ? 4 : MOST_BLOCK_BYTES;
    return snug_writer_reserve(&coder->dc, all * each + 2 * MOST_FLUSH_BYTES);
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
    snug_coder_run_row(coder, level, &sink, quantisers, rows, &extent);
    return true;
}

void snug_coder_count_row(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers, const int16_t *const *rows,
    int32_t row, snug_symbol_counts *counts) {
    sink sink = {.counts = counts};
    extent extent = row_extent(coder, row);
    snug_coder_run_row(coder, level, &sink, quantisers, rows, &extent);
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
    // Runs of blocks without a code go on in the next run of MCUs, as they would in the image: cut here they would be far
    // shorter than they are, and tables made for those would not suit them.
    forget_predictions(coder, false);
    snug_coder_run_row(coder, level, &sink, quantisers, rows, &extent);
}

void snug_coder_finish_count(snug_coder *coder, snug_symbol_counts *counts) {
    sink sink = {.counts = counts};
    flush_all(coder, &sink, true);
    rewind_state(coder);
}

size_t snug_coder_byte_count(const snug_coder *coder) {
    size_t sum = coder->dc.length;
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) sum += coder->scans[c][s].writer.length;
    }
    return sum;
}

// Streams only grow: a mark needs their lengths and the bits that wait, not their bytes.
struct snug_coder_mark {
    snug_coder coder;
};

snug_coder_mark *snug_coder_mark_create(const snug_coder *coder) {
    snug_coder_mark *mark = malloc(sizeof *mark);
    if (mark) mark->coder = *coder;
    return mark;
}

void snug_coder_mark_free(snug_coder_mark *mark) { free(mark); }

// The memory is the one of today, which has room for all that was there then.
static void keep_memory(bit_writer *then, const bit_writer *now) {
    then->base = now->base;
    then->capacity = now->capacity;
}

void snug_coder_go_back(snug_coder *coder, const snug_coder_mark *mark) {
    snug_coder then = mark->coder;
    keep_memory(&then.dc, &coder->dc);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) keep_memory(&then.scans[c][s].writer, &coder->scans[c][s].writer);
    }
    *coder = then;
}

bool snug_coder_finish(snug_coder *coder) {
    if (!coder->tables || !reserve_row(coder)) return false;
    sink sink = {.tables = coder->tables};
    flush_all(coder, &sink, false);
    snug_writer_finish(&coder->dc);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) {
        for (int32_t s = 0; s < 3; s++) snug_writer_finish(&coder->scans[c][s].writer);
    }
    return true;
}

static const bit_writer *writer_of(const snug_coder *coder, int32_t stream) {
    return stream <= 0 || stream >= SNUG_SCAN_STREAMS ? &coder->dc : &coder->scans[(stream - 1) / 3][(stream - 1) % 3].writer;
}

size_t snug_coder_scan_size(const snug_coder *coder, int32_t stream) {
    return snug_writer_size(writer_of(coder, stream));
}

void snug_coder_take_scan(snug_coder *coder, int32_t stream, uint8_t *out) {
    snug_writer_take((bit_writer *)writer_of(coder, stream), out);
}
