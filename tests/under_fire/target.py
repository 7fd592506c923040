"""The server under fire: a process of its own, and what it spends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

import psutil

PATIENCE = 30.0
"""Seconds for something that has to happen at last, on a busy machine."""

MIB = 1 << 20


class Spending(NamedTuple):
    """What a server holds on to. Tasks cannot be seen from outside a process; but each
    holds a connection, and that is a descriptor."""

    descriptors: int
    threads: int


class Target:
    """A started server; a context that ends it.

    Args:
        implementation: `threaded` or `asyncio`.
        log: where its log goes.
        options: of the command line, after address and port.
        environment: variables in addition to those of this process.
    """

    def __init__(
        self,
        implementation: str,
        log: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", f"batepapo_{implementation}"),
                    *("server", "127.0.0.1", "0", "--lang", "en", *options),
                ],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        assert self.process.stdout is not None
        first = self.process.stdout.readline()
        assert first, f"it did not begin: {self.log()}"
        self.address = ("127.0.0.1", int(first.rpartition(":")[2]))
        self._seen = psutil.Process(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:
            self.process.kill()

    def log(self) -> str:
        """Give all that it has logged by now."""
        return self._log.read_text("utf-8")

    def memory(self) -> int:
        """Give the octets of memory that it has at the moment."""
        return int(self._seen.memory_info().rss)

    def spending(self) -> Spending:
        """Give what it holds on to at the moment (POSIX)."""
        return Spending(self._seen.num_fds(), self._seen.num_threads())

    def wait_until_it_spends(self, before: Spending) -> None:
        """Insist that it soon holds on to no more than before."""
        wait_until(
            lambda: all(
                now <= then for now, then in zip(self.spending(), before, strict=True)
            ),
            lambda: f"it holds {self.spending()}, and before {before}",
        )

    def enters(self, nick: str) -> None:
        """Insist that a newcomer is greeted, and may enter and leave."""
        with socket.create_connection(self.address, PATIENCE) as newcomer:
            newcomer.sendall(f"/ENTRAR {nick}\n/SAIR\n".encode())
            heard = read_to_the_end(newcomer)
        assert b"\nENTROU " in heard, heard
        assert heard.splitlines()[-1].startswith(b"SAIU "), heard

    def end(self) -> float:
        """Ask it to end with SIGTERM; give the seconds that it took (END-2)."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        return time.monotonic() - began


def wait_until(holds: Callable[[], bool], trouble: Callable[[], str]) -> None:
    """Wait until something holds; fail with what the trouble is after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, trouble()
        time.sleep(0.02)


def read_to_the_end(sock: socket.socket) -> bytes:
    """Give all that comes on a connection until its end, or until it is reset."""
    pieces = []
    try:
        while piece := sock.recv(1 << 16):
            pieces.append(piece)
    except ConnectionError:
        pass
    return b"".join(pieces)


Serve = Callable[..., Target]
"""Starts a server, with options and `environment`."""
