"""A lab is checked step by step, and what rests on a step that failed is skipped.

First come the labs before, as one step; then the lab's own steps, in order.
"""

import os
import random
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TextIO

import tomlkit

from batepapo_conformance import check as suite
from batepapo_conformance.phrases import told
from batepapo_conformance.progress import Progress
from batepapo_conformance.results import Result, Run, Status
from batepapo_conformance.results import Verdict as OfCheck
from batepapo_conformance.selection import selected
from batepapo_conformance.spec import Level, load
from batepapo_conformance.story import harmless
from batepapo_conformance.testee import BadTestee, Role, split_command
from batepapo_conformance.words import Words
from batepapo_labs import recording, session, talk
from batepapo_labs.folder import Folder, with_python
from batepapo_labs.lessons import Course, Lesson, Step
from batepapo_labs.starting import not_started
from batepapo_labs.steps import StepResult, Verdict
from batepapo_labs.trouble import Trouble

_BUILDING: Final = 300.0  # seconds; a build that waits for somebody has to end
_LAST_LINES: Final = 12
_LONGEST: Final = 160  # characters of a line that are shown

Checker = Callable[[Path, Lesson, Words, TextIO], Iterable[StepResult]]
"""What checks a lab that is not about a server or a client.

It is given the student's folder, the lab, the words in which a student is told, and
where it may say how far it is; it gives its steps in order.
"""

OTHER: Final[Mapping[str, Checker]] = {
    "talk": talk.check,
    "session": session.check,
    "recording": recording.check,
}
"""The checkers of the other roles."""

_VERDICTS: Final = {
    Status.PASSED: Verdict.PASSED,
    Status.FAILED: Verdict.FAILED,
    Status.NO_VERDICT: Verdict.NO_VERDICT,
    Status.FAULT: Verdict.FAULT,
}
# What cannot be judged here, on this system for instance, keeps nobody back.
_GOES_ON: Final = (Verdict.PASSED, Verdict.NO_VERDICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be checked.

    Attributes:
        command: how the program is started, instead of what the folder says.
        everything: whether steps are run though one before them has failed.
        only: just these checks rather than the steps, as the suite takes them.
        seed: repeats the random choices of a check.
        jobs: how many checks run at a time; as many as there are cores if not said.
    """

    command: str | None = None
    everything: bool = False
    only: Sequence[str] = ()
    seed: int | None = None
    jobs: int | None = None


@dataclass(slots=True)
class Outcome:
    """What a check of a lab gave.

    Attributes:
        command: how the program was started.
        said: whether the student says so.
        steps: what each step gave, in order.
        trouble: why nothing could be judged, in the student's language.
        last_words: the end of what the program, or its build, wrote if it would
            not start.
        alone: whether only some checks were run, and not the lab.
    """

    lesson: Lesson
    command: str = ""
    said: bool = True
    steps: list[StepResult] = field(default_factory=list)
    trouble: str = ""
    last_words: Sequence[str] = ()
    seconds: float = 0.0
    alone: bool = False

    @property
    def first(self) -> StepResult | None:
        """The first step that failed."""
        failed = (one for one in self.steps if one.verdict is Verdict.FAILED)
        return next(failed, None)

    @property
    def broken(self) -> list[str]:
        """The ids that are broken, in the order of steps."""
        return list(dict.fromkeys(rule for one in self.steps for rule in one.rules))

    @property
    def status(self) -> Status:
        """The exit status that says it."""
        verdicts = {one.verdict for one in self.steps}
        if Verdict.FAULT in verdicts:
            return Status.FAULT
        if Verdict.FAILED in verdicts:
            return Status.FAILED
        if self.trouble or Verdict.PASSED not in verdicts:
            return Status.NO_VERDICT
        return Status.PASSED


def check(
    folder: Folder,
    course: Course,
    lesson: Lesson,
    asked: Asked,
    *,
    words: Words,
    out: TextIO,
    silent: bool = False,
) -> Outcome:
    """Check a lab in a student's folder; nothing is written there.

    How far it is goes to `out`, unless it is to be silent.

    Raises:
        Trouble: the student's file, or what is asked, cannot be meant.
    """
    began = time.monotonic()
    outcome = Outcome(lesson, alone=bool(asked.only))
    _build(folder.program(lesson).build, folder.path, outcome, words)
    if not outcome.trouble and lesson.role in list(Role):
        # A bar on a terminal; where there is none, nobody waits at it.
        silent = silent or not out.isatty()

        def progress() -> Progress:
            return Progress(out, silent, Words(words.language))

        desk = _Desk(folder, course, lesson, asked, words=words, progress=progress)
        desk.check(outcome)
    elif not outcome.trouble:
        if lesson.role not in OTHER:
            raise Trouble("no_checker", number=lesson.number)
        if asked.command is not None or asked.only:
            raise Trouble("not_in_suite", number=lesson.number)
        outcome.steps += OTHER[lesson.role](folder.path, lesson, words, out)
    outcome.seconds = time.monotonic() - began
    return outcome


def _build(command: str | None, folder: Path, outcome: Outcome, words: Words) -> None:
    """Run the student's build, if there is one; say so if it fails."""
    if command is None:
        return
    try:
        built = subprocess.run(
            split_command(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_BUILDING,
            check=False,
        )
    except (BadTestee, OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or error
        outcome.trouble = words("trouble.cannot_build", command=command, why=why)
        return
    if built.returncode:
        how = how_it_ended(built.returncode, words)
        outcome.trouble = words("trouble.cannot_build", command=command, why=how)
        outcome.last_words = last_lines(_decoded(built.stdout))


class _Desk:
    """One check of a server or a client, through the suite."""

    def __init__(
        self,
        folder: Folder,
        course: Course,
        lesson: Lesson,
        asked: Asked,
        *,
        words: Words,
        progress: Callable[[], Progress],
    ) -> None:
        self._folder = folder
        self._lesson = lesson
        self._before = course.before(lesson)
        self._asked = asked
        self._words = words
        self._progress = progress
        self._role = Role(lesson.role)
        self._program = folder.program(lesson)
        self._seen: list[Result] = []  # in the steps before

    def check(self, outcome: Outcome) -> None:
        """Run the steps, as far as they do not rest on one that failed."""
        said = self._asked.command
        outcome.command = with_python(said) if said else self._program.command
        outcome.said = said is not None or self._program.said
        with tempfile.TemporaryDirectory(prefix="batepapo-") as place:
            file = self._testee(Path(place), outcome.command)
            seed = (
                random.randrange(1_000_000)
                if self._asked.seed is None
                else self._asked.seed
            )
            # Who fails waits for deadlines, and then side by side; but each worker
            # has to be started, for each step.
            jobs = self._asked.jobs or os.cpu_count() or 1
            request = suite.Request(
                role=self._role, file=str(file), seed=seed, jobs=jobs
            )
            if self._starts(request, outcome):
                outcome.steps += self._steps(request)

    def _testee(self, place: Path, command: str) -> Path:
        """Write a file about the student's program, as the suite takes it."""
        file = place / "testee.toml"
        said = {
            "command": command,
            "folder": str(self._folder.path),
            "time-factor": self._program.factor,
            "options": self._program.options,
        }
        file.write_text(tomlkit.dumps(said), encoding="utf-8")
        return file

    def _starts(self, request: suite.Request, outcome: Outcome) -> bool:
        """Whether the program can be started; if not, the outcome says why."""
        found = not_started(request)
        if found is None:
            return True
        if found.key == "trouble.bad_command":
            raise Trouble("bad_command", role=self._role, why=found.why)
        how = "" if found.status is None else how_it_ended(found.status, self._words)
        outcome.trouble = self._words(
            found.key, command=outcome.command, why=found.why, how=how
        )
        outcome.last_words = last_lines(_decoded(found.last))
        return False

    # ---- steps ----

    def _steps(self, request: suite.Request) -> Iterator[StepResult]:
        if self._asked.only:
            title = self._words("step.only", only=", ".join(self._asked.only))
            yield self._step(request, title, self._asked.only, None)
            return
        stands = True
        for title, only, lab in self._planned():
            if stands or self._asked.everything:
                done = self._step(request, title, only, lab)
                stands = stands and done.verdict in _GOES_ON and not done.ended
                yield done
            else:
                yield StepResult(title=title, verdict=Verdict.SKIPPED, lab=lab)

    def _planned(self) -> Iterator[tuple[str, Sequence[str], int | None]]:
        """The title of each step, its checks, and its lab: first the labs before."""
        earlier = dict.fromkeys(one for each in self._before for one in each.checks)
        if earlier:
            *rest, last = (str(one.number) for one in self._before)
            form = "many" if rest else "one"
            numbers = ", ".join(rest)
            title = self._words(f"step.before.{form}", numbers=numbers, last=last)
            yield title, tuple(earlier), None
        for step in self._lesson.steps:
            title = step.title[self._words.language]
            yield title, step.checks, self._lesson.number

    def _step(
        self,
        request: suite.Request,
        title: str,
        only: Sequence[str],
        lab: int | None,
    ) -> StepResult:
        in_suite = Words(self._words.language)
        request = replace(request, only=only, before=tuple(self._seen))
        run = suite.run(request, self._progress(), in_suite)
        self._seen += run.results
        failed = [one for one in run.failures() if one.level is Level.MUST]
        remarks = [*self._remarks(run)]
        if failed and lab is None and not self._asked.only:
            # What a lab before is about rests on the labs before that one.
            failed.sort(key=lambda one: self._origin(one)[0])
            number, step = self._origin(failed[0])
            if step is not None:
                where = step.title[self._words.language]
                remarks[:0] = [self._words("step.origin", number=number, title=where)]
        return StepResult(
            title=title,
            verdict=_VERDICTS[run.status],
            failures=tuple(replace(one, again=self._again(one)) for one in failed),
            message="\n".join(remarks),
            likenesses=tuple(run.diagnosis),
            checks=len(run.results),
            lab=lab,
            ended=bool(run.trouble),
        )

    def _remarks(self, run: Run) -> Iterator[str]:
        """What else there is to say of a step."""
        faults = [one.reason for one in run.results if one.verdict is OfCheck.FAULT]
        for fault in (*run.faults, *faults):
            yield harmless(fault.strip().rpartition("\n")[2])
        if run.trouble:
            yield run.trouble
        unjudged = [one for one in run.results if one.verdict is OfCheck.NO_VERDICT]
        for reason in dict.fromkeys(one.reason for one in unjudged):
            count = sum(one.reason == reason for one in unjudged)
            why = told(reason, self._words.language)
            yield self._words("step.unjudged", count=count, why=why)
        advice = [one for one in run.failures() if one.level is not Level.MUST]
        rules = dict.fromkeys(one.broken.rule for one in advice if one.broken)
        if rules:
            yield self._words("step.should", rules=", ".join(rules))

    def _origin(self, result: Result) -> tuple[int, Step | None]:
        """Which of the labs before checks what has failed, and in which step."""
        known = load().requirements
        cited = [known[one] for one in result.requirements]
        for lesson in self._before:
            for step in lesson.steps:
                if selected(step.checks, result.full_name, cited):
                    return lesson.number, step
        return self._lesson.number, None

    def _again(self, result: Result) -> str:
        """The command that repeats just this check."""
        words = ["batepapo", "lab", "check"]
        words += ["--command", self._asked.command] if self._asked.command else []
        words += ["--only", result.case, "--seed", str(result.seed)]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def how_it_ended(status: int, words: Words) -> str:
    """An exit status in words."""
    key = "ended.signal" if status < 0 else "ended.status"
    return words(key, number=abs(status))


def last_lines(written: str) -> list[str]:
    """The end of what a program wrote, fit to be shown: not many lines, nor long."""
    lines = [harmless(line.expandtabs()) for line in written.splitlines()]
    last = [line.rstrip() for line in lines if line.strip()][-_LAST_LINES:]
    return [f"{one[:_LONGEST]} ..." if len(one) > _LONGEST else one for one in last]


def _decoded(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")
