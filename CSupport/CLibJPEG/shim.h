/* SPDX-License-Identifier: Apache-2.0 */
/* jpeglib.h needs FILE and size_t but includes neither. */
#include <stddef.h>
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>
