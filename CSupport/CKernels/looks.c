// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <math.h>

// Structural similarity of luma and chroma over windows of 4 × 4 samples at four resolutions, after the idea of
// SSIMULACRA2, which is the yardstick: this ranks the candidates of one image as it does, for a hundredth of its time.

// `peaks` are those of the fourth-power means, `chroma` that of each chroma plane where luma has 1.
static const struct looks_weights {
    float scales[4], luma_peaks, chroma, chroma_peaks;
} weights[2] = {
    [SNUG_LOOKS_GENERAL] = {{1.0f, 0.7f, 0.4f, 0.25f}, 0.35f, 0.35f, 0.35f},
    [SNUG_LOOKS_CHROMA] = {{1.0f, 0.15f, 0.1f, 0.1f}, 0.0f, 0.55f, 0.35f},
};

// Luma about -128…127 and chroma, of samples laid on gray.
static void read_tile(const uint8_t *samples, size_t stride, const int channels, size_t width, size_t height, float *y,
                      float *b, float *r) {
    for (size_t row = 0; row < height; row++) {
        const uint8_t *p = samples + row * stride;
        for (size_t x = 0; x < width; x++, p += channels) {
            const float alpha = channels == 2 || channels == 4 ? p[channels - 1] / 255.0f : 1.0f;
            const float red = (p[0] - 128.0f) * alpha;
            const float green = channels < 3 ? red : (p[1] - 128.0f) * alpha;
            const float blue = channels < 3 ? red : (p[2] - 128.0f) * alpha;
            const float luma = 0.299f * red + 0.587f * green + 0.114f * blue;
            const size_t at = row * width + x;
            y[at] = luma;
            b[at] = 0.564f * (blue - luma);
            r[at] = 0.713f * (red - luma);
        }
    }
}

static void halve(float *plane, size_t width, size_t height) {
    const size_t w = width / 2, h = height / 2;
    for (size_t y = 0; y < h; y++) {
        for (size_t x = 0; x < w; x++) {
            const float *p = plane + 2 * y * width + 2 * x;
            plane[y * w + x] = (p[0] + p[1] + p[width] + p[width + 1]) * 0.25f;
        }
    }
}

// One less the mean similarity of structure, with a fourth-power mean beside it: few bad places show more than many
// that are slightly off.
static double dissimilarity(const float *one, const float *other, size_t width, size_t height, float level_constant,
                            float detail_constant, double peaks) {
    double sum = 0, strong = 0;
    size_t windows = 0;
    for (size_t y = 0; y + 4 <= height; y += 2) {
        for (size_t x = 0; x + 4 <= width; x += 2) {
            float a = 0, b = 0, aa = 0, bb = 0, ab = 0;
            for (size_t j = 0; j < 4; j++) {
                const float *p = one + (y + j) * width + x, *q = other + (y + j) * width + x;
                for (size_t i = 0; i < 4; i++) {
                    a += p[i];
                    b += q[i];
                    aa += p[i] * p[i];
                    bb += q[i] * q[i];
                    ab += p[i] * q[i];
                }
            }
            a /= 16, b /= 16, aa = aa / 16 - a * a, bb = bb / 16 - b * b, ab = ab / 16 - a * b;
            const float level = 1 - (a - b) * (a - b) / level_constant;
            const float detail = (2 * ab + detail_constant) / (aa + bb + detail_constant);
            float worse = 1 - (level < 0 ? 0 : level) * detail;
            worse = worse < 0 ? 0 : worse;
            sum += worse;
            strong += (double)worse * worse * worse * worse;
            windows++;
        }
    }
    if (!windows) return 0;
    return sum / windows + peaks * sqrt(sqrt(strong / windows));
}

double snug_visible_difference(snug_looks_weighting weighting, const uint8_t *one, size_t one_stride, int one_channels,
                               const uint8_t *other, size_t other_stride, int other_channels, size_t width,
                               size_t height, float *scratch) {
    const struct looks_weights w = weights[weighting];
    const size_t size = SNUG_LOOKS_TILE * SNUG_LOOKS_TILE;
    float *planes[2][3];
    for (int i = 0; i < 2; i++) {
        for (int c = 0; c < 3; c++) planes[i][c] = scratch + (size_t)(i * 3 + c) * size;
    }
    read_tile(one, one_stride, one_channels, width, height, planes[0][0], planes[0][1], planes[0][2]);
    read_tile(other, other_stride, other_channels, width, height, planes[1][0], planes[1][1], planes[1][2]);
    double total = 0;
    for (int scale = 0; scale < 4 && width >= 4 && height >= 4; scale++) {
        const double luma = dissimilarity(planes[0][0], planes[1][0], width, height, 6000, 30, w.luma_peaks);
        const double chroma = dissimilarity(planes[0][1], planes[1][1], width, height, 6000, 60, w.chroma_peaks)
            + dissimilarity(planes[0][2], planes[1][2], width, height, 6000, 60, w.chroma_peaks);
        total += w.scales[scale] * (luma + w.chroma * chroma);
        for (int i = 0; i < 2; i++) {
            for (int c = 0; c < 3; c++) halve(planes[i][c], width, height);
        }
        width /= 2;
        height /= 2;
    }
    return total;
}
