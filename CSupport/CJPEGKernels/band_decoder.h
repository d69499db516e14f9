// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_BAND_DECODER_H
#define SNUG_CJPEGKERNELS_BAND_DECODER_H

#include "bit_reader.h"

// Blocks of progressive scans, in zigzag order (T.81 annex G). All return false for codes that there are not and for
// coefficients past the end of their band.

// The first bits of a DC coefficient.
SNUG_BODY bool decode_dc(
    bit_reader *reader, const decode_table *dc, const snug_scan_band *band, int32_t *prediction, int16_t *block) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    REFILL();
    int32_t difference;
    if (!take_difference(dc, &bits, &count, &difference)) return false;
    *prediction = (int32_t)((uint32_t)*prediction + (uint32_t)difference);
    block[0] = (int16_t)((uint32_t)*prediction << band->low);
    *reader = (bit_reader){next, bits, count};
    return true;
}

// One more bit of a DC coefficient.
SNUG_BODY bool refine_dc(bit_reader *reader, const snug_scan_band *band, int16_t *block) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    if (count < 1) REFILL();
    block[0] = (int16_t)(block[0] | (int32_t)(bits >> 63) << band->low);
    TAKE(1);
    *reader = (bit_reader){next, bits, count};
    return true;
}

// The next code of an AC scan with what follows it, as an entry of `fast`; 0 when there is no such code. At least 56 bits
// are there.
SNUG_BODY uint32_t band_entry(const decode_table *table, uint64_t *bits, int32_t *count) {
    uint32_t entry = table->fast[*bits >> (64 - AC_BITS)];
    int32_t taken = (int32_t)(entry & 63);
    if (__builtin_expect(taken != 0, 1)) {
        *bits <<= taken;
        *count -= taken;
        return entry;
    }
    return slow_entry(table, entry, bits, count);
}

enum { BAND_END = 64 };

// Where an entry of `fast` moves to: BAND_END, or so many places on.
SNUG_BODY int32_t entry_advance(uint32_t entry) { return (int32_t)(entry >> 8 & 127); }

// Blocks whose band ends by an end code, this one included.
SNUG_BODY int32_t ended_run(uint32_t entry, uint64_t *bits, int32_t *count) {
    int32_t size = (int32_t)(entry >> 16);
    if (!size) return 1;
    int32_t run = (1 << size) + (int32_t)(*bits >> (64 - size));
    *bits <<= size;
    *count -= size;
    return run;
}

// The first bits of a band's coefficients.
SNUG_BODY bool decode_band(
    bit_reader *reader, const decode_table *ac, const snug_scan_band *band, int32_t *ended, int16_t *block) {
    if (*ended > 0) {
        (*ended)--;
        return true;
    }
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    int32_t k = band->first - 1;
    while (k < band->last) {
        if (count < 32) REFILL();
        uint32_t entry = band_entry(ac, &bits, &count);
        if (!entry) return false;
        int32_t advance = entry_advance(entry);
        if (advance == BAND_END) {
            if (count < 16) REFILL();
            *ended = ended_run(entry, &bits, &count) - 1;
            break;
        }
        k += advance;
        if (k > band->last) return false;
        block[k] = (int16_t)((uint32_t)(int32_t)(int16_t)(entry >> 16) << band->low);
    }
    *reader = (bit_reader){next, bits, count};
    return true;
}

// A bit for each coefficient that is not 0.
SNUG_BODY uint64_t nonzero_places(const int16_t *block) {
    uint64_t places = 0;
    for (int32_t i = 0; i < SNUG_BLOCK_SIZE; i += 4) {
        uint64_t four;
        memcpy(&four, block + i, sizeof four);
        if (!four) continue;
        for (int32_t lane = 0; lane < 4; lane++) places |= (uint64_t)(block[i + lane] != 0) << (i + lane);
    }
    return places;
}

// Places from `from` to `to`, both of them 0…63 and included.
SNUG_BODY uint64_t places_between(int32_t from, int32_t to) {
    return from > to ? 0 : (~(uint64_t)0 << from) & (~(uint64_t)0 >> (63 - to));
}

// One more bit of a band's coefficients: those that are there, and new ones of one bit.
SNUG_BODY bool refine_band(
    bit_reader *reader, const decode_table *ac, const snug_scan_band *band, int32_t *ended, int16_t *block) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    const uint64_t nonzero = nonzero_places(block);
    const int32_t unit = 1 << band->low;
    int32_t k = band->first;
    while (k <= band->last) {
        uint32_t entry = BAND_END << 8;
        if (*ended == 0) {
            if (count < 48) REFILL();
            entry = band_entry(ac, &bits, &count);
            if (!entry) return false;
            if (entry_advance(entry) == BAND_END) *ended = ended_run(entry, &bits, &count);
        }
        int32_t end = band->last + 1;
        if (entry_advance(entry) != BAND_END) {
            // The place behind so many zeros that the code skips.
            uint64_t zeros = ~nonzero & places_between(k, band->last);
            for (int32_t skipped = 1; skipped < entry_advance(entry); skipped++) zeros &= zeros - 1;
            if (!zeros) return false;
            end = __builtin_ctzll(zeros);
        }
        for (uint64_t there = nonzero & places_between(k, end - 1); there; there &= there - 1) {
            if (count < 1) REFILL();
            int32_t place = __builtin_ctzll(there), value = block[place];
            // A coefficient that has the bit already was damaged, and keeps it.
            if (bits >> 63 && !(value & unit)) block[place] = (int16_t)(value + (value < 0 ? -unit : unit));
            TAKE(1);
        }
        if (entry_advance(entry) == BAND_END) {
            (*ended)--;
            break;
        }
        int32_t value = (int16_t)(entry >> 16);
        if (value < -1 || value > 1) return false;
        block[end] = (int16_t)(value * unit);
        k = end + 1;
    }
    *reader = (bit_reader){next, bits, count};
    return true;
}

#endif
