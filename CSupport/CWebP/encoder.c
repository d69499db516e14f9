// SPDX-License-Identifier: Apache-2.0
#include "CWebP.h"

#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>

typedef struct writer {
    const snug_webp_settings *settings;
    uint8_t *bytes;
    size_t count;
    size_t capacity;
    bool is_over_limit;
    bool is_out_of_memory;
    bool is_cancelled;
} writer;

static int take(const uint8_t *data, size_t count, const WebPPicture *picture) {
    writer *out = picture->custom_ptr;
    if (count > out->settings->byte_limit - out->count) {
        out->is_over_limit = true;
        return 0;
    }
    if (out->count + count > out->capacity) {
        size_t capacity = (out->count + count) * 2;
        if (capacity > out->settings->byte_limit) capacity = out->settings->byte_limit;
        uint8_t *bytes = realloc(out->bytes, capacity);
        if (!bytes) {
            out->is_out_of_memory = true;
            return 0;
        }
        out->bytes = bytes;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->count, data, count);
    out->count += count;
    return 1;
}

static int progress(int percent, const WebPPicture *picture) {
    (void)percent;
    writer *out = picture->user_data;
    const snug_webp_settings *settings = out->settings;
    out->is_cancelled = settings->is_cancelled && settings->is_cancelled(settings->context);
    return !out->is_cancelled;
}

/// Luma and chroma as the library would make them, with the alpha hidden from its encoder.
static int keep_colour(const snug_webp_settings *settings, WebPPicture *picture) {
    const int converted = settings->uses_sharp_yuv ? WebPPictureSharpARGBToYUVA(picture)
                                                   : WebPPictureARGBToYUVA(picture, WEBP_YUV420);
    if (!converted) return 0;
    // Blocks that nobody sees become flat.
    WebPCleanupTransparentArea(picture);
    picture->colorspace = WEBP_YUV420;
    // The picture owns its planes by another pointer.
    picture->a = NULL;
    picture->a_stride = 0;
    return 1;
}

static void flatten_colour(WebPPicture *picture) {
    const int chroma_height = (picture->height + 1) / 2;
    memset(picture->y, 128, (size_t)picture->y_stride * (size_t)picture->height);
    memset(picture->u, 128, (size_t)picture->uv_stride * (size_t)chroma_height);
    memset(picture->v, 128, (size_t)picture->uv_stride * (size_t)chroma_height);
}

static snug_webp_status run(const snug_webp_settings *settings, WebPConfig *config, WebPPicture *picture,
                            const uint8_t *pixels, size_t stride, writer *out) {
    picture->width = settings->width;
    picture->height = settings->height;
    picture->use_argb = settings->part != SNUG_WEBP_ALPHA;
    const int imported = settings->channels == 4 ? WebPPictureImportRGBA(picture, pixels, (int)stride)
                                                 : WebPPictureImportRGB(picture, pixels, (int)stride);
    if (!imported) return SNUG_WEBP_OUT_OF_MEMORY;
    if (settings->part == SNUG_WEBP_COLOUR && !keep_colour(settings, picture)) return SNUG_WEBP_OUT_OF_MEMORY;
    if (settings->part == SNUG_WEBP_ALPHA) flatten_colour(picture);
    picture->writer = take;
    picture->custom_ptr = out;
    picture->progress_hook = progress;
    picture->user_data = out;
    if (WebPEncode(config, picture)) return SNUG_WEBP_OK;
    if (out->is_cancelled) return SNUG_WEBP_CANCELLED;
    if (out->is_over_limit) return SNUG_WEBP_OVER_LIMIT;
    if (out->is_out_of_memory) return SNUG_WEBP_OUT_OF_MEMORY;
    switch (picture->error_code) {
    case VP8_ENC_ERROR_OUT_OF_MEMORY:
    case VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY: return SNUG_WEBP_OUT_OF_MEMORY;
    // The first partition, or the file, is larger than the format can say.
    case VP8_ENC_ERROR_PARTITION0_OVERFLOW:
    case VP8_ENC_ERROR_PARTITION_OVERFLOW:
    case VP8_ENC_ERROR_FILE_TOO_BIG: return SNUG_WEBP_OVER_LIMIT;
    default: return SNUG_WEBP_MISUSE;
    }
}

snug_webp_status snug_webp_encode(const snug_webp_settings *settings, const uint8_t *pixels, size_t stride,
                                  uint8_t **result, size_t *result_count) {
    *result = NULL;
    *result_count = 0;
    WebPConfig config;
    WebPPicture picture;
    if (stride > INT32_MAX || !WebPConfigInit(&config) || !WebPPictureInit(&picture)) return SNUG_WEBP_MISUSE;
    config.lossless = settings->is_lossless;
    config.near_lossless = settings->near_lossless;
    config.quality = settings->quality;
    config.method = settings->method;
    config.alpha_quality = settings->alpha_quality;
    config.use_sharp_yuv = settings->uses_sharp_yuv;
    if (!WebPValidateConfig(&config)) return SNUG_WEBP_MISUSE;
    writer out = {.settings = settings};
    snug_webp_status status = run(settings, &config, &picture, pixels, stride, &out);
    WebPPictureFree(&picture);
    if (status == SNUG_WEBP_OK) {
        *result = out.bytes;
        *result_count = out.count;
    } else {
        free(out.bytes);
    }
    return status;
}

void snug_webp_free(uint8_t *bytes) { free(bytes); }
