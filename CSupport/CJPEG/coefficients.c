/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"
#include <stdlib.h>
#include <string.h>

struct snug_jpeg_coefficients {
    struct jpeg_decompress_struct cinfo;
    snug_errors errors;
    snug_source_manager source;
    snug_progress progress;
    jvirt_barray_ptr *arrays;
    JOCTET *buffer;
};

static snug_jpeg_status read_all(snug_jpeg_coefficients *c, snug_jpeg_source source, snug_jpeg_limits limits) {
    if (setjmp(c->errors.escape)) return c->errors.status;
    jpeg_create_decompress(&c->cinfo);
    c->cinfo.mem->max_memory_to_use = (long)limits.memory;
    snug_source_init(&c->source, source, &c->errors, c->buffer);
    c->cinfo.src = &c->source.base;
    snug_progress_attach((j_common_ptr)&c->cinfo, &c->progress, limits);
    jpeg_read_header(&c->cinfo, TRUE);
    c->arrays = jpeg_read_coefficients(&c->cinfo);
    return SNUG_JPEG_OK;
}

snug_jpeg_coefficients *snug_jpeg_coefficients_create(
    snug_jpeg_source source, snug_jpeg_limits limits, snug_jpeg_status *status) {
    *status = SNUG_JPEG_OUT_OF_MEMORY;
    snug_jpeg_coefficients *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    snug_errors_init(&c->errors, limits.warning_count);
    c->cinfo.err = &c->errors.base;
    c->buffer = source.descriptor >= 0 ? malloc(SNUG_SOURCE_BUFFER) : NULL;
    if (source.descriptor >= 0 && !c->buffer) {
        free(c);
        return NULL;
    }
    *status = read_all(c, source, limits);
    return c;
}

void snug_jpeg_coefficients_free(snug_jpeg_coefficients *c) {
    if (!setjmp(c->errors.escape)) jpeg_destroy_decompress(&c->cinfo);
    free(c->buffer);
    free(c);
}

void snug_jpeg_coefficients_report(const snug_jpeg_coefficients *c, snug_jpeg_report *report) {
    snug_errors_report(&c->errors, report);
}

bool snug_jpeg_coefficients_steps(const snug_jpeg_coefficients *c, int32_t component, uint16_t *natural) {
    if (!c->arrays || component < 0 || component >= c->cinfo.num_components) return false;
    const jpeg_component_info *info = &c->cinfo.comp_info[component];
    /* The table in force when the component's first scan began; others may have come since. */
    const JQUANT_TBL *table = info->quant_table ? info->quant_table
        : info->quant_tbl_no >= 0 && info->quant_tbl_no < NUM_QUANT_TBLS ? c->cinfo.quant_tbl_ptrs[info->quant_tbl_no]
                                                                         : NULL;
    if (!table) return false;
    for (int32_t k = 0; k < DCTSIZE2; k++) natural[k] = table->quantval[k];
    return true;
}

snug_jpeg_status snug_jpeg_coefficients_row(
    snug_jpeg_coefficients *c, int32_t component, int32_t row, size_t blocks, int16_t *natural) {
    if (setjmp(c->errors.escape)) return c->errors.status;
    if (!c->arrays || component < 0 || component >= c->cinfo.num_components) return SNUG_JPEG_MISUSE;
    const jpeg_component_info *info = &c->cinfo.comp_info[component];
    if (row < 0 || (JDIMENSION)row >= info->height_in_blocks || blocks > info->width_in_blocks) return SNUG_JPEG_MISUSE;
    JBLOCKARRAY block_row = c->cinfo.mem->access_virt_barray(
        (j_common_ptr)&c->cinfo, c->arrays[component], (JDIMENSION)row, 1, FALSE);
    memcpy(natural, block_row[0], blocks * sizeof(JBLOCK));
    return SNUG_JPEG_OK;
}
