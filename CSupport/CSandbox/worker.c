/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* MARK: For decoders */

uint32_t snug_codec_fail(snug_codec_job *job, uint32_t status, const char *message) {
    size_t length = 0;
    if (message) {
        for (; message[length] && length < sizeof job->message - 1; length++) job->message[length] = message[length];
    }
    job->message[length] = 0;
    return status;
}

bool snug_codec_set_layout(snug_codec_job *job, uint32_t channels, uint32_t bits) {
    const snug_codec_request *request = &job->request;
    job->layout.width = request->crop_width;
    job->layout.height = request->crop_height;
    job->layout.channels = channels;
    job->layout.bits = bits;
    job->layout.good_rows = request->crop_height;
    uint64_t row = (uint64_t)request->crop_width * channels * (bits / 8);
    return row > 0 && request->crop_height <= request->pixel_bytes / row;
}

size_t snug_codec_row_bytes(const snug_codec_job *job) {
    return (size_t)job->layout.width * job->layout.channels * (job->layout.bits / 8);
}

uint8_t *snug_codec_row(snug_codec_job *job, uint32_t y) { return job->pixels + (size_t)y * snug_codec_row_bytes(job); }

void snug_codec_set_profile(snug_codec_job *job, const void *bytes, size_t count) {
    if (!bytes || count == 0 || count > job->request.profile_bytes) return;
    memcpy(job->profile, bytes, count);
    job->layout.profile_bytes = count;
}

static uint32_t straight(uint32_t sample, uint32_t alpha, uint32_t most) {
    if (alpha == 0) return 0;
    uint64_t value = ((uint64_t)sample * most + alpha / 2) / alpha;
    return value < most ? (uint32_t)value : most;
}

void snug_codec_unpremultiply(uint8_t *row, size_t pixels, uint32_t channels, uint32_t bits) {
    if (channels != 2 && channels != 4) return;
    for (size_t index = 0; index < pixels; index++) {
        if (bits == 16) {
            uint16_t *pixel = (uint16_t *)(void *)row + index * channels;
            uint32_t alpha = pixel[channels - 1];
            for (uint32_t c = 0; c + 1 < channels; c++) pixel[c] = (uint16_t)straight(pixel[c], alpha, 65535);
        } else {
            uint8_t *pixel = row + index * channels;
            uint32_t alpha = pixel[channels - 1];
            for (uint32_t c = 0; c + 1 < channels; c++) pixel[c] = (uint8_t)straight(pixel[c], alpha, 255);
        }
    }
}

/* MARK: Serving */

static void close_all_but(int32_t socket) {
#ifdef SYS_close_range
    if (socket > 3 && syscall(SYS_close_range, 3u, (unsigned)socket - 1, 0u) != 0) goto one_by_one;
    if (syscall(SYS_close_range, (unsigned)socket + 1, ~0u, 0u) == 0) return;
one_by_one:
#endif
    for (int32_t descriptor = 3; descriptor < 4096; descriptor++) {
        if (descriptor != socket) close(descriptor);
    }
}

static uint64_t address_space(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    unsigned long pages = 0;
    int found = fscanf(file, "%lu", &pages);
    fclose(file);
    return found == 1 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static bool say(int32_t socket, void *message, size_t count) {
    struct iovec part = { .iov_base = message, .iov_len = count };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t sent;
    do { sent = sendmsg(socket, &header, MSG_NOSIGNAL); } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)count;
}

/* Takes a request with its two descriptors; false when the parent is gone. */
static bool hear(int32_t socket, snug_codec_request *request, int32_t files[2]) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int32_t))];
    } control;
    struct iovec part = { .iov_base = request, .iov_len = sizeof *request };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    ssize_t received;
    do { received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC); } while (received < 0 && errno == EINTR);
    if (received != (ssize_t)sizeof *request) return false;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(2 * sizeof(int32_t))) return false;
    memcpy(files, CMSG_DATA(rights), 2 * sizeof(int32_t));
    return true;
}

static uint32_t decode(snug_codec_job *job, const int32_t files[2], const snug_codec *codecs, size_t count) {
    const snug_codec *codec = NULL;
    for (size_t index = 0; index < count; index++) {
        if (codecs[index].format == job->request.format) codec = &codecs[index];
    }
    if (!codec) return snug_codec_fail(job, SNUG_CODEC_UNSUPPORTED, "this worker has no decoder for the format");
    size_t file_bytes = job->request.file_bytes;
    size_t shared_bytes = job->request.pixel_bytes + job->request.profile_bytes;
    void *file = mmap(NULL, file_bytes, PROT_READ, MAP_PRIVATE, files[0], 0);
    void *shared = mmap(NULL, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, files[1], 0);
    uint32_t status;
    if (file == MAP_FAILED || shared == MAP_FAILED) {
        status = snug_codec_fail(job, SNUG_CODEC_OUT_OF_MEMORY, "no room for the file and its pixels");
    } else {
        job->file = file;
        job->pixels = shared;
        job->profile = job->pixels + job->request.pixel_bytes;
        status = codec->decode(job);
    }
    if (file != MAP_FAILED) munmap(file, file_bytes);
    if (shared != MAP_FAILED) munmap(shared, shared_bytes);
    return status;
}

static void greet(snug_worker_greeting *greeting, const snug_codec *codecs, size_t count) {
    memset(greeting, 0, sizeof *greeting);
    greeting->magic = SNUG_WORKER_MAGIC;
    for (size_t index = 0; index < count && index < SNUG_WORKER_CODECS; index++) {
        greeting->formats[index] = codecs[index].format;
        const char *version = codecs[index].load();
        if (version) snprintf(greeting->versions[index], SNUG_WORKER_VERSION_SIZE, "%s", version);
    }
}

static void *nothing(void *argument) { return argument; }

/* A runtime that looks into its crashes would start a process for that, and a crash would pass for an attack. */
static void crash_plainly(void) {
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGQUIT };
    for (size_t index = 0; index < sizeof crashes / sizeof crashes[0]; index++) signal(crashes[index], SIG_DFL);
}

/* Images that follow one another use the same memory: the kernel's clearing of new pages is a twentieth of a fit. What
   more than one image of a camera takes goes back at once, the rest when no image has come for a while. */
enum { KEPT_HEAP = 64 << 20, LARGEST_IN_HEAP = 32 << 20, PATIENCE_MILLISECONDS = 2000 };

static void trim_above(size_t bytes) {
    struct mallinfo2 heap = mallinfo2();
    if (heap.arena > bytes) malloc_trim(0);
}

/* Whether a request came before the patience ended, or the parent went. */
static bool hears_soon(int32_t socket) {
    struct pollfd door = { .fd = socket, .events = POLLIN };
    return poll(&door, 1, PATIENCE_MILLISECONDS) != 0;
}

/* One arena, small stacks, and whatever the C library loads or reads for its first thread, before the doors close. */
static void prepare(void) {
    crash_plainly();
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, LARGEST_IN_HEAP);
    mallopt(M_TRIM_THRESHOLD, KEPT_HEAP);
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) == 0) {
        pthread_attr_setstacksize(&attributes, 1 << 20);
        pthread_setattr_default_np(&attributes);
        pthread_attr_destroy(&attributes);
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) == 0) pthread_join(thread, NULL);
}

const char *snug_worker_fit_version(void) { return "1"; }

int32_t snug_worker_serve(int32_t socket, const snug_codec *codecs, size_t count) {
    close_all_but(socket);
    prepare();
    snug_worker_greeting greeting;
    greet(&greeting, codecs, count);
    greeting.address_space = address_space();
    greeting.sandbox = snug_sandbox_enter();
    if (!say(socket, &greeting, sizeof greeting)) return 0;
    /* Where a part of the prison is missing, the parent decides; nothing untrusted has been read. */
    static snug_codec_job job;
    int32_t files[2];
    while (hear(socket, &job.request, files)) {
        memset(&job.layout, 0, sizeof job.layout);
        memset(job.message, 0, sizeof job.message);
        snug_codec_response response;
        memset(&response, 0, sizeof response);
        response.status = decode(&job, files, codecs, count);
        close(files[0]);
        close(files[1]);
        response.layout = job.layout;
        memcpy(response.message, job.message, sizeof response.message);
        if (!say(socket, &response, sizeof response)) break;
        trim_above(KEPT_HEAP);
        if (!hears_soon(socket)) malloc_trim(0);
    }
    return 0;
}
