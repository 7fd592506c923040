"""Acts written down as a session: what is said, and every legal way to answer it.

The form is that of `spec/transcripts`. The answers are the oracle's, so no server is
needed; where several are legal, the session has an `either` with a branch for each.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from batepapo_conformance.exploring.acts import (
    Act,
    Close,
    Connect,
    HalfClose,
    Reset,
    Send,
    Step,
)
from batepapo_conformance.failure import visible
from batepapo_conformance.model.lookahead import TooManyWorlds
from batepapo_conformance.model.oracle import Oracle
from batepapo_conformance.model.world import Due, End, Event, Listing

_TIME: Final = "2026-01-31T12:00:00.000Z"
_PLAIN: Final = re.compile(rb"[\x20-\x7E]*[\x21-\x7E]")
# What `<` would begin in a session: it is written as a repetition of one.
_BEGINS: Final = re.compile(r"<(?=[a-z0-9].*>)")
_RUN: Final = re.compile(r"([A-Za-z0-9])\1{15,}")
_NAMED_TIME: Final = re.compile("\0([^\0]+)\0")
_MOST_BRANCHES: Final = 200


@dataclass(frozen=True, slots=True)
class _Either:
    branches: tuple[tuple["_Item", ...], ...]


@dataclass(slots=True)
class _Course:
    """How a session goes on, and what the oracle knows at its end, if that is one."""

    items: list["_Item"] = field(default_factory=list)
    oracle: Oracle | None = None


_Item = str | _Either


def transcribe(steps: Sequence[Step]) -> list[str]:
    """Give the lines of a session without its header.

    Raises:
        TooManyWorlds: there are too many legal ways to answer.
    """
    course = _Writer().course(Oracle(), (), steps)
    return _with_named_times(list(_flat(course.items)))


def transcript(
    steps: Sequence[Step], *, title: str, shows: Sequence[str], comment: str = ""
) -> str:
    """Give a whole file of `spec/transcripts`.

    Args:
        steps: what is done.
        title: one line.
        shows: the ids that it illustrates.
        comment: what stands above the steps, each line with a `#`.

    Raises:
        TooManyWorlds: there are too many legal ways to answer.
    """
    notes = [f"# {line}".rstrip() for line in comment.splitlines()]
    head = [f"title: {title}", f"shows: {' '.join(shows)}", "", *notes]
    return "\n".join([*head, *transcribe(steps)]) + "\n"


class _Writer:
    """Writes a course, and counts the branches, lest they never end."""

    def __init__(self) -> None:
        self._branches = 0

    def course(
        self, oracle: Oracle, listening: tuple[str, ...], steps: Sequence[Step]
    ) -> _Course:
        """Everything that is due now, and then the steps, one after the other."""
        course = _Course()
        while (found := _someone_due(oracle, listening)) is not None:
            name, options = found
            if len(options) == 1:
                course.items.append(_hear(oracle, name, options[0]))
                continue
            joint = self._either(oracle, listening, name, options, ())
            if joint.oracle is None:  # the branches never meet again
                parted = self._either(oracle, listening, name, options, steps)
                course.items += parted.items
                return course
            course.items += joint.items
            oracle = joint.oracle
        if not steps:
            course.oracle = oracle
            return course
        for act in steps[0]:
            course.items += _done(act)
            listening = _tell(oracle, act, listening)
        after = self.course(oracle, listening, steps[1:])
        return _Course(course.items + after.items, after.oracle)

    def _either(
        self,
        oracle: Oracle,
        listening: tuple[str, ...],
        name: str,
        options: Sequence[Due],
        steps: Sequence[Step],
    ) -> _Course:
        self._branches += len(options)
        if self._branches > _MOST_BRANCHES:
            raise TooManyWorlds
        branches, ends = [], []
        for option in options:
            other = oracle.fork()
            first = _hear(other, name, option)
            rest = self.course(other, listening, steps)
            branches.append((first, *rest.items))
            ends.append(rest.oracle)
        meet = ends[0] is not None and all(
            end is not None and end.is_like(ends[0]) for end in ends
        )
        return _Course([_Either(tuple(branches))], ends[0] if meet else None)


def _someone_due(
    oracle: Oracle, listening: tuple[str, ...]
) -> tuple[str, list[Due]] | None:
    for name in listening:
        if oracle.is_due(name):
            return name, oracle.expected(name)
    return None


def _hear(oracle: Oracle, name: str, due: Due) -> str:
    """Let the oracle hear a line that is due, and give it as a step."""
    if isinstance(due, End):
        oracle.hears_end(name)
        return f"{name} is closed"
    form = oracle.form(due)
    line = form.replace("<time>", _TIME).replace("<software>", "x")
    line = line.replace("<reason>", "x").replace("<explanation>", "x")
    oracle.hears(name, line.encode("ascii"))
    if isinstance(due, Listing) and len(due.nicks) > 1:
        return f"{name} sees the list {' '.join(due.nicks)}"
    if isinstance(due, Event):
        form = f"{due.keyword} \0{due.who} {due.number}\0 <{due.who}>"
        if due.keyword != "ENTROU":
            form += f" :{'<reason>' if due.text is None else _guarded(due.text)}"
    return f"{name} <- {form}"


def _tell(oracle: Oracle, act: Act, listening: tuple[str, ...]) -> tuple[str, ...]:
    """Let the oracle know of an act; give those who listen afterwards."""
    match act:
        case Connect(name):
            oracle.connects(name, f"127.0.0.1:{50001 + len(listening)}")
            return (*listening, name)
        case Send(name, _):
            oracle.sends(name, act.octets)
        case HalfClose(name):
            oracle.half_closes(name)
        case Close(name) | Reset(name):
            oracle.breaks(name)
    return listening


def _done(act: Act) -> list[str]:
    match act:
        case Connect(name):
            return [f"{name} connects"]
        case Send(name, pieces):
            return _sent(name, pieces)
        case HalfClose(name):
            return [f"{name} half-closes"]
        case Close(name):
            return [f"{name} closes"]
        case Reset(name):
            return [f"{name} resets"]


def _sent(name: str, pieces: tuple[bytes, ...]) -> list[str]:
    *lines, rest = pieces[0].split(b"\n")
    plain = not rest and all(_PLAIN.fullmatch(one) for one in lines)
    if len(pieces) == 1 and plain and lines:
        texts = [_guarded(line.decode("ascii")) for line in lines]
        if len(texts) == 1:
            return [f"{name} -> {texts[0]}"]
        if not any(" | " in text for text in texts):
            return [f"{name} ->> {' | '.join(texts)}"]
    return [f"{name} ~> {_escaped(piece)}" for piece in pieces if piece]


def _escaped(piece: bytes) -> str:
    text = visible(piece).replace("\\t", "\\x09").replace("<", "\\x3C")
    text = _RUN.sub(_repetition, text)
    return f"{text[:-1]}\\x20" if text.endswith(" ") else text


def _guarded(text: str) -> str:
    """A text in which no reader of the session takes anything for a placeholder."""
    text = _RUN.sub(_repetition, _BEGINS.sub("<1 x <>", text))
    return f"{text[:-1]}<1 x  >" if text.endswith(" ") else text


def _repetition(run: re.Match[str]) -> str:
    return f"<{len(run[0])} x {run[1]}>"


def _flat(items: Sequence[_Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield item
            continue
        for number, branch in enumerate(item.branches):
            yield "or" if number else "either"
            yield from _flat(branch)
        yield "end"


def _with_named_times(lines: Sequence[str]) -> list[str]:
    """Name the time of each event that several connections see."""
    hearers: dict[str, set[str]] = {}
    for line in lines:
        for event in _NAMED_TIME.findall(line):
            hearers.setdefault(event, set()).add(line.split(" ")[0])
    shared = [event for event, names in hearers.items() if len(names) > 1]
    names = {event: f"<time {number}>" for number, event in enumerate(shared, 1)}
    return [
        _NAMED_TIME.sub(lambda found: names.get(found[1], "<time>"), line)
        for line in lines
    ]
