/* SPDX-License-Identifier: Apache-2.0 */
#include "CHEIF.h"

#include <libheif/heif.h>
#include <string.h>

static struct {
    void *library;
    __typeof__(&heif_get_version) get_version;
    __typeof__(&heif_context_alloc) context_alloc;
    __typeof__(&heif_context_free) context_free;
    __typeof__(&heif_context_set_max_decoding_threads) set_threads;
    __typeof__(&heif_context_set_maximum_image_size_limit) set_side_limit;
    __typeof__(&heif_context_read_from_memory_without_copy) read;
    __typeof__(&heif_context_get_primary_image_handle) primary;
    __typeof__(&heif_image_handle_release) handle_release;
    __typeof__(&heif_image_handle_has_alpha_channel) has_alpha;
    __typeof__(&heif_image_handle_is_premultiplied_alpha) is_premultiplied;
    __typeof__(&heif_image_handle_get_list_of_auxiliary_image_IDs) list_auxiliaries;
    __typeof__(&heif_image_handle_get_auxiliary_image_handle) auxiliary;
    __typeof__(&heif_image_handle_get_auxiliary_type) auxiliary_type;
    __typeof__(&heif_image_handle_free_auxiliary_types) free_auxiliary_type;
    __typeof__(&heif_decoding_options_alloc) options_alloc;
    __typeof__(&heif_decoding_options_free) options_free;
    __typeof__(&heif_decode_image) decode;
    __typeof__(&heif_image_release) image_release;
    __typeof__(&heif_image_get_width) width;
    __typeof__(&heif_image_get_height) height;
    __typeof__(&heif_image_get_bits_per_pixel_range) range;
    __typeof__(&heif_image_get_plane_readonly) plane;
} heif;

const char *snug_heif_load(void) {
    static const snug_symbol symbols[] = {
        { "heif_get_version", &heif.get_version },
        { "heif_context_alloc", &heif.context_alloc },
        { "heif_context_free", &heif.context_free },
        { "heif_context_set_max_decoding_threads", &heif.set_threads },
        { "heif_context_set_maximum_image_size_limit", &heif.set_side_limit },
        { "heif_context_read_from_memory_without_copy", &heif.read },
        { "heif_context_get_primary_image_handle", &heif.primary },
        { "heif_image_handle_release", &heif.handle_release },
        { "heif_image_handle_has_alpha_channel", &heif.has_alpha },
        { "heif_image_handle_is_premultiplied_alpha", &heif.is_premultiplied },
        { "heif_image_handle_get_list_of_auxiliary_image_IDs", &heif.list_auxiliaries },
        { "heif_image_handle_get_auxiliary_image_handle", &heif.auxiliary },
        { "heif_image_handle_get_auxiliary_type", &heif.auxiliary_type },
        { "heif_image_handle_free_auxiliary_types", &heif.free_auxiliary_type },
        { "heif_decoding_options_alloc", &heif.options_alloc },
        { "heif_decoding_options_free", &heif.options_free },
        { "heif_decode_image", &heif.decode },
        { "heif_image_release", &heif.image_release },
        { "heif_image_get_width", &heif.width },
        { "heif_image_get_height", &heif.height },
        { "heif_image_get_bits_per_pixel_range", &heif.range },
        { "heif_image_get_plane_readonly", &heif.plane },
    };
    if (heif.library) return heif.get_version();
    heif.library = snug_library_open("libheif.so.1", symbols, sizeof symbols / sizeof *symbols);
    if (!heif.library) return NULL;
    /* Registers its decoders, which reads folders of plug-ins: before the file system is out of reach. */
    struct heif_context *context = heif.context_alloc();
    if (context) heif.context_free(context);
    return heif.get_version();
}

static uint32_t failure(snug_codec_job *job, struct heif_error error) {
    uint32_t status = SNUG_CODEC_CORRUPT;
    if (error.code == heif_error_Memory_allocation_error) status = SNUG_CODEC_OUT_OF_MEMORY;
    if (error.code == heif_error_Unsupported_feature || error.code == heif_error_Unsupported_filetype) {
        status = SNUG_CODEC_UNSUPPORTED;
    }
    if (error.subcode == heif_suberror_End_of_data) status = SNUG_CODEC_TRUNCATED;
    return snug_codec_fail(job, status, error.message);
}

static const enum heif_channel colours[3] = { heif_channel_R, heif_channel_G, heif_channel_B };

/* A row of one plane into its channel of the samples that come out. */
static void spread(snug_codec_job *job, const uint8_t *from, uint8_t *row, uint32_t channel, uint32_t depth) {
    const uint32_t channels = job->layout.channels, most = (1u << depth) - 1;
    for (uint32_t x = 0; x < job->layout.width; x++) {
        uint32_t sample = from[x];
        if (depth > 8) sample = from[2 * (size_t)x] | (uint32_t)from[2 * (size_t)x + 1] << 8;
        const size_t place = (size_t)x * channels + channel;
        if (job->layout.bits == 16) {
            sample = sample < most ? (sample * 65535u + most / 2) / most : 65535;
            memcpy(row + 2 * place, &(uint16_t){ (uint16_t)sample }, 2);
        } else {
            row[place] = (uint8_t)sample;
        }
    }
}

/* Copies the wanted part of one plane into the shared memory. */
static uint32_t take(snug_codec_job *job, const struct heif_image *image, enum heif_channel source, uint32_t channel) {
    const snug_codec_request *request = &job->request;
    if (heif.width(image, source) != (int)request->width || heif.height(image, source) != (int)request->height) {
        return snug_codec_fail(job, SNUG_CODEC_MISMATCH, "the decoded image has another size than its header says");
    }
    int stride = 0;
    const int depth = heif.range(image, source);
    const uint8_t *plane = heif.plane(image, source, &stride);
    if (!plane || stride <= 0 || depth < 8 || depth > 16 || (depth > 8 && job->layout.bits == 8)) {
        return snug_codec_fail(job, SNUG_CODEC_UNSUPPORTED, "has planes of an unknown kind");
    }
    for (uint32_t y = 0; y < request->crop_height; y++) {
        const uint8_t *row = plane + (size_t)stride * (request->crop_y + y);
        spread(job, row + (size_t)request->crop_x * (depth > 8 ? 2 : 1), snug_codec_row(job, y), channel, (uint32_t)depth);
    }
    return SNUG_CODEC_OK;
}

/* The handle of the image's transparency, or NULL. */
static struct heif_image_handle *alpha_handle(const struct heif_image_handle *handle) {
    heif_item_id items[16];
    int count = heif.list_auxiliaries(handle, LIBHEIF_AUX_IMAGE_FILTER_OMIT_DEPTH, items, 16);
    for (int index = 0; index < count && index < 16; index++) {
        struct heif_image_handle *found = NULL;
        if (heif.auxiliary(handle, items[index], &found).code != heif_error_Ok || !found) continue;
        const char *type = NULL;
        bool is_alpha = false;
        if (heif.auxiliary_type(found, &type).code == heif_error_Ok && type) {
            is_alpha = strcmp(type, "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha") == 0
                || strcmp(type, "urn:mpeg:hevc:2015:auxid:1") == 0;
            heif.free_auxiliary_type(found, &type);
        }
        if (is_alpha) return found;
        heif.handle_release(found);
    }
    return NULL;
}

/* The transparency is decoded by itself: together with the image, the library turns and crops the one and not the other. */
static uint32_t take_alpha(
    snug_codec_job *job, const struct heif_image_handle *handle, const struct heif_decoding_options *options) {
    struct heif_image_handle *alpha = alpha_handle(handle);
    if (!alpha) return snug_codec_fail(job, SNUG_CODEC_UNSUPPORTED, "its transparency is stored in an unusual way");
    struct heif_image *image = NULL;
    struct heif_error error = heif.decode(alpha, &image, heif_colorspace_monochrome, heif_chroma_monochrome, options);
    uint32_t status =
        error.code == heif_error_Ok && image ? take(job, image, heif_channel_Y, 3) : failure(job, error);
    if (image) heif.image_release(image);
    heif.handle_release(alpha);
    if (status != SNUG_CODEC_OK || !heif.is_premultiplied(handle)) return status;
    for (uint32_t y = 0; y < job->layout.height; y++) {
        snug_codec_unpremultiply(snug_codec_row(job, y), job->layout.width, 4, job->layout.bits);
    }
    return status;
}

static uint32_t decode_handle(snug_codec_job *job, struct heif_image_handle *handle) {
    const bool has_alpha = heif.has_alpha(handle) != 0 && job->request.has_alpha;
    struct heif_decoding_options *options = heif.options_alloc();
    if (!options) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for libheif");
    /* The parent turns and crops: this library's own turns fail for deep images. */
    options->ignore_transformations = 1;
    if (options->version >= 3) options->strict_decoding = 1;
    struct heif_image *image = NULL;
    /* Planes: it cannot make interleaved samples of every image with transparency. */
    struct heif_error error = heif.decode(handle, &image, heif_colorspace_RGB, heif_chroma_444, options);
    uint32_t status = SNUG_CODEC_OK;
    if (error.code != heif_error_Ok || !image) {
        status = failure(job, error);
    } else if (!snug_codec_set_layout(job, has_alpha ? 4 : 3, heif.range(image, heif_channel_R) > 8 ? 16 : 8)) {
        status = snug_codec_fail(job, SNUG_CODEC_FAILED, "its pixels have no room in the shared memory");
    }
    for (uint32_t channel = 0; channel < 3 && status == SNUG_CODEC_OK; channel++) {
        status = take(job, image, colours[channel], channel);
    }
    if (image) heif.image_release(image);
    if (status == SNUG_CODEC_OK && has_alpha) status = take_alpha(job, handle, options);
    heif.options_free(options);
    return status;
}

uint32_t snug_heif_decode(snug_codec_job *job) {
    if (!snug_heif_load()) return snug_codec_fail(job, SNUG_CODEC_MISSING, "libheif.so.1");
    struct heif_context *context = heif.context_alloc();
    if (!context) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for libheif");
    heif.set_threads(context, 0);
    uint32_t side = job->request.width > job->request.height ? job->request.width : job->request.height;
    /* A grid's last tiles may reach beyond the image. */
    heif.set_side_limit(context, (int)side + 8192);
    uint32_t status;
    struct heif_image_handle *handle = NULL;
    struct heif_error error = heif.read(context, job->file, job->request.file_bytes, NULL);
    if (error.code == heif_error_Ok) error = heif.primary(context, &handle);
    if (error.code != heif_error_Ok || !handle) {
        status = failure(job, error);
    } else {
        status = decode_handle(job, handle);
        heif.handle_release(handle);
    }
    heif.context_free(context);
    job->layout.frame_count = 1;
    return status;
}
