"""The log that stalls nobody (LOG-1, LOG-3, SLOW-7)."""

import os
import stat
import sys
from pathlib import Path

from .clock import utc_now
from .printer import Printer, Sink, write_to
from .words import Words

_STANDARD_ERROR = 2

_ROTATE_AT = 10_000_000
"""Octets of a log file: with its one backup, twice as much on the disk."""

_WAITING_AT_MOST = 1_048_576
"""Octets that may wait for a reader of the log; past that, lines are lost."""


class _RotatingFile:
    """A file that begins anew before it grows without bound (LOG-3)."""

    def __init__(self, path: Path) -> None:
        """Open it to append to; raises OSError if that is impossible."""
        self._path = path
        self._open()

    def _open(self) -> None:
        self._file = self._path.open("ab", buffering=0)
        status = os.fstat(self._file.fileno())
        self._size = status.st_size
        # A device such as /dev/null must not be renamed.
        self._rotates = stat.S_ISREG(status.st_mode)

    def write(self, octets: bytes) -> None:
        if self._rotates and self._size and self._size + len(octets) > _ROTATE_AT:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._open()
        self._size += len(octets)
        self._file.write(octets)

    def close(self) -> None:
        self._file.close()


class Log:
    """Lines with a time, on standard error and, if wanted, in a file.

    Each has a printer of its own: a standard error that nobody reads
    must not keep lines from the file.
    """

    def __init__(self, words: Words, path: Path | None = None) -> None:
        """Open the log; raises OSError if the file cannot be opened (RUN-7)."""
        self._words = words
        sinks = []
        if sys.stderr is not None:  # closed: the number may be a socket's by now
            sinks.append(write_to(_STANDARD_ERROR))
        self._file = None if path is None else _RotatingFile(path)
        if self._file is not None:
            sinks.append(self._file.write)
        self._outputs = [_Output(sink, words) for sink in sinks]

    def write(self, text: str) -> None:
        """Log one line; never waits. Safe to call from every thread."""
        line = f"{utc_now()} {text}\n".encode(errors="replace")
        for output in self._outputs:
            output.put(line)

    def close(self, timeout: float) -> None:
        """Give each output so many seconds to be written to the end."""
        for output in self._outputs:
            output.printer.flush(timeout)
        if self._file is not None:
            self._file.close()


class _Output:
    """A printer that would rather lose lines than keep more and more of them."""

    def __init__(self, sink: Sink, words: Words) -> None:
        self.printer = Printer()
        self._sink = sink
        self._words = words
        self._lost = 0

    def put(self, line: bytes) -> None:
        if self.printer.size > _WAITING_AT_MOST:
            self._lost += 1
            return
        if self._lost:
            lost = self._words.log_lost(self._lost)
            self.printer.put(self._sink, f"{lost}\n".encode(errors="replace"))
            self._lost = 0
        self.printer.put(self._sink, line)
