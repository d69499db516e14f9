/* SPDX-License-Identifier: Apache-2.0 */
#include "CTIFF.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "library.h"
#include "memory.h"
#include "samples.h"

/* MARK: Decoding */

static uint32_t failure(snug_codec_job *job, const snug_tiff_memory *file, const char *message) {
    return snug_codec_fail(
        job, file->ended ? SNUG_CODEC_TRUNCATED : SNUG_CODEC_CORRUPT, snug_tiff_last_error[0] ? snug_tiff_last_error : message);
}

static uint32_t unsupported(snug_codec_job *job, const char *message) {
    return snug_codec_fail(job, SNUG_CODEC_UNSUPPORTED, message);
}

/* Reads how samples are stored. Colours in other forms than gray, RGB, palette and inks go to `decode_rgba`. */
static uint32_t read_form(snug_codec_job *job, TIFF *file, snug_tiff_form *form, bool *is_other) {
    uint16_t photometric = PHOTOMETRIC_MINISBLACK, kind = SAMPLEFORMAT_UINT, compression = COMPRESSION_NONE;
    uint16_t extra_count = 0, *extras = NULL, inks = INKSET_CMYK;
    memset(form, 0, sizeof *form);
    form->alpha = -1;
    snug_tiff.get_defaulted(file, TIFFTAG_BITSPERSAMPLE, &form->bits);
    snug_tiff.get_defaulted(file, TIFFTAG_SAMPLESPERPIXEL, &form->samples);
    snug_tiff.get_defaulted(file, TIFFTAG_SAMPLEFORMAT, &kind);
    snug_tiff.get_defaulted(file, TIFFTAG_COMPRESSION, &compression);
    snug_tiff.get_defaulted(file, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
    if (!snug_tiff.has_codec(compression)) return unsupported(job, "is compressed in a way that libtiff does not know");
    if (!snug_tiff.get(file, TIFFTAG_PHOTOMETRIC, &photometric)) photometric = PHOTOMETRIC_MINISBLACK;
    if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
        snug_tiff.set(file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        photometric = PHOTOMETRIC_RGB;
    }
    if (extra_count >= form->samples) extra_count = 0;
    form->colours = (uint16_t)(form->samples - extra_count);
    for (uint16_t index = 0; index < extra_count && form->alpha < 0; index++) {
        if (extras[index] == EXTRASAMPLE_UNSPECIFIED) continue;
        form->alpha = form->colours + index;
        form->is_premultiplied = extras[index] == EXTRASAMPLE_ASSOCALPHA;
    }
    form->is_float = kind == SAMPLEFORMAT_IEEEFP;
    const bool is_depth_known = form->is_float ? form->bits == 32 || form->bits == 64
                                               : (form->bits >= 1 && form->bits <= 16) || form->bits == 32;
    if (!is_depth_known || (kind != SAMPLEFORMAT_UINT && kind != SAMPLEFORMAT_VOID && !form->is_float)) {
        return unsupported(job, "has samples of a kind that is not supported");
    }
    uint32_t colours = 0;
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE: form->is_inverted = true; colours = 1; break;
    case PHOTOMETRIC_MINISBLACK: colours = 1; break;
    case PHOTOMETRIC_RGB: colours = 3; break;
    case PHOTOMETRIC_PALETTE:
        colours = 1;
        form->is_palette = true;
        form->alpha = -1;
        uint16_t *red, *green, *blue;
        if (form->bits > 8 || !snug_tiff.get(file, TIFFTAG_COLORMAP, &red, &green, &blue)) {
            return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "has no palette");
        }
        form->palette[0] = red, form->palette[1] = green, form->palette[2] = blue;
        /* Some writers put bytes where words belong. */
        form->is_small_palette = true;
        for (uint32_t entry = 0; entry < 1u << form->bits; entry++) {
            if (red[entry] > 255 || green[entry] > 255 || blue[entry] > 255) form->is_small_palette = false;
        }
        break;
    case PHOTOMETRIC_SEPARATED:
        snug_tiff.get_defaulted(file, TIFFTAG_INKSET, &inks);
        if (inks != INKSET_CMYK) return unsupported(job, "has inks other than cyan, magenta, yellow and black");
        colours = 4;
        form->alpha = -1;
        job->layout.is_cmyk = 1;
        break;
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV: *is_other = true; return SNUG_CODEC_OK;
    default: return unsupported(job, "has colours of a kind that is not supported");
    }
    if (form->colours < colours) return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "has too few samples for its colours");
    form->colours = (uint16_t)colours;
    form->channels = form->is_palette ? 3 : colours + (form->alpha >= 0 ? 1 : 0);
    /* Inks are handed out in 8 bits. */
    form->out_bits = form->bits > 8 && colours != 4 && !form->is_palette ? 16 : 8;
    return SNUG_CODEC_OK;
}

static void straighten(snug_codec_job *job, const snug_tiff_form *form) {
    if (!form->is_premultiplied) return;
    for (uint32_t y = 0; y < job->layout.height; y++) {
        snug_codec_unpremultiply(snug_codec_row(job, y), job->layout.width, form->channels, form->out_bits);
    }
}

static uint32_t decode_rows(snug_codec_job *job, TIFF *file, snug_tiff_memory *source, const snug_tiff_form *form, bool is_planar) {
    uint64_t size = snug_tiff.row_size(file);
    const uint16_t count = is_planar ? 1 : form->samples;
    if (size < ((uint64_t)job->request.width * count * form->bits + 7) / 8) {
        return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "has rows that are too short");
    }
    uint8_t *row = calloc(1, size);
    if (!row) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for a row");
    uint32_t status = SNUG_CODEC_OK;
    for (uint16_t plane = 0; plane < (is_planar ? form->samples : 1) && status == SNUG_CODEC_OK; plane++) {
        for (uint32_t y = 0; y < job->request.height; y++) {
            if (snug_tiff.read_row(file, row, y, plane) < 0) {
                if (y < job->layout.good_rows) job->layout.good_rows = y;
                status = failure(job, source, "a row cannot be read");
                break;
            }
            snug_tiff_take(form, row, job->request.width, plane, count, snug_codec_row(job, y));
        }
    }
    free(row);
    return status;
}

static uint32_t decode_tiles(snug_codec_job *job, TIFF *file, snug_tiff_memory *source, const snug_tiff_form *form, bool is_planar) {
    uint32_t tile_width = 0, tile_height = 0;
    snug_tiff.get(file, TIFFTAG_TILEWIDTH, &tile_width);
    snug_tiff.get(file, TIFFTAG_TILELENGTH, &tile_height);
    const uint64_t size = snug_tiff.tile_size(file), row_size = snug_tiff.tile_row_size(file);
    const uint16_t count = is_planar ? 1 : form->samples;
    if (tile_width == 0 || tile_height == 0 || row_size < ((uint64_t)tile_width * count * form->bits + 7) / 8
        || size / row_size < tile_height) {
        return snug_codec_fail(job, SNUG_CODEC_CORRUPT, "has tiles of no size");
    }
    uint8_t *tile = calloc(1, size);
    if (!tile) return snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for a tile");
    const uint32_t width = job->request.width, height = job->request.height;
    const size_t pixel = (size_t)form->channels * (form->out_bits / 8);
    uint32_t status = SNUG_CODEC_OK;
    for (uint16_t plane = 0; plane < (is_planar ? form->samples : 1); plane++) {
        for (uint64_t y = 0; y < height && status == SNUG_CODEC_OK; y += tile_height) {
            for (uint64_t x = 0; x < width && status == SNUG_CODEC_OK; x += tile_width) {
                if (snug_tiff.read_tile(file, tile, (uint32_t)x, (uint32_t)y, 0, plane) < 0) {
                    if (y < job->layout.good_rows) job->layout.good_rows = (uint32_t)y;
                    status = failure(job, source, "a tile cannot be read");
                    break;
                }
                const uint32_t columns = width - x < tile_width ? (uint32_t)(width - x) : tile_width;
                for (uint32_t row = 0; row < tile_height && y + row < height; row++) {
                    uint8_t *to = snug_codec_row(job, (uint32_t)y + row) + x * pixel;
                    snug_tiff_take(form, tile + row * row_size, columns, plane, count, to);
                }
            }
        }
    }
    free(tile);
    return status;
}

/* Colours that libtiff itself turns into RGB of 8 bits: luma and chroma without JPEG, Lab, LogLuv. */
static uint32_t decode_rgba(snug_codec_job *job, TIFF *file, snug_tiff_memory *source) {
    TIFFRGBAImage image;
    char reason[1024] = "";
    if (!snug_tiff.rgba_begin(&image, file, 1, reason)) return unsupported(job, reason);
    /* Rows stay where they are: the parent turns. */
    image.req_orientation = image.orientation;
    const size_t count = (size_t)job->request.width * job->request.height;
    uint32_t *raster = calloc(count, sizeof *raster);
    uint32_t status = SNUG_CODEC_OK;
    if (!raster) {
        status = snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no memory for its pixels");
    } else if (!snug_tiff.rgba_get(&image, raster, job->request.width, job->request.height)) {
        job->layout.good_rows = 0;
        status = failure(job, source, "its rows cannot be read");
    } else if (!snug_codec_set_layout(job, 3, 8)) {
        status = snug_codec_fail(job, SNUG_CODEC_FAILED, "its pixels have no room in the shared memory");
    } else {
        for (size_t index = 0; index < count; index++) {
            job->pixels[index * 3] = (uint8_t)TIFFGetR(raster[index]);
            job->pixels[index * 3 + 1] = (uint8_t)TIFFGetG(raster[index]);
            job->pixels[index * 3 + 2] = (uint8_t)TIFFGetB(raster[index]);
        }
    }
    free(raster);
    snug_tiff.rgba_end(&image);
    return status;
}

static uint32_t decode_directory(snug_codec_job *job, TIFF *file, snug_tiff_memory *source) {
    uint32_t width = 0, height = 0;
    snug_tiff.get(file, TIFFTAG_IMAGEWIDTH, &width);
    snug_tiff.get(file, TIFFTAG_IMAGELENGTH, &height);
    if (width != job->request.width || height != job->request.height) {
        return snug_codec_fail(job, SNUG_CODEC_MISMATCH, "libtiff reads another size than the header says");
    }
    void *profile = NULL;
    uint32_t profile_bytes = 0;
    if (snug_tiff.get(file, TIFFTAG_ICCPROFILE, &profile_bytes, &profile)) snug_codec_set_profile(job, profile, profile_bytes);
    snug_tiff_form form;
    bool is_other = false;
    uint32_t status = read_form(job, file, &form, &is_other);
    if (status != SNUG_CODEC_OK) return status;
    if (is_other) return decode_rgba(job, file, source);
    if (!snug_codec_set_layout(job, form.channels, form.out_bits)) {
        return snug_codec_fail(job, SNUG_CODEC_FAILED, "its pixels have no room in the shared memory");
    }
    uint16_t planes = PLANARCONFIG_CONTIG;
    snug_tiff.get_defaulted(file, TIFFTAG_PLANARCONFIG, &planes);
    const bool is_planar = planes == PLANARCONFIG_SEPARATE && form.samples > 1;
    status = snug_tiff.is_tiled(file) ? decode_tiles(job, file, source, &form, is_planar)
                                 : decode_rows(job, file, source, &form, is_planar);
    straighten(job, &form);
    return status;
}

uint32_t snug_tiff_decode(snug_codec_job *job) {
    if (!snug_tiff_load()) return snug_codec_fail(job, SNUG_CODEC_MISSING, "libtiff.so.6");
    const snug_codec_request *request = &job->request;
    if (request->crop_width != request->width || request->crop_height != request->height) {
        return snug_codec_fail(job, SNUG_CODEC_FAILED, "a part of a TIFF was asked for");
    }
    snug_tiff_memory source = { .bytes = job->file, .count = request->file_bytes };
    snug_tiff_last_error[0] = 0;
    TIFF *file = snug_tiff.open(
        "image", "rm", &source, snug_tiff_read, snug_tiff_write, snug_tiff_seek, snug_tiff_close, snug_tiff_size, NULL,
        NULL);
    if (!file) return failure(job, &source, "is no TIFF");
    uint32_t status;
    if (request->page > 0 && !snug_tiff.set_directory(file, (tdir_t)request->page)) {
        status = failure(job, &source, "has no such page");
    } else {
        status = decode_directory(job, file, &source);
    }
    snug_tiff.close(file);
    return status;
}
