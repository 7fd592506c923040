"""Closes while unread octets wait: breaks CLOSE-1.

It writes `ERRO 03` and closes, as one would. But if the client was still sending, the
system answers with a reset, and that takes the error away before it is read.
"""

import sys

from batepapo_threaded import connection, server
from batepapo_threaded.__main__ import main
from batepapo_threaded.blocking import receive
from batepapo_threaded.room import State


class Connection(connection.Connection):
    """Reads no further once it has decided to close."""

    def _read(self) -> None:
        lines = connection.LineBuffer()
        while self.visitor.state is not State.CLOSED:
            chunk = receive(self._sock, 512)
            if not chunk:
                break
            self._switchboard.carry_out(self.visitor, lines.feed(chunk), sys.maxsize)
            self._outbox.wait_until_empty()


server.Connection = Connection  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
