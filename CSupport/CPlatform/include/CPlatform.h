/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CPLATFORM_H
#define SNUG_CPLATFORM_H

#include <stdint.h>

/* System calls that the C library declares only for GNU sources, which Swift's module of it leaves out. */

#pragma clang assume_nonnull begin

/* Renames a file inside a folder unless the new name is taken: 0, or an errno value (EEXIST when it is taken; EINVAL,
   ENOSYS or ENOTSUP where the file system cannot do that in one step). */
int32_t snug_rename_exclusively(int32_t folder, const char *from, const char *to);

/* The same, from one folder to another; EXDEV when they are on two file systems. */
int32_t snug_rename_between(int32_t from_folder, const char *from, int32_t to_folder, const char *to);

/* The number by which the system knows the kind of file system that a path is on (statfs(2), linux/magic.h); 0 where it has
   none, -1 with errno set when the path cannot be looked at. */
int64_t snug_file_system_type(const char *path);

/* Copies up to `count` bytes between the two files' positions without going through this process: the bytes copied, 0 at
   the end; -1 with errno set. */
int64_t snug_copy_range(int32_t from, int32_t to, int64_t count);

/* Sets the time of a file's last change of content: 0; -1 with errno set. */
int32_t snug_set_modified(int32_t file, int64_t seconds, int32_t nanoseconds);

/* Gives a file the extended attributes of another that belong to its user (names that begin with "user."): those that the
   file systems have and allow; the others are left out. */
void snug_copy_user_attributes(const char *from, int32_t to);

/* Makes a file in memory of a length for good, that no name leads to, and maps it: its descriptor; -1 with errno set. It is
   written through this mapping only: no other process can change it, whatever it does with the descriptor (from Linux 5.1 on;
   before, the sandbox of who gets it has to see to that). Nobody can change its length. */
int32_t snug_memory_file(uint64_t bytes, uint8_t *_Nullable *_Nonnull address);

/* Has memory for some bytes of a file, so that writing them cannot fail: 0; -1 with errno set. */
int32_t snug_memory_file_reserve(int32_t file, uint64_t start, uint64_t bytes);

/* Unmaps and closes a file. */
void snug_memory_file_end(int32_t file, uint8_t *address, uint64_t bytes);

/* 1 when a process has the file open for writing, or mapped; 0 when none has; -1 when the system does not tell.
   The descriptor has to be open for reading only. */
int32_t snug_has_writers(int32_t file);

/* Cores that this process may run on; 0 when the system does not say. */
int32_t snug_usable_core_count(void);

/* Makes each signal write its number, one byte, into a pipe, and returns the end to read from; -1 with errno set when
   there is no pipe. Signals that the process was started to ignore stay ignored. Call it once.

   A handler and not a mask with sigwait: libdispatch lets the main thread wait with all signals unblocked. */
int32_t snug_watch_signals(const int32_t *numbers, int32_t count);

/* Sends one message to the service manager's datagram socket, as sd_notify(3) does: `path` is a file, or an abstract name
   after "@". 0, or an errno value. */
int32_t snug_notify_service_manager(const char *path, const char *message);

/* Returns freed image memory to the system at once: by default glibc keeps up to 64 MiB for each thread that ever held
   an image, which no memory budget knows of. Call it once, before there are other threads. */
void snug_return_freed_memory(void);

#pragma clang assume_nonnull end

#endif
