"""One end of a conversation with a server: what a check shares, says, and hears.

Nothing is expected here yet but that something comes (see `participant.py`).
"""

import time
from dataclasses import dataclass, field
from random import Random
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.connection import Connection, Ending
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.testee import Endpoint, Testee

PROMPT: Final = 5.0
"""Seconds in which whatever is due at once has to come; far more than it takes."""

# The same for a testee that has kept us waiting in vain so often in this run: it has
# failed already, and two hundred checks that wait long would try a learner's patience.
_SHORT = 3.0
_OFTEN = 3

# Steps after which the server closes: there, a reset is what took the line away.
_LAST_LINES = ("ERRO 03 ", "SAIU ", "the end of the stream")


@dataclass
class Patience:
    """How long to wait for a testee, in one run (of one worker).

    Attributes:
        testee: what is known about it.
        silences: how often nothing came in time.
    """

    testee: Testee
    silences: int = 0

    @property
    def seconds(self) -> float:
        """Seconds in which whatever is due at once has to come."""
        return self.testee.seconds(PROMPT if self.silences < _OFTEN else _SHORT)


@dataclass
class Scene:
    """What all connections of one check share.

    Attributes:
        endpoint: where the server listens.
        patience: how long to wait for it.
        record: where every octet is written down.
        chance: seeded random numbers.
        delivery: how lines are handed over.
        everyone: all connections that were opened, in this order.
    """

    endpoint: Endpoint
    patience: Patience
    record: Exchange
    chance: Random
    delivery: Delivery = Delivery.WHOLE
    everyone: list["Speaker"] = field(default_factory=list)

    @property
    def prompt(self) -> float:
        """Seconds in which whatever is due at once has to come."""
        return self.patience.seconds

    def word(self) -> str:
        """Make up a word that no server can have been prepared for."""
        return "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz", k=8))

    def hand_over(self) -> None:
        """Send what was held back to be coalesced."""
        for speaker in self.everyone:
            speaker.hand_over()


class Speaker:
    """One connection of a check, and the person on it.

    Args:
        name: what the record calls it; also its nick, unless it enters as another.
        scene: what it shares with the others.
        receive_buffer: octets that the system may hold for it, as a hint.
        source: the address to connect from, if it matters.

    Raises:
        OSError: nobody accepts connections there.
    """

    def __init__(
        self,
        name: str,
        scene: Scene,
        *,
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> None:
        self.name = name
        self.nick = name
        self.scene = scene
        self.origin = "<origin>"
        self.inside = False  # as far as anybody of this check knows
        self.gone: set[str] = set()  # the origins of those whose `SAIU` it has heard
        self._held = bytearray()
        self._served = False  # has it got anything but its greeting?
        self.connection = Connection(
            name,
            scene.endpoint,
            scene.record,
            seconds=scene.prompt,
            receive_buffer=receive_buffer,
            source=source,
        )
        scene.everyone.append(self)

    def send(self, *lines: str) -> None:
        """Send lines, each with its end, under the delivery of this check."""
        end = self.scene.delivery.line_end()
        for line in lines:
            self.send_octets(line.encode("ascii") + end)

    def send_octets(self, octets: bytes) -> None:
        """Send octets as they are, under the delivery of this check."""
        if self.scene.delivery is Delivery.COALESCED:
            self._held += octets
        else:
            self._write(self.scene.delivery.pieces(octets))

    def pipeline(self, *lines: str) -> None:
        """Send lines in one write, whatever the delivery."""
        self.send_pieces("".join(f"{line}\n" for line in lines).encode("ascii"))

    def send_pieces(self, *pieces: bytes) -> None:
        """Send octets in just these pieces, whatever the delivery."""
        self.hand_over()
        self._write(list(pieces))

    def hand_over(self) -> None:
        """Send what was held back to be coalesced."""
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            self._write([held])

    def _write(self, pieces: list[bytes]) -> None:
        self.connection.write(pieces, self.scene.prompt)

    def half_close(self) -> None:
        """End one's own stream (FIN) and go on reading."""
        self.hand_over()
        self.inside = False
        self.connection.half_close()

    def close(self) -> None:
        """Close the connection."""
        self.hand_over()
        self.inside = False
        self.connection.close()

    def reset(self) -> None:
        """End the connection with a reset."""
        self.hand_over()
        self.inside = False
        self.connection.reset()

    def send_without_reading(self, line: str, times: int) -> int:
        """Send a line again and again, and give how often the system took it.

        It ends early when the server has reset the connection, or when nothing more
        was taken for a second: then the server has stopped reading (SLOW-6).
        """
        octets = f"{line}\n".encode("ascii")
        block, sent = octets * 4096, 0
        patience = time.monotonic() + 1
        while sent < times * len(octets) and self.connection.is_open:
            left = times * len(octets) - sent
            taken = self.connection.offer(block[sent % len(octets) :][:left])
            sent += taken
            if taken:
                patience = time.monotonic() + 1
            elif time.monotonic() > patience:
                break
            else:
                time.sleep(0.01)
        return sent // len(octets)

    # ---- listening -------------------------------------------------------

    def listen(
        self, expected: str, rule: str, within: float | None = None
    ) -> bytes | Ending:
        """Give the next line with its LF, or how the stream ended.

        Args:
            expected: what a failure says should have come.
            rule: the rule that is broken when nothing comes.
            within: seconds, instead of the usual ones.

        Raises:
            RuleBroken: nothing came in time; SERVE-1, if this connection has got
                nothing but its greeting, and does get something once the others
                have gone; CLOSE-1, if a reset came in place of a last line.
        """
        self.scene.hand_over()
        seconds = self.scene.prompt if within is None else within
        got = self.connection.read_line(seconds)
        if got is None:
            self.scene.patience.silences += 1
            found = f"nothing for {seconds:g} s"
            if not self._served and self._is_served_once_the_others_have_gone():
                note = "Something came as soon as the other connections were closed."
                raise RuleBroken("SERVE-1", expected, found, note)
            raise RuleBroken(rule, expected, found)
        if got is Ending.RESET and expected.startswith(_LAST_LINES):
            raise RuleBroken("CLOSE-1", expected, got.value)
        return got

    def hears_anything(self, within: float) -> bool:
        """Whether a line, or the end of the stream, is there within so many seconds.

        It is still to be read afterwards.
        """
        got = self.connection.read_line(within)
        if isinstance(got, bytes):
            self.connection.put_back(got)
        return got is not None

    def _is_served_once_the_others_have_gone(self) -> bool:
        """Whether it was the other connections that kept this one waiting."""
        for other in self.scene.everyone:
            if other is not self:
                other.connection.close()
        return self.connection.read_line(self.scene.prompt) is not None

    def read(
        self, expected: str, rule: str, within: float | None = None
    ) -> codec.ServerMessage:
        """Read the next line, whatever the grammar derives (FRAME-1).

        Args:
            expected: what a failure says should have come.
            rule: the rule that is broken when nothing comes.
            within: seconds, instead of the usual ones.

        Raises:
            RuleBroken: see `listen`; `rule`, if the stream ended; FRAME-1, if what
                came is no line; CLOSE-1, if a reset tore it.
        """
        got = self.listen(expected, rule, within)
        if isinstance(got, Ending):
            raise RuleBroken(rule, expected, got.value)
        if not got.endswith(b"\n") and len(got) < codec.LINE:
            torn = self.connection.is_reset
            raise RuleBroken(
                "CLOSE-1" if torn else "FRAME-1",
                f"{expected} and LF",
                got,
                "torn by a reset" if torn else "without its LF",
            )
        try:
            message = codec.parse_server_line(got.removesuffix(b"\n"))
        except codec.NotALine as refusal:
            raise refusal.broken() from None
        self._served = self._served or not isinstance(message, codec.Greeting)
        return message


def line_of(message: codec.ServerMessage) -> bytes:
    """Give the line of a message, without its LF: what a failure shows of it."""
    return codec.encode(message).removesuffix(b"\n")
