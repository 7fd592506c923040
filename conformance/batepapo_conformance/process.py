"""One started program: its output collected, its end made certain."""

import atexit
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import BinaryIO, Final, cast

import psutil

from batepapo_conformance.collected import Collected
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.warm import Started, Starter, cold

__all__ = [
    "MARK",
    "CannotStart",
    "Collected",
    "Process",
    "Processes",
    "Stream",
    "end_marked",
    "environment_of_testees",
]

MARK: Final = "BATEPAPO_RUN"
"""The environment variable by which a run finds everything that it started."""

_CHUNK: Final = 1 << 16
_POSIX: Final = os.name == "posix"


class Stream(Enum):
    """What a standard stream of a program is connected to."""

    NOTHING = auto()
    """The null device."""
    COLLECT = auto()
    """A pipe (output only) that a thread reads as fast as it can."""
    UNREAD = auto()
    """A pipe (output only) that nobody ever reads."""
    PIPE = auto()
    """A pipe (input only) to `write` to."""


class Process:
    """One started program. Ending it ends everything that it started as well."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        exchange: Exchange,
        who: str,
        stdin: Stream | int,
        stdout: Stream | int,
        stderr: Stream | int,
        environment: Mapping[str, str | None],
        record: bool,
        starter: Starter,
    ) -> None:
        self.arguments = list(arguments)
        self.who = who
        self._exchange = exchange
        self._record = record
        self.signalled = False
        try:
            self.popen: Started = starter(
                self.arguments,
                streams=[_handle(stdin), _handle(stdout), _handle(stderr)],
                environment=environment_of_testees(environment),
            )
        except (OSError, ValueError) as error:
            raise CannotStart(self.arguments, error) from error
        _running[self.popen.pid] = self
        self.output = Collected(self._recorder(exchange.shown))
        self.errors = Collected(self._recorder(exchange.warned))
        self._readers = [
            self._read(stream, into)
            for how, stream, into in (
                (stdout, self.popen.stdout, self.output),
                (stderr, self.popen.stderr, self.errors),
            )
            if how is Stream.COLLECT
        ]

    def _recorder(
        self, write: Callable[[str, bytes], None]
    ) -> Callable[[bytes], None] | None:
        if not self._record:
            return None
        return lambda chunk: write(self.who, chunk)

    @staticmethod
    def _read(stream: object, into: Collected) -> threading.Thread:
        def read() -> None:
            pipe = cast("BinaryIO", stream)
            chunk = b"-"
            while chunk:
                try:
                    chunk = os.read(pipe.fileno(), _CHUNK)
                except (OSError, ValueError):  # closed while ending
                    chunk = b""
                into.add(chunk)

        # A daemon: a grandchild that was lost may hold the pipe open for ever.
        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        return self.popen.pid

    @property
    def status(self) -> int | None:
        """The exit status; negative for a signal; `None` while it runs."""
        return self.popen.poll()

    def write(self, octets: bytes) -> None:
        """Give octets to its standard input (started with `Stream.PIPE`).

        It does not matter here whether the program still reads.
        """
        if self._record:
            self._exchange.typed(self.who, octets)
        pipe = cast("BinaryIO", self.popen.stdin)
        rest = memoryview(octets)
        with contextlib.suppress(BrokenPipeError, OSError):
            while rest:
                rest = rest[pipe.write(rest) :]

    def close_input(self) -> None:
        """End its standard input."""
        if self._record:
            self._exchange.note(self.who, "end of input")
        with contextlib.suppress(OSError):
            cast("BinaryIO", self.popen.stdin).close()

    def wait(self, seconds: float) -> int | None:
        """The exit status; `None` if it still runs after so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.popen.wait(seconds)
        return None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens if it has ended."""
        self.signalled = True
        self._exchange.note(self.who, f"gets {number.name}")
        with contextlib.suppress(OSError):
            self.popen.send_signal(number)

    def memory(self) -> int:
        """Octets that it and its children have in memory."""
        total = 0
        for process in self._tree():
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def _tree(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self.pid)
            return [*top.children(recursive=True), top]
        return []

    def end(self) -> None:
        """End it at once, with everything that it started; twice does no harm.

        What has left its group (POSIX) is ended when the run is (`end_marked`).
        """
        if _POSIX:
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        elif self.popen.returncode is None:
            for process in self._tree():
                with contextlib.suppress(psutil.Error):
                    process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)
        for thread in self._readers:
            thread.join(1)
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        _running.pop(self.pid, None)


class CannotStart(NoVerdict):
    """The system cannot start the command: there is no such program, for instance."""

    def __init__(self, arguments: Sequence[str], error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        super().__init__(f"cannot start `{arguments[0]}`: {reason}")


class Processes:
    """Everything that one check has started.

    Args:
        exchange: the record of the check.
        starter: how programs are started: `cold` as users do.
    """

    def __init__(self, exchange: Exchange, starter: Starter = cold) -> None:
        self._exchange = exchange
        self._starter = starter
        self.all: list[Process] = []

    def start(
        self,
        arguments: Sequence[str],
        *,
        who: str = "server",
        stdin: Stream | int = Stream.NOTHING,
        stdout: Stream | int = Stream.COLLECT,
        stderr: Stream | int = Stream.COLLECT,
        environment: Mapping[str, str | None] | None = None,
        record: bool = False,
    ) -> Process:
        """Start a program, without a shell.

        A stream may be a file descriptor, of a pseudo-terminal for instance.
        A variable of the environment that is `None` is removed. With `record`,
        what is typed and shown goes to the exchange of the check.

        Raises:
            CannotStart: the system cannot start it.
        """
        process = Process(
            arguments,
            exchange=self._exchange,
            who=who,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            environment=environment or {},
            record=record,
            starter=self._starter,
        )
        self.all.append(process)
        return process

    def end(self) -> None:
        """End all of them."""
        for process in self.all:
            process.end()


_running: Final[dict[int, Process]] = {}


@atexit.register
def _end_all() -> None:
    for process in list(_running.values()):
        process.end()


def end_marked(mark: str) -> list[int]:
    """End every process that this run has started and that still runs.

    The last resort, for a worker of the suite that was itself killed: a
    testee carries the mark of its run in its environment.

    Returns:
        their process ids.
    """
    ended = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                process.kill()
                ended.append(process.pid)
    return ended


def environment_of_testees(
    changes: Mapping[str, str | None] | None = None,
) -> dict[str, str]:
    """What testees find in their environment; a variable that is `None` is removed."""
    # Portuguese, and with the buffering that users get: a testee that does not
    # write its lines out at once is to be found out.
    removed = {"LC_ALL", "LC_MESSAGES", "PYTHONUNBUFFERED", "PYTEST_CURRENT_TEST"}
    base = {name: text for name, text in os.environ.items() if name not in removed}
    base["LANG"] = "pt_BR.UTF-8"
    for name, text in (changes or {}).items():
        if text is None:
            base.pop(name, None)
        else:
            base[name] = text
    return base


def _handle(how: Stream | int) -> int:
    if isinstance(how, int):
        return how
    return subprocess.DEVNULL if how is Stream.NOTHING else subprocess.PIPE
