/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE

/* What a decoder needs: memory, locks, threads of this process, clocks, and the two calls of the conversation. */
static const uint32_t allowed[] = {
    SYS_read, SYS_pread64, SYS_recvmsg, SYS_sendmsg, SYS_close, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk,
    SYS_futex, SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_sigaltstack, SYS_gettid, SYS_getpid,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_clock_gettime, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday,
    SYS_getrandom, SYS_set_robust_list, SYS_restart_syscall, SYS_getrusage, SYS_ppoll,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_time
    SYS_time,
#endif
};

/* What no decoder does by mistake: the end of the process. Everything else is refused with EPERM, since libraries ask for
   the number of processors and the like, and do without. */
static const uint32_t deadly[] = {
    SYS_execve, SYS_execveat, SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_ptrace,
    SYS_process_vm_readv, SYS_process_vm_writev, SYS_bpf, SYS_mount, SYS_setns, SYS_unshare, SYS_keyctl,
#ifdef SYS_fork
    SYS_fork, SYS_vfork,
#endif
};

enum { MOST_INSTRUCTIONS = 192 };

typedef struct filter_builder {
    struct sock_filter code[MOST_INSTRUCTIONS];
    uint16_t count;
} filter_builder;

static void put(filter_builder *filter, struct sock_filter instruction) {
    if (filter->count < MOST_INSTRUCTIONS) filter->code[filter->count++] = instruction;
}

static void load(filter_builder *filter, size_t offset) {
    put(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void give(filter_builder *filter, uint32_t action) {
    put(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* The lower half of an argument; both architectures are little-endian. */
static size_t argument(int index) { return offsetof(struct seccomp_data, args) + (size_t)index * sizeof(uint64_t); }

static void when_equal(filter_builder *filter, uint32_t value, uint32_t action) {
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    give(filter, action);
}

/* A call that is allowed when an argument has none (or, `wanted`, all) of the bits. */
static void when_bits(
    filter_builder *filter, uint32_t call, int index, uint32_t bits, bool wanted, uint32_t otherwise) {
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
    load(filter, argument(index));
    put(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits));
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted ? bits : 0, 1, 0));
    give(filter, otherwise);
    give(filter, SECCOMP_RET_ALLOW);
}

static void build(filter_builder *filter) {
    load(filter, offsetof(struct seccomp_data, arch));
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
    give(filter, SECCOMP_RET_KILL_PROCESS);
    load(filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* The calls of the x32 ABI have this bit. */
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    give(filter, SECCOMP_RET_KILL_PROCESS);
#endif
    for (size_t index = 0; index < sizeof allowed / sizeof allowed[0]; index++) {
        when_equal(filter, allowed[index], SECCOMP_RET_ALLOW);
    }
    for (size_t index = 0; index < sizeof deadly / sizeof deadly[0]; index++) {
        when_equal(filter, deadly[index], SECCOMP_RET_KILL_PROCESS);
    }
    /* Its flags are in memory, where no filter can see them: the C library takes `clone` instead. */
    when_equal(filter, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    /* Threads only: fork() is a clone too. */
    when_bits(filter, SYS_clone, 0, CLONE_THREAD | CLONE_VM, true, SECCOMP_RET_KILL_PROCESS);
    when_bits(filter, SYS_mmap, 2, PROT_EXEC, false, SECCOMP_RET_ERRNO | EPERM);
    when_bits(filter, SYS_mprotect, 2, PROT_EXEC, false, SECCOMP_RET_ERRNO | EPERM);
    /* abort() sends its signal to itself. */
    put(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_tgkill, 0, 3));
    load(filter, argument(0));
    when_equal(filter, (uint32_t)getpid(), SECCOMP_RET_ALLOW);
    give(filter, SECCOMP_RET_ERRNO | EPERM);
}

static bool install_filter(void) {
    static filter_builder filter;
    filter.count = 0;
    build(&filter);
    if (filter.count >= MOST_INSTRUCTIONS) return false;
    struct sock_fprog program = { .len = filter.count, .filter = filter.code };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool install_filter(void) { return false; }

#endif

static bool limit(int resource, uint64_t value) {
    struct rlimit old;
    if (getrlimit((__rlimit_resource_t)resource, &old) != 0) return false;
    rlim_t most = old.rlim_max != RLIM_INFINITY && old.rlim_max < value ? old.rlim_max : value;
    struct rlimit new = { .rlim_cur = most, .rlim_max = most };
    return setrlimit((__rlimit_resource_t)resource, &new) == 0;
}

uint32_t snug_sandbox_enter(void) {
    uint32_t parts = 0;
    /* One set of three more descriptors: the socket, and the two of a request. Address space and processor time change
       with each request, so the parent sets them. */
    if (limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, 8) && limit(RLIMIT_FSIZE, 0)) parts |= SNUG_SANDBOX_RESOURCE_LIMITS;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) parts |= SNUG_SANDBOX_DIES_WITH_PARENT;
    prctl(PR_SET_DUMPABLE, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) parts |= SNUG_SANDBOX_NO_NEW_PRIVILEGES;
    if (install_filter()) parts |= SNUG_SANDBOX_SYSTEM_CALL_FILTER;
    return parts;
}
