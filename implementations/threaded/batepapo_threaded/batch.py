"""What came in at the same time, as one write for each reader.

The cost of a chat server is system calls. So each event is formatted once, and all that
a batch holds for everyone is joined once.
"""

from collections.abc import Iterable, Iterator

from .messages import format_message
from .room import Delivery, State, Visitor


class _Part:
    """What one gets who does not get just what everyone gets.

    It was in the room for the events from `first` to before `end` (None: to the last).
    `own` is for this one alone, each piece with its place among the events.
    """

    __slots__ = ("end", "first", "own")

    def __init__(self, first: int, end: int | None) -> None:
        self.first = first
        self.end = end
        self.own: list[tuple[int, bytes]] = []

    def octets(self, events: list[bytes]) -> bytes:
        """Give everything, in order."""
        end = len(events) if self.end is None else self.end
        pieces = []
        done = self.first
        for place, octets in self.own:
            pieces += events[done : min(place, end)]
            pieces.append(octets)
            done = max(done, min(place, end))
        return b"".join((*pieces, *events[done:end]))


class Batch:
    """What is due to whom, in order, without a list for everyone.

    Events for all are kept once; who enters or leaves meanwhile has a part of them.
    What only one gets is kept with the place among the events at which it belongs.
    `time` is that of everything in it; `size` is in octets; what everyone gets is
    counted once.
    """

    def __init__(self, time: str) -> None:
        self.time = time
        self.size = 0
        self._events: list[bytes] = []
        self._parts: dict[Visitor, _Part] = {}

    def enter(self, visitor: Visitor) -> None:
        """Give every event from here on to one more."""
        part = self._part(visitor)
        part.first = len(self._events)
        part.end = None

    def leave(self, visitor: Visitor) -> None:
        """Give a participant no event from here on."""
        part = self._parts.setdefault(visitor, _Part(0, None))
        part.end = len(self._events)

    def add(self, delivery: Delivery) -> None:
        """Collect a delivery; it is formatted here, once for all."""
        octets = format_message(delivery.message)
        self.size += len(octets)
        if delivery.to is None:
            self._events.append(octets)
        else:
            self._part(delivery.to).own.append((len(self._events), octets))

    def portions(self, present: Iterable[Visitor]) -> Iterator[tuple[Visitor, bytes]]:
        """Give to each, of those present and of all others, what is due."""
        if self._events:
            joined = b"".join(self._events)
            for visitor in present:
                if visitor not in self._parts:
                    yield visitor, joined
        for visitor, part in self._parts.items():
            if octets := part.octets(self._events):
                yield visitor, octets

    def _part(self, visitor: Visitor) -> _Part:
        """Give the part of one who was in the room, or was not, from the beginning."""
        if visitor not in self._parts:
            is_present = visitor.state is State.PARTICIPANT
            self._parts[visitor] = _Part(0, None if is_present else 0)
        return self._parts[visitor]
