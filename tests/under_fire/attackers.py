"""Peers who mean no good: they send too much, too little, or read nothing.

Each function connects and misbehaves; the connections are given back, and are those of
the caller, in whose `ExitStack` they are closed.
"""

import contextlib
import socket
from contextlib import ExitStack

from batepapo_conformance.resetting import reset_when_closed
from target import PATIENCE

Address = tuple[str, int]

SMALL = 4096
"""Octets of a receive buffer with which the system holds little for who is asleep."""

TCP_REPAIR = 19
"""The option of Linux with which a connection is forgotten without a word."""


def connect(
    stack: ExitStack, address: Address, *, receive_buffer: int | None = None
) -> socket.socket:
    """Connect, and do nothing more."""
    sock = socket.socket()
    stack.callback(sock.close)
    sock.settimeout(PATIENCE)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.connect(address)
    return sock


def enter(
    stack: ExitStack, address: Address, nick: str, *, receive_buffer: int | None = None
) -> socket.socket:
    """Enter, and read nothing after one's own `ENTROU`."""
    sock = connect(stack, address, receive_buffer=receive_buffer)
    sock.sendall(f"/ENTRAR {nick}\n".encode())
    heard = b""
    while f" {nick}@".encode() not in heard:
        piece = sock.recv(SMALL)
        assert piece, heard
        heard += piece
    return sock


def send_until_refused(sock: socket.socket, octets: bytes) -> None:
    """Send all, unless the server closes the connection before."""
    with contextlib.suppress(ConnectionError):
        sock.sendall(octets)


def reset(sock: socket.socket) -> None:
    """Close at once, with a reset (RST) instead of an end (FIN)."""
    reset_when_closed(sock)
    sock.close()


def can_vanish() -> bool:
    """Whether `vanish` may be done here: on Linux, by root."""
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        return True
    return False


def vanish(sock: socket.socket) -> None:
    """Close without telling the server, as a machine does that loses its power.

    A machine that is on again resets what it knows nothing of: so does this one, when
    something of the server comes.
    """
    sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    sock.close()
