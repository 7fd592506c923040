"""How a person, or the system, asks a program to end (END-1, QUIT-3)."""

import signal
import sys
from collections.abc import Callable


def when_asked_to_end(act: Callable[[], object]) -> None:
    """Have this called, in the main thread, on every signal that asks for the end."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    for number in signals:
        signal.signal(number, lambda *_: act())
