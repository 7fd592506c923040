"""From what the user asks to a run, a report and an exit status.

0  passed           1  a MUST failed
2  no verdict       3  a fault of the suite itself
"""

import contextlib
import functools
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import TextIO

from batepapo_conformance.diagnosis import diagnosed
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.forms import Forms, tell
from batepapo_conformance.process import Processes
from batepapo_conformance.progress import Progress
from batepapo_conformance.repetition import collapse, isolate
from batepapo_conformance.report import Reporter
from batepapo_conformance.results import (
    Result,
    Run,
    Status,
    Unexpected,
    Verdict,
    about,
    now,
)
from batepapo_conformance.runner import Gathered, collect, gather
from batepapo_conformance.settling import apply_known_failures, settle
from batepapo_conformance.spec import load
from batepapo_conformance.starting import describe_end, start_server
from batepapo_conformance.testee import (
    BadTestee,
    Role,
    Testee,
    choose_testee,
)
from batepapo_conformance.warm import cold_in
from batepapo_conformance.words import Language, Words

__all__ = ["Request", "check", "collect", "list_checks", "must_start", "run"]

# Checks wait for the testee as often as they compute.
_JOBS_PER_CORE = 2
_MOST_JOBS = 16
_CLIENT_CONNECTS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks for (`choose_testee` says how a testee is given).

    `before` is what other checks of the same testee gave in runs before this one: it
    may tell which rule a failure is to be blamed on.
    """

    role: Role
    command: str | None = None
    at: str | None = None
    file: str | None = None
    implementation: str | None = None
    only: Sequence[str] = ()
    seed: int | None = None
    jobs: int | None = None
    repeat: int = 1
    warm: bool = False
    before: Sequence[Result] = ()

    def testee(self) -> Testee:
        """The testee that is meant.

        Raises:
            BadTestee: none, or several, or none that can be understood.
        """
        return choose_testee(
            self.role,
            command=self.command,
            at=self.at,
            file=self.file,
            implementation=self.implementation,
            warm=self.warm,
        )

    def words(self) -> list[str]:
        """How the testee is said on the command line of `batepapo check`."""
        said = {
            "--command": self.command,
            "--at": self.at,
            "--testee": self.file,
            "--implementation": self.implementation,
        }
        words = [word for name, text in said.items() if text for word in (name, text)]
        return [*words, "--warm"] if self.warm else words

    def again(self, result: Result) -> str:
        """The command that repeats the check that gave this."""
        words = ["batepapo", "check", str(self.role), *self.words()]
        words += ["--only", result.case, "--seed", str(result.seed)]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def check(request: Request, *, out: TextIO, forms: Forms | None = None) -> Status:
    """Check a testee, report to `out` and in other forms; gives the exit status.

    Raises:
        CannotTell: a form cannot be written to its file.
    """
    forms = forms or Forms()
    silent = forms.json
    where = sys.stderr if silent else out
    done = run(request, Progress(where, silent, forms.words), forms.words)
    tell([done], forms, out)
    return done.status


def list_checks(request: Request, *, out: TextIO, as_json: bool = False) -> Status:
    """List the checks that the request means; nothing is run."""
    listed = collect(request.role, request.only)
    Reporter(out, load()).tell_list(listed, as_json=as_json)
    return Status.PASSED if listed else Status.NO_VERDICT


def run(request: Request, progress: Progress, words: Words | None = None) -> Run:
    """Check a testee, and give what came out; the checks are not told about here.

    What kept the run from its end is said in these words, or else in English.
    SIGTERM ends it as Ctrl-C does: with what there is by then.
    """
    began = time.monotonic()
    begun = Run(
        role=request.role,
        testee=" ".join(request.words()),
        seed=random.randrange(1_000_000) if request.seed is None else request.seed,
        about=about(),
        began=now(),
        times=request.repeat,
    )
    with ended_politely():
        done = _run(begun, request, progress, words or Words(Language.ENGLISH))
    return done.after(time.monotonic() - began)


def _run(run: Run, request: Request, progress: Progress, words: Words) -> Run:
    try:
        testee = request.testee()
        _try_out(testee)
    except (BadTestee, NoVerdict) as error:
        return run.in_trouble(str(error))
    except KeyboardInterrupt:
        return run.in_trouble(words("trouble.at_once"))
    with progress:
        gathered = gather(
            request.role,
            _arguments(request, run.seed),
            jobs=_jobs(request, testee),
            told=progress.tell,
        )
    results = gathered.results
    if request.repeat > 1:
        results = collapse(results)
    results = settle(results, load(), request.before)
    if request.repeat > 1 and not gathered.interrupted:
        if any(one.verdict is Verdict.FAILED for one in results):
            progress.say(words("progress.alone"))
        results = isolate(results, functools.partial(_run_alone, request))
    settled, unexpected = _known(results, request, testee)
    trouble = _trouble(gathered, words)
    return diagnosed(run.with_outcome(settled, unexpected, gathered.faults, trouble))


def _known(
    results: Sequence[Result], request: Request, testee: Testee
) -> tuple[list[Result], list[Unexpected]]:
    results = [replace(one, again=request.again(one)) for one in results]
    return apply_known_failures(results, testee.known_failures)


def _trouble(gathered: Gathered, words: Words) -> str:
    if gathered.interrupted:
        done = len(gathered.results)
        return words("trouble.interrupted", done=done, total=gathered.total)
    if not gathered.total and not gathered.faults:
        return words("trouble.nothing")
    return ""


def _run_alone(request: Request, seed: int, names: list[str]) -> list[Result]:
    """Run checks of these names one after the other, each time with this seed."""
    alone = replace(request, only=names)
    arguments = [*_arguments(alone, seed), "--same-seed"]
    with Progress(sys.stderr, silent=True) as progress:
        return gather(request.role, arguments, jobs=1, told=progress.tell).results


def _arguments(request: Request, seed: int | None) -> list[str]:
    said = {
        "--testee-command": request.command,
        "--testee-at": request.at,
        "--testee-file": request.file,
        "--testee-implementation": request.implementation,
        "--seed": str(seed),
        "--repeat": str(request.repeat),
    }
    words = [f"{name}={text}" for name, text in said.items() if text is not None]
    words += ["--warm"] if request.warm else []
    return words + [f"--only={one}" for one in request.only]


def _jobs(request: Request, testee: Testee) -> int:
    if testee.at is not None:
        return 1  # one server, one room: two checks would see each other
    jobs = min(_JOBS_PER_CORE * (os.cpu_count() or 1), _MOST_JOBS)
    jobs = jobs if request.jobs is None else request.jobs
    if not request.only:
        return jobs
    # To repeat one check should not take the time of starting many workers.
    listed = collect(request.role, request.only)
    runs = sum(max(1, len(one.variants)) for one in listed) * request.repeat
    return max(1, min(jobs, runs))


def _try_out(testee: Testee) -> None:
    processes = Processes(Exchange(), cold_in(testee.folder))
    try:
        must_start(testee, processes)
    finally:
        processes.end()


def must_start(testee: Testee, processes: Processes) -> None:
    """Find out in one place whether the testee can be started at all.

    Raises:
        NoVerdict: it cannot, and this says why.
    """
    if testee.role is Role.SERVER:
        start_server(testee, processes)
    else:
        _must_connect(testee, processes)


def _must_connect(testee: Testee, processes: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        arguments = testee.arguments(address="127.0.0.1", port=port, nick="ana")
        process = processes.start(arguments, who="client")
        listener.settimeout(0.1)
        deadline = time.monotonic() + testee.seconds(_CLIENT_CONNECTS)
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                listener.accept()[0].close()
                return
            if process.status is not None:
                raise NoVerdict(describe_end(process, "before it connected"))
    raise NoVerdict(describe_end(process, "and did not connect"))


@contextlib.contextmanager
def ended_politely() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: cleanly, with what there is."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
