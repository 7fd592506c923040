"""The end of a connection that is no end of a stream: a reset (RST)."""

import socket
import struct
import sys
from typing import Final

_AT_ONCE: Final = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)
"""`struct linger`: it lingers, for no time at all."""


def reset_when_closed(sock: socket.socket) -> None:
    """Let the close of a socket reset its connection, whatever is still to be sent.

    Raises:
        OSError: the system refuses it; the connection may have gone already.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
