// SPDX-License-Identifier: Apache-2.0
// Random numbers that a seed repeats.
#pragma once

#include <stdint.h>

static uint64_t state;

static uint32_t chance(uint32_t bound) {
    // SplitMix64
    uint64_t z = (state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) % bound);
}
