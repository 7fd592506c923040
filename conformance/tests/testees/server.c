/* A Bate-papo server in C, written from the specification alone: the suite's
 * proof that a testee is a process and a socket, in any language.
 *
 *     cc -std=c11 -O2 -o server server.c
 *     ./server [ADDRESS [PORT]] [options]
 *
 * One thread, one poll(2) loop, no library. Comments cite requirement ids.
 * With --forget-half-lines it makes one classic mistake on purpose (FRAME-3).
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 512, TEXT = 400, NICK = 16, NICKS_PER_LINE = 24, CHUNK = 65536 };

static const double FLUSH = 5, DRAIN = 5, END = 1.5, LONG = 60; /* seconds: CLOSE-2, END-2 */

static struct {
    double entry, stall;      /* seconds: LIMIT-1, SLOW-5 */
    size_t outbox;            /* octets: SLOW-2 */
    int most, most_of_one;    /* connections: LIMIT-2, LIMIT-3 */
    enum { BY_ADDRESS, SHOW, HIDE } addresses; /* EVENT-4 */
    bool forget_half_lines;   /* the mistake: what one read brings is all there is */
} options = {30, 60, 1 << 20, 10000, 0, BY_ADDRESS, false};

enum state { WAITING, PARTICIPANT, CLOSING };

struct connection {
    int socket;
    enum state state;
    char peer[64], host[48];  /* address:port as the log and origins show it */
    char nick[NICK + 1];
    char partial[LINE];       /* a line whose LF has not come */
    size_t length;
    char *out;                /* the outbox: what the system has not taken yet */
    size_t first, filled, room;
    bool writable, ended;     /* it takes octets; it has sent its end of stream */
    double accepted, progress, shut; /* when; shut is 0 before SHUT_WR */
    unsigned long turn;       /* the smaller, the earlier its close began */
    struct connection *next;  /* in order of acceptance */
    struct connection *next_present; /* participants, in order of entry: LIST-1 */
};

static struct connection *connections, *present;
static bool hidden;
static volatile sig_atomic_t asked_to_end;
static int wake[2];

/* ---- time and the log ---------------------------------------------------- */

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* The time of an event, which never goes backwards (ORDER-4). */
static const char *stamp(void) {
    static struct timespec latest;
    static char text[40];
    struct timespec at;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &at);
    if (at.tv_sec > latest.tv_sec ||
        (at.tv_sec == latest.tv_sec && at.tv_nsec > latest.tv_nsec))
        latest = at;
    gmtime_r(&latest.tv_sec, &parts);
    size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, sizeof text - length, ".%03ldZ", latest.tv_nsec / 1000000);
    return text;
}

/* LOG-1; a line that nobody takes is lost rather than waited for (SLOW-7). */
static void note(const struct connection *who, const char *what, const char *more) {
    char line[256];
    struct pollfd errors = {STDERR_FILENO, POLLOUT, 0};
    int length = snprintf(line, sizeof line, "%s %s %s%s%s\n", stamp(), who->peer, what,
                          *more ? " " : "", more);
    if (poll(&errors, 1, 0) == 1 && (errors.revents & POLLOUT))
        if (write(STDERR_FILENO, line, (size_t)length) < 0)
            return;
}

/* ---- the outbox ------------------------------------------------------------ */

static void depart(struct connection *who, const char *reason);
static void cut_off(struct connection *who);

/* Offer to the system what is due. A failed write ends nothing (EOF-3). */
static void offer(struct connection *to) {
    while (to->first < to->filled && to->writable) {
        ssize_t taken = send(to->socket, to->out + to->first, to->filled - to->first,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken > 0) {
            to->first += (size_t)taken;
            to->progress = now();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break;
        } else if (errno != EINTR) {
            to->writable = false;
        }
    }
    if (to->first == to->filled || !to->writable)
        to->first = to->filled = 0;
}

static void put(struct connection *to, const char *line, size_t length) {
    if (!to->writable)
        return;
    if (to->first == to->filled)
        to->progress = now();
    if (to->filled + length > to->room) {
        memmove(to->out, to->out + to->first, to->filled - to->first);
        to->filled -= to->first;
        to->first = 0;
        if (to->filled + length > to->room) {
            to->room = 2 * (to->filled + length);
            to->out = realloc(to->out, to->room);
            if (to->out == NULL)
                abort();
        }
    }
    memcpy(to->out + to->filled, line, length);
    to->filled += length;
    if (to->filled - to->first >= CHUNK || to->filled - to->first > options.outbox)
        offer(to);
}

__attribute__((format(printf, 2, 3)))
static void tell(struct connection *to, const char *form, ...) {
    char line[LINE + 1];
    va_list values;
    va_start(values, form);
    int length = vsnprintf(line, sizeof line, form, values);
    va_end(values);
    put(to, line, (size_t)length);
}

/* The identical line for everyone (EVENT-1), in one order for all (ORDER-1). */
__attribute__((format(printf, 1, 2)))
static void tell_everyone(const char *form, ...) {
    char line[LINE + 1];
    va_list values;
    va_start(values, form);
    int length = vsnprintf(line, sizeof line, form, values);
    va_end(values);
    for (struct connection *one = present; one != NULL; one = one->next_present)
        put(one, line, (size_t)length);
}

/* ---- the room -------------------------------------------------------------- */

static const char *origin(const struct connection *who) {
    static char text[NICK + 64 + 2];
    snprintf(text, sizeof text, "%s@%s", who->nick, hidden ? "-" : who->peer);
    return text;
}

static struct connection *named(const char *nick) {
    struct connection *one = present;
    while (one != NULL && strcasecmp(one->nick, nick) != 0)
        one = one->next_present;
    return one;
}

static void list_for(struct connection *who) {
    int remaining = 0;
    for (struct connection *one = present; one != NULL; one = one->next_present)
        remaining++;
    struct connection *one = present;
    do { /* LIST-2: the list of an empty room is one line, too */
        char nicks[LINE] = "";
        size_t length = 0;
        for (int i = 0; i < NICKS_PER_LINE && one != NULL; i++, one = one->next_present) {
            length += (size_t)snprintf(nicks + length, sizeof nicks - length, " %s", one->nick);
            remaining--;
        }
        tell(who, "USUARIOS %d%s\n", remaining, nicks);
    } while (one != NULL);
}

/* CLOSE-3: too many are being closed, so the one that began first has had its time. */
static void bound_the_closing(void) {
    int closing = 0;
    struct connection *first = NULL;
    for (struct connection *one = connections; one != NULL; one = one->next)
        if (one->state == CLOSING && !(one->ended && one->shut != 0)) {
            closing++;
            if (first == NULL || one->turn < first->turn)
                first = one;
        }
    if (closing > options.most) {
        first->first = first->filled = 0;
        first->shut = now();
        first->ended = true;
    }
}

static void begin_to_close(struct connection *who) {
    static unsigned long turns;
    if (who->state != CLOSING)
        who->turn = ++turns;
    who->state = CLOSING;
    who->progress = now();
    bound_the_closing();
}

static void refuse(struct connection *who, const char *cause, const char *rule) {
    note(who, "ERRO 03", cause);
    depart(who, rule);
    tell(who, "ERRO 03 %s :%s\n", cause, rule);
    begin_to_close(who);
}

/* A participation ends (LEAVE-3): the others are told, and the nick is free (ENTER-5). */
static void depart(struct connection *who, const char *reason) {
    if (who->state != PARTICIPANT)
        return;
    struct connection **link = &present;
    while (*link != who)
        link = &(*link)->next_present;
    *link = who->next_present;
    who->state = CLOSING;
    note(who, "leaves:", reason);
    tell_everyone("SAIU %s %s :%s\n", stamp(), origin(who), reason);
}

static void enter(struct connection *who, const char *nick) {
    if (named(nick) != NULL) {
        note(who, "ERRO 01", "");
        tell(who, "ERRO 01 %s :ENTER-3: somebody has this nick\n", nick);
        return;
    }
    list_for(who); /* ENTER-1: those present before it */
    strcpy(who->nick, nick);
    who->state = PARTICIPANT;
    who->next_present = NULL;
    struct connection **link = &present;
    while (*link != NULL)
        link = &(*link)->next_present;
    *link = who;
    note(who, "enters as", nick);
    tell_everyone("ENTROU %s %s\n", stamp(), origin(who));
}

static void leave(struct connection *who) {
    if (who->state == PARTICIPANT) { /* LEAVE-1: its own SAIU, too */
        tell_everyone("SAIU %s %s :LEAVE-1: said goodbye\n", stamp(), origin(who));
        struct connection **link = &present;
        while (*link != who)
            link = &(*link)->next_present;
        *link = who->next_present;
    }
    note(who, "leaves:", "said goodbye");
    begin_to_close(who);
}

static void whisper(struct connection *who, const char *nick, const char *text) {
    struct connection *destination = named(nick);
    if (destination == NULL) {
        note(who, "ERRO 02", "");
        tell(who, "ERRO 02 %s :PRIVATE-2: nobody here has this nick\n", nick);
        return;
    }
    tell(destination, "PRIVADA %s %s :%s\n", stamp(), origin(who), text);
    tell(who, "ENVIADA %s\n", destination->nick); /* PRIVATE-3: after it */
}

/* ---- lines ------------------------------------------------------------------- */

static bool letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static bool is_nick(const char *word, size_t length) {
    if (length < 1 || length > NICK || !letter(word[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!letter(word[i]) && !(word[i] >= '0' && word[i] <= '9') && word[i] != '-' &&
            word[i] != '_')
            return false;
    return true;
}

static bool is_text(const char *text) {
    size_t length = strlen(text);
    return length >= 1 && length <= TEXT;
}

/* Carry out one line. Grammar is judged before state (STATE-4). */
static void carry_out(struct connection *who, char *line, size_t length) {
    static const char *malformed = "FRAME-4: the grammar has no such line";
    static const char *out_of_state = "STATE-1, STATE-2: not now";
    if (length > 0 && line[length - 1] == '\r')
        length--; /* FRAME-2 */
    line[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (line[i] < 0x20 || line[i] > 0x7e) {
            refuse(who, "sintaxe", malformed);
            return;
        }
    bool inside = who->state == PARTICIPANT;
    char *colon = strchr(line, ':');
    if (strcmp(line, "/SAIR") == 0 || strcmp(line, "{quit}") == 0) {
        leave(who);
    } else if (strcmp(line, "/USUARIOS") == 0) {
        if (inside)
            list_for(who);
        else
            refuse(who, "estado", out_of_state);
    } else if (strncmp(line, "/ENTRAR ", 8) == 0 && is_nick(line + 8, length - 8)) {
        if (inside)
            refuse(who, "estado", out_of_state);
        else
            enter(who, line + 8);
    } else if (colon != NULL && is_text(colon + 1) &&
               (colon == line || is_nick(line, (size_t)(colon - line)))) {
        *colon = '\0';
        if (!inside)
            refuse(who, "estado", out_of_state);
        else if (colon == line)
            tell_everyone("PUBLICA %s %s :%s\n", stamp(), origin(who), colon + 1);
        else
            whisper(who, line, colon + 1);
    } else {
        refuse(who, "sintaxe", malformed);
    }
}

/* Find the lines, whatever way the octets arrive (FRAME-3). */
static void take(struct connection *who, const char *octets, size_t count) {
    for (size_t i = 0; i < count && who->state != CLOSING; i++) {
        if (octets[i] == '\n') {
            size_t length = who->length;
            who->length = 0;
            carry_out(who, who->partial, length);
            continue;
        }
        who->partial[who->length++] = octets[i];
        if (who->length == LINE) /* FRAME-5 */
            refuse(who, "sintaxe", "FRAME-5: a line has at most 512 octets");
    }
    if (options.forget_half_lines)
        who->length = 0;
}

/* ---- connections ------------------------------------------------------------- */

static void hear(struct connection *who) {
    static char chunk[CHUNK];
    ssize_t count = recv(who->socket, chunk, sizeof chunk, MSG_DONTWAIT);
    if (count > 0 && who->state != CLOSING) {
        take(who, chunk, (size_t)count);
    } else if (count < 0 && errno != EAGAIN && errno != EINTR) {
        depart(who, "LEAVE-3: the connection was reset");
        begin_to_close(who);
        who->writable = false;
        who->ended = true;
    } else if (count == 0) { /* EOF-1; what is partial is dropped (EOF-2) */
        depart(who, "LEAVE-3: the stream ended");
        if (who->state != CLOSING)
            note(who, "goes", "");
        begin_to_close(who);
        who->ended = true;
    }
}

static void cut_off(struct connection *who) {
    note(who, "ERRO 03", "limite (cut off)");
    depart(who, "SLOW-2, SLOW-5: did not read");
    begin_to_close(who);
    who->writable = false; /* told nothing: it does not read */
    who->ended = true;
}

static bool set(int socket, int level, int name, int value) {
    return setsockopt(socket, level, name, &value, sizeof value) == 0;
}

static void welcome(int listener) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    int taken = accept4(listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (taken < 0)
        return;
    struct connection *who = calloc(1, sizeof *who);
    if (who == NULL)
        abort();
    int port;
    if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
        inet_ntop(AF_INET6, &six->sin6_addr, who->host, sizeof who->host);
        port = ntohs(six->sin6_port);
        snprintf(who->peer, sizeof who->peer, "[%s]:%d", who->host, port);
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &four->sin_addr, who->host, sizeof who->host);
        port = ntohs(four->sin_port);
        snprintf(who->peer, sizeof who->peer, "%s:%d", who->host, port);
    }
    set(taken, SOL_SOCKET, SO_KEEPALIVE, 1); /* TCP-3 */
    set(taken, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(taken, IPPROTO_TCP, TCP_NODELAY, 1);
    int all = 0, of_one = 0;
    struct connection **link = &connections;
    for (; *link != NULL; link = &(*link)->next)
        if ((*link)->state != CLOSING) {
            all++;
            of_one += strcmp((*link)->host, who->host) == 0;
        }
    *link = who;
    who->socket = taken;
    who->writable = true;
    who->accepted = who->progress = now();
    note(who, "connects", "");
    tell(who, "BATEPAPO 1 conformance-c/1\n");
    if (all >= options.most)
        refuse(who, "cheio", "LIMIT-2: the server is full");
    else if (options.most_of_one && of_one >= options.most_of_one)
        refuse(who, "limite", "LIMIT-3: too many from one address");
}

/* Do what time asks for; give the seconds until it asks again, 0 if at once. */
static double attend(struct connection *who) {
    double at = now(), due = at + LONG;
    if (who->state == WAITING) {
        due = who->accepted + options.entry;
        if (at >= due) {
            refuse(who, "tempo", "LIMIT-1: did not enter in time");
            return 0;
        }
    }
    bool stuck = who->first < who->filled;
    if (stuck && who->state != CLOSING) {
        if (who->filled - who->first > options.outbox || at >= who->progress + options.stall) {
            offer(who);
            if (who->filled - who->first > options.outbox || at >= who->progress + options.stall)
                cut_off(who);
            return 0;
        }
        if (who->progress + options.stall < due)
            due = who->progress + options.stall;
    }
    if (who->state == CLOSING) { /* section 6.5: flush, shut down, drain, close */
        if (stuck && at >= who->progress + FLUSH)
            who->first = who->filled = 0;
        if (who->first == who->filled && who->shut == 0) {
            shutdown(who->socket, SHUT_WR);
            who->shut = at;
        }
        due = who->shut == 0 ? who->progress + FLUSH : who->shut + DRAIN;
    }
    return due > at ? due - at : 0;
}

static bool done(const struct connection *who) {
    return who->state == CLOSING && who->shut != 0 &&
           (who->ended || now() >= who->shut + DRAIN);
}

static void forget_the_closed(void) {
    for (struct connection **link = &connections; *link != NULL;) {
        struct connection *who = *link;
        if (!done(who)) {
            link = &who->next;
            continue;
        }
        *link = who->next;
        close(who->socket);
        free(who->out);
        free(who);
    }
}

/* ---- the loop ---------------------------------------------------------------- */

static void on_signal(int number) {
    (void)number;
    if (asked_to_end)
        _exit(0); /* END-3 */
    asked_to_end = 1;
    if (write(wake[1], "!", 1) < 0)
        _exit(0);
}

static void serve(int listener) {
    static struct pollfd *polled;
    static size_t room;
    double ending = 0;
    while (ending == 0 || (connections != NULL && now() < ending)) {
        double soon = LONG;
        size_t count = 2;
        for (struct connection *one = connections; one != NULL; one = one->next) {
            double seconds;
            offer(one);
            while ((seconds = attend(one)) == 0 && !done(one))
                continue;
            if (seconds > 0 && seconds < soon)
                soon = seconds;
            count++;
        }
        forget_the_closed();
        if (count > room) {
            room = 2 * count;
            polled = realloc(polled, room * sizeof *polled);
            if (polled == NULL)
                abort();
        }
        polled[0] = (struct pollfd){ending == 0 ? listener : -1, POLLIN, 0};
        polled[1] = (struct pollfd){ending == 0 ? wake[0] : -1, POLLIN, 0};
        count = 2;
        for (struct connection *one = connections; one != NULL; one = one->next) {
            short wanted = one->ended ? 0 : POLLIN;
            if (one->first < one->filled)
                wanted |= POLLOUT;
            polled[count++] = (struct pollfd){wanted ? one->socket : -1, wanted, 0};
        }
        if (ending != 0 && soon > ending - now())
            soon = ending > now() ? ending - now() : 0;
        if (poll(polled, count, (int)(soon * 1000) + 1) < 0)
            continue;
        struct connection *one = connections;
        for (size_t i = 2; i < count; i++, one = one->next) {
            if (polled[i].revents & (POLLIN | POLLHUP | POLLERR) && !one->ended)
                hear(one);
        }
        if (polled[0].revents & POLLIN)
            welcome(listener);
        if (asked_to_end && ending == 0) {
            ending = now() + END;
            for (one = connections; one != NULL; one = one->next)
                if (one->state != CLOSING)
                    refuse(one, "fim", "END-1: the server ends");
        }
    }
}

/* ---- the program ------------------------------------------------------------- */

static void invalid(const char *address, const char *port) {
    fprintf(stderr, "ERRO 05: cannot listen at %s, port %s\n", address, port);
    exit(5);
}

static void wrong_usage(const char *word) {
    fprintf(stderr, "not understood: %s\n", word);
    exit(2);
}

static double number(const char *word, const char *text, double least, bool whole) {
    char *end;
    double value = text == NULL ? -1 : strtod(text, &end);
    if (text == NULL || *text == '\0' || *end != '\0' || !(value >= least) || value > 1e9 ||
        strspn(text, whole ? "0123456789" : "0123456789.") != strlen(text))
        wrong_usage(word);
    return value;
}

static void read_arguments(char **words, const char **address, const char **port) {
    int place = 0;
    for (; *words != NULL; words++) {
        const char *word = *words, *value = words[1];
        if (strcmp(word, "--forget-half-lines") == 0) {
            options.forget_half_lines = true;
            continue;
        }
        if (strncmp(word, "--", 2) != 0) {
            bool port_below_0 = word[0] == '-' && word[1] >= '0' && word[1] <= '9';
            if (place == 2 || (word[0] == '-' && !(place == 1 && port_below_0)))
                wrong_usage(word);
            if (*word != '\0')
                *(place == 0 ? address : port) = word;
            place++;
            continue;
        }
        if (strcmp(word, "--entry-timeout") == 0)
            options.entry = number(word, value, 1e-9, false);
        else if (strcmp(word, "--stall-timeout") == 0)
            options.stall = number(word, value, 1e-9, false);
        else if (strcmp(word, "--outbox-limit") == 0)
            options.outbox = (size_t)number(word, value, 1, true);
        else if (strcmp(word, "--max-connections") == 0)
            options.most = (int)number(word, value, 1, true);
        else if (strcmp(word, "--max-per-address") == 0)
            options.most_of_one = (int)number(word, value, 0, true);
        else if (strcmp(word, "--addresses") == 0 && value && strcmp(value, "show") == 0)
            options.addresses = SHOW;
        else if (strcmp(word, "--addresses") == 0 && value && strcmp(value, "hide") == 0)
            options.addresses = HIDE;
        else
            wrong_usage(word);
        words++;
    }
}

static int listen_at(const char *address, const char *port) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    size_t digits = strspn(port, "0123456789");
    if (digits == 0 || digits > 5 || port[digits] != '\0' || atoi(port) > 65535 ||
        (port[0] == '0' && digits > 1))
        invalid(address, port);
    /* inet_pton: getaddrinfo would also take `127.1`, which is no address in text form */
    unsigned char octets[16];
    if (strchr(address, ':') == NULL && inet_pton(AF_INET, address, octets) != 1)
        invalid(address, port);
    if (getaddrinfo(address, port, &hints, &found) != 0)
        invalid(address, port);
    int listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 || !set(listener, SOL_SOCKET, SO_REUSEADDR, 1) || /* RUN-9 */
        bind(listener, found->ai_addr, found->ai_addrlen) != 0 || listen(listener, 1024) != 0)
        invalid(address, port);
    hidden = options.addresses == HIDE ||
             (options.addresses == BY_ADDRESS && strncmp(address, "127.", 4) != 0 &&
              strcmp(address, "::1") != 0);
    freeaddrinfo(found);
    return listener;
}

int main(int count, char **words) {
    const char *address = "127.0.0.1", *port = "55555";
    struct sigaction ending = {.sa_handler = on_signal};
    (void)count;
    read_arguments(words + 1, &address, &port);
    if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
        return 1;
    sigaction(SIGINT, &ending, NULL);
    sigaction(SIGTERM, &ending, NULL);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_at(address, port);
    union { struct sockaddr any; struct sockaddr_in four; struct sockaddr_in6 six; } bound;
    socklen_t size = sizeof bound;
    getsockname(listener, &bound.any, &size);
    bool six = bound.any.sa_family == AF_INET6;
    printf("Bate-papo in C, listening at %s%s%s:%d\n", six ? "[" : "", address,
           six ? "]" : "", ntohs(six ? bound.six.sin6_port : bound.four.sin_port));
    fflush(stdout); /* RUN-2: at once, also into a pipe */
    serve(listener);
    return 0;
}
