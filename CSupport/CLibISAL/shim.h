/* SPDX-License-Identifier: Apache-2.0 */
/* Where the library is missing, zlib inflates in its place: see CPNG/inflater.c. pkg-config says how to link it. */
#if __has_include(<isa-l/igzip_lib.h>)
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#endif
