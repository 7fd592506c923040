"""Runs the checks of its role on many specimens, several specimens at a time.

The checks are collected once. Then a process is forked for each specimen, and runs
the list; so waiting overlaps. First the references themselves run it, and note what
of them each check reaches: the checks that reach nothing of what a specimen changes
give what they gave for its reference, and are left out. A quick visit runs a sample
(`sample.py`). Where there is no `fork`, each specimen is checked with the command,
which takes longer and leaves nothing out.
"""

import gc
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NoReturn, Protocol, cast

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
from batepapo_conformance.sample import Case, Sample
from batepapo_conformance.testee import (
    Role,
    Testee,
    contract,
    from_implementation,
)
from batepapo_zoo.catalogue import LANGUAGES, Specimen
from batepapo_zoo.noting import LOADING, NOTES, changed_blocks

FORKS: Final = hasattr(os, "fork") and sys.platform != "darwin"

_NUMBER: Final = struct.Struct("<H")
_CHUNK: Final = 1 << 16
_TOO_LONG: Final = 1800.0  # seconds after which a specimen is given up
_MOST_WORKERS: Final = 8  # on one specimen
_WORTH_IT: Final = 4  # specimens of one base and role; fewer are not worth notes


class Extent(StrEnum):
    """How much of the suite each specimen goes through."""

    QUICK = "quick"
    """What an earlier whole visit makes telling, and a sample of the rest."""
    WHOLE = "whole"
    """All that reaches what the specimen changes."""
    THOROUGH = "thorough"
    """All."""


class Choice(Protocol):
    """Which checks are run on a specimen."""

    def notes_of(self, specimen: Specimen) -> Path | None:
        """Where it is to write which blocks each check enters, if anywhere."""

    def checks_for(self, specimen: Specimen) -> list[int]:
        """The numbers of the checks."""


@dataclass(slots=True, eq=False)
class Tried:
    """A specimen under way, and in the end what came out of it.

    Attributes:
        specimen: the one that is tried.
        total: how many checks are run on it.
        left_out: how many are not, since they reach nothing of what it changes.
        results: JSON of each `Result`.
        faults: what went wrong with the suite itself.
        seconds: how long it took.
    """

    specimen: Specimen
    total: int
    left_out: int = 0
    results: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def reference(base: str, role: Role) -> Specimen:
    """A reference as a specimen that changes nothing."""
    return Specimen(
        name=base,
        role=str(role),
        base=base,
        rule="",
        legal=True,
        does=dict.fromkeys(LANGUAGES, ""),
        why=dict.fromkeys(LANGUAGES, ""),
        changes=(),
    )


def testee_of(specimen: Specimen) -> Testee:
    """How a specimen is started; a reference, with notes."""
    role = Role(specimen.role)
    zoo = (sys.executable, "-m", "batepapo_zoo")
    if not specimen.changes:
        plain = from_implementation(role, specimen.base)
        return replace(plain, keeper=(*zoo, "--noting", specimen.base, role))
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
    extent: Extent,
    only: Sequence[str],
    told: Callable[[Tried], None],
    matrix: Mapping[str, Any] | None = None,
) -> list[Listed]:
    """Run the checks on all specimens; `told` hears of each as it is done.

    Args:
        specimens: those that are tried.
        jobs: how many processes run checks at the same time.
        seed: repeats the random choices.
        extent: how much is run; for a whole visit, `told` hears of references, too.
        only: which checks are meant, as for `batepapo check`; all if empty.
        told: hears of each specimen as it is done.
        matrix: that of an earlier whole visit, for a quick one.

    Returns:
        the checks of both roles.

    Raises:
        RuntimeError: the checks themselves are at fault.
        KeyboardInterrupt: the user has enough; nothing runs any more.
    """
    if not FORKS:
        _execute(specimens, jobs, _words(seed, only), told)
        return [check for role in Role for check in collect(role, only)]
    with quiet_environment() as mark, tempfile.TemporaryDirectory() as folder:
        loop = _Loop(specimens, jobs, told, _Choosing(extent, Path(folder), matrix))
        words = [*frame(*Role), "--capture=no", *_words(seed, only)]
        try:
            status = pytest.main(words, plugins=[loop])
        finally:
            end_marked(mark)
    if status == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if status != pytest.ExitCode.OK:
        raise RuntimeError("\n".join(loop.faults) or f"pytest: status {status}")
    return loop.checks


def _words(seed: int, only: Sequence[str]) -> list[str]:
    return [f"--seed={seed}", *(f"--only={one}" for one in only)]


@dataclass(frozen=True, slots=True)
class _Choosing:
    """How the checks of each specimen are chosen, once the checks are known."""

    extent: Extent
    folder: Path
    matrix: Mapping[str, Any] | None

    def of(self, items: Mapping[Role, Sequence[pytest.Item]], seed: int) -> Choice:
        if self.extent is Extent.QUICK and self.matrix is not None:
            cases = {role: [_case(one) for one in items[role]] for role in Role}
            return Sample(cases, self.matrix, seed)
        totals = {role: len(items[role]) for role in Role}
        return Reach(totals, None if self.extent is Extent.THOROUGH else self.folder)


def _case(item: pytest.Item) -> Case:
    name, _, variant = item.name.removesuffix("]").partition("[")
    return Case(name, variant)


class Reach:
    """What of the references each check reaches, once they have run with notes.

    Args:
        totals: how many checks there are, by role.
        folder: where the notes are, a file a check; `None` for no notes.
    """

    def __init__(self, totals: Mapping[Role, int], folder: Path | None) -> None:
        self._totals = totals
        self._folder = folder

    def notes_of(self, specimen: Specimen) -> Path | None:
        """Where a reference is to write its notes; the others write none."""
        if self._folder is None or specimen.changes:
            return None
        notes = self._notes(specimen)
        notes.mkdir(exist_ok=True)
        return notes

    def _notes(self, specimen: Specimen) -> Path:
        return cast("Path", self._folder) / f"{specimen.base}-{specimen.role}"

    def checks_for(self, specimen: Specimen) -> list[int]:
        """The numbers of the checks that may tell a specimen from its reference."""
        every = list(range(self._totals[Role(specimen.role)]))
        if self._folder is None or not self._notes(specimen).exists():
            return every
        blocks = changed_blocks(specimen)
        if blocks is None or blocks & self._reached(specimen, LOADING):
            return every
        reached = {number: self._reached(specimen, str(number)) for number in every}
        # A check of which nothing is noted had a testee that was started otherwise.
        return [one for one in every if not reached[one] or reached[one] & blocks]

    def _reached(self, specimen: Specimen, name: str) -> set[str]:
        file = self._notes(specimen) / name
        return set(file.read_text("utf-8").split()) if file.exists() else set()


class _Loop:
    """A plugin that takes the place of pytest's own loop over the checks."""

    def __init__(
        self,
        specimens: Sequence[Specimen],
        jobs: int,
        told: Callable[[Tried], None],
        choosing: _Choosing,
    ) -> None:
        self._specimens = specimens
        self._jobs = jobs
        self._told = told
        self._choosing = choosing
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
        # What is collected stays. Without this, collecting garbage in a forked process
        # would write to each of these objects, and copy all of their memory.
        gc.collect()
        gc.freeze()
        choice = self._choosing.of(items, session.config.option.seed)
        forks = _Forks(items, self._jobs, self._told, choice)
        of = Counter((one.base, Role(one.role)) for one in self._specimens)
        if self._choosing.extent is Extent.WHOLE:
            forks.run(reference(*one) for one in of if of[one] >= _WORTH_IT)
        forks.run(self._specimens)
        return True


@dataclass(slots=True, eq=False)
class _Trial:
    """A specimen under way, and the numbers of the checks that nobody has taken."""

    tried: Tried
    items: Sequence[pytest.Item]
    notes: Path | None
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
        choice: Choice,
    ) -> None:
        self._items = items
        self._jobs = jobs
        self._told = told
        self._choice = choice
        self._selector = selectors.DefaultSelector()
        self._trials: list[_Trial] = []
        self._running = 0

    def run(self, specimens: Iterable[Specimen]) -> None:
        """Try all; when no specimen is left to begin, the others get more workers."""
        waiting = list(specimens)[::-1]
        try:
            while waiting or self._trials:
                while self._running < self._jobs and waiting:
                    self._fork(self._begin(waiting.pop()))
                while self._running < self._jobs and (slow := self._slowest()):
                    self._fork(slow)
                for key, _ in self._selector.select(1):
                    self._hear(key.fd, key.data)
                self._give_up()
        finally:
            self._kill()

    def _begin(self, specimen: Specimen) -> _Trial:
        items = self._items[Role(specimen.role)]
        chosen = self._choice.checks_for(specimen)
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb") as numbers:
            numbers.write(b"".join(map(_NUMBER.pack, chosen)))
        tried = Tried(specimen, len(chosen), len(items) - len(chosen))
        notes = self._choice.notes_of(specimen)
        trial = _Trial(tried, items, notes, reading, time.monotonic())
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
        os.environ.pop(NOTES, None)
        number = _next(trial)
        while number is not None:
            if trial.notes is not None:  # testees find it in their environment
                os.environ[NOTES] = str(trial.notes / str(number))
            following = _next(trial)
            config.hook.pytest_runtest_protocol(
                item=trial.items[number],
                nextitem=None if following is None else trial.items[following],
            )
            number = following
        status = 0
    except BaseException as error:  # whatever it is, the parent is to hear of it
        os.write(tell, f"{type(error).__name__}: {error}".encode())
    finally:
        os._exit(status)


def _next(trial: _Trial) -> int | None:
    octets = os.read(trial.numbers, _NUMBER.size)
    return int(_NUMBER.unpack(octets)[0]) if octets else None


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
    words: Sequence[str],
    told: Callable[[Tried], None],
) -> None:
    with ThreadPoolExecutor(jobs) as pool:
        for tried in pool.map(lambda one: _check(one, words), specimens):
            told(tried)


def _check(specimen: Specimen, words: Sequence[str]) -> Tried:
    """Check a specimen with the command, which reports as JSON."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "testee.toml"
        command = subprocess.list2cmdline(testee_of(specimen).command or ())
        file.write_text(f"command = '''{command}'''\noptions = 'contract'\n", "utf-8")
        check = [sys.executable, "-m", "batepapo", "check", specimen.role, "--json"]
        run = subprocess.run(
            [*check, "--jobs=1", f"--testee={file}", *words],
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
