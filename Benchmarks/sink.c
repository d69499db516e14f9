/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that reads what it is sent and keeps nothing but the count, so that a benchmark measures its clients: PUT,
 * ranged PUT, and tus 1.0.0 with one upload at a time. Usage: sink PORT [LIMIT]; it serves 127.0.0.1 until it is ended,
 * and answers 413 to bodies of more than LIMIT bytes, which keeps chunks from growing.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_CAPACITY = 16 << 10, BUFFER_CAPACITY = 256 << 10 };

static atomic_llong stored;
static long long limit = INT64_MAX;

static int send_all(int client, const char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t sent = send(client, text, left, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        text += sent;
        left -= (size_t)sent;
    }
    return 1;
}

/* The value of a header, or NULL. */
static const char *header(const char *head, const char *name) {
    const size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, length) && line[2 + length] == ':') return line + 3 + length;
    return NULL;
}

static int answer(int client, const char *head, long long received) {
    char text[256];
    if (!strncmp(head, "OPTIONS ", 8))
        return send_all(client, "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nTus-Version: 1.0.0\r\n"
                                "Tus-Extension: creation,termination\r\n\r\n");
    if (!strncmp(head, "POST ", 5)) {
        stored = 0;
        return send_all(client, "HTTP/1.1 201 Created\r\nLocation: /files/1\r\nContent-Length: 0\r\n\r\n");
    }
    if (!strncmp(head, "PATCH ", 6)) {
        const char *offset = header(head, "Upload-Offset");
        stored = (offset ? atoll(offset) : 0) + received;
        snprintf(text, sizeof text, "HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %lld\r\n\r\n",
                 (long long)stored);
        return send_all(client, text);
    }
    if (!strncmp(head, "PUT ", 4)) {
        const char *range = header(head, "Content-Range");
        const char *first = range ? strstr(range, "bytes ") : NULL;
        stored = (first ? atoll(first + 6) : 0) + received;
        return send_all(client, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    }
    if (!strncmp(head, "DELETE ", 7)) {
        stored = 0;
        return send_all(client, "HTTP/1.1 204 No Content\r\n\r\n");
    }
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %lld\r\nContent-Length: %lld\r\n\r\n",
             (long long)stored, (long long)stored);
    return send_all(client, text);
}

static void *serve(void *context) {
    const int client = (int)(intptr_t)context;
    char *buffer = malloc(BUFFER_CAPACITY), *head = malloc(HEAD_CAPACITY + 1);
    size_t have = 0;
    while (buffer && head) {
        char *end = NULL;
        head[have] = 0;
        while (!(end = strstr(head, "\r\n\r\n")) && have < HEAD_CAPACITY) {
            ssize_t got = recv(client, head + have, HEAD_CAPACITY - have, 0);
            if (got <= 0) goto over;
            have += (size_t)got;
            head[have] = 0;
        }
        if (!end) break;
        const size_t head_size = (size_t)(end + 4 - head);
        const char *length = header(head, "Content-Length");
        const long long expected = length ? atoll(length) : 0;
        long long received = (long long)(have - head_size);
        if (received > expected) received = expected; /* nobody sends ahead here but curl's next request, which waits */
        const int is_refused = expected > limit;
        if (header(head, "Expect") && !is_refused && received == 0 && !send_all(client, "HTTP/1.1 100 Continue\r\n\r\n")) break;
        while (received < expected && !(is_refused && header(head, "Expect"))) {
            const long long left = expected - received;
            ssize_t got = recv(client, buffer, left < BUFFER_CAPACITY ? (size_t)left : BUFFER_CAPACITY, 0);
            if (got <= 0) goto over;
            received += got;
        }
        if (is_refused) {
            if (!send_all(client, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")) break;
            have = 0;
            continue;
        }
        end[2] = 0;
        if (!answer(client, head, received)) break;
        have = 0;
    }
over:
    free(buffer);
    free(head);
    close(client);
    return NULL;
}

int main(int count, char **arguments) {
    if (count < 2) return 64;
    if (count > 2) limit = atoll(arguments[2]);
    signal(SIGPIPE, SIG_IGN);
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arguments[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64)) {
        perror("sink");
        return 1;
    }
    while (1) {
        const int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)client)) close(client);
        else pthread_detach(thread);
    }
}
