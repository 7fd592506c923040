"""What the judge says: a verdict, what was broken, and what is in doubt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from batepapo_conformance.diagram import Step, Way
from batepapo_conformance.failure import RuleBroken, visible

LONGEST: Final = 10
"""Happenings of a counterexample, at most."""


class Verdict(StrEnum):
    """The three answers; `UNKNOWN` if something that matters was not seen."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


class Seen(NamedTuple):
    """A line at its place in the recording: what evidence is made of.

    `number` is that of its happening, counted from 1; `line` lacks its LF.
    """

    number: int
    seconds: float
    who: str
    way: Way
    line: bytes


class Violation(RuleBroken):
    """The server broke a promise, and this is how one can see it.

    Args:
        rule: the requirement.
        expected: what had to come.
        actual: what came instead.
        evidence: the lines that prove it, besides the one that came.
        note: who says so.
        absent: what did not come, if that is what is wrong.
    """

    def __init__(
        self,
        rule: str,
        expected: bytes | str,
        actual: bytes | str,
        evidence: Iterable[Seen | None] = (),
        note: str = "",
        *,
        absent: str = "",
    ) -> None:
        super().__init__(rule, expected, actual, note)
        self.evidence = [one for one in evidence if one is not None]
        self.absent = absent
        self.about = ""
        """Another connection on which this rests, by name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that was not kept.

    Attributes:
        rule: the requirement.
        who: on whose connection.
        expected: what had to come; `actual`: what came; both printable.
        note: what else helps to understand it.
        steps: the counterexample, at most 10; the last is what is wrong.
    """

    rule: str
    who: str
    expected: str
    actual: str
    note: str
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "rule": self.rule,
            "connection": self.who,
            "expected": self.expected,
            "actual": self.actual,
            "note": self.note,
            "happenings": [
                {
                    "at": step.seconds,
                    "connection": step.who,
                    "way": str(step.way),
                    "text": step.text,
                    "wrong": step.wrong,
                }
                for step in self.steps
            ],
        }


def failure(broken: Violation, who: str, came: Seen | None, seconds: float) -> Failure:
    """Put a counterexample together.

    Args:
        broken: what the judge found.
        who: on whose connection.
        came: the line that should not have come, if one did.
        seconds: when it was found.
    """
    wrong = came if not broken.absent else None
    # By number alone: lines of one happening stay in the order in which they came.
    unique = dict.fromkeys(one for one in broken.evidence if one != wrong)
    ordered = sorted(unique, key=lambda one: one.number)
    steps = [_step(one) for one in ordered[-(LONGEST - 1) :]]
    if wrong is not None:
        steps.append(_step(wrong, wrong=True))
    else:
        absent = broken.absent or "nothing more comes"
        steps.append(Step(seconds, who, Way.AT_CLIENT, absent, wrong=True))
    return Failure(
        broken.rule,
        who,
        _words(broken.expected),
        _words(broken.actual),
        broken.note,
        tuple(steps),
    )


def _step(seen: Seen, *, wrong: bool = False) -> Step:
    return Step(seen.seconds, seen.who, seen.way, visible(seen.line), wrong)


def _words(side: bytes | str) -> str:
    return visible(side) if isinstance(side, bytes) else side


@dataclass(slots=True)
class Judgement:
    """The verdict on a recording, and everything that led to it.

    Attributes:
        failures: what was broken, the first few; the first one is the one to read.
        doubts: why something could not be judged: the connection, and the reason.
        connections: how many there were.
        events: how many the one sequence has, as far as it was seen.
        lines: how many were judged, in both directions.
        seconds: how long the recording is.
    """

    failures: list[Failure] = field(default_factory=list)
    doubts: list[tuple[str, str]] = field(default_factory=list)
    connections: int = 0
    events: int = 0
    lines: int = 0
    seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """`FAIL` if anything was broken; `UNKNOWN` if anything is in doubt."""
        if self.failures:
            return Verdict.FAIL
        return Verdict.UNKNOWN if self.doubts else Verdict.PASS

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "format": "batepapo/judgement/1",
            "verdict": str(self.verdict),
            "connections": self.connections,
            "events": self.events,
            "lines": self.lines,
            "seconds": round(self.seconds, 6),
            "failures": [one.as_json() for one in self.failures],
            "doubts": [{"connection": who, "reason": why} for who, why in self.doubts],
        }
