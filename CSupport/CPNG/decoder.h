/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a decoder, whose input goes two ways: libpng reads what comes before the image, and an interlaced image;
 * the rows of any other are inflated and unfiltered here (`stream.c`).
 */
#ifndef SNUG_CPNG_DECODER_H
#define SNUG_CPNG_DECODER_H

#include "CPNG.h"
#include "expansion.h"
#include "inflater.h"

#include <png.h>
#include <setjmp.h>

#define SNUG_PNG_KEPT_WARNINGS 8
#define SNUG_PNG_TEXT_BYTES 128

/* The place in the file's sequence of chunks. */
typedef struct snug_png_place {
    enum { SNUG_PNG_SIGNATURE = 0, SNUG_PNG_CHUNK_HEAD, SNUG_PNG_CHUNK_DATA, SNUG_PNG_CHUNK_CRC } part;
    /* Bytes of the part that are to come. */
    size_t left;
    /* Of the chunk's data. */
    uint32_t length;
    /* Length and type, then the CRC that is stored. */
    uint8_t head[8];
    uint8_t crc[4];
} snug_png_place;

/* Rows that are inflated here. */
typedef struct snug_png_stream {
    /* Set once the image began. */
    bool is_on;
    bool has_ended, has_other_chunk, has_warned_in_chunk;
    snug_inflater *inflater;
    uint32_t checksum;
    snug_png_expansion expansion;
    /* The last row, its filter undone, and what follows it, as it was inflated: a filter before each row. */
    uint8_t *block;
    size_t capacity, start, end;
    size_t stored_bytes, pixel_bytes;
    /* Rows that are not yet inflated to their end. */
    uint64_t bytes_to_come;
    bool has_row;
    /* Found behind the last row; NULL for none. */
    const char *fault;
} snug_png_stream;

struct snug_png_decoder {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    snug_png_depth depth;
    snug_kernel_level level;
    snug_png_header header;
    bool has_header, is_complete, has_ended, has_failed, ran_out_of_memory, uses_libpng_only, tolerates_crc_errors;
    size_t memory_limit, memory, peak_memory;
    size_t slice;
    uint32_t rows_decoded, rows_taken;
    snug_png_place place;
    snug_png_stream stream;
    /* A ring of rows, `queue_capacity` of them, or the whole interlaced image. */
    uint8_t *rows;
    size_t queue_capacity, queue_first, queue_count;
    uint32_t maximum_warnings, warning_count;
    char warnings[SNUG_PNG_KEPT_WARNINGS][SNUG_PNG_TEXT_BYTES];
    char message[SNUG_PNG_TEXT_BYTES];
};

/* NULL, and noted as such, where the limit or the machine has no more. */
void *snug_png_counted_malloc(snug_png_decoder *decoder, size_t size);
void snug_png_counted_free(snug_png_decoder *decoder, void *pointer);
/* False when it was one too many. */
bool snug_png_note_warning(snug_png_decoder *decoder, const char *text);
void snug_png_set_message(snug_png_decoder *decoder, const char *text);

void snug_png_on_info(png_structp png, png_infop info);
/* `row` is NULL where an interlaced pass has nothing for it. */
void snug_png_on_row(png_structp png, png_bytep row, png_uint_32 number, int pass);

/* Advances the place by bytes that lie within its part. */
void snug_png_advance(snug_png_place *place, const uint8_t *bytes, size_t count);
bool snug_png_place_is(const snug_png_place *place, const char *type);

/* Takes over at the first IDAT chunk, whose head was read; false when there is no memory. */
bool snug_png_stream_begin(snug_png_decoder *decoder);
void snug_png_stream_end(snug_png_decoder *decoder);
/* Takes bytes until a row is there or all are consumed; false for an error, which is set. */
bool snug_png_stream_push(snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *consumed);
/* True when a row may come without further input. */
bool snug_png_stream_holds_rows(const snug_png_decoder *decoder);
/* False when no row is there. */
bool snug_png_stream_take_row(snug_png_decoder *decoder, uint8_t *row);

#endif
