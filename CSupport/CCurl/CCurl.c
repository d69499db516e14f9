/* SPDX-License-Identifier: Apache-2.0 */
#include "CCurl.h"

#include "functions.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

CURLcode snug_curl_set_long(CURL *easy, CURLoption option, long value) {
    return snug_curl.easy_setopt(easy, option, value);
}

CURLcode snug_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return snug_curl.easy_setopt(easy, option, value);
}

CURLcode snug_curl_set_string(CURL *easy, CURLoption option, const char *value) {
    return snug_curl.easy_setopt(easy, option, value);
}

CURLcode snug_curl_set_headers(CURL *easy, struct curl_slist *headers) {
    return snug_curl.easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

CURLcode snug_curl_set_read(CURL *easy, snug_curl_read_callback callback, void *user) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_READFUNCTION, callback);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_READDATA, user);
}

CURLcode snug_curl_set_write(CURL *easy, snug_curl_write_callback callback, void *user) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_WRITEDATA, user);
}

CURLcode snug_curl_set_header(CURL *easy, snug_curl_write_callback callback, void *user) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, callback);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_HEADERDATA, user);
}

CURLcode snug_curl_set_seek(CURL *easy, snug_curl_seek_callback callback, void *user) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_SEEKFUNCTION, callback);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_SEEKDATA, user);
}

#define LEFTOVER_CAPACITY (16 * 1024)

struct entry {
    int socket;
    int is_closed;
    size_t leftover;
    char *bytes;
};
struct snug_sockets {
    struct entry *entries;
    size_t count, capacity;
    snug_address_filter is_allowed;
};

snug_sockets *snug_sockets_create(snug_address_filter is_allowed) {
    snug_sockets *sockets = calloc(1, sizeof(snug_sockets));
    if (sockets) sockets->is_allowed = is_allowed;
    return sockets;
}

void snug_sockets_free(snug_sockets *sockets) {
    if (!sockets) return;
    for (size_t i = 0; i < sockets->count; i++) free(sockets->entries[i].bytes);
    free(sockets->entries);
    free(sockets);
}

static int remember(snug_sockets *sockets, int socket) {
    if (sockets->count == sockets->capacity) {
        size_t capacity = sockets->capacity ? sockets->capacity * 2 : 16;
        struct entry *more = realloc(sockets->entries, capacity * sizeof *more);
        if (!more) return 0;
        sockets->entries = more;
        sockets->capacity = capacity;
    }
    sockets->entries[sockets->count++] = (struct entry){.socket = socket};
    return 1;
}

static curl_socket_t open_any(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    (void)purpose;
    int opened = socket(address->family, address->socktype, address->protocol);
    if (opened >= 0 && !remember(user, opened)) {
        close(opened);
        return CURL_SOCKET_BAD;
    }
#ifdef TCP_KEEPCNT
    /* libcurl sets the interval of probes and not their number. No error: some kinds of sockets have no probes. */
    int probes = 2;
    if (opened >= 0) (void)setsockopt(opened, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#endif
    return opened;
}

static curl_socket_t open_filtered(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    const snug_sockets *sockets = user;
    const void *raw = NULL;
    size_t count = 0;
    if (address->family == AF_INET) {
        raw = &((const struct sockaddr_in *)(const void *)&address->addr)->sin_addr;
        count = 4;
    } else if (address->family == AF_INET6) {
        raw = &((const struct sockaddr_in6 *)(const void *)&address->addr)->sin6_addr;
        count = 16;
    }
    if (!raw || !sockets->is_allowed(raw, count)) return CURL_SOCKET_BAD;
    return open_any(user, purpose, address);
}

static int close_known(void *user, curl_socket_t socket) {
    snug_sockets *sockets = user;
    for (size_t i = 0; i < sockets->count; i++) {
        struct entry *entry = &sockets->entries[i];
        if (entry->socket != socket || entry->is_closed) continue;
        entry->is_closed = 1;
        entry->bytes = malloc(LEFTOVER_CAPACITY);
        ssize_t got = entry->bytes ? recv(socket, entry->bytes, LEFTOVER_CAPACITY, MSG_DONTWAIT) : 0;
        entry->leftover = got > 0 ? (size_t)got : 0;
    }
    return close(socket);
}

CURLcode snug_curl_set_sockets(CURL *easy, snug_sockets *sockets, int is_filtered) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, is_filtered ? open_filtered : open_any);
    if (!code) code = snug_curl.easy_setopt(easy, CURLOPT_OPENSOCKETDATA, sockets);
    if (!code) code = snug_curl.easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_known);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, sockets);
}

CURLcode snug_curl_set_prerequest(CURL *easy, snug_curl_prerequest_callback callback, void *user) {
    CURLcode code = snug_curl.easy_setopt(easy, CURLOPT_PREREQFUNCTION, callback);
    return code ? code : snug_curl.easy_setopt(easy, CURLOPT_PREREQDATA, user);
}

static int port_of(int (*ask)(int, struct sockaddr *, socklen_t *), int socket) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (ask(socket, (struct sockaddr *)&address, &size) != 0) return -1;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return -1;
}

static int local_of(int s, struct sockaddr *a, socklen_t *n) { return getsockname(s, a, n); }
static int peer_of(int s, struct sockaddr *a, socklen_t *n) { return getpeername(s, a, n); }

int snug_sockets_find(const snug_sockets *sockets, int local_port, int peer_port) {
    for (size_t i = 0; i < sockets->count; i++) {
        const struct entry *entry = &sockets->entries[i];
        if (!entry->is_closed && port_of(local_of, entry->socket) == local_port
            && port_of(peer_of, entry->socket) == peer_port)
            return entry->socket;
    }
    return -1;
}

long snug_sockets_unacknowledged(int socket) {
    int queued = 0;
    if (socket < 0) return 0;
#if defined(SIOCOUTQ)
    if (ioctl(socket, SIOCOUTQ, &queued) != 0) return 0;
#elif defined(SO_NWRITE)
    socklen_t size = sizeof queued;
    if (getsockopt(socket, SOL_SOCKET, SO_NWRITE, &queued, &size) != 0) return 0;
#endif
    return queued;
}

int snug_sockets_has_input(int socket) {
    char byte;
    return socket >= 0 && recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void snug_sockets_cork(int socket, int is_corked) {
#ifdef TCP_CORK
    /* No error: if it fails, the head is sent in a packet of its own. */
    if (socket >= 0) (void)setsockopt(socket, IPPROTO_TCP, TCP_CORK, &is_corked, sizeof is_corked);
#else
    (void)socket;
    (void)is_corked;
#endif
}

size_t snug_sockets_leftover(const snug_sockets *sockets, int socket, char *buffer, size_t capacity) {
    /* The system reuses numbers: the last closed socket of that number counts. */
    for (size_t i = sockets->count; i-- > 0;) {
        const struct entry *entry = &sockets->entries[i];
        if (entry->socket != socket || !entry->is_closed || !entry->leftover) continue;
        size_t count = entry->leftover < capacity ? entry->leftover : capacity;
        memcpy(buffer, entry->bytes, count);
        return count;
    }
    return 0;
}

void snug_sockets_forget_closed(snug_sockets *sockets) {
    size_t kept = 0;
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->entries[i].is_closed) free(sockets->entries[i].bytes);
        else sockets->entries[kept++] = sockets->entries[i];
    }
    sockets->count = kept;
}

long snug_curl_get_long(CURL *easy, CURLINFO info, long absent) {
    long value = 0;
    return snug_curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : absent;
}

curl_off_t snug_curl_get_offset(CURL *easy, CURLINFO info, curl_off_t absent) {
    curl_off_t value = 0;
    return snug_curl.easy_getinfo(easy, info, &value) == CURLE_OK ? value : absent;
}

CURLMcode snug_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return snug_curl.multi_setopt(multi, option, value);
}

int snug_curl_multi_next_finished(CURLM *multi, CURL **easy, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = snug_curl.multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *easy = message->easy_handle;
        *result = message->data.result;
        return 1;
    }
    return 0;
}
