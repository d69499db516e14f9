// SPDX-License-Identifier: Apache-2.0
// libjpeg-turbo as the reference of the JPEG kernels: quiet, with its warnings counted.
#pragma once

#include "CJPEGKernels.h"
#include "chance.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

typedef struct failure {
    struct jpeg_error_mgr manager;
    jmp_buf escape;
} failure;

static void on_error(j_common_ptr info) { longjmp(((failure *)info->err)->escape, 1); }
static void on_message(j_common_ptr info, int level) {
    // Whole bytes of padding before a marker are harmless; what else lies there the kernels refuse by themselves.
    if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA) info->err->num_warnings++;
}
static void on_output(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *quiet(failure *failure) {
    struct jpeg_error_mgr *manager = jpeg_std_error(&failure->manager);
    manager->error_exit = on_error;
    manager->emit_message = on_message;
    manager->output_message = on_output;
    return manager;
}

static int32_t draw_row(uint8_t *row, int32_t count, int32_t style, int32_t value) {
    for (int32_t i = 0; i < count; i++) {
        int32_t step = style == 0 ? 3 : style == 1 ? 60 : 255;
        value += (int32_t)chance((uint32_t)(2 * step + 1)) - step;
        value = value < 0 ? 0 : value > 255 ? 255 : value;
        row[i] = (uint8_t)value;
    }
    return value;
}

// Sets an encoder up for an image of random size, sampling, quality and restart interval.
static void draw_parameters(struct jpeg_compress_struct *info, uint32_t widest, uint32_t highest) {
    info->image_width = 1 + chance(widest);
    info->image_height = 1 + chance(highest);
    bool is_gray = chance(4) == 0;
    info->input_components = is_gray ? 1 : 3;
    info->in_color_space = is_gray ? JCS_GRAYSCALE : JCS_YCbCr;
    jpeg_set_defaults(info);
    if (!is_gray) jpeg_set_colorspace(info, JCS_YCbCr);
    jpeg_set_quality(info, 1 + (int)chance(100), TRUE);
    info->comp_info[0].h_samp_factor = is_gray ? 1 : 1 << chance(3);
    info->comp_info[0].v_samp_factor = is_gray ? 1 : 1 << chance(info->comp_info[0].h_samp_factor == 4 ? 1 : 2);
    info->restart_interval = chance(3) ? 0 : 1 + chance(12);
}

enum { WIDEST = 96 };

static void write_pixels(struct jpeg_compress_struct *info) {
    uint8_t row[WIDEST * 3];
    int32_t style = (int32_t)chance(3), value = 128;
    while (info->next_scanline < info->image_height) {
        value = draw_row(row, (int32_t)info->image_width * info->input_components, style, value);
        uint8_t *rows = row;
        jpeg_write_scanlines(info, &rows, 1);
    }
}

static snug_kernel_level level(void) {
#if defined(__x86_64__)
    return chance(2) && __builtin_cpu_supports("avx2") ? SNUG_KERNEL_AVX2 : SNUG_KERNEL_PORTABLE;
#else
    return SNUG_KERNEL_PORTABLE;
#endif
}
