/* SPDX-License-Identifier: Apache-2.0 */
#include "CLibraries.h"

#include <dlfcn.h>
#include <string.h>

void *snug_library_open(const char *file, const snug_symbol *symbols, size_t count) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) return NULL;
    for (size_t index = 0; index < count; index++) {
        void *function = dlsym(library, symbols[index].name);
        if (!function) {
            dlclose(library);
            return NULL;
        }
        memcpy(symbols[index].pointer, &function, sizeof function);
    }
    return library;
}
