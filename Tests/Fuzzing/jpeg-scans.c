// SPDX-License-Identifier: Apache-2.0
// Differential fuzzing of JPEGs of several scans against libjpeg-turbo, by `make fuzz`.
//
// Usage: jpeg-scans SECONDS [SEED]
//
// Small JPEGs of random content, size, sampling, quality, restart interval and progression are damaged in their
// entropy-coded data and decoded by both. What the kernels accept, libjpeg-turbo has to accept with the same
// coefficients: the kernels may be stricter, never more lenient, and never different. Undamaged files have to be accepted.
// A failure ends the run with the seed that repeats it.

#include "jpeg-reference.h"

#include <string.h>
#include <time.h>

enum { MOST_BYTES = 1 << 20, MOST_SCANS = 40, MUTATIONS_PER_FILE = 200 };

typedef struct scan {
    snug_stream_layout layout;
    snug_huffman_spec dc[4], ac[4];
    int32_t components[SNUG_MAXIMUM_COMPONENTS];
    size_t start, end;
} scan;

typedef struct file {
    uint8_t bytes[MOST_BYTES];
    size_t count;
    int32_t width, height, component_count, horizontal[3], vertical[3];
    int32_t scan_count;
    scan scans[MOST_SCANS];
} file;

static int32_t rounded_up(int32_t value, int32_t divisor) { return (value + divisor - 1) / divisor; }

// MARK: Making files

// Bands of one component's AC coefficients, down to bit `low` and then bit by bit.
static int32_t add_bands(jpeg_scan_info *scans, int32_t count, int32_t component) {
    int32_t low = (int32_t)chance(4), split = chance(2) ? 1 + (int32_t)chance(62) : 63;
    for (int32_t high = 0, bit = low; bit >= 0; high = bit, bit--) {
        scans[count++] = (jpeg_scan_info){1, {component}, 1, split, high, bit};
        if (split < 63) scans[count++] = (jpeg_scan_info){1, {component}, split + 1, 63, high, bit};
    }
    return count;
}

// DC of all components together or one by one, then the bands.
static int32_t draw_progression(jpeg_scan_info *scans, int32_t components) {
    int32_t count = 0, low = (int32_t)chance(3);
    bool is_interleaved = components == 1 || chance(3) > 0;
    for (int32_t high = 0, bit = low; bit >= 0; high = bit, bit--) {
        if (is_interleaved) {
            scans[count++] = (jpeg_scan_info){components, {0, 1, 2}, 0, 0, high, bit};
            continue;
        }
        for (int32_t c = 0; c < components; c++) scans[count++] = (jpeg_scan_info){1, {c}, 0, 0, high, bit};
    }
    for (int32_t c = 0; c < components; c++) count = add_bands(scans, count, c);
    return count;
}

static void make(file *file) {
    struct jpeg_compress_struct info;
    jpeg_scan_info scans[MOST_SCANS];
    failure failure;
    info.err = quiet(&failure);
    if (setjmp(failure.escape)) abort();
    jpeg_create_compress(&info);
    uint8_t *memory = NULL;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &memory, &size);
    draw_parameters(&info, WIDEST, 64);
    info.optimize_coding = TRUE;
    switch (chance(4)) {
    case 0: jpeg_simple_progression(&info); break;
    case 1:
        for (int32_t c = 0; c < info.num_components; c++) scans[c] = (jpeg_scan_info){1, {c}, 0, 63, 0, 0};
        info.num_scans = info.num_components;
        info.scan_info = scans;
        break;
    default:
        info.num_scans = draw_progression(scans, info.num_components);
        info.scan_info = scans;
    }
    jpeg_start_compress(&info, TRUE);
    write_pixels(&info);
    jpeg_finish_compress(&info);
    if (size > MOST_BYTES) abort();
    memcpy(file->bytes, memory, size);
    file->count = size;
    free(memory);
    jpeg_destroy_compress(&info);
}

// MARK: Reading headers

static void read_tables(const uint8_t *segment, size_t count, scan *state) {
    for (size_t i = 0; i + 17 <= count;) {
        snug_huffman_spec *spec = (segment[i] >> 4 ? state->ac : state->dc) + (segment[i] & 3);
        memcpy(spec->counts, segment + i + 1, 16);
        size_t symbols = 0;
        for (int32_t l = 0; l < 16; l++) symbols += spec->counts[l];
        memcpy(spec->symbols, segment + i + 17, symbols);
        i += 17 + symbols;
    }
}

static void read_frame(const uint8_t *segment, file *file) {
    file->height = segment[1] << 8 | segment[2];
    file->width = segment[3] << 8 | segment[4];
    file->component_count = segment[5];
    for (int32_t c = 0; c < file->component_count; c++) {
        bool is_single = file->component_count == 1;
        file->horizontal[c] = is_single ? 1 : segment[7 + 3 * c] >> 4;
        file->vertical[c] = is_single ? 1 : segment[7 + 3 * c] & 15;
    }
}

static void read_scan(const uint8_t *segment, const file *file, bool is_progressive, scan *scan) {
    int32_t count = segment[0];
    const uint8_t *band = segment + 1 + 2 * count;
    snug_stream_layout *layout = &scan->layout;
    layout->component_count = count;
    layout->is_progressive = is_progressive;
    if (is_progressive) layout->band = (snug_scan_band){band[0], band[1], band[2] >> 4, band[2] & 15};
    int32_t horizontal = file->horizontal[0], vertical = file->vertical[0];
    layout->mcus_across = rounded_up(file->width, 8 * horizontal);
    layout->mcus_down = rounded_up(file->height, 8 * vertical);
    for (int32_t i = 0; i < count; i++) {
        int32_t c = segment[1 + 2 * i] - 1;
        scan->components[i] = c;
        layout->components[i] = (snug_stream_component){
            .horizontal = count == 1 ? 1 : file->horizontal[c], .vertical = count == 1 ? 1 : file->vertical[c],
            .dc_table = segment[2 + 2 * i] >> 4, .ac_table = segment[2 + 2 * i] & 15};
        if (count > 1) continue;
        layout->mcus_across = rounded_up(rounded_up(file->width * file->horizontal[c], horizontal), 8);
        layout->mcus_down = rounded_up(rounded_up(file->height * file->vertical[c], vertical), 8);
    }
}

// The scans of a file that libjpeg-turbo has written.
static void read_headers(file *file) {
    static scan state;
    memset(&state, 0, sizeof state);
    file->scan_count = 0;
    bool is_progressive = false;
    for (size_t i = 2; i + 4 <= file->count && file->bytes[i + 1] != 0xD9;) {
        const uint8_t *segment = file->bytes + i + 4;
        size_t length = (size_t)(file->bytes[i + 2] << 8 | file->bytes[i + 3]);
        uint8_t marker = file->bytes[i + 1];
        i += 2 + length;
        if (marker == 0xC4) read_tables(segment, length - 2, &state);
        if (marker == 0xDD) state.layout.restart_interval = segment[0] << 8 | segment[1];
        if (marker >= 0xC0 && marker <= 0xC2) {
            is_progressive = marker == 0xC2;
            read_frame(segment, file);
        }
        if (marker != 0xDA) continue;
        if (file->scan_count == MOST_SCANS) abort();
        scan *scan = &file->scans[file->scan_count++];
        *scan = state;
        read_scan(segment, file, is_progressive, scan);
        scan->start = i;
        scan->end = i + snug_scan_end(file->bytes + i, file->count - i);
        i = scan->end;
    }
}

// MARK: Decoding

// All blocks of a component, in rows of whole MCUs.
typedef struct planes {
    int16_t *blocks[3];
    size_t across[3];
} planes;

static planes allocate(const file *file) {
    planes result = {0};
    int32_t mcus_across = rounded_up(file->width, 8 * file->horizontal[0]);
    int32_t mcus_down = rounded_up(file->height, 8 * file->vertical[0]);
    for (int32_t c = 0; c < file->component_count; c++) {
        result.across[c] = (size_t)(mcus_across * file->horizontal[c]);
        result.blocks[c] = calloc(
            result.across[c] * (size_t)(mcus_down * file->vertical[c]) * SNUG_BLOCK_SIZE, sizeof(int16_t));
    }
    return result;
}

static void release(planes *planes) {
    for (int32_t c = 0; c < 3; c++) free(planes->blocks[c]);
}

static bool decode_scan(const file *file, const scan *scan, const uint8_t *bytes, const planes *planes) {
    // Damage may have made a marker: whoever reads the headers then finds other ones.
    if (snug_scan_end(bytes + scan->start, file->count - scan->start) != scan->end - scan->start) return false;
    snug_stream_status status;
    snug_stream *stream = snug_stream_create(&scan->layout, scan->dc, scan->ac, &status);
    if (!stream) return false;
    size_t offset = scan->start;
    for (int32_t row = 0; row < scan->layout.mcus_down && status == SNUG_STREAM_OK; row++) {
        int16_t *rows[3] = {0};
        for (int32_t i = 0; i < scan->layout.component_count; i++) {
            int32_t c = scan->components[i];
            size_t first = (size_t)(row * (scan->layout.component_count == 1 ? 1 : file->vertical[c]));
            rows[i] = planes->blocks[c] + first * planes->across[c] * SNUG_BLOCK_SIZE;
        }
        while ((status = snug_stream_read_row(stream, level(), rows)) == SNUG_STREAM_NEEDS_INPUT) {
            size_t chunk = 1 + chance(4000);
            if (chunk > scan->end - offset) chunk = scan->end - offset;
            if (chunk == 0) snug_stream_end_input(stream);
            offset += snug_stream_feed(stream, bytes + offset, chunk);
        }
    }
    bool is_accepted = status == SNUG_STREAM_OK;
    while (is_accepted && offset < scan->end) {
        size_t taken = snug_stream_feed(stream, bytes + offset, scan->end - offset);
        if (taken == 0) break;
        offset += taken;
    }
    if (offset < scan->end || snug_stream_leftover(stream) > 0) is_accepted = false;
    snug_stream_free(stream);
    return is_accepted;
}

static bool decode(const file *file, const uint8_t *bytes, const planes *planes) {
    for (int32_t s = 0; s < file->scan_count; s++) {
        if (!decode_scan(file, &file->scans[s], bytes, planes)) return false;
    }
    return true;
}

// Compares libjpeg-turbo's coefficients. Returns -1 when it refuses, 0 when they differ, 1 when they are the same.
static int32_t compare(const file *file, const uint8_t *bytes, const planes *planes) {
    struct jpeg_decompress_struct info;
    failure failure;
    info.err = quiet(&failure);
    if (setjmp(failure.escape)) {
        jpeg_destroy_decompress(&info);
        return -1;
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, file->count);
    jpeg_read_header(&info, TRUE);
    jvirt_barray_ptr *arrays = jpeg_read_coefficients(&info);
    bool is_same = true;
    for (int32_t c = 0; c < info.num_components; c++) {
        const jpeg_component_info *component = &info.comp_info[c];
        static int16_t zigzag[SNUG_BLOCK_SIZE * 512];
        for (uint32_t y = 0; y < component->height_in_blocks; y++) {
            JBLOCKARRAY row = info.mem->access_virt_barray((j_common_ptr)&info, arrays[c], y, 1, FALSE);
            snug_blocks_to_zigzag(row[0][0], component->width_in_blocks, zigzag);
            const int16_t *own = planes->blocks[c] + (size_t)y * planes->across[c] * SNUG_BLOCK_SIZE;
            size_t size = component->width_in_blocks * SNUG_BLOCK_SIZE * sizeof(int16_t);
            is_same = is_same && memcmp(own, zigzag, size) == 0;
        }
    }
    bool has_warned = info.err->num_warnings > 0;
    jpeg_destroy_decompress(&info);
    return has_warned ? -1 : is_same;
}

// Damages entropy-coded data and leaves their length: a scan's end may move all the same, by a marker.
static void damage(file *file, uint8_t *out) {
    memcpy(out, file->bytes, file->count);
    for (uint32_t n = 1 + chance(3); n > 0; n--) {
        const scan *scan = &file->scans[chance((uint32_t)file->scan_count)];
        if (scan->end == scan->start) continue;
        size_t place = scan->start + chance((uint32_t)(scan->end - scan->start));
        switch (chance(6)) {
        case 0: out[place] = (uint8_t)chance(256); break;
        case 1: case 2: case 3: out[place] ^= (uint8_t)(1u << chance(8)); break;
        case 4: out[place] = chance(2) ? 0xFF : 0; break;
        default: memmove(out + place, out + place + 1, scan->end - place - 1);
        }
    }
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
        for (int32_t n = 0; n < MUTATIONS_PER_FILE; n++, streams++) {
            if (n > 0) damage(&file, damaged);
            const uint8_t *bytes = n == 0 ? file.bytes : damaged;
            planes planes = allocate(&file);
            bool is_accepted = decode(&file, bytes, &planes);
            int32_t other = compare(&file, bytes, &planes);
            release(&planes);
            if ((n == 0 && !is_accepted) || (is_accepted && other <= 0)) {
                printf("seed %llu, stream %d: %s\n", (unsigned long long)seed, n,
                       !is_accepted ? "an undamaged file was refused"
                       : other == 0 ? "other coefficients" : "accepted what libjpeg-turbo refuses");
                return 1;
            }
            accepted += is_accepted;
            stricter += !is_accepted && other >= 0;
            refused += !is_accepted && other < 0;
        }
    }
    printf("%llu files of several scans: %llu accepted by both with equal coefficients, %llu refused by both, %llu refused "
           "by the kernels only; next seed %llu\n", (unsigned long long)streams, (unsigned long long)accepted,
           (unsigned long long)refused, (unsigned long long)stricter, (unsigned long long)seed);
    return 0;
}
