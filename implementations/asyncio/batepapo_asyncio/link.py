"""A client's connection to its server: messages in, messages out (section 10.4)."""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any, Self

from .errors import ConnectionLost, InvalidServer, Malformed, Problem
from .limits import OUTBOX
from .lines import LineBuffer
from .messages import (
    Request,
    ServerMessage,
    format_message,
    parse_server_message,
)
from .outbox import Outbox
from .sockets import is_address, is_port, prepare

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
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._outbox = Outbox(self._sock, OUTBOX)
        try:
            prepare(self._sock)
            await self._loop.sock_connect(self._sock, where)
        except OSError as error:
            self._sock.close()
            raise InvalidServer(
                Problem.UNREACHABLE, os.strerror(error.errno or 0)
            ) from error
        except BaseException:  # cancelled: a signal, or the time is over
            self._sock.close()
            raise
        self._reading = self._loop.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        with self._sock, self._outbox:
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

    def send(self, request: Request) -> None:
        """Send a request, now or as soon as the system takes it.

        A failed write ends nothing: what the server said before it closed tells more,
        and is still to be read.
        """
        self._outbox.put(format_message(request))

    async def may_send(self) -> None:
        """Wait until not too much is still to be sent."""
        if self._outbox.size > _UNSENT:
            await self._outbox.emptied()

    async def _read(self) -> None:
        lines = LineBuffer()
        try:
            while chunk := await self._loop.sock_recv(self._sock, _CHUNK):
                for line in lines.feed(chunk):
                    await self._messages.put(parse_server_message(line))
                await asyncio.sleep(0)  # others have a turn, however fast it sends
        except Malformed:
            await self._messages.put(InvalidServer(Problem.LINE))
        except InvalidServer as error:
            await self._messages.put(error)
        except OSError:
            await self._messages.put(ConnectionLost())
        else:
            await self._messages.put(ConnectionLost())


def _resolve(address: str, port: str) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    if not (is_address(address) and is_port(port)):
        raise InvalidServer(Problem.UNREACHABLE)
    try:
        found = socket.getaddrinfo(
            address, int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except OSError as error:
        raise InvalidServer(Problem.UNREACHABLE) from error
    family, _, _, _, where = found[0]
    return family, where
