"""What the contenders have to do: each workload is a small function on a `Stage`.

Here are the floods; `talking.py` and `gathering.py` have the others.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from batepapo_bench.flood import flooded
from batepapo_bench.gathering import MOST, entrance, idle
from batepapo_bench.results import Measurement
from batepapo_bench.stage import Stage
from batepapo_bench.talking import PEOPLE, lecture, paced, single, stalled, whispers

__all__ = ["MOST", "ONCE", "WORKLOADS", "Workload"]

_SIZES: Final = (10, 30, 100, 300, 1000, 2000)

Workload = Callable[[Stage], Iterator[Measurement]]


def flood(stage: Stage) -> Iterator[Measurement]:
    """Ten of 100 speak as fast as they can, with 32 messages of each under way."""
    with stage.crowd(stage.people(PEOPLE)) as crowd:
        yield stage.measured("flood", crowd, flooded(stage, crowd), full=True)


def growth(stage: Stage) -> Iterator[Measurement]:
    """The flood with ever more participants, of whom ten speak at most."""
    with stage.crowd() as crowd:
        for size in dict.fromkeys(map(stage.people, _SIZES)):
            crowd.grow(size)
            figures = flooded(stage, crowd)
            yield stage.measured("growth", crowd, figures, str(size), full=True)


WORKLOADS: Final[Mapping[str, Workload]] = {
    "flood": flood,
    "single": single,
    "paced": paced,
    "growth": growth,
    "entrance": entrance,
    "idle": idle,
    "stalled": stalled,
    "whispers": whispers,
    "lecture": lecture,
}
"""All of them, in the order in which they take place."""

ONCE: Final = frozenset({"idle"})
"""Those that take place once, whatever the rounds: minutes, for what hardly varies."""
