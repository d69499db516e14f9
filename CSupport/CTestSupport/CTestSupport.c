/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE
#endif
#include "CTestSupport.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#ifdef __linux__
#include <pty.h>
#include <sys/fsuid.h>
#include <sys/xattr.h>
#else
#include <util.h>
#endif

int32_t snug_test_spawn(
    const char *path, char *const *arguments, char *const *environment, const char *folder, const int32_t *streams,
    bool owns_group, int32_t *process) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigset_t none;
    sigset_t usual;
    sigemptyset(&none);
    sigfillset(&usual);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              (owns_group ? POSIX_SPAWN_SETPGROUP : 0));
    error = posix_spawn_file_actions_addchdir_np(&actions, folder);
    for (int number = 0; number < 3 && !error; number++)
        error = posix_spawn_file_actions_adddup2(&actions, streams[number], number);
#ifdef __GLIBC__
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#endif
    pid_t child = -1;
    if (!error) error = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
    *process = child;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int32_t snug_test_open_terminal(int32_t columns, int32_t *person, int32_t *program) {
    struct winsize size = {.ws_row = 24, .ws_col = (unsigned short)columns};
    int ours = -1;
    int theirs = -1;
    if (openpty(&ours, &theirs, NULL, NULL, &size) != 0) return errno;
    fcntl(ours, F_SETFD, FD_CLOEXEC);
    fcntl(theirs, F_SETFD, FD_CLOEXEC);
    *person = ours;
    *program = theirs;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)kind, (void)place;
    return remove(path);
}

int32_t snug_test_remove_tree(const char *path) {
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : errno;
}

void snug_test_drop_file_permissions(void) {
#ifdef __linux__
    setfsuid(65534);
#endif
}

int32_t snug_test_set_attribute(const char *path, const char *name, const uint8_t *value, int32_t count) {
#ifdef __linux__
    return setxattr(path, name, value, (size_t)count, 0) == 0 ? 0 : errno;
#else
    (void)path, (void)name, (void)value, (void)count;
    return ENOTSUP;
#endif
}

int32_t snug_test_get_attribute(const char *path, const char *name, uint8_t *value, int32_t capacity) {
#ifdef __linux__
    return (int32_t)getxattr(path, name, value, (size_t)capacity);
#else
    (void)path, (void)name, (void)value, (void)capacity;
    return -1;
#endif
}
