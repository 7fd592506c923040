"""Runs all checks of its role on many specimens, several specimens at a time.

The checks are collected once. Then a process is forked for each specimen, and runs
the list; so waiting overlaps. Where there is no `fork`, each specimen is checked
with the command, which takes longer and says the same.
"""

import contextlib
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

import pytest

from batepapo_conformance.plugin import give_testee
from batepapo_conformance.process import end_marked
from batepapo_conformance.results import Listed
from batepapo_conformance.runner import (
    collect,
    frame,
    listed,
    quiet_environment,
    texts_of,
)
from batepapo_conformance.testee import Role, Testee, contract
from batepapo_zoo.catalogue import Specimen

FORKS: Final = hasattr(os, "fork") and sys.platform != "darwin"

_NUMBER: Final = struct.Struct("<H")
_CHUNK: Final = 1 << 16
_TOO_LONG: Final = 1800.0  # seconds after which a specimen is given up
_MOST_WORKERS: Final = 8  # on one specimen


@dataclass(slots=True, eq=False)
class Tried:
    """A specimen under way, and in the end what came out of it.

    Attributes:
        specimen: the one that is tried.
        total: how many checks there are for it.
        results: JSON of each `Result`.
        faults: what went wrong with the suite itself.
        seconds: how long it took.
    """

    specimen: Specimen
    total: int
    results: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def testee_of(specimen: Specimen) -> Testee:
    """How a specimen is started."""
    role = Role(specimen.role)
    zoo = (sys.executable, "-m", "batepapo_zoo")
    nick = ("{nick}",) if role is Role.CLIENT else ()
    return Testee(
        role=role,
        command=(*zoo, specimen.name, "{address}", "{port}", *nick),
        options=contract(role),
        keeper=(*zoo, "--warm", specimen.name),
    )


def try_all(
    specimens: Sequence[Specimen],
    *,
    jobs: int,
    seed: int,
    told: Callable[[Tried], None],
) -> list[Listed]:
    """Run the checks on all specimens; `told` hears of each as it is done.

    Returns:
        the checks of both roles.

    Raises:
        RuntimeError: the checks themselves are at fault.
        KeyboardInterrupt: the user has enough; nothing runs any more.
    """
    if not FORKS:
        _execute(specimens, jobs, seed, told)
        return [check for role in Role for check in collect(role)]
    with quiet_environment() as mark:
        loop = _Loop(specimens, jobs, told)
        words = [*frame(*Role), "--capture=no", f"--seed={seed}"]
        try:
            status = pytest.main(words, plugins=[loop])
        finally:
            end_marked(mark)
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status != pytest.ExitCode.OK:
        raise RuntimeError("\n".join(loop.faults) or f"pytest: status {status}")
    return loop.checks


class _Loop:
    """A plugin that takes the place of pytest's own loop over the checks."""

    def __init__(
        self,
        specimens: Sequence[Specimen],
        jobs: int,
        told: Callable[[Tried], None],
    ) -> None:
        self._specimens = specimens
        self._jobs = jobs
        self._told = told
        self.checks: list[Listed] = []
        self.faults: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(report.longreprtext)

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.faults.append(str(excrepr))
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the checks cannot be collected")
        items = {
            role: [one for one in session.items if one.path.parent.name == role]
            for role in Role
        }
        self.checks = [one for role in Role for one in listed(role, items[role])]
        _Forks(items, self._jobs, self._told).run(self._specimens)
        return True


@dataclass(slots=True, eq=False)
class _Trial:
    """A specimen under way, and the numbers of the checks that nobody has taken."""

    tried: Tried
    items: Sequence[pytest.Item]
    numbers: int
    began: float
    workers: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Worker:
    """A forked process that runs checks on one specimen, and what it still tells."""

    trial: _Trial
    pid: int
    partial: bytes = b""


class _Forks:
    """The processes that run checks; one, and later more, for a specimen."""

    def __init__(
        self,
        items: dict[Role, list[pytest.Item]],
        jobs: int,
        told: Callable[[Tried], None],
    ) -> None:
        self._items = items
        self._jobs = jobs
        self._told = told
        self._selector = selectors.DefaultSelector()
        self._trials: list[_Trial] = []
        self._running = 0

    def run(self, specimens: Iterable[Specimen]) -> None:
        """Try all; when no specimen is left to begin, the others get more workers."""
        waiting = list(specimens)[::-1]
        with contextlib.ExitStack() as stack:
            stack.callback(self._selector.close)
            stack.callback(self._kill)
            while waiting or self._trials:
                while self._running < self._jobs and waiting:
                    self._fork(self._begin(waiting.pop()))
                while self._running < self._jobs and (slow := self._slowest()):
                    self._fork(slow)
                for key, _ in self._selector.select(1):
                    self._hear(key.fd, key.data)
                self._give_up()

    def _begin(self, specimen: Specimen) -> _Trial:
        items = self._items[Role(specimen.role)]
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as numbers:
            numbers.write(b"".join(map(_NUMBER.pack, range(len(items)))))
        tried = Tried(specimen, len(items))
        trial = _Trial(tried, items, reading, time.monotonic())
        self._trials.append(trial)
        return trial

    def _slowest(self) -> _Trial | None:
        """The one with most checks left for each of its workers."""

        def left(one: _Trial) -> float:
            return (one.tried.total - len(one.tried.results)) / len(one.workers)

        some = [one for one in self._trials if 0 < len(one.workers) < _MOST_WORKERS]
        slowest = max(some, key=left, default=None)
        return slowest if slowest is not None and left(slowest) > 4 else None

    def _fork(self, trial: _Trial) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            _work(trial, writing)
        os.close(writing)
        trial.workers.add(pid)
        self._running += 1
        self._selector.register(reading, selectors.EVENT_READ, _Worker(trial, pid))

    def _hear(self, descriptor: int, worker: _Worker) -> None:
        chunk = os.read(descriptor, _CHUNK)
        *lines, worker.partial = (worker.partial + chunk).split(b"\n")
        worker.trial.tried.results += [line.decode() for line in lines]
        if chunk:
            return
        self._selector.unregister(descriptor)
        os.close(descriptor)
        self._running -= 1
        trial = worker.trial
        trial.workers.remove(worker.pid)
        status = os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])
        if status:
            said = worker.partial.decode("utf-8", "replace")
            trial.tried.faults.append(f"a worker ended with status {status}: {said}")
        if not trial.workers:
            self._end(trial)

    def _end(self, trial: _Trial) -> None:
        os.close(trial.numbers)
        self._trials.remove(trial)
        tried = trial.tried
        tried.seconds = time.monotonic() - trial.began
        lacking = tried.total - len(tried.results)
        if lacking > 0:
            tried.faults.append(f"{lacking} checks gave no result")
        self._told(tried)

    def _give_up(self) -> None:
        for trial in self._trials:
            if time.monotonic() - trial.began > _TOO_LONG:
                for pid in trial.workers:
                    os.kill(pid, signal.SIGKILL)

    def _kill(self) -> None:
        for trial in self._trials:
            for pid in trial.workers:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _work(trial: _Trial, tell: int) -> NoReturn:
    """Run, in this forked process, checks that nobody else has taken, and end."""
    status = 1
    try:
        os.setpgid(0, 0)  # Ctrl-C is for the parent, which ends this one
        config = trial.items[0].config
        give_testee(config, testee_of(trial.tried.specimen))
        config.pluginmanager.register(_Teller(tell))
        item = _next(trial)
        while item is not None:
            following = _next(trial)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            item = following
        status = 0
    except BaseException as error:  # whatever it is, the parent is to hear of it
        os.write(tell, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(status)


def _next(trial: _Trial) -> pytest.Item | None:
    number = os.read(trial.numbers, _NUMBER.size)
    return trial.items[_NUMBER.unpack(number)[0]] if number else None


class _Teller:
    """A plugin that tells the parent every result."""

    def __init__(self, descriptor: int) -> None:
        self._pipe = os.fdopen(descriptor, "wb")
        self._told: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for text in texts_of(report):
            if text not in self._told:
                self._told.add(text)
                self._pipe.write(text.encode() + b"\n")
                self._pipe.flush()


# ---- without fork --------------------------------------------------------------


def _execute(
    specimens: Sequence[Specimen],
    jobs: int,
    seed: int,
    told: Callable[[Tried], None],
) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        for tried in pool.map(lambda one: _check(one, seed), specimens):
            told(tried)


def _check(specimen: Specimen, seed: int) -> Tried:
    """Check a specimen with the command, which reports as JSON."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "testee.toml"
        words = testee_of(specimen).command or ()
        command = subprocess.list2cmdline(words)
        file.write_text(f"command = '''{command}'''\noptions = 'contract'\n", "utf-8")
        check = [sys.executable, "-m", "batepapo", "check", specimen.role, "--json"]
        run = subprocess.run(
            [*check, "--jobs=1", f"--seed={seed}", f"--testee={file}"],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    tried = Tried(specimen, 0, seconds=time.monotonic() - began)
    try:
        said = json.loads(run.stdout)
        tried.results = [json.dumps(one) for one in said["results"]]
        tried.faults = list(said["faults"])
        tried.total = len(tried.results)
    except ValueError:
        tried.faults = [run.stderr or f"status {run.returncode}"]
    return tried
