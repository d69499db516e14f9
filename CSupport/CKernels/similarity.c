/* SPDX-License-Identifier: Apache-2.0 */
#include "CKernels.h"

enum { WINDOW = 8, STEP = 4 };

/* Sums over one window: both means, both squares, the product. */
static double window_similarity(const uint8_t *a, const uint8_t *b, size_t a_stride, size_t b_stride) {
    uint32_t sum_a = 0, sum_b = 0, square_a = 0, square_b = 0, product = 0;
    for (int y = 0; y < WINDOW; y++) {
        const uint8_t *ra = a + (size_t)y * a_stride, *rb = b + (size_t)y * b_stride;
        for (int x = 0; x < WINDOW; x++) {
            uint32_t va = ra[x], vb = rb[x];
            sum_a += va;
            sum_b += vb;
            square_a += va * va;
            square_b += vb * vb;
            product += va * vb;
        }
    }
    const double count = WINDOW * WINDOW, c1 = 6.5025, c2 = 58.5225;
    double mean_a = sum_a / count, mean_b = sum_b / count;
    double variance_a = square_a / count - mean_a * mean_a, variance_b = square_b / count - mean_b * mean_b;
    double covariance = product / count - mean_a * mean_b;
    return (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
        / ((mean_a * mean_a + mean_b * mean_b + c1) * (variance_a + variance_b + c2));
}

double snug_structural_similarity(
    const uint8_t *a, size_t a_stride, const uint8_t *b, size_t b_stride, size_t width, size_t height) {
    if (width < WINDOW || height < WINDOW) return 1;
    double sum = 0;
    size_t count = 0;
    for (size_t y = 0; y + WINDOW <= height; y += STEP) {
        for (size_t x = 0; x + WINDOW <= width; x += STEP) {
            sum += window_similarity(a + y * a_stride + x, b + y * b_stride + x, a_stride, b_stride);
            count += 1;
        }
    }
    return sum / (double)count;
}
