/* SPDX-License-Identifier: Apache-2.0 */
#include "functions.h"

#include "CLibraries.h"

#include <pthread.h>

#ifdef __APPLE__
#define LIBRARY "libcurl.4.dylib"
#else
#define LIBRARY "libcurl.so.4"
#endif

struct snug_curl snug_curl;

static void load(void) {
    static const snug_symbol symbols[] = {
        { "curl_easy_init", &snug_curl.easy_init },
        { "curl_easy_cleanup", &snug_curl.easy_cleanup },
        { "curl_easy_setopt", &snug_curl.easy_setopt },
        { "curl_easy_getinfo", &snug_curl.easy_getinfo },
        { "curl_easy_pause", &snug_curl.easy_pause },
        { "curl_easy_strerror", &snug_curl.easy_strerror },
        { "curl_slist_append", &snug_curl.slist_append },
        { "curl_slist_free_all", &snug_curl.slist_free_all },
        { "curl_multi_init", &snug_curl.multi_init },
        { "curl_multi_cleanup", &snug_curl.multi_cleanup },
        { "curl_multi_setopt", &snug_curl.multi_setopt },
        { "curl_multi_add_handle", &snug_curl.multi_add_handle },
        { "curl_multi_remove_handle", &snug_curl.multi_remove_handle },
        { "curl_multi_perform", &snug_curl.multi_perform },
        { "curl_multi_poll", &snug_curl.multi_poll },
        { "curl_multi_wakeup", &snug_curl.multi_wakeup },
        { "curl_multi_info_read", &snug_curl.multi_info_read },
        { "curl_url", &snug_curl.url },
        { "curl_url_cleanup", &snug_curl.url_cleanup },
        { "curl_url_set", &snug_curl.url_set },
        { "curl_url_get", &snug_curl.url_get },
        { "curl_free", &snug_curl.free },
        { "curl_global_init", &snug_curl.global_init },
        { "curl_version", &snug_curl.version },
    };
    void *library = snug_library_open(LIBRARY, symbols, sizeof symbols / sizeof *symbols);
    /* Once for the process; libcurl 7.84 and later do it in a thread-safe way. */
    if (library && snug_curl.global_init(CURL_GLOBAL_SSL) == CURLE_OK) snug_curl.library = library;
}

const char *snug_curl_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return snug_curl.library ? NULL : LIBRARY;
}

const char *snug_curl_version(void) { return snug_curl.version(); }

CURL *snug_curl_easy_init(void) { return snug_curl.easy_init(); }

void snug_curl_easy_cleanup(CURL *easy) { snug_curl.easy_cleanup(easy); }

CURLcode snug_curl_easy_pause(CURL *easy, int directions) { return snug_curl.easy_pause(easy, directions); }

const char *snug_curl_easy_strerror(CURLcode code) { return snug_curl.easy_strerror(code); }

struct curl_slist *snug_curl_slist_append(struct curl_slist *list, const char *text) {
    return snug_curl.slist_append(list, text);
}

void snug_curl_slist_free_all(struct curl_slist *list) { snug_curl.slist_free_all(list); }

CURLM *snug_curl_multi_init(void) { return snug_curl.multi_init(); }

void snug_curl_multi_cleanup(CURLM *multi) { (void)snug_curl.multi_cleanup(multi); }

CURLMcode snug_curl_multi_add_handle(CURLM *multi, CURL *easy) { return snug_curl.multi_add_handle(multi, easy); }

CURLMcode snug_curl_multi_remove_handle(CURLM *multi, CURL *easy) { return snug_curl.multi_remove_handle(multi, easy); }

CURLMcode snug_curl_multi_perform(CURLM *multi, int *running) { return snug_curl.multi_perform(multi, running); }

CURLMcode snug_curl_multi_poll(CURLM *multi, int timeout) { return snug_curl.multi_poll(multi, NULL, 0, timeout, NULL); }

CURLMcode snug_curl_multi_wakeup(CURLM *multi) { return snug_curl.multi_wakeup(multi); }

CURLU *snug_curl_url(void) { return snug_curl.url(); }

void snug_curl_url_cleanup(CURLU *url) { snug_curl.url_cleanup(url); }

CURLUcode snug_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned int flags) {
    return snug_curl.url_set(url, part, text, flags);
}

CURLUcode snug_curl_url_get(CURLU *url, CURLUPart part, char **text, unsigned int flags) {
    return snug_curl.url_get(url, part, text, flags);
}

void snug_curl_free(void *memory) { snug_curl.free(memory); }
