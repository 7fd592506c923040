"""A client's connection to its server: messages in, messages out (section 10.4)."""

import asyncio
import ipaddress
import os
import re
import socket
import sys
from contextlib import suppress
from typing import Any, Self

from .errors import ConnectionLost, InvalidServer, Malformed
from .limits import KEEPALIVE, OUTBOX
from .lines import LineBuffer
from .messages import (
    Request,
    ServerMessage,
    format_message,
    parse_server_message,
)
from .outbox import Outbox

_CHUNK = 16_384
"""Octets of one read."""

_UNSENT = 16_384
"""Octets that may wait for the server before typed lines do."""

_AHEAD = 64
"""Messages that may wait to be shown before the server does (SAFE-2)."""


class Link:
    """One connection, from connecting to closing; an asynchronous context.

    Args:
        address: IPv4 or IPv6, in text form.
        port: in decimal.
    """

    def __init__(self, address: str, port: str) -> None:
        self._address = address
        self._port = port
        self._messages = asyncio.Queue[ServerMessage | Exception](_AHEAD)

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            InvalidServer: the address or port is malformed, or nobody can be reached
                there (FAIL-1).
        """
        self._loop = asyncio.get_running_loop()
        family, where = _resolve(self._address, self._port)
        self._peer = socket.socket(family, socket.SOCK_STREAM)
        self._outbox = Outbox(self._peer, OUTBOX)
        try:
            self._peer.setblocking(False)
            _prepare(self._peer)
            await self._loop.sock_connect(self._peer, where)
        except OSError as error:
            self._peer.close()
            raise InvalidServer("FAIL-1", os.strerror(error.errno or 0)) from error
        except BaseException:  # cancelled: a signal, or the time is over
            self._peer.close()
            raise
        self._reading = self._loop.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        with self._peer, self._outbox:
            pass

    async def receive(self) -> ServerMessage:
        """Give the server's next message.

        Raises:
            InvalidServer: it cannot be understood; the server's fault (FAIL-4).
            ConnectionLost: there is none, the connection has ended (FAIL-6).
        """
        message = await self._messages.get()
        if isinstance(message, Exception):
            raise message
        return message

    def send(self, message: Request) -> None:
        """Send a message, now or as soon as the system takes it.

        A failed write ends nothing: what the server said before it closed tells more,
        and is still to be read.
        """
        self._outbox.put(format_message(message))

    async def may_send(self) -> None:
        """Wait until not too much is still to be sent."""
        if self._outbox.size > _UNSENT:
            await self._outbox.emptied()

    async def _read(self) -> None:
        lines = LineBuffer()
        try:
            while chunk := await self._loop.sock_recv(self._peer, _CHUNK):
                for line in lines.feed(chunk):
                    await self._messages.put(parse_server_message(line))
                await asyncio.sleep(0)  # others have a turn, however fast it sends
        except Malformed:
            await self._messages.put(InvalidServer("FAIL-4"))
        except InvalidServer as error:
            await self._messages.put(error)
        except OSError:
            await self._messages.put(ConnectionLost())
        else:
            await self._messages.put(ConnectionLost())


def _resolve(address: str, port: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    if not re.fullmatch("0|[1-9][0-9]{0,4}", port) or int(port) > 65_535:
        raise InvalidServer("FAIL-1")
    try:
        ipaddress.ip_address(address)  # stricter than the system, which takes "127.1"
        found = socket.getaddrinfo(
            address, int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (ValueError, OSError) as error:
        raise InvalidServer("FAIL-1") from error
    family, _, _, _, where = found[0]
    return family, where


def _prepare(peer: socket.socket) -> None:
    with suppress(OSError):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # TCP-4
        if sys.platform == "darwin":
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPALIVE, KEEPALIVE)
        else:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)
