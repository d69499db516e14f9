/* SPDX-License-Identifier: Apache-2.0 */
#include "CPNG.h"

#include <png.h>
#include <zlib.h>

const char *snug_png_version(void) { return png_get_libpng_ver(NULL); }

const char *snug_png_zlib_version(void) { return zlibVersion(); }
