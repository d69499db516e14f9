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

/* Vector instructions of the processor that matter here, fastest first, as in "AVX2, SSE4.1"; "" when there are none. */
const char *snug_cpu_features(void);

/* Opens the one pipe of this process through which caught signals are told, a byte each; `reader` is for the caller. 0, or
   an errno value. To be called once, before any signal is caught. */
int32_t snug_signals_open(int32_t *reader);

/* Catches a signal, unless the parent had it ignored: each arrival writes its number to the pipe. 0, or an errno value. */
int32_t snug_signals_catch(int32_t number);

#pragma clang assume_nonnull end

#endif
