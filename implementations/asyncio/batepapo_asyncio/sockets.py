"""Addresses, ports, and what every connection wants of its socket (section 2.1)."""

import ipaddress
import re
import socket
import sys
from contextlib import suppress

from .limits import KEEPALIVE


def is_address(text: str) -> bool:
    """Tell whether this is an IPv4 or IPv6 address in text form (RUN-1)."""
    try:
        ipaddress.ip_address(text)  # stricter than the system, which takes "127.1"
    except ValueError:
        return False
    return True


def is_port(text: str) -> bool:
    """Tell whether this is 0 to 65535 in decimal, without leading zeros (RUN-1)."""
    return bool(re.fullmatch("0|[1-9][0-9]{0,4}", text)) and int(text) <= 65_535


def address_text(host: str) -> str:
    """Write an address as an origin has it: no zone, IPv4 as IPv4 (section 3)."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or f"[{address}]")


def prepare(sock: socket.socket) -> None:
    """Never wait, no Nagle, and ask after 60 s of silence (TCP-3, TCP-4)."""
    sock.setblocking(False)
    with suppress(OSError):  # some systems refuse it for a peer that is gone already
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if sys.platform == "darwin":
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPALIVE, KEEPALIVE)
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)
