/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <errno.h>
#include <stdio.h>

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

int32_t snug_rename_exclusively(int32_t folder, const char *from, const char *to) {
#if defined(__linux__) && defined(SYS_renameat2)
    const unsigned int no_replace = 1; /* RENAME_NOREPLACE, which not every libc has a name for */
    return syscall(SYS_renameat2, folder, from, folder, to, no_replace) == 0 ? 0 : errno;
#elif defined(__APPLE__)
    return renameatx_np(folder, from, folder, to, RENAME_EXCL) == 0 ? 0 : errno;
#else
    (void)folder, (void)from, (void)to;
    return ENOSYS;
#endif
}

int32_t snug_usable_core_count(void) {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    return 0;
}
