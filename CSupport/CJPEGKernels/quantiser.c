// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <math.h>

// Bits that dropping a coefficient saves: alone, near others, beside others. The masks were tuned on these.
static const double MASK_BITS[3] = {8, 5, 2.5};
// What the greedy search takes as settled: kept whatever the neighbours, worth a look.
static const double GREEDY_BITS[3] = {14, 1.5, 1.5};

// The magnitude in steps under which dropping saves more than it costs (x² < (x - round(x))² + λR).
static double zeroing_threshold(double lambda_bits) {
    return lambda_bits < 1 ? 0.5 + lambda_bits / 2 : sqrt(lambda_bits);
}

// Thresholds on magnitudes, rounded up; DC has its own rounding.
static void fill_thresholds(int16_t out[SNUG_BLOCK_SIZE], const double ratios[SNUG_BLOCK_SIZE], double threshold) {
    for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) {
        double value = threshold * ratios[k] - 1e-9;
        value = value < 1 ? 1 : value > 32000 ? 32000 : value;
        int32_t whole = (int32_t)value;
        out[k] = (int16_t)(whole + (whole < value));
    }
    out[0] = 32000;
}

void snug_quantiser_prepare(
    snug_quantiser *quantiser, const uint16_t *units, const uint16_t *steps, double lambda, double activity,
    const int32_t *costs) {
    double ratios[SNUG_BLOCK_SIZE];
    for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) {
        double unit = units ? units[k] : 0.125;
        double reciprocal = 65536 * unit / steps[k] + 0.5;
        ratios[k] = steps[k] / unit;
        quantiser->units[k] = k == 0 ? 0 : units ? units[k] : 1;
        quantiser->reciprocals[k] = reciprocal > 65535 ? 65535 : (uint16_t)reciprocal;
    }
    quantiser->energy_shift = units ? 0 : 6;
    quantiser->dc_numerator = units ? units[0] : 1;
    quantiser->dc_denominator = units ? steps[0] : steps[0] * 8;
    quantiser->is_greedy = costs != NULL;
    if (costs) memcpy(quantiser->costs, costs, sizeof quantiser->costs);
    const double *bits = costs ? GREEDY_BITS : MASK_BITS;
    for (int32_t class = 0; class < SNUG_ACTIVITY_CLASSES; class++) {
        // The middle of the class, as variance of its pixels, against a medium one of 60.
        double variance = (64 * pow(2, class / 2.0 + 0.25) - 64) / 64;
        double scaled = lambda * pow((variance + 25) / 85, activity);
        quantiser->lambdas[class] = (int32_t)(scaled < 16384 ? scaled * 65536 : 16384.0 * 65536);
        for (int32_t t = 0; t < 3; t++) {
            // The greedy search has no use for the second.
            if (costs && t == 1) continue;
            fill_thresholds(quantiser->thresholds[class][t], ratios, zeroing_threshold(scaled * bits[t]));
        }
    }
}

void snug_costs_make(const uint32_t frequencies[256], int32_t costs[SNUG_COST_COUNT]) {
    double total = 0;
    int32_t symbols[256];
    for (int32_t i = 0; i < 256; i++) total += frequencies[i] + 0.5;
    for (int32_t i = 0; i < 256; i++) {
        double bits = log2(total / (frequencies[i] + 0.5));
        bits = bits > 16 ? 16 : bits < 1 ? 1 : bits;
        symbols[i] = (int32_t)(256 * (bits + (i & 15)));
    }
    for (int32_t run = 0; run < 64; run++) {
        costs[run << 4] = 0;
        for (int32_t size = 1; size < 16; size++) {
            costs[run << 4 | size] = (run >> 4) * symbols[0xF0] + symbols[(run & 15) << 4 | size];
        }
    }
}
