/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoders in a process of their own: what both sides say to each other, the prison that the worker locks itself into, and
 * the calls by which the parent starts, asks and ends it.
 *
 * The parent trusts nothing that a worker sends. It makes the shared memory itself, of a size that it computed itself, and
 * seals its length; what comes back is a message of fixed size, whose figures are checked before they are used.
 */
#ifndef SNUG_CSANDBOX_H
#define SNUG_CSANDBOX_H

#include "CLibraries.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_codec_format {
    SNUG_CODEC_HEIF __attribute__((swift_name("heif"))) = 1,
    SNUG_CODEC_AVIF __attribute__((swift_name("avif"))),
    SNUG_CODEC_TIFF __attribute__((swift_name("tiff"))),
    SNUG_CODEC_JXL __attribute__((swift_name("jpegXL"))),
} snug_codec_format;

typedef enum __attribute__((enum_extensibility(closed))) snug_codec_status {
    SNUG_CODEC_OK __attribute__((swift_name("ok"))) = 0,
    SNUG_CODEC_CORRUPT __attribute__((swift_name("corrupt"))),
    SNUG_CODEC_TRUNCATED __attribute__((swift_name("truncated"))),
    SNUG_CODEC_UNSUPPORTED __attribute__((swift_name("unsupported"))),
    SNUG_CODEC_OUT_OF_MEMORY __attribute__((swift_name("outOfMemory"))),
    /* The library is not installed; the message is the file that was looked for. */
    SNUG_CODEC_MISSING __attribute__((swift_name("missing"))),
    /* The image has another size than the request says. */
    SNUG_CODEC_MISMATCH __attribute__((swift_name("mismatch"))),
    SNUG_CODEC_FAILED __attribute__((swift_name("failed"))),
} snug_codec_status;

enum { SNUG_CODEC_MESSAGE_SIZE = 200 };

/* What the parent asks for. */
typedef struct snug_codec_request {
    /* A snug_codec_format. */
    uint32_t format;
    /* Counted from 0. */
    uint32_t page;
    /* The size that the parent read in the header. */
    uint32_t width;
    uint32_t height;
    /* The part that is wanted, within that. */
    uint32_t crop_x;
    uint32_t crop_y;
    uint32_t crop_width;
    uint32_t crop_height;
    uint64_t file_bytes;
    /* Shared memory: rows from 0 on, a colour profile from `pixel_bytes` on. */
    uint64_t pixel_bytes;
    uint64_t profile_bytes;
    /* Keep the rows that are there. */
    uint32_t recovers;
    /* The header says that the image has transparency. */
    uint32_t has_alpha;
    /* Bytes of an order where the profile goes: the parent's words about a whole fit. */
    uint64_t order_bytes;
} snug_codec_request;

/* In place of a snug_codec_format: a whole fit. The result goes where pixels go, the words about it where the profile goes. */
enum { SNUG_WORKER_FIT = 100 };

/* What the worker found. Rows follow each other without gaps. */
typedef struct snug_codec_layout {
    uint32_t width;
    uint32_t height;
    /* 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA or inks; alpha is straight. */
    uint32_t channels;
    /* 8; or 16, native byte order, from 0 to 65,535. */
    uint32_t bits;
    /* Four inks, 0 is no ink. */
    uint32_t is_cmyk;
    /* Rows from the top that are good. */
    uint32_t good_rows;
    uint32_t frame_count;
    /* H.273, 0 where nothing is said. */
    uint32_t primaries;
    uint32_t transfer;
    uint32_t reserved;
    uint64_t profile_bytes;
} snug_codec_layout;

typedef struct snug_codec_response {
    /* A snug_codec_status. */
    uint32_t status;
    uint32_t reserved;
    snug_codec_layout layout;
    char message[SNUG_CODEC_MESSAGE_SIZE];
} snug_codec_response;

/* One image being decoded in the worker. */
typedef struct snug_codec_job {
    snug_codec_request request;
    const uint8_t *file;
    uint8_t *pixels;
    uint8_t *profile;
    snug_codec_layout layout;
    char message[SNUG_CODEC_MESSAGE_SIZE];
} snug_codec_job;

/* A decoder. `load` is called before the prison is locked, `decode` inside of it. */
typedef struct snug_codec {
    uint32_t format;
    /* The library's version, or NULL when it is not installed. */
    const char *_Nullable (*_Nonnull load)(void);
    /* A snug_codec_status. */
    uint32_t (*_Nonnull decode)(snug_codec_job *job);
} snug_codec;

/* MARK: For decoders */

/* Sets the job's message to at most SNUG_CODEC_MESSAGE_SIZE - 1 plain characters, and returns `status`. */
uint32_t snug_codec_fail(snug_codec_job *job, uint32_t status, const char *_Nullable message);
/* Sets the layout, the wanted part's size in it, when rows of that form have room in the shared memory. */
bool snug_codec_set_layout(snug_codec_job *job, uint32_t channels, uint32_t bits);
/* Row `y` of the wanted part, and its bytes. Valid after the layout was set. */
uint8_t *snug_codec_row(snug_codec_job *job, uint32_t y);
size_t snug_codec_row_bytes(const snug_codec_job *job);
/* Copies a profile out; one that has no room is left out. */
void snug_codec_set_profile(snug_codec_job *job, const void *_Nullable bytes, size_t count);
/* Turns premultiplied samples into straight ones, alpha last. */
void snug_codec_unpremultiply(uint8_t *row, size_t pixels, uint32_t channels, uint32_t bits);

/* MARK: The worker */

/* The parts of the prison, as bits. */
enum {
    SNUG_SANDBOX_NO_NEW_PRIVILEGES = 1,
    SNUG_SANDBOX_SYSTEM_CALL_FILTER = 2,
    SNUG_SANDBOX_RESOURCE_LIMITS = 4,
    SNUG_SANDBOX_DIES_WITH_PARENT = 8,
    SNUG_SANDBOX_COMPLETE = 15,
};

/* The most codecs that a worker announces. */
enum { SNUG_WORKER_CODECS = 8, SNUG_WORKER_VERSION_SIZE = 32, SNUG_WORKER_MAGIC = 0x534E5547 };

/* The worker's first message, sent before it has seen a byte of any file. */
typedef struct snug_worker_greeting {
    uint32_t magic;
    /* The parts of the prison that are in force. */
    uint32_t sandbox;
    /* Address space in use before the first request. */
    uint64_t address_space;
    uint32_t formats[SNUG_WORKER_CODECS];
    /* Empty where the library is not installed. */
    char versions[SNUG_WORKER_CODECS][SNUG_WORKER_VERSION_SIZE];
} snug_worker_greeting;

/* Closes everything but `socket`, loads the codecs, locks the prison and serves requests until the parent is gone.
   Returns the exit code of the process. */
int32_t snug_worker_serve(int32_t socket, const snug_codec *codecs, size_t count);

/* The version of the words about a fit. */
const char *_Nullable snug_worker_fit_version(void);

/* Locks the process in: returns the parts that are in force. Tests call it by itself. */
uint32_t snug_sandbox_enter(void);

/* MARK: The parent */

/* Starts `program` with the arguments, a socket to it as descriptor 3, nothing else open, an empty environment but for the
   loader's path. 0, or an errno value. */
int32_t snug_worker_start(
    const char *program, char *_Nullable const *_Nonnull arguments, int32_t *socket, pid_t *process);

/* Shared memory of a length that nobody can change any more; -1 with errno set. */
int32_t snug_shared_memory(uint64_t bytes);
/* Memory whose content is `bytes`, for reading only from now on; -1 with errno set. */
int32_t snug_sealed_copy(const uint8_t *bytes, uint64_t count);

/* Sends a request with the two descriptors. 0, or an errno value. */
int32_t snug_worker_ask(int32_t socket, const snug_codec_request *request, int32_t file, int32_t memory);

/* Waits for one message of exactly `count` bytes: 1 when it is there, 0 after the time, -1 when the worker is gone, -2 for a
   message of another length. Descriptors that come with it are closed. */
int32_t snug_worker_wait(int32_t socket, void *message, size_t count, int32_t milliseconds);

/* Sets what the worker may use from now on: address space in bytes, seconds of processor time on top of what it has used.
   0, or an errno value. */
int32_t snug_worker_limit(pid_t process, uint64_t address_space, uint64_t seconds);

/* Microseconds of processor time that the worker has used; 0 where the system does not tell. */
uint64_t snug_worker_cpu_time(pid_t process);

/* Kills the worker, and tells the signal that had ended it before that: 0 when none had, -1 when the system does not tell. */
int32_t snug_worker_signal(pid_t process);
/* Kills the worker and waits for its end. */
void snug_worker_end(pid_t process, int32_t socket);

/* The version of codec `index`, empty where it is not installed, and its format; NULL past the last one. */
const char *_Nullable snug_worker_version(snug_worker_greeting *greeting, int32_t index, uint32_t *format);
/* The response's message, which always ends. */
const char *snug_worker_message(snug_codec_response *response);

/* Maps the memory for reading; NULL with errno set. */
const uint8_t *_Nullable snug_shared_memory_map(int32_t memory, uint64_t bytes);
/* Gives memory back to the system, as far as it can; whole pages only. */
void snug_shared_memory_release(int32_t memory, uint64_t start, uint64_t bytes);
void snug_shared_memory_unmap(const uint8_t *address, uint64_t bytes);

#pragma clang assume_nonnull end

#endif
