/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"
#include <stdlib.h>
#include <string.h>

struct snug_jpeg_decoder {
    struct jpeg_decompress_struct cinfo;
    snug_errors errors;
    snug_source_manager source;
    snug_progress progress;
    JOCTET *input;
    /* Planar: one band of every component, and pointers to its rows. */
    uint8_t *band;
    uint8_t *rows[4][4 * DCTSIZE];
    bool is_planar;
};

snug_jpeg_decoder *snug_jpeg_decoder_create(
    snug_jpeg_source source, snug_jpeg_limits limits, snug_jpeg_status *status) {
    snug_jpeg_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) return NULL;
    snug_errors_init(&decoder->errors, limits.warning_count);
    decoder->cinfo.err = &decoder->errors.base;
    if (source.descriptor >= 0) {
        decoder->input = malloc(SNUG_SOURCE_BUFFER);
        if (!decoder->input) {
            free(decoder);
            return NULL;
        }
    }
    if (setjmp(decoder->errors.escape)) {
        *status = decoder->errors.status;
        return decoder;
    }
    jpeg_create_decompress(&decoder->cinfo);
    decoder->cinfo.mem->max_memory_to_use = (long)limits.memory;
    snug_source_init(&decoder->source, source, &decoder->errors, decoder->input);
    decoder->cinfo.src = &decoder->source.base;
    snug_progress_attach((j_common_ptr)&decoder->cinfo, &decoder->progress, limits);
    jpeg_read_header(&decoder->cinfo, TRUE);
    *status = SNUG_JPEG_OK;
    return decoder;
}

void snug_jpeg_decoder_free(snug_jpeg_decoder *decoder) {
    /* Destroying frees memory and cannot fail; a jump would still need somewhere to land. */
    if (!setjmp(decoder->errors.escape)) jpeg_destroy_decompress(&decoder->cinfo);
    free(decoder->input);
    free(decoder->band);
    free(decoder);
}

void snug_jpeg_decoder_info(snug_jpeg_decoder *decoder, snug_jpeg_info *info) {
    const struct jpeg_decompress_struct *cinfo = &decoder->cinfo;
    memset(info, 0, sizeof *info);
    info->width = (int32_t)cinfo->image_width;
    info->height = (int32_t)cinfo->image_height;
    info->component_count = cinfo->num_components;
    info->horizontal = cinfo->max_h_samp_factor;
    info->vertical = cinfo->max_v_samp_factor;
    info->is_ycbcr = cinfo->jpeg_color_space == JCS_YCbCr;
    info->is_gray = cinfo->jpeg_color_space == JCS_GRAYSCALE;
    /* By custom of every decoder, with Adobe's marker or without: files of four inks are written by those who invert. */
    info->is_inverted_cmyk = cinfo->num_components == 4;
    info->is_progressive = cinfo->progressive_mode;
    info->output_width = (int32_t)cinfo->output_width;
    info->output_height = (int32_t)cinfo->output_height;
    for (int i = 0; i < cinfo->num_components && i < 4; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        info->components[i] = (snug_jpeg_component){
            .width = (int32_t)component->downsampled_width,
            .height = (int32_t)component->downsampled_height,
            .horizontal = component->h_samp_factor,
            .vertical = component->v_samp_factor,
            .band_rows = component->v_samp_factor * component->DCT_scaled_size,
            .block_side = component->DCT_scaled_size,
        };
    }
}

snug_jpeg_component snug_jpeg_info_component(const snug_jpeg_info *info, int32_t index) {
    return info->components[index & 3];
}

/* Allocates one band: all rows of all components that one row of MCUs decodes to. */
static void allocate_band(snug_jpeg_decoder *decoder) {
    struct jpeg_decompress_struct *cinfo = &decoder->cinfo;
    size_t total = 0;
    size_t strides[4] = {0}, starts[4] = {0};
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        size_t side = (size_t)component->DCT_scaled_size;
        /* A whole MCU more than needed: the block decoder writes whole blocks. */
        strides[i] = (((size_t)component->width_in_blocks + (size_t)component->h_samp_factor) * side + 63) & ~(size_t)63;
        starts[i] = total;
        total += strides[i] * (size_t)component->v_samp_factor * side;
    }
    if (posix_memalign((void **)&decoder->band, 64, total)) {
        decoder->band = NULL;
        snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OUT_OF_MEMORY, "no memory for a band of rows");
    }
    memset(decoder->band, 0, total);
    for (int i = 0; i < cinfo->num_components; i++) {
        int rows = cinfo->comp_info[i].v_samp_factor * cinfo->comp_info[i].DCT_scaled_size;
        for (int y = 0; y < rows; y++) decoder->rows[i][y] = decoder->band + starts[i] + strides[i] * (size_t)y;
    }
}

snug_jpeg_status snug_jpeg_decoder_start(snug_jpeg_decoder *decoder, snug_jpeg_output output, int32_t eighths) {
    struct jpeg_decompress_struct *cinfo = &decoder->cinfo;
    if (setjmp(decoder->errors.escape)) return decoder->errors.status;
    if (cinfo->num_components > 4 || eighths < 1 || eighths > 8) return SNUG_JPEG_UNSUPPORTED;
    cinfo->scale_num = (unsigned)eighths;
    cinfo->scale_denom = 8;
    cinfo->dct_method = JDCT_ISLOW;
    decoder->is_planar = output == SNUG_JPEG_PLANAR;
    switch (output) {
    case SNUG_JPEG_PLANAR:
        cinfo->raw_data_out = TRUE;
        cinfo->out_color_space = cinfo->jpeg_color_space;
        break;
    case SNUG_JPEG_GRAY: cinfo->out_color_space = JCS_GRAYSCALE; break;
    case SNUG_JPEG_RGB: cinfo->out_color_space = JCS_RGB; break;
    case SNUG_JPEG_CMYK: cinfo->out_color_space = JCS_CMYK; break;
    }
    jpeg_start_decompress(cinfo);
    if (decoder->is_planar) allocate_band(decoder);
    return SNUG_JPEG_OK;
}

/* After the last row, reads up to the end marker: bytes that are left over there tell of damage before. Files of several
 * scans have been read to their end by then. */
static void read_to_end(struct jpeg_decompress_struct *cinfo) {
    if (cinfo->output_scanline < cinfo->output_height || jpeg_has_multiple_scans(cinfo)) return;
    while (!jpeg_input_complete(cinfo)) {
        if (jpeg_consume_input(cinfo) == JPEG_SUSPENDED) return;
    }
}

snug_jpeg_status snug_jpeg_decoder_read_band(snug_jpeg_decoder *decoder) {
    struct jpeg_decompress_struct *cinfo = &decoder->cinfo;
    if (setjmp(decoder->errors.escape)) return decoder->errors.status;
    if (!decoder->is_planar) return SNUG_JPEG_MISUSE;
    JSAMPARRAY planes[4] = {decoder->rows[0], decoder->rows[1], decoder->rows[2], decoder->rows[3]};
    JDIMENSION lines = (JDIMENSION)(cinfo->max_v_samp_factor * cinfo->min_DCT_scaled_size);
    if (jpeg_read_raw_data(cinfo, planes, lines) == 0) return SNUG_JPEG_CORRUPT;
    read_to_end(cinfo);
    return SNUG_JPEG_OK;
}

const uint8_t *snug_jpeg_decoder_band_row(const snug_jpeg_decoder *decoder, int32_t component, int32_t row) {
    return decoder->rows[component & 3][row & (4 * DCTSIZE - 1)];
}

snug_jpeg_status snug_jpeg_decoder_read_row(snug_jpeg_decoder *decoder, uint8_t *row) {
    if (setjmp(decoder->errors.escape)) return decoder->errors.status;
    JSAMPROW rows[1] = {row};
    if (jpeg_read_scanlines(&decoder->cinfo, rows, 1) != 1) return SNUG_JPEG_CORRUPT;
    read_to_end(&decoder->cinfo);
    return SNUG_JPEG_OK;
}

/* Whether an early end took image data with it. The Huffman decoder warns when it runs dry within a scan; nobody warns
 * of whole scans that never came, and the arithmetic decoder reads zeros for ever. */
static bool early_end_lost_data(const struct jpeg_decompress_struct *cinfo) {
    if (cinfo->arith_code || cinfo->comps_in_scan < cinfo->num_components) {
        if (!cinfo->progressive_mode) return true;
    }
    if (!cinfo->progressive_mode || !cinfo->coef_bits) return cinfo->arith_code;
    for (int i = 0; i < cinfo->num_components; i++) {
        for (int k = 0; k < DCTSIZE2; k++) {
            /* The lowest bit known so far: 0 once a coefficient is complete, -1 when nothing of it came. */
            if (cinfo->coef_bits[i][k] != 0) return true;
        }
    }
    return cinfo->arith_code;
}

void snug_jpeg_decoder_report(const snug_jpeg_decoder *decoder, snug_jpeg_report *report) {
    snug_errors_report(&decoder->errors, report);
    if (report->ended_early && report->damage_count == 0 && early_end_lost_data(&decoder->cinfo)) {
        report->damage_count = 1;
    }
}

const char *snug_jpeg_decoder_message(const snug_jpeg_decoder *decoder) { return decoder->errors.message; }

const char *snug_jpeg_decoder_warning(const snug_jpeg_decoder *decoder, int32_t index) {
    if (index < 0 || index >= KEPT_WARNINGS || index >= decoder->errors.warning_count) return NULL;
    return decoder->errors.warnings[index];
}
