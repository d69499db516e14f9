// SPDX-License-Identifier: Apache-2.0
#include "CWebP.h"

#include <webp/decode.h>

static snug_webp_status status_of(VP8StatusCode code) {
    switch (code) {
    case VP8_STATUS_OK: return SNUG_WEBP_OK;
    case VP8_STATUS_OUT_OF_MEMORY: return SNUG_WEBP_OUT_OF_MEMORY;
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return SNUG_WEBP_TRUNCATED;
    case VP8_STATUS_INVALID_PARAM: return SNUG_WEBP_MISUSE;
    default: return SNUG_WEBP_CORRUPT;
    }
}

snug_webp_status snug_webp_read_features(const uint8_t *bytes, size_t count, snug_webp_features *features) {
    WebPBitstreamFeatures found;
    snug_webp_status status = status_of(WebPGetFeatures(bytes, count, &found));
    if (status != SNUG_WEBP_OK) return status;
    features->width = found.width;
    features->height = found.height;
    features->has_alpha = found.has_alpha;
    features->is_lossless = found.format == 2;
    return SNUG_WEBP_OK;
}

snug_webp_status snug_webp_decode(const uint8_t *bytes, size_t count, int channels, uint8_t *out, size_t stride,
                                  int32_t width, int32_t height, int32_t *rows) {
    *rows = 0;
    snug_webp_features features;
    snug_webp_status status = snug_webp_read_features(bytes, count, &features);
    if (status != SNUG_WEBP_OK) return status;
    if (features.width != width || features.height != height || stride > INT32_MAX) return SNUG_WEBP_MISUSE;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return SNUG_WEBP_MISUSE;
    config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = out;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * (size_t)(height - 1) + (size_t)width * (size_t)channels;
    // The incremental decoder tells how many rows it finished, for damaged and truncated files.
    WebPIDecoder *decoder = WebPIDecode(NULL, 0, &config);
    if (!decoder) return SNUG_WEBP_OUT_OF_MEMORY;
    status = status_of(WebPIUpdate(decoder, bytes, count));
    int last = 0;
    if (WebPIDecGetRGB(decoder, &last, NULL, NULL, NULL)) *rows = last;
    if (status == SNUG_WEBP_OK) *rows = height;
    WebPIDelete(decoder);
    WebPFreeDecBuffer(&config.output);
    return status;
}

int32_t snug_webp_version(void) { return WebPGetDecoderVersion(); }
