"""One terminal of a run: a program, what it prints, and what is typed into it."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, cast

from batepapo_site.runs.description import RunError


class Terminal:
    """What one person sees: commands, what they print, and what is typed.

    Attributes:
        name: of the terminal.
        text: all that is seen in it.
        hidden: whether nobody is to see it.
        process: the program that runs in it, if one does.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.hidden = False
        self.process: subprocess.Popen[str] | None = None
        self._seen = 0
        self._more = threading.Condition()
        self._reader: threading.Thread | None = None

    def add(self, text: str) -> None:
        """Put text at the end, as a terminal would."""
        with self._more:
            self.text += text
            self._more.notify_all()

    def take_back(self, begin: int) -> str:
        """Take what stands from a place on out of the text."""
        taken, self.text = self.text[begin:], self.text[:begin]
        return taken

    def begin(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start a program whose output goes here."""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        output = self.process.stdout
        self._reader = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.add(line)

    def type(self, line: str) -> None:
        """Type a line; a terminal shows it, the program may print it again."""
        self.add(f"{line}\n")
        self.give(f"{line}\n")

    def give(self, text: str) -> None:
        """Hand text to the program, unseen; what it prints from now on is new."""
        assert self.process is not None
        assert self.process.stdin is not None
        self._seen = len(self.text)
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def wait_for(self, wanted: str, patience: float) -> None:
        """Wait until this is printed, behind what the last wait has found.

        Raises:
            RunError: it has not come in so many seconds.
        """
        deadline = time.monotonic() + patience
        with self._more:
            while (place := self.text.find(wanted, self._seen)) < 0:
                if not self._more.wait(deadline - time.monotonic()):
                    raise RunError(f"no {wanted!r} came, but:\n{self.text}")
            self._seen = place + len(wanted)

    def finish(self, patience: float) -> int:
        """Wait for the end of the program; return its exit status.

        Raises:
            RunError: it has not ended in so many seconds.
        """
        assert self.process is not None
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise RunError(f"it has not ended:\n{self.text}") from None
        self._close()
        return status

    def kill(self) -> None:
        """End the program and what it has started, if it still runs."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self._close()

    def _close(self) -> None:
        assert self.process is not None
        assert self._reader is not None
        self._reader.join(1)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # nobody has read what was typed
                cast("IO[str]", pipe).close()
        self.process = None
