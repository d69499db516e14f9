// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CJPEGKERNELS_CODER_ROWS_H
#define SNUG_CJPEGKERNELS_CODER_ROWS_H

#include "block_coder.h"

// The part of a row of MCUs that is there: a whole row of the image, or a run from its middle.
typedef struct extent {
    int32_t mcus, capacity;
    int32_t across[SNUG_MAXIMUM_COMPONENTS], down[SNUG_MAXIMUM_COMPONENTS];
} extent;

// Quantises and codes a row of MCUs.
void snug_coder_run_row(
    snug_coder *coder, snug_kernel_level level, const sink *sink, const snug_quantiser *quantisers,
    const int16_t *const *rows, const extent *extent);

#endif
