"""What a submission may use, and how everything that it started is ended.

This keeps mistakes from doing harm. A program that means harm is kept from other
submissions only by a user id of its own (`own_user`), which only root can give it;
against all else, a container is needed.
"""

import contextlib
import ctypes
import os
import signal
import site
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

import psutil

if sys.platform != "win32":
    import resource

SECONDS: Final = 600.0
"""For a submission, all in all. Solutions of labs 1 to 8 took 166 s, two of them side
by side on two busy cores, each one check at a time: this is more than three times."""

MARK: Final = "BATEPAPO_SUBMISSION"
"""The environment variable by which everything of a submission is found again."""

_ROUNDS: Final = 100  # whoever starts processes faster than this is ended meets its end
_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER of Linux


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a submission may use.

    Attributes:
        seconds: for everything, its build included.
        processes: at the same time; threads are counted where the system does so.
        memory: octets that one of its processes may write to, and all together.
        file: octets of one file.
    """

    seconds: float = SECONDS
    processes: int = 200
    memory: int = 2 << 30
    file: int = 256 << 20

    def as_json(self) -> dict[str, float]:
        """Plain data, to be told to another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, float]) -> Self:
        """What `as_json` made."""
        whole = {name: int(data[name]) for name in ("processes", "memory", "file")}
        return cls(seconds=data["seconds"], **whole)


def restrict(limits: Limits) -> None:
    """Let this process, and all that it starts, use no more than this.

    Windows has none of these limits; there the watch over time, the number of
    processes and their memory in `running` has to do. macOS does not keep that of
    memory. Nothing limits how many files are written.
    """
    if sys.platform == "win32":
        return
    # Address space would stop virtual machines, which reserve much and use little.
    data = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _restrict(data, limits.memory)
    _restrict(resource.RLIMIT_FSIZE, limits.file)
    _restrict(resource.RLIMIT_CORE, 0)
    # For one that escapes everything else: it does not compute for ever.
    _restrict(resource.RLIMIT_CPU, int(limits.seconds) + 60)
    # The system counts those of the user, and not of root.
    _restrict(resource.RLIMIT_NPROC, _threads_of_user() + 2 * limits.processes)


def _restrict(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    with contextlib.suppress(OSError, ValueError):  # macOS refuses some
        resource.setrlimit(what, (most, most))


def _threads_of_user() -> int:
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid():
                count += process.num_threads()
    return count


def settle_in(place: Path) -> None:
    """Let what this process starts keep its own files in a place of its own."""
    for name in ("home", "temporary"):
        (place / name).mkdir(exist_ok=True)
    names = ("TMPDIR", "TEMP", "TMP")
    os.environ |= dict.fromkeys(names, str(place / "temporary"))
    if os.name == "posix":
        # Libraries that were installed for the user stay where they are.
        os.environ.setdefault("PYTHONUSERBASE", site.getuserbase())
        os.environ["HOME"] = str(place / "home")


def is_root() -> bool:
    """Whether this process may become any user."""
    return sys.platform != "win32" and os.geteuid() == 0


def can_be(number: int) -> bool:
    """Whether this user could run the Python, and the suite, that run here."""
    if not is_root():
        return False
    try:
        subprocess.run(
            [sys.executable, "-P", "-c", "import batepapo_labs.grading.one"],
            user=number,
            group=number,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def own_user(number: int, place: Path) -> None:
    """Become a user of one's own, of whom nobody else is: root alone can do this."""
    if sys.platform != "win32":
        for path in (place, *place.rglob("*")):
            os.chown(path, number, number, follow_symlinks=False)
        os.setgroups([])
        os.setgid(number)
        os.setuid(number)


def adopt_orphans() -> None:
    """Stay the ancestor of all that is started from here (Linux).

    So it can be ended even if it has left its group, its parent and its mark.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def below(top: int) -> list[psutil.Process]:
    """The processes that this one has started, and those have, and so on."""
    with contextlib.suppress(psutil.Error):
        return [
            one for one in psutil.Process(top).children(recursive=True) if _lives(one)
        ]
    return []


def end_all(top: int, mark: str) -> None:
    """End a process, all below it, and all that carries the mark; but not oneself."""
    own = os.getpid()
    if top != own:
        with contextlib.suppress(psutil.Error):
            # It starts nothing more, and keeps what is orphaned.
            psutil.Process(top).suspend()
    for _ in range(_ROUNDS):
        found = {*below(top), *_marked(mark)}
        found = {one for one in found if one.pid not in (top, own)}
        if not found:
            break
        for one in found:
            with contextlib.suppress(psutil.Error):
                one.kill()
        psutil.wait_procs(found, timeout=1)
    if top != own:
        with contextlib.suppress(psutil.Error):
            psutil.Process(top).kill()


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and _lives(process):
                yield process


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def used_by(top: int) -> tuple[int, int]:
    """How many processes there are below this one, and their octets in memory."""
    found = below(top)
    memory = 0
    for one in found:
        with contextlib.suppress(psutil.Error):
            memory += one.memory_info().rss
    return len(found), memory


def end_with_parent() -> None:
    """Whoever started this process is gone: end all below it, and then it."""
    end_all(os.getpid(), os.environ.get(MARK, ""))
    if os.name == "posix":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(1)
