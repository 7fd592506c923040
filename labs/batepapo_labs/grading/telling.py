"""What teachers read on the terminal, and what each student reads in a report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from batepapo_conformance.detail import Detail, withhold
from batepapo_conformance.results import Result, Run
from batepapo_conformance.spec import load
from batepapo_conformance.story import WIDTH, draw_failure, harmless, wrap
from batepapo_conformance.words import Words
from batepapo_labs.grading.marks import Grade, LabMark, PartMark, Worth
from batepapo_labs.grading.plan import Plan

_COLUMN: Final = 5  # of a lab
_MARK: Final = 9
_LONGEST_NAME: Final = 32


# ---- how much is told --------------------------------------------------------


def held_back(grade: Grade, detail: Detail, *, private: bool) -> Grade:
    """The grade as its student may read it.

    Args:
        grade: everything.
        detail: how much is told of a failure.
        private: whether the seed is the teacher's own: then it is never told.
    """
    runs = {name: _less(run, detail, private) for name, run in grade.runs.items()}
    return replace(grade, runs=runs)


def _less(run: Run, detail: Detail, private: bool) -> Run:
    less = withhold(run, detail)
    results = [
        # Why something could not be judged is no secret, and decides what it counts.
        replace(one, reason=whole.reason, again=again(one, private=private))
        for one, whole in zip(less.results, run.results, strict=True)
    ]
    if private:
        results = [replace(one, seed=None) for one in results]
        return replace(less, results=results, seed=None)
    return replace(less, results=results)


def again(result: Result, *, private: bool) -> str:
    """The command by which a student runs the public check that is most like it."""
    command = f"batepapo lab check --only {result.case}"
    if private or result.seed is None:
        return command
    return f"{command} --seed {result.seed}"


# ---- the terminal ------------------------------------------------------------


class Table:
    """The marks of a class: a line for each submission, at most 80 columns wide."""

    def __init__(self, out: TextIO, plan: Plan, words: Words) -> None:
        self._words = words
        self._plan = plan
        width = WIDTH if not out.isatty() else None
        self._console = Console(
            file=out, width=width, highlight=False, soft_wrap=True, emoji=False
        )
        rest = WIDTH - _COLUMN * len(plan.labs) - _MARK
        self._name = min(_LONGEST_NAME, rest)

    def tell(self, grades: Sequence[Grade], seconds: float) -> None:
        """All of it."""
        labs = "".join(f"{one.lesson.number:>{_COLUMN}}" for one in self._plan.labs)
        mark = self._words("grade.table.mark")
        head = f"{self._words('grade.table.name'):<{self._name}}{labs}{mark:>{_MARK}}"
        self._say(head, "bold")
        for grade in grades:
            self._tell_one(grade)
        mean = sum(one.mark for one in grades) / len(grades)
        self._say("")
        end = self._words(
            "grade.table.end",
            number=len(grades),
            seconds=f"{seconds:.0f}",
            mean=f"{mean:.2f}",
            out_of=f"{self._plan.out_of:g}",
        )
        for line in wrap(end, ""):
            self._say(line)

    def _tell_one(self, grade: Grade) -> None:
        name = harmless(grade.name)
        if len(name) >= self._name:
            name = name[: self._name - 2] + "…"
        labs = "".join(f"{_percent(lab):>{_COLUMN}}" for lab in grade.labs)
        line = f"{name:<{self._name}}{labs}{grade.mark:>{_MARK}.2f}"
        full = grade.mark >= self._plan.out_of
        self._say(line, "green" if full else "")
        for fault in grade.faults:
            said = self._words("grade.fault", why=fault)
            for part in wrap(said, "    "):
                self._say(part, "bold magenta")
        for remark in grade.remarks:
            # Of a program's last words, the very last say what is wrong.
            first, *rest = remark.splitlines()
            for part in (*wrap(first, "    "), *wrap("".join(rest[-1:]), " " * 6)):
                self._say(part, "dim")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(harmless(text), style=style))


def _percent(lab: LabMark) -> str:
    # Rounded down: 100 is nothing but all.
    return str(int(100 * lab.share))


# ---- a report ----------------------------------------------------------------


def report(grade: Grade, detail: Detail, words: Words, *, private: bool) -> str:
    """What a student reads about their submission.

    Args:
        grade: as `held_back` gives it.
        detail: how much is told.
        words: in which language.
        private: whether the checks were run with words of the teacher's own.
    """
    lines = [
        words("grade.report.head", name=grade.name),
        words("grade.report.mark", mark=f"{grade.mark:g}", out_of=_out_of(grade)),
        "",
        *wrap(about_checks(words, private=private), ""),
    ]
    for remark in (
        *grade.remarks,
        *(words("grade.fault", why=f) for f in grade.faults),
    ):
        lines += ["", *_wrapped(remark)]
    if detail is not Detail.FULL:
        lines += ["", Words(words.language)("report.withheld")]
    for lab in grade.labs:
        lines += ["", *_lab(lab, grade, detail, words)]
    return harmless("\n".join(lines)) + "\n"


def about_checks(words: Words, *, private: bool) -> str:
    """What kind of checks these were, beside those that a student can run."""
    return words("grade.report.private" if private else "grade.report.public")


def _out_of(grade: Grade) -> str:
    return f"{grade.plan.out_of:g}"


def _wrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith("    "):  # what a program wrote
            yield line[:WIDTH]
        else:
            yield from wrap(line, "")


def _lab(lab: LabMark, grade: Grade, detail: Detail, words: Words) -> Iterator[str]:
    points = f"{grade.points(lab):.2f}"
    yield words(
        "grade.report.lab",
        number=lab.number,
        title=lab.planned.lesson.title[words.language],
        points=points,
        most=f"{grade.most(lab.planned):.2f}",
    )
    for part in lab.parts:
        yield f"  {part.passed:>3}/{part.total:<3} {part.part.title[words.language]}"
        if part.rules:
            yield from wrap(
                words("grade.report.broken", rules=", ".join(part.rules)), " " * 10
            )
    for part in lab.parts:
        if part.failures:
            yield ""
            yield from told_part(part, detail, words)
            return


def told_part(part: PartMark, detail: Detail, words: Words) -> Iterator[str]:
    """The first failure of a step, at length, and what else did not pass."""
    suite = Words(words.language)
    for failure in part.failures[:1]:
        yield from draw_failure(failure, load(), suite, detail).splitlines()
        yield ""
        yield f"  {words('grade.report.again')}"
        yield f"    {failure.again}"
    if rest := list(dict.fromkeys(one.case for one in part.failures))[1:]:
        yield ""
        yield from wrap(words("grade.report.also", checks=", ".join(rest)), "  ")
    for worth in (Worth.NOT_RUN, Worth.UNJUDGED):
        if count := sum(one is worth for one in part.worth.values()):
            yield from wrap(
                words(f"grade.report.{worth.name.lower()}", count=count), "  "
            )
