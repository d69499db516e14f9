/* SPDX-License-Identifier: Apache-2.0 */
#include "transform.h"

#include <stdlib.h>
#include <string.h>

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
    snug_colour_transform *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->layout = layout;
    made->session.limit = memory_limit;
    made->context = snug_session_context(&made->session);
    if (made->context == NULL) {
        free(made);
        return NULL;
    }
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
static snug_colour_status connect(snug_colour_transform *made, cmsHPROFILE source) {
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
    snug_session_clear(&transform->session);
    free(transform->gray_table);
    snug_matrix_shaper_clear(&transform->shaper);
    free(transform);
}
