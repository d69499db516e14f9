/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
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

const char *snug_cpu_features(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512bw")) return "AVX-512, AVX2, SSE4.1";
    if (__builtin_cpu_supports("avx2")) return "AVX2, SSE4.1";
    if (__builtin_cpu_supports("sse4.1")) return "SSE4.1";
    return "SSE2";
#elif defined(__aarch64__)
    return "NEON";
#else
    return "";
#endif
}

static volatile sig_atomic_t signal_writer = -1;

static void tell_signal(int number) {
    const int error = errno;
    const unsigned char byte = (unsigned char)number;
    /* Full means that nobody has read the earlier ones yet: one more would say nothing new. */
    if (write(signal_writer, &byte, 1) != 1) errno = 0;
    errno = error;
}

int32_t snug_signals_open(int32_t *reader) {
    int ends[2];
    if (pipe(ends) != 0) return errno;
    for (int end = 0; end < 2; end++) fcntl(ends[end], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    signal_writer = ends[1];
    *reader = ends[0];
    return 0;
}

int32_t snug_signals_catch(int32_t number) {
    struct sigaction action = {0};
    if (sigaction(number, NULL, &action) != 0) return errno;
    if (action.sa_handler == SIG_IGN) return 0;
    action.sa_handler = tell_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0 ? 0 : errno;
}
