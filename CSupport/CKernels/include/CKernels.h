// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CKERNELS_H
#define SNUG_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Inner loops over pixels. Functions with a choice of instruction set take it as an argument, so that nothing here is
// global and tests can compare the sets; all of them give the same bytes. Nothing allocates, fails or keeps a pointer. The
// caller guarantees the sizes: each function says how many samples it reads and writes.

#pragma clang assume_nonnull begin

/// An instruction set that the kernels are written for.
typedef enum __attribute__((enum_extensibility(closed))) snug_kernel_level {
    /// Plain C: SSE2 or NEON where the target has them.
    SNUG_KERNEL_PORTABLE __attribute__((swift_name("portable"))) = 0,
    SNUG_KERNEL_AVX2 __attribute__((swift_name("avx2"))),
} snug_kernel_level;

/// The fastest level that this processor runs. A higher level than this one is an illegal instruction.
snug_kernel_level snug_kernel_best_level(void);

// MARK: Resampling
//
// Weights are fixed point with 14 fractional bits, and those of one output sum to exactly 1 << 14. Between the two passes
// samples are 16 bits wide with 6 fractional bits: Lanczos overshoots by 27 % at most, which still fits.

enum {
    SNUG_WEIGHT_BITS = 14,
    SNUG_INTERMEDIATE_BITS = 6,
    /// Samples that must be readable after the last one that a weight applies to.
    SNUG_SOURCE_PADDING = 16,
};

/// How the samples along one axis are weighted; shared by all rows.
typedef struct snug_axis_weights {
    /// For each output, the first source pixel.
    const int32_t *starts;
    /// For each output, `taps` weights; unused ones at the end are 0.
    const int16_t *weights;
    /// Weights of one output: a multiple of 16 for one channel, of 4 for more.
    int32_t taps;
    /// Outputs.
    int32_t count;
} snug_axis_weights;

/// Resamples one row of `channels` (1–4) interleaved 8-bit samples to intermediates, `axis.count * channels` of them.
/// Reads up to `SNUG_SOURCE_PADDING` samples after the last weighted pixel.
void snug_resample_row_u8(snug_kernel_level level, const uint8_t *source, int channels, snug_axis_weights axis,
                          int16_t *out);

/// Resamples one row likewise, from samples that already have `SNUG_INTERMEDIATE_BITS` fractional bits.
void snug_resample_row_s16(snug_kernel_level level, const int16_t *source, int channels, snug_axis_weights axis,
                           int16_t *out);

/// Rows of intermediates, the oldest overwritten by the newest.
typedef struct snug_row_ring {
    const int16_t *rows;
    /// Samples from row to row.
    size_t stride;
    /// Rows.
    int32_t slots;
    /// The slot of the first row that is weighted; the others follow it, wrapping.
    int32_t first;
} snug_row_ring;

/// Weights `taps` (even) rows into `count` samples of 8 bits, rounded and clamped.
void snug_weigh_rows_u8(snug_kernel_level level, snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                        uint8_t *out);

/// Weights `taps` (even) rows into `count` sums with `SNUG_WEIGHT_BITS + SNUG_INTERMEDIATE_BITS` fractional bits.
void snug_weigh_rows_s32(snug_kernel_level level, snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                         int32_t *out);

/// Multiplies colour by the last of `channels` (2 or 4) samples, to intermediates.
void snug_premultiply_row(snug_kernel_level level, const uint8_t *pixels, int channels, size_t count, int16_t *out);

/// Divides the colour of what ``snug_weigh_rows_s32`` made by its last channel, rounded and clamped to 8 bits. Where
/// alpha rounds to 0 all samples are 0.
void snug_unpremultiply_row(const int32_t *sums, int channels, size_t count, uint8_t *out);

// MARK: Row conversions; `count` is in pixels of the output

/// JFIF's full-range BT.601 luma and chroma of `channels` (3 or 4, the fourth ignored) interleaved samples.
void snug_rgb_to_ycbcr(snug_kernel_level level, const uint8_t *pixels, int channels, size_t count, uint8_t *luma,
                       uint8_t *cb, uint8_t *cr);

/// Lays pixels of `channels` (2 or 4, the last is alpha) on an opaque colour; writes one channel less.
void snug_flatten_row(snug_kernel_level level, const uint8_t *pixels, int channels, const uint8_t *background,
                      size_t count, uint8_t *out);

/// Averages neighbours in a row of `width` samples to `(width + 1) / 2`; the last of an odd row stands alone.
/// Halves round up and down in turn, so that the plane as a whole becomes neither lighter nor darker.
void snug_halve_horizontally(snug_kernel_level level, const uint8_t *row, size_t width, uint8_t *out);

/// Averages two rows of `count` samples, rounding in turn.
void snug_halve_vertically(snug_kernel_level level, const uint8_t *upper, const uint8_t *lower, size_t count,
                           uint8_t *out);

/// Averages squares of 2 × 2 samples of two rows to `(width + 1) / 2`, rounding in turn.
void snug_halve_both(snug_kernel_level level, const uint8_t *upper, const uint8_t *lower, size_t width, uint8_t *out);

// MARK: Turning

/// Reverses the order of `count` pixels of `channels` (1–4) samples; `out` does not overlap `row`.
void snug_mirror_row(snug_kernel_level level, const uint8_t *row, int channels, size_t count, uint8_t *out);

/// Samples of an image in memory; `stride` may be negative, `samples` is then the last row.
typedef struct snug_source_plane {
    const uint8_t *samples;
    ptrdiff_t stride;
    size_t width;
    size_t height;
} snug_source_plane;

/// Makes columns of rows: pixel (x, y) goes to row x, column y of `out`, which is `source.height` pixels wide.
/// A negative `out_stride` writes rows upwards from `out`.
void snug_transpose(snug_source_plane source, int channels, uint8_t *out, ptrdiff_t out_stride);

// MARK: PNG rows

/// Filters a row by one of PNG's five filters; `above` is the row before it, zeros for the first.
void snug_png_filter_row(int filter, const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes,
                         uint8_t *out);

/// Filters a row so that the fewest distinct pairs of neighbouring bytes are left, and returns the filter.
/// `scratch` has room for a row.
int snug_png_filter_row_by_pairs(const uint8_t *row, const uint8_t *above, size_t count, size_t pixel_bytes,
                                 uint8_t *scratch, uint8_t *out);

enum {
    /// Bytes that must be readable after a row and after the one above it.
    SNUG_UNFILTER_PADDING = 8,
};

/// Undoes PNG filter 0 to 4 in place. `above` is the row before it without its filter, zeros for the first; `pixel_bytes` is 1,
/// 2, 3, 4, 6 or 8, and `count` a multiple of it.
void snug_png_unfilter_row(snug_kernel_level level, int filter, uint8_t *row, const uint8_t *above, size_t count,
                           size_t pixel_bytes);

/// A row to be rounded.
typedef struct snug_rounding {
    size_t width;
    /// 1 to 4; the last of 2 and 4 is alpha.
    int channels;
    /// Residuals become multiples of it, so that samples are off by half of it at most: 2 to 64.
    int step;
} snug_rounding;

/// Rounds the samples of a row so that the residuals of a filter are multiples of a step, and returns the filter, 1 to 4, that
/// leaves the smallest. Wholly opaque and wholly transparent stay so; the colours of the latter become what is predicted.
/// `above` is the row before it as it was rounded, zeros for the first; `scratch` has room for two rows.
int snug_png_round_row(snug_kernel_level level, snug_rounding rounding, const uint8_t *row, const uint8_t *above,
                       uint8_t *rounded, uint8_t *residuals, uint8_t *scratch);

/// Packs `count` values of 1, 2 or 4 bits, one a byte, into `(count * bits + 7) / 8` bytes.
void snug_png_pack_row(const uint8_t *indices, size_t count, int bits, uint8_t *out);

// MARK: Palettes

/// A colour of an image and how often it comes; an empty slot has no count.
typedef struct snug_colour_count {
    /// `alpha << 24 | blue << 16 | green << 8 | red`, the lowest bits cut where colours are grouped.
    uint32_t colour;
    uint32_t count;
    /// Sums of what was cut, red to alpha: at most 15 for each pixel.
    uint32_t rest[4];
} snug_colour_count;

/// Counts the colours of an image of 1 to 4 channels in a zeroed hash table of `1 << slot_bits` slots.
/// `shift` (0 to 4) low bits of each sample are cut. Returns how many there are, -1 when more than `most`, which is less
/// than the number of slots.
int64_t snug_count_colours(snug_source_plane source, int channels, int shift, snug_colour_count *slots, int slot_bits,
                           size_t most);

/// A colour in the space that distances are measured in: premultiplied, weighted, alpha last.
void snug_weigh_colour(const uint8_t *rgba, float *out);

enum { SNUG_PALETTE_ENTRIES = 256, SNUG_PALETTE_CACHE_BITS = 16 };

/// A palette in both spaces.
typedef struct snug_palette {
    int32_t count;
    /// `SNUG_PALETTE_ENTRIES` weighted samples of each channel; those after the last entry are far away from any colour.
    const float *colours;
    /// Four bytes for each entry.
    const uint8_t *rgba;
} snug_palette;

/// The nearest entries of `count` weighted colours of four floats each.
void snug_assign_colours(snug_kernel_level level, snug_palette palette, const float *colours, size_t count,
                         uint8_t *out);

/// The entries of colours that came before: `1 << SNUG_PALETTE_CACHE_BITS` slots. Begins zeroed; belongs to one palette.
typedef struct snug_palette_cache {
    uint64_t *keys;
    uint8_t *indices;
} snug_palette_cache;

/// Replaces the pixels of a row by their nearest entries.
void snug_map_row(snug_kernel_level level, snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                  int channels, size_t width, uint8_t *out);

/// The same with errors diffused (Floyd and Steinberg) in the direction given. `errors` and `next` have
/// `(width + 2) * 4` floats: what the row before left for this one, and what this one leaves.
void snug_dither_row(snug_kernel_level level, snug_palette palette, snug_palette_cache cache, const uint8_t *row,
                     int channels, size_t width, bool backwards, float *errors, float *next, uint8_t *out);

// MARK: Looks

enum { SNUG_LOOKS_TILE = 128, SNUG_LOOKS_SCRATCH = 128 * 128 * 6 };

/// The outputs that are ranked: any, or one image's at different chroma resolutions, which fine detail tells apart.
typedef enum __attribute__((enum_extensibility(closed))) snug_looks_weighting {
    SNUG_LOOKS_GENERAL __attribute__((swift_name("general"))) = 0,
    SNUG_LOOKS_CHROMA __attribute__((swift_name("chroma"))),
} snug_looks_weighting;

/// How visible the differences between two images of 8-bit samples are, over one tile: 0 for none.
/// Both have 1 to 4 channels, alpha is laid on gray. `scratch` has `SNUG_LOOKS_SCRATCH` floats; sides are at most
/// `SNUG_LOOKS_TILE`.
double snug_visible_difference(snug_looks_weighting weighting, const uint8_t *one, size_t one_stride, int one_channels,
                               const uint8_t *other, size_t other_stride, int other_channels, size_t width,
                               size_t height, float *scratch);

#pragma clang assume_nonnull end

#endif
