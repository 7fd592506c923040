"""Waiting for one socket, writing to it without waiting, letting others go first.

Threads need this file and tasks do not: there the event loop waits for all sockets.
"""

import os
import selectors
import socket
import struct
import sys
from contextlib import suppress
from time import sleep

DO_NOT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
"""Where the system lacks it (Windows), sockets are non-blocking as a whole."""

if sys.platform == "win32":
    _Selector = selectors.SelectSelector
else:  # takes descriptors above 1023, and needs none of its own
    _Selector = selectors.PollSelector


def receive(sock: socket.socket, limit: int) -> bytes:
    """Wait for octets and give them; none at the end of the stream.

    Raises OSError if the connection broke. `shutdown` from another thread wakes
    it; `close` would not.
    """
    while True:
        try:
            return sock.recv(limit)
        except BlockingIOError:
            _wait_for(sock, selectors.EVENT_READ)


def send_now(sock: socket.socket, octets: bytes) -> int:
    """Offer octets to the system; give how many it took. Never waits.

    Raises OSError if the connection broke.
    """
    try:
        return sock.send(octets, DO_NOT_WAIT)
    except BlockingIOError:
        return 0


def give_way() -> None:
    """Let the other threads that could run do so first, as far as the system likes."""
    if sys.platform == "win32":
        sleep(0)
    else:
        os.sched_yield()


def wait_until_writable(sock: socket.socket) -> None:
    """Wait until the system says that it would take octets, or that none go."""
    _wait_for(sock, selectors.EVENT_WRITE)


def wake_and_end(sock: socket.socket) -> None:
    """End both directions: whatever thread waits for this socket wakes up."""
    with suppress(OSError):  # the connection may have broken already
        sock.shutdown(socket.SHUT_RDWR)


def reset_when_closed(sock: socket.socket) -> None:
    """Let `close` throw away what the peer did not take, and say so (a reset)."""
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _wait_for(sock: socket.socket, event: int) -> None:
    with _Selector() as selector:
        selector.register(sock, event)
        selector.select()
