/* SPDX-License-Identifier: Apache-2.0 */
#include "CLCMS.h"

#include <lcms2.h>

int snug_colour_library_version(void) { return cmsGetEncodedCMMversion(); }
