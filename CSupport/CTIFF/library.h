/* SPDX-License-Identifier: Apache-2.0 */
/* libtiff, loaded when it is needed. */
#ifndef SNUG_CTIFF_LIBRARY_H
#define SNUG_CTIFF_LIBRARY_H

#include <tiffio.h>

#include "CTIFF.h"

typedef struct snug_tiff_library {
    void *library;
    __typeof__(&TIFFGetVersion) version;
    __typeof__(&TIFFSetErrorHandler) set_error;
    __typeof__(&TIFFSetWarningHandler) set_warning;
    __typeof__(&TIFFClientOpen) open;
    __typeof__(&TIFFClose) close;
    __typeof__(&TIFFSetDirectory) set_directory;
    __typeof__(&TIFFGetField) get;
    __typeof__(&TIFFGetFieldDefaulted) get_defaulted;
    __typeof__(&TIFFSetField) set;
    __typeof__(&TIFFIsTiled) is_tiled;
    __typeof__(&TIFFScanlineSize64) row_size;
    __typeof__(&TIFFReadScanline) read_row;
    __typeof__(&TIFFTileSize64) tile_size;
    __typeof__(&TIFFTileRowSize64) tile_row_size;
    __typeof__(&TIFFReadTile) read_tile;
    __typeof__(&TIFFIsCODECConfigured) has_codec;
    __typeof__(&TIFFRGBAImageBegin) rgba_begin;
    __typeof__(&TIFFRGBAImageGet) rgba_get;
    __typeof__(&TIFFRGBAImageEnd) rgba_end;
} snug_tiff_library;

/* Its functions, once `snug_tiff_load` has found them. */
extern snug_tiff_library snug_tiff;
/* Its first words about the image at hand; empty for none. */
extern char snug_tiff_last_error[SNUG_CODEC_MESSAGE_SIZE];

#endif
