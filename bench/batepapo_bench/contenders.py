"""Who is measured: how a server is started, found listening, and ended."""

import contextlib
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import psutil

from batepapo_bench.dialects import Batepapo, Dialect
from batepapo_bench.gauge import Cores, Gauge
from batepapo_bench.load import Trouble
from batepapo_conformance.ports import free_port

ADDRESS: Final = "127.0.0.1"
_START: Final = 20.0
_GLANCE: Final = 0.02

Command = Callable[[Path, int], Sequence[str]]
"""The command that starts a server: gets a folder for its files, and its port."""


class Absent(Exception):
    """A contender that is not on this machine; the text says how to get it."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who is measured.

    Attributes:
        name: under which it is told of.
        dialect: what it speaks.
        command: how it is started; raises `Absent` if it is not there.
        version: what is measured, in its own words.
        most: how many participants it is meant for.
    """

    name: str
    dialect: Dialect
    command: Command
    version: str = ""
    most: int = 10_000


@dataclass(slots=True)
class Running:
    """A server that listens."""

    port: int
    process: subprocess.Popen[bytes]
    said: Path
    gauge: Gauge = field(init=False)

    def __post_init__(self) -> None:
        self.gauge = Gauge(self.process.pid)

    def trouble(self) -> str | None:
        """How it has ended, and its last words; `None` while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        words = self.said.read_bytes()[-300:].decode("ascii", "replace").split()
        return f"it ended with status {status}: {' '.join(words) or 'without a word'}"


def reference(name: str, *, most: int) -> Contender:
    """One of our two servers, as the program contract starts it."""
    command = f"{shlex.quote(sys.executable)} -m batepapo_{name} server"
    return given(name, command + " {address} {port}", most=most)


def given(name: str, command: str, *, most: int = 10_000) -> Contender:
    """A server of the program contract: `PROGRAM {address} {port}`."""

    def words(_folder: Path, port: int) -> list[str]:
        # As a shell would split it; on Windows a backslash is no escape.
        parts = shlex.split(command, posix=sys.platform != "win32")
        return [one.strip('"').format(address=ADDRESS, port=port) for one in parts]

    return Contender(name, Batepapo(), words, most=most)


@contextlib.contextmanager
def running(contender: Contender, cores: Cores) -> Iterator[Running]:
    """A contender, started on a port of its own; it is ended at the end.

    Raises:
        Trouble: it does not start, or does not listen.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port = free_port(ADDRESS)
        said = folder / "said.txt"
        command = contender.command(folder, port)
        before = psutil.Process().children()
        process = None
        try:
            with said.open("wb") as out, cores.for_servers():
                process = _started(command, out)
            server = Running(port, process, said)
            _wait_until_it_listens(server)
            yield server
        finally:
            # A Ctrl-C may come when it runs already and has no name here yet.
            for one in psutil.Process().children():
                if one not in before:
                    _end(one)
            if process is not None:
                process.wait()


def _started(command: Sequence[str], out: BinaryIO) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    except OSError as error:
        raise Trouble(f"cannot start {command[0]}: {error.strerror}") from error


def _wait_until_it_listens(server: Running) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if trouble := server.trouble():
            raise Trouble(f"it did not listen: {trouble}")
        with contextlib.suppress(OSError):
            socket.create_connection((ADDRESS, server.port), timeout=1).close()
            return
        time.sleep(_GLANCE)
    raise Trouble(f"it does not listen on port {server.port} after {_START:.0f} s")


def _end(top: psutil.Process) -> None:
    """End it and all that it has started: politely, then at once."""
    tree = [top]
    with contextlib.suppress(psutil.Error):
        tree = [*top.children(recursive=True), top]
    for one in tree:
        with contextlib.suppress(psutil.Error):
            one.terminate()
    _, left = psutil.wait_procs(tree, timeout=3)
    for one in left:
        with contextlib.suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(left)
