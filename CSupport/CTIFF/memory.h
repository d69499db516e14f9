/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CTIFF_MEMORY_H
#define SNUG_CTIFF_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <tiffio.h>

/* A file in memory, as libtiff reads one. */
typedef struct snug_tiff_memory {
    const uint8_t *bytes;
    uint64_t count;
    uint64_t position;
    /* Something was asked for that lies beyond its end. */
    bool ended;
} snug_tiff_memory;

tmsize_t snug_tiff_read(thandle_t handle, void *to, tmsize_t count);
tmsize_t snug_tiff_write(thandle_t handle, void *from, tmsize_t count);
toff_t snug_tiff_seek(thandle_t handle, toff_t offset, int from);
int snug_tiff_close(thandle_t handle);
toff_t snug_tiff_size(thandle_t handle);

#endif
