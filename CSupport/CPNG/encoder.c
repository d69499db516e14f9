/* SPDX-License-Identifier: Apache-2.0 */
#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define TEXT_BYTES 128
#define FIRST_CAPACITY ((size_t)64 << 10)
/* Larger than libpng's 8 KiB, so that IDAT headers are few; no decoder minds. */
#define IDAT_BYTES ((size_t)64 << 10)

struct snug_png_encoder {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    uint8_t *bytes;
    size_t byte_count, capacity, byte_limit;
    snug_png_status status;
    char message[TEXT_BYTES];
};

static void on_error(png_structp png, png_const_charp text) {
    snug_png_encoder *encoder = png_get_error_ptr(png);
    if (encoder->status == SNUG_PNG_OK) encoder->status = SNUG_PNG_CODEC_ERROR;
    strncpy(encoder->message, text, TEXT_BYTES - 1);
    longjmp(encoder->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void on_write(png_structp png, png_bytep bytes, size_t count) {
    snug_png_encoder *encoder = png_get_io_ptr(png);
    if (count > encoder->byte_limit - encoder->byte_count) {
        encoder->status = SNUG_PNG_OVER_LIMIT;
        png_error(png, "over the byte limit");
    }
    if (count > encoder->capacity - encoder->byte_count) {
        size_t needed = encoder->byte_count + count;
        size_t capacity = encoder->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : encoder->capacity * 2;
        if (capacity < needed) capacity = needed;
        if (capacity > encoder->byte_limit) capacity = encoder->byte_limit;
        uint8_t *grown = realloc(encoder->bytes, capacity);
        if (grown == NULL) {
            encoder->status = SNUG_PNG_OUT_OF_MEMORY;
            png_error(png, "no memory for the output");
        }
        encoder->bytes = grown;
        encoder->capacity = capacity;
    }
    memcpy(encoder->bytes + encoder->byte_count, bytes, count);
    encoder->byte_count += count;
}

static void on_flush(png_structp png) { (void)png; }

snug_png_encoder *snug_png_encoder_create(void) {
    snug_png_encoder *encoder = calloc(1, sizeof *encoder);
    if (encoder == NULL) return NULL;
    if (setjmp(encoder->escape) == 0) {
        encoder->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, encoder, on_error, on_warning);
        if (encoder->png != NULL) encoder->info = png_create_info_struct(encoder->png);
    }
    if (encoder->info == NULL) {
        snug_png_encoder_free(encoder);
        return NULL;
    }
    png_set_write_fn(encoder->png, encoder, on_write, on_flush);
    return encoder;
}

void snug_png_encoder_free(snug_png_encoder *encoder) {
    png_destroy_write_struct(&encoder->png, &encoder->info);
    free(encoder->bytes);
    free(encoder);
}

static int filter_bits(snug_png_filters filters) {
    switch (filters) {
    case SNUG_PNG_FILTERS_NONE: return PNG_FILTER_NONE;
    case SNUG_PNG_FILTERS_SUB: return PNG_FILTER_SUB;
    case SNUG_PNG_FILTERS_UP: return PNG_FILTER_UP;
    case SNUG_PNG_FILTERS_PAETH: return PNG_FILTER_PAETH;
    case SNUG_PNG_FILTERS_ADAPTIVE: return PNG_ALL_FILTERS;
    }
    return PNG_FILTER_NONE;
}

static int colour_type(const snug_png_settings *settings) {
    if (settings->palette_count > 0) return PNG_COLOR_TYPE_PALETTE;
    switch (settings->channels) {
    case 1: return PNG_COLOR_TYPE_GRAY;
    case 2: return PNG_COLOR_TYPE_GRAY_ALPHA;
    case 3: return PNG_COLOR_TYPE_RGB;
    default: return PNG_COLOR_TYPE_RGB_ALPHA;
    }
}

static void set_palette(snug_png_encoder *encoder, const snug_png_settings *settings, const uint8_t *palette) {
    png_color colours[256];
    png_byte alphas[256];
    uint32_t count = settings->palette_count;
    if (count == 0 || palette == NULL) return;
    if (count > 256) png_error(encoder->png, "a palette has at most 256 entries");
    for (uint32_t index = 0; index < count; index++) {
        const uint8_t *entry = palette + 4 * index;
        colours[index] = (png_color){.red = entry[0], .green = entry[1], .blue = entry[2]};
        alphas[index] = entry[3];
    }
    png_set_PLTE(encoder->png, encoder->info, colours, (int)count);
    if (settings->transparent_count > 0 && settings->transparent_count <= count) {
        png_set_tRNS(encoder->png, encoder->info, alphas, (int)settings->transparent_count, NULL);
    }
}

snug_png_status snug_png_encoder_begin(
    snug_png_encoder *encoder, const snug_png_settings *settings, const uint8_t *palette) {
    if (setjmp(encoder->escape)) return encoder->status;
    png_structp png = encoder->png;
    encoder->byte_limit = settings->byte_limit;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(
        png, encoder->info, settings->width, settings->height, (int)settings->bits_per_sample, colour_type(settings),
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    set_palette(encoder, settings, palette);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, filter_bits(settings->filters));
    png_set_compression_level(png, settings->level);
    png_set_compression_mem_level(png, 9);
    png_set_compression_strategy(png, Z_DEFAULT_STRATEGY);
    png_set_compression_buffer_size(png, IDAT_BYTES);
    png_write_info_before_PLTE(png, encoder->info);
    return SNUG_PNG_OK;
}

snug_png_status snug_png_encoder_write_palette(snug_png_encoder *encoder) {
    if (encoder->status != SNUG_PNG_OK || setjmp(encoder->escape)) return encoder->status;
    png_write_info(encoder->png, encoder->info);
    png_set_packing(encoder->png);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    png_set_swap(encoder->png);
#endif
    return SNUG_PNG_OK;
}

snug_png_status snug_png_encoder_write_profile(snug_png_encoder *encoder, const uint8_t *profile, size_t count) {
    static const char name[] = "ICC Profile";
    if (encoder->status != SNUG_PNG_OK) return encoder->status;
    /* Name, NUL and compression method 0 stand before the deflated profile. */
    size_t start = sizeof name + 1;
    uLongf deflated = compressBound((uLong)count);
    uint8_t *data = malloc(start + deflated);
    if (data == NULL) return encoder->status = SNUG_PNG_OUT_OF_MEMORY;
    memcpy(data, name, sizeof name);
    data[sizeof name] = 0;
    snug_png_status status;
    if (compress2(data + start, &deflated, profile, (uLong)count, 9) == Z_OK) {
        status = snug_png_encoder_write_chunk(encoder, "iCCP", data, start + deflated);
    } else {
        status = encoder->status = SNUG_PNG_OUT_OF_MEMORY;
    }
    free(data);
    return status;
}

snug_png_status snug_png_encoder_write_chunk(
    snug_png_encoder *encoder, const char *name, const uint8_t *bytes, size_t count) {
    if (encoder->status != SNUG_PNG_OK || setjmp(encoder->escape)) return encoder->status;
    if (count > PNG_UINT_31_MAX) png_error(encoder->png, "a chunk has at most 2 GiB");
    png_write_chunk(encoder->png, (png_const_bytep)name, bytes, count);
    return SNUG_PNG_OK;
}

snug_png_status snug_png_encoder_write_row(snug_png_encoder *encoder, const uint8_t *row) {
    if (encoder->status != SNUG_PNG_OK || setjmp(encoder->escape)) return encoder->status;
    png_write_row(encoder->png, row);
    return SNUG_PNG_OK;
}

snug_png_status snug_png_encoder_finish(snug_png_encoder *encoder) {
    if (encoder->status != SNUG_PNG_OK || setjmp(encoder->escape)) return encoder->status;
    png_write_end(encoder->png, NULL);
    return SNUG_PNG_OK;
}

size_t snug_png_encoder_byte_count(const snug_png_encoder *encoder) { return encoder->byte_count; }

const uint8_t *snug_png_encoder_bytes(const snug_png_encoder *encoder) { return encoder->bytes; }

const char *snug_png_encoder_message(const snug_png_encoder *encoder) { return encoder->message; }
