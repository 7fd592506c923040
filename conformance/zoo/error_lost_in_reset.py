"""Closes while unread octets wait: breaks CLOSE-1.

It writes `ERRO 03` and closes, as one would. But if the client was still sending, the
system answers with a reset, and that takes the error away before it is read.
"""

import socket
import sys
from weakref import WeakKeyDictionary

from batepapo_threaded import blocking, connection, server
from batepapo_threaded.__main__ import main
from batepapo_threaded.room import State, Visitor

VISITORS: WeakKeyDictionary[socket.socket, Visitor] = WeakKeyDictionary()


def receive(sock: socket.socket, limit: int) -> bytes:
    """Read little at a time, and nothing once it is decided to close."""
    if VISITORS[sock].state is State.CLOSED:
        return b""
    return blocking.receive(sock, min(limit, 512))


class Connection(connection.Connection):
    """Lets `receive` know who is at the other end."""

    def __init__(self, sock: socket.socket, visitor: Visitor, **rest: object) -> None:
        super().__init__(sock, visitor, **rest)
        VISITORS[sock] = visitor


connection.receive = receive
server.Connection = Connection  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
