"""The log that stalls nobody: on standard error, and in a file (section 9).

A write to a pipe that is full, or to a terminal that is held, would stop the only
thread there is. So nothing is written but what the system takes at once (SLOW-7).
"""

import os
import select
import sys
from pathlib import Path

from .clock import utc_now
from .words import Words

_BACKLOG = 65_536
"""Octets that wait for a slow reader of standard error; past it, lines are lost."""

_FILE = 1_048_576
"""Octets of a log file, more or less, before it is renamed and begun anew (LOG-3)."""


class Log:
    """Writes lines with a time to standard error, and to a file if there is one.

    Args:
        words: for people.
        path: of the file; None for none.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, words: Words, path: Path | None = None) -> None:
        self._words = words
        self._waiting = bytearray()
        self._lost = 0
        self._stderr = _stderr_for_writing()
        self._path = path
        self._file = path and path.open("ab")

    def write(self, text: str) -> None:
        """Log one line; `text` has no line end."""
        line = f"{utc_now()} {text}\n".encode()
        self._write_file(line)
        if len(self._waiting) + len(line) > _BACKLOG:
            self._lost += 1
        else:
            self._waiting += line
        self.flush()

    def flush(self) -> None:
        """Offer standard error what still waits for it."""
        try:
            while self._waiting and _takes_more(self._stderr):
                written = os.write(self._stderr, self._waiting[:_AT_ONCE])
                del self._waiting[:written]
        except BlockingIOError:
            return
        except OSError:  # nobody will ever read it
            self._waiting.clear()
        if self._lost and not self._waiting:
            lost, self._lost = self._lost, 0
            self.write(self._words.log_lost(lost))

    def _write_file(self, line: bytes) -> None:
        if not self._path or not self._file:
            return
        try:
            if self._file.tell() + len(line) > _FILE:
                self._file.close()
                self._path.replace(self._path.with_name(self._path.name + ".1"))
                self._file = self._path.open("ab")
            self._file.write(line)
            self._file.flush()
        except (OSError, ValueError):  # a full disk is no reason to stop chatting
            return


if sys.platform == "win32":
    _AT_ONCE = 4096

    def _stderr_for_writing() -> int:
        return 2

    def _takes_more(_descriptor: int) -> bool:
        return True  # `select` is for sockets there: a held console does hold us

else:
    _AT_ONCE = select.PIPE_BUF  # that much fits into a pipe that `select` calls ready

    def _stderr_for_writing() -> int:
        """Open a terminal once more: to make ours non-blocking would affect others."""
        try:
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
            return os.open(os.ttyname(2), flags)
        except OSError:
            return 2  # not a terminal

    def _takes_more(descriptor: int) -> bool:
        return bool(select.select([], [descriptor], [], 0)[1])
