// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

void snug_block_turn(const int16_t *block, const uint8_t *places, const int16_t *masks, int16_t *out) {
    for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) {
        uint16_t value = (uint16_t)block[places[k] & 63], mask = (uint16_t)masks[k];
        out[k] = (int16_t)(uint16_t)((value ^ mask) - mask);
    }
}
