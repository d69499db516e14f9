// SPDX-License-Identifier: Apache-2.0
#include "coder_rows.h"

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

void snug_coder_run_row(
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
