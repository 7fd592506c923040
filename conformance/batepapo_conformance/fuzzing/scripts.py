"""What a hostile server says to a client, as data; and how to make it up."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from random import Random
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.fuzzing.grammar import Deriver
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    left,
    participants,
    said,
    whispered,
)

NICK: Final = "ana"
"""Of the client."""

_CONTROLS: Final = (b"\x1b[2J", b"\x1b]0;x\x07", b"\r", b"\x08", b"\0", b"\x9b31m")
_CAUSES: Final = ("sintaxe", "estado", "tempo", "cheio", "limite", "fim")
_TRIES: Final = 50
_MOST: Final = 400  # lines of one script
_LINE: Final = 54  # octets, roughly, of an `ENTROU`


class Ending(Enum):
    """How the conversation ends, and who ends it."""

    MALFORMED = auto()
    """A line outside the grammar (FAIL-4)."""
    NOT_DUE = auto()
    """A line of the grammar that nobody asked for; then the end (section 10.4)."""
    FORCED_OUT = auto()
    """`ERRO 03` and the end (FAIL-5)."""
    CLOSED = auto()
    """The end alone, perhaps in the middle of a line (FAIL-6)."""
    RESET = auto()
    """A reset (FAIL-6)."""
    QUIT = auto()
    """The person at the client leaves by word (QUIT-1)."""
    END_OF_INPUT = auto()
    """The client's input ends (QUIT-1)."""
    SILENCE = auto()
    """The person leaves, and the server neither reads nor closes (QUIT-2)."""


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation of a hostile server with a client.

    Attributes:
        greeting: what comes first.
        answer: what comes after `/ENTRAR`; `None` if that is not waited for.
        lines: what comes then, each due and with its end.
        last: what comes last.
        ending: how it goes on from there.
        cuts: where all octets after the answer are cut, as parts of the whole.
    """

    greeting: bytes
    answer: bytes | None
    lines: tuple[bytes, ...]
    last: bytes
    ending: Ending
    cuts: tuple[float, ...] = ()

    @property
    def octets(self) -> bytes:
        """Everything after the answer."""
        return b"".join(self.lines) + self.last

    def pieces(self) -> list[bytes]:
        """The same, cut."""
        whole = self.octets
        places = sorted({int(cut * len(whole)) for cut in self.cuts} - {0})
        ends = [*places, len(whole)]
        return [whole[b:e] for b, e in zip([0, *places], ends, strict=True) if e > b]

    def messages(self) -> Iterator[codec.Said | codec.Whispered]:
        """What the client has to show (SHOW-1)."""
        for line in self.lines:
            message = codec.parse_server_line(line.rstrip(b"\r\n"))
            if isinstance(message, codec.Said | codec.Whispered):
                yield message

    def with_lines(self, lines: tuple[bytes, ...]) -> "Script":
        """The same with other lines between."""
        return replace(self, lines=lines)


class Author:
    """Makes scripts up.

    Args:
        chance: where the choices come from.
        flood: octets of a flood: of a line without an end, or of a crowd that enters.
    """

    def __init__(self, chance: Random, flood: int = 100_000) -> None:
        self._chance = chance
        self._flood = flood
        self._deriver = Deriver(chance)

    def script(self) -> Script:
        """Give another script."""
        kind = self._chance.randrange(12)
        if kind == 0:
            return self._wrong_greeting()
        if kind == 1:
            return self._wrong_answer()
        ending = self._chance.choice(
            (*(Ending.MALFORMED,) * 6, *Ending)
            if self._chance.randrange(6)
            else (Ending.MALFORMED, Ending.CLOSED)
        )
        lines = self._crowd() if kind == 2 else self._lines()
        cuts = [self._chance.random() for _ in range(self._chance.randrange(6))]
        last = self._last(ending)
        return Script(_line(greeting()), _let_in(), lines, last, ending, tuple(cuts))

    def _wrong_greeting(self) -> Script:
        first = self._chance.choice(
            (self.malformed(), b"BATEPAPO 2 x\n", b"HTTP/1.1 400 Bad Request\r\n")
        )
        return Script(first, None, (), b"", Ending.MALFORMED)

    def _wrong_answer(self) -> Script:
        answer = _line(participants("beto")) if self._chance.randrange(2) else b""
        return Script(_line(greeting()), answer, (), self.malformed(), Ending.MALFORMED)

    def malformed(self) -> bytes:
        """A line, with its end, that no server may send; nasty octets in it, often."""
        for _ in range(_TRIES):
            line = self._chance.choice((self._spoiled, self._injected))()
            try:
                codec.parse_server_line(line)
            except codec.NotALine:
                return line + self._chance.choice((b"\n", b"\r\n"))
        return b"\n"

    def _spoiled(self) -> bytes:
        line = self._deriver.spoil("server-message")
        return line.replace(b"\n", b" ").removesuffix(b"\r")

    def _injected(self) -> bytes:
        line = self._deriver.derive("server-message")
        place = self._chance.randrange(len(line))
        word = bytes(self._chance.choices(b"bcdfghjklmnpqrstvwxz", k=4))
        return line[:place] + self._chance.choice(_CONTROLS) + word + line[place:]

    def _last(self, ending: Ending) -> bytes:
        match ending:
            case Ending.MALFORMED if not self._chance.randrange(8):
                return b"x" * self._chance.choice((512, 600, self._flood))
            case Ending.MALFORMED:
                more = self._chance.choice((b"", self.malformed() * 3))
                return self.malformed() + more
            case Ending.NOT_DUE:
                rule = self._chance.choice(("greeting", "sent", "entered", "left"))
                return self._deriver.derive(rule) + b"\n"
            case Ending.FORCED_OUT:
                cause = self._chance.choice(_CAUSES)
                words = self._deriver.derive("explanation")
                return f"ERRO 03 {cause} :".encode("ascii") + words + b"\n"
            case Ending.CLOSED:
                return b"PUBLICA 2026-01-31T12:00"[: self._chance.randrange(24)]
            case _:
                return b""

    # ---- lines that are due --------------------------------------------------

    def _lines(self) -> tuple[bytes, ...]:
        """A room in which people come, speak and go."""
        inside = ["beto"]
        found: list[codec.ServerMessage] = []
        for _ in range(self._chance.randrange(_MOST)):
            someone = self._chance.choice(inside)
            nick = self._deriver.derive("nick").decode("ascii")
            taken = {codec.fold_nick(one) for one in (*inside, NICK)}
            match self._chance.randrange(8):
                case 0 if codec.fold_nick(nick) not in taken:
                    inside.append(nick)
                    found.append(entered(nick))
                case 1 if len(inside) > 1:
                    inside.remove(someone)
                    found.append(left(someone, self._words()))
                case 2:
                    found.append(whispered(someone, self._words()))
                case _:
                    found.append(said(someone, self._words()))
        return tuple(_line(one, self._chance.choice(("\n", "\r\n"))) for one in found)

    def _crowd(self) -> tuple[bytes, ...]:
        """Very many enter, and nobody says a word."""
        count = self._flood // _LINE
        return tuple(_line(entered(f"p{number}")) for number in range(count))

    def _words(self) -> str:
        return self._deriver.derive("text").decode("ascii")


def _line(message: codec.ServerMessage, end: str = "\n") -> bytes:
    return codec.encode(message).removesuffix(b"\n") + end.encode("ascii")


def _let_in() -> bytes:
    return _line(participants("beto")) + _line(entered(NICK))
