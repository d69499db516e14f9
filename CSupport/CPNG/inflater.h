/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inflates a zlib stream that comes in pieces into memory that comes in pieces: by ISA-L, or by zlib where the machine
 * has no ISA-L.
 */
#ifndef SNUG_CPNG_INFLATER_H
#define SNUG_CPNG_INFLATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum snug_inflater_status {
    /* The input is used up, or the output is full. */
    SNUG_INFLATER_GOES_ON = 0,
    /* The stream ended, and its checksum is right. */
    SNUG_INFLATER_ENDED,
    /* The data are damaged, or their checksum is wrong. */
    SNUG_INFLATER_DAMAGED,
    /* The stream wants a dictionary, which PNG has not. */
    SNUG_INFLATER_NEEDS_DICTIONARY,
} snug_inflater_status;

typedef struct snug_inflater snug_inflater;

/* Bytes that an inflater takes, for who counts memory. */
extern const size_t snug_inflater_bytes;

/* `memory` has `snug_inflater_bytes` bytes and lives as long as the inflater. False when there is no memory for it. */
bool snug_inflater_begin(snug_inflater *memory);
void snug_inflater_end(snug_inflater *inflater);
/* `made` bytes are good whatever the status, `used` bytes of the input are not needed again. */
snug_inflater_status snug_inflater_run(snug_inflater *inflater, const uint8_t *input, size_t input_count, size_t *used,
                                       uint8_t *output, size_t output_count, size_t *made);
/* True when more output may come without input. */
bool snug_inflater_holds_output(const snug_inflater *inflater);
/* After the end: bytes that were taken as used and lie behind the stream. */
size_t snug_inflater_excess(const snug_inflater *inflater);

/* The checksum of PNG's chunks, continued from `value` (0 to begin). */
uint32_t snug_chunk_checksum(uint32_t value, const uint8_t *bytes, size_t count);

#endif
