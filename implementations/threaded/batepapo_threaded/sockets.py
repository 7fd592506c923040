"""What sockets need here, whatever the system (section 2.1)."""

import ipaddress
import re
import socket
from contextlib import suppress

from .blocking import DO_NOT_WAIT
from .limits import KEEPALIVE

_WHOLE_PORT = re.compile(r"0|[1-9][0-9]{0,4}")


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
    sock.setblocking(bool(DO_NOT_WAIT))
    with suppress(OSError):  # the peer may be gone already: reading will tell
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE"):  # Linux, Windows; macOS
            if hasattr(socket, name):
                option = getattr(socket, name)
                sock.setsockopt(socket.IPPROTO_TCP, option, KEEPALIVE)
                break
