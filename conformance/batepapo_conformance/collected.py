"""What one output stream of a program gave, bounded in memory."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_BEGINNING: Final = 1 << 20
_TAIL: Final = 4096
_UNREAD_LINES: Final = 1 << 20  # octets of lines that no check has asked for yet
_PARTIAL: Final = 1 << 16


class Collected:
    """What one output stream of a program gave, bounded in memory.

    Lines are handed out once, in order. If nobody asks for them, the oldest
    of more than 1 MiB are forgotten; `beginning` and `tail` stay.
    """

    def __init__(self, record: Callable[[bytes], None] | None = None) -> None:
        self._changed = threading.Condition()
        self._record = record
        self._lines: deque[bytes] = deque()
        self._unread = 0
        self._partial = b""
        self._beginning = bytearray()
        self._tail = b""
        self.total = 0
        self.ended = False

    @property
    def beginning(self) -> bytes:
        """The first octets, at most 1 MiB of them."""
        with self._changed:
            return bytes(self._beginning)

    @property
    def tail(self) -> bytes:
        """The last octets, at most 4 KiB of them."""
        with self._changed:
            return self._tail

    def next_line(self, seconds: float) -> bytes | None:
        """The next line that was not handed out yet, with its LF.

        At the end of the stream a last line without LF counts. `None` if
        nothing came in time, or nothing will come any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self.ended, seconds)
            if not self._lines:
                return None
            line = self._lines.popleft()
            self._unread -= len(line)
            return line

    def wait_for(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Whether `ready()` became true within so many seconds.

        It is asked whenever something came, and may look at this object.
        """
        with self._changed:
            return self._changed.wait_for(ready, seconds)

    def wait_end(self, seconds: float) -> bool:
        """Whether the stream ended within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ended, seconds)

    def add(self, chunk: bytes) -> None:
        """Take what was read; an empty chunk is the end of the stream."""
        if chunk and self._record is not None:
            self._record(chunk)
        with self._changed:
            self.total += len(chunk)
            self._beginning += chunk[: _BEGINNING - len(self._beginning)]
            self._tail = (self._tail + chunk)[-_TAIL:]
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            lines = [line + b"\n" for line in lines]
            # A line without an end is handed out in pieces, lest it grow for ever.
            if self._partial and (not chunk or len(self._partial) >= _PARTIAL):
                lines.append(self._partial)
                self._partial = b""
            self._lines.extend(lines)
            self._unread += sum(map(len, lines))
            while self._unread > _UNREAD_LINES and len(self._lines) > 1:
                self._unread -= len(self._lines.popleft())
            self.ended = not chunk
            self._changed.notify_all()
