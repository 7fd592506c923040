"""Output that stalls nobody (SLOW-7, SAFE-2)."""

import os
import select
import threading
from collections import deque
from collections.abc import Callable

Sink = Callable[[bytes], None]
"""Writes all octets it is given, and may take for ever; raises OSError."""


def write_to(descriptor: int) -> Sink:
    """Make a sink of a file descriptor.

    The descriptor and not `sys.stderr`: a thread that is stuck in the latter
    holds its lock, and the interpreter could not end in peace.
    """

    def write(octets: bytes) -> None:
        while octets:
            try:
                octets = octets[os.write(descriptor, octets) :]
            except BlockingIOError:  # somebody else made it non-blocking
                select.select([], [descriptor], [])

    return write


class Printer:
    """Writes in a thread of its own, in the order given.

    Nothing can wake a thread that writes into a pipe which nobody reads.
    Therefore the thread is a daemon, the only kind that may be left behind.
    `on_progress` is called by it when something was written, `on_failure` when
    a sink failed; what is due to that sink afterwards is dropped.
    """

    def __init__(
        self,
        on_progress: Callable[[], None] = lambda: None,
        on_failure: Callable[[Sink], None] = lambda sink: None,
    ) -> None:
        self._on_progress = on_progress
        self._on_failure = on_failure
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Sink, bytes]] = deque()
        self._size = 0
        self._failed: set[Sink] = set()
        threading.Thread(target=self._write, name="printer", daemon=True).start()

    @property
    def size(self) -> int:
        """Octets that are not written yet."""
        return self._size

    def put(self, sink: Sink, octets: bytes) -> None:
        """Have something written; never waits."""
        with self._changed:
            self._waiting.append((sink, octets))
            self._size += len(octets)
            self._changed.notify_all()

    def flush(self, timeout: float | None) -> None:
        """Wait until everything is written, at most so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._size == 0, timeout)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._size > 0)
                sink, octets = self._take_together()
            if sink not in self._failed:
                try:
                    sink(octets)
                except (OSError, ValueError):
                    self._failed.add(sink)
                    self._on_failure(sink)
            with self._changed:
                self._size -= len(octets)
                self._changed.notify_all()
            self._on_progress()

    def _take_together(self) -> tuple[Sink, bytes]:
        """Take what is due to one sink in a row: one write instead of many."""
        sink = self._waiting[0][0]
        pieces = []
        while self._waiting and self._waiting[0][0] is sink:
            pieces.append(self._waiting.popleft()[1])
        return sink, b"".join(pieces)
