// SPDX-License-Identifier: Apache-2.0
#include "CGIF.h"

#include <gif_lib.h>
#include <stdlib.h>
#include <string.h>

typedef struct input {
    const uint8_t *bytes;
    size_t count;
    size_t position;
} input;

static int take(GifFileType *file, GifByteType *out, int count) {
    input *in = file->UserData;
    size_t left = in->count - in->position;
    size_t taken = count < 0 ? 0 : (size_t)count < left ? (size_t)count : left;
    memcpy(out, in->bytes + in->position, taken);
    in->position += taken;
    return (int)taken;
}

static snug_gif_status status_of(int error, const input *in) {
    switch (error) {
    case D_GIF_ERR_NOT_ENOUGH_MEM: return SNUG_GIF_OUT_OF_MEMORY;
    case D_GIF_ERR_READ_FAILED: return SNUG_GIF_TRUNCATED;
    // Also said of data that end by their own mark before the frame is complete.
    case D_GIF_ERR_EOF_TOO_SOON: return in->position == in->count ? SNUG_GIF_TRUNCATED : SNUG_GIF_CORRUPT;
    default: return SNUG_GIF_CORRUPT;
    }
}

/// The line that the stored line `index` is shown at (GIF89a, appendix E).
static int shown_line(int index, int height) {
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; pass++) {
        int lines = height > first[pass] ? (height - first[pass] - 1) / step[pass] + 1 : 0;
        if (index < lines) return first[pass] + index * step[pass];
        index -= lines;
    }
    return height;
}

static snug_gif_status lines(GifFileType *file, const input *in, int32_t columns, int32_t rows, uint8_t *indexes,
                             int32_t *decoded) {
    GifRecordType type;
    if (DGifGetRecordType(file, &type) != GIF_OK) return status_of(file->Error, in);
    if (type != IMAGE_DESC_RECORD_TYPE) return SNUG_GIF_CORRUPT;
    if (DGifGetImageDesc(file) != GIF_OK) return status_of(file->Error, in);
    const int width = file->Image.Width, height = file->Image.Height;
    if (width <= 0 || height <= 0 || columns > width) return SNUG_GIF_CORRUPT;
    GifPixelType *line = malloc((size_t)width);
    if (!line) return SNUG_GIF_OUT_OF_MEMORY;
    snug_gif_status status = SNUG_GIF_OK;
    for (int index = 0; index < height && status == SNUG_GIF_OK; index++) {
        if (DGifGetLine(file, line, width) != GIF_OK) {
            status = status_of(file->Error, in);
            break;
        }
        const int shown = file->Image.Interlace ? shown_line(index, height) : index;
        if (shown < rows) memcpy(indexes + (size_t)shown * (size_t)columns, line, (size_t)columns);
        *decoded = index + 1;
    }
    free(line);
    return status;
}

snug_gif_status snug_gif_decode(const uint8_t *bytes, size_t count, int32_t columns, int32_t rows, uint8_t *indexes,
                                int32_t *decoded) {
    *decoded = 0;
    input in = {.bytes = bytes, .count = count};
    int error = 0;
    GifFileType *file = DGifOpen(&in, take, &error);
    if (!file) return status_of(error, &in);
    snug_gif_status status = lines(file, &in, columns, rows, indexes, decoded);
    DGifCloseFile(file, &error);
    return status;
}

#define TEXT_OF(value) #value
#define VERSION(major, minor, release) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(release)

const char *snug_gif_version(void) { return VERSION(GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE); }
