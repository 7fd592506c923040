"""A session as something to type: one terminal a connection, with `nc` in each."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from batepapo_conformance.failure import visible
from batepapo_conformance.replay import repeated, unescaped
from batepapo_conformance.words import Words

_STEP: Final = re.compile(r"(?P<name>\S+) (?P<what>\S+)(?: (?P<rest>.*))?")
_SENDS: Final = frozenset({"->", "->>", "~>"})
_BRANCHES: Final = frozenset({"either", "or", "end"})
_RUN: Final = re.compile(rb"([A-Za-z0-9])\1{31,}")
_PAUSE: Final = "read x </dev/tty"


def by_hand(steps: Sequence[str], address: str, port: int, words: Words) -> list[str]:
    """Give the lines of a guide: what to type where, and what should be seen.

    A connection that sends whole lines is typed. One that sends several lines at once,
    or a part of one, is a command in which each Enter sends what comes next.

    Args:
        steps: of a transcript.
        address: where the server listens.
        port: its port.
        words: in which language the guide speaks.
    """
    return list(_Guide(steps, f"{address} {port}", words).lines())


class _Guide:
    def __init__(self, steps: Sequence[str], where: str, words: Words) -> None:
        self._steps = steps
        self._words = words
        self._where = where
        self._sent: dict[str, list[bytes]] = {}
        self._typed: dict[str, bool] = {}
        for step in steps:
            self._note(step)

    def _note(self, step: str) -> None:
        found = _STEP.fullmatch(step)
        if found is None or step in _BRANCHES:
            return
        name, what, rest = found["name"], found["what"], found["rest"] or ""
        if what == "connects":
            self._sent[name], self._typed[name] = [], True
        elif what in _SENDS:
            self._sent[name].append(_octets(what, rest))
            self._typed[name] &= what == "->"

    def lines(self) -> Iterator[str]:
        """Give the guide, line by line."""
        depth, number = 0, 0
        for step in self._steps:
            if step in _BRANCHES:
                depth -= step in ("or", "end")
                yield f"    {'  ' * depth}{self._words(f'by_hand.{step}')}"
                depth += step in ("either", "or")
                continue
            found = _STEP.fullmatch(step)
            assert found is not None
            name, what, rest = found["name"], found["what"], found["rest"] or ""
            head = f"{'  ' * depth}{name}: "
            if what in ("<-", "<~", "sees", "is"):
                yield f"    {head}{self._seen(what, rest)}"
                continue
            number += 1
            yield f"{number:>3} {head}{self._done(name, what, rest)}"

    def _seen(self, what: str, rest: str) -> str:
        if what == "is":
            return self._words("by_hand.closed")
        seen = f"USUARIOS 0 {rest.split(' ', 2)[-1]}" if what == "sees" else rest
        return self._words("by_hand.sees", line=repeated(seen))

    def _done(self, name: str, what: str, rest: str) -> str:
        if what == "connects":
            return self._command(name)
        if what in _SENDS and self._typed[name]:
            return self._words("by_hand.types", line=repeated(rest))
        if what in _SENDS:
            return self._words("by_hand.enter", octets=_shown(what, rest))
        if what in ("half-closes", "closes", "resets", "waits"):
            return self._words(f"by_hand.{what.replace('-', '_')}", seconds=rest)
        return self._words("by_hand.says", what=f"{what} {rest}")

    def _command(self, name: str) -> str:
        if self._typed[name]:
            return f"nc -N {self._where}"
        parts = [f"{_PAUSE}; {_printed(octets)}" for octets in self._sent[name]]
        return f"({'; '.join([*parts, _PAUSE])}) | nc -N {self._where}"


def _shown(what: str, rest: str) -> str:
    return rest if what == "~>" else visible(_octets(what, rest))


def _octets(what: str, rest: str) -> bytes:
    if what == "~>":
        return unescaped(repeated(rest))
    lines = rest.split(" | ") if what == "->>" else [rest]
    return "".join(f"{repeated(line)}\n" for line in lines).encode("ascii")


def _printed(octets: bytes) -> str:
    """Commands of the shell that write these octets; long runs are counted."""
    commands, place = [], 0
    for run in _RUN.finditer(octets):
        commands += _quoted(octets[place : run.start()])
        letter, times = run[1].decode("ascii"), len(run[0])
        commands.append(f"printf '{letter}%.0s' $(seq {times})")
        place = run.end()
    return "; ".join([*commands, *_quoted(octets[place:])])


def _quoted(octets: bytes) -> list[str]:
    if not octets:
        return []
    plain = "".join(
        chr(octet)
        if 0x20 <= octet < 0x7F and chr(octet) not in "\\%'"
        else f"\\{octet:03o}"
        for octet in octets
    )
    text = plain.replace("\\012", "\\n").replace("\\015", "\\r")
    if text.startswith("-"):  # would begin an option
        text = f"\\055{text[1:]}"
    return [f"printf '{text}'"]
