/* SPDX-License-Identifier: Apache-2.0 */
#include "CHEIF.h"

#include <avif/avif.h>
#include <stdlib.h>
#include <string.h>

/* Its structures change from release to release, and its file name with them: only the one that was built for will do. */
#if AVIF_VERSION_MAJOR == 0 && AVIF_VERSION_MINOR <= 11
#define LIBRARY "libavif.so.15"
#else
#define LIBRARY "libavif.so.16"
#endif

static struct {
    void *library;
    __typeof__(&avifVersion) version;
    __typeof__(&avifDecoderCreate) create;
    __typeof__(&avifDecoderDestroy) destroy;
    __typeof__(&avifDecoderSetIOMemory) set_memory;
    __typeof__(&avifDecoderParse) parse;
    __typeof__(&avifDecoderNextImage) next;
    __typeof__(&avifResultToString) words;
    __typeof__(&avifRGBImageSetDefaults) defaults;
    __typeof__(&avifImageYUVToRGB) convert;
} avif;

const char *snug_avif_load(void) {
    static const snug_symbol symbols[] = {
        { "avifVersion", &avif.version },
        { "avifDecoderCreate", &avif.create },
        { "avifDecoderDestroy", &avif.destroy },
        { "avifDecoderSetIOMemory", &avif.set_memory },
        { "avifDecoderParse", &avif.parse },
        { "avifDecoderNextImage", &avif.next },
        { "avifResultToString", &avif.words },
        { "avifRGBImageSetDefaults", &avif.defaults },
        { "avifImageYUVToRGB", &avif.convert },
    };
    if (!avif.library) avif.library = snug_library_open(LIBRARY, symbols, sizeof symbols / sizeof *symbols);
    return avif.library ? avif.version() : NULL;
}

static uint32_t failure(snug_codec_job *job, avifResult result) {
    uint32_t status = SNUG_CODEC_CORRUPT;
    switch (result) {
    case AVIF_RESULT_OUT_OF_MEMORY: status = SNUG_CODEC_OUT_OF_MEMORY; break;
    case AVIF_RESULT_TRUNCATED_DATA: status = SNUG_CODEC_TRUNCATED; break;
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_NO_CODEC_AVAILABLE: status = SNUG_CODEC_UNSUPPORTED; break;
    default: break;
    }
    return snug_codec_fail(job, status, avif.words(result));
}

/* Gray is gray: the first of the three equal samples. */
static void keep_gray(uint8_t *row, size_t pixels, uint32_t bits) {
    if (bits == 16) {
        uint16_t *samples = (uint16_t *)(void *)row;
        for (size_t x = 0; x < pixels; x++) samples[x] = samples[x * 3];
    } else {
        for (size_t x = 0; x < pixels; x++) row[x] = row[x * 3];
    }
}

/* Converts a row of the image at a time into `line`, and copies what is wanted of it. */
static uint32_t convert(snug_codec_job *job, avifDecoder *decoder) {
    const snug_codec_request *request = &job->request;
    avifImage *image = decoder->image;
    if (image->width != request->width || image->height != request->height) {
        return snug_codec_fail(job, SNUG_CODEC_MISMATCH, "the decoded image has another size than its header says");
    }
    /* It takes a depth image for alpha. */
    const bool has_alpha = image->alphaPlane != NULL && request->has_alpha;
    const bool is_gray = image->yuvFormat == AVIF_PIXEL_FORMAT_YUV400 && !has_alpha;
    const uint32_t bits = image->depth > 8 ? 16 : 8;
    avifRGBImage rgb;
    memset(&rgb, 0, sizeof rgb);
    avif.defaults(&rgb, image);
    rgb.depth = bits;
    rgb.format = has_alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.alphaPremultiplied = AVIF_FALSE;
    const uint32_t channels = has_alpha ? 4 : 3;
    const size_t pixel = (size_t)channels * (bits / 8);
    rgb.rowBytes = (uint32_t)(image->width * pixel);
    if (!snug_codec_set_layout(job, is_gray ? 1 : channels, bits)) {
        return snug_codec_fail(job, SNUG_CODEC_FAILED, "its pixels have no room in the shared memory");
    }
    rgb.pixels = malloc((size_t)rgb.rowBytes * image->height);
    if (!rgb.pixels) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for its pixels");
    avifResult result = avif.convert(image, &rgb);
    for (uint32_t y = 0; result == AVIF_RESULT_OK && y < request->crop_height; y++) {
        uint8_t *from = rgb.pixels + (size_t)(request->crop_y + y) * rgb.rowBytes + request->crop_x * pixel;
        if (is_gray) keep_gray(from, request->crop_width, bits);
        memcpy(snug_codec_row(job, y), from, snug_codec_row_bytes(job));
    }
    free(rgb.pixels);
    return result == AVIF_RESULT_OK ? SNUG_CODEC_OK : failure(job, result);
}

uint32_t snug_avif_decode(snug_codec_job *job) {
    if (!snug_avif_load()) return snug_codec_fail(job, SNUG_CODEC_MISSING, LIBRARY);
    avifDecoder *decoder = avif.create();
    if (!decoder) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for libavif");
    decoder->maxThreads = 1;
    decoder->ignoreExif = AVIF_TRUE;
    decoder->ignoreXMP = AVIF_TRUE;
    /* Real files lack a pixi property or have an odd clap, which the parent reads itself. */
    decoder->strictFlags = AVIF_STRICT_DISABLED;
    uint64_t pixels = (uint64_t)job->request.width * job->request.height;
    /* The tiles of a grid may reach beyond the image; what they take is bounded by the address space. */
    pixels = pixels * 2 + (1u << 24);
    decoder->imageSizeLimit = pixels < AVIF_DEFAULT_IMAGE_SIZE_LIMIT ? (uint32_t)pixels : AVIF_DEFAULT_IMAGE_SIZE_LIMIT;
    avifResult result = avif.set_memory(decoder, job->file, job->request.file_bytes);
    if (result == AVIF_RESULT_OK) result = avif.parse(decoder);
    if (result == AVIF_RESULT_OK) result = avif.next(decoder);
    /* It leaves out the alpha of some grids without a word; libheif does not. */
    const bool lost_alpha = result == AVIF_RESULT_OK && job->request.has_alpha && !decoder->image->alphaPlane;
    uint32_t status = SNUG_CODEC_OK;
    if (!lost_alpha) status = result == AVIF_RESULT_OK ? convert(job, decoder) : failure(job, result);
    job->layout.frame_count = decoder->imageCount > 0 ? (uint32_t)decoder->imageCount : 1;
    avif.destroy(decoder);
    return lost_alpha ? snug_heif_decode(job) : status;
}
