/* SPDX-License-Identifier: Apache-2.0 */
#include "inflater.h"

#include <string.h>

/* Counts of both libraries have 32 bits. */
#define MOST_BYTES ((size_t)1 << 30)

static size_t least(size_t one, size_t other) { return one < other ? one : other; }

#if __has_include(<isa-l/igzip_lib.h>)

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

struct snug_inflater {
    struct inflate_state state;
    snug_inflater_status status;
    /* The last call filled its output, so that there may be more behind it. */
    bool is_full;
    bool has_begun;
};

const size_t snug_inflater_bytes = sizeof(snug_inflater);

bool snug_inflater_begin(snug_inflater *memory) {
    isal_inflate_init(&memory->state);
    memory->state.crc_flag = ISAL_ZLIB;
    memory->status = SNUG_INFLATER_GOES_ON;
    memory->is_full = memory->has_begun = false;
    return true;
}

void snug_inflater_end(snug_inflater *inflater) { (void)inflater; }

/* Output that the library made before it met the damage, and had no room for. */
static size_t take_rest(snug_inflater *inflater, uint8_t *output, size_t output_count) {
    struct inflate_state *state = &inflater->state;
    if (state->tmp_out_valid <= state->tmp_out_processed) return 0;
    size_t count = least((size_t)(state->tmp_out_valid - state->tmp_out_processed), output_count);
    memcpy(output, state->tmp_out_buffer + state->tmp_out_processed, count);
    state->tmp_out_processed += (int32_t)count;
    return count;
}

static snug_inflater_status status_of(snug_inflater *inflater, int result) {
    switch (result) {
    case ISAL_DECOMP_OK: break;
    case ISAL_NEED_DICT: return SNUG_INFLATER_NEEDS_DICTIONARY;
    default: return SNUG_INFLATER_DAMAGED;
    }
    /* Not before the checksum was read and compared. */
    return inflater->state.block_state == ISAL_BLOCK_FINISH ? SNUG_INFLATER_ENDED : SNUG_INFLATER_GOES_ON;
}

snug_inflater_status snug_inflater_run(snug_inflater *inflater, const uint8_t *input, size_t input_count, size_t *used,
                                       uint8_t *output, size_t output_count, size_t *made) {
    struct inflate_state *state = &inflater->state;
    *used = *made = 0;
    if (!inflater->has_begun && input_count > 0) {
        inflater->has_begun = true;
        /* RFC 1950 §2.2: windows have 32 KiB at most. The library looks at the rest of the header only. */
        if (input[0] >> 4 > 7) inflater->status = SNUG_INFLATER_DAMAGED;
    }
    if (inflater->status == SNUG_INFLATER_GOES_ON) {
        const uint32_t in = (uint32_t)least(input_count, MOST_BYTES), out = (uint32_t)least(output_count, MOST_BYTES);
        /* The library takes a pointer to mutable bytes and only reads them. */
        state->next_in = (uint8_t *)(uintptr_t)input;
        state->avail_in = in;
        state->next_out = output;
        state->avail_out = out;
        const int result = isal_inflate(state);
        *used = in - state->avail_in;
        *made = out - state->avail_out;
        inflater->is_full = state->avail_out == 0;
        const snug_inflater_status status = status_of(inflater, result);
        if (status == SNUG_INFLATER_GOES_ON || status == SNUG_INFLATER_ENDED) return inflater->status = status;
        inflater->status = status;
    }
    if (inflater->status != SNUG_INFLATER_ENDED) *made += take_rest(inflater, output + *made, output_count - *made);
    /* Damage is told once all that was good is out. */
    return snug_inflater_holds_output(inflater) ? SNUG_INFLATER_GOES_ON : inflater->status;
}

bool snug_inflater_holds_output(const snug_inflater *inflater) {
    const struct inflate_state *state = &inflater->state;
    const bool is_pending = state->tmp_out_valid > state->tmp_out_processed;
    switch (inflater->status) {
    case SNUG_INFLATER_GOES_ON: return is_pending || inflater->is_full;
    case SNUG_INFLATER_ENDED: return false;
    default: return is_pending;
    }
}

size_t snug_inflater_excess(const snug_inflater *inflater) { return (size_t)inflater->state.read_in_length / 8; }

uint32_t snug_chunk_checksum(uint32_t value, const uint8_t *bytes, size_t count) {
    return crc32_gzip_refl(value, bytes, count);
}

#else

#include <zlib.h>

struct snug_inflater {
    z_stream stream;
    snug_inflater_status status;
    bool is_full;
};

const size_t snug_inflater_bytes = sizeof(snug_inflater);

bool snug_inflater_begin(snug_inflater *memory) {
    memset(memory, 0, sizeof *memory);
    return inflateInit(&memory->stream) == Z_OK;
}

void snug_inflater_end(snug_inflater *inflater) { inflateEnd(&inflater->stream); }

snug_inflater_status snug_inflater_run(snug_inflater *inflater, const uint8_t *input, size_t input_count, size_t *used,
                                       uint8_t *output, size_t output_count, size_t *made) {
    *used = *made = 0;
    if (inflater->status != SNUG_INFLATER_GOES_ON) return inflater->status;
    z_stream *stream = &inflater->stream;
    const uInt in = (uInt)least(input_count, MOST_BYTES), out = (uInt)least(output_count, MOST_BYTES);
    stream->next_in = (Bytef *)(uintptr_t)input;
    stream->avail_in = in;
    stream->next_out = output;
    stream->avail_out = out;
    const int result = inflate(stream, Z_SYNC_FLUSH);
    *used = in - stream->avail_in;
    *made = out - stream->avail_out;
    inflater->is_full = stream->avail_out == 0;
    if (result == Z_STREAM_END) inflater->status = SNUG_INFLATER_ENDED;
    else if (result == Z_NEED_DICT) inflater->status = SNUG_INFLATER_NEEDS_DICTIONARY;
    else if (result != Z_OK && result != Z_BUF_ERROR) inflater->status = SNUG_INFLATER_DAMAGED;
    return inflater->status;
}

bool snug_inflater_holds_output(const snug_inflater *inflater) {
    return inflater->status == SNUG_INFLATER_GOES_ON && inflater->is_full;
}

size_t snug_inflater_excess(const snug_inflater *inflater) {
    (void)inflater;
    return 0;
}

uint32_t snug_chunk_checksum(uint32_t value, const uint8_t *bytes, size_t count) {
    return (uint32_t)crc32_z(value, bytes, count);
}

#endif
