/* SPDX-License-Identifier: Apache-2.0 */
#include "CPlatform.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int32_t snug_set_modified(int32_t file, int64_t seconds, int32_t nanoseconds) {
    struct timespec times[2] = {
        {.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds}};
    return futimens(file, times);
}

#ifdef __linux__
#include <sys/xattr.h>

static void copy_one(const char *from, int32_t to, const char *name) {
    ssize_t size = getxattr(from, name, NULL, 0);
    if (size < 0) return;
    void *value = malloc(size > 0 ? (size_t)size : 1);
    if (value == NULL) return;
    size = getxattr(from, name, value, (size_t)size);
    if (size >= 0) (void)fsetxattr(to, name, value, (size_t)size, 0);
    free(value);
}

void snug_copy_user_attributes(const char *from, int32_t to) {
    ssize_t size = listxattr(from, NULL, 0);
    if (size <= 0) return;
    char *names = malloc((size_t)size);
    if (names == NULL) return;
    size = listxattr(from, names, (size_t)size);
    for (ssize_t offset = 0; offset < size; offset += (ssize_t)strlen(names + offset) + 1) {
        if (strncmp(names + offset, "user.", 5) == 0) copy_one(from, to, names + offset);
    }
    free(names);
}
#else
void snug_copy_user_attributes(const char *from, int32_t to) {
    (void)from;
    (void)to;
}
#endif
