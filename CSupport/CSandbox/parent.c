/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Descriptors 0 to 2 are nothing, 3 is the socket, and the worker has no environment of ours: no keys, no settings. */
static int spawn(const char *program, char *const *arguments, int socket, pid_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    for (int stream = 0; stream < 3; stream++) {
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    }
    posix_spawn_file_actions_adddup2(&actions, socket, 3);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    /* A group of its own: Ctrl-C is for the parent, which ends its workers itself. */
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    char path[4096] = "";
    const char *libraries = getenv("LD_LIBRARY_PATH");
    if (libraries) snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s", libraries);
    char *environment[] = { libraries ? path : NULL, NULL };
    error = posix_spawn(process, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int32_t snug_worker_start(const char *program, char *const *arguments, int32_t *socket_out, pid_t *process) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno;
    /* dup2 onto itself would leave the descriptor to be closed at exec. */
    if (ends[1] == 3) {
        int other = fcntl(ends[1], F_DUPFD_CLOEXEC, 4);
        if (other < 0) {
            int error = errno;
            close(ends[0]);
            close(ends[1]);
            return error;
        }
        close(ends[1]);
        ends[1] = other;
    }
    int error = spawn(program, arguments, ends[1], process);
    close(ends[1]);
    if (error != 0) {
        close(ends[0]);
        return error;
    }
    *socket_out = ends[0];
    return 0;
}

int32_t snug_shared_memory(uint64_t bytes) {
    int memory = memfd_create("snug-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    /* Without the seals a worker could shorten it, and reading here would end this process. */
    if (ftruncate(memory, (off_t)bytes) == 0 && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0) return memory;
    int error = errno;
    close(memory);
    errno = error;
    return -1;
}

int32_t snug_sealed_copy(const uint8_t *bytes, uint64_t count) {
    int memory = memfd_create("snug-file", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -1;
    uint64_t done = 0;
    while (done < count) {
        ssize_t written = pwrite(memory, bytes + done, count - done, (off_t)done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        done += (uint64_t)written;
    }
    if (done == count && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0) {
        return memory;
    }
    int error = errno ? errno : EIO;
    close(memory);
    errno = error;
    return -1;
}

int32_t snug_worker_ask(int32_t socket, const snug_codec_request *request, int32_t file, int32_t memory) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int32_t))];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = { .iov_base = (void *)(uintptr_t)request, .iov_len = sizeof *request };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(2 * sizeof(int32_t));
    const int32_t files[2] = { file, memory };
    memcpy(CMSG_DATA(rights), files, sizeof files);
    ssize_t sent;
    do { sent = sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT); } while (sent < 0 && errno == EINTR);
    if (sent < 0) return errno;
    return sent == (ssize_t)sizeof *request ? 0 : EIO;
}

int32_t snug_worker_wait(int32_t socket, void *message, size_t count, int32_t milliseconds) {
    struct pollfd wanted = { .fd = socket, .events = POLLIN };
    int ready = poll(&wanted, 1, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -1;
    if (ready == 0) return 0;
    struct iovec part = { .iov_base = message, .iov_len = count };
    /* Without room for control data, descriptors that a worker sends are closed by the kernel. */
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t received = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0) return errno == EINTR || errno == EAGAIN ? 0 : -1;
    if (received == 0) return -1;
    return received == (ssize_t)count && !(header.msg_flags & MSG_TRUNC) ? 1 : -2;
}

static struct timespec used_time(pid_t process) {
    clockid_t clock;
    struct timespec used = { 0 };
    if (clock_getcpuclockid(process, &clock) == 0) clock_gettime(clock, &used);
    return used;
}

uint64_t snug_worker_cpu_time(pid_t process) {
    const struct timespec used = used_time(process);
    return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

int32_t snug_worker_limit(pid_t process, uint64_t address_space, uint64_t seconds) {
    const struct timespec used = used_time(process);
    struct rlimit limits;
    if (prlimit(process, RLIMIT_AS, NULL, &limits) != 0) return errno;
    limits.rlim_cur = limits.rlim_max != RLIM_INFINITY && limits.rlim_max < address_space ? limits.rlim_max : address_space;
    if (prlimit(process, RLIMIT_AS, &limits, NULL) != 0) return errno;
    uint64_t until = (uint64_t)used.tv_sec + 1 + seconds;
    if (prlimit(process, RLIMIT_CPU, NULL, &limits) != 0) return errno;
    limits.rlim_cur = limits.rlim_max != RLIM_INFINITY && limits.rlim_max < until ? limits.rlim_max : until;
    return prlimit(process, RLIMIT_CPU, &limits, NULL) == 0 ? 0 : errno;
}

int32_t snug_worker_signal(pid_t process) {
    siginfo_t state;
    memset(&state, 0, sizeof state);
    /* A process that is killed closes its socket a moment before it is over. */
    bool was_over = false;
    for (int tries = 0; tries < 100 && !was_over; tries++) {
        if (tries) nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        was_over = waitid(P_PID, (id_t)process, &state, WEXITED | WNOWAIT | WNOHANG) == 0 && state.si_pid == process;
    }
    /* On its way out already, it keeps the signal that it got first. */
    if (!was_over) kill(process, SIGKILL);
    int result;
    do { result = waitid(P_PID, (id_t)process, &state, WEXITED | WNOWAIT); } while (result < 0 && errno == EINTR);
    if (result < 0) return -1;
    if (state.si_code != CLD_KILLED && state.si_code != CLD_DUMPED) return 0;
    return state.si_status == SIGKILL && !was_over ? 0 : state.si_status;
}

void snug_worker_end(pid_t process, int32_t socket) {
    close(socket);
    kill(process, SIGKILL);
    pid_t ended;
    do { ended = waitpid(process, NULL, 0); } while (ended < 0 && errno == EINTR);
}

const char *snug_worker_version(snug_worker_greeting *greeting, int32_t index, uint32_t *format) {
    if (index < 0 || index >= SNUG_WORKER_CODECS || greeting->formats[index] == 0) return NULL;
    *format = greeting->formats[index];
    greeting->versions[index][SNUG_WORKER_VERSION_SIZE - 1] = 0;
    return greeting->versions[index];
}

const char *snug_worker_message(snug_codec_response *response) {
    response->message[SNUG_CODEC_MESSAGE_SIZE - 1] = 0;
    return response->message;
}

const uint8_t *snug_shared_memory_map(int32_t memory, uint64_t bytes) {
    void *address = mmap(NULL, bytes, PROT_READ, MAP_SHARED, memory, 0);
    return address == MAP_FAILED ? NULL : address;
}

void snug_shared_memory_unmap(const uint8_t *address, uint64_t bytes) { munmap((void *)(uintptr_t)address, bytes); }

void snug_shared_memory_release(int32_t memory, uint64_t start, uint64_t bytes) {
    (void)fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)bytes);
}
