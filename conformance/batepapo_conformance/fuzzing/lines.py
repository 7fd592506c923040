"""Lines for a server: derived from the grammar, and near it."""

from random import Random
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.fuzzing.grammar import Deriver

_ENDS: Final = (b"\n", b"\n", b"\n", b"\r\n")
_NOISE: Final = (b"\0", b"\x1b[2J", b"\r", b"\x7f", b"\xc3\xa1", b"\xff", b"\t", b" ")
_TRIES: Final = 20


class Lines:
    """Makes lines up.

    Args:
        chance: where the choices come from.
        nicks: of those who are there, so that private messages find somebody.
    """

    def __init__(self, chance: Random, nicks: tuple[str, ...]) -> None:
        self._chance = chance
        self._nicks = nicks
        self._deriver = Deriver(chance)

    def legal(self) -> bytes:
        """A line, with its end, that a participant may send and stay."""
        kind = self._chance.choice(("public", "public", "private", "there", "list"))
        if kind == "there":
            nick = self._chance.choice(self._nicks).encode("ascii")
            nick = self._chance.choice((nick, nick.swapcase()))
            line = nick + self._deriver.derive("public")
        else:
            line = self._deriver.derive(kind)
        return line + self.end()

    def last(self) -> bytes:
        """A line, with its end, after which a server closes."""
        if not self._chance.randrange(6):
            rule = self._chance.choice(("leave", "enter"))
            return self._deriver.derive(rule) + self.end()
        return self._malformed() + self.end()

    def end(self) -> bytes:
        """One of the two ends of a line."""
        return self._chance.choice(_ENDS)

    def noise(self) -> bytes:
        """Octets of any kind, lines among them."""
        size = self._chance.choice((10, 100, 1000))
        return b"".join(
            self._chance.choice((self.legal, self._malformed))()
            + self._chance.choice((b"\n", b""))
            for _ in range(size // 10)
        )

    def _malformed(self) -> bytes:
        for _ in range(_TRIES):
            line = self._chance.choice((self._spoiled, self._damaged))()
            try:
                codec.parse_client_line(line.removesuffix(b"\r"))
            except codec.NotALine:
                return line.replace(b"\n", b"")
        return b""

    def _spoiled(self) -> bytes:
        return self._deriver.spoil("client-message").replace(b"\n", b" ")

    def _damaged(self) -> bytes:
        """A line of the grammar in which some octets have become others."""
        line = self._deriver.derive("client-message")
        begin = self._chance.randrange(len(line) + 1)
        end = min(len(line), begin + self._chance.randrange(3))
        noise = self._chance.choice((*_NOISE, b"", line[:9], line * 3))
        return (line[:begin] + noise + line[end:]).replace(b"\n", b"")


def segments(octets: bytes, chance: Random) -> tuple[bytes, ...]:
    """Cut octets where a reader of lines may stumble; joined, they are the same.

    Args:
        octets: whole lines, mostly.
        chance: where the choices come from.
    """
    match chance.randrange(8):
        case 0 if len(octets) < 200:  # each alone
            return tuple(octets[i : i + 1] for i in range(len(octets)))
        case 1:  # before, within and after some line ends
            ends = [place for place, octet in enumerate(octets) if octet == 0x0A]
            some = chance.sample(ends, min(4, len(ends)))
            places = {end + chance.choice((-1, 0, 1)) for end in some}
        case 2:  # anywhere
            places = {chance.randrange(len(octets) + 1) for _ in range(4)}
        case 3:  # about the longest line
            places = {chance.randrange(505, 520), chance.randrange(1010, 1030)}
        case _:
            places = set()
    cuts = sorted(place for place in places if 0 < place < len(octets))
    ends = [*cuts, len(octets)]
    pieces = zip([0, *cuts], ends, strict=True)
    return tuple(octets[begin:end] for begin, end in pieces)
