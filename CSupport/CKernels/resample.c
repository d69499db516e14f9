// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// The alpha path keeps colour at 16 bits where the opaque one starts from 8, so only the shift after weighing differs.
enum { SHIFT_FROM_U8 = SNUG_WEIGHT_BITS - SNUG_INTERMEDIATE_BITS, SHIFT_FROM_S16 = SNUG_WEIGHT_BITS };
enum { SHIFT_TO_U8 = SNUG_WEIGHT_BITS + SNUG_INTERMEDIATE_BITS };

// MARK: Portable

SNUG_BODY int16_t intermediate(int32_t sum, int shift) {
    return (int16_t)snug_clamp((sum + (1 << (shift - 1))) >> shift, INT16_MIN, INT16_MAX);
}

// Defines NAME##_from, which resamples outputs `first` and later of a row of SAMPLEs. Channels are constants inside, so
// that one vector holds a pixel's sums.
#define SNUG_DEFINE_ROW(NAME, SAMPLE, SHIFT) \
    SNUG_BODY void NAME(const SAMPLE *source, const int channels, snug_axis_weights axis, int32_t first, \
                        int16_t *out) { \
        for (int32_t i = first; i < axis.count; i++) { \
            const SAMPLE *pixel = source + (ptrdiff_t)axis.starts[i] * channels; \
            const int16_t *weights = axis.weights + (ptrdiff_t)i * axis.taps; \
            int32_t sums[4] = {0}; \
            for (int32_t t = 0; t < axis.taps; t++) { \
                for (int c = 0; c < channels; c++) sums[c] += pixel[t * channels + c] * weights[t]; \
            } \
            for (int c = 0; c < channels; c++) { \
                out[(ptrdiff_t)i * channels + c] = intermediate(sums[c], SHIFT); \
            } \
        } \
    } \
    static void NAME##_from(const SAMPLE *source, int channels, snug_axis_weights axis, int32_t first, \
                            int16_t *out) { \
        switch (channels) { \
        case 1: NAME(source, 1, axis, first, out); break; \
        case 2: NAME(source, 2, axis, first, out); break; \
        case 3: NAME(source, 3, axis, first, out); break; \
        default: NAME(source, 4, axis, first, out); break; \
        } \
    }

SNUG_DEFINE_ROW(row_u8, uint8_t, SHIFT_FROM_U8)
SNUG_DEFINE_ROW(row_s16, int16_t, SHIFT_FROM_S16)

// Columns in blocks that stay in registers while the rows go by.
enum { COLUMNS = 32 };

SNUG_BODY void weigh_columns(snug_row_ring ring, const int16_t *weights, int taps, size_t x, size_t columns,
                             int32_t *sums) {
    for (size_t i = 0; i < columns; i++) sums[i] = 0;
    int32_t slot = ring.first;
    for (int t = 0; t < taps; t++) {
        const int16_t *row = ring.rows + (size_t)slot * ring.stride + x;
        const int32_t weight = weights[t];
        for (size_t i = 0; i < columns; i++) sums[i] += row[i] * weight;
        if (++slot == ring.slots) slot = 0;
    }
}

SNUG_BODY void store_u8(const int32_t *sums, size_t columns, uint8_t *out) {
    for (size_t i = 0; i < columns; i++) {
        out[i] = (uint8_t)snug_clamp((sums[i] + (1 << (SHIFT_TO_U8 - 1))) >> SHIFT_TO_U8, 0, UINT8_MAX);
    }
}

static void weigh_u8_portable(snug_row_ring ring, const int16_t *weights, int taps, size_t from, size_t count,
                              uint8_t *out) {
    int32_t sums[COLUMNS];
    size_t x = from;
    for (; x + COLUMNS <= count; x += COLUMNS) {
        weigh_columns(ring, weights, taps, x, COLUMNS, sums);
        store_u8(sums, COLUMNS, out + x);
    }
    weigh_columns(ring, weights, taps, x, count - x, sums);
    store_u8(sums, count - x, out + x);
}

static void weigh_s32_portable(snug_row_ring ring, const int16_t *weights, int taps, size_t from, size_t count,
                               int32_t *out) {
    size_t x = from;
    for (; x + COLUMNS <= count; x += COLUMNS) weigh_columns(ring, weights, taps, x, COLUMNS, out + x);
    weigh_columns(ring, weights, taps, x, count - x, out + x);
}

// MARK: AVX2

#if SNUG_HAS_AVX2

// The eight sums of eight vectors, in order.
SNUG_TARGET_AVX2 SNUG_BODY __m256i sums_of_eight(const __m256i v[8]) {
    const __m256i low = _mm256_hadd_epi32(_mm256_hadd_epi32(v[0], v[1]), _mm256_hadd_epi32(v[2], v[3]));
    const __m256i high = _mm256_hadd_epi32(_mm256_hadd_epi32(v[4], v[5]), _mm256_hadd_epi32(v[6], v[7]));
    return _mm256_add_epi32(_mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

// 16 taps at once for each of eight outputs. `taps` is a constant for the usual ratios, so that its loop is unrolled.
SNUG_TARGET_AVX2 SNUG_BODY int32_t gray_u8(const uint8_t *source, snug_axis_weights axis, const int32_t taps,
                                           int16_t *out) {
    const __m256i half = _mm256_set1_epi32(1 << (SHIFT_FROM_U8 - 1));
    int32_t i = 0;
    for (; i + 8 <= axis.count; i += 8) {
        __m256i sums[8];
        for (int k = 0; k < 8; k++) {
            const uint8_t *pixel = source + axis.starts[i + k];
            const int16_t *weights = axis.weights + (ptrdiff_t)(i + k) * taps;
            sums[k] = _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)pixel)),
                                        _mm256_loadu_si256((const __m256i *)weights));
            for (int32_t t = 16; t < taps; t += 16) {
                const __m256i samples = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(pixel + t)));
                const __m256i w = _mm256_loadu_si256((const __m256i *)(weights + t));
                sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(samples, w));
            }
        }
        const __m256i sum = _mm256_srai_epi32(_mm256_add_epi32(sums_of_eight(sums), half), SHIFT_FROM_U8);
        const __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        _mm_storeu_si128((__m128i *)(out + i), packed);
    }
    return i;
}

SNUG_TARGET_AVX2 static int32_t gray_u8_any(const uint8_t *source, snug_axis_weights axis, int16_t *out) {
    switch (axis.taps) {
    case 16: return gray_u8(source, axis, 16, out);
    case 32: return gray_u8(source, axis, 32, out);
    case 48: return gray_u8(source, axis, 48, out);
    default: return gray_u8(source, axis, axis.taps, out);
    }
}

// Two neighbouring pixels side by side for each channel, in each half.
SNUG_TARGET_AVX2 SNUG_BODY __m256i pairs_u8(const int channels) {
    if (channels == 3) {
        return _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,
                                6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
    }
    return _mm256_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1,
                            8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1);
}

// Four weights: the first two for each channel of the lower half, the others of the upper.
SNUG_TARGET_AVX2 SNUG_BODY __m256i four_weights(const int16_t *weights) {
    int64_t four;
    memcpy(&four, weights, sizeof four);
    const __m256i spread = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
                                            4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
    return _mm256_shuffle_epi8(_mm256_set1_epi64x(four), spread);
}

SNUG_TARGET_AVX2 SNUG_BODY void store_pixel(__m256i sums, const int shift, int16_t *out) {
    const __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    const __m128i rounded = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << (shift - 1))), shift);
    _mm_storel_epi64((__m128i *)out, _mm_packs_epi32(rounded, rounded));
}

// Four taps at once. Each pixel is stored as four samples, so the last of three-channel ones is left to the caller.
SNUG_TARGET_AVX2 SNUG_BODY int32_t colour_u8(const uint8_t *source, const int channels, snug_axis_weights axis,
                                             int16_t *out) {
    const __m256i pairs = pairs_u8(channels);
    const int32_t count = channels == 4 ? axis.count : axis.count - 1;
    for (int32_t i = 0; i < count; i++) {
        const uint8_t *pixel = source + (ptrdiff_t)axis.starts[i] * channels;
        const int16_t *weights = axis.weights + (ptrdiff_t)i * axis.taps;
        __m256i sums = _mm256_setzero_si256();
        for (int32_t t = 0; t < axis.taps; t += 4) {
            const __m128i four = _mm_loadu_si128((const __m128i *)(pixel + t * channels));
            const __m256i samples = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(four), pairs);
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(samples, four_weights(weights + t)));
        }
        store_pixel(sums, SHIFT_FROM_U8, out + (ptrdiff_t)i * channels);
    }
    return count;
}

SNUG_TARGET_AVX2 static int32_t colour_s16(const int16_t *source, snug_axis_weights axis, int16_t *out) {
    const __m256i pairs = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15,
                                           0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    for (int32_t i = 0; i < axis.count; i++) {
        const int16_t *pixel = source + (ptrdiff_t)axis.starts[i] * 4;
        const int16_t *weights = axis.weights + (ptrdiff_t)i * axis.taps;
        __m256i sums = _mm256_setzero_si256();
        for (int32_t t = 0; t < axis.taps; t += 4) {
            const __m256i four = _mm256_loadu_si256((const __m256i *)(pixel + t * 4));
            const __m256i products = _mm256_madd_epi16(_mm256_shuffle_epi8(four, pairs), four_weights(weights + t));
            sums = _mm256_add_epi32(sums, products);
        }
        store_pixel(sums, SHIFT_FROM_S16, out + (ptrdiff_t)i * 4);
    }
    return axis.count;
}

SNUG_TARGET_AVX2 static int32_t row_u8_avx2(const uint8_t *source, int channels, snug_axis_weights axis,
                                            int16_t *out) {
    switch (channels) {
    case 1: return gray_u8_any(source, axis, out);
    case 3: return colour_u8(source, 3, axis, out);
    case 4: return colour_u8(source, 4, axis, out);
    default: return 0;
    }
}

// 32 columns of all rows, two rows at once, as four vectors in the order that unpacking leaves.
SNUG_TARGET_AVX2 SNUG_BODY void weigh_32(snug_row_ring ring, const int16_t *weights, int taps, size_t x,
                                         __m256i sums[4]) {
    int32_t slot = ring.first;
    for (int i = 0; i < 4; i++) sums[i] = _mm256_setzero_si256();
    for (int t = 0; t < taps; t += 2) {
        const int16_t *upper = ring.rows + (size_t)slot * ring.stride + x;
        if (++slot == ring.slots) slot = 0;
        const int16_t *lower = ring.rows + (size_t)slot * ring.stride + x;
        if (++slot == ring.slots) slot = 0;
        int32_t pair;
        memcpy(&pair, weights + t, sizeof pair);
        const __m256i weight = _mm256_set1_epi32(pair);
        for (int i = 0; i < 2; i++) {
            const __m256i a = _mm256_loadu_si256((const __m256i *)(upper + 16 * i));
            const __m256i b = _mm256_loadu_si256((const __m256i *)(lower + 16 * i));
            const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weight);
            const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weight);
            sums[2 * i] = _mm256_add_epi32(sums[2 * i], low);
            sums[2 * i + 1] = _mm256_add_epi32(sums[2 * i + 1], high);
        }
    }
}

SNUG_TARGET_AVX2 static size_t weigh_u8_avx2(snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                                             uint8_t *out) {
    const __m256i half = _mm256_set1_epi32(1 << (SHIFT_TO_U8 - 1));
    size_t x = 0;
    for (; x + 32 <= count; x += 32) {
        __m256i sums[4];
        weigh_32(ring, weights, taps, x, sums);
        for (int i = 0; i < 4; i++) sums[i] = _mm256_srai_epi32(_mm256_add_epi32(sums[i], half), SHIFT_TO_U8);
        const __m256i left = _mm256_packs_epi32(sums[0], sums[1]);
        const __m256i right = _mm256_packs_epi32(sums[2], sums[3]);
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(left, right), 0xD8);
        _mm256_storeu_si256((__m256i *)(out + x), bytes);
    }
    return x;
}

SNUG_TARGET_AVX2 static size_t weigh_s32_avx2(snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                                              int32_t *out) {
    size_t x = 0;
    for (; x + 32 <= count; x += 32) {
        __m256i sums[4];
        weigh_32(ring, weights, taps, x, sums);
        for (int i = 0; i < 2; i++) {
            const __m256i low = _mm256_permute2x128_si256(sums[2 * i], sums[2 * i + 1], 0x20);
            const __m256i high = _mm256_permute2x128_si256(sums[2 * i], sums[2 * i + 1], 0x31);
            _mm256_storeu_si256((__m256i *)(out + x + 16 * i), low);
            _mm256_storeu_si256((__m256i *)(out + x + 16 * i + 8), high);
        }
    }
    return x;
}

#endif

// MARK: Entry points

snug_kernel_level snug_kernel_best_level(void) {
#if SNUG_HAS_AVX2
    if (__builtin_cpu_supports("avx2")) return SNUG_KERNEL_AVX2;
#endif
    return SNUG_KERNEL_PORTABLE;
}

void snug_resample_row_u8(snug_kernel_level level, const uint8_t *source, int channels, snug_axis_weights axis,
                          int16_t *out) {
    int32_t done = 0;
    SNUG_DISPATCH(level, done = row_u8_avx2(source, channels, axis, out), done = 0);
    row_u8_from(source, channels, axis, done, out);
}

void snug_resample_row_s16(snug_kernel_level level, const int16_t *source, int channels, snug_axis_weights axis,
                           int16_t *out) {
    int32_t done = 0;
    SNUG_DISPATCH(level, done = channels == 4 ? colour_s16(source, axis, out) : 0, done = 0);
    row_s16_from(source, channels, axis, done, out);
}

void snug_weigh_rows_u8(snug_kernel_level level, snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                        uint8_t *out) {
    size_t done = 0;
    SNUG_DISPATCH(level, done = weigh_u8_avx2(ring, weights, taps, count, out), done = 0);
    weigh_u8_portable(ring, weights, taps, done, count, out);
}

void snug_weigh_rows_s32(snug_kernel_level level, snug_row_ring ring, const int16_t *weights, int taps, size_t count,
                         int32_t *out) {
    size_t done = 0;
    SNUG_DISPATCH(level, done = weigh_s32_avx2(ring, weights, taps, count, out), done = 0);
    weigh_s32_portable(ring, weights, taps, done, count, out);
}
