// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_QUANTISER_H
#define SNUG_CJPEGKERNELS_QUANTISER_H

#include "internal.h"

// Half a block: 32 lanes of 16 bits, which each target splits as its registers want.
typedef int16_t signed_lanes __attribute__((ext_vector_type(32)));
typedef uint16_t unsigned_lanes __attribute__((ext_vector_type(32)));
typedef uint32_t wide_lanes __attribute__((ext_vector_type(32)));
typedef int32_t signed_wide_lanes __attribute__((ext_vector_type(32)));
typedef _Bool lane_mask __attribute__((ext_vector_type(32)));

// A block's quantised values, and bit sets of places: those kept, and those of a magnitude over 1.
typedef struct quantised {
    int16_t values[SNUG_BLOCK_SIZE] __attribute__((aligned(64)));
    uint64_t kept, large;
} quantised;

#define SNUG_MASK(condition) \
    ({ \
        lane_mask mask_ = __builtin_convertvector((condition), lane_mask); \
        uint32_t bits_; \
        memcpy(&bits_, &mask_, sizeof bits_); \
        (uint64_t)bits_; \
    })

// Sum of the squares of a block's AC coefficients, in units of the coefficients' own.
SNUG_BODY uint32_t block_energy(const int16_t *block, const snug_quantiser *quantiser) {
    uint32_t sum = 0;
    for (int32_t half = 0; half < 2; half++) {
        unsigned_lanes x, unit;
        memcpy(&x, block + 32 * half, sizeof x);
        memcpy(&unit, quantiser->units + 32 * half, sizeof unit);
        x *= unit;
        signed_lanes y;
        memcpy(&y, &x, sizeof y);
        signed_wide_lanes wide = __builtin_convertvector(y, signed_wide_lanes);
        wide_lanes square;
        memcpy(&square, &wide, sizeof square);
        square *= square;
        sum += __builtin_reduce_add(square);
    }
    return sum >> quantiser->energy_shift;
}

// Half octaves of 64 + energy, read off the float's exponent and first mantissa bit.
SNUG_BODY int32_t activity_class(uint32_t energy) {
    float value = (float)energy + 64.0f;
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    int32_t class = (int32_t)(bits >> 22) - ((127 + 6) << 1);
    return class < SNUG_ACTIVITY_CLASSES ? class : SNUG_ACTIVITY_CLASSES - 1;
}

// Keeps what is large, what is fair near something large, and what is small beside something kept.
SNUG_BODY uint64_t kept_together(uint64_t large, uint64_t fair, uint64_t small) {
    uint64_t near = large << 1 | large >> 1 | large << 2 | large >> 2 | large << 3 | large >> 3;
    uint64_t kept = large | (fair & near);
    near = kept << 1 | kept >> 1;
    return kept | (small & near);
}

// Drops candidates whose bits cost more than their distortion saves, from the high end, each against its neighbours.
SNUG_BODY uint64_t kept_by_cost(
    const int16_t *block, const snug_quantiser *quantiser, int64_t lambda, uint64_t kept, uint64_t candidates,
    const int16_t *values) {
    const int32_t *costs = quantiser->costs;
    while (candidates) {
        int32_t place = 63 - __builtin_clzll(candidates);
        uint64_t bit = 1ull << place;
        uint64_t below = kept & (bit - 1), above = kept & ~(bit | (bit - 1));
        candidates &= ~bit;
        int32_t previous = below ? 63 - __builtin_clzll(below) : 0;
        int32_t next = above ? __builtin_ctzll(above) : 64;
        int32_t value = values[place] < 0 ? -values[place] : values[place];
        int32_t size = snug_bit_size(value);
        int32_t next_size = next < 64 ? snug_bit_size(values[next]) : 0;
        uint32_t magnitude = (uint32_t)(block[place] < 0 ? -block[place] : block[place]);
        uint32_t reciprocal = quantiser->reciprocals[place];
        int64_t exact = (int64_t)magnitude * (reciprocal + (reciprocal == 65535));
        int64_t cost = costs[(place - previous - 1) << 4 | size] + costs[(next - place - 1) << 4 | next_size]
            - costs[(next - previous - 1) << 4 | next_size];
        bool is_dropped = value * (2 * exact - ((int64_t)value << 16)) < (lambda * cost) >> 8;
        kept &= ~((uint64_t)is_dropped << place);
    }
    return kept;
}

// Quantises the AC coefficients of a block.
SNUG_BODY void quantise_block(
    const int16_t *block, const snug_quantiser *quantiser, bool wants_large, quantised *out) {
    int32_t class = activity_class(block_energy(block, quantiser));
    uint64_t sets[3] = {0, 0, 0}, non_zero = 0, large = 0;
    bool is_greedy = quantiser->is_greedy;
    for (int32_t half = 0; half < 2; half++) {
        signed_lanes x, threshold;
        unsigned_lanes reciprocal, magnitude;
        memcpy(&x, block + 32 * half, sizeof x);
        signed_lanes absolute = __builtin_elementwise_abs(x);
        for (int32_t t = 0; t < 3; t++) {
            if (is_greedy && t == 1) continue;
            memcpy(&threshold, quantiser->thresholds[class][t] + 32 * half, sizeof threshold);
            sets[t] |= SNUG_MASK(absolute >= threshold) << (32 * half);
        }
        memcpy(&reciprocal, quantiser->reciprocals + 32 * half, sizeof reciprocal);
        memcpy(&magnitude, &absolute, sizeof magnitude);
        // Rounded 16.16 product: high half plus the top bit of the low half.
        wide_lanes product = __builtin_convertvector(magnitude, wide_lanes) * __builtin_convertvector(reciprocal, wide_lanes);
        unsigned_lanes high = __builtin_convertvector(product >> 16, unsigned_lanes);
        unsigned_lanes rounded = high + ((magnitude * reciprocal) >> 15);
        rounded = __builtin_elementwise_min(rounded, (unsigned_lanes)1023);
        non_zero |= SNUG_MASK(rounded != 0) << (32 * half);
        if (wants_large) large |= SNUG_MASK(rounded > 1) << (32 * half);
        signed_lanes value;
        memcpy(&value, &rounded, sizeof value);
        signed_lanes sign = x >> 15;
        value = (value ^ sign) - sign;
        memcpy(out->values + 32 * half, &value, sizeof value);
    }
    uint64_t kept;
    if (is_greedy) {
        kept = sets[2] & non_zero & ~1ull;
        kept = kept_by_cost(block, quantiser, quantiser->lambdas[class], kept, kept & ~sets[0], out->values);
    } else {
        kept = kept_together(sets[0], sets[1], sets[2]) & non_zero;
    }
    out->kept = kept & ~1ull;
    out->large = large & out->kept;
}

// The DC coefficient, rounded to the nearest step.
SNUG_BODY int32_t quantise_dc(int16_t coefficient, const snug_quantiser *quantiser) {
    int32_t product = coefficient * quantiser->dc_numerator, half = quantiser->dc_denominator / 2;
    int32_t value = product >= 0 ? (product + half) / quantiser->dc_denominator
                                 : -((half - product) / quantiser->dc_denominator);
    return value < -1024 ? -1024 : value > 1023 ? 1023 : value;
}

#endif
