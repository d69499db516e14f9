/* SPDX-License-Identifier: Apache-2.0 */
#include "CDigest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>

static EVP_MD *algorithms[3];

static void fetch(void) {
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    static const char *const names[] = { "MD5", "SHA1", "SHA256" };
    for (int i = 0; i < 3 && context; i++) algorithms[i] = EVP_MD_fetch(context, names[i], NULL);
}

/* What can fail here is memory. */
static void require(int is_done) {
    if (!is_done) abort();
}

static const EVP_MD *algorithm_of(snug_digest_algorithm algorithm) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch);
    require(algorithms[algorithm] != NULL);
    return algorithms[algorithm];
}

snug_digest *snug_digest_create(snug_digest_algorithm algorithm) {
    const EVP_MD *type = algorithm_of(algorithm);
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    require(digest && EVP_DigestInit_ex(digest, type, NULL));
    return digest;
}

void snug_digest_update(snug_digest *digest, const void *bytes, size_t count) {
    require(EVP_DigestUpdate(digest, bytes, count));
}

snug_digest *snug_digest_copy(const snug_digest *digest) {
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    require(copy && EVP_MD_CTX_copy_ex(copy, digest));
    return copy;
}

size_t snug_digest_finish(snug_digest *digest, unsigned char *output) {
    unsigned int size = 0;
    require(EVP_DigestFinal_ex(digest, output, &size));
    return size;
}

void snug_digest_free(snug_digest *digest) { EVP_MD_CTX_free(digest); }

void snug_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t count, unsigned char *output) {
    unsigned int size = 0;
    /* A NULL key would mean the one before. */
    require(HMAC(algorithm_of(SNUG_DIGEST_SHA256), key ? key : "", (int)key_size, bytes, count, output, &size) != NULL);
}
