// SPDX-License-Identifier: Apache-2.0
// Differential fuzzing of the PNG row decoder against libpng, by `make fuzz`.
//
// Usage: png-rows SECONDS [SEED]
//
// Images of random kind, size, filters and compression, cut into chunks anywhere, are damaged under right or wrong checksums and
// read by both, in pieces of any size, at any depth. Rows that both have must be the same. Undamaged files, and all that libpng
// takes for sound, must be sound; nothing else may be, and none but the last rows of a cut file may be missing that libpng has. A
// failure ends the run with the seed that repeats it.

#include "CPNG.h"
#include "chance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>

enum { MOST_BYTES = 6 << 20, MUTATIONS_PER_FILE = 60 };

typedef struct file {
    uint8_t bytes[MOST_BYTES];
    size_t count;
} file;

static void append(file *file, const void *bytes, size_t count) {
    if (count > MOST_BYTES - file->count) abort();
    if (count > 0) memcpy(file->bytes + file->count, bytes, count);
    file->count += count;
}

static void append_number(file *file, uint32_t value) {
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
    append(file, bytes, 4);
}

static void append_chunk(file *file, const char *type, const uint8_t *data, size_t count) {
    append_number(file, (uint32_t)count);
    const size_t start = file->count;
    append(file, type, 4);
    append(file, data, count);
    append_number(file, (uint32_t)crc32(0, file->bytes + start, (uInt)(count + 4)));
}

// MARK: Drawing

typedef struct kind {
    uint8_t colour_type, depth, channels;
} kind;

static const kind kinds[] = {{0, 1, 1}, {0, 2, 1}, {0, 4, 1}, {0, 8, 1}, {0, 16, 1}, {2, 8, 3}, {2, 16, 3}, {3, 1, 1},
                             {3, 2, 1}, {3, 4, 1}, {3, 8, 1}, {4, 8, 2}, {4, 16, 2}, {6, 8, 4}, {6, 16, 4}};

// Rows with a filter before each; what the bytes stand for does not matter.
static uint8_t *draw(size_t row_bytes, size_t height, bool is_sound) {
    uint8_t *rows = malloc((row_bytes + 1) * height);
    const uint32_t style = chance(4);
    for (size_t y = 0; y < height; y++) {
        uint8_t *row = rows + y * (row_bytes + 1);
        row[0] = (uint8_t)chance(5);
        if (!is_sound && chance(40) == 0) row[0] = (uint8_t)chance(256);
        for (size_t x = 1; x <= row_bytes; x++) {
            switch (style) {
            case 0: row[x] = (uint8_t)chance(256); break;
            case 1: row[x] = (uint8_t)(chance(8) ? 0 : chance(6)); break;
            case 2: row[x] = (uint8_t)((x * 7 + y) >> 3); break;
            default: row[x] = y > 0 && chance(50) ? rows[(y - 1) * (row_bytes + 1) + x] : (uint8_t)chance(256);
            }
        }
    }
    return rows;
}

static size_t deflate_all(const uint8_t *rows, size_t count, uint8_t **out) {
    z_stream stream = {0};
    if (deflateInit2(&stream, (int)chance(10), Z_DEFLATED, 15, 1 + (int)chance(9), (int)chance(5)) != Z_OK) abort();
    const size_t capacity = deflateBound(&stream, (uLong)count) + 100;
    *out = malloc(capacity);
    stream.next_in = (Bytef *)(uintptr_t)rows;
    stream.avail_in = (uInt)count;
    stream.next_out = *out;
    stream.avail_out = (uInt)capacity;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort();
    deflateEnd(&stream);
    return stream.total_out;
}

static void flip(uint8_t *bytes, size_t count) {
    for (uint32_t n = 1 + chance(3); n > 0 && count > 0; n--) {
        const size_t place = chance((uint32_t)count);
        switch (chance(4)) {
        case 0: bytes[place] = (uint8_t)chance(256); break;
        case 1: bytes[place] = chance(2) ? 255 : 0; break;
        default: bytes[place] ^= (uint8_t)(1u << chance(8));
        }
    }
}

static void append_data(file *file, const uint8_t *data, size_t count, bool is_sound) {
    // Not so many chunks that the file grows beyond its memory.
    const uint32_t longest = chance(4) ? 1 + (uint32_t)(count / 10000) + chance(3000) : 200000;
    for (size_t offset = 0; offset < count || count == 0;) {
        size_t part = chance(longest + 1);
        if (part > count - offset) part = count - offset;
        append_chunk(file, "IDAT", data + offset, part);
        offset += part;
        if (count == 0) break;
        if (!is_sound && chance(400) == 0) append_chunk(file, "tRNS", data, part > 2 ? 2 : part);
    }
}

// A file; where it is not sound, damage lies under right checksums.
static void make(file *file, bool is_sound) {
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    const kind kind = kinds[chance(sizeof kinds / sizeof *kinds)];
    const bool is_large = chance(12) == 0;
    const size_t width = 1 + chance(is_large ? 9000 : 60), height = 1 + chance(is_large ? 40 : 60);
    const size_t row_bytes = (width * kind.channels * kind.depth + 7) / 8;
    file->count = 0;
    append(file, signature, 8);
    uint8_t header[13] = {0, 0, (uint8_t)(width >> 8), (uint8_t)width, 0, 0, (uint8_t)(height >> 8), (uint8_t)height,
                          kind.depth, kind.colour_type, 0, 0, 0};
    append_chunk(file, "IHDR", header, 13);
    uint8_t colours[768];
    for (size_t i = 0; i < sizeof colours; i++) colours[i] = (uint8_t)chance(256);
    const size_t entries = 1 + chance(kind.depth < 8 ? 1u << kind.depth : 256);
    if (kind.colour_type == 3) append_chunk(file, "PLTE", colours, 3 * entries);
    if (kind.colour_type < 4 && chance(2)) {
        const size_t count = kind.colour_type == 3 ? 1 + chance((uint32_t)entries) : 2u * kind.channels;
        uint8_t values[256];
        memcpy(values, colours, sizeof values);
        for (size_t i = 0; kind.colour_type < 3 && i < count; i++) {
            const unsigned most = (1u << kind.depth) - 1;
            values[i] &= (uint8_t)(i % 2 ? most & 255 : most >> 8);
        }
        append_chunk(file, "tRNS", values, count);
    }
    uint8_t *rows = draw(row_bytes, height, is_sound), *data;
    // More or less than the image has.
    const size_t lines = is_sound || chance(3) ? height : chance((uint32_t)height + 1) + chance(3);
    rows = realloc(rows, (row_bytes + 1) * (height + 3));
    memset(rows + (row_bytes + 1) * height, 1, (row_bytes + 1) * 3);
    size_t count = deflate_all(rows, (row_bytes + 1) * lines, &data);
    free(rows);
    if (!is_sound && chance(2)) flip(data, count);
    if (!is_sound && chance(4) == 0) count = chance((uint32_t)count + 1);
    append_data(file, data, count, is_sound);
    free(data);
    if (!is_sound && chance(10) == 0) append_chunk(file, chance(2) ? "PLTE" : "IDAT", colours, 3 * entries);
    append_chunk(file, "IEND", NULL, 0);
}

// MARK: Reading

typedef struct outcome {
    snug_png_status status;
    bool is_complete;
    uint32_t row_count, warning_count;
    size_t row_bytes, row_capacity;
    uint8_t *rows;
    // The first warning, or why it failed.
    char words[128];
} outcome;

static void take_rows(snug_png_decoder *decoder, outcome *outcome) {
    snug_png_header header;
    if (!snug_png_decoder_get_header(decoder, &header)) return;
    outcome->row_bytes = header.row_bytes;
    // Just as long as a row, so that a byte more is found.
    uint8_t *row = malloc(header.row_bytes);
    while (snug_png_decoder_take_row(decoder, row)) {
        outcome->rows = realloc(outcome->rows, (outcome->row_count + 1) * header.row_bytes);
        memcpy(outcome->rows + outcome->row_count * header.row_bytes, row, header.row_bytes);
        outcome->row_count++;
    }
    free(row);
}

static outcome read_all(const uint8_t *bytes, size_t count, snug_png_decoder_settings settings) {
    outcome outcome = {0};
    snug_png_decoder *decoder = snug_png_decoder_create(&settings);
    if (!decoder) abort();
    uint8_t nothing = 0;
    for (size_t offset = 0; offset < count && outcome.status == SNUG_PNG_OK;) {
        const uint32_t longest = chance(3) ? 70000 : 40;
        size_t piece = 1 + chance(longest), consumed = 0;
        if (piece > count - offset) piece = count - offset;
        // Memory of its own, so that reading past its end is found.
        uint8_t *copy = malloc(piece);
        memcpy(copy, bytes + offset, piece);
        outcome.status = snug_png_decoder_push(decoder, copy, piece, &consumed);
        free(copy);
        offset += consumed;
        take_rows(decoder, &outcome);
        while (outcome.status == SNUG_PNG_OK && snug_png_decoder_holds_rows(decoder)) {
            outcome.status = snug_png_decoder_push(decoder, &nothing, 0, &consumed);
            take_rows(decoder, &outcome);
        }
    }
    outcome.is_complete = snug_png_decoder_is_complete(decoder);
    outcome.warning_count = snug_png_decoder_warning_count(decoder);
    const char *warning = snug_png_decoder_warning(decoder, 0);
    snprintf(outcome.words, sizeof outcome.words, "%s", warning ? warning : snug_png_decoder_message(decoder));
    snug_png_decoder_free(decoder);
    return outcome;
}

static bool is_sound(const outcome *outcome) {
    return outcome->status == SNUG_PNG_OK && outcome->is_complete && outcome->warning_count == 0;
}

// True when chunk follows chunk up to IEND.
static bool reaches_end(const uint8_t *bytes, size_t count) {
    for (size_t offset = 8; offset + 12 <= count;) {
        const uint8_t *head = bytes + offset;
        const size_t length = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
        offset += length + 12;
        if (memcmp(head + 4, "IEND", 4) == 0) return offset <= count;
    }
    return false;
}

static snug_kernel_level level(void) {
    return chance(2) ? snug_kernel_best_level() : SNUG_KERNEL_PORTABLE;
}

// What is wrong; NULL when the two agree.
static const char *compare(const outcome *own, const outcome *other, bool must_be_sound, bool is_whole) {
    const uint32_t rows = own->row_count < other->row_count ? own->row_count : other->row_count;
    if (rows > 0 && own->row_bytes != other->row_bytes) return "rows have other sizes";
    if (rows > 0 && memcmp(own->rows, other->rows, rows * own->row_bytes) != 0) return "rows differ";
    if (must_be_sound && !is_sound(own)) return "a sound file was refused";
    if (is_sound(other) && !is_sound(own)) return "stricter than libpng";
    if (is_whole && is_sound(own) && !is_sound(other)) return "sound, but not for libpng";
    // ISA-L reads several symbols at once, and none of them where input ends within the last: 258 bytes and two at most.
    const size_t missing = own->row_count < other->row_count ? other->row_count - own->row_count : 0;
    if (missing * own->row_bytes > 8 * 300) return "rows are missing";
    return NULL;
}

static void fail(const char *reason, uint64_t seed, int n, const outcome *own, const outcome *other) {
    printf("seed %llu, file %d: %s\n", (unsigned long long)seed, n, reason);
    printf("own: status %d, %u rows, %u warnings, %s\n", (int)own->status, own->row_count, own->warning_count, own->words);
    printf("libpng: status %d, %u rows, %u warnings, %s\n", (int)other->status, other->row_count, other->warning_count,
           other->words);
    exit(1);
}

int main(int argc, char **argv) {
    const double seconds = argc > 1 ? atof(argv[1]) : 10;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    static file file;
    static uint8_t damaged[MOST_BYTES];
    uint64_t files = 0, sound = 0, broken = 0, further = 0;
    for (const time_t start = time(NULL); difftime(time(NULL), start) < seconds; seed++) {
        state = seed;
        const bool is_whole = chance(2) != 0;
        make(&file, is_whole);
        for (int n = 0; n < MUTATIONS_PER_FILE; n++, files++) {
            size_t count = file.count;
            memcpy(damaged, file.bytes, count);
            // The header keeps its size, so that images stay small.
            if (n > 0 && count > 24) flip(damaged + 24, count - 24);
            if (n % 7 == 6) count = chance((uint32_t)count + 1);
            snug_png_decoder_settings settings = {
                .memory_limit = (size_t)64 << 20, .maximum_warnings = 1000000, .level = level(),
                .depth = chance(2) ? SNUG_PNG_DEPTH_NATIVE : SNUG_PNG_DEPTH_8, .tolerates_crc_errors = chance(2) != 0};
            outcome own = read_all(damaged, count, settings);
            settings.uses_libpng_only = true;
            outcome other = read_all(damaged, count, settings);
            const char *reason = compare(&own, &other, n == 0 && is_whole, reaches_end(damaged, count));
            if (reason) fail(reason, seed, n, &own, &other);
            sound += is_sound(&own);
            broken += !is_sound(&own);
            further += own.row_count > other.row_count;
            free(own.rows);
            free(other.rows);
        }
    }
    printf("%llu files: %llu sound, %llu not; %llu read further than by libpng\n", (unsigned long long)files,
           (unsigned long long)sound, (unsigned long long)broken, (unsigned long long)further);
    return 0;
}
