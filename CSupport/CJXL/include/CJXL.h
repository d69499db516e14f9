/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG XL through libjxl, loaded when a worker asks for it. */
#ifndef SNUG_CJXL_H
#define SNUG_CJXL_H

#include "CSandbox.h"

#pragma clang assume_nonnull begin

/* The version of libjxl, of the kind that this was built for; NULL when there is none. */
const char *_Nullable snug_jxl_load(void);
uint32_t snug_jxl_decode(snug_codec_job *job);

#pragma clang assume_nonnull end

#endif
