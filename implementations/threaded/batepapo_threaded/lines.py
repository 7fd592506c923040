"""Octets in, lines out (section 2.2)."""

import re
from collections.abc import Iterator

from .errors import Malformed
from .limits import LINE

_MAY_BECOME_LEGAL = re.compile(rb"[\x20-\x7e]*\r?")


class LineBuffer:
    """Finds lines in a stream, whatever way its octets arrive (FRAME-3)."""

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the lines that this chunk completes, without LF or CR LF.

        Take all of them before feeding the next chunk.

        Raises:
            Malformed: a line is over 512 octets (FRAME-5), or the one that has
                begun cannot become legal any more; the sender's fault. What
                was yielded before is still to be carried out.
        """
        *complete, self._partial = (self._partial + chunk).split(b"\n")
        for line in complete:
            if len(line) >= LINE:
                raise Malformed
            yield line.removesuffix(b"\r")  # FRAME-2
        if len(self._partial) >= LINE or not _MAY_BECOME_LEGAL.fullmatch(self._partial):
            raise Malformed
