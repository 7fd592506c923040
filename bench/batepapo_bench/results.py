"""What was measured: one measurement a contender, workload and round."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[str, str, str]
"""Workload, variant, contender."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one contender did once.

    Attributes:
        workload: what it had to do.
        variant: which of several parts of it; empty where there is one.
        contender: its name.
        round: the how manieth time, from 1.
        participants: how many there were.
        figures: what was measured, by name; the schema says what each means.
        remarks: what has to be known of it: words of `words/*.toml`, with a number.
    """

    workload: str
    variant: str
    contender: str
    round: int
    participants: int
    figures: Mapping[str, float]
    remarks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a contender has no measurement: it did not start, or died."""

    workload: str
    contender: str
    round: int
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One contender at one workload: the medians of all rounds, and the spread."""

    workload: str
    variant: str
    contender: str
    participants: int
    medians: Mapping[str, float]
    lowest: Mapping[str, float]
    highest: Mapping[str, float]
    remarks: Mapping[str, int]


def rows(measurements: Iterable[Measurement]) -> list[Row]:
    """Every contender at every workload, in the order in which they were measured."""
    grouped: dict[Key, list[Measurement]] = {}
    for one in measurements:
        key = (one.workload, one.variant, one.contender)
        grouped.setdefault(key, []).append(one)
    return [_row(key, group) for key, group in grouped.items()]


def _row(key: Key, group: Sequence[Measurement]) -> Row:
    values: dict[str, list[float]] = {}
    remarks: dict[str, int] = {}
    for one in group:
        for name, value in one.figures.items():
            values.setdefault(name, []).append(value)
        for name, count in one.remarks.items():
            remarks[name] = max(count, remarks.get(name, 0))
    return Row(
        *key,
        participants=min(one.participants for one in group),
        medians={name: statistics.median(each) for name, each in values.items()},
        lowest={name: min(each) for name, each in values.items()},
        highest={name: max(each) for name, each in values.items()},
        remarks=remarks,
    )
