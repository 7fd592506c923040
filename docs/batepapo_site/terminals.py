"""Shells in pseudo-terminals, typed into like a person does; POSIX only."""

import fcntl
import os
import pty
import random
import select
import struct
import termios
import time
from codecs import getincrementaldecoder
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from batepapo_site.trouble import Trouble

_KEY: Final = (0.03, 0.11)  # seconds from key to key, at least and at most
_ENTER: Final = 0.35  # seconds before Enter, in which one reads what one typed
_SHELL: Final = ("sh", "-i")
_INTERRUPT: Final = "^C"


class Terminals:
    """Several terminals, each with a shell, and all that they showed.

    Args:
        names: of the terminals.
        environment: of the shells.
        size: rows and columns.

    Attributes:
        shown: seconds since the beginning, at which terminal, and what.
    """

    def __init__(
        self,
        names: Sequence[str],
        environment: Mapping[str, str],
        size: tuple[int, int],
    ) -> None:
        self.shown: list[tuple[float, str, str]] = []
        self._began = time.monotonic()
        self._chance = random.Random(1)  # the same person each time
        self._names: dict[int, str] = {}
        self._masters: dict[str, int] = {}
        self._shells: list[int] = []
        self._seen: dict[str, str] = {}
        decoder = getincrementaldecoder("utf-8")
        self._decoders = {name: decoder() for name in names}
        for name in names:
            self._open(name, environment, size)

    def _open(
        self, name: str, environment: Mapping[str, str], size: tuple[int, int]
    ) -> None:
        process, master = pty.fork()
        if process == 0:  # the shell, which has this terminal and nothing else
            os.chdir("/")
            os.execvpe(_SHELL[0], _SHELL, dict(environment))  # noqa: S606
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self._shells.append(process)
        self._names[master] = name
        self._masters[name] = master
        self._seen[name] = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for master in self._names:
            os.close(master)  # the shells, and what runs in them, are hung up
        for shell in self._shells:
            os.waitpid(shell, 0)

    def type(self, who: str, line: str) -> None:
        """Type a line and Enter, key by key; from now on, what is shown is new."""
        if line == _INTERRUPT:
            self._forget()
            os.write(self._masters[who], b"\x03")
            return
        for letter in line:
            os.write(self._masters[who], letter.encode())
            self.rest(self._chance.uniform(*_KEY))
        self.rest(_ENTER)
        self._forget()
        os.write(self._masters[who], b"\r")

    def wait(self, who: str, text: str, patience: float) -> None:
        """Wait until this is on a terminal, and new.

        Raises:
            Trouble: it never came.
        """
        until = time.monotonic() + patience
        while text not in self._seen[who]:
            if time.monotonic() > until:
                raise Trouble(f"{who} never saw {text!r}, but {self._seen[who]!r}")
            self._read(0.1)

    def rest(self, seconds: float) -> None:
        """Let time pass, and see what is shown meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def _forget(self) -> None:
        self._seen = dict.fromkeys(self._seen, "")

    def _read(self, seconds: float) -> None:
        ready, _, _ = select.select(list(self._names), [], [], seconds)
        for master in ready:
            name = self._names[master]
            text = self._decoders[name].decode(os.read(master, 65536))
            at = time.monotonic() - self._began
            self.shown.append((at, name, text))
            self._seen[name] += text
