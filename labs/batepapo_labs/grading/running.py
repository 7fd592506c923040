"""Marks submissions, several at the same time."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.diagnosis import diagnosed
from batepapo_conformance.phrases import told
from batepapo_conformance.results import Result, Run, Verdict, now
from batepapo_conformance.settling import settle
from batepapo_conformance.spec import load
from batepapo_conformance.words import Words
from batepapo_labs.checking import how_it_ended, last_lines
from batepapo_labs.folder import with_python
from batepapo_labs.grading.isolation import Limits
from batepapo_labs.grading.looking import names_ours
from batepapo_labs.grading.marks import Grade
from batepapo_labs.grading.one import Order, Task
from batepapo_labs.grading.plan import Plan
from batepapo_labs.grading.submissions import Prepared, Submission, prepare
from batepapo_labs.grading.supervision import Ended, Supervised
from batepapo_labs.trouble import Trouble

_JOBS_EACH: Final = 2
"""Checks of one submission at the same time, if there are that many jobs: whoever is
marked last would else leave the machine idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How submissions are checked.

    Attributes:
        seed: of all random choices, the same for everybody.
        jobs: checks at the same time, of all submissions together.
        commands: the teacher's `server`, `client` and `build`.
        trust: whether those of a submission are taken.
        factor: by how much any program may be slower than deadlines expect.
        limits: what a submission may use.
        first_user: the first of the ids of users, of which each submission gets one
            of its own; only root can do this.
    """

    seed: int
    jobs: int
    commands: Mapping[str, str] = field(default_factory=dict)
    trust: bool = True
    factor: float = 1.0
    limits: Limits = field(default_factory=Limits)
    first_user: int | None = None


def grade_all(
    submissions: Sequence[Submission],
    plan: Plan,
    how: How,
    words: Words,
    heard: Callable[[Grade], None],
) -> list[Grade]:
    """Mark all submissions; `heard` is told each as soon as it is marked.

    Returns:
        the grades, in the order of the submissions.

    Raises:
        KeyboardInterrupt: it was interrupted; all that ran is ended.
    """
    together = min(max(1, how.jobs // _JOBS_EACH), len(submissions))
    marker = _Marker(plan, replace(how, jobs=how.jobs // together), words)
    with ThreadPoolExecutor(together) as pool:
        jobs = [
            pool.submit(marker.grade, one, number)
            for number, one in enumerate(submissions)
        ]
        try:
            for job in as_completed(jobs):
                heard(job.result())
        except BaseException:
            marker.stopped.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [job.result() for job in jobs]


class _Marker:
    """Marks a submission in whatever thread asks for it."""

    def __init__(self, plan: Plan, how: How, words: Words) -> None:
        self._plan = plan
        self._how = how
        self._words = words
        self.stopped = threading.Event()

    def grade(self, submission: Submission, number: int) -> Grade:
        """Mark it; whatever is wrong with it, or with us, is part of the grade."""
        began = time.monotonic()
        grade = Grade(submission.name, self._plan)
        try:
            # A program may have left behind what cannot be removed.
            with tempfile.TemporaryDirectory(
                prefix="batepapo-grade-", ignore_cleanup_errors=True
            ) as place:
                self._grade(submission, Path(place).resolve(), number, grade)
        except Trouble as error:
            grade.remarks.append(error.told(self._words))
        except Exception as error:  # whatever it is, it must not cost the others
            grade.faults.append(f"{type(error).__name__}: {error}")
        grade.seconds = time.monotonic() - began
        return grade

    def _grade(
        self, submission: Submission, place: Path, number: int, grade: Grade
    ) -> None:
        prepared = prepare(
            submission,
            place,
            self._plan.programs,
            commands=self._how.commands,
            trust=self._how.trust,
        )
        grade.remarks += self._seen(prepared)
        if not prepared.programs:
            return
        began = now()
        order = self._order(prepared, place, number)
        process = Supervised(order, self._how.limits, self.stopped)
        process.run()
        for task in order.tasks:
            run = Run(
                role=task["role"],
                testee=_without_place(task["command"], prepared.folder),
                seed=self._how.seed,
                began=began,
            )
            program = task["program"]
            grade.runs[program] = _told(run, program, process, prepared.folder)
        self._conclude(grade, process, prepared.folder)

    def _seen(self, prepared: Prepared) -> Iterator[str]:
        yield from (one.told(self._words) for one in prepared.remarks)
        for program in prepared.missing.values():
            yield self._words("grade.missing", program=program)
        if files := names_ours(prepared.folder, file_too=self._how.trust):
            yield self._words("grade.ours", files=", ".join(files))

    def _order(self, prepared: Prepared, place: Path, number: int) -> Order:
        how = self._how
        return Order(
            place=str(place),
            folder=str(prepared.folder),
            tasks=[*self._tasks(prepared)],
            seed=how.seed,
            jobs=how.jobs,
            limits=how.limits.as_json(),
            user=None if how.first_user is None else how.first_user + number,
        )

    def _tasks(self, prepared: Prepared) -> Iterator[dict[str, Any]]:
        for name, program in prepared.programs.items():
            task = Task(
                program=name,
                role=self._plan.programs[name].role,
                command=program.command,
                build=program.build,
                options=program.options,
                factor=max(self._how.factor, program.factor),
                only=self._plan.only(name),
            )
            yield asdict(task)

    def _conclude(self, grade: Grade, process: Supervised, folder: Path) -> None:
        """Say what kept it from being checked to the end, or at all."""
        if process.all_said("done", gone=True):
            # The suite could not know why there was nothing to start any more.
            gone = self._words("grade.gone")
            for program, run in grade.runs.items():
                grade.runs[program] = replace(run, faults=(), trouble=gone)
            grade.remarks = [gone]
            return
        for said in process.all_said("build"):
            grade.remarks.append(_without_place(self._build(said), folder))
        for run in grade.runs.values():
            if run.trouble:  # it started once, and then no more, for instance
                grade.remarks.append(told(run.trouble, self._words.language))
        for said in process.all_said("start"):
            run = grade.runs[said["program"]]
            why = _without_place(self._start(said, run), folder)
            grade.runs[said["program"]] = run.in_trouble(why)
            grade.remarks.append(why)
        for run in grade.runs.values():
            grade.faults += [*run.faults, *_faults(run)]
        self._cut_short(grade, process)

    def _cut_short(self, grade: Grade, process: Supervised) -> None:
        if process.ended is Ended.BROKEN:
            last = process.errors.strip().rpartition("\n")[2]
            grade.faults.append(self._words("grade.ended.broken", why=last))
        elif process.ended is not None:
            seconds = round(self._how.limits.seconds)
            key = f"grade.ended.{process.ended}"
            grade.remarks.append(self._words(key, seconds=seconds))

    def _build(self, said: Mapping[str, Any]) -> str:
        status = said["status"]
        why = said["why"] if status is None else how_it_ended(status, self._words)
        return _with_last(self._words("grade.build", why=why), said["output"])

    def _start(self, said: Mapping[str, Any], run: Run) -> str:
        status = said["status"]
        how = "" if status is None else how_it_ended(status, self._words)
        told = self._words(
            said["key"],
            role=run.role,
            command=run.testee,
            why=said["why"],
            how=how,
        )
        return _with_last(told, said["last"])


def _with_last(text: str, output: str) -> str:
    """The text, and below it the last lines of what a program wrote."""
    return "\n".join([text, *(f"    {line}" for line in last_lines(output))])


def _told(run: Run, program: str, process: Supervised, folder: Path) -> Run:
    """The run, with what the process said about it."""
    results = [
        Result.from_json(one["result"])
        for one in process.all_said("result", program=program)
    ]
    results = [
        replace(
            one,
            output=_without_place(one.output, folder),
            reason=_without_place(one.reason, folder),
        )
        for one in results
    ]
    run = replace(run, results=settle(results, load()))
    for said in process.all_said("run", program=program):
        run = replace(
            run,
            trouble=_without_place(said["trouble"], folder),
            faults=said["faults"],
            about=said["about"],
            seconds=said["seconds"],
        )
    return diagnosed(run)


def _faults(run: Run) -> Iterator[str]:
    for one in run.results:
        if one.verdict is Verdict.FAULT:
            yield f"{one.full_name}: {one.reason.strip().rpartition(chr(10))[2]}"


def _without_place(text: str, folder: Path) -> str:
    """The text as if the submission were where its student has it."""
    text = text.replace(with_python("{python}"), "python")
    return text.replace(f"{folder}{os.sep}", "").replace(str(folder), ".")
