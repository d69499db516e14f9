/* SPDX-License-Identifier: Apache-2.0 */
/* Called by libpng: the header of every image, and the rows of those that it decodes. */
#include "decoder.h"

#include <string.h>

/* Deflate makes at most 1032 bytes of one, so a slice of input is cut to what fills this much of the queue. */
#define DEFLATE_RATIO 1032
#define QUEUE_BYTES ((size_t)2 << 20)

static void reserve_image(snug_png_decoder *decoder, png_structp png) {
    const snug_png_header *header = &decoder->header;
    size_t bytes;
    if (__builtin_mul_overflow(header->row_bytes, (size_t)header->height, &bytes)) {
        decoder->ran_out_of_memory = true;
        png_error(png, "image too large");
    }
    decoder->rows = snug_png_counted_malloc(decoder, bytes);
    if (decoder->rows == NULL) png_error(png, "no memory for an interlaced image");
    /* What never arrives stays transparent, or mid-gray where nothing can be transparent. */
    bool has_alpha = header->channels == 2 || header->channels == 4;
    memset(decoder->rows, has_alpha ? 0 : 128, bytes);
}

/* The header of rows that are made here. */
static void describe_expanded(snug_png_decoder *decoder, png_structp png, png_infop info) {
    snug_png_expansion *expansion = &decoder->stream.expansion;
    snug_png_header *header = &decoder->header;
    snug_png_expansion_begin(expansion, png, info, decoder->depth);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->channels = snug_png_expansion_channels(expansion);
    header->bits_per_sample = snug_png_expansion_bits(expansion);
    header->row_bytes = (size_t)header->width * header->channels * (header->bits_per_sample / 8);
    decoder->has_header = true;
}

void snug_png_on_info(png_structp png, png_infop info) {
    snug_png_decoder *decoder = png_get_progressive_ptr(png);
    snug_png_header *header = &decoder->header;
    size_t stored_row = png_get_rowbytes(png, info) + 1;
    header->is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
    if (!header->is_interlaced && !decoder->uses_libpng_only) {
        describe_expanded(decoder, png, info);
        return;
    }
    if (decoder->depth != SNUG_PNG_DEPTH_DISCARD) {
        png_set_expand(png);
        if (png_get_bit_depth(png, info) == 16) {
            if (decoder->depth == SNUG_PNG_DEPTH_8) png_set_scale_16(png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            else png_set_swap(png);
#endif
        }
        if (header->is_interlaced) png_set_interlace_handling(png);
    }
    png_read_update_info(png, info);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->channels = png_get_channels(png, info);
    header->bits_per_sample = png_get_bit_depth(png, info);
    header->row_bytes = png_get_rowbytes(png, info);
    decoder->has_header = true;
    size_t expansion = header->row_bytes / stored_row + 1;
    decoder->slice = QUEUE_BYTES / (DEFLATE_RATIO * expansion);
    if (header->is_interlaced && decoder->depth != SNUG_PNG_DEPTH_DISCARD) reserve_image(decoder, png);
}

/* Makes room in a full ring: doubles it, up to what one slice of long rows can fill. */
static void grow_queue(snug_png_decoder *decoder, png_structp png) {
    size_t row_bytes = decoder->header.row_bytes;
    size_t capacity = decoder->queue_capacity == 0 ? 4 : decoder->queue_capacity * 2;
    size_t enough = QUEUE_BYTES / row_bytes + 4;
    size_t bytes;
    if (capacity > enough && enough > decoder->queue_capacity) capacity = enough;
    if (capacity > decoder->header.height) capacity = decoder->header.height;
    uint8_t *rows = NULL;
    if (!__builtin_mul_overflow(capacity, row_bytes, &bytes)) rows = snug_png_counted_malloc(decoder, bytes);
    if (rows == NULL) {
        decoder->ran_out_of_memory = true;
        png_error(png, "no memory for rows");
    }
    for (size_t index = 0; index < decoder->queue_count; index++) {
        size_t from = (decoder->queue_first + index) % decoder->queue_capacity;
        memcpy(rows + index * row_bytes, decoder->rows + from * row_bytes, row_bytes);
    }
    snug_png_counted_free(decoder, decoder->rows);
    decoder->rows = rows;
    decoder->queue_capacity = capacity;
    decoder->queue_first = 0;
}

void snug_png_on_row(png_structp png, png_bytep row, png_uint_32 number, int pass) {
    snug_png_decoder *decoder = png_get_progressive_ptr(png);
    size_t row_bytes = decoder->header.row_bytes;
    if (number >= decoder->header.height) return;
    if (!decoder->header.is_interlaced) {
        decoder->rows_decoded = number + 1;
        if (number + 1 == decoder->header.height) decoder->is_complete = true;
        if (decoder->depth == SNUG_PNG_DEPTH_DISCARD || row == NULL) return;
        if (decoder->queue_count == decoder->queue_capacity) grow_queue(decoder, png);
        size_t to = (decoder->queue_first + decoder->queue_count) % decoder->queue_capacity;
        memcpy(decoder->rows + to * row_bytes, row, row_bytes);
        decoder->queue_count++;
        return;
    }
    if (decoder->depth == SNUG_PNG_DEPTH_DISCARD || row == NULL) return;
    png_progressive_combine_row(png, decoder->rows + number * row_bytes, row);
    /* The last two passes bring the odd columns of even rows, then the odd rows. */
    if ((pass == 5 && number % 2 == 0) || (pass == 6 && number % 2 == 1)) decoder->rows_decoded++;
}
