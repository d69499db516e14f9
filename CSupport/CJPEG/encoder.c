/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_COMPONENTS = 3, FIRST_BANDS = 4, MOST_BANDS = 256 };

/* Rows of one component that wait for the others: a ring of whole bands. */
typedef struct component_ring {
    uint8_t *samples;
    size_t stride, width, padded_width;
    int band_rows;
    /* Rows pushed and rows handed to libjpeg so far, and rows there will be. */
    size_t pushed, taken, height;
} component_ring;

struct snug_jpeg_encoder {
    struct jpeg_compress_struct cinfo;
    snug_errors errors;
    snug_destination destination;
    snug_progress progress;
    component_ring rings[MOST_COMPONENTS];
    int bands;
    bool has_started, has_finished;
};

void snug_jpeg_settings_set_table(snug_jpeg_settings *settings, bool chroma, const uint16_t *values) {
    memcpy(chroma ? settings->chroma_table : settings->luma_table, values, 64 * sizeof *values);
}

static void add_table(j_compress_ptr cinfo, int index, const uint16_t *values) {
    unsigned table[DCTSIZE2];
    for (int i = 0; i < DCTSIZE2; i++) table[i] = values[i];
    jpeg_add_quant_table(cinfo, index, table, 100, TRUE);
}

static void configure(snug_jpeg_encoder *encoder, const snug_jpeg_settings *settings) {
    j_compress_ptr cinfo = &encoder->cinfo;
    cinfo->image_width = (JDIMENSION)settings->width;
    cinfo->image_height = (JDIMENSION)settings->height;
    cinfo->input_components = settings->component_count;
    cinfo->in_color_space = settings->component_count == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(cinfo);
    add_table(cinfo, 0, settings->luma_table);
    if (settings->component_count > 1) add_table(cinfo, 1, settings->chroma_table);
    bool is_gray = settings->component_count == 1;
    cinfo->comp_info[0].h_samp_factor = is_gray ? 1 : settings->horizontal;
    cinfo->comp_info[0].v_samp_factor = is_gray ? 1 : settings->vertical;
    cinfo->raw_data_in = TRUE;
    cinfo->dct_method = JDCT_ISLOW;
    cinfo->optimize_coding = settings->optimises_coding || settings->is_progressive;
    if (settings->is_progressive) jpeg_simple_progression(cinfo);
}

snug_jpeg_encoder *snug_jpeg_encoder_create(const snug_jpeg_settings *settings, snug_jpeg_status *status) {
    snug_jpeg_encoder *encoder = calloc(1, sizeof *encoder);
    if (!encoder) return NULL;
    snug_errors_init(&encoder->errors, 0);
    encoder->cinfo.err = &encoder->errors.base;
    if (setjmp(encoder->errors.escape)) {
        *status = encoder->errors.status;
        return encoder;
    }
    jpeg_create_compress(&encoder->cinfo);
    snug_destination_init(&encoder->destination, settings->byte_limit);
    encoder->cinfo.dest = &encoder->destination.base;
    snug_jpeg_limits limits = {.is_cancelled = settings->is_cancelled, .context = settings->context};
    snug_progress_attach((j_common_ptr)&encoder->cinfo, &encoder->progress, limits);
    configure(encoder, settings);
    *status = SNUG_JPEG_OK;
    return encoder;
}

void snug_jpeg_encoder_free(snug_jpeg_encoder *encoder) {
    if (!setjmp(encoder->errors.escape)) jpeg_destroy_compress(&encoder->cinfo);
    for (int i = 0; i < MOST_COMPONENTS; i++) free(encoder->rings[i].samples);
    free(encoder->destination.bytes);
    free(encoder);
}

snug_jpeg_status snug_jpeg_encoder_set_huffman(
    snug_jpeg_encoder *encoder, int32_t table_class, int32_t index, const uint8_t *counts, const uint8_t *symbols) {
    if (setjmp(encoder->errors.escape)) return encoder->errors.status;
    if (encoder->has_started || index < 0 || index > 1) return SNUG_JPEG_MISUSE;
    j_compress_ptr cinfo = &encoder->cinfo;
    JHUFF_TBL **table = table_class ? &cinfo->ac_huff_tbl_ptrs[index] : &cinfo->dc_huff_tbl_ptrs[index];
    if (!*table) *table = jpeg_alloc_huff_table((j_common_ptr)cinfo);
    size_t total = 0;
    (*table)->bits[0] = 0;
    for (int i = 0; i < 16; i++) {
        (*table)->bits[i + 1] = counts[i];
        total += counts[i];
    }
    if (total > 256) return SNUG_JPEG_MISUSE;
    memset((*table)->huffval, 0, sizeof (*table)->huffval);
    memcpy((*table)->huffval, symbols, total);
    (*table)->sent_table = FALSE;
    return SNUG_JPEG_OK;
}

static void allocate_rings(snug_jpeg_encoder *encoder) {
    j_compress_ptr cinfo = &encoder->cinfo;
    encoder->bands = FIRST_BANDS;
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        component_ring *ring = &encoder->rings[i];
        ring->band_rows = component->v_samp_factor * DCTSIZE;
        ring->padded_width = (size_t)component->width_in_blocks * DCTSIZE;
        ring->width = ((size_t)cinfo->image_width * (size_t)component->h_samp_factor
            + (size_t)cinfo->max_h_samp_factor - 1) / (size_t)cinfo->max_h_samp_factor;
        ring->height = ((size_t)cinfo->image_height * (size_t)component->v_samp_factor
            + (size_t)cinfo->max_v_samp_factor - 1) / (size_t)cinfo->max_v_samp_factor;
        ring->stride = (ring->padded_width + 63) & ~(size_t)63;
        ring->samples = malloc(ring->stride * (size_t)ring->band_rows * FIRST_BANDS);
        if (!ring->samples) snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OUT_OF_MEMORY, "no memory for rows");
    }
}

static void start(snug_jpeg_encoder *encoder) {
    if (encoder->has_started) return;
    encoder->has_started = true;
    jpeg_start_compress(&encoder->cinfo, FALSE);
    allocate_rings(encoder);
}

snug_jpeg_status snug_jpeg_encoder_write_marker(
    snug_jpeg_encoder *encoder, int32_t marker, const uint8_t *bytes, size_t byte_count) {
    if (setjmp(encoder->errors.escape)) return encoder->errors.status;
    if (byte_count > 65533) return SNUG_JPEG_MISUSE;
    start(encoder);
    jpeg_write_marker(&encoder->cinfo, marker, bytes, (unsigned)byte_count);
    return SNUG_JPEG_OK;
}

static uint8_t *ring_row(const snug_jpeg_encoder *encoder, const component_ring *ring, size_t row) {
    return ring->samples + ring->stride * (row % ((size_t)ring->band_rows * (size_t)encoder->bands));
}

/* Doubles every ring; rows keep their places because the old capacity divides the new one only from row 0 on, so
 * they are copied one by one. */
static void grow_rings(snug_jpeg_encoder *encoder) {
    j_common_ptr cinfo = (j_common_ptr)&encoder->cinfo;
    int bands = encoder->bands * 2;
    if (bands > MOST_BANDS) snug_errors_escape(cinfo, SNUG_JPEG_MISUSE, "one component runs too far ahead of the others");
    for (int i = 0; i < encoder->cinfo.num_components; i++) {
        component_ring *ring = &encoder->rings[i];
        size_t rows = (size_t)ring->band_rows * (size_t)bands;
        uint8_t *samples = malloc(ring->stride * rows);
        if (!samples) snug_errors_escape(cinfo, SNUG_JPEG_OUT_OF_MEMORY, "no memory for rows");
        for (size_t y = ring->taken; y < ring->pushed; y++) {
            memcpy(samples + ring->stride * (y % rows), ring_row(encoder, ring, y), ring->stride);
        }
        free(ring->samples);
        ring->samples = samples;
    }
    encoder->bands = bands;
}

/* Whether a component has all the rows of the next band, the last one being short. */
static bool has_band(const component_ring *ring) {
    size_t end = ring->taken + (size_t)ring->band_rows;
    return ring->pushed >= (end < ring->height ? end : ring->height);
}

static void write_bands(snug_jpeg_encoder *encoder) {
    j_compress_ptr cinfo = &encoder->cinfo;
    for (;;) {
        if (cinfo->next_scanline >= cinfo->image_height) return;
        JSAMPROW rows[MOST_COMPONENTS][4 * DCTSIZE];
        JSAMPARRAY planes[MOST_COMPONENTS];
        for (int i = 0; i < cinfo->num_components; i++) {
            if (!has_band(&encoder->rings[i])) return;
        }
        for (int i = 0; i < cinfo->num_components; i++) {
            component_ring *ring = &encoder->rings[i];
            for (int y = 0; y < ring->band_rows; y++) {
                /* Below the image its last row goes on, so that the padding costs few bits. */
                size_t row = ring->taken + (size_t)y;
                rows[i][y] = ring_row(encoder, ring, row < ring->height ? row : ring->height - 1);
            }
            planes[i] = rows[i];
        }
        jpeg_write_raw_data(cinfo, planes, (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE));
        for (int i = 0; i < cinfo->num_components; i++) encoder->rings[i].taken += (size_t)encoder->rings[i].band_rows;
    }
}

snug_jpeg_status snug_jpeg_encoder_push_row(snug_jpeg_encoder *encoder, int32_t component, const uint8_t *row) {
    if (setjmp(encoder->errors.escape)) return encoder->errors.status;
    if (component < 0 || component >= encoder->cinfo.num_components) return SNUG_JPEG_MISUSE;
    start(encoder);
    component_ring *ring = &encoder->rings[component];
    if (ring->pushed >= ring->height) return SNUG_JPEG_MISUSE;
    if (ring->pushed - ring->taken >= (size_t)ring->band_rows * (size_t)encoder->bands) grow_rings(encoder);
    uint8_t *target = ring_row(encoder, ring, ring->pushed);
    memcpy(target, row, ring->width);
    if (ring->padded_width > ring->width) {
        memset(target + ring->width, row[ring->width - 1], ring->padded_width - ring->width);
    }
    ring->pushed += 1;
    if (has_band(ring)) write_bands(encoder);
    return SNUG_JPEG_OK;
}

snug_jpeg_status snug_jpeg_encoder_finish(snug_jpeg_encoder *encoder) {
    if (setjmp(encoder->errors.escape)) return encoder->errors.status;
    if (!encoder->has_started || encoder->cinfo.next_scanline < encoder->cinfo.image_height) return SNUG_JPEG_MISUSE;
    jpeg_finish_compress(&encoder->cinfo);
    encoder->has_finished = true;
    return SNUG_JPEG_OK;
}

const uint8_t *snug_jpeg_encoder_bytes(const snug_jpeg_encoder *encoder, size_t *byte_count) {
    *byte_count = encoder->has_finished ? encoder->destination.length : 0;
    return encoder->has_finished ? encoder->destination.bytes : NULL;
}

int32_t snug_jpeg_encoder_get_huffman(
    const snug_jpeg_encoder *encoder, int32_t table_class, int32_t index, uint8_t *counts, uint8_t *symbols) {
    if (index < 0 || index > 3) return 0;
    const JHUFF_TBL *table =
        table_class ? encoder->cinfo.ac_huff_tbl_ptrs[index] : encoder->cinfo.dc_huff_tbl_ptrs[index];
    if (!table) return 0;
    int32_t total = 0;
    for (int i = 0; i < 16; i++) {
        counts[i] = table->bits[i + 1];
        total += counts[i];
    }
    if (total > 256) return 0;
    memcpy(symbols, table->huffval, (size_t)total);
    return total;
}

const char *snug_jpeg_encoder_message(const snug_jpeg_encoder *encoder) { return encoder->errors.message; }
