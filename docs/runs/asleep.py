"""Ana talks while Bia sleeps: `python asleep.py PORT LINES`."""

import socket
import sys


def enter(nick, room=None):
    s = socket.socket()
    if room:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    s.settimeout(5)
    s.connect(("127.0.0.1", int(sys.argv[1])))
    s.sendall(f"/ENTRAR {nick}\n".encode("ascii"))
    lines = s.makefile("rb")
    while f" {nick}@".encode("ascii") not in lines.readline():
        pass
    return s, lines


ana, heard = enter("ana")
bia, _ = enter("bia", room=4096)  # and reads nothing more
said = 0
try:
    while said < int(sys.argv[2]):
        ana.sendall(b":" + b"x" * 400 + b"\n")
        said += 1
        while not (line := heard.readline()).startswith(b"PUBLICA"):
            print(said, line.decode("ascii"), end="")
    ana.sendall(b"/USUARIOS\n")
    while line := heard.readline():
        print(said, line.decode("ascii"), end="")
except TimeoutError:
    print(said, "and 5 s of silence")
