/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CPLATFORM_H
#define SNUG_CPLATFORM_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/* System calls that the C library declares only for GNU sources, which Swift's module of it leaves out. */

/* Renames a file inside a folder unless the new name is taken: 0, or an errno value (EEXIST when it is taken; EINVAL,
   ENOSYS or ENOTSUP where the file system cannot do that in one step). */
int32_t snug_rename_exclusively(int32_t folder, const char *from, const char *to);

/* Cores that this process may run on; 0 when the system does not say. */
int32_t snug_usable_core_count(void);

/* Makes each signal write its number, one byte, into a pipe, and hands back the end to read from; -1 with errno set when
   there is no pipe. Signals that the process was started to ignore stay ignored. To be called once.

   A handler and not a mask with sigwait: libdispatch lets the main thread wait with all signals unblocked. */
int32_t snug_watch_signals(const int32_t *numbers, int32_t count);

/* Makes freed pixels go back to the system at once: by default glibc keeps up to 64 MiB for each thread that ever held a
 * image, which no budget of ours knows of. To be called once, before there are other threads. */
void snug_return_freed_memory(void);

/* Keeps freed blocks of up to 2 MiB for the next instead, as glibc by itself learns to do. For commands without images: to
 * map a body's buffer anew for each request takes longer than to send what is in it. */
void snug_reuse_freed_memory(void);

/* Gives the pages of code and constants back: the system maps them 16 at a time, so that most of a large program is
 * counted as resident although little of it runs. What is needed again is mapped again, from the page cache. */
void snug_drop_clean_pages(void);

#pragma clang assume_nonnull end

#endif
