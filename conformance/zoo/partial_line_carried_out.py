"""Takes the end of the stream for the end of a line: breaks EOF-2.

So half a message is said aloud when its author's connection breaks.
"""

import sys
from collections.abc import Iterator

from batepapo_threaded import connection, lines
from batepapo_threaded.__main__ import main


class LineBuffer(lines.LineBuffer):
    """Can be asked for what is left."""

    def rest(self) -> Iterator[bytes]:
        yield from super().feed(b"\n" if self._partial else b"")


class Connection(connection.Connection):
    """Carries out what is left when the stream has ended."""

    def _read(self) -> None:
        lines = LineBuffer()
        while chunk := connection.receive(self._sock, 16_384):
            self._switchboard.carry_out(self.visitor, lines.feed(chunk), sys.maxsize)
            self._outbox.wait_until_empty()
        self._switchboard.carry_out(self.visitor, lines.rest(), sys.maxsize)


connection.Connection._read = Connection._read  # type: ignore[method-assign]  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
