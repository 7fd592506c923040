"""Reads the labs: what each is about, what it checks, and its hints.

In a clone they are beside this package; an installed one carries its own copy.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.words import Language
from batepapo_labs.trouble import Trouble

HINTS: Final = 3
"""How many hints there are for a rule, from a question to nearly the answer."""

ROLES: Final = ("server", "client", "talk", "session", "recording")
"""What a lab can be about: a program for the suite, or something else of one's own."""

_NAME: Final = re.compile(r"\d\d-[a-z-]+")
_KEYS: Final = {
    "number",
    "title",
    "idea",
    "role",
    "program",
    "starts-from",
    "about",
    "by-chance",
    "afresh",
    "apart",
    "specification",
    "step",
    "hint",
}

Said = Mapping[Language, str]
"""A text in each language."""


class BadLesson(Exception):
    """A `lab.toml` of the course contradicts its form: whoever wrote it is to blame."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of what a lab checks; `checks` are as `--only` takes them."""

    title: Said
    checks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lab.

    Attributes:
        folder: where its text, starter and solution are.
        number: its place in the course.
        title: a few words.
        idea: the one that is new, in a sentence.
        role: what is checked, one of `ROLES`.
        program: the file in the student's folder by which it is started.
        starts_from: the name of the lab whose solution a student who begins here
            gets; `None` if there is nothing to begin with.
        about: the ids that its starter is blamed for.
        steps: what is checked, in order.
        hints: for an id, in each language, `HINTS` of them.
        by_chance: ids that its starter is blamed for sometimes: a race is a matter
            of luck.
        afresh: whether its program is written anew, so that the starter also fails
            what labs before are about.
        apart: whether its program is another one than that of all other labs of this
            role. How it is started is said for itself then.
        specification: whether who begins it gets the specification, to build from.
    """

    folder: Path
    number: int
    title: Said
    idea: Said
    role: str
    program: str
    starts_from: str | None
    about: tuple[str, ...]
    steps: tuple[Step, ...]
    hints: Mapping[str, Mapping[Language, tuple[str, ...]]]
    by_chance: tuple[str, ...] = ()
    afresh: bool = False
    apart: bool = False
    specification: bool = False

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def checks(self) -> tuple[str, ...]:
        """What its steps check, as `--only` takes it."""
        return tuple(dict.fromkeys(one for step in self.steps for one in step.checks))

    def text(self, language: Language) -> Path:
        """The file that tells it."""
        return self.folder / f"{language}.md"


@dataclass(frozen=True, slots=True)
class Course:
    """All labs, by number, in order."""

    lessons: Mapping[int, Lesson]

    def lesson(self, number: int) -> Lesson:
        """The lab of this number.

        Raises:
            Trouble: there is none.
        """
        if number not in self.lessons:
            known = ", ".join(str(one) for one in self.lessons) or "-"
            raise Trouble("no_lesson", number=number, known=known)
        return self.lessons[number]

    def before(self, lesson: Lesson) -> list[Lesson]:
        """The labs before it that check the same program."""
        return [
            one
            for one in self.lessons.values()
            if one.number < lesson.number
            and (one.role, one.program) == (lesson.role, lesson.program)
        ]

    def base(self, lesson: Lesson) -> Lesson:
        """The lab with whose solution it starts; itself if there is none."""
        named = {one.name: one for one in self.lessons.values()}
        return named.get(lesson.starts_from or "", lesson)

    def begun(self, lesson: Lesson) -> Mapping[Path, Path]:
        """What the folder of a student who begins here holds.

        Returns:
            for the place of each file in it, the file that is copied there: the
            solution of the lab that it starts from, and the starter laid over that.
        """
        base = self.base(lesson)
        files = {} if base is lesson else files_in(base.folder / "solution")
        return {**files, **files_in(lesson.folder / "starter")}


def files_in(folder: Path) -> dict[Path, Path]:
    """Each file below a folder, by its place there, without what Python leaves."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def folder() -> Path:
    """Where the labs are."""
    carried = Path(__file__).parent / "labs"
    return carried if carried.is_dir() else Path(__file__).parents[1]


@functools.cache
def load() -> Course:
    """Read the labs; once in a process.

    Raises:
        BadLesson: one of them contradicts its form.
    """
    return read(folder())


def read(where: Path) -> Course:
    """Read the labs in this folder; one without a `lab.toml` is still being written.

    Raises:
        BadLesson: one of them contradicts its form.
    """
    found: dict[int, Lesson] = {}
    for path in sorted(where.iterdir()):
        if _NAME.fullmatch(path.name) and (path / "lab.toml").is_file():
            lesson = _lesson(path)
            if lesson.number in found:
                raise BadLesson(f"two labs have the number {lesson.number}")
            found[lesson.number] = lesson
    names = {one.name for one in found.values()}
    for lesson in found.values():
        if lesson.starts_from not in {None, *names}:
            raise BadLesson(f"{lesson.name}: no lab {lesson.starts_from} to start from")
    _share_programs(found.values())
    return Course(found)


def _share_programs(lessons: Iterable[Lesson]) -> None:
    """See to it that a role has one program, but for those that stand apart."""
    programs: dict[str, str] = {}
    for lesson in lessons:
        program = programs.setdefault(lesson.role, lesson.program)
        if lesson.apart == (program == lesson.program):
            why = "`apart` is said of a program that differs from its role's"
            raise BadLesson(f"{lesson.name}: {why}")


def _lesson(folder: Path) -> Lesson:
    file = folder / "lab.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        if unknown := sorted(data.keys() - _KEYS):
            raise BadLesson(f"unknown: {', '.join(unknown)}")
        return _told(folder, data)
    except (OSError, ValueError, KeyError, TypeError, BadLesson) as error:
        lacks = "lacks " if isinstance(error, KeyError) else ""
        raise BadLesson(f"{file}: {lacks}{error}") from error


def _told(folder: Path, data: Mapping[str, Any]) -> Lesson:
    if data["role"] not in ROLES:
        raise BadLesson(f"role is one of {', '.join(ROLES)}")
    start = data["starts-from"]
    return Lesson(
        folder=folder,
        number=int(data["number"]),
        title=_said(data["title"]),
        idea=_said(data["idea"]),
        role=data["role"],
        program=data["program"],
        starts_from=None if start == "nothing" else start,
        about=tuple(data["about"]),
        by_chance=tuple(data.get("by-chance", ())),
        afresh=bool(data.get("afresh", False)),
        apart=bool(data.get("apart", False)),
        specification=bool(data.get("specification", False)),
        steps=tuple(_steps(data.get("step", ()))),
        hints=dict(_hints(data.get("hint", ()))),
    )


def _said(data: Mapping[str, str]) -> Said:
    said = {one: data[one].strip() for one in Language}
    if not all(said.values()):
        raise BadLesson("a text is empty")
    return said


def _steps(data: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    for one in data:
        if isinstance(one["checks"], str):
            raise BadLesson("checks is a list")
        yield Step(_said(one["title"]), tuple(one["checks"]))


def _hints(
    data: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[Language, tuple[str, ...]]]]:
    for one in data:
        texts = {language: tuple(one[language]) for language in Language}
        if any(len(each) != HINTS for each in texts.values()):
            raise BadLesson(f"{one['rule']} needs {HINTS} hints in each language")
        yield one["rule"], texts
