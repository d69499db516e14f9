/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain calls over libpng: rows in, rows out, codes for errors. Nothing here jumps out of a call, and every handle is
 * freed by its own `_free`. A handle is used by one thread at a time.
 */
#ifndef SNUG_CPNG_H
#define SNUG_CPNG_H

#include "CKernels.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_png_status {
    SNUG_PNG_OK __attribute__((swift_name("ok"))) = 0,
    /* libpng gave up; the message says why. The handle takes no more input. */
    SNUG_PNG_CODEC_ERROR __attribute__((swift_name("codecError"))),
    /* The handle's memory limit, or the machine's memory, is spent. */
    SNUG_PNG_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
    /* The output would exceed its byte limit; nothing more is compressed. */
    SNUG_PNG_OVER_LIMIT __attribute__((swift_name("overLimit"))),
} snug_png_status;

typedef enum __attribute__((enum_extensibility(closed))) snug_png_depth {
    /* Samples of 8 bits; 16 are rounded to the nearest 8. */
    SNUG_PNG_DEPTH_8 __attribute__((swift_name("eight"))) = 0,
    /* Samples of 8 bits, or of 16 in native byte order where the file has them. */
    SNUG_PNG_DEPTH_NATIVE __attribute__((swift_name("native"))),
    /* Every row is inflated and unfiltered, none is kept. */
    SNUG_PNG_DEPTH_DISCARD __attribute__((swift_name("discard"))),
} snug_png_depth;

/* MARK: Reading */

typedef struct snug_png_decoder snug_png_decoder;

typedef struct snug_png_header {
    uint32_t width;
    uint32_t height;
    /* 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA: after palettes and tRNS are expanded. */
    uint32_t channels;
    /* 8 or 16, as the rows are handed out. */
    uint32_t bits_per_sample;
    /* Bytes of a row as it is handed out. */
    size_t row_bytes;
    bool is_interlaced;
} snug_png_header;

typedef struct snug_png_decoder_settings {
    /* Most bytes that libpng, rows that wait and an interlaced image take together. */
    size_t memory_limit;
    /* One warning more is an error. */
    uint32_t maximum_warnings;
    snug_png_depth depth;
    snug_kernel_level level;
    /* Uses a critical chunk in spite of a wrong CRC, with a warning. */
    bool tolerates_crc_errors;
    /* libpng reads the rows of every image, which takes three times as long: for comparisons. */
    bool uses_libpng_only;
} snug_png_decoder_settings;

/* NULL when memory is out. */
snug_png_decoder *_Nullable snug_png_decoder_create(const snug_png_decoder_settings *settings);
void snug_png_decoder_free(snug_png_decoder *decoder);

/*
 * Takes bytes of the file until a row waits in the queue or all are consumed. Slices what it is given, so that rows
 * that come out of one slice take 2 MiB and two rows at most, however well they were compressed.
 */
snug_png_status snug_png_decoder_push(
    snug_png_decoder *decoder, const uint8_t *bytes, size_t count, size_t *consumed);
/* True when a row may come without further input: by a push of nothing. */
bool snug_png_decoder_holds_rows(const snug_png_decoder *decoder);
/* No more input will come: an interlaced image hands out what it has. */
void snug_png_decoder_end_input(snug_png_decoder *decoder);
/* False until the first IDAT was seen. */
bool snug_png_decoder_get_header(const snug_png_decoder *decoder, snug_png_header *header);
/* Copies the next row, `row_bytes` of it; false when none is ready. */
bool snug_png_decoder_take_row(snug_png_decoder *decoder, uint8_t *row);
/* Rows of full resolution that were decoded so far. */
uint32_t snug_png_decoder_rows_decoded(const snug_png_decoder *decoder);
/* Whether the whole image was decoded. */
bool snug_png_decoder_is_complete(const snug_png_decoder *decoder);
/* The last error, or "". Valid as long as the handle. */
const char *snug_png_decoder_message(const snug_png_decoder *decoder);
/* All warnings, of which only the first few texts are kept. */
uint32_t snug_png_decoder_warning_count(const snug_png_decoder *decoder);
/* Text `index`, or NULL past the last one kept. Valid as long as the handle. */
const char *_Nullable snug_png_decoder_warning(const snug_png_decoder *decoder, uint32_t index);
/* Most bytes that were allocated at one time. */
size_t snug_png_decoder_peak_memory(const snug_png_decoder *decoder);

/* Inflates a zlib stream until `output` is full or the stream ends or breaks; returns the bytes written. */
size_t snug_png_inflate(const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count);

/* MARK: Writing */

typedef struct snug_png_encoder snug_png_encoder;

typedef enum __attribute__((enum_extensibility(closed))) snug_png_filters {
    SNUG_PNG_FILTERS_NONE __attribute__((swift_name("none"))) = 0,
    SNUG_PNG_FILTERS_SUB __attribute__((swift_name("sub"))),
    SNUG_PNG_FILTERS_UP __attribute__((swift_name("up"))),
    SNUG_PNG_FILTERS_PAETH __attribute__((swift_name("paeth"))),
    /* The filter of least absolute differences, row by row. */
    SNUG_PNG_FILTERS_ADAPTIVE __attribute__((swift_name("adaptive"))),
} snug_png_filters;

typedef struct snug_png_settings {
    uint32_t width;
    uint32_t height;
    /* 1 gray or palette index, 2 gray and alpha, 3 RGB, 4 RGBA. */
    uint32_t channels;
    /* 1, 2 and 4 (one channel only; rows come as one byte a pixel), 8, 16 (native byte order). */
    uint32_t bits_per_sample;
    /* 0 for no palette, else 1 to 256 entries of four bytes (RGBA) at `palette`. */
    uint32_t palette_count;
    /* Entries whose alpha is written, counted from the first. */
    uint32_t transparent_count;
    /* zlib's 0–9. */
    int level;
    snug_png_filters filters;
    /* Most bytes of the output. */
    size_t byte_limit;
} snug_png_settings;

/* NULL when memory is out. */
snug_png_encoder *_Nullable snug_png_encoder_create(void);
void snug_png_encoder_free(snug_png_encoder *encoder);
/* Writes signature and IHDR. `palette` is not kept. */
snug_png_status snug_png_encoder_begin(
    snug_png_encoder *encoder, const snug_png_settings *settings, const uint8_t *_Nullable palette);
/* Writes an iCCP chunk; to be called straight after `begin`. */
snug_png_status snug_png_encoder_write_profile(snug_png_encoder *encoder, const uint8_t *profile, size_t count);
/* Writes PLTE and tRNS. Chunks written before this stand before the palette, later ones after it. */
snug_png_status snug_png_encoder_write_palette(snug_png_encoder *encoder);
/* Writes a chunk as it is; `name` has four letters. */
snug_png_status snug_png_encoder_write_chunk(
    snug_png_encoder *encoder, const char *name, const uint8_t *bytes, size_t count);
snug_png_status snug_png_encoder_write_row(snug_png_encoder *encoder, const uint8_t *row);
snug_png_status snug_png_encoder_finish(snug_png_encoder *encoder);
/* Bytes written so far and where they are; valid until the next call on the handle. */
size_t snug_png_encoder_byte_count(const snug_png_encoder *encoder);
const uint8_t *_Nullable snug_png_encoder_bytes(const snug_png_encoder *encoder);
const char *snug_png_encoder_message(const snug_png_encoder *encoder);

/* MARK: About */

/* The versions of libpng and zlib that are loaded, as in "1.6.39". */
const char *snug_png_version(void);
const char *snug_png_zlib_version(void);

#pragma clang assume_nonnull end

#endif
