// SPDX-License-Identifier: Apache-2.0
// Differential fuzzing of the JPEG kernels against libjpeg-turbo, by `make fuzz`.
//
// Usage: jpeg-kernels SECONDS [SEED]
//
// Small JPEGs of random content, size, sampling, quality and restart interval are damaged in their entropy-coded data
// and decoded by both. What the kernels accept, libjpeg-turbo has to accept with the same coefficients: the kernels may
// be stricter, never more lenient, and never different. Undamaged files have to be accepted. Decoding from the middle
// has to stay inside its memory. Blocks in natural order have to be the same blocks, and become the same samples at every
// level, within their memory. A failure ends the run with the seed that repeats it.

#include "jpeg-reference.h"

#include <string.h>
#include <time.h>

enum { MOST_BYTES = 1 << 20, MUTATIONS_PER_FILE = 400 };

typedef struct file {
    uint8_t bytes[MOST_BYTES];
    size_t count, data;
    snug_stream_layout layout;
    snug_huffman_spec dc[4], ac[4];
} file;

// Writes a JPEG and tells its layout.
static void make(file *file) {
    struct jpeg_compress_struct info;
    failure failure;
    info.err = quiet(&failure);
    if (setjmp(failure.escape)) abort();
    jpeg_create_compress(&info);
    uint8_t *memory = NULL;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &memory, &size);
    draw_parameters(&info, 64, 48);
    info.optimize_coding = chance(2) != 0;
    jpeg_start_compress(&info, TRUE);
    write_pixels(&info);
    jpeg_finish_compress(&info);
    if (size > MOST_BYTES) abort();
    memcpy(file->bytes, memory, size);
    file->count = size;
    free(memory);
    jpeg_destroy_compress(&info);
}

static void take_table(snug_huffman_spec *spec, const JHUFF_TBL *table) {
    if (!table) return;
    memcpy(spec->counts, table->bits + 1, 16);
    memcpy(spec->symbols, table->huffval, 256);
}

// Layout and tables as libjpeg-turbo reads them.
static void read_headers(file *file) {
    struct jpeg_decompress_struct info;
    failure failure;
    info.err = quiet(&failure);
    if (setjmp(failure.escape)) abort();
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, file->bytes, file->count);
    jpeg_read_header(&info, TRUE);
    memset(&file->layout, 0, sizeof file->layout);
    file->layout.component_count = info.num_components;
    int32_t across = 8 * info.max_h_samp_factor, down = 8 * info.max_v_samp_factor;
    for (int32_t c = 0; c < info.num_components; c++) {
        const jpeg_component_info *component = &info.comp_info[c];
        file->layout.components[c] = (snug_stream_component){
            .horizontal = component->h_samp_factor, .vertical = component->v_samp_factor,
            .dc_table = component->dc_tbl_no, .ac_table = component->ac_tbl_no};
    }
    file->layout.mcus_across = ((int32_t)info.image_width + across - 1) / across;
    file->layout.mcus_down = ((int32_t)info.image_height + down - 1) / down;
    file->layout.restart_interval = (int32_t)info.restart_interval;
    for (int32_t t = 0; t < 4; t++) {
        take_table(&file->dc[t], info.dc_huff_tbl_ptrs[t]);
        take_table(&file->ac[t], info.ac_huff_tbl_ptrs[t]);
    }
    file->data = file->count - info.src->bytes_in_buffer;
    jpeg_destroy_decompress(&info);
}

static size_t damage(const file *file, uint8_t *out) {
    memcpy(out, file->bytes, file->count);
    size_t count = file->count, length = count - 2 - file->data;
    for (uint32_t n = chance(8) ? 1 + chance(3) : 0; n > 0 && length > 0; n--) {
        size_t place = file->data + chance((uint32_t)length);
        switch (chance(6)) {
        case 0: out[place] = (uint8_t)chance(256); break;
        case 1: case 2: case 3: out[place] ^= (uint8_t)(1u << chance(8)); break;
        case 4: out[place] = chance(2) ? 0xFF : 0; break;
        default:
            memmove(out + place, out + place + 1, count - place - 1);
            count--;
            length--;
        }
    }
    return count;
}

// All blocks of a component, in rows of whole MCUs.
typedef struct planes {
    int16_t *blocks[SNUG_MAXIMUM_COMPONENTS];
    size_t sizes[SNUG_MAXIMUM_COMPONENTS];
} planes;

static planes allocate(const snug_stream_layout *layout) {
    planes result = {0};
    for (int32_t c = 0; c < layout->component_count; c++) {
        size_t blocks = (size_t)layout->mcus_across * (size_t)layout->mcus_down
            * (size_t)(layout->components[c].horizontal * layout->components[c].vertical);
        result.sizes[c] = blocks * SNUG_BLOCK_SIZE * sizeof(int16_t);
        result.blocks[c] = malloc(result.sizes[c]);
    }
    return result;
}

static void release(planes *planes) {
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) free(planes->blocks[c]);
}

// True when the kernels accept the stream to its end.
static bool decode(const file *file, const uint8_t *bytes, size_t count, bool is_natural, planes *planes) {
    snug_stream_status status;
    snug_stream_layout layout = file->layout;
    layout.is_natural = is_natural;
    snug_stream *stream = snug_stream_create(&layout, file->dc, file->ac, &status);
    if (!stream) return false;
    size_t offset = file->data;
    for (int32_t row = 0; row < file->layout.mcus_down && status == SNUG_STREAM_OK; row++) {
        int16_t *rows[SNUG_MAXIMUM_COMPONENTS] = {0};
        for (int32_t c = 0; c < file->layout.component_count; c++) {
            rows[c] = planes->blocks[c]
                + planes->sizes[c] / sizeof(int16_t) / (size_t)file->layout.mcus_down * (size_t)row;
        }
        while ((status = snug_stream_read_row(stream, level(), rows)) == SNUG_STREAM_NEEDS_INPUT) {
            size_t chunk = 1 + chance(4000);
            if (chunk > count - offset) chunk = count - offset;
            if (chunk == 0) snug_stream_end_input(stream);
            offset += snug_stream_feed(stream, bytes + offset, chunk);
        }
    }
    bool is_accepted = status == SNUG_STREAM_OK;
    while (is_accepted && offset < count) {
        size_t taken = snug_stream_feed(stream, bytes + offset, count - offset);
        if (taken == 0) break;
        offset += taken;
    }
    // Bytes behind another marker than the end's, or left before it.
    if (offset < count || snug_stream_leftover(stream) > 0) is_accepted = false;
    snug_stream_free(stream);
    return is_accepted;
}

// Compares libjpeg-turbo's coefficients. Returns -1 when it refuses, 0 when they differ, 1 when they are the same.
static int32_t compare(const file *file, const uint8_t *bytes, size_t count, const planes *planes) {
    struct jpeg_decompress_struct info;
    failure failure;
    info.err = quiet(&failure);
    if (setjmp(failure.escape)) {
        jpeg_destroy_decompress(&info);
        return -1;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&info);
    bool is_same = true;
    for (int32_t c = 0; c < info.num_components; c++) {
        const jpeg_component_info *component = &info.comp_info[c];
        size_t across = (size_t)file->layout.mcus_across * (size_t)file->layout.components[c].horizontal;
        static int16_t zigzag[SNUG_BLOCK_SIZE * 512];
        for (uint32_t y = 0; y < component->height_in_blocks; y++) {
            JBLOCKARRAY row = info.mem->access_virt_barray((j_common_ptr)&info, arrays[c], y, 1, FALSE);
            snug_blocks_to_zigzag(row[0][0], component->width_in_blocks, zigzag);
            // Within an MCU row blocks lie row by row, MCU rows one after the other: so y rows of `across` blocks.
            const int16_t *own = planes->blocks[c] + (size_t)y * across * SNUG_BLOCK_SIZE;
            size_t bytes_in_row = component->width_in_blocks * SNUG_BLOCK_SIZE * sizeof(int16_t);
            is_same = is_same && memcmp(own, zigzag, bytes_in_row) == 0;
        }
    }
    bool has_warned = info.err->num_warnings > 0;
    jpeg_destroy_decompress(&info);
    return has_warned ? -1 : is_same;
}

// Decoding from anywhere: nothing to compare, but the sanitizer looks on.
static void sample(const file *file, const uint8_t *bytes, size_t count) {
    snug_stream_status status;
    snug_stream *stream = snug_stream_create(&file->layout, file->dc, file->ac, &status);
    if (!stream) return;
    int32_t capacity = 1 + (int32_t)chance(20);
    int16_t *rows[SNUG_MAXIMUM_COMPONENTS] = {0};
    for (int32_t c = 0; c < file->layout.component_count; c++) {
        int32_t blocks = capacity * file->layout.components[c].horizontal * file->layout.components[c].vertical;
        rows[c] = calloc((size_t)blocks, SNUG_BLOCK_SIZE * sizeof(int16_t));
    }
    size_t start = file->data + chance((uint32_t)(count - file->data));
    int64_t bits = 0;
    snug_stream_sample(stream, bytes + start, count - start, chance(300), capacity, 1 + chance(100000), rows, &bits);
    for (int32_t c = 0; c < SNUG_MAXIMUM_COMPONENTS; c++) free(rows[c]);
    snug_stream_free(stream);
}

// Samples of a row of blocks at every size, the same from every level, or none for sides that there are not.
static bool has_same_samples(const int16_t *blocks, int32_t count) {
    float steps[SNUG_BLOCK_SIZE];
    for (int32_t k = 0; k < SNUG_BLOCK_SIZE; k++) steps[k] = (float)(1 + chance(255));
    int32_t across = (int32_t)chance(10), down = (int32_t)chance(10);
    size_t stride = (size_t)(across * count) + chance(3), size = stride * (size_t)down;
    uint8_t *own = calloc(size + 1, 1), *other = calloc(size + 1, 1);
    bool is_done = snug_scaled_inverse(SNUG_KERNEL_PORTABLE, blocks, steps, across, down, count, own, stride);
    bool is_same = is_done == snug_scaled_inverse(level(), blocks, steps, across, down, count, other, stride)
        && memcmp(own, other, size) == 0;
    free(own);
    free(other);
    return is_same;
}

// Decodes in natural order: the blocks have to be those in zigzag order.
static bool scale(const file *file, const uint8_t *bytes, size_t count, const planes *zigzag) {
    planes natural = allocate(&file->layout);
    bool is_same = decode(file, bytes, count, true, &natural);
    for (int32_t c = 0; c < file->layout.component_count; c++) {
        size_t blocks = natural.sizes[c] / sizeof(int16_t) / SNUG_BLOCK_SIZE;
        int16_t *turned = malloc(natural.sizes[c]);
        snug_blocks_to_zigzag(natural.blocks[c], blocks, turned);
        is_same = is_same && memcmp(turned, zigzag->blocks[c], natural.sizes[c]) == 0
            && has_same_samples(natural.blocks[c], 1 + (int32_t)chance((uint32_t)blocks));
        free(turned);
    }
    release(&natural);
    return is_same;
}

int main(int argc, char **argv) {
    double seconds = argc > 1 ? atof(argv[1]) : 10;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    static file file;
    static uint8_t damaged[MOST_BYTES];
    uint64_t streams = 0, accepted = 0, stricter = 0, refused = 0;
    for (time_t start = time(NULL); difftime(time(NULL), start) < seconds; seed++) {
        state = seed;
        make(&file);
        read_headers(&file);
        planes planes = allocate(&file.layout);
        for (int32_t n = 0; n < MUTATIONS_PER_FILE; n++, streams++) {
            size_t count = n == 0 ? file.count : damage(&file, damaged);
            const uint8_t *bytes = n == 0 ? file.bytes : damaged;
            bool is_accepted = decode(&file, bytes, count, false, &planes);
            int32_t other = compare(&file, bytes, count, &planes);
            if ((n == 0 && !is_accepted) || (is_accepted && other == 0)) {
                printf("seed %llu, stream %d: %s\n", (unsigned long long)seed, n,
                       is_accepted ? "other coefficients" : "an undamaged file was refused");
                return 1;
            }
            if (is_accepted && !scale(&file, bytes, count, &planes)) {
                printf("seed %llu, stream %d: other blocks or samples in natural order\n", (unsigned long long)seed, n);
                return 1;
            }
            if (is_accepted && other < 0) {
                printf("seed %llu, stream %d: accepted what libjpeg-turbo refuses\n", (unsigned long long)seed, n);
                return 1;
            }
            accepted += is_accepted;
            stricter += !is_accepted && other >= 0;
            refused += !is_accepted && other < 0;
            if (n % 8 == 0) sample(&file, bytes, count);
        }
        release(&planes);
    }
    printf("%llu streams: %llu accepted by both with equal coefficients, %llu refused by both, %llu refused by the "
           "kernels only; next seed %llu\n", (unsigned long long)streams, (unsigned long long)accepted,
           (unsigned long long)refused, (unsigned long long)stricter, (unsigned long long)seed);
    return 0;
}
