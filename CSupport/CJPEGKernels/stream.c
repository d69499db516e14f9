// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <stdlib.h>

enum {
    AC_BITS = 11,
    DC_BITS = 9,
    BUFFER_BYTES = 64 * 1024,
    MOST_BLOCKS_IN_MCU = 10,
    // An MCU of ten blocks whose codes and values all have the most bits, and a load past it.
    MOST_MCU_BYTES = MOST_BLOCKS_IN_MCU * 64 * (16 + 15) / 8 + 16,
};

// Entries of `fast`: bits 0-5 bits consumed by code and value, 8-14 how far the position moves (64 ends the block), 16-31
// the value. 0: the code or its value is longer than the index.
typedef struct decode_table {
    uint32_t fast[1 << AC_BITS];
    // First code of 16 bits that is longer than a length.
    uint32_t limits[17];
    uint32_t first_codes[17], first_indices[17];
    uint8_t symbols[256];
    bool is_used;
} decode_table;

// Bits of `bits` are left aligned; `count` of them are valid. `next` is the byte after those that are fully loaded.
typedef struct bit_reader {
    const uint8_t *next;
    uint64_t bits;
    int32_t count;
} bit_reader;

struct snug_stream {
    snug_stream_layout layout;
    decode_table dc[4], ac[4];
    int32_t blocks_in_mcu;
    bit_reader reader;
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS];
    // Where the decoder is: MCU in its row, row, MCUs left before a restart.
    int32_t column, row, until_restart;
    int32_t next_restart;
    // Set when the input has a restart marker at its end: feeding continues after it is reached.
    bool is_at_restart;
    // No more bytes: the end of the input or a marker that ends the scan.
    bool has_ended;
    // A 0xFF whose second byte has not been fed yet.
    bool is_inside_marker;
    int64_t leftover;
    int64_t fed;
    size_t filled;
    uint8_t buffer[BUFFER_BYTES + MOST_MCU_BYTES];
};

static int32_t extended(uint64_t bits, int32_t size) {
    int32_t value = (int32_t)(bits >> (64 - size));
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}

// What the lookup says about a code whose length and value fit into `width` bits, `index` being those bits.
static uint32_t fast_entry(uint32_t index, int32_t width, int32_t length, uint8_t symbol, bool is_ac) {
    int32_t size = is_ac ? symbol & 15 : symbol;
    int32_t run = is_ac ? symbol >> 4 : 0;
    int32_t value = 0;
    if (length + size > width) return 0;
    if (size) {
        value = (int32_t)(index >> (width - length - size)) & ((1 << size) - 1);
        if (value < 1 << (size - 1)) value -= (1 << size) - 1;
    }
    int32_t advance = is_ac && !size ? (run == 15 ? 16 : 64) : run + 1;
    return (uint32_t)(length + size) | (uint32_t)advance << 8 | (uint32_t)(uint16_t)value << 16;
}

// False for a table that no prefix code has.
static bool build(decode_table *table, const snug_huffman_spec *spec, bool is_ac) {
    int32_t width = is_ac ? AC_BITS : DC_BITS;
    uint32_t code = 0, index = 0;
    memset(table, 0, sizeof *table);
    memcpy(table->symbols, spec->symbols, sizeof table->symbols);
    for (int32_t length = 1; length <= 16; length++) {
        table->first_codes[length] = code;
        table->first_indices[length] = index;
        for (int32_t i = 0; i < spec->counts[length - 1]; i++, code++, index++) {
            if (index >= 256 || code >= 1u << length) return false;
            uint8_t symbol = spec->symbols[index];
            if (!is_ac && symbol > 15) return false;
            if (length > width) continue;
            uint32_t first = code << (width - length);
            for (uint32_t entry = first; entry < first + (1u << (width - length)); entry++) {
                table->fast[entry] = fast_entry(entry, width, length, symbol, is_ac);
            }
        }
        table->limits[length] = code << (16 - length);
        code <<= 1;
    }
    table->is_used = true;
    return true;
}

// The symbol of the next code and its length; -1 when there is none.
static int32_t slow_symbol(const decode_table *table, uint64_t bits, int32_t *length) {
    uint32_t code = (uint32_t)(bits >> 48);
    for (int32_t l = 1; l <= 16; l++) {
        if (code >= table->limits[l]) continue;
        *length = l;
        return table->symbols[((code >> (16 - l)) - table->first_codes[l] + table->first_indices[l]) & 255];
    }
    return -1;
}

#define REFILL() \
    do { \
        bits |= snug_load_big_endian(next) >> count; \
        next += (63 - count) >> 3; \
        count |= 56; \
    } while (0)

#define TAKE(n) \
    do { \
        bits <<= (n); \
        count -= (n); \
    } while (0)

// Decodes a block of zeros in place. The caller sees to it that MOST_MCU_BYTES are readable.
SNUG_BODY bool decode_block(
    bit_reader *reader, const decode_table *dc, const decode_table *ac, int32_t *prediction, int16_t *out) {
    const uint8_t *next = reader->next;
    uint64_t bits = reader->bits;
    int32_t count = reader->count;
    REFILL();
    uint32_t entry = dc->fast[bits >> (64 - DC_BITS)];
    int32_t difference = (int16_t)(entry >> 16);
    if (__builtin_expect(entry != 0, 1)) {
        TAKE(entry & 63);
    } else {
        int32_t length = 0;
        int32_t size = slow_symbol(dc, bits, &length);
        if (size < 0) return false;
        TAKE(length);
        if (size) {
            difference = extended(bits, size);
            TAKE(size);
        }
    }
    *prediction = (int32_t)((uint32_t)*prediction + (uint32_t)difference);
    out[0] = (int16_t)*prediction;
    int32_t k = 0;
    for (;;) {
        REFILL();
        // Four lookups of at most 11 bits for each refill.
        for (int32_t i = 0; i < 4; i++) {
            entry = ac->fast[bits >> (64 - AC_BITS)];
            if (__builtin_expect(!entry, 0)) goto slow;
            TAKE(entry & 63);
            k += (int32_t)(entry >> 8 & 127);
            if (__builtin_expect(k >= 63, 0)) goto end;
            out[k] = (int16_t)(entry >> 16);
        }
        continue;
    slow:
        REFILL();
        int32_t length = 0;
        int32_t symbol = slow_symbol(ac, bits, &length);
        if (symbol < 0) return false;
        TAKE(length);
        int32_t size = symbol & 15;
        if (!size) {
            k += symbol >> 4 == 15 ? 16 : 64;
            entry = symbol >> 4 == 15 ? 16 << 8 : 64 << 8;
            if (k >= 63) goto end;
            continue;
        }
        k += (symbol >> 4) + 1;
        int32_t value = extended(bits, size);
        TAKE(size);
        entry = 1 << 8 | (uint32_t)(uint16_t)value << 16;
        if (k >= 63) goto end;
        out[k] = (int16_t)value;
    }
end:
    // A block ends by filling its last place or by its end code; anything else runs past it.
    if (k == 63) {
        out[63] = (int16_t)(entry >> 16);
    } else if ((entry >> 8 & 127) != 64) {
        return false;
    }
    *reader = (bit_reader){next, bits, count};
    return true;
}

static bool is_usable(const snug_stream_layout *layout) {
    int32_t blocks = 0;
    if (layout->component_count < 1 || layout->component_count > SNUG_MAXIMUM_COMPONENTS) return false;
    if (layout->mcus_across < 1 || layout->mcus_across > 8192 || layout->mcus_down < 1 || layout->mcus_down > 8192)
        return false;
    if (layout->restart_interval < 0) return false;
    for (int32_t c = 0; c < layout->component_count; c++) {
        snug_stream_component component = layout->components[c];
        if (component.horizontal < 1 || component.horizontal > 4 || component.vertical < 1 || component.vertical > 4)
            return false;
        if (component.dc_table < 0 || component.dc_table > 3 || component.ac_table < 0 || component.ac_table > 3)
            return false;
        blocks += component.horizontal * component.vertical;
    }
    return blocks <= MOST_BLOCKS_IN_MCU;
}

snug_stream *snug_stream_create(
    const snug_stream_layout *layout, const snug_huffman_spec *dc, const snug_huffman_spec *ac,
    snug_stream_status *status) {
    *status = SNUG_STREAM_UNSUPPORTED;
    if (!is_usable(layout)) return NULL;
    snug_stream *stream = malloc(sizeof *stream);
    if (!stream) {
        *status = SNUG_STREAM_OUT_OF_MEMORY;
        return NULL;
    }
    memset(stream, 0, offsetof(snug_stream, buffer));
    stream->layout = *layout;
    for (int32_t c = 0; c < layout->component_count; c++) {
        const snug_stream_component *component = &layout->components[c];
        stream->blocks_in_mcu += component->horizontal * component->vertical;
        decode_table *dc_table = &stream->dc[component->dc_table], *ac_table = &stream->ac[component->ac_table];
        if ((!dc_table->is_used && !build(dc_table, &dc[component->dc_table], false))
            || (!ac_table->is_used && !build(ac_table, &ac[component->ac_table], true))) {
            free(stream);
            return NULL;
        }
    }
    snug_stream_rewind(stream);
    *status = SNUG_STREAM_OK;
    return stream;
}

void snug_stream_free(snug_stream *stream) { free(stream); }

void snug_stream_rewind(snug_stream *stream) {
    stream->reader = (bit_reader){stream->buffer, 0, 0};
    memset(stream->predictions, 0, sizeof stream->predictions);
    stream->column = stream->row = stream->next_restart = 0;
    stream->until_restart = stream->layout.restart_interval;
    stream->is_at_restart = stream->has_ended = stream->is_inside_marker = false;
    stream->leftover = stream->fed = 0;
    stream->filled = 0;
    memset(stream->buffer, 0, MOST_MCU_BYTES);
}

// Moves what is not decoded yet to the front of the buffer.
static void compact(snug_stream *stream) {
    size_t done = (size_t)(stream->reader.next - stream->buffer);
    if (done > stream->filled) done = stream->filled;
    if (done < BUFFER_BYTES / 2) return;
    memmove(stream->buffer, stream->buffer + done, stream->filled - done);
    stream->filled -= done;
    stream->reader.next -= done;
}

// The byte after 0xFF: data, fill, or a marker.
static void take_marker(snug_stream *stream, uint8_t code) {
    if (code == 0xFF) return;
    stream->is_inside_marker = false;
    if (code == 0) {
        stream->buffer[stream->filled++] = 0xFF;
    } else if (code >= 0xD0 && code <= 0xD7 && stream->layout.restart_interval
               && code - 0xD0 == stream->next_restart) {
        stream->is_at_restart = true;
    } else {
        stream->has_ended = true;
    }
}

// Decoding reads ahead: what follows the bytes that are there is defined, and no code that makes sense.
static void pad(snug_stream *stream) { memset(stream->buffer + stream->filled, 0xFF, MOST_MCU_BYTES); }

size_t snug_stream_feed(snug_stream *stream, const uint8_t *bytes, size_t count) {
    compact(stream);
    size_t offset = 0;
    while (offset < count && !stream->is_at_restart && !stream->has_ended && stream->filled < BUFFER_BYTES) {
        if (stream->is_inside_marker) {
            take_marker(stream, bytes[offset++]);
            continue;
        }
        size_t room = BUFFER_BYTES - stream->filled;
        size_t run = count - offset < room ? count - offset : room;
        const uint8_t *found = memchr(bytes + offset, 0xFF, run);
        if (found) run = (size_t)(found - (bytes + offset));
        memcpy(stream->buffer + stream->filled, bytes + offset, run);
        stream->filled += run;
        offset += run;
        if (found) {
            stream->is_inside_marker = true;
            offset++;
        }
    }
    pad(stream);
    stream->fed += (int64_t)offset;
    return offset;
}

void snug_stream_end_input(snug_stream *stream) { stream->has_ended = true; }

static int64_t bits_left(const snug_stream *stream) {
    return (stream->buffer + stream->filled - stream->reader.next) * 8 + stream->reader.count;
}

// Bytes of padding after the last block are harmless: zeros and ones only.
static int64_t bytes_after_end(const snug_stream *stream) {
    int64_t left = bits_left(stream) / 8, other = 0;
    const uint8_t *end = stream->buffer + stream->filled;
    for (int64_t i = 1; i <= left; i++) {
        uint8_t byte = *(end - i);
        if (byte != 0 && byte != 0xFF) other = other ? other : left - i + 1;
    }
    return other;
}

// Goes on behind a restart marker that was reached.
static snug_stream_status restart(snug_stream *stream) {
    if (!stream->is_at_restart) {
        if (!stream->has_ended) return SNUG_STREAM_NEEDS_INPUT;
        return bits_left(stream) >= 8 ? SNUG_STREAM_DAMAGED : SNUG_STREAM_TRUNCATED;
    }
    if (bytes_after_end(stream) > 0) return SNUG_STREAM_DAMAGED;
    stream->filled = 0;
    stream->reader = (bit_reader){stream->buffer, 0, 0};
    stream->is_at_restart = false;
    stream->next_restart = (stream->next_restart + 1) & 7;
    stream->until_restart = stream->layout.restart_interval;
    memset(stream->predictions, 0, sizeof stream->predictions);
    pad(stream);
    return SNUG_STREAM_OK;
}

SNUG_BODY bool decode_mcu(
    const snug_stream *stream, bit_reader *reader, int32_t *predictions, int16_t *const *rows, int32_t column,
    int32_t mcus_across) {
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        const snug_stream_component *component = &stream->layout.components[c];
        const decode_table *dc = &stream->dc[component->dc_table], *ac = &stream->ac[component->ac_table];
        int32_t across = component->horizontal;
        for (int32_t v = 0; v < component->vertical; v++) {
            for (int32_t h = 0; h < across; h++) {
                size_t block = (size_t)v * (size_t)mcus_across * (size_t)across + (size_t)(column * across + h);
                if (!decode_block(reader, dc, ac, &predictions[c], rows[c] + block * SNUG_BLOCK_SIZE)) return false;
            }
        }
        if (component->dc_limit
            && (predictions[c] > component->dc_limit || predictions[c] < -component->dc_limit)) return false;
    }
    return true;
}

SNUG_BODY snug_stream_status read_row(snug_stream *stream, int16_t *const *rows) {
    const snug_stream_layout *layout = &stream->layout;
    if (stream->row >= layout->mcus_down) return SNUG_STREAM_DAMAGED;
    if (stream->column == 0) {
        for (int32_t c = 0; c < layout->component_count; c++) {
            size_t blocks = (size_t)layout->mcus_across * (size_t)(layout->components[c].horizontal * layout->components[c].vertical);
            memset(rows[c], 0, blocks * SNUG_BLOCK_SIZE * sizeof(int16_t));
        }
    }
    while (stream->column < layout->mcus_across) {
        if (layout->restart_interval && stream->until_restart == 0) {
            snug_stream_status status = restart(stream);
            if (status != SNUG_STREAM_OK) return status;
        }
        bool is_near_end = bits_left(stream) < (int64_t)MOST_MCU_BYTES * 8;
        if (is_near_end && !stream->has_ended && !stream->is_at_restart) return SNUG_STREAM_NEEDS_INPUT;
        if (!decode_mcu(stream, &stream->reader, stream->predictions, rows, stream->column, layout->mcus_across)) {
            return is_near_end && stream->has_ended && bits_left(stream) < 256 ? SNUG_STREAM_TRUNCATED : SNUG_STREAM_DAMAGED;
        }
        if (is_near_end && bits_left(stream) < 0) return stream->has_ended ? SNUG_STREAM_TRUNCATED : SNUG_STREAM_DAMAGED;
        stream->column++;
        stream->until_restart--;
    }
    stream->column = 0;
    stream->row++;
    return SNUG_STREAM_OK;
}

static snug_stream_status read_row_portable(snug_stream *stream, int16_t *const *rows) { return read_row(stream, rows); }

#if SNUG_HAS_AVX2
SNUG_TARGET_AVX2 static snug_stream_status read_row_avx2(snug_stream *stream, int16_t *const *rows) {
    return read_row(stream, rows);
}
#endif

snug_stream_status snug_stream_read_row(snug_stream *stream, snug_kernel_level level, int16_t *const *rows) {
#if SNUG_HAS_AVX2
    if (level == SNUG_KERNEL_AVX2) return read_row_avx2(stream, rows);
#endif
    (void)level;
    return read_row_portable(stream, rows);
}

int64_t snug_stream_leftover(const snug_stream *stream) { return bytes_after_end(stream); }

int64_t snug_stream_position(const snug_stream *stream) { return stream->fed - (bits_left(stream) + 7) / 8; }

// MARK: Samples

// Bytes without stuffing up to a marker. Sets `used` to the raw bytes behind it.
static size_t unstuffed(const uint8_t *bytes, size_t count, uint8_t *out, size_t *used) {
    size_t filled = 0, offset = 0;
    while (offset < count) {
        const uint8_t *found = memchr(bytes + offset, 0xFF, count - offset);
        size_t run = found ? (size_t)(found - (bytes + offset)) : count - offset;
        memcpy(out + filled, bytes + offset, run);
        filled += run;
        offset += run;
        if (!found) break;
        while (offset < count && bytes[offset] == 0xFF) offset++;
        uint8_t code = offset < count ? bytes[offset++] : 1;
        if (code) break;
        out[filled++] = 0xFF;
    }
    *used = offset;
    memset(out + filled, 0xFF, MOST_MCU_BYTES);
    return filled;
}

// Decodes what a decoder skips, into blocks that nobody reads.
static bool synchronise(const snug_stream *stream, bit_reader *reader, const uint8_t *until, const uint8_t *end) {
    int16_t scratch[MOST_BLOCKS_IN_MCU * SNUG_BLOCK_SIZE];
    int16_t *rows[SNUG_MAXIMUM_COMPONENTS];
    int16_t *next = scratch;
    for (int32_t c = 0; c < stream->layout.component_count; c++) {
        rows[c] = next;
        next += stream->layout.components[c].horizontal * stream->layout.components[c].vertical * SNUG_BLOCK_SIZE;
    }
    int32_t predictions[SNUG_MAXIMUM_COMPONENTS] = {0};
    while (reader->next < until) {
        bit_reader before = *reader;
        memset(predictions, 0, sizeof predictions);
        if (decode_mcu(stream, reader, predictions, rows, 0, 1)) continue;
        // Out of step and into nonsense: once more a little further on.
        *reader = (bit_reader){before.next - (before.count >> 3) + 2, 0, 0};
    }
    return reader->next < end;
}

int32_t snug_stream_sample(
    const snug_stream *stream, const uint8_t *bytes, size_t count, size_t skip, int32_t capacity, int64_t wanted_bits,
    int16_t *const *rows, int64_t *bits) {
    *bits = 0;
    uint8_t *buffer = malloc(count + 2 * MOST_MCU_BYTES);
    if (!buffer) return 0;
    int32_t mcus = 0;
    size_t offset = 0;
    bool isInStep = skip == 0;
    while (offset < count && mcus < capacity && *bits < wanted_bits) {
        size_t used = 0;
        size_t filled = unstuffed(bytes + offset, count - offset, buffer, &used);
        const uint8_t *end = buffer + filled;
        bit_reader reader = {buffer, 0, 0};
        bool hasSkipped = isInStep;
        if (!isInStep) {
            size_t skipped = skip < filled ? skip : filled;
            hasSkipped = synchronise(stream, &reader, buffer + skipped, end);
            skip -= skipped;
        }
        int32_t predictions[SNUG_MAXIMUM_COMPONENTS] = {0};
        while (hasSkipped && mcus < capacity && *bits < wanted_bits) {
            int64_t before = (end - reader.next) * 8 + reader.count;
            // Less than a byte is padding before a marker.
            if (before < 8) break;
            bool isDecoded = decode_mcu(stream, &reader, predictions, rows, mcus, capacity);
            int64_t after = (end - reader.next) * 8 + reader.count;
            if (!isDecoded || after < 0) {
                // What was decoded of a broken or cut MCU goes.
                for (int32_t c = 0; c < stream->layout.component_count; c++) {
                    size_t across = (size_t)stream->layout.components[c].horizontal;
                    for (int32_t v = 0; v < stream->layout.components[c].vertical; v++) {
                        int16_t *first = rows[c] + ((size_t)v * (size_t)capacity + (size_t)mcus) * across * SNUG_BLOCK_SIZE;
                        memset(first, 0, across * SNUG_BLOCK_SIZE * sizeof(int16_t));
                    }
                }
                break;
            }
            *bits += before - after;
            mcus++;
        }
        // The next bytes follow a marker, where a decoder is in step. Without restarts that is the end.
        if (!stream->layout.restart_interval) break;
        offset += used;
        isInStep = true;
    }
    free(buffer);
    return mcus;
}

size_t snug_scan_end(const uint8_t *bytes, size_t count) {
    size_t offset = 0;
    while (offset < count) {
        const uint8_t *found = memchr(bytes + offset, 0xFF, count - offset);
        if (!found) return count;
        offset = (size_t)(found - bytes);
        if (offset + 1 >= count) return offset;
        uint8_t code = bytes[offset + 1];
        if (code == 0xFF) {
            offset += 1;
        } else if (code == 0 || (code >= 0xD0 && code <= 0xD7)) {
            offset += 2;
        } else {
            return offset;
        }
    }
    return count;
}
