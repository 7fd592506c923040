"""One run: the contenders take turns, A B C A B C, at one workload after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from batepapo_bench.contenders import Absent, Contender, given, reference, running
from batepapo_bench.gauge import Machine
from batepapo_bench.limit import limit
from batepapo_bench.load import Trouble
from batepapo_bench.peers import inspircd, ngircd
from batepapo_bench.results import Failure, Measurement
from batepapo_bench.stage import Stage
from batepapo_bench.workloads import ONCE, WORKLOADS

NAMES: Final = ("threaded", "asyncio", "ngircd", "inspircd", "limit")
"""The contenders that there are without being given."""

Progress = Callable[[str], None]
"""Gets a line that says what is done now."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run.

    Attributes:
        workloads: their names.
        contenders: their names.
        servers: further ones, with their commands.
        rounds: how often everybody takes a turn.
        seconds: for how long people talk each time.
        scale: the part of the usual number of participants.
    """

    workloads: Sequence[str] = tuple(WORKLOADS)
    contenders: Sequence[str] = NAMES
    servers: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 5
    seconds: float = 3.0
    scale: float = 1.0


@dataclass(slots=True)
class Outcome:
    """What came of a run; it grows while the run goes on."""

    contenders: list[Contender] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def find(options: Options, folder: Path, outcome: Outcome) -> None:
    """Look for the contenders: those who are absent are told, with how to get them.

    Args:
        options: who is asked for.
        folder: where what is compiled is put.
        outcome: where they are noted.
    """
    makers: dict[str, Callable[[], Contender]] = {
        "threaded": lambda: reference("threaded", most=2000),
        "asyncio": lambda: reference("asyncio", most=10_000),
        "ngircd": ngircd,
        "inspircd": inspircd,
        "limit": lambda: limit(folder),
    }
    for name in options.contenders:
        try:
            outcome.contenders.append(makers[name]())
        except Absent as error:
            outcome.absent[name] = str(error)
    for name, command in options.servers.items():
        outcome.contenders.append(given(name, command))


def take(
    options: Options, machine: Machine, outcome: Outcome, progress: Progress
) -> None:
    """Let everybody who was found take all turns; what is measured goes to `outcome`.

    A contender that does not start, or dies, is noted, and the rest goes on.
    """
    for number in range(1, options.rounds + 1):
        for workload in options.workloads:
            if workload in ONCE and number > 1:
                continue
            for one in outcome.contenders:
                progress(f"{number}/{options.rounds} {workload} {one.name}")
                try:
                    with running(one, machine.cores) as server:
                        stage = Stage(
                            contender=one,
                            server=server,
                            seconds=options.seconds,
                            scale=options.scale,
                            room=machine.room,
                            round=number,
                            seed=number,
                        )
                        outcome.measurements.extend(WORKLOADS[workload](stage))
                except Trouble as trouble:
                    failure = Failure(workload, one.name, number, str(trouble))
                    outcome.failures.append(failure)
