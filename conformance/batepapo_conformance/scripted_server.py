"""A server under the suite's control: it sends just what a check says.

It has no thread and no mind of its own. A check accepts the client's
connection, says what the client is sent, and what the client has to send. What
a client sends is read into memory only when a check asks for it, so "a server
that does not read" is a check that does not ask.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from typing import Final

from batepapo_conformance.codec import (
    Entered,
    Greeting,
    Left,
    Origin,
    Participants,
    Refused,
    Said,
    Sent,
    Whispered,
)
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.terminal import STARTING
from batepapo_conformance.testee import Endpoint
from batepapo_conformance.wire import Wire

SOFTWARE: Final = "scripted/1"
TIME: Final = "2026-01-31T12:00:00.000Z"
"""The time of every event that nobody asked to be at another."""

_PAUSE = 0.05  # seconds between two looks at whether the client still runs


def greeting() -> Greeting:
    """What a server says first."""
    return Greeting(SOFTWARE)


def origin(nick: str) -> Origin:
    """Where the scripted participants are: all behind one address."""
    return Origin(nick, "127.0.0.1", 50000)


def entered(nick: str) -> Entered:
    """`ENTROU` of this nick."""
    return Entered(TIME, origin(nick))


def left(nick: str, reason: str = "saiu") -> Left:
    """`SAIU` of this nick."""
    return Left(TIME, origin(nick), reason)


def said(nick: str, text: str) -> Said:
    """`PUBLICA` from this nick."""
    return Said(TIME, origin(nick), text)


def whispered(nick: str, text: str) -> Whispered:
    """`PRIVADA` from this nick."""
    return Whispered(TIME, origin(nick), text)


def sent(nick: str) -> Sent:
    """`ENVIADA`: the private message was put on that participant's stream."""
    return Sent(nick)


def participants(*nicks: str, remaining: int = 0) -> Participants:
    """One line of a list."""
    return Participants(remaining, nicks)


def refused(code: str, subject: str, explanation: str = "porque sim") -> Refused:
    """`ERRO`, with words that say nothing."""
    return Refused(code, subject, explanation)


class ScriptedServer:
    """A listening socket; closed on leaving the context, with what it accepted.

    Args:
        exchange: the record of the check.
        seconds: stretches a deadline for a slow testee.
        alive: whether the client still runs; waiting for one that has ended is vain.
        address: where to listen.
        port: 0 lets the system choose.
        buffer: octets that the system may hold for the server, either way, as a hint.
        backlog: connections that may wait to be accepted.

    Raises:
        NoVerdict: this machine does not let the suite listen there.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        seconds: Callable[[float], float],
        alive: Callable[[], bool],
        address: str = "127.0.0.1",
        port: int = 0,
        buffer: int | None = None,
        backlog: int = 16,
    ) -> None:
        self._exchange = exchange
        self._seconds = seconds
        self._alive = alive
        self._wires: list[Wire] = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        try:
            self._socket = _listening(family, address, port, buffer, backlog)
        except OSError as error:
            reason = f"cannot listen at {Endpoint(address, port)}: {error.strerror}"
            raise NoVerdict(reason) from error
        self.endpoint = Endpoint(*self._socket.getsockname()[:2])

    def __enter__(self) -> "ScriptedServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, and close every connection."""
        self._socket.close()
        for wire in self._wires:
            wire.close()

    def accept(
        self,
        *,
        rule: str,
        who: str = "client",
        delivery: Delivery = Delivery.WHOLE,
    ) -> Wire:
        """Wait for the client to connect.

        Raises:
            RuleBroken: it does not.
        """
        deadline = time.monotonic() + self._seconds(STARTING)
        while not self.is_called(_PAUSE):
            if not self._alive() and not self.is_called(_PAUSE):
                raise RuleBroken(rule, "a connection", "the client has ended")
            if time.monotonic() > deadline:
                raise RuleBroken(rule, "a connection", f"none within {STARTING:g} s")
        connection, peer = self._socket.accept()
        self._exchange.note(who, f"connects from {Endpoint(*peer[:2])}")
        wire = Wire(connection, self._exchange, who, delivery, self._seconds)
        self._wires.append(wire)
        return wire

    def is_called(self, seconds: float = 0) -> bool:
        """Whether a connection waits to be accepted, or comes in so many seconds."""
        self._socket.settimeout(seconds)
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            return bool(selector.select(seconds))


def _listening(
    family: int, address: str, port: int, buffer: int | None, backlog: int
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option means something else
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer is not None:  # inherited by what is accepted
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        listener.bind((address, port))
        listener.listen(backlog)
    except OSError:
        listener.close()
        raise
    return listener
