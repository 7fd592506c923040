"""How far the memory of a program grows while something happens to it."""

import threading
from typing import Final, Self

from batepapo_conformance.process import Process

_LOOK: Final = 0.1  # seconds between two looks


class Watched:
    """A context in which somebody looks at a program's memory again and again.

    Args:
        process: the program.

    Attributes:
        growth: octets by which it has grown at most since the context began.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._before = process.memory()
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self.growth = 0

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(_LOOK):
            self.growth = max(self.growth, self._process.memory() - self._before)
