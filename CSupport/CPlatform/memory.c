/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CPlatform.h"

#include <fcntl.h>
#include <sys/mman.h>

int32_t snug_memory_file(void) { return memfd_create("snug-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING); }

int32_t snug_memory_file_seal(int32_t file) {
    return fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
}
