"""A client under the suite's control: what it sends, and what it insists on.

Every expectation takes the id of the rule on which that step relies, and has a
deadline. A step that fails blames that rule, whatever the check is about; so the
defaults here are the rules of the plain case, and a check names its own.
"""

import re
import time
from collections.abc import Sequence
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

_PLACEHOLDER = re.compile("(<(?:time|origin|software|explanation|reason)>)")
_TO_THE_END = frozenset({"<explanation>", "<reason>"})
# Steps after which the server closes: there, a reset is what took the line away.
_LAST_LINES = ("ERRO 03 ", "SAIU ")


def fits(form: str, line: str) -> bool:
    """Whether a line that the grammar derives has a form.

    In a form, `<time>`, `<origin>`, `<software>`, `<explanation>` and `<reason>`
    stand for any value; everything else stands for itself.
    """
    place = 0
    for part in _PLACEHOLDER.split(form):
        if part in _TO_THE_END:
            return place < len(line)
        if _PLACEHOLDER.fullmatch(part):
            end = line.find(" ", place)
            end = len(line) if end < 0 else end
            if end == place:
                return False
            place = end
        elif line.startswith(part, place):
            place += len(part)
        else:
            return False
    return place == len(line)


@dataclass
class Scene:
    """What all participants of one check share.

    Attributes:
        endpoint: where the server listens.
        testee: how patient to be with it.
        record: where every octet is written down.
        chance: seeded random numbers.
        delivery: how lines are handed over.
        everyone: all connections that were opened, in this order.
    """

    endpoint: Endpoint
    testee: Testee
    record: Exchange
    chance: Random
    delivery: Delivery = Delivery.WHOLE
    everyone: list["Participant"] = field(default_factory=list)

    @property
    def prompt(self) -> float:
        """Seconds in which whatever is due at once has to come."""
        return self.testee.seconds(PROMPT)

    def word(self) -> str:
        """Make up a word that no server can have been prepared for."""
        return "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz", k=8))

    def hand_over(self) -> None:
        """Send what was held back to be coalesced."""
        for participant in self.everyone:
            participant.hand_over()


class Participant:
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
        self._held = bytearray()
        self.connection = Connection(
            name,
            scene.endpoint,
            scene.record,
            seconds=scene.prompt,
            receive_buffer=receive_buffer,
            source=source,
        )
        scene.everyone.append(self)

    # ---- sending ---------------------------------------------------------

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

    # ---- what is insisted on ---------------------------------------------

    def read(
        self, expected: str, rule: str, *, within: float | None = None
    ) -> codec.ServerMessage:
        """Read the next line, whatever the grammar derives (FRAME-1).

        Args:
            expected: what a failure says should have come.
            rule: the rule that is broken when nothing comes.
            within: seconds, instead of the usual ones.
        """
        message, _ = self._read(expected, rule, within)
        return message

    def _read(
        self, expected: str, rule: str, within: float | None = None
    ) -> tuple[codec.ServerMessage, bytes]:
        self.scene.hand_over()
        seconds = self.scene.prompt if within is None else within
        got = self.connection.read_line(seconds)
        if got is None:
            raise RuleBroken(rule, expected, f"nothing for {seconds:g} s")
        if isinstance(got, Ending):
            if got is Ending.RESET and expected.startswith(_LAST_LINES):
                rule = "CLOSE-1"
            raise RuleBroken(rule, expected, got.value)
        if not got.endswith(b"\n") and len(got) < codec.LINE:
            raise RuleBroken("FRAME-1", f"{expected} and LF", got, "without its LF")
        line = got.removesuffix(b"\n")
        try:
            return codec.parse_server_line(line), line
        except codec.NotALine as refusal:
            raise refusal.broken() from None

    def expect(
        self, form: str, rule: str, *, within: float | None = None
    ) -> codec.ServerMessage:
        """Insist that the next line has a form (see `fits`); give what it says."""
        message, line = self._read(form, rule, within)
        if not fits(form, line.decode("ascii")):
            raise RuleBroken(rule, form, line)
        return message

    def expect_greeting(self, rule: str = "GREET-1") -> codec.Greeting:
        """Insist on the greeting."""
        message = self.expect("BATEPAPO 1 <software>", rule)
        assert isinstance(message, codec.Greeting)
        return message

    def expect_list(
        self, nicks: Sequence[str] | None = None, rule: str = "LIST-1"
    ) -> list[str]:
        """Insist on a whole list, of these nicks in this order unless `None`.

        A list that is wrong in itself breaks LIST-2; other nicks break `rule`.
        """
        expected = "USUARIOS ..." if nicks is None else _list_of(nicks)
        message, line = self._read(expected, rule)
        if not isinstance(message, codec.Participants):
            raise RuleBroken(rule, expected, line)
        found = list(message.nicks)
        while remaining := message.remaining:
            form = f"a further line of the list, {remaining} nicks are to come"
            message, line = self._read(form, "LIST-2")
            if (
                not isinstance(message, codec.Participants)
                or message.remaining != remaining - len(message.nicks)
                or not message.nicks
            ):
                raise RuleBroken("LIST-2", form, line)
            found += message.nicks
        if nicks is not None and found != list(nicks):
            raise RuleBroken(rule, _list_of(nicks), _list_of(found).encode("ascii"))
        return found

    def expect_entered(
        self, who: "Participant", rule: str = "ENTER-1"
    ) -> codec.Entered:
        """Insist on the `ENTROU` of somebody."""
        message = self.expect(f"ENTROU <time> {who.origin}", rule)
        assert isinstance(message, codec.Entered)
        return message

    def expect_left(self, who: "Participant", rule: str = "LEAVE-3") -> codec.Left:
        """Insist on the `SAIU` of somebody."""
        message = self.expect(f"SAIU <time> {who.origin} :<reason>", rule)
        assert isinstance(message, codec.Left)
        who.inside = False
        return message

    def expect_public(
        self, who: "Participant", text: str, rule: str = "PUBLIC-1"
    ) -> codec.Said:
        """Insist on what somebody said to all."""
        message = self.expect(f"PUBLICA <time> {who.origin} :{text}", rule)
        assert isinstance(message, codec.Said)
        return message

    def expect_private(
        self, who: "Participant", text: str, rule: str = "PRIVATE-1"
    ) -> codec.Whispered:
        """Insist on what somebody said to this participant alone."""
        message = self.expect(f"PRIVADA <time> {who.origin} :{text}", rule)
        assert isinstance(message, codec.Whispered)
        return message

    def expect_sent(self, nick: str, rule: str = "PRIVATE-1") -> None:
        """Insist on the acknowledgement of a private message."""
        self.expect(f"ENVIADA {nick}", rule)

    def expect_error(
        self, code: str, subject: str, rule: str, *, within: float | None = None
    ) -> codec.Refused:
        """Insist on an `ERRO`."""
        form = f"ERRO {code} {subject} :<explanation>"
        message = self.expect(form, rule, within=within)
        assert isinstance(message, codec.Refused)
        return message

    def expect_closed(self, rule: str, *, within: float | None = None) -> None:
        """Insist that the server ends its stream now, in order (CLOSE-1)."""
        self.scene.hand_over()
        expected = "the end of the stream and nothing before it"
        seconds = self.scene.prompt if within is None else within
        got = self.connection.read_line(seconds)
        match got:
            case Ending.CLOSED:
                self.inside = False
            case Ending.RESET:
                raise RuleBroken("CLOSE-1", expected, got.value)
            case None:
                raise RuleBroken(rule, expected, f"nothing for {seconds:g} s")
            case bytes():
                raise RuleBroken(rule, expected, got.removesuffix(b"\n"))

    def expect_forced_out(
        self, cause: str, rule: str, *, within: float | None = None
    ) -> codec.Refused:
        """Insist on `ERRO 03 cause` as the last line, and on the close after it."""
        error = self.expect_error("03", cause, rule, within=within)
        self.expect_closed("ERROR-1")
        return error

    def expect_maybe_forced_out(self, cause: str, rule: str) -> None:
        """Insist on the close, with or without `ERRO 03 cause` before it."""
        self.scene.hand_over()
        first = self.connection.read_line(self.scene.prompt)
        if isinstance(first, bytes):
            self.connection.put_back(first)
            self.expect_forced_out(cause, rule)
        elif first is not Ending.CLOSED:
            found = (
                f"nothing for {self.scene.prompt:g} s" if first is None else first.value
            )
            broken = "CLOSE-1" if first is Ending.RESET else rule
            raise RuleBroken(broken, "the end of the stream", found)

    # ---- steps of several lines --------------------------------------------

    def enter(
        self,
        nick: str | None = None,
        *,
        present: Sequence[str] | None = None,
        rule: str = "ENTER-1",
    ) -> codec.Entered:
        """Enter, and insist on the list (of those present, if given) and `ENTROU`."""
        self.nick = self.nick if nick is None else nick
        self.send(f"/ENTRAR {self.nick}")
        return self.expect_own_entry(present=present, rule=rule)

    def expect_own_entry(
        self, *, present: Sequence[str] | None = None, rule: str = "ENTER-1"
    ) -> codec.Entered:
        """Insist on what an accepted `/ENTRAR` brings: the list, and `ENTROU`.

        What stands after the nick is taken as it is (EVENT-3 has its own checks),
        and is this participant's origin from then on.
        """
        self.expect_list(present, rule)
        form = f"ENTROU <time> {self.nick}@..."
        message, line = self._read(form, rule)
        if not isinstance(message, codec.Entered) or message.origin.nick != self.nick:
            raise RuleBroken(rule, form, line)
        self.origin = str(message.origin)
        self.inside = True
        return message

    def leave(self, rule: str = "LEAVE-1") -> None:
        """Leave, and insist on one's own `SAIU` and the close."""
        self.send("/SAIR")
        self.expect_left(self, rule)
        self.expect_closed(rule)

    def barrier(self, rule: str) -> None:
        """Insist that nothing more came up to here.

        Replies come in order, so a private message to oneself comes after
        everything that was due before it. Anything else that comes before it breaks
        `rule`; without it, PRIVATE-3 is broken.
        """
        word = self.scene.word()
        self.send(f"{self.nick}:{word}")
        own = f"PRIVADA <time> {self.origin} :{word}"
        message, line = self._read(own, "PRIVATE-3")
        if not fits(own, line.decode("ascii")):
            blamed = isinstance(message, codec.Sent | codec.Refused)
            expected = f"nothing before {own}"
            raise RuleBroken("PRIVATE-3" if blamed else rule, expected, line)
        self.expect_sent(self.nick, "PRIVATE-3")


def _list_of(nicks: Sequence[str]) -> str:
    return " ".join(["USUARIOS 0", *nicks])
