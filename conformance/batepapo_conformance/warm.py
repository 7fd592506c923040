"""Warm starts: a program that keeps the testee loaded forks it for each start.

The testee stays a black box: a process with three streams, and sockets. What
`conformance/README.md` says about `warm` lets any testee do this; those of the
zoo do it with `batepapo_zoo/warm.py`. Where a system cannot, or a start differs in
what an interpreter looks at when it begins, the command is executed as usual.
"""

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, Protocol, Self, cast

from batepapo_conformance.failure import visible

POSSIBLE: Final = hasattr(os, "waitid") and hasattr(socket, "send_fds")
"""Whether this system has what warm starts are made of."""

_ANSWER: Final = 30.0  # seconds in which even a busy machine forks
_NEW_GROUP: Final[int] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class Started(Protocol):
    """The part of `subprocess.Popen` that the suite uses of a started program."""

    pid: int
    returncode: int | None
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    def poll(self) -> int | None:
        """The exit status, or `None` while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """The exit status; raises `subprocess.TimeoutExpired`."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, if it still runs."""


class Starter(Protocol):
    """A way to start programs: `cold`, or `Warm.start`."""

    def __call__(
        self,
        arguments: Sequence[str],
        *,
        streams: Sequence[int],
        environment: Mapping[str, str],
    ) -> Started:
        """Start a program in a session of its own.

        Args:
            arguments: the whole command.
            streams: three descriptors, or `subprocess.PIPE` or `DEVNULL`.
            environment: all of it.

        Raises:
            OSError: the system cannot start it.
        """


def cold(
    arguments: Sequence[str],
    *,
    streams: Sequence[int],
    environment: Mapping[str, str],
    folder: Path | None = None,
) -> Started:
    """Start a program as users do, by executing it (see `Starter`), in this folder."""
    stdin, stdout, stderr = streams
    return subprocess.Popen(
        _found(arguments, folder),
        cwd=folder,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        bufsize=0,
        # Ctrl-C at the suite must not reach it; and a group can be ended whole.
        start_new_session=os.name == "posix",
        creationflags=_NEW_GROUP,
    )


def _found(arguments: Sequence[str], folder: Path | None) -> Sequence[str]:
    """The command; on Windows, a program that stands in the folder in full.

    There the system looks for it where the suite is, not where it is to be started.
    """
    if folder is None or os.name != "nt" or not (folder / arguments[0]).is_file():
        return arguments
    return [str(folder / arguments[0]), *arguments[1:]]


def cold_in(folder: Path | None) -> Starter:
    """The way to start programs as users do who are in this folder."""
    return functools.partial(cold, folder=folder)


class Warm:
    """Asks a program that keeps the testee loaded to fork it.

    Args:
        keeper: the command of that program.
        program: the first words of the commands that it stands for; all others
            are executed.
        environment: that of the keeper.
        folder: where it is, and what it starts.

    Raises:
        OSError: the keeper cannot be started.
    """

    def __init__(
        self,
        keeper: Sequence[str],
        program: Sequence[str],
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self._program = list(program)
        self._cold = cold_in(folder)
        self._fixed = _fixed(environment)
        self._forked: dict[int, _Forked] = {}
        self._answers: list[_Forked] = []
        self._refused = False
        self._words = b""  # the keeper's last
        # Guards what was told: the reader writes it, and whoever waits looks.
        self._changed = threading.Condition()
        self._asking = threading.Lock()  # one start at a time
        self._writing = threading.Lock()  # one line at a time
        self._control, theirs = socket.socketpair()
        with theirs:
            self._keeper = subprocess.Popen(
                _found(keeper, folder),
                cwd=folder,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=dict(environment),
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._hear, daemon=True)
        self._reader.start()

    def start(
        self,
        arguments: Sequence[str],
        *,
        streams: Sequence[int],
        environment: Mapping[str, str],
    ) -> Started:
        """Start a program (see `Starter`)."""
        count = len(self._program)
        if (
            list(arguments[:count]) != self._program
            or _fixed(environment) != self._fixed
        ):
            return self._cold(arguments, streams=streams, environment=environment)
        with contextlib.ExitStack() as theirs:
            ours, descriptors = _connect(streams, theirs)
            try:
                forked = self._ask(arguments[count:], environment, descriptors)
            except OSError:
                for stream in ours:
                    if stream is not None:
                        stream.close()
                raise
        forked.stdin, forked.stdout, forked.stderr = ours
        return forked

    def _ask(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        descriptors: Sequence[int],
    ) -> "_Forked":
        asked = {"start": list(arguments), "environment": dict(environment)}
        with self._asking:
            self._answers.clear()
            with contextlib.suppress(BrokenPipeError):  # its end is heard as well
                self._write(asked, descriptors)
            with self._changed:
                self._changed.wait_for(self._is_answered, _ANSWER)
            if not self._answers:
                raise OSError(None, self._trouble())
            return self._answers[0]

    def _is_answered(self) -> bool:
        return bool(self._answers) or self._refused

    def _trouble(self) -> str:
        if not self._refused:
            return f"its keeper did not answer for {_ANSWER:g} s"
        self._keeper.kill()
        self._words += cast("IO[bytes]", self._keeper.stderr).read()
        last = self._words.strip().splitlines()[-1:]
        return f"its keeper gave up: {visible(last[0]) if last else 'no word'}"

    def _write(self, asked: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        line = json.dumps(asked).encode() + b"\n"
        with self._writing:
            sent = socket.send_fds(self._control, [line], descriptors)
            self._control.sendall(line[sent:])

    def _hear(self) -> None:
        with contextlib.suppress(OSError), self._control.makefile("rb") as lines:
            for line in lines:
                self._take(json.loads(line))
        with self._changed:  # the keeper has ended, and has killed what still ran
            self._refused = True
            for one in self._forked.values():
                one.ended = -signal.SIGKILL
            self._changed.notify_all()

    def _take(self, told: Mapping[str, int]) -> None:
        with self._changed:
            if "started" in told:
                forked = _Forked(told["started"], self._changed, self)
                self._forked[forked.pid] = forked
                self._answers.append(forked)
            elif told["ended"] in self._forked:
                self._forked.pop(told["ended"]).ended = told["status"]
            else:  # it has ended before it was a copy of the testee
                self._refused = True
            self._changed.notify_all()

    def forget(self, pid: int) -> None:
        """Let the system give the process id to others: the program has ended."""
        with contextlib.suppress(OSError):
            self._write({"forget": pid})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the keeper, and with it everything that it has started."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._keeper.__exit__(None, None, None)  # waits, and closes what is left
        self._reader.join()
        self._control.close()


class _Forked:
    """One copy of the testee, with the part of `subprocess.Popen` that is `Started`.

    Attributes:
        ended: what the keeper has told of its end.
    """

    def __init__(self, pid: int, changed: threading.Condition, warm: Warm) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None
        self.ended: int | None = None
        self._changed = changed
        self._warm = warm

    def poll(self) -> int | None:
        """The exit status, or `None` while it runs."""
        if self.returncode is None and self.ended is not None:
            self.returncode = self.ended
            self._warm.forget(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, when it has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.ended is not None, timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return status

    def send_signal(self, sig: int) -> None:
        """Send a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def _connect(
    streams: Sequence[int], theirs: contextlib.ExitStack
) -> tuple[list[IO[bytes] | None], list[int]]:
    """Make the pipes that are asked for.

    Returns:
        our ends, and three descriptors; what is opened of these, `theirs` closes.
    """
    ours: list[IO[bytes] | None] = [None, None, None]
    descriptors = list(streams)
    for number, how in enumerate(streams):
        if how == subprocess.DEVNULL:
            descriptors[number] = os.open(os.devnull, os.O_RDWR)
        elif how == subprocess.PIPE:
            reading, writing = os.pipe()
            our, mode = (reading, "rb") if number else (writing, "wb")
            ours[number] = os.fdopen(our, mode, buffering=0)
            descriptors[number] = writing if number else reading
        if how < 0:
            theirs.callback(os.close, descriptors[number])
    return ours, descriptors


def _fixed(environment: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter looks at when it begins, and never again."""
    return {name: text for name, text in environment.items() if name[:6] == "PYTHON"}
