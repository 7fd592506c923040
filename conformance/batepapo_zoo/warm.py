"""Keeps a testee loaded, and forks a copy of it for every start (POSIX).

To load a program costs ten times what it costs to start it. The suite starts
this one with a Unix socket as standard input, and then asks it, a line of JSON
at a time, for starts:

    asked   {"start": [argument, ...], "environment": {name: text, ...}}
            with three descriptors beside it, the standard streams (SCM_RIGHTS)
    told    {"started": pid}
    told    {"ended": pid, "status": what `subprocess` would call its returncode}
    asked   {"forget": pid}     now the system may give the process id to others

When the socket ends, however the suite ended, everything that runs is killed.
"""

import codecs
import contextlib
import gc
import json
import locale
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import Any, Final

_CHUNK: Final = 1 << 16
_DESCRIPTORS: Final = 16
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")
_CODES: Final = (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED)


def each_start() -> list[str]:
    """Wait for starts; return in each started process, with its arguments.

    To whoever it returns, everything is as in a program that was just executed:
    a session of its own, three descriptors, the environment, the standard streams.
    The process that waits never returns from here, and ends with its socket.
    """
    # Standard input becomes a stream of the testee; the socket moves out of its way.
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    keeper = _Keeper(control)
    # What is loaded stays for ever. Without this, collecting garbage in a copy would
    # write to each of these objects, and the system copy all of their memory.
    gc.collect()
    gc.freeze()
    for arguments, environment, streams in keeper.starts():
        pid = os.fork()
        if pid == 0:
            keeper.close_in_child()
            _become_new(environment, streams)
            _tell(control, started=os.getpid())
            control.close()
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            return arguments
        keeper.running.add(pid)
        for descriptor in streams:
            os.close(descriptor)
    keeper.kill_all()
    sys.exit(0)


class _Keeper:
    """The process that stays: it hears what is asked, and tells what has ended."""

    def __init__(self, control: socket.socket) -> None:
        self.running: set[int] = set()
        self._ended: set[int] = set()
        self._control = control
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def close_in_child(self) -> None:
        """Leave nothing of the keeper in a process that it has forked."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def starts(self) -> Iterator[tuple[list[str], Mapping[str, str], list[int]]]:
        """Arguments, environment and streams of every start that is asked for."""
        descriptors: list[int] = []
        for line in self._lines(descriptors):
            asked: dict[str, Any] = json.loads(line)
            if "forget" in asked:
                self._forget(asked["forget"])
            else:
                streams = [descriptors.pop(0) for _ in range(3)]
                yield asked["start"], asked["environment"], streams

    def _lines(self, descriptors: list[int]) -> Iterator[bytes]:
        partial, control = b"", self._control.fileno()
        while True:
            ready, _, _ = select.select([control, self._wake], [], [])
            if self._wake in ready:
                self._tell_what_ended()
            if control not in ready:
                continue
            chunk, came, _, _ = socket.recv_fds(self._control, _CHUNK, _DESCRIPTORS)
            if not chunk:
                return
            descriptors += came
            *lines, partial = (partial + chunk).split(b"\n")
            yield from lines

    def _tell_what_ended(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, _CHUNK)
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT  # it is not forgotten yet
        for pid in sorted(self.running):
            result = os.waitid(os.P_PID, pid, how)
            if result is None or result.si_code not in _CODES:
                continue
            self.running.remove(pid)
            self._ended.add(pid)
            exited = result.si_code == os.CLD_EXITED
            status = result.si_status if exited else -result.si_status
            _tell(self._control, ended=pid, status=status)

    def _forget(self, pid: int) -> None:
        if pid in self._ended:
            self._ended.remove(pid)
            os.waitpid(pid, 0)

    def kill_all(self) -> None:
        """Kill what runs; what has ended goes with this process."""
        for pid in self.running:
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)


def _tell(control: socket.socket, **what: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # its end comes to be read as well
        control.sendall(json.dumps(what).encode() + b"\n")


def _become_new(environment: Mapping[str, str], streams: list[int]) -> None:
    os.setsid()
    for target, descriptor in enumerate(streams):
        os.dup2(descriptor, target)
    os.environ.clear()
    os.environ.update(environment)
    encoding, errors = _as_at_the_start_of_python()
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        how = "backslashreplace" if name == "stderr" else errors
        stream = _stream(descriptor, f"<{name}>", encoding, how)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _as_at_the_start_of_python() -> tuple[str, str]:
    """Set the locale, and say how Python would encode streams in it (PEP 538)."""
    try:
        name = locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:  # this machine does not have it
        name = locale.setlocale(locale.LC_CTYPE, "C")
    if name in ("C", "POSIX"):
        if not os.environ.get("LC_ALL"):
            os.environ["LC_CTYPE"] = "C.UTF-8"
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
        return "utf-8", "surrogateescape"
    errors = "surrogateescape" if name in _COERCED else "strict"
    return codecs.lookup(locale.nl_langinfo(locale.CODESET)).name, errors


def _stream(descriptor: int, name: str, encoding: str, errors: str) -> TextIOWrapper:
    """A standard stream, as `open` makes it, but for what Python does otherwise."""
    stream = os.fdopen(
        descriptor,
        "w" if descriptor else "r",
        encoding=encoding,
        errors=errors,
        newline="\n",
        closefd=False,
    )
    if descriptor == 2:
        stream.reconfigure(line_buffering=True)
    stream.buffer.raw.name = name  # type: ignore[attr-defined]
    return stream
