"""Hostile clients against a server: every line is answered as the oracle says.

A witness is in the room all the time and sees what it should, and nothing else. Others
come, one after the other, send lines by the hundred in strange pieces, and end with
one that the server has to refuse, or in any other way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from batepapo_conformance.exploring.acts import (
    Close,
    Connect,
    HalfClose,
    Reset,
    Send,
    Step,
    lines,
)
from batepapo_conformance.exploring.explore import Failure, confirm
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.performance import Performance
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.fuzzing.lines import Lines, segments

GROWTH: Final = 32 << 20
"""Octets by which the memory of a server may grow after the first tenth of a run."""

_WITNESS: Final = "ana"
_NICK: Final = "Beto"
# Enough lines for the queues of a connection to matter, few enough to hear them all
# while none of its neighbours' outboxes is full.
_LINES: Final = 60
_VISITORS: Final = 12  # of one session


@dataclass
class Amount:
    """How much has been sent.

    Attributes:
        octets: to the server.
        lines: with their ends, also those that nobody had to carry out any more.
        connections: how many.
        sessions: from an empty room to an empty room.
        growth: octets by which the server's memory grew after a tenth of the run.
    """

    octets: int = 0
    lines: int = 0
    connections: int = 0
    sessions: int = 0
    growth: int = 0


class _Memory:
    """Watches the memory of a server, if it is the suite's to watch."""

    def __init__(self, ground: Ground, octets: int) -> None:
        self._ground = ground
        self._warm = octets // 10
        self._base: int | None = None

    def growth(self, sent: int) -> int:
        """Octets by which it has grown since it was warm."""
        process = self._ground.process
        if process is None or sent < self._warm:
            return 0
        now = process.memory()
        if self._base is None:
            self._base = now
        return now - self._base


def fuzz_server(
    ground: Ground,
    *,
    octets: int,
    seed: int,
    told: Callable[[Amount], None] = lambda amount: None,
) -> tuple[Amount, Failure | None]:
    """Send so many octets, and stop at the first broken rule.

    Args:
        ground: the server.
        octets: how many, at least.
        seed: repeats the choices.
        told: is called after each session.

    Raises:
        NoVerdict: the server would not start again.
    """
    chance = Random(seed)
    amount, memory = Amount(), _Memory(ground, octets)
    while amount.octets < octets:
        failure = _session(ground, chance, amount)
        if failure is not None:
            return amount, failure
        amount.growth = max(amount.growth, memory.growth(amount.octets))
        told(amount)
        if amount.growth > GROWTH:
            return amount, too_much(amount)
    return amount, None


def too_much(amount: Amount) -> Failure:
    """Give the failure of a server that has taken more memory than it may."""
    mebibyte = 1 << 20
    broken = RuleBroken(
        "SLOW-2",
        f"at most {GROWTH // mebibyte} MiB more memory than after a tenth of the run",
        f"{amount.growth // mebibyte} MiB more after {amount.octets} octets",
        "Neither a line nor an outbox may take memory without a bound (FRAME-5).",
    )
    return Failure((), broken, 0, "", ())


def _session(ground: Ground, chance: Random, amount: Amount) -> Failure | None:
    with ground.performance() as performance:
        try:
            _visit(performance, chance, amount)
        except RuleBroken as broken:
            return confirm(ground, tuple(performance.steps), broken)
    amount.sessions += 1
    return None


def _visit(performance: Performance, chance: Random, amount: Amount) -> None:
    """The witness enters, visitors come and go, and the room still works."""
    performance.perform((Connect(_WITNESS),))
    performance.perform((lines(_WITNESS, f"/ENTRAR {_WITNESS}"),))
    for number in range(_VISITORS):
        visitor = _Visitor(f"beto{number + 1}", chance)
        for step in visitor.steps():
            performance.perform(step)
            _count(step, amount)
            performance.oracle.forget()
    performance.perform((lines(_WITNESS, f"{_WITNESS}:fim", "/USUARIOS", "/SAIR"),))


def _count(step: Step, amount: Amount) -> None:
    for act in step:
        match act:
            case Connect():
                amount.connections += 1
            case Send():
                amount.octets += len(act.octets)
                amount.lines += act.octets.count(b"\n")
            case _:
                pass


class _Visitor:
    """Somebody who comes, sends much, and goes in one of many ways."""

    def __init__(self, name: str, chance: Random) -> None:
        self._name = name
        self._chance = chance
        self._lines = Lines(chance, (_WITNESS, _NICK))

    def steps(self) -> list[Step]:
        """Give what it does."""
        steps: list[Step] = [(Connect(self._name),)]
        if self._chance.randrange(8):
            steps.append((lines(self._name, f"/ENTRAR {_NICK}"),))
            times = self._chance.randrange(1, 4)
            steps += [(self._batch(b""),) for _ in range(times)]
        return [*steps, *self._ending()]

    def _batch(self, last: bytes) -> Send:
        count = self._chance.randrange(_LINES)
        octets = b"".join(self._lines.legal() for _ in range(count)) + last
        return Send(self._name, segments(octets, self._chance))

    def _ending(self) -> list[Step]:
        gone: Step = (Close(self._name),)
        match self._chance.randrange(8):
            case 0:  # an orderly end, perhaps in the middle of a line
                part = self._lines.legal()[: self._chance.randrange(9)]
                return [(self._batch(part.rstrip(b"\r\n")), HalfClose(self._name))]
            case 1:
                way = self._chance.choice((Close, Reset))
                return [(self._batch(b""), way(self._name))]
            case 2:  # a line that never ends
                return [(self._batch(b":" * self._chance.randrange(512, 3000)),), gone]
            case _:  # what follows the last line counts no more
                last = self._lines.last()
                noise = self._lines.noise() if not self._chance.randrange(3) else b""
                return [(self._batch(last + noise),), gone]
