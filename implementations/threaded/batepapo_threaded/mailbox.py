"""Where the main thread waits for whatever comes first."""

import os
import threading
from collections.abc import Callable
from time import monotonic

_LONGEST_WAIT = 0.5 if os.name == "nt" else None
"""Seconds: Windows hands a Ctrl-C to the main thread only between two waits."""


class Mailbox:
    """One condition for the keyboard, the server, the screen and signals.

    Each of them keeps its own queue and uses this as its lock. It is
    reentrant: a signal handler runs in the main thread, wherever that is.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())

    def __enter__(self) -> None:
        self._changed.acquire()

    def __exit__(self, *raised: object) -> None:
        self._changed.release()

    def wake(self) -> None:
        """Make everyone who waits here look again."""
        with self._changed:
            self._changed.notify_all()

    def wait_for(
        self, predicate: Callable[[], bool], deadline: float | None = None
    ) -> None:
        """Wait until the predicate holds or the deadline (monotonic) passes."""
        with self._changed:
            while not predicate():
                left = None if deadline is None else deadline - monotonic()
                if left is not None and left <= 0:
                    return
                limits = [limit for limit in (left, _LONGEST_WAIT) if limit is not None]
                self._changed.wait(min(limits, default=None))
