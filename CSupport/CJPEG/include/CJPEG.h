/* SPDX-License-Identifier: Apache-2.0 */
/* libjpeg-turbo as plain calls that return codes.
 *
 * libjpeg reports errors by longjmp. Each function here that can jump sets its own landing place, so that a jump crosses
 * the library's frames only and never one of the caller's. Input is read by callbacks that are C too. */
#ifndef SNUG_CJPEG_H
#define SNUG_CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_jpeg_status {
    SNUG_JPEG_OK __attribute__((swift_name("ok"))) = 0,
    /* The input contradicts the format. */
    SNUG_JPEG_CORRUPT __attribute__((swift_name("corrupt"))),
    /* Legal JPEG that this build of the library does not decode. */
    SNUG_JPEG_UNSUPPORTED __attribute__((swift_name("unsupported"))),
    /* More memory than was allowed, or than there is. */
    SNUG_JPEG_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
    /* More scans, or scans times blocks, than was allowed. */
    SNUG_JPEG_TOO_MUCH_WORK __attribute__((swift_name("tooMuchWork"))),
    /* The output passed its byte limit. */
    SNUG_JPEG_OVER_LIMIT __attribute__((swift_name("overLimit"))),
    SNUG_JPEG_CANCELLED __attribute__((swift_name("cancelled"))),
    SNUG_JPEG_READ_FAILED __attribute__((swift_name("readFailed"))),
    /* Our own misuse of the library. */
    SNUG_JPEG_MISUSE __attribute__((swift_name("misuse"))),
} snug_jpeg_status;

/* Encoded bytes: `pread` on `descriptor` unless it is negative, else memory. Not owned; must outlive the decoder. */
typedef struct snug_jpeg_source {
    int32_t descriptor;
    const uint8_t *_Nullable bytes;
    size_t byte_count;
} snug_jpeg_source;

/* What one image may cost. */
typedef struct snug_jpeg_limits {
    /* Bytes that libjpeg may hold at once; 0 for any. */
    size_t memory;
    int32_t scan_count;
    /* Scans times pixels. */
    int64_t scan_work;
    int32_t warning_count;
    /* Asked now and then with `context`; true ends the work. Called on the decoding thread. */
    bool (*_Nullable is_cancelled)(void *_Nullable context);
    void *_Nullable context;
} snug_jpeg_limits;

/* What went wrong, or was odd. */
typedef struct snug_jpeg_report {
    /* Warnings in all; the first few have texts. */
    int32_t warning_count;
    /* Warnings that mean wrong or missing pixels. */
    int32_t damage_count;
    /* The source had no more bytes when more were wanted. */
    bool ended_early;
    /* First row of the image, as stored, that is known to be damaged; -1 when none is. */
    int32_t damaged_row;
} snug_jpeg_report;

/* ---- decoding ---- */

typedef struct snug_jpeg_decoder snug_jpeg_decoder;

typedef enum __attribute__((enum_extensibility(closed))) snug_jpeg_output {
    /* The components as they are stored, each at its own resolution. */
    SNUG_JPEG_PLANAR __attribute__((swift_name("planar"))) = 0,
    SNUG_JPEG_GRAY __attribute__((swift_name("gray"))),
    SNUG_JPEG_RGB __attribute__((swift_name("rgb"))),
    /* Four inks as stored: Adobe's files have them inverted. */
    SNUG_JPEG_CMYK __attribute__((swift_name("cmyk"))),
} snug_jpeg_output;

typedef struct snug_jpeg_component {
    /* Samples of the (scaled) component. */
    int32_t width, height;
    /* Sampling factors as stored. */
    int32_t horizontal, vertical;
    /* Rows of this component in one band. */
    int32_t band_rows;
    /* Side of a decoded block: 8 at full size, fewer when scaled. */
    int32_t block_side;
} snug_jpeg_component;

typedef struct snug_jpeg_info {
    int32_t width, height;
    int32_t component_count;
    /* Largest sampling factors. */
    int32_t horizontal, vertical;
    bool is_ycbcr, is_gray, is_inverted_cmyk, is_progressive;
    /* After start: the interleaved output's size. */
    int32_t output_width, output_height;
    snug_jpeg_component components[4];
} snug_jpeg_info;

/* Reads the headers. Returns NULL only when there is no memory for the handle itself. */
snug_jpeg_decoder *_Nullable snug_jpeg_decoder_create(
    snug_jpeg_source source, snug_jpeg_limits limits, snug_jpeg_status *status);
void snug_jpeg_decoder_free(snug_jpeg_decoder *decoder);
void snug_jpeg_decoder_info(snug_jpeg_decoder *decoder, snug_jpeg_info *info);
snug_jpeg_component snug_jpeg_info_component(const snug_jpeg_info *info, int32_t index);
/* `eighths` of the full size, 1 to 8. A progressive image is read whole here. */
snug_jpeg_status snug_jpeg_decoder_start(snug_jpeg_decoder *decoder, snug_jpeg_output output, int32_t eighths);
/* Planar only: decodes the next row of MCUs of every component. */
snug_jpeg_status snug_jpeg_decoder_read_band(snug_jpeg_decoder *decoder);
/* Row `row` of `component` in the band just read; valid until the next band. */
const uint8_t *snug_jpeg_decoder_band_row(const snug_jpeg_decoder *decoder, int32_t component, int32_t row);
/* Interleaved only: decodes the next row into `row`, output_width times the channels. */
snug_jpeg_status snug_jpeg_decoder_read_row(snug_jpeg_decoder *decoder, uint8_t *row);
void snug_jpeg_decoder_report(const snug_jpeg_decoder *decoder, snug_jpeg_report *report);
/* The library's words for the error that ended the work; empty when none did. */
const char *snug_jpeg_decoder_message(const snug_jpeg_decoder *decoder);
/* Text of warning `index`, or NULL. */
const char *_Nullable snug_jpeg_decoder_warning(const snug_jpeg_decoder *decoder, int32_t index);

/* ---- encoding ---- */

typedef struct snug_jpeg_encoder snug_jpeg_encoder;

typedef struct snug_jpeg_settings {
    int32_t width, height;
    /* 1 gray, 3 YCbCr. */
    int32_t component_count;
    /* Luma sampling factors; chroma is 1 by 1. */
    int32_t horizontal, vertical;
    /* Quantisation tables in natural (row by row) order. */
    uint16_t luma_table[64], chroma_table[64];
    /* Huffman tables made for this image; holds all coefficients. */
    bool optimises_coding;
    /* Ten scans with successive approximation; holds all coefficients and implies the above. */
    bool is_progressive;
    /* The encoder stops as soon as it has written more. */
    size_t byte_limit;
    bool (*_Nullable is_cancelled)(void *_Nullable context);
    void *_Nullable context;
} snug_jpeg_settings;

/* A table of settings, for languages whose fixed arrays are clumsy. `chroma` chooses which. */
void snug_jpeg_settings_set_table(snug_jpeg_settings *settings, bool chroma, const uint16_t *values);

snug_jpeg_encoder *_Nullable snug_jpeg_encoder_create(const snug_jpeg_settings *settings, snug_jpeg_status *status);
void snug_jpeg_encoder_free(snug_jpeg_encoder *encoder);
/* Replaces a Huffman table (class 0 DC, 1 AC) before the first row; only without optimised coding. */
snug_jpeg_status snug_jpeg_encoder_set_huffman(
    snug_jpeg_encoder *encoder, int32_t table_class, int32_t index, const uint8_t *counts, const uint8_t *symbols);
/* Before the first row: an APPn or COM segment. */
snug_jpeg_status snug_jpeg_encoder_write_marker(
    snug_jpeg_encoder *encoder, int32_t marker, const uint8_t *bytes, size_t byte_count);
/* Adds the next row of a component. Components may run ahead of each other by some bands. */
snug_jpeg_status snug_jpeg_encoder_push_row(snug_jpeg_encoder *encoder, int32_t component, const uint8_t *row);
/* Ends the file; all rows have to be there. */
snug_jpeg_status snug_jpeg_encoder_finish(snug_jpeg_encoder *encoder);
/* After finish: the file, owned by the encoder. */
const uint8_t *_Nullable snug_jpeg_encoder_bytes(const snug_jpeg_encoder *encoder, size_t *byte_count);
/* The table in use: 16 counts and up to 256 symbols. Returns the number of symbols, 0 when there is no such table. */
int32_t snug_jpeg_encoder_get_huffman(
    const snug_jpeg_encoder *encoder, int32_t table_class, int32_t index, uint8_t *counts, uint8_t *symbols);
const char *snug_jpeg_encoder_message(const snug_jpeg_encoder *encoder);

/* ---- lossless ---- */

typedef struct snug_jpeg_segment {
    int32_t marker;
    const uint8_t *bytes;
    size_t byte_count;
} snug_jpeg_segment;

/* Codes the same coefficients anew as a progressive or sequential file with tables of its own, and the given segments as
 * its only metadata. On success `*bytes` is malloc'ed and the caller frees it with snug_jpeg_free. */
snug_jpeg_status snug_jpeg_recode(
    snug_jpeg_source source, snug_jpeg_limits limits, const snug_jpeg_segment *_Nullable segments,
    size_t segment_count, bool is_sequential, size_t byte_limit, uint8_t *_Nullable *_Nonnull bytes, size_t *byte_count,
    snug_jpeg_report *report);
void snug_jpeg_free(void *_Nullable bytes);

/* ---- coefficients ---- */

typedef struct snug_jpeg_coefficients snug_jpeg_coefficients;

/* Reads all coefficients of a file into memory. Returns NULL only when there is no memory for the handle itself. */
snug_jpeg_coefficients *_Nullable snug_jpeg_coefficients_create(
    snug_jpeg_source source, snug_jpeg_limits limits, snug_jpeg_status *status);
void snug_jpeg_coefficients_free(snug_jpeg_coefficients *coefficients);
void snug_jpeg_coefficients_report(const snug_jpeg_coefficients *coefficients, snug_jpeg_report *report);
/* The 64 steps of a component in natural (row by row) order; false when it has none. */
bool snug_jpeg_coefficients_steps(
    const snug_jpeg_coefficients *coefficients, int32_t component, uint16_t *natural);
/* `blocks` blocks of a component's block row, each in natural order. */
snug_jpeg_status snug_jpeg_coefficients_row(
    snug_jpeg_coefficients *coefficients, int32_t component, int32_t row, size_t blocks, int16_t *natural);

/* The version the program was built with, as in "2.1.5"; "" when the library is not libjpeg-turbo. */
const char *snug_jpeg_version(void);

#pragma clang assume_nonnull end
#endif
