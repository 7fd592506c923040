"""Hypothesis explores a server, and a failure becomes a short session.

What it tries is in `machine.py`, what may come of it in `oracle.py`. This module keeps
the best of the failures, makes it smaller, confirms it, and finds the rule to blame.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import hypothesis
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from batepapo_conformance.exchange import Event, Exchange
from batepapo_conformance.exploring.acts import Connect, Send, Step
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.machine import Room
from batepapo_conformance.exploring.performance import Performance
from batepapo_conformance.exploring.shrinking import is_possible, smaller_steps
from batepapo_conformance.failure import RuleBroken

CONFIRMATIONS: Final = 3
"""How often the smallest failure is tried again on a fresh server."""

# Hypothesis may go on shrinking for minutes; the rest is done by leaving out.
_SHRINKING = 20.0
_LEAVING_OUT = 15.0
# Failures, the smallest of different rules, of which one may happen again.
_CANDIDATES = 4
# What shows only sometimes is no matter of finding the lines.
_BY_CHANCE = frozenset({"CLOSE-1", "ORDER-1", "ORDER-5", "SERVE-1", "ENTER-4"})


@dataclass(frozen=True, slots=True)
class Failure:
    """The shortest course that was found to break a rule.

    Attributes:
        steps: what was done.
        broken: the rule, what was due, and what came.
        seen: how often it failed again on a fresh server.
        exchange: every octet, drawn as a timeline.
        events: the same as data.
        death: how the server ended, if it did.
    """

    steps: tuple[Step, ...]
    broken: RuleBroken
    seen: int
    exchange: str
    events: tuple[Event, ...]
    death: str = ""


@dataclass(frozen=True, slots=True)
class Exploration:
    """What was tried, and what came of it.

    Attributes:
        examples: sessions.
        steps: steps of all of them.
        failure: the shortest failure, if there was any.
    """

    examples: int
    steps: int
    failure: Failure | None


class _TimeIsUp(BaseException):
    """Enough has been made smaller; to Hypothesis like a Ctrl-C, so that it ends."""


def explore(
    ground: Ground,
    *,
    examples: int,
    steps: int,
    seed: int,
    told: Callable[[int, int], None] = lambda examples, steps: None,
) -> Exploration:
    """Try sessions until one fails, or so many have been tried.

    Args:
        ground: the server.
        examples: how many sessions at most.
        steps: how many steps a session has at most.
        seed: repeats the choices.
        told: is called after each session with the number of sessions and steps.

    Raises:
        NoVerdict: the server would not start again.
    """
    notes = _Notes(ground, told)

    class Explored(Room):
        pass

    Explored.ground, Explored.watch = ground, notes
    # Other exceptions are faults of the suite, and go on to whoever asked for this.
    expected = contextlib.suppress(RuleBroken, HypothesisException, _TimeIsUp)
    with _no_traces(), expected:
        run_state_machine_as_test(
            hypothesis.seed(seed)(Explored), settings=_settings(examples, steps)
        )
    return Exploration(notes.sessions, notes.done, _first_seen_again(ground, notes))


def _first_seen_again(ground: Ground, notes: "_Notes") -> Failure | None:
    """Give the smallest failure that happens again; if none does, the smallest."""
    failures = []
    for steps, broken in notes.smallest_first()[:_CANDIDATES]:
        failures.append(confirm(ground, steps, broken))
        if failures[-1].seen:
            return failures[-1]
    return failures[0] if failures else None


@contextlib.contextmanager
def _no_traces() -> Iterator[None]:
    """Let Hypothesis leave no folder where a student happens to stand."""
    with tempfile.TemporaryDirectory() as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


class _Notes:
    """Counts, and keeps the smallest failure of each rule."""

    def __init__(self, ground: Ground, told: Callable[[int, int], None]) -> None:
        self._ground = ground
        self._told = told
        self._until = float("inf")
        self.sessions = 0
        self.done = 0
        self._smallest: dict[str, tuple[tuple[Step, ...], RuleBroken]] = {}

    def begins(self) -> None:
        """A session begins."""
        if time.monotonic() > self._until:
            raise _TimeIsUp
        self.sessions += 1
        self._told(self.sessions, self.done)

    def steps(self) -> None:
        """A step was done, and all was well."""
        self.done += 1

    def finds(self, performance: Performance, error: Exception) -> None:
        """A session went wrong; the first time, Hypothesis begins to shrink it."""
        if not isinstance(error, RuleBroken):
            return
        if not self._smallest:
            self._until = time.monotonic() + _SHRINKING
            self._ground.hurry(True)
        before = self._smallest.get(error.rule)
        if before is None or _size(performance.steps) <= _size(before[0]):
            self._smallest[error.rule] = tuple(performance.steps), error
        self._ground.after_a_failure()

    def smallest_first(self) -> list[tuple[tuple[Step, ...], RuleBroken]]:
        """Give the failures that were kept, the smallest first."""
        return sorted(self._smallest.values(), key=lambda one: _size(one[0]))


def _settings(examples: int, steps: int) -> hypothesis.settings:
    return hypothesis.settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def _size(steps: Sequence[Step]) -> tuple[int, int]:
    acts = [act for step in steps for act in step]
    octets = sum(len(act.octets) for act in acts if isinstance(act, Send))
    return len(acts), octets


def confirm(ground: Ground, steps: tuple[Step, ...], broken: RuleBroken) -> Failure:
    """Leave out what can be, and see whether the rest fails on a fresh server.

    Args:
        ground: the server.
        steps: what has just failed.
        broken: how.

    Raises:
        NoVerdict: the server would not start again.
    """

    def fails(fewer: Sequence[Step]) -> bool:
        if not is_possible(fewer):
            return False
        found = ground.try_out(fewer, fresh=False)
        if found is not None:
            ground.after_a_failure()
        return found is not None and found.rule == broken.rule

    ground.hurry(True)
    ground.start()
    if fails(steps) or fails(steps):  # a busy machine may be late once
        steps = tuple(smaller_steps(steps, fails, seconds=_LEAVING_OUT))
    ground.hurry(False)
    return _seen_again(ground, steps, broken)


def _seen_again(ground: Ground, steps: tuple[Step, ...], broken: RuleBroken) -> Failure:
    record, death, seen = Exchange(), "", 0
    for _ in range(CONFIRMATIONS):
        ground.start()
        with ground.performance() as performance:
            try:
                performance.perform_all(steps)
            except RuleBroken as again:
                broken, seen = again, seen + 1
                record = performance.record
                death = death or ground.death()
    if seen:
        broken = _blame_segmentation(ground, steps, broken)
    return Failure(steps, broken, seen, record.draw(), record.outline(), death)


def _blame_segmentation(
    ground: Ground, steps: Sequence[Step], broken: RuleBroken
) -> RuleBroken:
    """What passes with every line whole, and alone, is a matter of framing."""
    if broken.rule in _BY_CHANCE:
        return broken
    alone = _one_by_one(steps)
    if alone == list(steps) or ground.try_out(alone, fresh=True) is not None:
        return broken
    note = f"The same lines, each delivered alone, pass. Seen as {broken.rule}."
    return RuleBroken("FRAME-3", broken.expected, broken.actual, note, at=broken.at)


def _one_by_one(steps: Sequence[Step]) -> list[Step]:
    """The same acts, each line a step of its own; what ends a connection goes along.

    What never becomes a line is left out: it can only be taken for one.
    """
    found: list[Step] = []
    begun: dict[str, bytes] = {}
    for act in (act for step in steps for act in step):
        if isinstance(act, Send):
            octets = begun.pop(act.name, b"") + act.octets
            *lines, begun[act.name] = octets.split(b"\n")
            found += [(Send(act.name, (line + b"\n",)),) for line in lines]
        elif found and not isinstance(act, Connect):
            found[-1] = (*found[-1], act)
        else:
            begun.pop(act.name, None)
            found.append((act,))
    return found
