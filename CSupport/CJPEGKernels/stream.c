// SPDX-License-Identifier: Apache-2.0
#include "stream_state.h"

#include <stdlib.h>

// T.81 G.1.1.1.1 and G.1.1.1.2: DC alone, or a band of one component; refinements add one bit.
static bool is_usable_band(const snug_stream_layout *layout) {
    const snug_scan_band *band = &layout->band;
    if (!layout->is_progressive) return true;
    if (layout->is_natural || band->first < 0 || band->last < band->first || band->last > 63) return false;
    if (band->first == 0 ? band->last != 0 : layout->component_count != 1) return false;
    return band->low >= 0 && band->low <= 13 && (band->high == 0 || band->high == band->low + 1);
}

static bool is_usable(const snug_stream_layout *layout) {
    int32_t blocks = 0;
    if (!is_usable_band(layout)) return false;
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

// Builds the tables that a component of the scan uses; false for one that no prefix code has.
static bool build_tables(
    snug_stream *stream, const snug_stream_component *component, const snug_huffman_spec *dc,
    const snug_huffman_spec *ac) {
    const snug_stream_layout *layout = &stream->layout;
    decode_table *dc_table = &stream->dc[component->dc_table], *ac_table = &stream->ac[component->ac_table];
    bool needs_dc = !layout->is_progressive || (layout->band.first == 0 && layout->band.high == 0);
    bool needs_ac = !layout->is_progressive || layout->band.first > 0;
    table_kind kind = layout->is_progressive ? TABLE_PROGRESSIVE_AC : TABLE_AC;
    if (needs_dc && !dc_table->is_used && !snug_decode_table_build(dc_table, &dc[component->dc_table], TABLE_DC))
        return false;
    return !needs_ac || ac_table->is_used || snug_decode_table_build(ac_table, &ac[component->ac_table], kind);
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
        if (!build_tables(stream, component, dc, ac)) {
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
    stream->column = stream->row = stream->next_restart = stream->ended_blocks = 0;
    stream->until_restart = stream->layout.restart_interval;
    stream->is_at_restart = stream->has_ended = stream->is_inside_marker = stream->has_fill = false;
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
    if (code == 0xFF) {
        stream->has_fill = true;
        return;
    }
    bool has_fill = stream->has_fill;
    stream->is_inside_marker = stream->has_fill = false;
    if (code == 0 && !has_fill) {
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

// Bytes of padding that an encoder may leave after the last block. More of them are what a broken disk or download left:
// blocks have been read from the zeros before.
enum { MOST_PADDING = 16 };

// Bytes after the last block, but for a little padding of zeros and ones only.
static int64_t bytes_after_end(const snug_stream *stream) {
    int64_t left = bits_left(stream) / 8, other = 0;
    const uint8_t *end = stream->buffer + stream->filled;
    for (int64_t i = 1; i <= left; i++) {
        uint8_t byte = *(end - i);
        if (byte != 0 && byte != 0xFF) other = other ? other : left - i + 1;
    }
    return other || left <= MOST_PADDING ? other : left;
}

// Goes on behind a restart marker that was reached.
static snug_stream_status restart(snug_stream *stream) {
    if (!stream->is_at_restart) {
        // All that is there belongs to what lies before the marker.
        if (bits_left(stream) > 8 * (MOST_PADDING + 1)) return SNUG_STREAM_DAMAGED;
        if (!stream->has_ended) return SNUG_STREAM_NEEDS_INPUT;
        return bits_left(stream) >= 8 ? SNUG_STREAM_DAMAGED : SNUG_STREAM_TRUNCATED;
    }
    if (bytes_after_end(stream) > 0) return SNUG_STREAM_DAMAGED;
    stream->filled = 0;
    stream->reader = (bit_reader){stream->buffer, 0, 0};
    stream->is_at_restart = false;
    stream->next_restart = (stream->next_restart + 1) & 7;
    stream->until_restart = stream->layout.restart_interval;
    stream->ended_blocks = 0;
    memset(stream->predictions, 0, sizeof stream->predictions);
    pad(stream);
    return SNUG_STREAM_OK;
}

SNUG_BODY snug_stream_status read_blocks(snug_stream *stream, scan_kind kind, int16_t *const *rows) {
    const snug_stream_layout *layout = &stream->layout;
    if (stream->row >= layout->mcus_down) return SNUG_STREAM_DAMAGED;
    if (stream->column == 0 && !layout->is_progressive) {
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
        if (!decode_mcu(
                stream, &stream->reader, kind, stream->predictions, &stream->ended_blocks, rows, stream->column,
                layout->mcus_across)) {
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

SNUG_BODY snug_stream_status read_row(snug_stream *stream, int16_t *const *rows) {
    const snug_stream_layout *layout = &stream->layout;
    if (!layout->is_progressive) {
        return layout->is_natural ? read_blocks(stream, SCAN_SEQUENTIAL_NATURAL, rows)
                                  : read_blocks(stream, SCAN_SEQUENTIAL, rows);
    }
    if (layout->band.first == 0) {
        return layout->band.high ? read_blocks(stream, SCAN_DC_REFINEMENT, rows)
                                 : read_blocks(stream, SCAN_DC_FIRST, rows);
    }
    return layout->band.high ? read_blocks(stream, SCAN_AC_REFINEMENT, rows)
                             : read_blocks(stream, SCAN_AC_FIRST, rows);
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
