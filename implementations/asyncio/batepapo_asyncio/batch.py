"""What one read brought in, dealt out with one write for each reader.

System calls are what a chat server costs. So events for everyone are written once into
one list, and joined once; what is for somebody alone falls between them at its place.
Nothing here awaits, so that nobody can enter or leave between two lines of a batch.
"""

from collections.abc import Iterable
from typing import Protocol

from .errors import OverLimit
from .messages import format_message
from .room import Delivery, Room, State, Visitor


class Reader(Protocol):
    """What a batch has to know of a connection."""

    def take(self, octets: bytes) -> None:
        """Send them; raises OverLimit if that one does not read."""

    def cut_off(self, error: OverLimit) -> list[Delivery]:
        """End the connection at once; gives what the others are to be told."""


class Batch:
    """Collects deliveries, and deals them out.

    Whoever changes who is in the room deals out before (so that all of a batch is for
    the same people), and whoever awaits deals out before.

    Attributes:
        readers: who reads what is for a visitor.
        size: octets collected; what everyone gets is counted once.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._shared: list[bytes] = []
        self._single: dict[Visitor, list[tuple[int, bytes]]] = {}
        self.readers: dict[Visitor, Reader] = {}
        self.size = 0

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Collect deliveries, in this order."""
        for delivery in deliveries:
            line = format_message(delivery.message)
            self.size += len(line)
            if delivery.to is None:
                self._shared.append(line)
            else:
                place = (len(self._shared), line)
                self._single.setdefault(delivery.to, []).append(place)

    def deal_out(self) -> None:
        """Send everybody what is due, and after it what that made happen (ORDER-5)."""
        while self._shared or self._single:
            shared, self._shared = self._shared, []
            single, self._single = self._single, {}
            self.size = 0
            slow: list[tuple[Reader, OverLimit]] = []
            for visitor, octets in self._portions(shared, single):
                if reader := self.readers.get(visitor):
                    try:
                        reader.take(octets)
                    except OverLimit as error:
                        slow.append((reader, error))
            for reader, why in slow:
                self.add(reader.cut_off(why))

    def _portions(
        self, shared: list[bytes], single: dict[Visitor, list[tuple[int, bytes]]]
    ) -> Iterable[tuple[Visitor, bytes]]:
        if shared:
            for_all = b"".join(shared)
            for visitor in self._room.participants:
                if visitor not in single:
                    yield visitor, for_all
        for visitor, own in single.items():
            present = visitor.state is State.PARTICIPANT
            yield visitor, _interleave(shared if present else [], own)


def _interleave(shared: list[bytes], own: list[tuple[int, bytes]]) -> bytes:
    lines: list[bytes] = []
    done = 0
    for place, line in own:
        lines += shared[done:place]
        lines.append(line)
        done = place
    return b"".join([*lines, *shared[done:]])
