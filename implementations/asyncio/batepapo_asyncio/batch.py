"""What came in at the same time, as one write for each reader.

System calls are what a chat server costs. So events for everyone are written once into
one list, and joined once; what is for somebody alone falls between them at its place.
"""

from collections.abc import Iterable, Iterator

from .messages import format_message
from .room import Delivery, State, Visitor


class _Part:
    """What somebody gets who does not get just what everyone gets.

    Attributes:
        first, end: of the shared lines, those that this one was in the room for.
        own: lines for this one alone, each with its place among the shared ones.
    """

    __slots__ = ("end", "first", "own")

    def __init__(self, first: int, end: int | None) -> None:
        self.first = first
        self.end = end
        self.own: list[tuple[int, bytes]] = []

    def octets(self, shared: list[bytes]) -> bytes:
        """All of it, in order."""
        end = len(shared) if self.end is None else self.end
        lines: list[bytes] = []
        done = self.first
        for place, line in self.own:
            until = min(place, end)
            lines += shared[done:until]
            lines.append(line)
            done = max(done, until)
        return b"".join([*lines, *shared[done:end]])


class Batch:
    """Collects deliveries, also while people enter and leave.

    Attributes:
        size: octets collected; what everyone gets is counted once.
    """

    def __init__(self) -> None:
        self._shared: list[bytes] = []
        self._parts: dict[Visitor, _Part] = {}
        self.size = 0

    def enter(self, visitor: Visitor) -> None:
        """Count somebody among everyone from here on."""
        part = self._part(visitor)
        part.first = len(self._shared)
        part.end = None

    def leave(self, visitor: Visitor) -> None:
        """Count a participant among everyone no longer."""
        part = self._parts.setdefault(visitor, _Part(0, None))
        part.end = len(self._shared)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Collect deliveries, in this order."""
        for delivery in deliveries:
            line = format_message(delivery.message)
            self.size += len(line)
            if delivery.to is None:
                self._shared.append(line)
            else:
                self._part(delivery.to).own.append((len(self._shared), line))

    def portions(self, present: Iterable[Visitor]) -> Iterator[tuple[Visitor, bytes]]:
        """Give each of those present, and who else is meant, what is due to them."""
        if self._shared:
            for_all = b"".join(self._shared)
            for visitor in present:
                if visitor not in self._parts:
                    yield visitor, for_all
        for visitor, part in self._parts.items():
            if octets := part.octets(self._shared):
                yield visitor, octets

    def _part(self, visitor: Visitor) -> _Part:
        if visitor not in self._parts:
            present = visitor.state is State.PARTICIPANT
            self._parts[visitor] = _Part(0, None if present else 0)
        return self._parts[visitor]
