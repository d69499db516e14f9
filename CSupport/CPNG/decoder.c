/* SPDX-License-Identifier: Apache-2.0 */
#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define KEPT_WARNINGS 8
#define TEXT_BYTES 128
/* Deflate makes at most 1032 bytes of one, so a slice of input is cut to what fills this much of the queue. */
#define DEFLATE_RATIO 1032
#define QUEUE_BYTES ((size_t)2 << 20)
/* Until the header is known, so that image data behind it in the same slice stay few. */
#define HEADER_SLICE 64
/* Kept before each block, so that freeing can count; 16 keeps libpng's vector code aligned. */
#define BLOCK_HEADER 16

struct snug_png_decoder {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    snug_png_depth depth;
    snug_png_header header;
    bool has_header, is_complete, has_ended, has_failed, ran_out_of_memory;
    size_t memory_limit, memory, peak_memory;
    size_t slice;
    uint32_t rows_decoded, rows_taken;
    /* A ring of rows, `queue_capacity` of them, or the whole interlaced image. */
    uint8_t *rows;
    size_t queue_capacity, queue_first, queue_count;
    uint32_t maximum_warnings, warning_count;
    char warnings[KEPT_WARNINGS][TEXT_BYTES];
    char message[TEXT_BYTES];
};

static void copy_text(char *to, const char *from) {
    strncpy(to, from, TEXT_BYTES - 1);
    to[TEXT_BYTES - 1] = '\0';
}

static void *counted_malloc(snug_png_decoder *decoder, size_t size) {
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

static void counted_free(snug_png_decoder *decoder, void *pointer) {
    if (pointer == NULL) return;
    uint8_t *block = (uint8_t *)pointer - BLOCK_HEADER;
    size_t size;
    memcpy(&size, block, sizeof size);
    decoder->memory -= size;
    free(block);
}

static png_voidp png_allocate(png_structp png, png_alloc_size_t size) {
    return counted_malloc(png_get_mem_ptr(png), size);
}

static void png_release(png_structp png, png_voidp pointer) { counted_free(png_get_mem_ptr(png), pointer); }

static void on_error(png_structp png, png_const_charp text) {
    snug_png_decoder *decoder = png_get_error_ptr(png);
    copy_text(decoder->message, text);
    longjmp(decoder->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    snug_png_decoder *decoder = png_get_error_ptr(png);
    if (decoder->warning_count < KEPT_WARNINGS) copy_text(decoder->warnings[decoder->warning_count], text);
    decoder->warning_count++;
    if (decoder->warning_count > decoder->maximum_warnings) png_error(png, "too many warnings");
}

static void reserve_image(snug_png_decoder *decoder, png_structp png) {
    const snug_png_header *header = &decoder->header;
    size_t bytes;
    if (__builtin_mul_overflow(header->row_bytes, (size_t)header->height, &bytes)) {
        decoder->ran_out_of_memory = true;
        png_error(png, "image too large");
    }
    decoder->rows = counted_malloc(decoder, bytes);
    if (decoder->rows == NULL) png_error(png, "no memory for an interlaced image");
    /* What never arrives stays transparent, or mid-gray where nothing can be transparent. */
    bool has_alpha = header->channels == 2 || header->channels == 4;
    memset(decoder->rows, has_alpha ? 0 : 128, bytes);
}

static void on_info(png_structp png, png_infop info) {
    snug_png_decoder *decoder = png_get_progressive_ptr(png);
    snug_png_header *header = &decoder->header;
    size_t stored_row = png_get_rowbytes(png, info) + 1;
    header->is_interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;
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
    if (!__builtin_mul_overflow(capacity, row_bytes, &bytes)) rows = counted_malloc(decoder, bytes);
    if (rows == NULL) {
        decoder->ran_out_of_memory = true;
        png_error(png, "no memory for rows");
    }
    for (size_t index = 0; index < decoder->queue_count; index++) {
        size_t from = (decoder->queue_first + index) % decoder->queue_capacity;
        memcpy(rows + index * row_bytes, decoder->rows + from * row_bytes, row_bytes);
    }
    counted_free(decoder, decoder->rows);
    decoder->rows = rows;
    decoder->queue_capacity = capacity;
    decoder->queue_first = 0;
}

static void on_row(png_structp png, png_bytep row, png_uint_32 number, int pass) {
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

static void on_end(png_structp png, png_infop info) {
    (void)png;
    (void)info;
}

static bool begin(snug_png_decoder *decoder, bool tolerates_crc_errors) {
    if (setjmp(decoder->escape)) return false;
    decoder->info = png_create_info_struct(decoder->png);
    if (decoder->info == NULL) return false;
    /* Nothing but the image itself is read; the caller passes on no other chunk either. */
    png_set_keep_unknown_chunks(decoder->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_user_limits(decoder->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    if (tolerates_crc_errors) png_set_crc_action(decoder->png, PNG_CRC_WARN_USE, PNG_CRC_WARN_DISCARD);
    png_set_progressive_read_fn(decoder->png, decoder, on_info, on_row, on_end);
    return true;
}

snug_png_decoder *snug_png_decoder_create(
    size_t memory_limit, uint32_t maximum_warnings, snug_png_depth depth, bool tolerates_crc_errors) {
    snug_png_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return NULL;
    decoder->memory_limit = memory_limit;
    decoder->maximum_warnings = maximum_warnings;
    decoder->depth = depth;
    decoder->slice = HEADER_SLICE;
    if (setjmp(decoder->escape) == 0) {
        decoder->png = png_create_read_struct_2(
            PNG_LIBPNG_VER_STRING, decoder, on_error, on_warning, decoder, png_allocate, png_release);
    }
    if (decoder->png == NULL || !begin(decoder, tolerates_crc_errors)) {
        snug_png_decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void snug_png_decoder_free(snug_png_decoder *decoder) {
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    counted_free(decoder, decoder->rows);
    free(decoder);
}

snug_png_status snug_png_decoder_push(
    snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *consumed) {
    *consumed = 0;
    if (decoder->has_failed || setjmp(decoder->escape)) {
        decoder->has_failed = true;
        return decoder->ran_out_of_memory ? SNUG_PNG_OUT_OF_MEMORY : SNUG_PNG_CODEC_ERROR;
    }
    while (*consumed < count && decoder->queue_count == 0) {
        size_t rest = count - *consumed;
        size_t slice = rest < decoder->slice ? rest : decoder->slice;
        /* libpng takes a pointer to mutable bytes and only reads them. */
        png_process_data(decoder->png, decoder->info, (png_bytep)(uintptr_t)(bytes + *consumed), slice);
        *consumed += slice;
        if (decoder->has_header && decoder->header.is_interlaced) {
            decoder->is_complete = png_get_current_pass_number(decoder->png) >= 7;
        }
    }
    return SNUG_PNG_OK;
}

void snug_png_decoder_end_input(snug_png_decoder *decoder) { decoder->has_ended = true; }

bool snug_png_decoder_get_header(const snug_png_decoder *decoder, snug_png_header *header) {
    *header = decoder->header;
    return decoder->has_header;
}

bool snug_png_decoder_take_row(snug_png_decoder *decoder, uint8_t *row) {
    size_t row_bytes = decoder->header.row_bytes;
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
    return index < decoder->warning_count && index < KEPT_WARNINGS ? decoder->warnings[index] : NULL;
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
