"""What one read brought in, as one write for each reader.

The cost of a chat server is system calls. So each event is formatted once, and all that
a batch holds for everyone is joined once.
"""

from .messages import format_message
from .room import Delivery, Visitor


class Batch:
    """What is due to whom, in order, without a list for everyone.

    Events for all are kept once. What only one gets is kept with the place
    among the events at which it belongs. `size` is in octets; what
    everyone gets is counted once.
    """

    def __init__(self) -> None:
        self.size = 0
        self._events: list[bytes] = []
        self._joined: bytes | None = None
        self._single: dict[Visitor, list[tuple[int, bytes]]] = {}

    def add(self, delivery: Delivery) -> None:
        """Collect a delivery; it is formatted here, once for all."""
        octets = format_message(delivery.message)
        self.size += len(octets)
        if delivery.to is None:
            self._events.append(octets)
        else:
            single = self._single.setdefault(delivery.to, [])
            single.append((len(self._events), octets))

    def octets_for(self, visitor: Visitor) -> bytes:
        """Give everything that is due to one of those present."""
        if self._joined is None:
            self._joined = b"".join(self._events)
        single = self._single.get(visitor)
        if single is None:
            return self._joined
        pieces = []
        done = 0
        for place, octets in single:
            pieces += self._events[done:place]
            pieces.append(octets)
            done = place
        return b"".join((*pieces, *self._events[done:]))
