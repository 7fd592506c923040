"""Do four people hear one order? `python order.py PORT ROUNDS`."""

import socket
import sys


def enter(nick):
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(5)
    s.sendall(f"/ENTRAR {nick}\n".encode("ascii"))
    lines = s.makefile("rb")
    hear(lines, b"ENTROU", 1)
    return s, lines


def hear(lines, word, number):
    heard = []
    while len(heard) < number and (line := lines.readline()):
        if line.startswith(word):
            heard.append(line)
    return heard


port, rounds = int(sys.argv[1]), int(sys.argv[2])
people = [enter(nick) for nick in ("ana", "beto", "carla", "davi")]
different = 0
for _ in range(rounds):
    for s, _ in people:
        s.sendall(b":a\n:b\n:c\n:d\n:e\n")
    first, *others = [hear(lines, b"PUBLICA", 20) for _, lines in people]
    different += any(one != first for one in others)
print(different, "/", rounds)
