"""Leaves the one that asks out of the list: breaks LIST-1.

"Who is here?" was read as "who else is here?".
"""

import sys

from batepapo_threaded import room, switchboard
from batepapo_threaded.__main__ import main


class Room(room.Room):
    """Lists the others."""

    def _list_for(self, visitor: room.Visitor) -> list[room.Delivery]:
        everyone = self._present
        self._present = {
            nick: other for nick, other in everyone.items() if other is not visitor
        }
        deliveries = super()._list_for(visitor)
        self._present = everyone
        return deliveries


switchboard.Room = Room  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
