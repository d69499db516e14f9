/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests by libcrypto. Algorithms are fetched from a library context of our own: a machine whose configuration allows
 * approved algorithms only still has MD5, by which S3 names parts and which guards against accidents alone.
 */
#ifndef SNUG_CDIGEST_H
#define SNUG_CDIGEST_H

#include <stddef.h>

#pragma clang assume_nonnull begin

typedef enum __attribute__((enum_extensibility(closed))) snug_digest_algorithm {
    SNUG_DIGEST_MD5 __attribute__((swift_name("md5"))) = 0,
    SNUG_DIGEST_SHA1 __attribute__((swift_name("sha1"))),
    SNUG_DIGEST_SHA256 __attribute__((swift_name("sha256"))),
} snug_digest_algorithm;

enum { SNUG_DIGEST_MAXIMUM_SIZE = 32 };

/* A digest being computed. Used by one thread at a time. */
typedef struct evp_md_ctx_st snug_digest;

/* Never NULL: without memory the process ends, as it does when an array of Swift gets none. */
snug_digest *snug_digest_create(snug_digest_algorithm algorithm);
void snug_digest_update(snug_digest *digest, const void *_Nullable bytes, size_t count);
/* A digest of the same bytes so far. */
snug_digest *snug_digest_copy(const snug_digest *digest);
/* Writes the digest and returns its size. Nothing may be added any more. */
size_t snug_digest_finish(snug_digest *digest, unsigned char *output);
void snug_digest_free(snug_digest *digest);

/* RFC 2104 with SHA-256: 32 bytes. */
void snug_hmac_sha256(const void *_Nullable key, size_t key_size, const void *_Nullable bytes, size_t count,
                      unsigned char *output);

#pragma clang assume_nonnull end

#endif
