"""What the two servers are to reach, set before anything was measured.

Where a goal is a ratio, both medians are of the same run: then what else the machine
does falls on both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from batepapo_bench.results import Key, Row


@dataclass(frozen=True, slots=True)
class Goal:
    """One of them.

    Attributes:
        name: under which the words of `words/*.toml` tell it.
        unit: "ratio", "seconds", "octets" or "people".
        wanted: for each of our servers, what it is to be at most; at least of people.
        workload, variant, figure: what is measured.
        against: what it is divided by: workload, variant and contender, where an
            empty contender is the same one.
    """

    name: str
    unit: str
    wanted: Mapping[str, float]
    workload: str
    figure: str
    variant: str = ""
    against: Key | None = None


def _both(asyncio: float, threaded: float) -> Mapping[str, float]:
    return {"asyncio": asyncio, "threaded": threaded}


_KIB: Final = 1024
GOALS: Final[Sequence[Goal]] = (
    Goal(
        "ngircd",
        "ratio",
        _both(0.25, 0.35),
        "flood",
        "cpu_per_delivery",
        against=("flood", "", "ngircd"),
    ),
    Goal(
        "limit",
        "ratio",
        _both(2.5, 4),
        "flood",
        "cpu_per_delivery",
        against=("flood", "", "limit"),
    ),
    Goal(
        "single",
        "ratio",
        _both(1.2, 1.4),
        "single",
        "cpu_per_delivery",
        against=("single", "", "limit"),
    ),
    Goal("paced", "seconds", _both(0.005, 0.008), "paced", "p99"),
    Goal(
        "stalled",
        "ratio",
        _both(1.2, 1.3),
        "stalled",
        "p99",
        variant="with",
        against=("stalled", "without", ""),
    ),
    Goal(
        "growth",
        "ratio",
        _both(2, 3),
        "growth",
        "cpu_per_delivery",
        variant="2000",
        against=("growth", "100", ""),
    ),
    Goal("memory", "octets", _both(8 * _KIB, 64 * _KIB), "idle", "memory_each"),
    Goal("people", "people", _both(10_000, 2000), "idle", "participants"),
    Goal("entrance", "seconds", _both(10, 20), "entrance", "entering"),
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How far one of our servers is from a goal.

    Attributes:
        measured: `None` if this run cannot say it: a part of it was not measured.
    """

    goal: Goal
    contender: str
    wanted: float
    measured: float | None

    @property
    def reached(self) -> bool | None:
        """Whether it is; `None` if this run cannot say it."""
        if self.measured is None:
            return None
        if self.goal.unit == "people":
            return self.measured >= self.wanted
        return self.measured <= self.wanted


def judged(rows: Iterable[Row]) -> list[Judgement]:
    """Every goal for each of our servers, from the medians of one run."""
    by_key = {(one.workload, one.variant, one.contender): one for one in rows}
    return [
        Judgement(goal, contender, wanted, _measured(goal, contender, by_key))
        for goal in GOALS
        for contender, wanted in goal.wanted.items()
    ]


def _measured(goal: Goal, contender: str, by_key: Mapping[Key, Row]) -> float | None:
    own = _figure(by_key.get((goal.workload, goal.variant, contender)), goal)
    if own is None or goal.against is None:
        return own
    workload, variant, other = goal.against
    base = _figure(by_key.get((workload, variant, other or contender)), goal)
    return own / base if base else None


def _figure(row: Row | None, goal: Goal) -> float | None:
    if row is None:
        return None
    if goal.figure == "participants":
        # Those that were cut off are none any more.
        return row.participants - row.remarks.get("cut_off", 0)
    return row.medians.get(goal.figure)
