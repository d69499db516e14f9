/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CLCMS_SESSION_H
#define SNUG_CLCMS_SESSION_H

#include "CLCMS.h"

#include <lcms2.h>
#include <lcms2_plugin.h>
#include <setjmp.h>
#include <stddef.h>

typedef union block block;

/* What the callbacks of one context share. Only the thread that builds a transform allocates: converting does not. */
typedef struct session {
    size_t limit;
    size_t used;
    block *first; /* every block that the context holds */
    jmp_buf escape;         /* where building goes on when memory runs out, while may_escape is set */
    int may_escape;
    char message[SNUG_COLOUR_MESSAGE_SIZE];
} session;

/* A context whose memory is counted in a session, and whose first error is kept there. */
cmsContext snug_session_context(session *owner);
/* Frees what the context left behind. */
void snug_session_clear(session *owner);

#endif
