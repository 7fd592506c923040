/* The limit: a bare relay. Whatever anybody sends is appended to one shared log, and
 * once in each turn of the loop every participant is sent, in one call, all of the log
 * that it does not have yet. It understands no command, knows no nicks, and checks
 * nothing; but who delivers these octets by system calls pays at least this.
 *
 *     relay PORT        listens on 127.0.0.1, Linux only
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST = 20000,           /* participants */
    LOG = 1 << 26,          /* octets of the log; a power of two, it is a ring */
    LINE = 512,             /* octets of the longest line */
    READ = 1 << 16,         /* octets that one read may bring */
    EVENTS = 1024,          /* that one turn handles */
};

struct participant {
    int socket;
    int waits;              /* whether epoll is to say when more can be sent */
    int gone;
    unsigned long has;      /* how much of the log it has been sent */
    unsigned long halves;   /* octets of a line that is not whole yet */
    char half[LINE];
};

static char ring[LOG];
static unsigned long said;  /* octets of the log, all in all */
static struct participant *present[MOST];
static int count;
static int epoll;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int operation, int socket, unsigned events, void *whose)
{
    struct epoll_event event = {.events = events, .data.ptr = whose};
    if (epoll_ctl(epoll, operation, socket, &event) < 0)
        fail("epoll_ctl");
}

static void append(const char *octets, unsigned long length)
{
    while (length > 0) {
        unsigned long at = said % LOG;
        unsigned long part = length < LOG - at ? length : LOG - at;
        memcpy(ring + at, octets, part);
        said += part;
        octets += part;
        length -= part;
    }
}

/* Half of a line at the end of a read would be torn apart by somebody else's, so it
 * waits for its other half. Returns whether this one is still there. */
static int receive(struct participant *one)
{
    static char octets[LINE + READ];
    memcpy(octets, one->half, one->halves);
    ssize_t come = recv(one->socket, octets + one->halves, READ, 0);
    if (come <= 0)
        return come < 0 && errno == EAGAIN;
    unsigned long length = one->halves + come;
    char *end = memrchr(octets, '\n', length);
    unsigned long whole = end == NULL ? 0 : end + 1 - octets;
    if (length - whole > LINE)
        return 0;
    append(octets, whole);
    one->halves = length - whole;
    memcpy(one->half, octets + whole, one->halves);
    return 1;
}

/* One call for everything, unless the ring begins again in the middle of it. */
static int deliver(struct participant *one)
{
    if (said - one->has > LOG)
        return 0;           /* so far behind that the log is lost */
    while (one->has < said) {
        unsigned long at = one->has % LOG;
        unsigned long part = said - one->has;
        if (part > LOG - at)
            part = LOG - at;
        ssize_t sent = send(one->socket, ring + at, part, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return 0;
        if (sent > 0)
            one->has += sent;
        if (sent < (ssize_t)part) {     /* the system takes no more now */
            if (!one->waits)
                watch(EPOLL_CTL_MOD, one->socket, EPOLLIN | EPOLLOUT, one);
            one->waits = 1;
            return 1;
        }
    }
    if (one->waits)
        watch(EPOLL_CTL_MOD, one->socket, EPOLLIN, one);
    one->waits = 0;
    return 1;
}

static void welcome(int listener)
{
    int socket, yes = 1;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct participant *one = calloc(1, sizeof *one);
        if (one == NULL || count == MOST)
            fail("too many participants");
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        one->socket = socket;
        one->has = said;
        present[count++] = one;
        watch(EPOLL_CTL_ADD, socket, EPOLLIN, one);
    }
}

static int listen_at(int port)
{
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0)
        fail("bind");
    if (listen(listener, 4096) < 0)
        fail("listen");
    return listener;
}

static void turn(int listener)
{
    static struct epoll_event events[EVENTS];
    int happened = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < happened; i++) {
        struct participant *one = events[i].data.ptr;
        if (one == NULL)
            welcome(listener);
        else if (events[i].events & ~EPOLLOUT)
            one->gone = !receive(one);
    }
    for (int i = 0; i < count; i++) {
        struct participant *one = present[i];
        if (one->gone || (one->has != said && !deliver(one))) {
            close(one->socket);
            free(one);
            present[i--] = present[--count];
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: relay PORT\n");
        return 2;
    }
    int listener = listen_at(atoi(argv[1]));
    epoll = epoll_create1(0);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;)
        turn(listener);
}
