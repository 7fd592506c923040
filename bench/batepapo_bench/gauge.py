"""What a program has used of the machine, and on which cores it runs."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psutil

# Of a select() on Windows, less what else there is.
_SELECTED: Final = 500
# Descriptors that a process has besides its connections.
_OTHERS: Final = 100


class Gauge:
    """The processor time and memory of a program and of what it has started.

    Args:
        pid: of the program.
    """

    def __init__(self, pid: int) -> None:
        self._top = psutil.Process(pid)

    def cpu(self) -> float:
        """Seconds of processor time so far: user, system, and of ended children."""
        return sum(_cpu(one) for one in self._all())

    def memory(self) -> int:
        """Octets of memory that belong to it alone; where unknown, that it has."""
        return sum(_own_memory(one) for one in self._all())

    def threads(self) -> int:
        """How many threads it has."""
        return sum(one.num_threads() for one in self._all())

    def _all(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return [self._top, *self._top.children(recursive=True)]
        return []


def _cpu(process: psutil.Process) -> float:
    user, system, *children = process.cpu_times()[:4]
    if sys.platform != "linux":
        return user + system + sum(children)
    # To the nanosecond, where what everybody reads goes by hundredths of seconds:
    # the clock that clock_getcpuclockid(3) would name.
    return time.clock_gettime(~process.pid << 3 | 2) + sum(children)


def _own_memory(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error, AttributeError):
        return int(process.memory_full_info().uss)
    return int(process.memory_info().rss)


@dataclass(frozen=True, slots=True)
class Cores:
    """The core of the server and the core of the load; `None` where they are free."""

    server: int | None
    load: int | None

    @contextlib.contextmanager
    def for_servers(self) -> Iterator[None]:
        """What is started meanwhile runs on the server's core, with all its threads."""
        _pin(self.server)
        try:
            yield
        finally:
            _pin(self.load)


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine lets a run have.

    Attributes:
        cores: which cores server and load have.
        room: how many connections the load may have.
    """

    cores: Cores
    room: int


def machine(connections: int) -> Machine:
    """This machine, its limits raised for so many connections as far as may be."""
    return Machine(_cores(), _room(connections))


def _cores() -> Cores:
    """Two cores that this process may use, far apart, or none if they cannot be had."""
    process = psutil.Process()
    if not hasattr(process, "cpu_affinity"):  # macOS
        return Cores(None, None)
    allowed = process.cpu_affinity() or []
    if len(allowed) < 2:
        return Cores(None, None)
    return Cores(server=allowed[-1], load=allowed[0])


def _pin(core: int | None) -> None:
    if core is not None:
        psutil.Process().cpu_affinity([core])


def _room(wanted: int) -> int:
    """How many connections this process may have; limits are raised for them.

    What is started from here may have as many.

    Args:
        wanted: how many there are to be.
    """
    if sys.platform == "win32":
        return min(wanted, _SELECTED)
    import resource  # noqa: PLC0415 (not on Windows)

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (wanted + _OTHERS, hard):
        if soft not in (resource.RLIM_INFINITY, -1) and soft < wanted + _OTHERS:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (most, max(most, hard)))
            soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - _OTHERS)


def processor() -> str:
    """What the machine's processor calls itself, as far as the system says."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:  # noqa: PTH123
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return os.environ.get("PROCESSOR_IDENTIFIER", "")
