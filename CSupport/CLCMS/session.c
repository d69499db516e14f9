/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ----
 *
 * Every block of a context is counted against its limit. Little CMS 2.14 does not check every allocation, so one that
 * fails must not return to it: building is left by longjmp, and all that it held is freed from the list of blocks.
 * The library holds no lock of its own while it allocates, apart from the mutex inside the profile, which goes too. */

union block {
    struct {
        size_t size;
        session *owner;
        block *previous;
        block *next;
    } header;
    max_align_t alignment;
};

/* Little CMS makes and ends a context through a stand-in that has no user data: those few blocks are not counted. */
static session *session_of(cmsContext context) { return context == NULL ? NULL : cmsGetContextUserData(context); }

static void *out_of_memory(session *owner) {
    if (owner != NULL && owner->may_escape) {
        owner->may_escape = 0;
        longjmp(owner->escape, 1);
    }
    return NULL;
}

static void *counted_malloc(cmsContext context, cmsUInt32Number size) {
    session *owner = session_of(context);
    if (owner != NULL && owner->may_escape && (owner->used > owner->limit || size > owner->limit - owner->used)) {
        return out_of_memory(owner);
    }
    block *made = malloc(sizeof(block) + (size_t)size);
    if (made == NULL) return out_of_memory(owner);
    made->header.size = size;
    made->header.owner = owner;
    made->header.previous = NULL;
    made->header.next = owner == NULL ? NULL : owner->first;
    if (owner != NULL) {
        if (owner->first != NULL) owner->first->header.previous = made;
        owner->first = made;
        owner->used += size;
    }
    return made + 1;
}

static void counted_free(cmsContext context, void *pointer) {
    (void)context;
    if (pointer == NULL) return;
    block *freed = (block *)pointer - 1;
    session *owner = freed->header.owner;
    if (owner != NULL) {
        block *previous = freed->header.previous, *next = freed->header.next;
        if (previous == NULL) {
            owner->first = next;
        } else {
            previous->header.next = next;
        }
        if (next != NULL) next->header.previous = previous;
        owner->used -= freed->header.size;
    }
    free(freed);
}

static void *counted_realloc(cmsContext context, void *pointer, cmsUInt32Number size) {
    void *moved = counted_malloc(context, size);
    if (moved == NULL || pointer == NULL) return moved;
    size_t before = ((block *)pointer - 1)->header.size;
    memcpy(moved, pointer, before < size ? before : size);
    counted_free(context, pointer);
    return moved;
}

/* ---- errors: the first one is kept, as the later ones follow from it ---- */

static void keep_error(cmsContext context, cmsUInt32Number code, const char *text) {
    (void)code;
    session *owner = session_of(context);
    if (owner == NULL || owner->message[0] != 0) return;
    snprintf(owner->message, sizeof owner->message, "%s", text);
}

cmsContext snug_session_context(session *owner) {
    static cmsPluginMemHandler memory = {
        .base = {cmsPluginMagicNumber, 2060, cmsPluginMemHandlerSig, NULL},
        .MallocPtr = counted_malloc,
        .FreePtr = counted_free,
        .ReallocPtr = counted_realloc,
    };
    cmsContext context = cmsCreateContext(&memory, owner);
    if (context != NULL) cmsSetLogErrorHandlerTHR(context, keep_error);
    return context;
}

void snug_session_clear(session *owner) {
    while (owner->first != NULL) counted_free(NULL, owner->first + 1);
}
