"""Takes what one read brings for one line: breaks FRAME-3.

The most common mistake of all. It works as long as one types slowly.
"""

import sys
from collections.abc import Iterator

from batepapo_threaded import connection, lines
from batepapo_threaded.__main__ import main


class LineBuffer(lines.LineBuffer):
    """Finds one line in every chunk, whatever is in it."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk.rstrip(b"\r\n")


connection.LineBuffer = LineBuffer  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
