"""Making a failure smaller: what can be left out, is."""

import functools
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from batepapo_conformance.exploring.acts import Act, Connect, Send, Step, joined

Item = TypeVar("Item")


def smallest(
    items: Sequence[Item],
    fails: Callable[[Sequence[Item]], bool],
    *,
    seconds: float,
) -> list[Item]:
    """Leave out as many items as possible: delta debugging.

    Args:
        items: what fails as a whole.
        fails: whether some of them, in their order, fail as well.
        seconds: after which no more is tried.

    Returns:
        items that fail, none of which can be left out, if there was time enough.
    """
    kept = list(items)
    size = max(1, len(kept) // 2)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        begin, changed = 0, False
        while begin < len(kept) and time.monotonic() < deadline:
            fewer = kept[:begin] + kept[begin + size :]
            if fewer and fails(fewer):
                kept, changed = fewer, True
            else:
                begin += size
        if size == 1 and not changed:
            break
        size = max(1, size // 2)
    return kept


def smaller_steps(
    steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], *, seconds: float
) -> list[Step]:
    """Leave out steps and acts; then pieces, lines and octets of what is sent.

    All of it again until nothing more can be left out: on a busy machine a server may
    once be late, and what could have been left out stays in.

    Args:
        steps: what fails as a whole.
        fails: whether other steps fail as well.
        seconds: after which no more is tried.
    """
    deadline = time.monotonic() + seconds
    before: list[Step] = []
    kept = list(steps)
    while kept != before and time.monotonic() < deadline:
        before, kept = kept, _once_smaller(kept, fails, deadline)
    return kept


def _once_smaller(
    steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool], deadline: float
) -> list[Step]:
    kept = smallest(steps, fails, seconds=_until(deadline))
    acts = [(place, act) for place, step in enumerate(kept) for act in step]
    acts = smallest(acts, lambda some: fails(_grouped(some)), seconds=_until(deadline))
    kept = _grouped(acts)
    whole = [joined(step) for step in kept]
    if whole != kept and (fails(whole) or fails(whole)):  # all the rest rests on it
        kept = whole
    for parts in (_lines_of, _octets_of):
        for place in _sends(kept):
            put = functools.partial(_with, kept, *place)

            def fails_with(some: Sequence[bytes], put: _Put = put) -> bool:
                return fails(put(some))

            items = parts(_act(kept, *place))
            kept = put(smallest(items, fails_with, seconds=_until(deadline)))
    return kept


def _until(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


_Put = Callable[[Sequence[bytes]], list[Step]]


def _grouped(acts: Sequence[tuple[int, Act]]) -> list[Step]:
    """The steps again, of acts that know in which step they stood."""
    places = dict.fromkeys(place for place, _ in acts)
    return [tuple(act for at, act in acts if at == place) for place in places]


def _sends(steps: Sequence[Step]) -> list[tuple[int, int]]:
    """Where octets are sent in one piece: the step, and the act in it."""
    return [
        (place, number)
        for place, step in enumerate(steps)
        for number, act in enumerate(step)
        if isinstance(act, Send) and len(act.pieces) == 1
    ]


def _act(steps: Sequence[Step], place: int, number: int) -> Send:
    act = steps[place][number]
    assert isinstance(act, Send)
    return act


def _with(
    steps: Sequence[Step], place: int, number: int, parts: Sequence[bytes]
) -> list[Step]:
    """The steps in which that act sends these octets."""
    step = list(steps[place])
    step[number] = Send(step[number].name, (b"".join(parts),))
    return [*steps[:place], tuple(step), *steps[place + 1 :]]


def _lines_of(act: Send) -> list[bytes]:
    *lines, rest = act.octets.split(b"\n")  # a CR alone ends no line
    return [line + b"\n" for line in lines] + [rest] * bool(rest)


def _octets_of(act: Send) -> list[bytes]:
    return [bytes([octet]) for octet in act.octets]


def is_possible(steps: Sequence[Step]) -> bool:
    """Whether everybody connects once, and before anything else that it does."""
    connected: set[str] = set()
    for step in steps:
        for act in step:
            if isinstance(act, Connect) == (act.name in connected):
                return False
            connected.add(act.name)
    return True
