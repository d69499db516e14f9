// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_H
#define SNUG_CJPEGKERNELS_H

#include "CKernels.h"

// JPEG in the coefficient domain: Huffman decoding, forward DCT, requantisation by rate and distortion, Huffman coding.
//
// These are inner loops: Swift reads the headers, chooses tables and writes the container. Blocks are 64 coefficients in
// zigzag order unless said. Functions with a level give the same result at every level. Whatever the input bytes are, no
// function reads or writes outside the memory it was given.

#pragma clang assume_nonnull begin

enum {
    SNUG_BLOCK_SIZE = 64,
    SNUG_ACTIVITY_CLASSES = 16,
    SNUG_MAXIMUM_COMPONENTS = 3,
    /// Tables of one output: see snug_table_role.
    SNUG_TABLE_COUNT = 7,
    /// Entries of a cost table: 64 runs of zeros by 16 sizes.
    SNUG_COST_COUNT = 1024,
    /// Bit streams of one output: DC, and three a component.
    SNUG_SCAN_STREAMS = 1 + 3 * SNUG_MAXIMUM_COMPONENTS,
};

// MARK: Huffman tables

/// A table as a DHT segment holds it: codes of each length, and the symbols in order of their codes.
typedef struct snug_huffman_spec {
    uint8_t counts[16];
    uint8_t symbols[256];
} snug_huffman_spec;

/// How a table is used. A sequential file has no refinements and all luma AC in AC_LUMA.
typedef enum __attribute__((enum_extensibility(closed))) snug_table_role {
    SNUG_DC_LUMA __attribute__((swift_name("dcLuma"))) = 0,
    SNUG_DC_CHROMA __attribute__((swift_name("dcChroma"))),
    SNUG_AC_LUMA __attribute__((swift_name("acLuma"))),
    SNUG_AC_LUMA_HIGH __attribute__((swift_name("acLumaHigh"))),
    SNUG_AC_LUMA_REFINEMENT __attribute__((swift_name("acLumaRefinement"))),
    SNUG_AC_CHROMA __attribute__((swift_name("acChroma"))),
    SNUG_AC_CHROMA_REFINEMENT __attribute__((swift_name("acChromaRefinement"))),
} snug_table_role;

/// A table to write with: `codes` are shifted left by the size of the symbol's magnitude, `lengths` include it.
typedef struct snug_code_table {
    uint32_t codes[256];
    uint8_t lengths[256];
    snug_huffman_spec spec;
} snug_code_table;

/// Optimal codes of at most 16 bits (ITU-T T.81 annex K.2 and K.3); symbols of frequency 0 get none.
void snug_code_table_make(const uint32_t frequencies[_Nonnull 256], snug_code_table *table);

// MARK: Reading an entropy-coded stream

typedef struct snug_stream snug_stream;

typedef enum __attribute__((enum_extensibility(closed))) snug_stream_status {
    SNUG_STREAM_OK __attribute__((swift_name("ok"))) = 0,
    /// More bytes are needed: feed, or end the input.
    SNUG_STREAM_NEEDS_INPUT __attribute__((swift_name("needsInput"))),
    /// The input ends before its blocks do.
    SNUG_STREAM_TRUNCATED __attribute__((swift_name("truncated"))),
    /// Codes that no table has, coefficients past the end of a block, values that no image has, restart markers out of order.
    SNUG_STREAM_DAMAGED __attribute__((swift_name("damaged"))),
    /// A layout or a table that cannot be used.
    SNUG_STREAM_UNSUPPORTED __attribute__((swift_name("unsupported"))),
    SNUG_STREAM_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
} snug_stream_status;

typedef struct snug_stream_component {
    int32_t horizontal, vertical;
    int32_t dc_table, ac_table;
    /// Largest magnitude of a DC coefficient that is not nonsense; 0 for any.
    int32_t dc_limit;
} snug_stream_component;

/// The part of the coefficients that a scan of a progressive file adds (T.81 G.1.1.1.1): places `first` to `last` in zigzag
/// order, from the bit above `high` (0 for the first scan of a band) down to bit `low`. All of them 0 for the DC scans with
/// full precision; places beyond 0 belong to a single component.
typedef struct snug_scan_band {
    int32_t first, last, high, low;
} snug_scan_band;

/// One scan of a Huffman file: of a sequential one, or of a progressive one. A single component has sampling factors of 1.
typedef struct snug_stream_layout {
    int32_t component_count;
    snug_stream_component components[SNUG_MAXIMUM_COMPONENTS];
    int32_t mcus_across, mcus_down;
    /// MCUs between restart markers; 0 for none.
    int32_t restart_interval;
    /// Rows get blocks in natural order; samples have them in zigzag order all the same. Sequential scans only.
    bool is_natural;
    /// The scan adds `band` to what its blocks hold from earlier scans.
    bool is_progressive;
    snug_scan_band band;
} snug_stream_layout;

/// `dc` and `ac` are four tables each, of which those are looked at that the scan uses. Returns NULL with a status when that cannot be decoded.
snug_stream *_Nullable snug_stream_create(
    const snug_stream_layout *layout, const snug_huffman_spec *dc, const snug_huffman_spec *ac,
    snug_stream_status *status);
void snug_stream_free(snug_stream *stream);
/// Back to the first MCU, with nothing fed.
void snug_stream_rewind(snug_stream *stream);
/// Takes raw bytes of the scan, stuffing and restart markers included. Returns how many were taken: fewer than given when the
/// buffer is full, a restart marker has to be reached first, or the scan has ended.
size_t snug_stream_feed(snug_stream *stream, const uint8_t *bytes, size_t count);
/// No more bytes will come.
void snug_stream_end_input(snug_stream *stream);
/// Decodes the next row of MCUs. `rows[c]` holds `vertical` rows of `mcus_across * horizontal` blocks, which a progressive
/// scan adds to. May be called again with the same memory after SNUG_STREAM_NEEDS_INPUT.
snug_stream_status snug_stream_read_row(
    snug_stream *stream, snug_kernel_level level, int16_t *_Nonnull const *_Nonnull rows);
/// After the last row: whole bytes that follow the last block, apart from padding of zeros or ones.
int64_t snug_stream_leftover(const snug_stream *stream);
/// Raw bytes behind the decoder.
int64_t snug_stream_position(const snug_stream *stream);

/// Decodes MCUs from anywhere in a stream: a decoder that starts at a wrong bit falls into step after a few MCUs.
/// `rows[c]` holds `vertical` rows of `capacity * horizontal` blocks, all 0. Skips `skip` raw bytes before the first MCU
/// that counts. Stops at `capacity` MCUs or after `wanted_bits`.
/// Returns the MCUs decoded and sets `bits` to what they took.
int32_t snug_stream_sample(
    const snug_stream *stream, const uint8_t *bytes, size_t count, size_t skip, int32_t capacity, int64_t wanted_bits,
    int16_t *_Nonnull const *_Nonnull rows, int64_t *bits);

/// Finds the marker that ends entropy-coded data: not stuffing, a restart or fill. Returns its offset, or `count` when
/// there is none (`count - 1` when the last byte is 0xFF).
size_t snug_scan_end(const uint8_t *bytes, size_t count);

// MARK: Quantising

/// How one component's coefficients become those of the output.
typedef struct snug_quantiser {
    /// Thresholds on magnitudes for each activity class: always kept, kept near others, kept beside others; or, greedy,
    /// always kept, unused, worth a look.
    int16_t thresholds[SNUG_ACTIVITY_CLASSES][3][SNUG_BLOCK_SIZE];
    int32_t costs[SNUG_COST_COUNT];
    int32_t lambdas[SNUG_ACTIVITY_CLASSES];
    /// Multiplies coefficients for the block's activity; 0 for DC.
    uint16_t units[SNUG_BLOCK_SIZE];
    /// 65536 times unit over step, at most 65535.
    uint16_t reciprocals[SNUG_BLOCK_SIZE];
    int32_t dc_numerator, dc_denominator;
    int32_t energy_shift;
    bool is_greedy;
} snug_quantiser;

/// Prepares a quantiser.
///
/// Coefficients come in units of `units[k]` (steps of the source), or of one eighth when `units` is NULL. `steps` are the
/// output's. `lambda` weighs bits against distortion, both relative to the step, at medium activity; `activity` is the
/// exponent by which busy blocks take a larger one. `costs` makes the quantiser greedy.
void snug_quantiser_prepare(
    snug_quantiser *quantiser, const uint16_t *_Nullable units, const uint16_t *steps, double lambda, double activity,
    const int32_t *_Nullable costs);

/// Costs in 1/256 bit of a coefficient of some size after a run of zeros, from frequencies of (run, size) symbols.
void snug_costs_make(const uint32_t frequencies[_Nonnull 256], int32_t costs[_Nonnull SNUG_COST_COUNT]);

// MARK: Coding

typedef struct snug_plane_layout {
    int32_t horizontal, vertical;
    /// Blocks that hold samples of the image; the others pad it to whole MCUs.
    int32_t blocks_across, blocks_down;
} snug_plane_layout;

typedef struct snug_coding_layout {
    int32_t component_count;
    snug_plane_layout components[SNUG_MAXIMUM_COMPONENTS];
    int32_t mcus_across;
    bool is_progressive;
} snug_coding_layout;

/// Frequencies of symbols, and bits that belong to none (EOB run lengths and correction bits).
typedef struct snug_symbol_counts {
    uint32_t frequencies[SNUG_TABLE_COUNT][256];
    uint64_t extra_bits;
} snug_symbol_counts;

typedef struct snug_coder snug_coder;

/// Quantises rows of MCUs and writes all scans of the output at once, or counts their symbols.
snug_coder *_Nullable snug_coder_create(const snug_coding_layout *layout);
void snug_coder_free(snug_coder *coder);
/// Back to an empty output.
void snug_coder_rewind(snug_coder *coder);
/// Before the first row that is written.
void snug_coder_set_tables(snug_coder *coder, const snug_code_table *tables);
/// Writes the next row of MCUs. `row` counts from 0. False when memory runs out.
bool snug_coder_write_row(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers,
    const int16_t *_Nonnull const *_Nonnull rows, int32_t row);
/// Counts the symbols that writing the row would take, added to `counts`.
void snug_coder_count_row(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers,
    const int16_t *_Nonnull const *_Nonnull rows, int32_t row, snug_symbol_counts *counts);
/// Counts the symbols of a run of `mcus` MCUs from the middle of an image, after those of an earlier run; `rows[c]` has room for
/// `capacity` MCUs. The first DC difference of each component is not known, and left out.
void snug_coder_count_sample(
    snug_coder *coder, snug_kernel_level level, const snug_quantiser *quantisers,
    const int16_t *_Nonnull const *_Nonnull rows, int32_t mcus, int32_t capacity, snug_symbol_counts *counts);
/// Ends a count: what is pending is added.
void snug_coder_finish_count(snug_coder *coder, snug_symbol_counts *counts);
/// Bytes written so far, without stuffing.
size_t snug_coder_byte_count(const snug_coder *coder);
typedef struct snug_coder_mark snug_coder_mark;
/// Remembers how far an output has come; NULL when memory runs out.
snug_coder_mark *_Nullable snug_coder_mark_create(const snug_coder *coder);
void snug_coder_mark_free(snug_coder_mark *mark);
/// Takes back what was written after a mark, the end of all scans included. The mark stays, and is void once the coder has been
/// rewound or a scan taken.
void snug_coder_go_back(snug_coder *coder, const snug_coder_mark *mark);
/// Ends all scans.
bool snug_coder_finish(snug_coder *coder);
/// After finish: bytes of a scan with stuffing. Streams: 0 DC or all; 1 + 3c + 0, 1, 2 the low band, high band and
/// refinement of component c.
size_t snug_coder_scan_size(const snug_coder *coder, int32_t stream);
/// Writes them and frees the scan, part by part; it is empty then.
void snug_coder_take_scan(snug_coder *coder, int32_t stream, uint8_t *out);

/// Adds weighted frequencies to sums: `sums[i] += weight * frequencies[i]` over all tables.
void snug_counts_accumulate(const snug_symbol_counts *counts, double weight, double *sums);
/// Bits that the counted symbols take with the given tables.
uint64_t snug_counts_bits(const snug_symbol_counts *counts, const snug_code_table *tables);

// MARK: Forward DCT

/// Transforms a row of `blocks` 8×8 blocks; coefficients come in eighths. `samples` begins at the first row of the blocks;
/// `width` samples of `height` rows are there, and the last ones are repeated past them.
void snug_forward_dct(
    snug_kernel_level level, const uint8_t *samples, size_t stride, int32_t width, int32_t height, int32_t blocks,
    int16_t *out);
/// Natural (row by row) order to zigzag, a row of blocks. In place is not allowed.
void snug_blocks_to_zigzag(const int16_t *natural, size_t blocks, int16_t *zigzag);
/// The other way round.
void snug_blocks_to_natural(const int16_t *zigzag, size_t blocks, int16_t *natural);

// MARK: Scaled inverse DCT

/// Transforms a row of `count` blocks in natural order into `down` rows of `count * across` samples.
///
/// A block becomes `across` by `down` samples: 1, 2, 4 or 8 give the means of its 8×8 samples, 3 and 6 what its lowest
/// frequencies give. Sides are equal, or 4 and 2, or 2 and 1 either way. `steps` multiply coefficients, in natural order.
/// Returns false for other sides, and writes nothing.
bool snug_scaled_inverse(
    snug_kernel_level level, const int16_t *blocks, const float steps[_Nonnull SNUG_BLOCK_SIZE], int32_t across,
    int32_t down, int32_t count, uint8_t *out, size_t stride);

// MARK: Turning

/// Moves a block's coefficients and changes signs: `out[k]` is that of place `places[k]`, negated where `masks[k]` is -1.
void snug_block_turn(
    const int16_t block[_Nonnull 64], const uint8_t places[_Nonnull 64], const int16_t masks[_Nonnull 64],
    int16_t out[_Nonnull 64]);

#pragma clang assume_nonnull end

#endif
