/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SNUG_CCURL_H
#define SNUG_CCURL_H

#include <curl/curl.h>
#include <stddef.h>

#pragma clang assume_nonnull begin

/*
 * Loads libcurl. NULL when it is there, else the name of the file that is not: nothing else here may be called then. Any
 * thread may call it, as often as it likes.
 */
const char *_Nullable snug_curl_load(void);

/* libcurl's own functions of these names. */
const char *snug_curl_version(void);
CURL *_Nullable snug_curl_easy_init(void);
void snug_curl_easy_cleanup(CURL *easy);
CURLcode snug_curl_easy_pause(CURL *easy, int directions);
const char *snug_curl_easy_strerror(CURLcode code);
struct curl_slist *_Nullable snug_curl_slist_append(struct curl_slist *_Nullable list, const char *text);
void snug_curl_slist_free_all(struct curl_slist *_Nullable list);
CURLM *_Nullable snug_curl_multi_init(void);
void snug_curl_multi_cleanup(CURLM *multi);
CURLMcode snug_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode snug_curl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode snug_curl_multi_perform(CURLM *multi, int *running);
CURLMcode snug_curl_multi_poll(CURLM *multi, int timeout);
CURLMcode snug_curl_multi_wakeup(CURLM *multi);
CURLU *_Nullable snug_curl_url(void);
void snug_curl_url_cleanup(CURLU *url);
CURLUcode snug_curl_url_set(CURLU *url, CURLUPart part, const char *text, unsigned int flags);
CURLUcode snug_curl_url_get(CURLU *url, CURLUPart part, char *_Nullable *_Nonnull text, unsigned int flags);
void snug_curl_free(void *memory);

/*
 * libcurl sets and reads options through variadic calls, which Swift does not import and no compiler checks. Each function
 * here has one type.
 *
 * libcurl copies strings. Lists and user pointers must outlive the transfer.
 */

CURLcode snug_curl_set_long(CURL *easy, CURLoption option, long value);
CURLcode snug_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value);
CURLcode snug_curl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode snug_curl_set_headers(CURL *easy, struct curl_slist *_Nullable headers);

typedef size_t (*snug_curl_read_callback)(char *_Nullable buffer, size_t size, size_t count, void *_Nullable user);
typedef size_t (*snug_curl_write_callback)(char *_Nullable bytes, size_t size, size_t count, void *_Nullable user);
typedef int (*snug_curl_seek_callback)(void *_Nullable user, curl_off_t offset, int origin);

/* Each sets the callback and its user pointer together. */
CURLcode snug_curl_set_read(CURL *easy, snug_curl_read_callback callback, void *_Nullable user);
CURLcode snug_curl_set_write(CURL *easy, snug_curl_write_callback callback, void *_Nullable user);
CURLcode snug_curl_set_header(CURL *easy, snug_curl_write_callback callback, void *_Nullable user);
CURLcode snug_curl_set_seek(CURL *easy, snug_curl_seek_callback callback, void *_Nullable user);

/*
 * The sockets of one multi handle, from their opening on. libcurl does not tell the socket of a running transfer, and closes
 * it before the last bytes from the peer can be read. Used on the network thread only; must outlive the multi handle.
 */
typedef struct snug_sockets snug_sockets;
/* Non-zero to allow a connection to an address of 4 (IPv4) or 16 (IPv6) bytes in network order. */
typedef int (*snug_address_filter)(const unsigned char *address, size_t count);
snug_sockets *_Nullable snug_sockets_create(snug_address_filter is_allowed); /* NULL: out of memory */
void snug_sockets_free(snug_sockets *sockets);
/* Registers the sockets of the handle. With `is_filtered`, the filter checks addresses after names are resolved. */
CURLcode snug_curl_set_sockets(CURL *easy, snug_sockets *sockets, int is_filtered);
/* Sets a callback just before a request is sent, with the ports for `snug_sockets_find`. */
typedef int (*snug_curl_prerequest_callback)(
    void *_Nullable user, char *_Nullable peer_address, char *_Nullable local_address, int peer_port, int local_port);
CURLcode snug_curl_set_prerequest(CURL *easy, snug_curl_prerequest_callback callback, void *_Nullable user);
/* The socket with these ports, -1 when there is none. */
int snug_sockets_find(const snug_sockets *sockets, int local_port, int peer_port);
/* Bytes that the system holds for a socket and the peer has not acknowledged; 0 when unknown. */
long snug_sockets_unacknowledged(int socket);
/* Non-zero when there are bytes from the peer to read. */
int snug_sockets_has_input(int socket);
/* Holds small pieces back until they fill a segment, or until uncorked. */
void snug_sockets_cork(int socket, int is_corked);
/* Copies the unread bytes of a socket that was just closed. Returns their number. */
size_t snug_sockets_leftover(const snug_sockets *sockets, int socket, char *buffer, size_t capacity);
/* Drops the bytes of closed sockets; call it before more sockets are opened. */
void snug_sockets_forget_closed(snug_sockets *sockets);

/* Each returns `absent` if libcurl does not know the value. */
long snug_curl_get_long(CURL *easy, CURLINFO info, long absent);
curl_off_t snug_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t absent);

CURLMcode snug_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);

/* A finished transfer: its handle and result. Returns 0 when there is none left. */
int snug_curl_multi_next_finished(CURLM *multi, CURL *_Nullable *_Nonnull easy, CURLcode *result);

#pragma clang assume_nonnull end

#endif
