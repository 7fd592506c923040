"""Reads `grammar.abnf`, and derives lines from it: at random, or with one mistake.

Just the part of RFC 5234 and RFC 7405 that the specification uses. So what is sent to a
testee comes from the text itself, and not from anybody's idea of it.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from batepapo_conformance.spec import load

_CORE: Final = {
    "ALPHA": ((0x41, 0x5A), (0x61, 0x7A)),
    "DIGIT": ((0x30, 0x39),),
    "SP": ((0x20, 0x20),),
    "CR": ((0x0D, 0x0D),),
    "LF": ((0x0A, 0x0A),),
}
_TOKEN: Final = re.compile(
    r'\s*(?:(?P<literal>(?:%s)?"[^"]*")|%x(?P<low>[0-9A-F]+)(?:-(?P<high>[0-9A-F]+))?'
    r"|(?P<repeat>\d*\*\d*|\d+)|(?P<name>[A-Za-z][\w-]*)|(?P<mark>[()\[\]/]))"
)
_MANY: Final = 64  # where the grammar gives no bound


@dataclass(frozen=True, slots=True)
class Literal:
    """Just these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Octet:
    """One octet of these ranges, ends included."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Name:
    """Another rule."""

    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """All of these, in order."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """This, so often."""

    part: "Node"
    least: int
    most: int


Node = Literal | Octet | Name | Choice | Chain | Repeat


@functools.cache
def rules() -> Mapping[str, Node]:
    """Give every rule of the grammar by its name."""
    found: dict[str, Node] = {name: Octet(ranges) for name, ranges in _CORE.items()}
    text = re.sub(r";.*", "", load().grammar)
    text = re.sub(r"\n[ \t]+", " ", text)  # a rule goes on in lines that are indented
    for line in text.splitlines():
        name, equals, right = line.partition("=")
        if equals:
            found[name.strip()] = _Reader(right).read()
    return found


class _Reader:
    """Reads the right side of one rule, by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))

    def read(self) -> Node:
        options = [self._chain()]
        while self._is_next("/"):
            self._tokens.pop(0)
            options.append(self._chain())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _chain(self) -> Node:
        parts = []
        while self._tokens and self._tokens[0]["mark"] not in ("/", ")", "]"):
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def _repeated(self) -> Node:
        repeat = self._tokens[0]["repeat"]
        if repeat is None:
            return self._element()
        self._tokens.pop(0)
        least, star, most = repeat.partition("*")
        if not star:
            return Repeat(self._element(), int(least), int(least))
        return Repeat(self._element(), int(least or 0), int(most or _MANY))

    def _element(self) -> Node:
        token = self._tokens.pop(0)
        if token["literal"]:
            return Literal(token["literal"].removeprefix("%s").strip('"').encode())
        if token["low"]:
            low = int(token["low"], 16)
            return Octet(((low, int(token["high"] or token["low"], 16)),))
        if token["name"]:
            return Name(token["name"])
        inner = self.read()
        self._tokens.pop(0)
        return Repeat(inner, 0, 1) if token["mark"] == "[" else inner

    def _is_next(self, mark: str) -> bool:
        return bool(self._tokens) and self._tokens[0]["mark"] == mark


def _tokens(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"not ABNF that is known here: {text[place:]}")
        yield match
        place = match.end()


class Deriver:
    """Derives octets from a rule.

    Args:
        chance: where the choices come from.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._left = -1  # nodes before the wrong one; negative: it is behind us

    def derive(self, rule: str) -> bytes:
        """Give octets that the rule derives."""
        self._left = -1
        return self._octets(rules()[rule])

    def spoil(self, rule: str) -> bytes:
        """Give octets in whose derivation one node was not done as it says.

        Now and then the grammar derives them all the same.
        """
        self._left = self._chance.randrange(8)
        return self._octets(rules()[rule])

    def _octets(self, node: Node) -> bytes:
        match node:
            case Name(name):
                return self._octets(rules()[name])
            case Choice(parts):
                return self._octets(self._chance.choice(parts))
            case Chain(parts):
                return b"".join(self._octets(part) for part in self._in_order(parts))
            case Repeat(part, least, most):
                return self._repeated(part, self._count(least, most))
            case Literal(octets):
                return self._wrong(octets) if self._is_wrong() else octets
            case Octet(ranges):
                if self._is_wrong():
                    return bytes([self._chance.randrange(256)])
                low, high = self._chance.choice(ranges)
                return bytes([self._chance.randint(low, high)])

    def _repeated(self, part: Node, count: int) -> bytes:
        if self._left < 0 and (octets := _octets_of(part)):  # the same, but fast
            return bytes(self._chance.choices(octets, k=count))
        return b"".join(self._octets(part) for _ in range(count))

    def _in_order(self, parts: tuple[Node, ...]) -> list[Node]:
        some = list(parts)
        if self._is_wrong():
            self._chance.choice((some.pop, some.reverse, lambda: some.extend(parts)))()
        return some

    def _count(self, least: int, most: int) -> int:
        if self._is_wrong():
            return self._chance.choice((max(0, least - 1), most + 1, most + 200))
        # Short ones mostly, and the ends of the range often.
        near = self._chance.randint(least, min(most, least + 12))
        return self._chance.choice((near, near, near, least, most))

    def _wrong(self, octets: bytes) -> bytes:
        text = octets.decode("ascii")
        place = self._chance.randrange(len(text))
        return self._chance.choice(
            (
                octets.swapcase(),
                octets + b" ",
                octets[:place] + octets[place + 1 :],
                octets[:place] + octets[place:] * 2,
                b"",
            )
        )

    def _is_wrong(self) -> bool:
        """Whether this node is the one that is done wrong; counts the nodes."""
        self._left -= 1
        return self._left == -1


@functools.cache
def _octets_of(node: Node) -> tuple[int, ...]:
    """Give the octets from which a node takes one; none if it is of another kind."""
    while isinstance(node, Name):
        node = rules()[node.name]
    ranges: tuple[tuple[int, int], ...] = ()
    if isinstance(node, Octet):
        ranges = node.ranges
    return tuple(octet for low, high in ranges for octet in range(low, high + 1))
