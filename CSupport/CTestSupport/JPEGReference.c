/* SPDX-License-Identifier: Apache-2.0 */
#include "JPEGReference.h"

#include <stdio.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COMPONENTS = 4 };

typedef struct escape {
    struct jpeg_error_mgr base;
    jmp_buf place;
} escape;

static void leave(j_common_ptr cinfo) { longjmp(((escape *)cinfo->err)->place, 1); }
static void say_nothing(j_common_ptr cinfo) { (void)cinfo; }

static struct jpeg_error_mgr *quiet(escape *errors) {
    struct jpeg_error_mgr *base = jpeg_std_error(&errors->base);
    base->error_exit = leave;
    base->output_message = say_nothing;
    return base;
}

/* Reads one component's plane as it is stored, in whole blocks. */
static bool read_plane(j_decompress_ptr cinfo, int32_t wanted, uint8_t *samples, size_t capacity) {
    const jpeg_component_info *component = &cinfo->comp_info[wanted];
    size_t width = component->downsampled_width;
    size_t height = component->downsampled_height;
    if (width * height > capacity) return false;
    size_t y = 0;
    while (cinfo->output_scanline < cinfo->output_height) {
        JSAMPARRAY planes[MOST_COMPONENTS];
        for (int i = 0; i < cinfo->num_components; i++) {
            JDIMENSION row = cinfo->comp_info[i].width_in_blocks * DCTSIZE;
            planes[i] = cinfo->mem->alloc_sarray(
                (j_common_ptr)cinfo, JPOOL_IMAGE, row, (JDIMENSION)(cinfo->comp_info[i].v_samp_factor * DCTSIZE));
        }
        jpeg_read_raw_data(cinfo, planes, (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE));
        for (int row = 0; row < component->v_samp_factor * DCTSIZE && y < height; row++, y++) {
            memcpy(samples + y * width, planes[wanted][row], width);
        }
    }
    return true;
}

bool snug_test_jpeg_plane(
    const uint8_t *bytes, size_t count, int32_t component, uint8_t *samples, size_t capacity, int32_t *width,
    int32_t *height) {
    struct jpeg_decompress_struct cinfo;
    escape errors;
    cinfo.err = quiet(&errors);
    if (setjmp(errors.place)) {
        jpeg_destroy_decompress(&cinfo);
        return false;
    }
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, (unsigned long)count);
    jpeg_read_header(&cinfo, TRUE);
    cinfo.raw_data_out = TRUE;
    cinfo.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&cinfo);
    bool is_there = component < cinfo.num_components && read_plane(&cinfo, component, samples, capacity);
    if (is_there) {
        *width = (int32_t)cinfo.comp_info[component].downsampled_width;
        *height = (int32_t)cinfo.comp_info[component].downsampled_height;
    }
    jpeg_destroy_decompress(&cinfo);
    return is_there;
}

static size_t copy_coefficients(j_decompress_ptr cinfo, int16_t *coefficients, size_t capacity) {
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(cinfo);
    size_t written = 0;
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        for (JDIMENSION row = 0; row < component->height_in_blocks; row++) {
            JBLOCKARRAY blocks = cinfo->mem->access_virt_barray((j_common_ptr)cinfo, arrays[i], row, 1, FALSE);
            size_t wanted = (size_t)component->width_in_blocks * DCTSIZE2;
            if (written + wanted > capacity) return 0;
            memcpy(coefficients + written, blocks[0], wanted * sizeof *coefficients);
            written += wanted;
        }
    }
    return written;
}

size_t snug_test_jpeg_coefficients(const uint8_t *bytes, size_t count, int16_t *coefficients, size_t capacity) {
    struct jpeg_decompress_struct cinfo;
    escape errors;
    cinfo.err = quiet(&errors);
    if (setjmp(errors.place)) {
        jpeg_destroy_decompress(&cinfo);
        return 0;
    }
    jpeg_create_decompress(&cinfo);
    jpeg_mem_src(&cinfo, bytes, (unsigned long)count);
    jpeg_read_header(&cinfo, TRUE);
    size_t written = copy_coefficients(&cinfo, coefficients, capacity);
    jpeg_destroy_decompress(&cinfo);
    return written;
}

/* Hands over one band of every plane; the last column and row of each go on into the padding. */
static void write_band(j_compress_ptr cinfo, const snug_test_planes *planes) {
    JSAMPARRAY rows[MOST_COMPONENTS];
    JDIMENSION band = cinfo->next_scanline / (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE);
    for (int i = 0; i < cinfo->num_components; i++) {
        const jpeg_component_info *component = &cinfo->comp_info[i];
        int32_t height = component->v_samp_factor * DCTSIZE;
        size_t padded = (size_t)component->width_in_blocks * DCTSIZE;
        rows[i] = cinfo->mem->alloc_sarray((j_common_ptr)cinfo, JPOOL_IMAGE, (JDIMENSION)padded, (JDIMENSION)height);
        size_t width = (size_t)planes->widths[i];
        for (int32_t y = 0; y < height; y++) {
            int32_t row = (int32_t)band * height + y;
            if (row >= planes->heights[i]) row = planes->heights[i] - 1;
            const uint8_t *source = planes->samples[i] + (size_t)row * width;
            memcpy(rows[i][y], source, width);
            if (padded > width) memset(rows[i][y] + width, source[width - 1], padded - width);
        }
    }
    jpeg_write_raw_data(cinfo, rows, (JDIMENSION)(cinfo->max_v_samp_factor * DCTSIZE));
}

size_t snug_test_jpeg_encode(
    const snug_test_planes *planes, int32_t quality, uint8_t *_Nullable *_Nonnull bytes) {
    struct jpeg_compress_struct cinfo;
    escape errors;
    unsigned long count = 0;
    unsigned char *buffer = NULL;
    *bytes = NULL;
    cinfo.err = quiet(&errors);
    if (setjmp(errors.place)) {
        jpeg_destroy_compress(&cinfo);
        return 0;
    }
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &buffer, &count);
    cinfo.image_width = (JDIMENSION)planes->widths[0];
    cinfo.image_height = (JDIMENSION)planes->heights[0];
    cinfo.input_components = planes->count;
    cinfo.in_color_space = planes->count == 1 ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    bool is_subsampled = planes->count == 3 && planes->widths[1] < planes->widths[0];
    cinfo.comp_info[0].h_samp_factor = is_subsampled ? 2 : 1;
    cinfo.comp_info[0].v_samp_factor = is_subsampled ? 2 : 1;
    cinfo.raw_data_in = TRUE;
    cinfo.optimize_coding = TRUE;
    cinfo.dct_method = JDCT_ISLOW;
    jpeg_start_compress(&cinfo, TRUE);
    while (cinfo.next_scanline < cinfo.image_height) write_band(&cinfo, planes);
    jpeg_finish_compress(&cinfo);
    jpeg_destroy_compress(&cinfo);
    *bytes = buffer;
    return count;
}

void snug_test_jpeg_free(uint8_t *_Nullable bytes) { free(bytes); }

void snug_test_jpeg_table(int32_t quality, bool is_chroma, uint16_t *values) {
    struct jpeg_compress_struct cinfo;
    escape errors;
    cinfo.err = quiet(&errors);
    if (setjmp(errors.place)) {
        jpeg_destroy_compress(&cinfo);
        return;
    }
    jpeg_create_compress(&cinfo);
    cinfo.in_color_space = JCS_YCbCr;
    cinfo.input_components = 3;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    for (int i = 0; i < DCTSIZE2; i++) values[i] = cinfo.quant_tbl_ptrs[is_chroma ? 1 : 0]->quantval[i];
    jpeg_destroy_compress(&cinfo);
}
