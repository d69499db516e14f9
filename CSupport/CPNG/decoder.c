/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Until the header is known, so that image data behind it in the same slice stay few. */
#define HEADER_SLICE 64
/* Kept before each block, so that freeing can count; 16 keeps libpng's vector code aligned. */
#define BLOCK_HEADER 16

static void copy_text(char *to, const char *from) {
    strncpy(to, from, SNUG_PNG_TEXT_BYTES - 1);
    to[SNUG_PNG_TEXT_BYTES - 1] = '\0';
}

void *snug_png_counted_malloc(snug_png_decoder *decoder, size_t size) {
    if (size > SIZE_MAX - BLOCK_HEADER || size > decoder->memory_limit - decoder->memory) {
        decoder->ran_out_of_memory = true;
        return NULL;
    }
    uint8_t *block = malloc(size + BLOCK_HEADER);
    if (block == NULL) {
        decoder->ran_out_of_memory = true;
        return NULL;
    }
    memcpy(block, &size, sizeof size);
    decoder->memory += size;
    if (decoder->memory > decoder->peak_memory) decoder->peak_memory = decoder->memory;
    return block + BLOCK_HEADER;
}

void snug_png_counted_free(snug_png_decoder *decoder, void *pointer) {
    if (pointer == NULL) return;
    uint8_t *block = (uint8_t *)pointer - BLOCK_HEADER;
    size_t size;
    memcpy(&size, block, sizeof size);
    decoder->memory -= size;
    free(block);
}

static png_voidp png_allocate(png_structp png, png_alloc_size_t size) {
    return snug_png_counted_malloc(png_get_mem_ptr(png), size);
}

static void png_release(png_structp png, png_voidp pointer) { snug_png_counted_free(png_get_mem_ptr(png), pointer); }

bool snug_png_note_warning(snug_png_decoder *decoder, const char *text) {
    if (decoder->warning_count < SNUG_PNG_KEPT_WARNINGS) copy_text(decoder->warnings[decoder->warning_count], text);
    decoder->warning_count++;
    return decoder->warning_count <= decoder->maximum_warnings;
}

void snug_png_set_message(snug_png_decoder *decoder, const char *text) { copy_text(decoder->message, text); }

static void on_error(png_structp png, png_const_charp text) {
    snug_png_decoder *decoder = png_get_error_ptr(png);
    copy_text(decoder->message, text);
    longjmp(decoder->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    if (!snug_png_note_warning(png_get_error_ptr(png), text)) png_error(png, "too many warnings");
}

static bool begin(snug_png_decoder *decoder, bool tolerates_crc_errors) {
    if (setjmp(decoder->escape)) return false;
    decoder->info = png_create_info_struct(decoder->png);
    if (decoder->info == NULL) return false;
    /* Nothing but the image itself is read; the caller passes on no other chunk either. */
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(decoder->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    if (tolerates_crc_errors) png_set_crc_action(decoder->png, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
    png_set_progressive_read_fn(decoder->png, decoder, snug_png_on_info, snug_png_on_row, NULL);
    return true;
}

snug_png_decoder *snug_png_decoder_create(const snug_png_decoder_settings *settings) {
    snug_png_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return NULL;
    decoder->memory_limit = settings->memory_limit;
    decoder->maximum_warnings = settings->maximum_warnings;
    decoder->depth = settings->depth;
    decoder->level = settings->level;
    decoder->tolerates_crc_errors = settings->tolerates_crc_errors;
    decoder->uses_libpng_only = settings->uses_libpng_only;
    decoder->slice = HEADER_SLICE;
    decoder->place.left = 8;
    if (setjmp(decoder->escape) == 0) {
        decoder->png = png_create_read_struct_2(
            PNG_LIBPNG_VER_STRING, decoder, on_error, on_warning, decoder, png_allocate, png_release);
    }
    if (decoder->png == NULL || !begin(decoder, settings->tolerates_crc_errors)) {
        snug_png_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void snug_png_decoder_free(snug_png_decoder *decoder) {
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    snug_png_stream_end(decoder);
    snug_png_counted_free(decoder, decoder->rows);
    free(decoder);
}

bool snug_png_place_is(const snug_png_place *place, const char *type) { return memcmp(place->head + 4, type, 4) == 0; }

void snug_png_advance(snug_png_place *place, const uint8_t *bytes, size_t count) {
    if (place->part == SNUG_PNG_CHUNK_HEAD) memcpy(place->head + 8 - place->left, bytes, count);
    if (place->part == SNUG_PNG_CHUNK_CRC) memcpy(place->crc + 4 - place->left, bytes, count);
    place->left -= count;
    if (place->left > 0) return;
    const uint8_t *head = place->head;
    switch (place->part) {
    case SNUG_PNG_CHUNK_HEAD:
        place->length = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
        place->part = place->length > 0 ? SNUG_PNG_CHUNK_DATA : SNUG_PNG_CHUNK_CRC;
        place->left = place->length > 0 ? place->length : 4;
        break;
    case SNUG_PNG_CHUNK_DATA:
        place->part = SNUG_PNG_CHUNK_CRC;
        place->left = 4;
        break;
    default:
        place->part = SNUG_PNG_CHUNK_HEAD;
        place->left = 8;
    }
}

/* Gives libpng a slice that ends with a part of a chunk at the latest. */
static size_t push_to_libpng(snug_png_decoder *decoder, const uint8_t *bytes, size_t count) {
    size_t slice = count < decoder->slice ? count : decoder->slice;
    if (slice > decoder->place.left) slice = decoder->place.left;
    /* libpng takes a pointer to mutable bytes and only reads them. */
    png_process_data(decoder->png, decoder->info, (png_bytep)(uintptr_t)bytes, slice);
    snug_png_advance(&decoder->place, bytes, slice);
    if (!decoder->has_header) return slice;
    if (decoder->header.is_interlaced) {
        decoder->is_complete = png_get_current_pass_number(decoder->png) >= 7;
    } else if (!decoder->uses_libpng_only && !snug_png_stream_begin(decoder)) {
        png_error(decoder->png, "no memory for rows");
    }
    return slice;
}

snug_png_status snug_png_decoder_push(
    snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *consumed) {
    *consumed = 0;
    if (decoder->has_failed || setjmp(decoder->escape)) {
        decoder->has_failed = true;
        return decoder->ran_out_of_memory ? SNUG_PNG_OUT_OF_MEMORY : SNUG_PNG_CODEC_ERROR;
    }
    while (!decoder->stream.is_on && *consumed < count && decoder->queue_count == 0) {
        *consumed += push_to_libpng(decoder, bytes + *consumed, count - *consumed);
    }
    if (decoder->stream.is_on && !snug_png_stream_push(decoder, bytes, count, consumed)) {
        decoder->has_failed = true;
        return SNUG_PNG_CODEC_ERROR;
    }
    return SNUG_PNG_OK;
}

bool snug_png_decoder_holds_rows(const snug_png_decoder *decoder) { return snug_png_stream_holds_rows(decoder); }

void snug_png_decoder_end_input(snug_png_decoder *decoder) { decoder->has_ended = true; }

bool snug_png_decoder_get_header(const snug_png_decoder *decoder, snug_png_header *header) {
    *header = decoder->header;
    return decoder->has_header;
}

bool snug_png_decoder_take_row(snug_png_decoder *decoder, uint8_t *row) {
    size_t row_bytes = decoder->header.row_bytes;
    if (decoder->stream.is_on) return snug_png_stream_take_row(decoder, row);
    if (decoder->rows == NULL || decoder->rows_taken >= decoder->header.height) return false;
    if (decoder->header.is_interlaced) {
        if (!decoder->is_complete && !decoder->has_ended) return false;
        memcpy(row, decoder->rows + decoder->rows_taken * row_bytes, row_bytes);
    } else {
        if (decoder->queue_count == 0) return false;
        memcpy(row, decoder->rows + decoder->queue_first * row_bytes, row_bytes);
        decoder->queue_count--;
        /* An empty ring starts over, so that few rows go round in the same, cached memory. */
        decoder->queue_first =
            decoder->queue_count == 0 ? 0 : (decoder->queue_first + 1) % decoder->queue_capacity;
    }
    decoder->rows_taken++;
    return true;
}

uint32_t snug_png_decoder_rows_decoded(const snug_png_decoder *decoder) {
    return decoder->is_complete ? decoder->header.height : decoder->rows_decoded;
}

bool snug_png_decoder_is_complete(const snug_png_decoder *decoder) { return decoder->is_complete; }

const char *snug_png_decoder_message(const snug_png_decoder *decoder) { return decoder->message; }

uint32_t snug_png_decoder_warning_count(const snug_png_decoder *decoder) { return decoder->warning_count; }

const char *snug_png_decoder_warning(const snug_png_decoder *decoder, uint32_t index) {
    return index < decoder->warning_count && index < SNUG_PNG_KEPT_WARNINGS ? decoder->warnings[index] : NULL;
}

size_t snug_png_decoder_peak_memory(const snug_png_decoder *decoder) { return decoder->peak_memory; }

size_t snug_png_inflate(const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count) {
    z_stream stream = {0};
    if (input_count > UINT32_MAX || output_count > UINT32_MAX || inflateInit(&stream) != Z_OK) return 0;
    stream.next_in = (Bytef *)(uintptr_t)input;
    stream.avail_in = (uInt)input_count;
    stream.next_out = output;
    stream.avail_out = (uInt)output_count;
    (void)inflate(&stream, Z_SYNC_FLUSH);
    size_t written = output_count - stream.avail_out;
    inflateEnd(&stream);
    return written;
}
