"""Where a workload takes place: a server, its crowd, and the span that is measured."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from batepapo_bench.contenders import ADDRESS, Contender, Running
from batepapo_bench.load import Crowd, Participant, Trouble
from batepapo_bench.results import Measurement
from batepapo_bench.stamps import STAMP, last_stamp, percentile

WARM: Final = 0.3
"""Seconds that pass before anything counts: buffers grow, and code gets warm."""
PATIENCE: Final = 30.0
"""Seconds in which a message has come to everybody, or the server has failed."""
_RESTLESS: Final = 0.05
"""A load that waits for less of its time than this was the bottleneck itself."""


@dataclass(slots=True)
class Stage:
    """A contender that listens, and how long and how large workloads are.

    Attributes:
        seconds: for how long people talk.
        scale: the part of the usual number of participants: 1, or less to be quick.
        room: how many participants the system lets the load have.
        round: the how manieth time this is.
        seed: for what is drawn at random; the same for all contenders of a round.
    """

    contender: Contender
    server: Running
    seconds: float
    scale: float
    room: int
    round: int
    seed: int

    def people(self, count: int) -> int:
        """So many participants, as far as contender, run and system have them."""
        return max(10, min(int(count * self.scale), self.contender.most, self.room))

    @contextlib.contextmanager
    def crowd(self, count: int = 0) -> Iterator[Crowd]:
        """So many participants who have entered and seen each other."""
        crowd = Crowd(ADDRESS, self.server.port, self.contender.dialect)
        try:
            if count:
                crowd.grow(count)
            yield crowd
        finally:
            crowd.close()

    def measured(
        self,
        workload: str,
        crowd: Crowd,
        figures: Mapping[str, float],
        variant: str = "",
        *,
        full: bool = False,
    ) -> Measurement:
        """The measurement that these figures make.

        Args:
            workload: what was done.
            variant: which part of it.
            crowd: by whom; those who are lost or wait for an answer are remarked.
            figures: what was measured.
            full: whether the load was to do as much as it could.

        Raises:
            Trouble: the server has ended meanwhile.
        """
        if trouble := self.server.trouble():
            raise Trouble(trouble)
        remarks = {}
        if full and figures["load_waited"] < _RESTLESS:
            remarks["saturated"] = 1
        if len(crowd.participants) == self.room:
            remarks["fewer"] = self.room
        if lost := crowd.lost():
            remarks["cut_off"] = len(lost)
        if crowd.waiting:
            remarks["outside"] = crowd.waiting
        return Measurement(
            workload=workload,
            variant=variant,
            contender=self.contender.name,
            round=self.round,
            participants=len(crowd.participants),
            figures=figures,
            remarks=remarks,
        )


class Span:
    """From one moment to another: what server and load have used, for how much.

    Args:
        stage: whose server is measured.
        crowd: who is the load.
    """

    def __init__(self, stage: Stage, crowd: Crowd) -> None:
        self._gauge, self._crowd = stage.server.gauge, crowd
        crowd.waited = 0.0
        self._server, self._load = self._gauge.cpu(), time.process_time()
        self._octets = _octets(crowd)
        self._began = time.monotonic()

    def octets(self) -> int:
        """How many have come to all of them since it began."""
        return _octets(self._crowd) - self._octets

    def shares(self) -> dict[str, float]:
        """What it comes to, now: seconds, and parts of them."""
        seconds = time.monotonic() - self._began
        return {
            "seconds": seconds,
            "server_share": (self._gauge.cpu() - self._server) / seconds,
            "load_share": (time.process_time() - self._load) / seconds,
            "load_waited": self._crowd.waited / seconds,
        }

    def figures(self, deliveries: float) -> dict[str, float]:
        """The same, and what it comes to for each delivery.

        Raises:
            Trouble: there was none.
        """
        if not deliveries:
            raise Trouble("nothing was delivered")
        shares = self.shares()
        seconds = shares["seconds"]
        return shares | {
            "deliveries": round(deliveries),
            "deliveries_per_second": deliveries / seconds,
            "cpu_per_delivery": shares["server_share"] * seconds / deliveries,
        }


def _octets(crowd: Crowd) -> int:
    return sum(one.octets for one in crowd.participants)


@dataclass(slots=True)
class Witness:
    """Hears what comes to one for all: how long lines are, and a sample of the times.

    In a flood everyone receives the same lines: with the octets of all, and with
    how many octets the lines of one have, all deliveries are counted.
    """

    who: Participant
    lines: int = 0
    octets: int = 0
    took: list[int] = field(default_factory=list)

    def __call__(self, one: Participant, buffer: bytearray, count: int) -> None:
        """What came to somebody."""
        if one is self.who:
            self.lines += buffer.count(b"\n", 0, count)
            self.octets += count
            sent = last_stamp(buffer, count)
            if sent is not None:
                self.took.append(time.monotonic_ns() - sent)

    def in_lines(self, octets: int) -> float:
        """How many lines so many octets are."""
        return octets * self.lines / self.octets if self.lines else 0.0


@dataclass(slots=True)
class Everyone:
    """Hears the time of every message that comes to anybody, and what each took.

    Attributes:
        took: nanoseconds, of each that has come.
        wanted: how many are waited for.
    """

    took: list[int] = field(default_factory=list)
    wanted: int = 0

    def __call__(self, one: Participant, buffer: bytearray, count: int) -> None:
        """What came to somebody; half of a line waits for its other half."""
        now = time.monotonic_ns()
        if one.tail or buffer[count - 1] != 10:
            come = one.tail + buffer[:count]
            whole = come.rfind(b"\n") + 1
            one.tail = bytes(come[whole:])
            found = STAMP.findall(come, 0, whole)
        else:
            found = STAMP.findall(buffer, 0, count)
        self.took += [now - int(sent) for sent in found]

    def enough(self) -> bool:
        """Whether all that is waited for has come."""
        return len(self.took) >= self.wanted


def latencies(took: list[int]) -> dict[str, float]:
    """What these nanoseconds come to, in seconds."""
    ordered = sorted(took)
    if not ordered:
        return {}
    shares = (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    return {name: percentile(ordered, share) / 1e9 for name, share in shares}
