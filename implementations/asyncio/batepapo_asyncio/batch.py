"""What one read brought in, as one write for each reader.

System calls are what a chat server costs. So events for everyone are written once into
one list, and joined once; what is for somebody alone falls between them at its place.
"""

from collections.abc import Iterable, Iterator

from .messages import format_message
from .room import Delivery, State, Visitor


class Batch:
    """Collects deliveries for the same people.

    Attributes:
        size: octets collected; what everyone gets is counted once.
    """

    def __init__(self) -> None:
        self._shared: list[bytes] = []
        self._single: dict[Visitor, list[tuple[int, bytes]]] = {}
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

    def portions(self, present: Iterable[Visitor]) -> Iterator[tuple[Visitor, bytes]]:
        """Give each of those present, and who else is meant, what is due to them."""
        if self._shared:
            for_all = b"".join(self._shared)
            for visitor in present:
                if visitor not in self._single:
                    yield visitor, for_all
        for visitor, own in self._single.items():
            present_too = visitor.state is State.PARTICIPANT
            yield visitor, _interleave(self._shared if present_too else [], own)


def _interleave(shared: list[bytes], own: list[tuple[int, bytes]]) -> bytes:
    lines: list[bytes] = []
    done = 0
    for place, line in own:
        lines += shared[done:place]
        lines.append(line)
        done = place
    return b"".join([*lines, *shared[done:]])
