/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <stdio.h>
#include <string.h>

tmsize_t snug_tiff_read(thandle_t handle, void *to, tmsize_t count) {
    snug_tiff_memory *file = handle;
    uint64_t there = file->position < file->count ? file->count - file->position : 0;
    if ((uint64_t)count > there) {
        file->ended = true;
        count = (tmsize_t)there;
    }
    memcpy(to, file->bytes + file->position, (size_t)count);
    file->position += (uint64_t)count;
    return count;
}

tmsize_t snug_tiff_write(thandle_t handle, void *from, tmsize_t count) {
    (void)handle, (void)from, (void)count;
    return -1;
}

toff_t snug_tiff_seek(thandle_t handle, toff_t offset, int from) {
    snug_tiff_memory *file = handle;
    uint64_t base = from == SEEK_CUR ? file->position : from == SEEK_END ? file->count : 0;
    file->position = base + offset;
    if (file->position > file->count) {
        file->ended = true;
        /* libtiff reads then, and gets nothing. */
        file->position = file->count;
        return base + offset;
    }
    return file->position;
}

int snug_tiff_close(thandle_t handle) {
    (void)handle;
    return 0;
}

toff_t snug_tiff_size(thandle_t handle) { return ((snug_tiff_memory *)handle)->count; }
