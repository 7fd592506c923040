/* The first step to a server: it listens, says where, and greets. Nobody can enter. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (inet_pton(AF_INET, argv[1], &at.sin_addr) != 1
        || bind(listener, (struct sockaddr *)&at, size) || listen(listener, 50)) {
        perror("ERRO 05");
        return 5;
    }
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("listening at %s:%d\n", argv[1], ntohs(at.sin_port));
    fflush(stdout);           /* into a pipe, printf keeps it back otherwise */
    signal(SIGPIPE, SIG_IGN); /* or a lost connection ends the program */
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        char octets[4096];
        send(connection, "BATEPAPO 1 my-server\n", 21, 0);
        while (recv(connection, octets, sizeof octets, 0) > 0)
            ; /* octets, not lines: what they say is the next step */
        close(connection);
    }
}
