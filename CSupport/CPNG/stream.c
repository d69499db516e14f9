/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

#include "CKernels.h"

#include <string.h>

/* Inflated at once, where rows are short: in the second cache, and enough to make a call worth while. */
#define BLOCK_BYTES ((size_t)192 << 10)

bool snug_png_stream_begin(snug_png_decoder *decoder) {
    snug_png_stream *stream = &decoder->stream;
    const snug_png_expansion *expansion = &stream->expansion;
    const size_t stored = png_get_channels(decoder->png, decoder->info);
    const size_t pixel_bits = stored * (size_t)expansion->bit_depth;
    stream->stored_bytes = (decoder->header.width * pixel_bits + 7) / 8;
    stream->pixel_bytes = pixel_bits < 8 ? 1 : pixel_bits / 8;
    const size_t line = stream->stored_bytes + 1;
    stream->bytes_to_come = (uint64_t)line * decoder->header.height;
    size_t block = line > BLOCK_BYTES ? line : BLOCK_BYTES;
    if (block > stream->bytes_to_come) block = (size_t)stream->bytes_to_come;
    stream->capacity = stream->stored_bytes + block;
    stream->block = snug_png_counted_malloc(decoder, stream->capacity + SNUG_UNFILTER_PADDING);
    stream->inflater = snug_png_counted_malloc(decoder, snug_inflater_bytes);
    if (stream->block == NULL || stream->inflater == NULL) return false;
    if (!snug_inflater_begin(stream->inflater)) {
        decoder->ran_out_of_memory = true;
        snug_png_counted_free(decoder, stream->inflater);
        stream->inflater = NULL;
        return false;
    }
    /* Above the first row all is zero. */
    memset(stream->block, 0, stream->stored_bytes);
    memset(stream->block + stream->capacity, 0, SNUG_UNFILTER_PADDING);
    stream->start = stream->end = stream->stored_bytes;
    stream->checksum = snug_chunk_checksum(0, decoder->place.head + 4, 4);
    stream->is_on = true;
    return true;
}

void snug_png_stream_end(snug_png_decoder *decoder) {
    if (decoder->stream.inflater != NULL) snug_inflater_end(decoder->stream.inflater);
    snug_png_counted_free(decoder, decoder->stream.inflater);
    snug_png_counted_free(decoder, decoder->stream.block);
}

static bool fail(snug_png_decoder *decoder, const char *text) {
    snug_png_set_message(decoder, text);
    return false;
}

static bool warn(snug_png_decoder *decoder, const char *text) {
    return snug_png_note_warning(decoder, text) || fail(decoder, "too many warnings");
}

/* Once for each chunk: it may go on for long. */
static bool warn_of_excess(snug_png_decoder *decoder, const char *text) {
    if (decoder->stream.has_warned_in_chunk) return true;
    decoder->stream.has_warned_in_chunk = true;
    return warn(decoder, text);
}

/* MARK: Rows */

/* Undoes the filter of the next row that was inflated to its end. */
static bool make_row(snug_png_decoder *decoder) {
    snug_png_stream *stream = &decoder->stream;
    uint8_t *line = stream->block + stream->start;
    if (line[0] > 4) return fail(decoder, "bad adaptive filter value");
    decoder->rows_decoded++;
    if (decoder->rows_decoded == decoder->header.height) decoder->is_complete = true;
    if (decoder->depth == SNUG_PNG_DEPTH_DISCARD) {
        stream->start += stream->stored_bytes + 1;
        return true;
    }
    snug_png_unfilter_row(
        decoder->level, line[0], line + 1, line - stream->stored_bytes, stream->stored_bytes, stream->pixel_bytes);
    stream->has_row = true;
    return true;
}

static bool has_line(const snug_png_stream *stream) { return stream->end - stream->start > stream->stored_bytes; }

bool snug_png_stream_holds_rows(const snug_png_decoder *decoder) {
    const snug_png_stream *stream = &decoder->stream;
    if (!stream->is_on || stream->fault != NULL) return stream->is_on;
    if (decoder->is_complete) return stream->has_row;
    return stream->has_row || has_line(stream)
        || (!stream->has_ended && snug_inflater_holds_output(stream->inflater));
}

bool snug_png_stream_take_row(snug_png_decoder *decoder, uint8_t *row) {
    snug_png_stream *stream = &decoder->stream;
    if (!stream->has_row) return false;
    const uint8_t *line = stream->block + stream->start + 1;
    if (snug_png_expansion_is_plain(&stream->expansion)) memcpy(row, line, stream->stored_bytes);
    else snug_png_expand_row(&stream->expansion, line, row);
    stream->start += stream->stored_bytes + 1;
    stream->has_row = false;
    decoder->rows_taken++;
    return true;
}

/* MARK: Inflating */

/* Moves the last row, and the part of the next one that is there, to the front of the block. */
static void make_room(snug_png_stream *stream) {
    const size_t kept = stream->start - stream->stored_bytes;
    if (kept == 0) return;
    memmove(stream->block, stream->block + kept, stream->end - kept);
    stream->start -= kept;
    stream->end -= kept;
}

/* The stream broke off or ended; the words are libpng's. */
static bool end_stream(snug_png_decoder *decoder, snug_inflater_status status) {
    static const char mismatch[] = "IDAT: IDAT: ADLER32 checksum mismatch";
    decoder->stream.has_ended = true;
    if (status == SNUG_INFLATER_ENDED) return true;
    if (status == SNUG_INFLATER_NEEDS_DICTIONARY) return fail(decoder, "Decompression error in IDAT");
    /* All rows are there, and some of them are wrong: told once they are out. */
    if (decoder->stream.bytes_to_come == 0 && !decoder->tolerates_crc_errors) {
        decoder->stream.fault = mismatch;
        return true;
    }
    return warn(decoder, mismatch);
}

/* Inflates into what is free of the block, or looks for data behind the last row. */
static bool inflate_some(snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *used) {
    snug_png_stream *stream = &decoder->stream;
    uint8_t beyond[1];
    uint8_t *output = beyond;
    size_t room = sizeof beyond, made = 0;
    const bool is_beyond = stream->bytes_to_come == 0;
    if (!is_beyond) {
        make_room(stream);
        output = stream->block + stream->end;
        room = stream->capacity - stream->end;
        if (room > stream->bytes_to_come) room = (size_t)stream->bytes_to_come;
    }
    const snug_inflater_status status = snug_inflater_run(stream->inflater, bytes, count, used, output, room, &made);
    if (is_beyond && made > 0) {
        stream->has_ended = true;
        return warn_of_excess(decoder, "Extra compressed data in IDAT");
    }
    if (!is_beyond) {
        stream->end += made;
        stream->bytes_to_come -= made;
    }
    if (status == SNUG_INFLATER_GOES_ON) {
        /* With bytes and room it has to get on. */
        return *used > 0 || made > 0 || count == 0 || fail(decoder, "Decompression error in IDAT");
    }
    if (!end_stream(decoder, status)) return false;
    if (status != SNUG_INFLATER_ENDED || snug_inflater_excess(stream->inflater) == 0) return true;
    return warn_of_excess(decoder, "Extra compression data in IDAT");
}

/* MARK: Chunks */

static bool take_data(snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *used) {
    snug_png_stream *stream = &decoder->stream;
    *used = count;
    if (!snug_png_place_is(&decoder->place, "IDAT")) {
        /* Nothing that comes after the image is read. */
    } else if (stream->has_ended) {
        if (!warn_of_excess(decoder, "Extra compression data in IDAT")) return false;
    } else if (!inflate_some(decoder, bytes, count, used)) {
        return false;
    }
    stream->checksum = snug_chunk_checksum(stream->checksum, bytes, *used);
    return true;
}

static bool has_palette(const snug_png_decoder *decoder) {
    png_colorp colours = NULL;
    int count = 0;
    return png_get_PLTE(decoder->png, decoder->info, &colours, &count) != 0;
}

static bool check_crc(snug_png_decoder *decoder) {
    const snug_png_place *place = &decoder->place;
    const uint8_t *crc = place->crc;
    const uint32_t stored = (uint32_t)crc[0] << 24 | (uint32_t)crc[1] << 16 | (uint32_t)crc[2] << 8 | crc[3];
    if (stored == decoder->stream.checksum) return true;
    char text[16];
    memcpy(text, place->head + 4, 4);
    memcpy(text + 4, ": CRC error", 12);
    const bool is_critical = (place->head[4] & 0x20) == 0;
    return is_critical && !decoder->tolerates_crc_errors ? fail(decoder, text) : warn(decoder, text);
}

/* A chunk is whole; what may not come after the image began is told as libpng tells it. */
static bool check_end_of_chunk(snug_png_decoder *decoder) {
    const snug_png_place *place = &decoder->place;
    if (snug_png_place_is(place, "IHDR")) return fail(decoder, "IHDR: out of place");
    if (snug_png_place_is(place, "PLTE") && has_palette(decoder)) return fail(decoder, "PLTE: duplicate");
    if (!check_crc(decoder)) return false;
    if (snug_png_place_is(place, "PLTE")) return warn(decoder, "PLTE: out of place");
    if (snug_png_place_is(place, "tRNS")) return warn(decoder, "tRNS: out of place");
    if (snug_png_place_is(place, "IEND")) return place->length == 0 || warn(decoder, "IEND: invalid");
    const bool is_critical = (place->head[4] & 0x20) == 0;
    return !is_critical || snug_png_place_is(place, "IDAT") || fail(decoder, "unhandled critical chunk");
}

static bool check_head(snug_png_decoder *decoder) {
    snug_png_stream *stream = &decoder->stream;
    const snug_png_place *place = &decoder->place;
    stream->checksum = snug_chunk_checksum(0, place->head + 4, 4);
    stream->has_warned_in_chunk = false;
    if (place->length > PNG_UINT_31_MAX) return fail(decoder, "PNG unsigned integer out of range");
    if (snug_png_place_is(place, "IDAT")) {
        return !stream->has_other_chunk || fail(decoder, "Too many IDATs found");
    }
    stream->has_other_chunk = true;
    return stream->has_ended || fail(decoder, "Not enough compressed data");
}

/* Takes bytes that lie within one part of a chunk. */
static bool take_part(snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *used) {
    snug_png_place *place = &decoder->place;
    size_t taken = count < place->left ? count : place->left;
    const int part = place->part;
    const bool ends = taken == place->left;
    if (part == SNUG_PNG_CHUNK_DATA && !take_data(decoder, bytes, taken, &taken)) return false;
    snug_png_advance(place, bytes, taken);
    *used = taken;
    if (part == SNUG_PNG_CHUNK_HEAD && ends) return check_head(decoder);
    /* The place is the next chunk's by now, but for its head. */
    return part != SNUG_PNG_CHUNK_CRC || !ends || check_end_of_chunk(decoder);
}

bool snug_png_stream_push(snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *consumed) {
    static const uint8_t nothing[1];
    snug_png_stream *stream = &decoder->stream;
    while (!stream->has_row) {
        size_t used = 0;
        if (!decoder->is_complete && has_line(stream)) {
            if (!make_row(decoder)) return false;
        } else if (!stream->has_ended && snug_inflater_holds_output(stream->inflater)) {
            if (!inflate_some(decoder, nothing, 0, &used)) return false;
        } else if (stream->fault != NULL) {
            return fail(decoder, stream->fault);
        } else if (*consumed < count) {
            if (!take_part(decoder, bytes + *consumed, count - *consumed, &used)) return false;
            *consumed += used;
        } else {
            break;
        }
    }
    return true;
}
