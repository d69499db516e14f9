/* SPDX-License-Identifier: Apache-2.0 */
/* TIFF through libtiff, by rows and tiles, loaded when a worker asks for it. */
#ifndef SNUG_CTIFF_H
#define SNUG_CTIFF_H

#include "CSandbox.h"

#pragma clang assume_nonnull begin

/* The version of libtiff; NULL when it is not installed. */
const char *_Nullable snug_tiff_load(void);
uint32_t snug_tiff_decode(snug_codec_job *job);

#pragma clang assume_nonnull end

#endif
