/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends images to POST /v1/fit, from many connections at once, with as little work as it can: it shares the server's cores.
 * Each image is the same JPEG with a comment of its own. At a rate, an image's time comes whether or not earlier ones have
 * ended, as long as a connection is free; without one, each connection sends its next when it has the response.
 * Usage: load PORT QUERY FILE CONNECTIONS SECONDS RATE FIRST; RATE 0 for none, FIRST is the first comment's number.
 * Prints the count of each status (0: no response), the seconds until the last response, and the number after the last.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, MOST_STATUS = 600 };

static const char *query;
static int port, file;
static off_t length;
static double rate, start, end;
static long first;
static atomic_long taken, statuses[MOST_STATUS];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int connect_to_server(void) {
    const int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!connect(line, (struct sockaddr *)&address, sizeof address)) {
        setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        return line;
    }
    close(line);
    return -1;
}

/* A file of the same image: its start and its comment, then the rest of the file. */
static int send_image(int line, long number) {
    char text[512], comment[17];
    snprintf(comment, sizeof comment, "%016ld", number);
    int count = snprintf(
        text, sizeof text,
        "POST /v1/fit?%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: image/jpeg\r\nContent-Length: %lld\r\n\r\n", query, port,
        (long long)length + 20);
    memcpy(text + count, "\xff\xd8\xff\xfe\x00\x12", 6);
    memcpy(text + count + 6, comment, 16);
    count += 22;
    if (send(line, text, (size_t)count, MSG_NOSIGNAL | MSG_MORE) != count) return 0;
    for (off_t place = 2; place < length;)
        if (sendfile(line, file, &place, (size_t)(length - place)) <= 0) return 0;
    return 1;
}

/* The response's status, read to its end; 0 when it does not come whole. */
static int response(int line, int *is_last) {
    char text[1 << 16];
    size_t have = 0;
    const char *body;
    do {
        const ssize_t got = recv(line, text + have, sizeof text - 1 - have, 0);
        if (got <= 0) return 0;
        have += (size_t)got;
        text[have] = 0;
    } while (!(body = strstr(text, "\r\n\r\n")) && have < sizeof text - 1);
    if (!body) return 0;
    const char *announced = strcasestr(text, "\r\ncontent-length:");
    *is_last = strcasestr(text, "\r\nconnection: close") != NULL;
    if (!announced || announced > body) return 0;
    const int status = atoi(text + 9);
    long left = atol(announced + 17) - (long)(have - (size_t)(body + 4 - text));
    while (left > 0) {
        const ssize_t got = recv(line, text, sizeof text, 0);
        if (got <= 0) return 0;
        left -= got;
    }
    return status > 0 && status < MOST_STATUS ? status : 0;
}

static void *send_images(void *unused) {
    int line = -1;
    for (;;) {
        const long number = atomic_fetch_add(&taken, 1);
        const double time = rate > 0 ? start + (double)number / rate : now();
        if (time >= end) break;
        const double wait = time - now();
        if (wait > 0) nanosleep(&(struct timespec){(time_t)wait, (long)((wait - (double)(time_t)wait) * 1e9)}, NULL);
        if (line < 0) line = connect_to_server();
        int is_last = 0;
        const int status = line >= 0 && send_image(line, first + number) ? response(line, &is_last) : 0;
        atomic_fetch_add(&statuses[status], 1);
        if (line >= 0 && (!status || is_last)) {
            close(line);
            line = -1;
        }
    }
    if (line >= 0) close(line);
    return unused;
}

int main(int count, char **arguments) {
    if (count != 8) return 64;
    port = atoi(arguments[1]);
    query = arguments[2];
    file = open(arguments[3], O_RDONLY | O_CLOEXEC);
    length = lseek(file, 0, SEEK_END);
    const int connections = atoi(arguments[4]);
    rate = atof(arguments[6]);
    first = atol(arguments[7]);
    if (length < 2 || connections < 1 || connections > MOST_CONNECTIONS || strlen(query) > 200) return 64;
    pthread_t threads[MOST_CONNECTIONS];
    start = now();
    end = start + atof(arguments[5]);
    for (int i = 0; i < connections; i++)
        if (pthread_create(&threads[i], NULL, send_images, NULL)) return 1;
    for (int i = 0; i < connections; i++) pthread_join(threads[i], NULL);
    for (int status = 0; status < MOST_STATUS; status++)
        if (statuses[status]) printf("%d %ld\n", status, statuses[status]);
    printf("seconds %.6f\nnext %ld\n", now() - start, first + taken);
    return 0;
}
