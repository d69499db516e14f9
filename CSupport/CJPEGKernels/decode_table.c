// SPDX-License-Identifier: Apache-2.0
#include "decode_table.h"

// What the lookup says about a code of at most `width` bits, `index` being the code and the bits that follow it.
static uint32_t fast_entry(uint32_t index, int32_t width, int32_t length, uint8_t symbol, table_kind kind) {
    bool is_ac = kind != TABLE_DC;
    int32_t size = is_ac ? symbol & 15 : symbol;
    int32_t run = is_ac ? symbol >> 4 : 0;
    int32_t value = 0;
    if (length + size > width) return is_ac ? (uint32_t)length << 8 | (uint32_t)symbol << 16 : 0;
    if (size) {
        value = (int32_t)(index >> (width - length - size)) & ((1 << size) - 1);
        if (value < 1 << (size - 1)) value -= (1 << size) - 1;
    }
    int32_t advance = is_ac && !size ? (run == 15 ? 16 : 64) : run + 1;
    if (kind == TABLE_PROGRESSIVE_AC && advance == 64) value = run;
    return (uint32_t)(length + size) | (uint32_t)advance << 8 | (uint32_t)(uint16_t)value << 16;
}

bool snug_decode_table_build(decode_table *table, const snug_huffman_spec *spec, table_kind kind) {
    int32_t width = kind == TABLE_DC ? DC_BITS : AC_BITS;
    uint32_t code = 0, index = 0;
    memset(table, 0, sizeof *table);
    memcpy(table->symbols, spec->symbols, sizeof table->symbols);
    for (int32_t length = 1; length <= 16; length++) {
        table->first_codes[length] = code;
        table->first_indices[length] = index;
        for (int32_t i = 0; i < spec->counts[length - 1]; i++, code++, index++) {
            if (index >= 256 || code >= 1u << length) return false;
            uint8_t symbol = spec->symbols[index];
            if (kind == TABLE_DC && symbol > 15) return false;
            if (length > width) continue;
            uint32_t first = code << (width - length);
            for (uint32_t entry = first; entry < first + (1u << (width - length)); entry++) {
                table->fast[entry] = fast_entry(entry, width, length, symbol, kind);
            }
        }
        table->limits[length] = code << (16 - length);
        code <<= 1;
    }
    table->is_used = true;
    return true;
}

int32_t snug_decode_table_slow_symbol(const decode_table *table, uint64_t bits, int32_t *length) {
    uint32_t code = (uint32_t)(bits >> 48);
    for (int32_t l = 1; l <= 16; l++) {
        if (code >= table->limits[l]) continue;
        *length = l;
        return table->symbols[((code >> (16 - l)) - table->first_codes[l] + table->first_indices[l]) & 255];
    }
    return -1;
}
