/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that sends a file in chunks of 1 MiB, each waiting for the answer to the one before: no library, no record, no
 * second attempt. What it takes longer than one request with everything is the protocol's, not a client's.
 * Usage: chunks PORT FILE PATCH|PUT PATH; PATCH is tus, PUT has Content-Range.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PIECE = CHUNK };

static int send_all(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 1;
}

static int connect_to(const char *port) {
    const int line = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!connect(line, (struct sockaddr *)&address, sizeof address)) return line;
    perror("chunks");
    exit(1);
}

/* Whether the answer is a success; `is_last` when the server closes the connection after it. */
static int is_accepted(int socket, int *is_last) {
    static char answer[4096];
    size_t have = 0;
    do {
        ssize_t got = recv(socket, answer + have, sizeof answer - 1 - have, 0);
        if (got <= 0) return 0;
        have += (size_t)got;
        answer[have] = 0;
    } while (!strstr(answer, "\r\n\r\n") && have < sizeof answer - 1);
    *is_last = strcasestr(answer, "\r\nConnection: close") != NULL;
    return !strncmp(answer, "HTTP/1.1 2", 10);
}

int main(int count, char **arguments) {
    if (count < 5) return 64;
    const int is_tus = !strcmp(arguments[3], "PATCH");
    static char piece[PIECE], head[512], place[128];
    const int file = open(arguments[2], O_RDONLY);
    int line = connect_to(arguments[1]), is_last = 0;
    const off_t length = lseek(file, 0, SEEK_END);
    if (length < 0) return 1;
    for (off_t offset = 0; offset < length; offset += CHUNK) {
        const off_t end = offset + CHUNK < length ? offset + CHUNK : length;
        snprintf(place, sizeof place, is_tus ? "Upload-Offset: %lld" : "Content-Range: bytes %lld-%lld/%lld",
                 (long long)offset, (long long)end - 1, (long long)length);
        const int size = snprintf(head, sizeof head,
            "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\n%s\r\n"
            "Content-Type: application/offset+octet-stream\r\nContent-Length: %lld\r\n\r\n",
            arguments[3], arguments[4], place, (long long)(end - offset));
        if (send(line, head, (size_t)size, MSG_NOSIGNAL | MSG_MORE) != size) return 1;
        for (off_t at = offset; at < end;) {
            const size_t wanted = end - at < PIECE ? (size_t)(end - at) : PIECE;
            ssize_t got = pread(file, piece, wanted, at);
            if (got <= 0 || !send_all(line, piece, (size_t)got)) return 1;
            at += got;
        }
        if (!is_accepted(line, &is_last)) return 1;
        if (!is_last) continue;
        close(line);
        line = connect_to(arguments[1]);
    }
    return 0;
}
