// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_DECODE_TABLE_H
#define SNUG_CJPEGKERNELS_DECODE_TABLE_H

#include "internal.h"

enum {
    AC_BITS = 11,
    DC_BITS = 9,
};

// How the symbols of a table are read. Those of progressive AC scans that end a band say for how many blocks.
typedef enum table_kind { TABLE_DC, TABLE_AC, TABLE_PROGRESSIVE_AC } table_kind;

// Entries of `fast`: bits 0-5 bits consumed by code and value, 8-14 how far the position moves (64 ends the block), 16-31
// the value; in progressive AC scans that of an end is the number of bits that follow it. Without bits consumed, code and
// value together are longer than the index: of an AC code that is not, bits 8-12 are its length, 16-23 its symbol. 0: the
// code is longer.
typedef struct decode_table {
    uint32_t fast[1 << AC_BITS];
    // First code of 16 bits that is longer than a length.
    uint32_t limits[17];
    uint32_t first_codes[17], first_indices[17];
    uint8_t symbols[256];
    bool is_used;
} decode_table;

// False for a table that no prefix code has.
bool snug_decode_table_build(decode_table *table, const snug_huffman_spec *spec, table_kind kind);
// The symbol of the next code and its length; -1 when there is none.
int32_t snug_decode_table_slow_symbol(const decode_table *table, uint64_t bits, int32_t *length);

#endif
