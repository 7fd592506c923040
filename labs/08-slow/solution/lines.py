"""Octets in, lines out (section 2.2)."""

from collections.abc import Iterator

LINE = 512
"""Octets that a line may have, its end included (FRAME-5)."""


class Malformed(Exception):
    """What came is no line of the protocol: the fault of its sender (FRAME-4)."""


class LineBuffer:
    """Finds the lines of one connection, whatever way its octets arrive (FRAME-3)."""

    def __init__(self) -> None:
        self._rest = b""  # the beginning of a line whose LF has not come yet

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the lines that are whole now, without LF or CR LF.

        Raises:
            Malformed: one has over 512 octets; those before it are good (FRAME-5).
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if len(line) >= LINE:
                raise Malformed
            yield line.removesuffix(b"\r")  # FRAME-2
        if len(self._rest) >= LINE:  # nobody waits for an end that never comes
            raise Malformed
