"""Octets in, lines out: the borders between two reads mean nothing (section 2.2)."""

from collections.abc import Iterator

from .errors import Malformed
from .limits import LINE


class LineBuffer:
    """Finds the lines of one stream, whatever pieces its octets come in (FRAME-3).

    Holds less than one line between two calls. After `Malformed` it is of no more use.
    """

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield each line that `chunk` completes, without its LF or CR LF.

        A generator: consume it before the next call, or drop it with the stream.

        Raises:
            Malformed: the next line has 512 octets without an LF, which is the sender's
                fault (FRAME-5). What was yielded before is still to be carried out.
        """
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        for line in lines:
            if len(line) >= LINE:
                raise Malformed("FRAME-5")
            yield line.removesuffix(b"\r")  # FRAME-2: one CR; another is in the line
        if len(self._partial) >= LINE:
            raise Malformed("FRAME-5")
