"""Workloads in which people come and say nothing."""

import time
from collections.abc import Iterator
from typing import Final

from batepapo_bench.results import Measurement
from batepapo_bench.stage import Span, Stage

MOST: Final = 10_000
"""Participants who are there at once."""
_AT_ONCE: Final = 2000
_PATIENCE: Final = 120.0


def entrance(stage: Stage) -> Iterator[Measurement]:
    """2,000 connect and enter at once; it is over when all have seen the last."""
    with stage.crowd() as crowd:
        span = Span(stage, crowd)
        crowd.connect(stage.people(_AT_ONCE))
        end = time.monotonic() + _PATIENCE
        while crowd.waiting and time.monotonic() < end:
            crowd.turn(1)
        if not crowd.waiting:  # else it took longer than this, and they are remarked
            crowd.barrier()
        figures = span.shares()
        figures["entering"] = figures["seconds"]
        yield stage.measured("entrance", crowd, figures)


def idle(stage: Stage) -> Iterator[Measurement]:
    """10,000 enter, a hundred at a time, and then nobody says anything."""
    gauge = stage.server.gauge
    with stage.crowd() as crowd:
        before = gauge.memory()
        began = time.monotonic()
        crowd.grow(stage.people(MOST))
        entering = time.monotonic() - began
        span = Span(stage, crowd)
        end = time.monotonic() + stage.seconds
        while (left := end - time.monotonic()) > 0:
            crowd.turn(left)
        figures = span.shares()
        figures["entering"] = entering
        figures["memory_each"] = (gauge.memory() - before) / len(crowd.participants)
        yield stage.measured("idle", crowd, figures)
