"""One process of `one`: told what to do, watched, and ended with all it started."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

from batepapo_labs.grading import isolation
from batepapo_labs.grading.isolation import Limits
from batepapo_labs.grading.one import Order

_GLANCE: Final = 0.5  # seconds between two looks at what a submission uses
_CLOSED: Final = 10.0  # seconds in which a pipe closes after all is ended
_LAST: Final = 2000  # octets of what it wrote to standard error


class Ended(StrEnum):
    """Why a submission was not checked to the end."""

    TIME = "time"
    PROCESSES = "processes"
    MEMORY = "memory"
    STOPPED = "stopped"
    """Whoever marks has had enough."""
    BROKEN = "broken"
    """The process that checks it ended by itself, which it should not."""


class Supervised:
    """Checks one submission, in a process of its own.

    Attributes:
        said: what the process said, in order.
        ended: why it was not the whole; `None` if it was.
        errors: the end of what the process wrote to standard error.
    """

    def __init__(self, order: Order, limits: Limits, stopped: threading.Event) -> None:
        self.said: list[dict[str, Any]] = []
        self.ended: Ended | None = None
        self.errors = ""
        self._order = order
        self._limits = limits
        self._stopped = stopped

    def run(self) -> None:
        """Check it; nothing of it runs any more afterwards.

        Raises:
            OSError: the system cannot start another process.
        """
        mark = uuid.uuid4().hex
        # Somewhere empty: what stands in the folder where Python starts is imported.
        with (
            tempfile.TemporaryDirectory(prefix="batepapo-desk-") as desk,
            tempfile.TemporaryFile() as errors,
        ):
            Path(desk).chmod(0o755)  # for another user, who may not write there
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "batepapo_labs.grading.one"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=desk,
                env={**os.environ, isolation.MARK: mark},
                # Ctrl-C at the terminal is for us, who then end it.
                start_new_session=os.name == "posix",
            )
            try:
                self._talk(process)
            finally:
                isolation.end_all(process.pid, mark)
                process.wait()
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _LAST))
            self.errors = errors.read().decode("utf-8", "backslashreplace")
        if self.ended is None and not self.finished:
            self.ended = Ended.BROKEN

    @property
    def finished(self) -> bool:
        """Whether it was checked to the end."""
        return any(one["kind"] == "done" for one in self.said)

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        reader = threading.Thread(
            target=self._read, args=(process.stdout,), daemon=True
        )
        reader.start()
        with contextlib.suppress(OSError):  # it has ended: there is nothing to say
            process.stdin.write(json.dumps(asdict(self._order)).encode() + b"\n")
            process.stdin.flush()
        self.ended = self._watched(process)
        if self.ended is not None:
            isolation.end_all(process.pid, "")
        # Not before: to lose its standard input is its end.
        with contextlib.suppress(OSError):
            process.stdin.close()
        reader.join(_CLOSED)
        if not reader.is_alive():  # or else closing would wait for it
            process.stdout.close()

    def _watched(self, process: subprocess.Popen[bytes]) -> Ended | None:
        """Wait until it has ended by itself (`None`), or has to be ended."""
        deadline = time.monotonic() + self._limits.seconds
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_GLANCE)
                return None
            if self._stopped.is_set():
                return Ended.STOPPED
            if time.monotonic() > deadline:
                return Ended.TIME
            processes, memory = isolation.used_by(process.pid)
            # The workers of the suite are below it as well.
            if processes > self._limits.processes + self._order.jobs:
                return Ended.PROCESSES
            if memory > 2 * self._limits.memory:
                return Ended.MEMORY

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in stream:
                # The last line of one that was ended may be torn.
                with contextlib.suppress(ValueError):
                    self.said.append(json.loads(line))

    def all_said(self, kind: str, **values: object) -> list[dict[str, Any]]:
        """What was said of this kind, with these values."""
        return [
            one
            for one in self.said
            if one["kind"] == kind and all(one[name] == v for name, v in values.items())
        ]
