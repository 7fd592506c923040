"""Takes the end of the stream for the end of a line: breaks EOF-2.

So half a message is said aloud when its author's connection breaks.
"""

import socket
import sys
from collections.abc import Iterator
from weakref import WeakSet

from batepapo_threaded import blocking, connection, lines
from batepapo_threaded.__main__ import main

END = b"\r\n"
ENDED: WeakSet[socket.socket] = WeakSet()


def receive(sock: socket.socket, limit: int) -> bytes:
    """Give a line end of its own when the stream ends, once."""
    chunk = blocking.receive(sock, limit)
    if chunk or sock in ENDED:
        return chunk
    ENDED.add(sock)
    return END


class LineBuffer(lines.LineBuffer):
    """Needs no line end where no line has begun."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if chunk is END and not self._partial:
            return iter(())
        return super().feed(chunk)


connection.receive = receive
connection.LineBuffer = LineBuffer  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
