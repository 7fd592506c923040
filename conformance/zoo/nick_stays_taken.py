"""Never frees a nick: breaks ENTER-5.

The list of nicks grows at every entry, and nobody thought of departures.
"""

import sys

from batepapo_threaded import room, switchboard
from batepapo_threaded.__main__ import main
from batepapo_threaded.errors import NickInUse
from batepapo_threaded.messages import fold_nick


class Room(room.Room):
    """Remembers every nick there ever was."""

    _taken: set[str] = set()  # noqa: RUF012  # one room in this process

    def _enter(
        self, visitor: room.Visitor, nick: str, time: str
    ) -> list[room.Delivery]:
        if fold_nick(nick) in self._taken:
            raise NickInUse(nick)
        self._taken.add(fold_nick(nick))
        return super()._enter(visitor, nick, time)


switchboard.Room = Room  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
