/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* Linux 5.1; headers of glibc have it from 2.29 on. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int32_t snug_memory_file(uint64_t bytes, uint8_t **address) {
    int file = memfd_create("snug-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return -1;
    void *mapped = MAP_FAILED;
    if (ftruncate(file, (off_t)bytes) == 0) mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    /* The mapping that exists stays writable; no other one, and no write, is let through. */
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (mapped != MAP_FAILED &&
        (fcntl(file, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) == 0 ||
         /* A system that does not know this seal, such as some that stand in for Linux. */
         (errno == EINVAL && fcntl(file, F_ADD_SEALS, seals) == 0))) {
        *address = mapped;
        return file;
    }
    int error = errno;
    if (mapped != MAP_FAILED) munmap(mapped, bytes);
    close(file);
    errno = error;
    return -1;
}

int32_t snug_memory_file_reserve(int32_t file, uint64_t start, uint64_t bytes) {
    return fallocate(file, 0, (off_t)start, (off_t)bytes);
}

void snug_memory_file_end(int32_t file, uint8_t *address, uint64_t bytes) {
    munmap(address, bytes);
    close(file);
}
