/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are loaded when they are first used. A program that links libcurl loads thirty others with it, which takes
 * half of the start-up of a command that fits one small image and never uses the network.
 */
#ifndef SNUG_CLIBRARIES_H
#define SNUG_CLIBRARIES_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/* A function of a library that is loaded at run time, and the place of the pointer to it. */
typedef struct snug_symbol {
    const char *name;
    void *pointer;
} snug_symbol;

/* Opens a library and sets the pointers to its functions. NULL where the file or one of the functions is missing: no library
   stays open then. */
void *_Nullable snug_library_open(const char *file, const snug_symbol *symbols, size_t count);

#pragma clang assume_nonnull end

#endif
