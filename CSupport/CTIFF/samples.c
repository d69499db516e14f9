/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include <string.h>

/* Samples of up to 16 bits follow each other without gaps, the highest bit first; libtiff has put wider ones into this
   machine's order. */
static uint32_t packed(const uint8_t *from, uint64_t index, uint32_t bits) {
    if (bits == 8) return from[index];
    if (bits == 16) {
        uint16_t sample;
        memcpy(&sample, from + index * 2, 2);
        return sample;
    }
    uint64_t bit = index * bits;
    uint32_t value = 0;
    for (uint32_t done = 0; done < bits;) {
        uint32_t offset = (uint32_t)(bit + done) & 7;
        uint32_t part = 8 - offset < bits - done ? 8 - offset : bits - done;
        uint32_t byte = from[(bit + done) >> 3];
        value = value << part | ((byte >> (8 - offset - part)) & ((1u << part) - 1));
        done += part;
    }
    return value;
}

/* From 0 to `most`; what is no number is 0, as is everything below it. */
static uint32_t from_unit(double value, uint32_t most) {
    if (!(value > 0)) return 0;
    return value >= 1 ? most : (uint32_t)(value * most + 0.5);
}

static uint32_t sample(const snug_tiff_form *form, const uint8_t *from, uint64_t index) {
    const uint32_t most = form->out_bits == 16 ? 65535 : 255;
    if (form->is_float && form->bits == 32) {
        float value;
        memcpy(&value, from + index * 4, 4);
        return from_unit(value, most);
    }
    if (form->is_float) {
        double value;
        memcpy(&value, from + index * 8, 8);
        return from_unit(value, most);
    }
    if (form->bits == 32) {
        uint32_t value;
        memcpy(&value, from + index * 4, 4);
        return (uint32_t)(((uint64_t)value * most + UINT32_MAX / 2) / UINT32_MAX);
    }
    const uint32_t own = (1u << form->bits) - 1;
    uint32_t value = packed(from, index, form->bits);
    return own == most ? value : (uint32_t)(((uint64_t)value * most + own / 2) / own);
}

static void store(const snug_tiff_form *form, uint8_t *to, uint64_t index, uint32_t value) {
    if (form->out_bits == 16) {
        ((uint16_t *)(void *)to)[index] = (uint16_t)value;
    } else {
        to[index] = (uint8_t)value;
    }
}

static void take_palette(
    const snug_tiff_form *form, const uint8_t *from, uint32_t pixels, uint16_t count, uint8_t *to) {
    for (uint32_t x = 0; x < pixels; x++) {
        uint32_t index = packed(from, (uint64_t)x * count, form->bits);
        for (uint32_t c = 0; c < 3; c++) {
            uint32_t value = form->palette[c][index];
            to[x * 3 + c] = (uint8_t)(form->is_small_palette ? value : (value * 255 + 32767) / 65535);
        }
    }
}

void snug_tiff_take(
    const snug_tiff_form *form, const uint8_t *from, uint32_t pixels, uint16_t first, uint16_t count, uint8_t *to) {
    if (form->is_palette) {
        if (first == 0) take_palette(form, from, pixels, count, to);
        return;
    }
    const uint32_t most = form->out_bits == 16 ? 65535 : 255;
    for (uint16_t index = 0; index < count; index++) {
        int32_t own = first + index;
        uint32_t channel;
        if (own < form->colours) {
            channel = (uint32_t)own;
        } else if (own == form->alpha) {
            channel = form->channels - 1;
        } else {
            continue;
        }
        const bool inverts = form->is_inverted && own < form->colours;
        if (form->bits == 8 && form->out_bits == 8 && !form->is_float) {
            for (uint32_t x = 0; x < pixels; x++) {
                uint8_t value = from[(uint64_t)x * count + index];
                to[(uint64_t)x * form->channels + channel] = inverts ? (uint8_t)(255 - value) : value;
            }
            continue;
        }
        for (uint32_t x = 0; x < pixels; x++) {
            uint32_t value = sample(form, from, (uint64_t)x * count + index);
            store(form, to, (uint64_t)x * form->channels + channel, inverts ? most - value : value);
        }
    }
}
