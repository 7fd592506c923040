"""Ana asks, and asks, and reads no answer: `python asks.py PORT`."""

import selectors
import socket
import sys

QUESTIONS = b"/USUARIOS\n" * 1000

ana = socket.socket()
ana.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
ana.connect(("127.0.0.1", int(sys.argv[1])))
ana.sendall(b"/ENTRAR ana\n")
lines = ana.makefile("rb")
while b" ana@" not in lines.readline():
    pass

ana.setblocking(False)
writable = selectors.DefaultSelector()
writable.register(ana, selectors.EVENT_WRITE)
sent = 0
while writable.select(timeout=3):  # nothing taken for 3 s: enough
    sent += ana.send(QUESTIONS[sent % len(QUESTIONS) :])
print(sent, "octets of questions were taken, and no more")

ana.setblocking(True)
asked, answered = sent // 10, 0
while answered < asked and lines.readline() == b"USUARIOS 0 ana\n":
    answered += 1
print(answered, "answers to", asked, "questions")
