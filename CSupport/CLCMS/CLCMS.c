/* SPDX-License-Identifier: Apache-2.0 */
#include "CLCMS.h"

#include <lcms2.h>
#include <lcms2_plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the callbacks of one context share. Only the thread that builds a transform allocates: converting does not. */
typedef struct session {
    size_t limit;
    size_t used;
    int out_of_memory;
    char message[SNUG_COLOUR_MESSAGE_SIZE];
} session;

struct snug_colour_transform {
    cmsContext context;
    cmsHTRANSFORM transform;
    snug_colour_layout layout;
    session session;
};

/* ---- memory: every block of a context is counted against its limit ---- */

typedef union block_header {
    struct {
        size_t size;
        session *owner;
    } block;
    max_align_t alignment;
} block_header;

/* Little CMS makes and ends a context through a stand-in that has no user data: those few blocks are not counted. */
static session *session_of(cmsContext context) { return context == NULL ? NULL : cmsGetContextUserData(context); }

static void *counted_malloc(cmsContext context, cmsUInt32Number size) {
    session *owner = session_of(context);
    if (owner != NULL && size > owner->limit - owner->used) {
        owner->out_of_memory = 1;
        return NULL;
    }
    block_header *header = malloc(sizeof(block_header) + (size_t)size);
    if (header == NULL) {
        if (owner != NULL) owner->out_of_memory = 1;
        return NULL;
    }
    header->block.size = size;
    header->block.owner = owner;
    if (owner != NULL) owner->used += size;
    return header + 1;
}

static void counted_free(cmsContext context, void *pointer) {
    (void)context;
    if (pointer == NULL) return;
    block_header *header = (block_header *)pointer - 1;
    if (header->block.owner != NULL) header->block.owner->used -= header->block.size;
    free(header);
}

static void *counted_realloc(cmsContext context, void *pointer, cmsUInt32Number size) {
    void *moved = counted_malloc(context, size);
    if (moved == NULL || pointer == NULL) return moved;
    size_t before = ((block_header *)pointer - 1)->block.size;
    memcpy(moved, pointer, before < size ? before : size);
    counted_free(context, pointer);
    return moved;
}

/* ---- errors: the first one is kept, as the later ones follow from it ---- */

static void keep_error(cmsContext context, cmsUInt32Number code, const char *text) {
    (void)code;
    session *owner = session_of(context);
    if (owner == NULL || owner->message[0] != 0) return;
    snprintf(owner->message, sizeof owner->message, "%s", text);
}

/* ---- building ---- */

static cmsUInt32Number source_format(snug_colour_layout layout) {
    cmsUInt32Number bytes = layout.is_sixteen_bit ? 2 : 1;
    cmsUInt32Number extra = layout.has_alpha ? 1 : 0;
    switch (layout.model) {
    case SNUG_COLOUR_GRAY:
        return COLORSPACE_SH(PT_GRAY) | EXTRA_SH(extra) | CHANNELS_SH(1) | BYTES_SH(bytes);
    case SNUG_COLOUR_RGB:
        return COLORSPACE_SH(PT_RGB) | EXTRA_SH(extra) | CHANNELS_SH(3) | BYTES_SH(bytes);
    case SNUG_COLOUR_CMYK:
        return TYPE_CMYK_8;
    case SNUG_COLOUR_INVERTED_CMYK:
        return TYPE_CMYK_8_REV;
    }
    return 0;
}

static cmsUInt32Number destination_format(snug_colour_layout layout) {
    cmsUInt32Number extra = layout.has_alpha ? 1 : 0;
    if (layout.model == SNUG_COLOUR_GRAY) {
        return COLORSPACE_SH(PT_GRAY) | EXTRA_SH(extra) | CHANNELS_SH(1) | BYTES_SH(1);
    }
    return COLORSPACE_SH(PT_RGB) | EXTRA_SH(extra) | CHANNELS_SH(3) | BYTES_SH(1);
}

/* Gray that has sRGB's tone curve (IEC 61966-2-1): what a viewer assumes of a gray picture without a profile. */
static cmsHPROFILE gray_destination(cmsContext context) {
    const cmsFloat64Number parameters[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(context, 4, parameters);
    if (curve == NULL) return NULL;
    cmsHPROFILE profile = cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return profile;
}

static snug_colour_transform *new_transform(snug_colour_layout layout, size_t memory_limit) {
    static cmsPluginMemHandler memory = {
        .base = {cmsPluginMagicNumber, 2060, cmsPluginMemHandlerSig, NULL},
        .MallocPtr = counted_malloc,
        .FreePtr = counted_free,
        .ReallocPtr = counted_realloc,
    };
    snug_colour_transform *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->layout = layout;
    made->session.limit = memory_limit;
    made->context = cmsCreateContext(&memory, &made->session);
    if (made->context == NULL) {
        free(made);
        return NULL;
    }
    cmsSetLogErrorHandlerTHR(made->context, keep_error);
    return made;
}

/* Relative colorimetric with black-point compensation. Colours inside sRGB keep their exact value, which matters most
 * for the matrix profiles that nearly all pictures carry (they have a single rendering anyway); the compensation maps
 * the source's black to sRGB's, so a CMYK black does not end up dark gray, which is what the perceptual tables of
 * many press profiles would also avoid, but each in its maker's own way and by shifting all other colours with it.
 * It is also the default of the programs that most of those pictures come from.
 *
 * Without the one-pixel cache a transform has no state that changes, so threads may share it. */
static snug_colour_status connect(snug_colour_transform *made, cmsHPROFILE _Nullable source) {
    if (source == NULL) return SNUG_COLOUR_UNUSABLE;
    cmsHPROFILE destination = made->layout.model == SNUG_COLOUR_GRAY ? gray_destination(made->context)
                                                                     : cmsCreate_sRGBProfileTHR(made->context);
    if (destination == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    cmsUInt32Number flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_HIGHRESPRECALC;
    /* 16-bit sources would be looked up in a coarse grid of colours, which is off by up to 12 code values in the shadows
     * of a steep tone curve (measured); evaluating the profile itself is slower and exact. */
    if (made->layout.is_sixteen_bit) flags |= cmsFLAGS_NOOPTIMIZE;
    made->transform = cmsCreateTransformTHR(made->context, source, source_format(made->layout), destination,
                                            destination_format(made->layout), INTENT_RELATIVE_COLORIMETRIC, flags);
    cmsCloseProfile(destination);
    return made->transform == NULL ? SNUG_COLOUR_UNUSABLE : SNUG_COLOUR_OK;
}

/* Hands the finished transform over, or the reason why there is none. */
static snug_colour_status finish(snug_colour_transform *made, snug_colour_status status, char *message,
                                 snug_colour_transform **transform) {
    if (status == SNUG_COLOUR_OK) {
        *transform = made;
        return status;
    }
    if (made->session.out_of_memory) status = SNUG_COLOUR_OUT_OF_MEMORY;
    memcpy(message, made->session.message, SNUG_COLOUR_MESSAGE_SIZE);
    snug_colour_transform_free(made);
    return status;
}

snug_colour_status snug_colour_transform_from_profile(const uint8_t *profile, size_t profile_size,
                                                      snug_colour_layout layout, size_t memory_limit, char *message,
                                                      snug_colour_transform **transform) {
    *transform = NULL;
    message[0] = 0;
    if (profile_size > UINT32_MAX) return SNUG_COLOUR_UNUSABLE;
    snug_colour_transform *made = new_transform(layout, memory_limit);
    if (made == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    cmsHPROFILE source = cmsOpenProfileFromMemTHR(made->context, profile, (cmsUInt32Number)profile_size);
    snug_colour_status status = connect(made, source);
    if (source != NULL) cmsCloseProfile(source);
    return finish(made, status, message, transform);
}

snug_colour_status snug_colour_transform_from_primaries(double exponent, const double *chromaticities,
                                                        snug_colour_layout layout, size_t memory_limit,
                                                        char *message, snug_colour_transform **transform) {
    *transform = NULL;
    message[0] = 0;
    snug_colour_transform *made = new_transform(layout, memory_limit);
    if (made == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    cmsHPROFILE source = NULL;
    cmsToneCurve *curve = cmsBuildGamma(made->context, exponent);
    if (curve != NULL) {
        const double *xy = chromaticities;
        cmsCIExyY white = {xy[0], xy[1], 1};
        cmsCIExyYTRIPLE primaries = {{xy[2], xy[3], 1}, {xy[4], xy[5], 1}, {xy[6], xy[7], 1}};
        cmsToneCurve *const curves[3] = {curve, curve, curve};
        source = layout.model == SNUG_COLOUR_GRAY
                     ? cmsCreateGrayProfileTHR(made->context, &white, curve)
                     : cmsCreateRGBProfileTHR(made->context, &white, &primaries, curves);
        cmsFreeToneCurve(curve);
    }
    snug_colour_status status = connect(made, source);
    if (source != NULL) cmsCloseProfile(source);
    return finish(made, status, message, transform);
}

void snug_colour_transform_free(snug_colour_transform *transform) {
    if (transform->transform != NULL) cmsDeleteTransform(transform->transform);
    cmsDeleteContext(transform->context);
    free(transform);
}

/* ---- converting ---- */

/* round(sample × 255 / 65535), exact for every sample. */
static inline uint8_t reduced(uint16_t sample) { return (uint8_t)(((uint32_t)sample * 255 + 32895) >> 16); }

static inline uint16_t load16(const uint8_t *bytes) {
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Alpha is not colour: Little CMS leaves the extra channel alone, and it is copied here. */
static void copy_alpha(snug_colour_layout layout, const uint8_t *source, uint8_t *destination, size_t pixel_count) {
    size_t colours = layout.model == SNUG_COLOUR_GRAY ? 1 : 3;
    size_t step = colours + 1;
    if (layout.is_sixteen_bit) {
        for (size_t x = 0; x < pixel_count; x++) {
            destination[x * step + colours] = reduced(load16(source + (x * step + colours) * 2));
        }
    } else {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step + colours] = source[x * step + colours];
    }
}

void snug_colour_convert(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count) {
    snug_colour_layout layout = transform->layout;
    size_t source_bytes = T_CHANNELS(source_format(layout)) + T_EXTRA(source_format(layout));
    if (layout.is_sixteen_bit) source_bytes *= 2;
    size_t destination_bytes = T_CHANNELS(destination_format(layout)) + T_EXTRA(destination_format(layout));
    while (pixel_count > 0) {
        size_t count = pixel_count < 65536 ? pixel_count : 65536; /* Little CMS counts in 32 bits */
        cmsDoTransform(transform->transform, source, destination, (cmsUInt32Number)count);
        if (layout.has_alpha) copy_alpha(layout, source, destination, count);
        source += count * source_bytes;
        destination += count * destination_bytes;
        pixel_count -= count;
    }
}

void snug_colour_reduce(const uint8_t *source, uint8_t *destination, size_t sample_count) {
    for (size_t i = 0; i < sample_count; i++) destination[i] = reduced(load16(source + i * 2));
}

void snug_colour_convert_plain_cmyk(const uint8_t *source, uint8_t *destination, size_t pixel_count, int is_inverted) {
    uint32_t flip = is_inverted ? 0 : 255;
    for (size_t x = 0; x < pixel_count; x++) {
        uint32_t light = source[x * 4 + 3] ^ flip;
        for (size_t c = 0; c < 3; c++) {
            uint32_t product = (source[x * 4 + c] ^ flip) * light + 128;
            destination[x * 3 + c] = (uint8_t)((product + (product >> 8)) >> 8);
        }
    }
}
