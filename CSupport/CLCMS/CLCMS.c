/* SPDX-License-Identifier: Apache-2.0 */
#include "CLCMS.h"

#include "matrix_shaper.h"

#include <lcms2.h>
#include <lcms2_plugin.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef union block block;

/* What the callbacks of one context share. Only the thread that builds a transform allocates: converting does not. */
typedef struct session {
    size_t limit;
    size_t used;
    block *_Nullable first; /* every block that the context holds */
    jmp_buf escape;         /* where building goes on when memory runs out, while may_escape is set */
    int may_escape;
    char message[SNUG_COLOUR_MESSAGE_SIZE];
} session;

struct snug_colour_transform {
    cmsContext context;
    cmsHTRANSFORM transform;
    snug_colour_layout layout;
    uint8_t *_Nullable gray_table; /* for gray, the answer for each sample */
    int has_shaper;                /* for 16-bit RGB by curves and matrix: */
    snug_matrix_shaper shaper;
    session session;
};

/* ---- memory ----
 *
 * Every block of a context is counted against its limit. Little CMS 2.14 does not check every allocation, so one that
 * fails must not return to it: building is left by longjmp, and all that it held is freed from the list of blocks.
 * The library holds no lock of its own while it allocates, apart from the mutex inside the profile, which goes too. */

union block {
    struct {
        size_t size;
        session *_Nullable owner;
        block *_Nullable previous;
        block *_Nullable next;
    } header;
    max_align_t alignment;
};

/* Little CMS makes and ends a context through a stand-in that has no user data: those few blocks are not counted. */
static session *session_of(cmsContext context) { return context == NULL ? NULL : cmsGetContextUserData(context); }

static void *out_of_memory(session *owner) {
    if (owner != NULL && owner->may_escape) {
        owner->may_escape = 0;
        longjmp(owner->escape, 1);
    }
    return NULL;
}

static void *counted_malloc(cmsContext context, cmsUInt32Number size) {
    session *owner = session_of(context);
    if (owner != NULL && owner->may_escape && (owner->used > owner->limit || size > owner->limit - owner->used)) {
        return out_of_memory(owner);
    }
    block *made = malloc(sizeof(block) + (size_t)size);
    if (made == NULL) return out_of_memory(owner);
    made->header.size = size;
    made->header.owner = owner;
    made->header.previous = NULL;
    made->header.next = owner == NULL ? NULL : owner->first;
    if (owner != NULL) {
        if (owner->first != NULL) owner->first->header.previous = made;
        owner->first = made;
        owner->used += size;
    }
    return made + 1;
}

static void counted_free(cmsContext context, void *pointer) {
    (void)context;
    if (pointer == NULL) return;
    block *freed = (block *)pointer - 1;
    session *owner = freed->header.owner;
    if (owner != NULL) {
        block *previous = freed->header.previous, *next = freed->header.next;
        if (previous == NULL) {
            owner->first = next;
        } else {
            previous->header.next = next;
        }
        if (next != NULL) next->header.previous = previous;
        owner->used -= freed->header.size;
    }
    free(freed);
}

static void *counted_realloc(cmsContext context, void *pointer, cmsUInt32Number size) {
    void *moved = counted_malloc(context, size);
    if (moved == NULL || pointer == NULL) return moved;
    size_t before = ((block *)pointer - 1)->header.size;
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
        return TYPE_GRAY_16; /* for the table */
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
    if (layout.model == SNUG_COLOUR_GRAY) return TYPE_GRAY_8;
    return COLORSPACE_SH(PT_RGB) | EXTRA_SH(extra) | CHANNELS_SH(3) | BYTES_SH(1);
}

/* Gray that has sRGB's tone curve (IEC 61966-2-1): what a viewer assumes of a gray image without a profile. */
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

static snug_colour_status tabulate_gray(snug_colour_transform *made) {
    size_t count = made->layout.is_sixteen_bit ? 65536 : 256;
    uint16_t step = (uint16_t)(65535 / (count - 1));
    made->gray_table = malloc(count);
    if (made->gray_table == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint16_t sample = (uint16_t)(i * step);
        cmsDoTransform(made->transform, &sample, &made->gray_table[i], 1);
    }
    return SNUG_COLOUR_OK;
}

/* Relative colorimetric with black-point compensation. Colours inside sRGB keep their exact value, which matters most
 * for the matrix profiles that nearly all images carry (they have a single rendering anyway); the compensation maps
 * the source's black to sRGB's, so a CMYK black does not end up dark gray, which is what the perceptual tables of
 * many press profiles would also avoid, but each in its maker's own way and by shifting all other colours with it.
 * It is also the default of the programs that most of those images come from.
 *
 * Without the one-pixel cache a transform has no state that changes, so threads may share it. */
static snug_colour_status connect(snug_colour_transform *made, cmsHPROFILE _Nullable source) {
    if (source == NULL) return SNUG_COLOUR_UNUSABLE;
    cmsHPROFILE destination = made->layout.model == SNUG_COLOUR_GRAY ? gray_destination(made->context)
                                                                     : cmsCreate_sRGBProfileTHR(made->context);
    if (destination == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    cmsUInt32Number flags = cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_HIGHRESPRECALC;
    /* Little CMS looks 16-bit colours up in a coarse grid and joins gray curves in few steps, which is off by up to 12
     * code values in the shadows of a steep tone curve (measured). Evaluating the profile itself is slower and exact. */
    if (made->layout.is_sixteen_bit || made->layout.model == SNUG_COLOUR_GRAY) flags |= cmsFLAGS_NOOPTIMIZE;
    made->transform = cmsCreateTransformTHR(made->context, source, source_format(made->layout), destination,
                                            destination_format(made->layout), INTENT_RELATIVE_COLORIMETRIC, flags);
    snug_colour_status status = made->transform == NULL ? SNUG_COLOUR_UNUSABLE : SNUG_COLOUR_OK;
    if (status == SNUG_COLOUR_OK && made->layout.model == SNUG_COLOUR_GRAY) status = tabulate_gray(made);
    if (status == SNUG_COLOUR_OK && made->layout.model == SNUG_COLOUR_RGB && made->layout.is_sixteen_bit &&
        snug_matrix_shaper_suits(source)) {
        made->has_shaper = snug_matrix_shaper_fill(&made->shaper, source, destination);
        if (!made->has_shaper) status = SNUG_COLOUR_OUT_OF_MEMORY;
    }
    cmsCloseProfile(destination);
    return status;
}

/* Hands the finished transform over, or the reason why there is none. */
static snug_colour_status finish(snug_colour_transform *made, snug_colour_status status, char *message,
                                 snug_colour_transform **transform) {
    made->session.may_escape = 0;
    if (status == SNUG_COLOUR_OK) {
        *transform = made;
        return status;
    }
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
    if (setjmp(made->session.escape)) return finish(made, SNUG_COLOUR_OUT_OF_MEMORY, message, transform);
    made->session.may_escape = 1;
    cmsHPROFILE source = cmsOpenProfileFromMemTHR(made->context, profile, (cmsUInt32Number)profile_size);
    snug_colour_status status = connect(made, source);
    if (source != NULL) cmsCloseProfile(source);
    return finish(made, status, message, transform);
}

static cmsHPROFILE profile_from_primaries(cmsContext context, double exponent, const double *xy, int is_gray) {
    cmsToneCurve *curve = cmsBuildGamma(context, exponent);
    if (curve == NULL) return NULL;
    cmsCIExyY white = {xy[0], xy[1], 1};
    cmsCIExyYTRIPLE primaries = {{xy[2], xy[3], 1}, {xy[4], xy[5], 1}, {xy[6], xy[7], 1}};
    cmsToneCurve *const curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = is_gray ? cmsCreateGrayProfileTHR(context, &white, curve)
                                  : cmsCreateRGBProfileTHR(context, &white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

snug_colour_status snug_colour_transform_from_primaries(double exponent, const double *chromaticities,
                                                        snug_colour_layout layout, size_t memory_limit,
                                                        char *message, snug_colour_transform **transform) {
    *transform = NULL;
    message[0] = 0;
    snug_colour_transform *made = new_transform(layout, memory_limit);
    if (made == NULL) return SNUG_COLOUR_OUT_OF_MEMORY;
    if (setjmp(made->session.escape)) return finish(made, SNUG_COLOUR_OUT_OF_MEMORY, message, transform);
    made->session.may_escape = 1;
    int is_gray = layout.model == SNUG_COLOUR_GRAY;
    cmsHPROFILE source = profile_from_primaries(made->context, exponent, chromaticities, is_gray);
    snug_colour_status status = connect(made, source);
    if (source != NULL) cmsCloseProfile(source);
    return finish(made, status, message, transform);
}

void snug_colour_transform_free(snug_colour_transform *transform) {
    if (transform->transform != NULL) cmsDeleteTransform(transform->transform);
    cmsDeleteContext(transform->context);
    while (transform->session.first != NULL) counted_free(NULL, transform->session.first + 1);
    free(transform->gray_table);
    snug_matrix_shaper_clear(&transform->shaper);
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

static void convert_gray(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count) {
    const uint8_t *table = transform->gray_table;
    size_t step = transform->layout.has_alpha ? 2 : 1;
    if (transform->layout.is_sixteen_bit) {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step] = table[load16(source + x * step * 2)];
    } else {
        for (size_t x = 0; x < pixel_count; x++) destination[x * step] = table[source[x * step]];
    }
}

static void convert_colour(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                           size_t pixel_count) {
    snug_colour_layout layout = transform->layout;
    if (transform->has_shaper) {
        snug_matrix_shaper_convert(&transform->shaper, source, destination, pixel_count, layout.has_alpha);
        return;
    }
    size_t source_bytes = layout.model == SNUG_COLOUR_RGB && !layout.has_alpha ? 3 : 4;
    if (layout.is_sixteen_bit) source_bytes *= 2;
    size_t destination_bytes = layout.has_alpha ? 4 : 3;
    while (pixel_count > 0) {
        size_t count = pixel_count < 65536 ? pixel_count : 65536; /* Little CMS counts in 32 bits */
        cmsDoTransform(transform->transform, source, destination, (cmsUInt32Number)count);
        source += count * source_bytes;
        destination += count * destination_bytes;
        pixel_count -= count;
    }
}

void snug_colour_convert(const snug_colour_transform *transform, const uint8_t *source, uint8_t *destination,
                         size_t pixel_count) {
    if (transform->layout.model == SNUG_COLOUR_GRAY) {
        convert_gray(transform, source, destination, pixel_count);
    } else {
        convert_colour(transform, source, destination, pixel_count);
    }
    if (transform->layout.has_alpha) copy_alpha(transform->layout, source, destination, pixel_count);
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
