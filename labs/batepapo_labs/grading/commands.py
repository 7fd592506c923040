"""What `batepapo grade` does; each function gives its exit status."""

import errno
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from batepapo_conformance.check import ended_politely
from batepapo_conformance.results import Status
from batepapo_conformance.words import Words
from batepapo_labs.commands import Context
from batepapo_labs.grading import exports
from batepapo_labs.grading.isolation import Limits, can_be, is_root
from batepapo_labs.grading.marks import Grade
from batepapo_labs.grading.plan import Plan, chosen, planned
from batepapo_labs.grading.running import How, grade_all
from batepapo_labs.grading.settings import Settings
from batepapo_labs.grading.submissions import Submission, find
from batepapo_labs.grading.telling import Table, held_back
from batepapo_labs.trouble import Trouble

_JOBS_PER_CORE: Final = 8  # checks wait far more than they compute
_MOST_JOBS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What is written, besides the table.

    Attributes:
        csv: a file for spreadsheets.
        json: a file for programs.
        reports: a folder, with a text and pages for each submission.
        gradescope: a folder, with a `NAME/results.json` for each submission.
        classroom: a folder, with a `NAME/result.json` for each submission.
    """

    csv: Path | None = None
    json: Path | None = None
    reports: Path | None = None
    gradescope: Path | None = None
    classroom: Path | None = None

    def prepare(self) -> None:
        """Make the folders; find out before, and not after, if this cannot be.

        Raises:
            Trouble: something cannot be written there.
        """
        for path in (self.reports, self.gradescope, self.classroom):
            if path is not None:
                _try_writing(path, path / ".batepapo")
        for path in (self.csv, self.json):
            if path is not None:
                _try_writing(path.parent, path.with_name(f".{path.name}.new"))


def _try_writing(folder: Path, file: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.touch()
        file.unlink()
    except OSError as error:
        raise Trouble("cannot_write", path=folder, why=error.strerror) from error


def grade(
    context: Context,
    where: Path,
    settings: Settings,
    files: Files,
    *,
    jobs: int | None = None,
    single: bool = False,
    first_user: int | None = None,
) -> Status:
    """Mark the submissions in a folder, or a `single` one, which the folder is.

    Returns:
        `PASSED` if all were marked, whatever their marks; `FAULT` if something of
        ours went wrong with at least one.
    """
    if first_user is not None and not is_root():
        raise Trouble("grade.not_root")
    if first_user is not None and not can_be(first_user):
        raise Trouble("grade.no_such_user", user=first_user, python=sys.executable)
    words = context.words()
    if not where.is_dir():
        raise Trouble("grade.cannot_read", path=where, why=os.strerror(errno.ENOENT))
    submissions = [Submission(where.resolve().name, where)] if single else find(where)
    plan = plan_from(context, settings)
    files.prepare()
    how = How(
        seed=random.randrange(1_000_000) if settings.seed is None else settings.seed,
        jobs=jobs or min(_JOBS_PER_CORE * (os.cpu_count() or 1), _MOST_JOBS),
        commands=settings.commands,
        trust=settings.trust,
        factor=settings.time_factor,
        limits=Limits(seconds=settings.seconds),
        first_user=first_user,
    )
    began = time.monotonic()
    with ended_politely(), _Progress(sys.stderr, len(submissions), words) as progress:
        try:
            grades = grade_all(submissions, plan, how, words, progress.tell)
        except KeyboardInterrupt:
            _tell(context.out, progress.grades, plan, words, began)
            raise
    _tell(context.out, grades, plan, words, began)
    _write(grades, settings, files, words, how.seed, single=single)
    faulty = any(one.faults for one in grades)
    return Status.FAULT if faulty else Status.PASSED


def plan_from(context: Context, settings: Settings) -> Plan:
    """What is to be marked.

    Raises:
        Trouble: there is no such lab, or nothing counts, or one command is said for
            two programs.
    """
    plan = planned(
        chosen(context.course, settings.labs),
        weights=settings.weights,
        out_of=settings.out_of,
        leave_out=settings.leave_out,
    )
    for lesson in plan.programs.values():
        several = lesson.role in plan.programs and lesson.apart
        if several and lesson.role in settings.commands:
            raise Trouble("grade.apart", number=lesson.number, role=lesson.role)
    return plan


def _tell(
    out: TextIO, grades: Sequence[Grade], plan: Plan, words: Words, began: float
) -> None:
    if grades:
        Table(out, plan, words).tell(grades, time.monotonic() - began)


def _write(
    grades: Sequence[Grade],
    settings: Settings,
    files: Files,
    words: Words,
    seed: int,
    *,
    single: bool,
) -> None:
    detail, private = settings.told, settings.private
    try:
        if files.csv is not None:
            exports.write_csv(grades, files.csv)
        if files.json is not None:
            told = exports.as_json(grades, None if private else seed)
            exports.write_json(files.json, told)
        for whole in grades:
            one = held_back(whole, detail, private=private)
            own = "" if single else one.name
            if files.reports is not None:
                exports.write_reports(
                    one, files.reports, detail, words, private=private
                )
            if files.gradescope is not None:
                data = exports.gradescope(one, detail, words, private=private)
                exports.write_json(files.gradescope / own / "results.json", data)
            if files.classroom is not None:
                data = exports.classroom(one, words)
                exports.write_json(files.classroom / own / "result.json", data)
    except OSError as error:
        where = error.filename or "-"
        raise Trouble("cannot_write", path=where, why=error.strerror) from error


class _Progress:
    """How many are marked: a bar on a terminal, elsewhere a line for each.

    Attributes:
        grades: what there is so far.
    """

    def __init__(self, out: TextIO, total: int, words: Words) -> None:
        self.grades: list[Grade] = []
        self._out = out
        self._total = total
        self._words = words
        self._bar: Bar | None = None
        if out.isatty():
            self._bar = Bar(
                BarColumn(30),
                MofNCompleteColumn(),
                TextColumn("{task.description}", markup=False),
                console=Console(file=out),
                transient=True,
            )
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, grade: Grade) -> None:
        """Say that one more is marked."""
        self.grades.append(grade)
        said = self._words(
            "grade.progress",
            done=len(self.grades),
            total=self._total,
            name=grade.name,
            mark=f"{grade.mark:.2f}",
        )
        if self._bar is not None:
            self._bar.update(self._task, advance=1, description=said[:40])
        else:
            print(said, file=self._out, flush=True)
