/* SPDX-License-Identifier: Apache-2.0 */
#include "library.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

snug_tiff_library snug_tiff;


static void *symbol(const char *name, bool *complete) {
    void *found = dlsym(snug_tiff.library, name);
    if (!found) *complete = false;
    return found;
}

char snug_tiff_last_error[SNUG_CODEC_MESSAGE_SIZE];

static void note_error(const char *module, const char *format, va_list arguments) {
    (void)module;
    /* The first one tells the cause. */
    if (snug_tiff_last_error[0] == 0) vsnprintf(snug_tiff_last_error, sizeof snug_tiff_last_error, format, arguments);
}

const char *snug_tiff_load(void) {
    static char version[32];
    if (snug_tiff.library) return version;
    snug_tiff.library = dlopen("libtiff.so.6", RTLD_NOW | RTLD_LOCAL);
    if (!snug_tiff.library) return NULL;
    bool complete = true;
    snug_tiff.version = symbol("TIFFGetVersion", &complete);
    snug_tiff.set_error = symbol("TIFFSetErrorHandler", &complete);
    snug_tiff.set_warning = symbol("TIFFSetWarningHandler", &complete);
    snug_tiff.open = symbol("TIFFClientOpen", &complete);
    snug_tiff.close = symbol("TIFFClose", &complete);
    snug_tiff.set_directory = symbol("TIFFSetDirectory", &complete);
    snug_tiff.get = symbol("TIFFGetField", &complete);
    snug_tiff.get_defaulted = symbol("TIFFGetFieldDefaulted", &complete);
    snug_tiff.set = symbol("TIFFSetField", &complete);
    snug_tiff.is_tiled = symbol("TIFFIsTiled", &complete);
    snug_tiff.row_size = symbol("TIFFScanlineSize64", &complete);
    snug_tiff.read_row = symbol("TIFFReadScanline", &complete);
    snug_tiff.tile_size = symbol("TIFFTileSize64", &complete);
    snug_tiff.tile_row_size = symbol("TIFFTileRowSize64", &complete);
    snug_tiff.read_tile = symbol("TIFFReadTile", &complete);
    snug_tiff.has_codec = symbol("TIFFIsCODECConfigured", &complete);
    snug_tiff.rgba_begin = symbol("TIFFRGBAImageBegin", &complete);
    snug_tiff.rgba_get = symbol("TIFFRGBAImageGet", &complete);
    snug_tiff.rgba_end = symbol("TIFFRGBAImageEnd", &complete);
    if (!complete) {
        dlclose(snug_tiff.library);
        snug_tiff.library = NULL;
        return NULL;
    }
    snug_tiff.set_error(note_error);
    snug_tiff.set_warning(NULL);
    /* "LIBTIFF, Version 4.5.0\nCopyright …" */
    const char *number = strpbrk(snug_tiff.version(), "0123456789");
    if (number) snprintf(version, sizeof version, "%.*s", (int)strcspn(number, "\n"), number);
    return version;
}
