/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"
#include <stdlib.h>
#include <string.h>

/* Both halves and their error handlers on the heap: locals that change between setjmp and longjmp are undefined. */
typedef struct recoder {
    struct jpeg_decompress_struct input;
    struct jpeg_compress_struct output;
    snug_errors errors;
    snug_source_manager source;
    snug_destination destination;
    snug_progress input_progress, output_progress;
    jpeg_scan_info scans[MAX_COMPONENTS];
    JOCTET *buffer;
} recoder;

/* One scan of all components, or one each where their blocks are too many for a scan (T.81 B.2.3). */
static void set_sequential(recoder *r) {
    int blocks = 0;
    for (int i = 0; i < r->output.num_components; i++)
        blocks += r->output.comp_info[i].h_samp_factor * r->output.comp_info[i].v_samp_factor;
    if (blocks <= C_MAX_BLOCKS_IN_MCU && r->output.num_components <= MAX_COMPS_IN_SCAN) return;
    for (int i = 0; i < r->output.num_components; i++)
        r->scans[i] = (jpeg_scan_info){.comps_in_scan = 1, .component_index = {i}, .Se = DCTSIZE2 - 1};
    r->output.scan_info = r->scans;
    r->output.num_scans = r->output.num_components;
}

static snug_jpeg_status run(
    recoder *r, snug_jpeg_source source, snug_jpeg_limits limits, const snug_jpeg_segment *segments,
    size_t segment_count, bool is_sequential) {
    if (setjmp(r->errors.escape)) return r->errors.status;
    jpeg_create_decompress(&r->input);
    jpeg_create_compress(&r->output);
    r->input.mem->max_memory_to_use = (long)limits.memory;
    r->output.mem->max_memory_to_use = (long)limits.memory;
    snug_source_init(&r->source, source, &r->errors, r->buffer);
    r->input.src = &r->source.base;
    r->output.dest = &r->destination.base;
    snug_progress_attach((j_common_ptr)&r->input, &r->input_progress, limits);
    snug_progress_attach((j_common_ptr)&r->output, &r->output_progress, limits);
    jpeg_read_header(&r->input, TRUE);
    jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&r->input);
    /* A damaged file is never passed on as if it were whole. */
    if (r->errors.damage_count > 0 || r->errors.ended_early) return SNUG_JPEG_CORRUPT;
    jpeg_copy_critical_parameters(&r->input, &r->output);
    r->output.optimize_coding = TRUE;
    if (is_sequential) set_sequential(r);
    else jpeg_simple_progression(&r->output);
    jpeg_write_coefficients(&r->output, coefficients);
    for (size_t i = 0; i < segment_count; i++) {
        if (segments[i].byte_count > 65533) return SNUG_JPEG_MISUSE;
        jpeg_write_marker(&r->output, segments[i].marker, segments[i].bytes, (unsigned)segments[i].byte_count);
    }
    jpeg_finish_compress(&r->output);
    jpeg_finish_decompress(&r->input);
    return SNUG_JPEG_OK;
}

static void destroy(recoder *r) {
    if (!setjmp(r->errors.escape)) {
        jpeg_destroy_compress(&r->output);
        jpeg_destroy_decompress(&r->input);
    }
    free(r->buffer);
    free(r->destination.bytes);
    free(r);
}

snug_jpeg_status snug_jpeg_recode(
    snug_jpeg_source source, snug_jpeg_limits limits, const snug_jpeg_segment *segments, size_t segment_count,
    bool is_sequential, size_t byte_limit, uint8_t **bytes, size_t *byte_count, snug_jpeg_report *report) {
    *bytes = NULL;
    *byte_count = 0;
    memset(report, 0, sizeof *report);
    recoder *r = calloc(1, sizeof *r);
    if (!r) return SNUG_JPEG_OUT_OF_MEMORY;
    snug_errors_init(&r->errors, limits.warning_count);
    r->input.err = &r->errors.base;
    r->output.err = &r->errors.base;
    snug_destination_init(&r->destination, byte_limit);
    r->buffer = source.descriptor >= 0 ? malloc(SNUG_SOURCE_BUFFER) : NULL;
    snug_jpeg_status status = source.descriptor >= 0 && !r->buffer
        ? SNUG_JPEG_OUT_OF_MEMORY : run(r, source, limits, segments, segment_count, is_sequential);
    snug_errors_report(&r->errors, report);
    if (status == SNUG_JPEG_OK) {
        *bytes = r->destination.bytes;
        *byte_count = r->destination.length;
        r->destination.bytes = NULL;
    }
    destroy(r);
    return status;
}
