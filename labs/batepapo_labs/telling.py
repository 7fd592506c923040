"""What a student reads: plain lines of at most 80 columns, coloured on a terminal."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.text import Text

from batepapo_conformance.results import Likeness, Result, Status
from batepapo_conformance.spec import load
from batepapo_conformance.story import WIDTH, draw_failure, harmless
from batepapo_conformance.words import Words
from batepapo_labs.checking import Outcome
from batepapo_labs.folder import Folder, Laid, table_of
from batepapo_labs.hints import Hint
from batepapo_labs.lessons import HINTS, Course, Lesson
from batepapo_labs.steps import StepResult, Verdict

_COLUMN: Final = 18  # of the verdict before a step
_STYLES: Final = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.SKIPPED: "dim",
    Verdict.NO_VERDICT: "yellow",
    Verdict.FAULT: "bold magenta",
}


class Teller:
    """Tells a student what there is, what happened, and what to look at next."""

    def __init__(self, out: TextIO, words: Words) -> None:
        self.words = words
        self._suite = Words(words.language)
        width = WIDTH if not out.isatty() else None
        self._console = Console(
            file=out, width=width, highlight=False, soft_wrap=True, emoji=False
        )

    # ---- a check -------------------------------------------------------------

    def check(
        self, outcome: Outcome, folder: Folder, course: Course, hints: int | None
    ) -> None:
        """A whole check: the first failure at length, then a line for each step.

        Args:
            outcome: what the check gave.
            folder: the student's.
            course: all labs.
            hints: how many hints about the first failure were given; `None` if
                there are none for it.
        """
        self._title(outcome.lesson)
        if outcome.command:
            self._wrapped(self.words("lab.command", command=outcome.command), "dim")
        if outcome.lesson.apart and not outcome.said:
            table = table_of(outcome.lesson)
            self._wrapped(self.words("lab.apart", table=table), "dim")
        first = outcome.first
        if outcome.trouble:
            self._trouble(outcome)
        if first is not None:
            self._first(first)
            self._next(first, outcome.lesson, folder, hints)
        if outcome.steps:
            self._say()
            self._say(self.words("check.steps.head"), "bold")
        for number, step in enumerate(outcome.steps, start=1):
            self._step(number, step, told=step is first)
        self._end(outcome, course)

    def _title(self, lesson: Lesson) -> None:
        language = self.words.language
        title = lesson.title[language]
        self._wrapped(
            self.words("lab.title", number=lesson.number, title=title), "bold"
        )
        self._wrapped(lesson.idea[language], indent="  ")

    def _trouble(self, outcome: Outcome) -> None:
        self._say()
        self._wrapped(outcome.trouble, "bold yellow")
        if outcome.last_words:
            self._say()
            self._say(self.words("last_words.head"))
        for line in outcome.last_words:  # not wrapped: a caret points at a column
            self._say(f"    {line}"[:WIDTH])

    def _first(self, step: StepResult) -> None:
        self._say()
        self._wrapped(step.title, "bold red")
        for remark in step.message.splitlines():
            self._wrapped(remark, indent="  ")
        if not step.failures:
            return
        failure = step.failures[0]
        rule = failure.broken.rule if failure.broken else ""
        head = self.words("check.first.head", rule=rule, level=failure.level)
        self._say()
        self._wrapped(head, "bold red")
        self._say()
        for line in draw_failure(failure, load(), self._suite).splitlines():
            self._say(line)
        if len(step.rules) > 1:
            further = ", ".join(step.rules[1:])
            self._say()
            self._wrapped(self.words("check.first.further", rules=further))
        self._diagnosis(step.likenesses)

    def _diagnosis(self, likenesses: Sequence[Likeness]) -> None:
        language = str(self.words.language)
        if likenesses:
            self._say()
            key = "diagnosis" if len(likenesses) == 1 else "diagnoses"
            self._say(self.words(f"check.first.{key}"), "bold cyan")
        for one in likenesses:
            does = self.words("check.first.like", does=one.does[language])
            self._wrapped(does, indent="  ")
            self._wrapped(one.why[language], "dim", indent="    ")

    def _next(
        self, step: StepResult, lesson: Lesson, folder: Folder, hints: int | None
    ) -> None:
        self._say()
        self._say(self.words("check.first.next"), "bold")
        if hints is not None:
            key = "hint" if hints < HINTS else "hints_over"
            what = self.words(f"check.first.{key}", level=hints + 1, all=HINTS)
            self._command("batepapo lab hint", what)
        for failure in step.failures[:1]:
            self._rule(failure)
            self._command(failure.again, self.words("check.first.again"))
        text = f"LAB-{lesson.number}.md"
        if (folder.path / text).exists():
            self._command(text, self.words("check.first.text"))

    def _rule(self, failure: Result) -> None:
        rule = load().requirements.get(failure.broken.rule if failure.broken else "")
        if rule is not None:
            what = self.words("check.first.rule", section=rule.section)
            self._command(f"batepapo explain {rule.id}", what)

    def _command(self, command: str, what: str) -> None:
        # A command is never broken: it is there to be copied.
        self._say(f"  {what}:")
        self._say(f"    {command}", "cyan")

    def _step(self, number: int, step: StepResult, *, told: bool) -> None:
        verdict = self.words(f"verdict.{step.verdict.name.lower()}")
        count = self.words.count("check", step.checks) if step.checks else ""
        more = {
            Verdict.FAILED: ", ".join(step.rules),
            Verdict.SKIPPED: self.words("check.steps.waits"),
        }.get(step.verdict, count)
        line = f"{number}. {step.title}" + (f" ({more})" if more else "")
        for index, part in enumerate(textwrap.wrap(line, WIDTH - _COLUMN)):
            head = "" if index else verdict
            self._say(f"{head:<{_COLUMN}}{part}", _STYLES[step.verdict])
        if not told:
            for remark in step.message.splitlines():
                self._wrapped(remark, indent=" " * _COLUMN)

    def _end(self, outcome: Outcome, course: Course) -> None:
        number, status = outcome.lesson.number, outcome.status
        done = sum(one.verdict is Verdict.PASSED for one in outcome.steps)
        key = f"check.end.{status.name.lower()}"
        if outcome.alone and status is Status.PASSED:
            key = "check.end.only_passed"
        said = self.words(
            key,
            number=number,
            done=done,
            total=len(outcome.steps),
            seconds=f"{outcome.seconds:.1f}",
        )
        self._say()
        self._wrapped(said, "bold green" if status is Status.PASSED else "bold")
        if status is Status.PASSED and not outcome.alone:
            self._what_now(outcome.lesson, course)

    def _what_now(self, lesson: Lesson, course: Course) -> None:
        self._wrapped(self.words("check.end.solution", number=lesson.number))
        after = [number for number in course.lessons if number > lesson.number]
        if after:
            self._wrapped(self.words("check.end.next", number=after[0]))
        else:
            self._wrapped(self.words("check.end.course"))

    # ---- everything else -----------------------------------------------------

    def lessons(self, course: Course, folder: Folder | None) -> None:
        """All labs, and where the student is, if there is a folder."""
        if not course.lessons:
            self._say(self.words("list.none"))
        for lesson in course.lessons.values():
            self._title(lesson)
            passed = folder.passed.get(lesson.number) if folder else None
            if passed:
                self._say(f"  {self.words('list.passed', when=passed)}", "green")
            if folder and folder.lab == lesson.number:
                self._say(f"  {self.words('list.current')}", "cyan")

    def begun(self, folder: Folder, lesson: Lesson, laid: Laid) -> None:
        """What a folder has now, and what to do there."""
        title = lesson.title[self.words.language]
        head = self.words(
            "start.begun", number=lesson.number, title=title, folder=folder.path
        )
        self._wrapped(head, "bold")
        self._files("start.put", laid.put)
        self._files("start.left", laid.left)
        if folder.path != Path.cwd():
            self._say(self.words("start.there", folder=folder.path))
        text = f"LAB-{lesson.number}.md"
        self._wrapped(self.words("start.next", text=text))

    def reset(self, laid: Laid) -> None:
        """Where that is which was there."""
        if laid.kept is None:
            self._wrapped(self.words("reset.nothing"))
        else:
            self._files("reset.kept", laid.put, kept=laid.kept)

    def _files(self, key: str, files: Iterable[Path], **values: object) -> None:
        if named := ", ".join(sorted(one.as_posix() for one in files)):
            self._wrapped(self.words(key, files=named, **values))

    def hint(self, hint: Hint) -> None:
        """A hint, and whether there are more."""
        head = self.words("hint.head", rule=hint.rule, level=hint.level, all=HINTS)
        self._say(head, "bold cyan")
        for paragraph in hint.text.strip().split("\n\n"):
            self._wrapped(paragraph, indent="  ")
        key = "hint.last" if hint.is_last else "hint.more"
        self._wrapped(self.words(key, rule=hint.rule), "dim")

    def solution(self, lesson: Lesson, where: Path) -> None:
        """Where a solution is."""
        said = self.words("solution.there", number=lesson.number, path=where)
        self._wrapped(said)

    def status(self, folder: Folder, lesson: Lesson, course: Course) -> None:
        """Where a student is."""
        self._title(lesson)
        passed = ", ".join(str(one) for one in sorted(folder.passed))
        hints = folder.all_hints.items()
        taken = ", ".join(f"{rule} {count}/{HINTS}" for rule, count in hints)
        self._pair("status.folder", str(folder.path))
        self._pair("status.passed", passed or self.words("status.none"))
        if last := folder.last:
            self._pair("status.last", self._last(last))
        if taken:
            self._pair("status.hints", taken)
        if lesson.number in folder.passed:
            self._what_now(lesson, course)
        else:
            self._say(self.words("status.next"), "cyan")

    def _last(self, last: Mapping[str, Any]) -> str:
        rules = ", ".join(str(one) for one in last.get("broken", []))
        key = "status.last_broken" if rules else "status.last_clean"
        return self.words(key, lab=last.get("lab"), when=last.get("when"), rules=rules)

    def _pair(self, key: str, text: str) -> None:
        self._wrapped(f"{self.words(key)}: {text}", indent="  ")

    def watching(self, folder: Path, number: int) -> None:
        """That each save is seen."""
        self._wrapped(self.words("watch.head", folder=folder, number=number), "dim")

    def keys(self, *, keys: bool) -> None:
        """What can be pressed."""
        self._say(self.words("watch.keys" if keys else "watch.no_keys"), "bold")

    def changed(self, files: Iterable[Path]) -> None:
        """That files have changed."""
        self._files("watch.changed", files)

    def checking(self) -> None:
        """That a check has begun: it may be a while until there is more to read."""
        self._say(self.words("watch.checking"), "dim")

    def say(self, text: str, style: str = "") -> None:
        """A paragraph."""
        self._wrapped(text, style)

    def _say(self, text: str = "", style: str = "") -> None:
        # As `Text`, so that nothing from a student's program is taken for markup.
        self._console.print(Text(harmless(text), style=style))

    def _wrapped(self, text: str, style: str = "", indent: str = "") -> None:
        for line in text.splitlines():
            for part in textwrap.wrap(
                line.strip(),
                WIDTH,
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            ):
                self._say(part, style)
