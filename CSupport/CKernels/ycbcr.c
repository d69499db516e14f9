// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

// JFIF 1.02: full-range BT.601, coefficients with 16 fractional bits. Each chroma row sums to 0 and luma to exactly 1,
// so grays have no colour and keep their value.
enum { Y_RED = 19595, Y_GREEN = 38470, Y_BLUE = 7471 };
enum { CB_RED = -11059, CB_GREEN = -21709, CR_GREEN = -27439, CR_BLUE = -5329 };
enum { LUMA_HALF = 1 << 15, CHROMA_CENTRE = (128 << 16) + (1 << 15) - 1 };

// MARK: Portable

SNUG_BODY void luma_of(const uint8_t *pixels, const int channels, size_t from, size_t count, uint8_t *luma) {
    for (size_t i = from; i < count; i++) {
        const int32_t red = pixels[i * channels], green = pixels[i * channels + 1], blue = pixels[i * channels + 2];
        luma[i] = (uint8_t)((Y_RED * red + Y_GREEN * green + Y_BLUE * blue + LUMA_HALF) >> 16);
    }
}

SNUG_BODY void chroma_of(const uint8_t *pixels, const int channels, size_t from, size_t count, uint8_t *cb,
                         uint8_t *cr) {
    for (size_t i = from; i < count; i++) {
        const int32_t red = pixels[i * channels], green = pixels[i * channels + 1], blue = pixels[i * channels + 2];
        cb[i] = (uint8_t)((CB_RED * red + CB_GREEN * green + (blue << 15) + CHROMA_CENTRE) >> 16);
        cr[i] = (uint8_t)(((red << 15) + CR_GREEN * green + CR_BLUE * blue + CHROMA_CENTRE) >> 16);
    }
}

static void ycbcr_portable(const uint8_t *pixels, int channels, size_t from, size_t count, uint8_t *luma, uint8_t *cb,
                           uint8_t *cr) {
    if (channels == 3) {
        luma_of(pixels, 3, from, count, luma);
        chroma_of(pixels, 3, from, count, cb, cr);
    } else {
        luma_of(pixels, 4, from, count, luma);
        chroma_of(pixels, 4, from, count, cb, cr);
    }
}

// MARK: AVX2

#if SNUG_HAS_AVX2

// Green's share of luma does not fit a signed 16-bit factor, so a quarter of it rides along with blue.
enum { Y_GREEN_REST = 1 << 14 };

SNUG_TARGET_AVX2 SNUG_BODY __m256i factors(int first, int second) {
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)first | (uint32_t)(uint16_t)second << 16));
}

// Eight pixels as pairs of 16-bit samples: red and green, blue and green.
typedef struct {
    __m256i red_green, blue_green;
} sample_pairs;

SNUG_TARGET_AVX2 SNUG_BODY sample_pairs load_pairs(const uint8_t *pixels, const int channels) {
    const __m256i both = _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)pixels)),
        _mm_loadu_si128((const __m128i *)(pixels + 4 * channels)), 1);
    const char p = (char)channels, q = (char)(2 * channels), r = (char)(3 * channels);
    const __m128i red_green = _mm_setr_epi8(0, -1, 1, -1, p, -1, p + 1, -1, q, -1, q + 1, -1, r, -1, r + 1, -1);
    const __m128i blue_green =
        _mm_setr_epi8(2, -1, 1, -1, p + 2, -1, p + 1, -1, q + 2, -1, q + 1, -1, r + 2, -1, r + 1, -1);
    return (sample_pairs){_mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(red_green)),
                          _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(blue_green))};
}

SNUG_TARGET_AVX2 SNUG_BODY __m256i luma_of_pairs(sample_pairs pairs) {
    const __m256i sum = _mm256_add_epi32(
        _mm256_madd_epi16(pairs.red_green, factors(Y_RED, Y_GREEN - Y_GREEN_REST)),
        _mm256_madd_epi16(pairs.blue_green, factors(Y_BLUE, Y_GREEN_REST)));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(LUMA_HALF)), 16);
}

// `own` holds the sample that counts by half, first of its pair; `others` the two that it is compared with.
SNUG_TARGET_AVX2 SNUG_BODY __m256i chroma_of_pairs(__m256i own, __m256i others, __m256i other_factors) {
    const __m256i half = _mm256_slli_epi32(_mm256_and_si256(own, _mm256_set1_epi32(0xFFFF)), 15);
    const __m256i sum = _mm256_add_epi32(half, _mm256_madd_epi16(others, other_factors));
    return _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(CHROMA_CENTRE)), 16);
}

// 16 bytes from two vectors of eight values.
SNUG_TARGET_AVX2 SNUG_BODY void store_16(__m256i first, __m256i second, uint8_t *out) {
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xD8);
    _mm_storeu_si128((__m128i *)out,
                     _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}

// 16 pixels at once. Loads reach 4 bytes past the last of three-channel pixels, so 2 pixels more must be there.
SNUG_TARGET_AVX2 SNUG_BODY size_t ycbcr_16(const uint8_t *pixels, const int channels, size_t count, uint8_t *luma,
                                           uint8_t *cb, uint8_t *cr) {
    const size_t reserve = channels == 3 ? 2 : 0;
    size_t i = 0;
    for (; i + 16 + reserve <= count; i += 16) {
        const sample_pairs a = load_pairs(pixels + i * channels, channels);
        const sample_pairs b = load_pairs(pixels + (i + 8) * channels, channels);
        store_16(luma_of_pairs(a), luma_of_pairs(b), luma + i);
        const __m256i cb_factors = factors(CB_RED, CB_GREEN), cr_factors = factors(CR_BLUE, CR_GREEN);
        store_16(chroma_of_pairs(a.blue_green, a.red_green, cb_factors),
                 chroma_of_pairs(b.blue_green, b.red_green, cb_factors), cb + i);
        store_16(chroma_of_pairs(a.red_green, a.blue_green, cr_factors),
                 chroma_of_pairs(b.red_green, b.blue_green, cr_factors), cr + i);
    }
    return i;
}

SNUG_TARGET_AVX2 static size_t ycbcr_avx2(const uint8_t *pixels, int channels, size_t count, uint8_t *luma,
                                          uint8_t *cb, uint8_t *cr) {
    return channels == 3 ? ycbcr_16(pixels, 3, count, luma, cb, cr) : ycbcr_16(pixels, 4, count, luma, cb, cr);
}

#endif

// MARK: Entry points

void snug_rgb_to_ycbcr(snug_kernel_level level, const uint8_t *pixels, int channels, size_t count, uint8_t *luma,
                       uint8_t *cb, uint8_t *cr) {
    size_t done = 0;
    SNUG_DISPATCH(level, done = ycbcr_avx2(pixels, channels, count, luma, cb, cr), done = 0);
    ycbcr_portable(pixels, channels, done, count, luma, cb, cr);
}
