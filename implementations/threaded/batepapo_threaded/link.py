"""The connection to a server, understood line by line."""

import socket
import threading
from collections import deque
from contextlib import suppress
from typing import Any, Self

from .blocking import receive
from .errors import (
    ChatError,
    ConnectionLost,
    InvalidServer,
    Malformed,
    Problem,
)
from .limits import OUTBOX
from .lines import LineBuffer
from .mailbox import Mailbox
from .messages import (
    Request,
    ServerMessage,
    format_message,
    parse_server_message,
)
from .outbox import Outbox
from .sockets import prepare

_CHUNK = 16_384
"""Octets of one read."""

_READ_AHEAD = 256
"""Messages that wait to be shown; then the server has to wait (SAFE-2)."""

_SEND_AHEAD = OUTBOX
"""Octets that may wait to be sent before typed lines have to wait, too. The outbox
holds twice as much: one typed line may become many messages."""

_JOIN = 0.5
"""Seconds for the thread to end; a connect cannot be woken on every system."""


class Link:
    """Connects and reads in a thread of its own; a context that ends both."""

    def __init__(
        self, address: str, port: str, timeout: float, mailbox: Mailbox
    ) -> None:
        """Begin to connect, for at most so many seconds.

        Raises InvalidServer if this system cannot even try.
        """
        self._mailbox = mailbox
        self._received: deque[ServerMessage] = deque()
        self._error: ChatError | None = None
        self._closed = False
        self._where: Any
        try:
            family, kind, protocol, _, self._where = socket.getaddrinfo(
                address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )[0]
            self._sock = socket.socket(family, kind, protocol)
        except OSError as error:
            raise InvalidServer(Problem.UNREACHABLE) from error
        self._sock.settimeout(timeout)
        self._outbox = Outbox(self._sock, 2 * _SEND_AHEAD, mailbox.wake)
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """End the connection and the thread."""
        with self._mailbox:
            self._closed = True
            self._mailbox.wake()
        self._outbox.abort()
        self._thread.join(_JOIN)

    @property
    def has_news(self) -> bool:
        """Whether `take` has a message, or an error that ended the connection."""
        return bool(self._received) or self._error is not None

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be sent that no more should be taken in."""
        return self._outbox.size > _SEND_AHEAD

    def take(self) -> ServerMessage:
        """Give the next message.

        Raises, after the last one, what ended the connection: InvalidServer
        if it is the server's fault or there is none, otherwise ConnectionLost.
        """
        with self._mailbox:
            if self._received:
                self._mailbox.wake()
                return self._received.popleft()
            raise self._error or ConnectionLost()

    def send(self, request: Request) -> None:
        """Send a request; never waits. Only after the greeting."""
        self._outbox.put(format_message(request))

    def _run(self) -> None:
        error: ChatError = InvalidServer(Problem.UNREACHABLE)
        with suppress(OSError):
            self._sock.connect(self._where)
            error = ConnectionLost()
            prepare(self._sock)
            try:
                self._read()
            except (Malformed, InvalidServer):
                error = InvalidServer(Problem.LINE)
        with self._mailbox:
            self._error = error
            self._mailbox.wake()
        self._outbox.abort()
        self._outbox.wait_until_ended()
        self._sock.close()

    def _read(self) -> None:
        lines = LineBuffer()
        while chunk := receive(self._sock, _CHUNK):
            messages: list[ServerMessage] = []
            try:
                for line in lines.feed(chunk):
                    message = parse_server_message(line)
                    messages.append(message)
            finally:
                self._put(messages)

    def _put(self, messages: list[ServerMessage]) -> None:
        """Hand over what one read brought, all at once.

        So it is known, when we ask to enter, what had come before (FAIL-4).
        """
        with self._mailbox:
            self._mailbox.wait_for(
                lambda: len(self._received) < _READ_AHEAD or self._closed
            )
            self._received.extend(messages)
            self._mailbox.wake()
