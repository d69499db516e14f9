/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

snug_tiff_library snug_tiff;

char snug_tiff_last_error[SNUG_CODEC_MESSAGE_SIZE];

static void note_error(const char *module, const char *format, va_list arguments) {
    (void)module;
    /* The first one tells the cause. */
    if (snug_tiff_last_error[0] == 0) vsnprintf(snug_tiff_last_error, sizeof snug_tiff_last_error, format, arguments);
}

const char *snug_tiff_load(void) {
    static const snug_symbol symbols[] = {
        { "TIFFGetVersion", &snug_tiff.version },
        { "TIFFSetErrorHandler", &snug_tiff.set_error },
        { "TIFFSetWarningHandler", &snug_tiff.set_warning },
        { "TIFFClientOpen", &snug_tiff.open },
        { "TIFFClose", &snug_tiff.close },
        { "TIFFSetDirectory", &snug_tiff.set_directory },
        { "TIFFGetField", &snug_tiff.get },
        { "TIFFGetFieldDefaulted", &snug_tiff.get_defaulted },
        { "TIFFSetField", &snug_tiff.set },
        { "TIFFIsTiled", &snug_tiff.is_tiled },
        { "TIFFScanlineSize64", &snug_tiff.row_size },
        { "TIFFReadScanline", &snug_tiff.read_row },
        { "TIFFTileSize64", &snug_tiff.tile_size },
        { "TIFFTileRowSize64", &snug_tiff.tile_row_size },
        { "TIFFReadTile", &snug_tiff.read_tile },
        { "TIFFIsCODECConfigured", &snug_tiff.has_codec },
        { "TIFFRGBAImageBegin", &snug_tiff.rgba_begin },
        { "TIFFRGBAImageGet", &snug_tiff.rgba_get },
        { "TIFFRGBAImageEnd", &snug_tiff.rgba_end },
    };
    static char version[32];
    if (snug_tiff.library) return version;
    snug_tiff.library = snug_library_open("libtiff.so.6", symbols, sizeof symbols / sizeof *symbols);
    if (!snug_tiff.library) return NULL;
    snug_tiff.set_error(note_error);
    snug_tiff.set_warning(NULL);
    /* "LIBTIFF, Version 4.5.0\nCopyright …" */
    const char *number = strpbrk(snug_tiff.version(), "0123456789");
    if (number) snprintf(version, sizeof version, "%.*s", (int)strcspn(number, "\n"), number);
    return version;
}
