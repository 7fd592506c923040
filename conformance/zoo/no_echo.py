"""Sends a message to everyone but its sender: breaks PUBLIC-1.

"The sender knows what it said." But not at which place in the conversation.
"""

import sys

from batepapo_threaded import room, switchboard
from batepapo_threaded.__main__ import main
from batepapo_threaded.messages import Public, Request, Said


class Room(room.Room):
    """Spares the sender its own words."""

    def _while_present(
        self, visitor: room.Visitor, request: Request, time: str
    ) -> list[room.Delivery]:
        if not isinstance(request, Public):
            return super()._while_present(visitor, request, time)
        said = Said(time, visitor.nick, visitor.address, request.text)
        return [
            room.Delivery(other, said) for other in self.present if other is not visitor
        ]


switchboard.Room = Room  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
