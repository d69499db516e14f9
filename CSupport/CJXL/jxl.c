/* SPDX-License-Identifier: Apache-2.0 */
#include "CJXL.h"

#include <jxl/decode.h>
#include <jxl/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Its calls change from release to release, and its file name with them: only the one that was built for will do. */
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libjxl.so." TEXT(JPEGXL_MAJOR_VERSION) "." TEXT(JPEGXL_MINOR_VERSION)

/* Calls that once took the pixels' format, and never used it. */
#if JPEGXL_NUMERIC_VERSION < JPEGXL_COMPUTE_NUMERIC_VERSION(0, 9, 0)
#define FORMAT(image) &(image)->format,
#else
#define FORMAT(image)
#endif

static struct {
    void *library;
    __typeof__(&JxlDecoderVersion) version;
    __typeof__(&JxlDecoderCreate) create;
    __typeof__(&JxlDecoderDestroy) destroy;
    __typeof__(&JxlDecoderSubscribeEvents) subscribe;
    __typeof__(&JxlDecoderSetKeepOrientation) keep_orientation;
    __typeof__(&JxlDecoderSetInput) set_input;
    __typeof__(&JxlDecoderCloseInput) close_input;
    __typeof__(&JxlDecoderProcessInput) process;
    __typeof__(&JxlDecoderGetBasicInfo) info;
    __typeof__(&JxlDecoderGetColorAsEncodedProfile) encoding;
    __typeof__(&JxlDecoderGetICCProfileSize) profile_size;
    __typeof__(&JxlDecoderGetColorAsICCProfile) profile;
    __typeof__(&JxlDecoderSetImageOutBuffer) set_out;
    __typeof__(&JxlDecoderFlushImage) flush;
    __typeof__(&JxlDecoderSkipFrames) skip;
} jxl;

const char *snug_jxl_load(void) {
    static const snug_symbol symbols[] = {
        { "JxlDecoderVersion", &jxl.version },
        { "JxlDecoderCreate", &jxl.create },
        { "JxlDecoderDestroy", &jxl.destroy },
        { "JxlDecoderSubscribeEvents", &jxl.subscribe },
        { "JxlDecoderSetKeepOrientation", &jxl.keep_orientation },
        { "JxlDecoderSetInput", &jxl.set_input },
        { "JxlDecoderCloseInput", &jxl.close_input },
        { "JxlDecoderProcessInput", &jxl.process },
        { "JxlDecoderGetBasicInfo", &jxl.info },
        { "JxlDecoderGetColorAsEncodedProfile", &jxl.encoding },
        { "JxlDecoderGetICCProfileSize", &jxl.profile_size },
        { "JxlDecoderGetColorAsICCProfile", &jxl.profile },
        { "JxlDecoderSetImageOutBuffer", &jxl.set_out },
        { "JxlDecoderFlushImage", &jxl.flush },
        { "JxlDecoderSkipFrames", &jxl.skip },
    };
    static char version[32];
    if (jxl.library) return version;
    jxl.library = snug_library_open(LIBRARY, symbols, sizeof symbols / sizeof *symbols);
    if (!jxl.library) return NULL;
    uint32_t number = jxl.version();
    snprintf(version, sizeof version, "%u.%u.%u", number / 1000000, number / 1000 % 1000, number % 1000);
    return version;
}

typedef struct jxl_image {
    JxlDecoder *decoder;
    JxlBasicInfo info;
    JxlPixelFormat format;
    bool has_layout;
    bool is_complete;
} jxl_image;

static uint32_t read_info(snug_codec_job *job, jxl_image *image) {
    JxlBasicInfo *info = &image->info;
    if (jxl.info(image->decoder, info) != JXL_DEC_SUCCESS) {
        return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "its header cannot be read");
    }
    if (info->xsize != job->request.width || info->ysize != job->request.height) {
        return snug_codec_fail(job, SNUG_CODEC_MISMATCH, "libjxl reads another size than the header says");
    }
    if (info->num_color_channels != 1 && info->num_color_channels != 3) {
        return snug_codec_fail(job, SNUG_CODEC_UNSUPPORTED, "has colours of a kind that is not supported");
    }
    const uint32_t channels = info->num_color_channels + (info->alpha_bits > 0 ? 1 : 0);
    const uint32_t bits = info->bits_per_sample > 8 ? 16 : 8;
    image->format = (JxlPixelFormat){
        .num_channels = channels, .data_type = bits == 16 ? JXL_TYPE_UINT16 : JXL_TYPE_UINT8,
        .endianness = JXL_NATIVE_ENDIAN, .align = 0 };
    image->has_layout = true;
    /* An animation's frames are counted by nobody: more than one. */
    job->layout.frame_count = info->have_animation ? 2 : 1;
    if (!snug_codec_set_layout(job, channels, bits)) {
        return snug_codec_fail(job, SNUG_CODEC_FAILED, "its pixels have no room in the shared memory");
    }
    return SNUG_CODEC_OK;
}

/* The colour space of the pixels that come out: code points for high dynamic range, which profiles do not describe well. */
static void read_colour(snug_codec_job *job, jxl_image *image) {
    JxlColorEncoding encoding;
    const JxlColorProfileTarget target = JXL_COLOR_PROFILE_TARGET_DATA;
    if (jxl.encoding(image->decoder, FORMAT(image) target, &encoding) == JXL_DEC_SUCCESS) {
        const bool is_wide = encoding.transfer_function == JXL_TRANSFER_FUNCTION_PQ
            || encoding.transfer_function == JXL_TRANSFER_FUNCTION_HLG;
        uint32_t primaries = 0;
        switch (encoding.primaries) {
        case JXL_PRIMARIES_SRGB: primaries = 1; break;
        case JXL_PRIMARIES_2100: primaries = 9; break;
        /* H.273 has it twice; this is the one with the white of daylight. */
        case JXL_PRIMARIES_P3: primaries = 12; break;
        default: break;
        }
        if (is_wide && primaries > 0 && encoding.white_point == JXL_WHITE_POINT_D65) {
            job->layout.primaries = primaries;
            job->layout.transfer = (uint32_t)encoding.transfer_function;
            return;
        }
    }
    size_t count = 0;
    if (jxl.profile_size(image->decoder, FORMAT(image) target, &count) != JXL_DEC_SUCCESS) return;
    if (count == 0 || count > job->request.profile_bytes) return;
    if (jxl.profile(image->decoder, FORMAT(image) target, job->profile, count) != JXL_DEC_SUCCESS) return;
    job->layout.profile_bytes = count;
}

static uint32_t finish(snug_codec_job *job, jxl_image *image) {
    if (!image->has_layout) return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "has no image");
    if (image->info.alpha_bits > 0 && image->info.alpha_premultiplied) {
        for (uint32_t y = 0; y < job->layout.height; y++) {
            snug_codec_unpremultiply(
                snug_codec_row(job, y), job->layout.width, job->layout.channels, job->layout.bits);
        }
    }
    return SNUG_CODEC_OK;
}

static uint32_t decode(snug_codec_job *job, jxl_image *image) {
    while (true) {
        uint32_t status = SNUG_CODEC_OK;
        switch (jxl.process(image->decoder)) {
        case JXL_DEC_BASIC_INFO: status = read_info(job, image); break;
        case JXL_DEC_COLOR_ENCODING: read_colour(job, image); break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER: {
            size_t count = snug_codec_row_bytes(job) * job->layout.height;
            if (jxl.set_out(image->decoder, &image->format, job->pixels, count) != JXL_DEC_SUCCESS) {
                status = snug_codec_fail(job, SNUG_CODEC_FAILED, "libjxl wants another size of memory");
            }
            break;
        }
        case JXL_DEC_FULL_IMAGE: return finish(job, image);
        case JXL_DEC_SUCCESS: return finish(job, image);
        case JXL_DEC_NEED_MORE_INPUT:
            job->layout.good_rows = 0;
            /* What there is, at a lower resolution. */
            if (job->request.recovers && image->has_layout && jxl.flush(image->decoder) == JXL_DEC_SUCCESS) {
                finish(job, image);
            }
            return snug_codec_fail(job, SNUG_CODEC_TRUNCATED, "the codestream ends early");
        default:
            job->layout.good_rows = 0;
            return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "the codestream is damaged");
        }
        if (status != SNUG_CODEC_OK) return status;
    }
}

uint32_t snug_jxl_decode(snug_codec_job *job) {
    if (!snug_jxl_load()) return snug_codec_fail(job, SNUG_CODEC_MISSING, LIBRARY);
    jxl_image image;
    memset(&image, 0, sizeof image);
    image.decoder = jxl.create(NULL);
    if (!image.decoder) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for libjxl");
    jxl.subscribe(image.decoder, JXL_DEC_BASIC_INFO | JXL_DEC_COLOR_ENCODING | JXL_DEC_FULL_IMAGE);
    /* The parent turns. */
    jxl.keep_orientation(image.decoder, JXL_TRUE);
    if (job->request.page > 0) jxl.skip(image.decoder, job->request.page);
    jxl.set_input(image.decoder, job->file, job->request.file_bytes);
    jxl.close_input(image.decoder);
    uint32_t status = decode(job, &image);
    jxl.destroy(image.decoder);
    return status;
}
