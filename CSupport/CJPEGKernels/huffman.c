// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

enum { MOST_SYMBOLS = 257, MOST_DEPTH = 64 };

typedef struct leaf {
    uint64_t weight;
    int32_t symbol;
} leaf;

// Rarest first; of equals the higher symbol first, so that the reserved one (256) gets the longest code.
static int32_t sorted_leaves(const uint32_t *frequencies, leaf *leaves) {
    int32_t count = 0;
    leaves[count++] = (leaf){0, 256};
    for (int32_t symbol = 255; symbol >= 0; symbol--) {
        if (!frequencies[symbol]) continue;
        leaf next = {frequencies[symbol], symbol};
        int32_t place = count++;
        while (place > 1 && leaves[place - 1].weight > next.weight) {
            leaves[place] = leaves[place - 1];
            place--;
        }
        leaves[place] = next;
    }
    return count;
}

// Depths of the leaves of an unlimited Huffman tree, counted: two queues, both sorted.
static void count_lengths(const leaf *leaves, int32_t count, int32_t *lengths) {
    uint64_t weights[2 * MOST_SYMBOLS];
    int32_t parents[2 * MOST_SYMBOLS];
    int32_t depths[2 * MOST_SYMBOLS];
    for (int32_t i = 0; i < count; i++) weights[i] = leaves[i].weight;
    int32_t next_leaf = 0, next_node = count, end = count;
    while (end < 2 * count - 1) {
        uint64_t sum = 0;
        for (int32_t side = 0; side < 2; side++) {
            bool takes_leaf = next_node >= end || (next_leaf < count && weights[next_leaf] <= weights[next_node]);
            int32_t child = takes_leaf ? next_leaf++ : next_node++;
            sum += weights[child];
            parents[child] = end;
        }
        weights[end++] = sum;
    }
    depths[end - 1] = 0;
    for (int32_t i = end - 2; i >= 0; i--) depths[i] = depths[parents[i]] + 1;
    for (int32_t i = 0; i < count; i++) lengths[depths[i] < MOST_DEPTH ? depths[i] : MOST_DEPTH - 1]++;
}

// ITU-T T.81 annex K.3: codes over 16 bits move up in pairs.
static void limit_lengths(int32_t *lengths) {
    for (int32_t length = MOST_DEPTH - 1; length > 16; length--) {
        while (lengths[length] > 0) {
            int32_t shorter = length - 2;
            while (shorter > 0 && !lengths[shorter]) shorter--;
            lengths[length] -= 2;
            lengths[length - 1] += 1;
            lengths[shorter + 1] += 2;
            lengths[shorter] -= 1;
        }
    }
}

void snug_code_table_make(const uint32_t frequencies[256], snug_code_table *table) {
    leaf leaves[MOST_SYMBOLS];
    int32_t lengths[MOST_DEPTH] = {0};
    memset(table, 0, sizeof *table);
    int32_t count = sorted_leaves(frequencies, leaves);
    if (count < 2) return;
    count_lengths(leaves, count, lengths);
    limit_lengths(lengths);
    // The reserved symbol keeps the code of all ones from being used: take it out of the longest.
    int32_t longest = 16;
    while (!lengths[longest]) longest--;
    lengths[longest]--;
    int32_t index = count - 1;
    uint32_t code = 0;
    int32_t placed = 0;
    for (int32_t length = 1; length <= 16; length++) {
        table->spec.counts[length - 1] = (uint8_t)lengths[length];
        for (int32_t i = 0; i < lengths[length]; i++) {
            int32_t symbol = leaves[index--].symbol;
            table->spec.symbols[placed++] = (uint8_t)symbol;
            table->codes[symbol] = code++ << (symbol & 15);
            table->lengths[symbol] = (uint8_t)(length + (symbol & 15));
        }
        code <<= 1;
    }
}

void snug_counts_accumulate(const snug_symbol_counts *counts, double weight, double *sums) {
    const uint32_t *all = &counts->frequencies[0][0];
    for (int32_t i = 0; i < SNUG_TABLE_COUNT * 256; i++) sums[i] += weight * all[i];
}

uint64_t snug_counts_bits(const snug_symbol_counts *counts, const snug_code_table *tables) {
    uint64_t bits = counts->extra_bits;
    for (int32_t t = 0; t < SNUG_TABLE_COUNT; t++) {
        for (int32_t i = 0; i < 256; i++) bits += (uint64_t)counts->frequencies[t][i] * tables[t].lengths[i];
    }
    return bits;
}
