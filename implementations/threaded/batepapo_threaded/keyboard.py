"""Standard input, line by line (TYPE-13)."""

import os
import select
import sys
import threading
from collections import deque
from contextlib import suppress

from .mailbox import Mailbox

if sys.platform != "win32":
    import termios

LONGEST = 65_536
"""Octets of the longest typed line that is accepted (section 10.2)."""

_STANDARD_INPUT = 0
_CHUNK = 65_536
_READ_AHEAD = 65_536
"""Octets of lines read ahead: a pipe may have typed more than memory holds."""


class Keyboard:
    """Reads lines ahead, in a thread of its own.

    Nothing can wake a thread that reads from a terminal. Therefore it is a daemon, and
    reads the descriptor: a thread that is stuck in `sys.stdin` holds
    its lock, and the interpreter could not end in peace.
    """

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._ended = False
        # Closed: the number may be a socket's by now.
        self._is_open = sys.stdin is not None
        self.is_terminal = self._is_open and os.isatty(_STANDARD_INPUT)
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    @property
    def has_line(self) -> bool:
        """Whether `take` has something to give, be it the end of input."""
        return bool(self._lines) or self._ended

    def take(self) -> bytes | None:
        """Give the next line without its end; None at the end of input.

        A line of more than `LONGEST` octets is given cut off, but longer than that.
        """
        with self._mailbox:
            if not self._lines:
                return None
            line = self._lines.popleft()
            self._size -= len(line) + 1
            self._mailbox.wake()
            return line

    def drop(self) -> int:
        """Drop what was typed so far; gives the number of lines (TYPE-12)."""
        with self._mailbox:
            dropped = len(self._lines)
            self._lines.clear()
            self._size = 0
            self._mailbox.wake()
        if sys.platform != "win32":
            with suppress(termios.error):
                termios.tcflush(_STANDARD_INPUT, termios.TCIFLUSH)
        return dropped

    def _read(self) -> None:
        partial = b""
        while self._is_open and (chunk := _read_chunk()):
            *lines, partial = (partial + chunk).split(b"\n")
            partial = partial[: LONGEST + 2]  # a CR at the end does not count
            for line in lines:
                self._put(line)
        if partial:
            self._put(partial)
        with self._mailbox:
            self._ended = True
            self._mailbox.wake()

    def _put(self, line: bytes) -> None:
        with self._mailbox:
            self._mailbox.wait_for(lambda: self._size <= _READ_AHEAD)
            line = line[: LONGEST + 2].removesuffix(b"\r")
            self._lines.append(line)
            self._size += len(line) + 1  # empty lines take memory, too
            self._mailbox.wake()


def _read_chunk() -> bytes:
    while True:
        try:
            return os.read(_STANDARD_INPUT, _CHUNK)
        except BlockingIOError:  # somebody else made it non-blocking
            select.select([_STANDARD_INPUT], [], [])
        except OSError:
            return b""
