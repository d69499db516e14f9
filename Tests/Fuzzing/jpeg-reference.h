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

static snug_kernel_level level(void) {
#if defined(__x86_64__)
    return chance(2) && __builtin_cpu_supports("avx2") ? SNUG_KERNEL_AVX2 : SNUG_KERNEL_PORTABLE;
#else
    return SNUG_KERNEL_PORTABLE;
#endif
}
