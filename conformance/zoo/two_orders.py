"""Echoes at once, and tells the others later: breaks ORDER-1.

Each sender sees its own words first, whatever the others said meanwhile: two who speak
at the same moment see two orders.
"""

import queue
import sys
import threading

from batepapo_threaded import room, server, switchboard
from batepapo_threaded.__main__ import main
from batepapo_threaded.messages import Public, Request, Said

LATER: queue.SimpleQueue[tuple["Switchboard", room.Visitor, Said]] = queue.SimpleQueue()


class Room(room.Room):
    """Leaves the others to whoever empties `LATER`."""

    owner: "Switchboard"

    def _while_present(
        self, visitor: room.Visitor, request: Request, time: str
    ) -> list[room.Delivery]:
        if not isinstance(request, Public):
            return super()._while_present(visitor, request, time)
        said = Said(time, visitor.nick, visitor.address, request.text)
        LATER.put((self.owner, visitor, said))
        return [room.Delivery(visitor, said)]


class Switchboard(switchboard.Switchboard):
    """Has a second place at which events are delivered."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self._room = Room(self._words.goodbye())
        self._room.owner = self

    def tell_others(self, sender: room.Visitor, said: Said) -> None:
        """Deliver an event to everyone but its sender."""
        with self._lock:
            batch = switchboard.Batch()
            for other in self._room.present:
                if other is not sender:
                    batch.add(room.Delivery(other, said))
            self._deliver(batch)


def _tell_the_others() -> None:
    while True:
        owner, sender, said = LATER.get()
        owner.tell_others(sender, said)


server.Switchboard = Switchboard  # the mistake is put in

if __name__ == "__main__":
    threading.Thread(target=_tell_the_others, daemon=True).start()
    sys.exit(main(["server", *sys.argv[1:]]))
