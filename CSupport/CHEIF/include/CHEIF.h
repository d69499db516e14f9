/* SPDX-License-Identifier: Apache-2.0 */
/* HEIC and other HEIF images through libheif, and AVIF through libavif, both loaded when a worker asks for them: programs
   that embed Snug link neither. */
#ifndef SNUG_CHEIF_H
#define SNUG_CHEIF_H

#include "CSandbox.h"

#pragma clang assume_nonnull begin

/* The version of libheif; NULL when it is not installed. */
const char *_Nullable snug_heif_load(void);
uint32_t snug_heif_decode(snug_codec_job *job);

/* The version of libavif, of the kind that this was built for; NULL when there is none. */
const char *_Nullable snug_avif_load(void);
uint32_t snug_avif_decode(snug_codec_job *job);

#pragma clang assume_nonnull end

#endif
