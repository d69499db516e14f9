/* SPDX-License-Identifier: Apache-2.0 */
#include "errors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Padding of a few bytes between segments is common and harmless; more is a scan that lost its way. */
enum { HARMLESS_PADDING = 16 };

_Noreturn void snug_errors_escape(j_common_ptr cinfo, snug_jpeg_status status, const char *message) {
    snug_errors *errors = (snug_errors *)cinfo->err;
    errors->status = status;
    snprintf(errors->message, sizeof errors->message, "%s", message);
    longjmp(errors->escape, 1);
}

static snug_jpeg_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
    case JERR_WIDTH_OVERFLOW: return SNUG_JPEG_OUT_OF_MEMORY;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_COMPONENT_COUNT: return SNUG_JPEG_UNSUPPORTED;
    case JERR_BAD_STATE:
    case JERR_BUFFER_SIZE:
    case JERR_BAD_POOL_ID: return SNUG_JPEG_MISUSE;
    default: return SNUG_JPEG_CORRUPT;
    }
}

static _Noreturn void on_error(j_common_ptr cinfo) {
    char message[JMSG_LENGTH_MAX];
    cinfo->err->format_message(cinfo, message);
    snug_errors_escape(cinfo, status_of(cinfo->err->msg_code), message);
}

static bool is_damage(j_common_ptr cinfo) {
    switch (cinfo->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
    case JWRN_ARITH_BAD_CODE: return true;
    case JWRN_EXTRANEOUS_DATA: return cinfo->err->msg_parm.i[0] > HARMLESS_PADDING;
    default: return false;
    }
}

static void on_message(j_common_ptr cinfo, int level) {
    if (level >= 0) return; /* traces */
    snug_errors *errors = (snug_errors *)cinfo->err;
    if (errors->warning_count < KEPT_WARNINGS) cinfo->err->format_message(cinfo, errors->warnings[errors->warning_count]);
    errors->warning_count += 1;
    if (is_damage(cinfo)) {
        errors->damage_count += 1;
        if (errors->damaged_row < 0 && cinfo->is_decompressor && cinfo->err->msg_code != JWRN_EXTRANEOUS_DATA) {
            /* In a progressive file every scan starts at the top again: the row says nothing there. Nor does the place of
             * left-over bytes, which is behind the damage. */
            j_decompress_ptr decoder = (j_decompress_ptr)cinfo;
            int rows = decoder->max_v_samp_factor * DCTSIZE;
            if (!decoder->progressive_mode) errors->damaged_row = (int32_t)decoder->input_iMCU_row * rows;
        }
    }
    if (errors->warning_limit > 0 && errors->warning_count > errors->warning_limit) {
        snug_errors_escape(cinfo, SNUG_JPEG_CORRUPT, "more warnings than the limit allows");
    }
}

void snug_errors_init(snug_errors *errors, int32_t warning_limit) {
    memset(errors, 0, sizeof *errors);
    jpeg_std_error(&errors->base);
    errors->base.error_exit = on_error;
    errors->base.emit_message = on_message;
    errors->warning_limit = warning_limit;
    errors->damaged_row = -1;
}

void snug_errors_report(const snug_errors *errors, snug_jpeg_report *report) {
    report->warning_count = errors->warning_count;
    report->damage_count = errors->damage_count;
    report->ended_early = errors->ended_early;
    report->damaged_row = errors->damaged_row;
}

/* ---- source ---- */

static void source_begin(j_decompress_ptr cinfo) { (void)cinfo; }

static const JOCTET end_of_image[2] = {0xFF, JPEG_EOI};

static boolean source_fill(j_decompress_ptr cinfo) {
    snug_source_manager *manager = (snug_source_manager *)cinfo->src;
    size_t left = manager->source.byte_count - manager->offset;
    size_t got = 0;
    if (left > 0 && manager->source.descriptor < 0) {
        manager->base.next_input_byte = manager->source.bytes + manager->offset;
        got = left;
    } else if (left > 0) {
        size_t wanted = left < SNUG_SOURCE_BUFFER ? left : SNUG_SOURCE_BUFFER;
        ssize_t result;
        do {
            result = pread(manager->source.descriptor, manager->buffer, wanted, (off_t)manager->offset);
        } while (result < 0 && errno == EINTR);
        if (result < 0) snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_READ_FAILED, strerror(errno));
        manager->base.next_input_byte = manager->buffer;
        got = (size_t)result;
    }
    if (got == 0) {
        /* libjpeg has no word for "no more": it is given the end marker, and decodes what it has. */
        WARNMS(cinfo, JWRN_JPEG_EOF);
        manager->errors->ended_early = true;
        manager->base.next_input_byte = end_of_image;
        manager->base.bytes_in_buffer = 2;
        return TRUE;
    }
    manager->offset += got;
    manager->base.bytes_in_buffer = got;
    return TRUE;
}

static void source_skip(j_decompress_ptr cinfo, long count) {
    snug_source_manager *manager = (snug_source_manager *)cinfo->src;
    if (count <= 0) return;
    size_t skip = (size_t)count;
    if (skip <= manager->base.bytes_in_buffer) {
        manager->base.next_input_byte += skip;
        manager->base.bytes_in_buffer -= skip;
        return;
    }
    skip -= manager->base.bytes_in_buffer;
    manager->base.bytes_in_buffer = 0;
    size_t left = manager->source.byte_count - manager->offset;
    manager->offset += skip < left ? skip : left;
}

static void source_end(j_decompress_ptr cinfo) { (void)cinfo; }

void snug_source_init(snug_source_manager *manager, snug_jpeg_source source, snug_errors *errors, JOCTET *buffer) {
    memset(manager, 0, sizeof *manager);
    manager->base.init_source = source_begin;
    manager->base.fill_input_buffer = source_fill;
    manager->base.skip_input_data = source_skip;
    manager->base.resync_to_restart = jpeg_resync_to_restart;
    manager->base.term_source = source_end;
    manager->source = source;
    manager->errors = errors;
    manager->buffer = buffer;
}

/* ---- destination ---- */

enum { FIRST_CAPACITY = 64 * 1024 };

static void destination_begin(j_compress_ptr cinfo) {
    snug_destination *destination = (snug_destination *)cinfo->dest;
    destination->bytes = malloc(FIRST_CAPACITY);
    if (!destination->bytes) snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OUT_OF_MEMORY, "no memory for the output");
    destination->capacity = FIRST_CAPACITY;
    destination->base.next_output_byte = destination->bytes;
    destination->base.free_in_buffer = destination->capacity;
}

static boolean destination_grow(j_compress_ptr cinfo) {
    /* Called with the buffer full; whatever free_in_buffer says counts as written. */
    snug_destination *destination = (snug_destination *)cinfo->dest;
    size_t used = destination->capacity;
    if (used > destination->limit) snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OVER_LIMIT, "over the byte limit");
    size_t grown = used + used / 2;
    /* Never much more than the limit: one byte over it is enough to know. */
    if (grown > destination->limit && destination->limit >= used) grown = destination->limit + 1;
    uint8_t *bytes = realloc(destination->bytes, grown);
    if (!bytes) snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OUT_OF_MEMORY, "no memory for the output");
    destination->bytes = bytes;
    destination->capacity = grown;
    destination->base.next_output_byte = bytes + used;
    destination->base.free_in_buffer = grown - used;
    return TRUE;
}

static void destination_end(j_compress_ptr cinfo) {
    snug_destination *destination = (snug_destination *)cinfo->dest;
    destination->length = destination->capacity - destination->base.free_in_buffer;
    if (destination->length > destination->limit) {
        snug_errors_escape((j_common_ptr)cinfo, SNUG_JPEG_OVER_LIMIT, "over the byte limit");
    }
}

void snug_destination_init(snug_destination *destination, size_t limit) {
    memset(destination, 0, sizeof *destination);
    destination->base.init_destination = destination_begin;
    destination->base.empty_output_buffer = destination_grow;
    destination->base.term_destination = destination_end;
    destination->limit = limit;
}

/* ---- progress ---- */

static void on_progress(j_common_ptr cinfo) {
    snug_progress *progress = (snug_progress *)cinfo->progress;
    const snug_jpeg_limits *limits = &progress->limits;
    if (limits->is_cancelled && limits->is_cancelled(limits->context)) {
        snug_errors_escape(cinfo, SNUG_JPEG_CANCELLED, "cancelled");
    }
    if (!cinfo->is_decompressor) return;
    j_decompress_ptr decoder = (j_decompress_ptr)cinfo;
    int64_t scans = decoder->input_scan_number;
    int64_t pixels = (int64_t)decoder->image_width * (int64_t)decoder->image_height;
    if ((limits->scan_count > 0 && scans > limits->scan_count)
        || (limits->scan_work > 0 && pixels > 0 && scans > limits->scan_work / pixels + 1)) {
        snug_errors_escape(cinfo, SNUG_JPEG_TOO_MUCH_WORK, "more scans than the limit allows");
    }
}

void snug_progress_attach(j_common_ptr cinfo, snug_progress *progress, snug_jpeg_limits limits) {
    memset(progress, 0, sizeof *progress);
    progress->base.progress_monitor = on_progress;
    progress->limits = limits;
    cinfo->progress = &progress->base;
}

void snug_jpeg_free(void *bytes) { free(bytes); }

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *snug_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
    return TEXT(LIBJPEG_TURBO_VERSION);
#else
    return "";
#endif
}
