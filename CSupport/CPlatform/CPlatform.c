/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

int32_t snug_rename_exclusively(int32_t folder, const char *from, const char *to) {
    return snug_rename_between(folder, from, folder, to);
}

int32_t snug_rename_between(int32_t from_folder, const char *from, int32_t to_folder, const char *to) {
#if defined(__linux__) && defined(SYS_renameat2)
    const unsigned int no_replace = 1; /* RENAME_NOREPLACE, which not every libc has a name for */
    return syscall(SYS_renameat2, from_folder, from, to_folder, to, no_replace) == 0 ? 0 : errno;
#elif defined(__APPLE__)
    return renameatx_np(from_folder, from, to_folder, to, RENAME_EXCL) == 0 ? 0 : errno;
#else
    (void)from_folder, (void)from, (void)to_folder, (void)to;
    return ENOSYS;
#endif
}

int64_t snug_file_system_type(const char *path) {
#ifdef __linux__
    struct statfs status;
    return statfs(path, &status) == 0 ? (int64_t)(uint32_t)status.f_type : -1;
#else
    (void)path;
    return 0;
#endif
}

int64_t snug_copy_range(int32_t from, int32_t to, int64_t count) {
#if defined(__linux__) && defined(SYS_copy_file_range)
    return syscall(SYS_copy_file_range, from, NULL, to, NULL, (size_t)count, 0);
#else
    (void)from, (void)to, (void)count;
    errno = ENOSYS;
    return -1;
#endif
}

int32_t snug_has_writers(int32_t file) {
#if defined(__linux__) && defined(F_SETLEASE)
    /* A process that opens the file during the lease makes the system send a signal: SIGURG does nothing unless somebody
       asks for it, the usual SIGIO would end the process. */
    if (fcntl(file, F_SETSIG, SIGURG) != 0) return -1;
    if (fcntl(file, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? 1 : -1;
    fcntl(file, F_SETLEASE, F_UNLCK);
    return 0;
#else
    (void)file;
    return -1;
#endif
}

int32_t snug_usable_core_count(void) {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
    return 0;
}

/* Set before the first handler is installed, and never again. */
static int signal_pipe = -1;

static void note_signal(int number) {
    const int saved = errno;
    const unsigned char byte = (unsigned char)number;
    /* A full pipe has hundreds of signals in it that nobody has read: one more says nothing new. */
    const ssize_t written = write(signal_pipe, &byte, 1);
    (void)written;
    errno = saved;
}

int32_t snug_watch_signals(const int32_t *numbers, int32_t count) {
    int ends[2];
    if (pipe(ends) != 0) return -1;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    signal_pipe = ends[1];
    for (int32_t index = 0; index < count; index++) {
        struct sigaction action;
        if (sigaction(numbers[index], NULL, &action) == 0 && action.sa_handler == SIG_IGN) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = note_signal;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(numbers[index], &action, NULL);
    }
    return ends[0];
}

void snug_return_freed_memory(void) {
#if defined(__GLIBC__)
    /* Setting the threshold also stops glibc from raising it to the size of whatever was freed last. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    mallopt(M_ARENA_MAX, 2);
#endif
}
