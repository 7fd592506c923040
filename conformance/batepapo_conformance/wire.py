"""The client's connection, as the scripted server sees it."""

import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Final

from batepapo_conformance.codec import (
    NotALine,
    ServerMessage,
    encode,
    parse_client_line,
)
from batepapo_conformance.delivery import Delivery, hand_over, wait_until_read
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.resetting import reset_when_closed

SOON: Final = 5.0
"""Seconds in which anything comes that does not have to wait for something."""

_CHUNK = 1 << 16
_LINE = 512


class Ending(Enum):
    """How the client's stream ended."""

    CLOSED = "end of stream"
    RESET = "connection reset"


class Wire:
    """The client's connection, as the scripted server sees it.

    Expectations look at the next line only, so that anything between is found;
    each names the rule that the check relies on at this step.
    """

    def __init__(
        self,
        connection: socket.socket,
        exchange: Exchange,
        who: str,
        delivery: Delivery,
        seconds: Callable[[float], float],
    ) -> None:
        self.socket = connection
        self._exchange = exchange
        self._who = who
        self._delivery = delivery
        self._seconds = seconds
        self._lines: deque[bytes] = deque()
        self._partial = b""
        self._ending: Ending | None = None
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # ---- what the server does ----

    def send(self, *lines: ServerMessage | str | bytes) -> None:
        """Send lines in the delivery of this connection; its line end is added.

        Whole lines are sent so that the client can read each on its own: who
        takes a read for a line is to be found out where octets come otherwise.
        """
        end = self._delivery.line_end()
        octets = [_octets(line) + end for line in lines]
        if self._delivery is not Delivery.WHOLE:
            octets = [b"".join(octets)]
        for some in octets:
            wait_until_read(self.socket)
            self.send_octets(some)

    def send_octets(self, octets: bytes) -> None:
        """Send octets as they are. That the client is gone already is no failure."""
        if octets:
            self.send_pieces(self._delivery.pieces(octets))

    def send_pieces(self, pieces: list[bytes]) -> None:
        """Send octets in these pieces, so that the client can read each on its own."""
        self._exchange.received(self._who, b"".join(pieces))
        self.socket.settimeout(self._seconds(SOON))
        with contextlib.suppress(OSError):
            hand_over(self.socket, pieces)

    def flood(
        self, chunks: Iterable[bytes], *, seconds: float, patience: float = 1.0
    ) -> int:
        """Send chunks as fast as the client takes them, and read nothing.

        Ends when there is no more, after so many seconds, or when the client
        has taken nothing for `patience` seconds.

        Returns:
            how many octets the system took.
        """
        self._exchange.note(self._who, "is flooded")
        deadline = time.monotonic() + seconds
        self.socket.settimeout(patience)
        taken = 0
        try:
            for chunk in chunks:
                rest = memoryview(chunk)
                while rest:
                    count = self.socket.send(rest)
                    taken += count
                    rest = rest[count:]
                if time.monotonic() > deadline:
                    break
        except OSError:  # it takes no more, or has gone
            pass
        self._exchange.note(self._who, f"was sent {taken} octets")
        return taken

    def send_to_a_reader(self, octets: bytes, *, rule: str) -> None:
        """Send octets that the client has to take, for it has to read.

        Raises:
            RuleBroken: it takes nothing for a while.
        """
        self._exchange.received(self._who, octets)
        self.socket.settimeout(self._seconds(SOON))
        try:
            self.socket.sendall(octets)
        except TimeoutError as error:
            actual = f"it takes nothing for {SOON:g} s"
            raise RuleBroken(rule, "it reads what comes", actual) from error
        except OSError:  # it has gone: what is expected next will tell
            pass

    def half_close(self) -> None:
        """End the server's stream (FIN); reading goes on."""
        self._exchange.note(self._who, "the server half-closes")
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection; what the client sent and nobody read is taken first.

        Without that, the system would reset the connection.
        """
        if self.socket.fileno() >= 0:
            self._exchange.note(self._who, "the server closes")
            self.arrived()
            self.socket.close()

    def reset(self) -> None:
        """Close with a reset instead of an end of stream."""
        self._exchange.note(self._who, "the server resets")
        reset_when_closed(self.socket)
        self.socket.close()

    # ---- what the client has to do ----

    def expect(self, line: str, *, rule: str) -> None:
        """The next line that the client sends is this one, ended by LF alone.

        Raises:
            RuleBroken: it is another, or none comes.
        """
        came = self._next(line.encode(), rule)
        if came != line.encode():
            raise RuleBroken(rule, line.encode(), came, _grammar_on(came))

    def expect_leave(self, *, rule: str) -> None:
        """The next line is `/SAIR` or `{quit}`, whichever the client prefers.

        Raises:
            RuleBroken: it is another, or none comes, which breaks `rule`; or the
                client leaves without either word, which breaks QUIT-1.
        """
        came = self._next(b"/SAIR", rule, at_end="QUIT-1")
        if came not in (b"/SAIR", b"{quit}"):
            raise RuleBroken(rule, b"/SAIR", came, "`{quit}` would do as well.")

    def expect_text(self, text: str, *, to: str = "", rule: str) -> list[str]:
        """The next lines are messages to `to` (to all if empty) that make up `text`.

        Where the client cuts a long text is its own choice.

        Returns:
            the texts of the lines.

        Raises:
            RuleBroken: a line is of another kind, or the texts do not make up `text`.
        """
        pieces: list[str] = []
        left = text
        while left:
            expected = f"{to}:{left[:400]}".encode()
            came = self._next(expected, rule)
            head, _, piece = came.decode("ascii", "replace").partition(":")
            fits = head == to and 1 <= len(piece) <= 400 and left.startswith(piece)
            if not fits:
                note = f"{len(text) - len(left)} octets of the text came before."
                note = f"{note} {_grammar_on(came)}".strip()
                raise RuleBroken(rule, expected, came, note)
            pieces.append(piece)
            left = left.removeprefix(piece)
        return pieces

    def expect_end(self, *, rule: str) -> None:
        """The client closes or resets its connection, and sends nothing before.

        Raises:
            RuleBroken: it sends something, or goes on.
        """
        came = self._read(SOON)
        if not isinstance(came, Ending):
            actual = came if came is not None else f"open after {SOON:g} s"
            raise RuleBroken(rule, "the end of the connection", actual)

    def expect_silence_or_leave(self, *, rule: str) -> None:
        """The client leaves without having entered: with a word, or by closing.

        Raises:
            RuleBroken: it sends anything else, or goes on.
        """
        came = self._read(SOON)
        if isinstance(came, bytes) and came in (b"/SAIR\n", b"{quit}\n"):
            return
        if not isinstance(came, Ending):
            actual = came if came is not None else f"nothing for {SOON:g} s"
            raise RuleBroken(rule, "`/SAIR`, `{quit}` or the end", actual)

    def expect_nothing_yet(self, *, rule: str, why: str, seconds: float = 0.2) -> None:
        """Nothing has come, and nothing comes in a moment.

        What comes is certainly wrong. That nothing comes in a moment proves
        little, so this stands only where no barrier can.

        Raises:
            RuleBroken: something came.
        """
        came = self._read(seconds)
        if isinstance(came, bytes):
            raise RuleBroken(rule, f"nothing yet: {why}", came)

    def has_line(self, seconds: float) -> bool:
        """Whether there is a line that no expectation has taken, or comes in time."""
        came = self._read(seconds)
        if isinstance(came, bytes):
            self._lines.appendleft(came)
        return isinstance(came, bytes)

    def arrived(self) -> bytes:
        """Everything that has come and that no expectation has taken."""
        self.socket.setblocking(False)
        while self._ending is None and self._receive():
            pass
        lines = b"".join(self._lines) + self._partial
        self._lines.clear()
        return lines

    def _next(self, expected: bytes, rule: str, at_end: str | None = None) -> bytes:
        came = self._read(SOON)
        if came is None and self._partial:
            came = self._partial
        if came is None:
            raise RuleBroken(rule, expected, f"nothing within {SOON:g} s")
        if isinstance(came, Ending):
            raise RuleBroken(at_end or rule, expected, came.value)
        if not came.endswith(b"\n") or came.endswith(b"\r\n"):
            raise RuleBroken("FRAME-1", expected + b"\n", came, "LF alone ends a line.")
        return came.removesuffix(b"\n")

    def _read(self, within: float) -> bytes | Ending | None:
        deadline = time.monotonic() + self._seconds(within)
        while not self._lines and self._ending is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            self.socket.settimeout(remaining)
            self._receive()
        if self._lines:
            return self._lines.popleft()
        if self._partial:
            rest, self._partial = self._partial, b""
            return rest
        return self._ending

    def _receive(self) -> bool:
        """Read once; whether there was anything to read."""
        try:
            chunk = self.socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            return self._end(Ending.RESET)
        if not chunk:
            return self._end(Ending.CLOSED)
        self._exchange.sent(self._who, chunk)
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._lines.extend(line + b"\n" for line in lines)
        if len(self._partial) >= _LINE:  # to be refused; what follows is no line
            self._lines.append(self._partial)
            self._partial = b""
        return True

    def _end(self, ending: Ending) -> bool:
        self._exchange.note(self._who, ending.value)
        self._ending = ending
        return False


def _grammar_on(line: bytes) -> str:
    try:
        parse_client_line(line)
    except NotALine as wrong:
        return f"No line of the grammar either: octet {wrong.at}, {wrong.rule}."
    return ""


def _octets(line: ServerMessage | str | bytes) -> bytes:
    match line:
        case bytes():
            return line
        case str():
            return line.encode("latin-1")  # a character is an octet
        case _:
            return encode(line).removesuffix(b"\n")
