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
"""Octets of lines read ahead, past which nothing more is read: a pipe may have typed
more than memory holds."""


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
        self._partial = b""
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
            self._partial = b""
            self._mailbox.wake()
            if sys.platform != "win32":
                with suppress(termios.error):
                    termios.tcflush(_STANDARD_INPUT, termios.TCIFLUSH)
        return dropped

    def _read(self) -> None:
        while self._is_open and self._read_some():
            self._mailbox.wait_for(lambda: self._size <= _READ_AHEAD)
        with self._mailbox:
            if self._partial:
                self._put(self._partial)
            self._ended = True
            self._mailbox.wake()

    def _read_some(self) -> bool:
        """Read once; tells whether there may be more.

        What was typed on a terminal is with the system or in `_lines`, and never on
        its way from one to the other while somebody drops it (TYPE-12): so it is read
        under the lock, which only what is there already allows.
        """
        if not self.is_terminal or sys.platform == "win32":
            return self._keep(_read_chunk())
        _is_readable(within=None)
        with self._mailbox:
            if not _is_readable(within=0):
                return True  # it was dropped in between
            return self._keep(_read_chunk())

    def _keep(self, chunk: bytes) -> bool:
        with self._mailbox:
            *lines, partial = (self._partial + chunk).split(b"\n")
            self._partial = partial[: LONGEST + 2]  # a CR at the end does not count
            for line in lines:
                self._put(line)
            self._mailbox.wake()
        return bool(chunk)

    def _put(self, line: bytes) -> None:
        line = line[: LONGEST + 2].removesuffix(b"\r")
        self._lines.append(line)
        self._size += len(line) + 1  # empty lines take memory, too


def _is_readable(within: float | None) -> bool:
    try:
        return bool(select.select([_STANDARD_INPUT], [], [], within)[0])
    except OSError:  # it was closed: whoever reads finds out
        return True


def _read_chunk() -> bytes:
    while True:
        try:
            return os.read(_STANDARD_INPUT, _CHUNK)
        except BlockingIOError:  # somebody else made it non-blocking
            select.select([_STANDARD_INPUT], [], [])
        except OSError:
            return b""
