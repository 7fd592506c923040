"""A flood: some speak as fast as they can, and everyone hears it."""

import time
from typing import Final

from batepapo_bench.load import Crowd, Participant, nobody
from batepapo_bench.stage import PATIENCE, WARM, Span, Stage, Witness, latencies
from batepapo_bench.stamps import stamped

UNDER_WAY: Final = 32
"""Messages of one speaker that may be under way to whoever hears them last.

With no bound but that of TCP, seconds of them wait in the system's buffers; then
latency is the length of a queue, and servers rightly cut off those who do not keep up.
"""

_SPEAKERS: Final = 10


class Flood:
    """A tenth of a crowd, ten at most, that speaks as fast as it can.

    Args:
        crowd: everyone, at rest.
    """

    def __init__(self, crowd: Crowd) -> None:
        count = max(1, min(_SPEAKERS, len(crowd.participants) // 10))
        self._crowd = crowd
        self._speakers = crowd.participants[:count]
        self._listeners = crowd.participants[count:]
        self.witness = Witness(self._listeners[-1])
        self._said = 0
        self._begin: dict[Participant, int] = {}
        self._line = self._length()

    def _length(self) -> int:
        """How many octets a message has when it comes: all are of one length."""
        self._crowd.hearing = self.witness
        self._crowd.send(self._speakers[0], self._message())
        self._crowd.until(lambda: self.witness.lines > 0, PATIENCE)
        self._crowd.barrier()
        self._begin = {one: one.octets for one in self._listeners}
        return self.witness.octets

    def _message(self) -> bytes:
        return self._crowd.dialect.to_all(stamped())

    def pour(self, seconds: float) -> None:
        """Let them speak for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._speak()
            self._crowd.turn(left)

    def _speak(self) -> None:
        bound = UNDER_WAY * len(self._speakers)
        # Not one by one: a half of what may be under way goes at a time.
        if self._said - self._heard(self.witness.who) > bound // 2:
            return
        present = [one for one in self._listeners if not one.lost]
        room = bound - (self._said - min(map(self._heard, present)))
        if room < bound // 2:
            return
        each = room // len(self._speakers)
        for one in self._speakers:
            if not one.lost:
                self._crowd.send(one, self._message() * each)
                self._said += each

    def _heard(self, one: Participant) -> int:
        return (one.octets - self._begin[one]) // self._line


def flooded(stage: Stage, crowd: Crowd) -> dict[str, float]:
    """The figures of a flood in this crowd, which is at rest again after it."""
    flood = Flood(crowd)
    flood.pour(WARM)
    witness = Witness(flood.witness.who)
    crowd.hearing = witness
    span = Span(stage, crowd)
    flood.pour(stage.seconds)
    figures = span.figures(witness.in_lines(span.octets()))
    crowd.hearing = nobody
    crowd.barrier()
    return figures | latencies(witness.took)
