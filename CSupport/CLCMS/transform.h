/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CLCMS_TRANSFORM_H
#define SNUG_CLCMS_TRANSFORM_H

#include "CLCMS.h"
#include "matrix_shaper.h"
#include "session.h"

struct snug_colour_transform {
    cmsContext context;
    cmsHTRANSFORM transform;
    snug_colour_layout layout;
    uint8_t *gray_table; /* for gray, what each sample becomes */
    int has_shaper;                /* for 16-bit RGB by curves and matrix: */
    snug_matrix_shaper shaper;
    session session;
};

#endif
