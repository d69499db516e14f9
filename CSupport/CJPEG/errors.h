/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of this shim share: error handling, the source and the destination. */
#ifndef SNUG_JPEG_ERRORS_H
#define SNUG_JPEG_ERRORS_H

#include "CJPEG.h"
#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>

#pragma clang assume_nonnull begin

enum { KEPT_WARNINGS = 4 };

/* `base` comes first: libjpeg holds a pointer to it and we cast it back. */
typedef struct snug_errors {
    struct jpeg_error_mgr base;
    jmp_buf escape;
    snug_jpeg_status status;
    char message[JMSG_LENGTH_MAX];
    char warnings[KEPT_WARNINGS][JMSG_LENGTH_MAX];
    int32_t warning_count, warning_limit, damage_count, damaged_row;
    bool ended_early;
} snug_errors;

void snug_errors_init(snug_errors *errors, int32_t warning_limit);
/* Ends the current library call with a status of our own. */
_Noreturn void snug_errors_escape(j_common_ptr cinfo, snug_jpeg_status status, const char *message);
void snug_errors_report(const snug_errors *errors, snug_jpeg_report *report);

typedef struct snug_source_manager {
    struct jpeg_source_mgr base;
    snug_jpeg_source source;
    size_t offset;
    snug_errors *errors;
    JOCTET *_Nullable buffer;
} snug_source_manager;

/* `buffer` of SNUG_SOURCE_BUFFER bytes is used for descriptors; may be NULL for memory. */
enum { SNUG_SOURCE_BUFFER = 64 * 1024 };
void snug_source_init(
    snug_source_manager *manager, snug_jpeg_source source, snug_errors *errors, JOCTET *_Nullable buffer);

typedef struct snug_destination {
    struct jpeg_destination_mgr base;
    uint8_t *_Nullable bytes;
    size_t capacity, limit, length;
} snug_destination;

void snug_destination_init(snug_destination *destination, size_t limit);

/* Work guards of a decoder: scans, scans times pixels, cancellation. */
typedef struct snug_progress {
    struct jpeg_progress_mgr base;
    snug_jpeg_limits limits;
} snug_progress;

void snug_progress_attach(j_common_ptr cinfo, snug_progress *progress, snug_jpeg_limits limits);

#pragma clang assume_nonnull end

#endif
