/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CTESTSUPPORT_H
#define SNUG_CTESTSUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "JPEGReference.h"

#pragma clang assume_nonnull begin

/* System calls for tests that Swift's module of the C library leaves out. Each returns 0 or an errno value. */

/* Starts a program in a folder. `streams` are its descriptors 0, 1 and 2; it inherits nothing else, and no
   blocked signals. It leads a process group of its own where asked. `arguments` and `environment` end with NULL. */
int32_t snug_test_spawn(
    const char *path, char *_Nullable const *_Nonnull arguments, char *_Nullable const *_Nonnull environment,
    const char *folder, const int32_t *streams, bool owns_group, int32_t *process);

/* Opens a terminal of so many columns: the end that a person would see, and the one for the program. */
int32_t snug_test_open_terminal(int32_t columns, int32_t *person, int32_t *program);

/* Removes a folder with all that is in it, without following links. */
int32_t snug_test_remove_tree(const char *path);

/* Takes away from the calling thread what its user may do with files that are nobody's business, as far as the system can
   do that for one thread. */
void snug_test_drop_file_permissions(void);

/* Sets an extended attribute of a file. */
int32_t snug_test_set_attribute(const char *path, const char *name, const uint8_t *value, int32_t count);

/* Copies the value of an extended attribute. Returns its length, negative where there is none or it is longer. */
int32_t snug_test_get_attribute(const char *path, const char *name, uint8_t *value, int32_t capacity);

#pragma clang assume_nonnull end

#endif
