"""What sockets need here, whatever the system (section 2.1)."""

import ipaddress
import re
import selectors
import socket
import struct
import sys
from contextlib import suppress

from batepapo_threaded.limits import KEEPALIVE

_DO_NOT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
"""Where the system lacks it (Windows), sockets are non-blocking as a whole."""

_WHOLE_PORT = re.compile(r"0|[1-9][0-9]{0,4}")

if sys.platform == "win32":
    _Selector = selectors.SelectSelector
else:  # takes descriptors above 1023, and needs none of its own
    _Selector = selectors.PollSelector


def is_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address in text form (RUN-1)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_port(text: str) -> bool:
    """Whether this is 0 to 65535 in decimal without leading zeros (RUN-1)."""
    return _WHOLE_PORT.fullmatch(text) is not None and int(text) <= 65535


def address_text(host: str) -> str:
    """Write an address as origins show it (section 3), without its port."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"[{address}]"


def prepare(sock: socket.socket) -> None:
    """Make a connection ready: keepalive (TCP-3, TCP-4), no Nagle."""
    sock.setblocking(bool(_DO_NOT_WAIT))
    with suppress(OSError):  # the peer may be gone already: reading will tell
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE"):  # Linux, Windows; macOS
            if hasattr(socket, name):
                option = getattr(socket, name)
                sock.setsockopt(socket.IPPROTO_TCP, option, KEEPALIVE)
                break


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
        return sock.send(octets, _DO_NOT_WAIT)
    except BlockingIOError:
        return 0


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
