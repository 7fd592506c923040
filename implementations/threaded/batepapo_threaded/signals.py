"""How a person or a system asks a program to end."""

import signal
from collections.abc import Callable

_NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
"""Ctrl-C everywhere, `kill` on POSIX, Ctrl-Break on Windows (END-3)."""


def when_asked_to_end(act: Callable[[], None]) -> None:
    """Have this called, in the main thread, whenever the program shall end."""
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: act())
