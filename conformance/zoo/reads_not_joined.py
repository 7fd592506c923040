"""Forgets the half line at the end of a read: breaks FRAME-3.

It splits at LF, as it should, and drops what follows the last one. The rest of that
line, in the next read, is then a line of its own.
"""

import sys
from collections.abc import Iterator

from batepapo_threaded import connection, lines
from batepapo_threaded.__main__ import main


class LineBuffer(lines.LineBuffer):
    """Begins anew with every chunk."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._partial = b""
        return super().feed(chunk)


connection.LineBuffer = LineBuffer  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
