// SPDX-License-Identifier: Apache-2.0
#ifndef SNUG_CCHECKSUMS_H
#define SNUG_CCHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

// Checksums of uploads, where the processor has an instruction for them. No library of ours has CRC-64/NVME.

#pragma clang assume_nonnull begin

/// Shortens a message for CRC-64/NVME: the 16 bytes at `out`, started with a remainder of 0, leave the remainder that all
/// the bytes taken leave from `remainder`.
/// @return Bytes taken, a multiple of 64 up to `count`; 0 where the processor has no carry-less multiplication.
size_t snug_crc64_fold(const uint8_t *bytes, size_t count, uint64_t remainder, uint8_t *out);

#pragma clang assume_nonnull end

#endif
