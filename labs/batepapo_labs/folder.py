"""The student's folder: their program, and one file that says where they are.

Nothing of theirs is ever overwritten or deleted here.
"""

import contextlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError

from batepapo_conformance.chapters import files as chapters_in
from batepapo_conformance.results import now
from batepapo_conformance.testee import CONTRACT_OPTIONS, Role
from batepapo_conformance.words import Language, Words, language_from
from batepapo_labs.lessons import HINTS, Course, Lesson, files_in
from batepapo_labs.trouble import Trouble

FILE: Final = "lab.toml"
"""The file that says where a student is."""

KEPT: Final = "kept"
"""The folder into which `reset` puts what is there."""

NAME: Final = "bate-papo"
"""What a student's folder is called if nobody says otherwise."""

SPECIFICATION: Final = "spec"
"""The folder in which the specification is, if a lab hands it out."""

TABLES: Final = Path(__file__).parent / "words"
"""Where the words of the labs are."""

# Ours, and no part of what the student has written.
_OURS: Final = re.compile(rf"{re.escape(FILE)}|{KEPT}|LAB-\d+\.md|solution-\d+|\..*")
_APART: Final = re.compile(r"lab-\d+")
# What starts a program that is not in Python, if `lab.toml` does not say.
_WITH: Final = {".js": "node"}
_PLACEHOLDERS: Final = {"client": "{address} {port} {nick}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One of the student's programs, as `lab.toml` tells of it.

    Attributes:
        command: how it is started, with `{python}` put in.
        build: what is run before, if anything; the same is put in there.
        options: which options of the contract it has.
        factor: by how much it is slower than deadlines expect.
        said: whether `lab.toml` says how it is started.
    """

    command: str
    build: str | None
    options: Any
    factor: float
    said: bool


class Folder:
    """A student's folder, with what its `lab.toml` says.

    Every change is written at once; comments and keys of the student's own stay.

    Args:
        path: the folder.

    Raises:
        Trouble: there is no `lab.toml`, or it says what cannot be meant.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._file = self.path / FILE
        if not self._file.is_file():
            raise Trouble("no_folder", path=path)
        try:
            text = self._file.read_text(encoding="utf-8")
            self._document = tomlkit.parse(text)
        except (OSError, UnicodeError, TOMLKitError) as error:
            raise Trouble("bad_file", path=self._file, why=error) from error
        self._data: dict[str, Any] = self._document.unwrap()
        for why in _faults(self._data):
            raise Trouble("bad_file", path=self._file, why=why)

    # ---- what it says ----

    @property
    def lab(self) -> int:
        """The number of the current lab."""
        return int(self._data["lab"])

    @property
    def language(self) -> Language:
        """The language in which the student is told."""
        return Language(self._data.get("language", Language.PORTUGUESE))

    @property
    def factor(self) -> float:
        """By how much the student's programs are slower than deadlines expect."""
        return float(self._data.get("time-factor", 1))

    @property
    def passed(self) -> Mapping[int, str]:
        """When (UTC) which lab was passed first."""
        return {int(key): str(at) for key, at in self._table("passed").items()}

    @property
    def last(self) -> Mapping[str, Any]:
        """The last check: its `lab`, `when`, and the ids that were `broken`."""
        return self._table("last")

    def program(self, lesson: Lesson) -> Program:
        """The student's program that this lab is about.

        One that stands apart has a table of its own, and nothing else is about it but
        how slow everything is.
        """
        said = self._table(table_of(lesson)) if lesson.apart else self._data
        places = _PLACEHOLDERS.get(lesson.role, "{address} {port}")
        with_what = _WITH.get(Path(lesson.program).suffix, "{python}")
        command = said.get(lesson.role) or f"{with_what} {lesson.program} {places}"
        build = said.get("build")
        return Program(
            command=with_python(command),
            build=with_python(build) if build else None,
            options=_options_of(lesson.role, said.get("options", {})),
            factor=float(said.get("time-factor", self.factor)),
            said=bool(said.get(lesson.role)),
        )

    def hints(self, rule: str) -> int:
        """How many hints about a rule have been given."""
        return int(self._table("hints").get(rule, 0))

    @property
    def all_hints(self) -> Mapping[str, int]:
        """How many hints were given, by rule."""
        return self._table("hints")

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self._data.get(name, {})
        return found if isinstance(found, dict) else {}

    # ---- what is written there ----

    def go_to(self, lab: int) -> None:
        """Make this the current lab."""
        self._write(None, "lab", lab)

    def speak(self, language: Language) -> None:
        """Make this the language."""
        self._write(None, "language", str(language))

    def note_check(self, lab: int, broken: list[str], passed: bool) -> None:
        """Remember what a check said, and the first time that a lab was passed."""
        at = now()
        self._write("last", "lab", lab)
        self._write("last", "when", at)
        self._write("last", "broken", broken)
        if passed and lab not in self.passed:
            self._write("passed", str(lab), at)

    def note_hint(self, rule: str) -> int:
        """Give one more hint about a rule: which one it is, from 1."""
        level = min(self.hints(rule) + 1, HINTS)
        self._write("hints", rule, level)
        return level

    def _write(self, table: str | None, key: str, value: object) -> None:
        place: Any = self._document
        if table is not None:
            if table not in self._document:
                self._document[table] = tomlkit.table()
            place = self._document[table]
        place[key] = value
        self._data = self._document.unwrap()
        _replace(self._file, self._document.as_string())


def table_of(lesson: Lesson) -> str:
    """The table of `lab.toml` about the program of a lab that stands apart."""
    return f"lab-{lesson.number}"


def _options_of(role: str, said: Any) -> Any:
    """What is said of options, without those that only other roles have."""
    if not isinstance(said, dict) or role not in list(Role):
        return said
    elsewhere = {one for other in Role for one in CONTRACT_OPTIONS[other]}
    elsewhere -= set(CONTRACT_OPTIONS[Role(role)])
    return {name: form for name, form in said.items() if name not in elsewhere}


def _faults(data: Mapping[str, Any]) -> Iterator[str]:
    """What in a `lab.toml` cannot be meant, in the words of TOML."""
    if type(data.get("lab")) is not int:
        yield "lab = NUMBER"
    if data.get("language", "pt") not in list(Language):
        yield 'language = "pt" | "en"'
    yield from faults_of_program(data)
    for name, table in data.items():
        if _APART.fullmatch(name):
            faults = faults_of_program(table) if isinstance(table, dict) else [""]
            yield from (f"[{name}] {one}".rstrip() for one in faults)
    for name in ("passed", "hints", "last"):
        if not isinstance(data.get(name, {}), dict):
            yield f"[{name}]"
    if any(not str(key).isdecimal() for key in data.get("passed", {})):
        yield '[passed] NUMBER = "..."'
    if any(not isinstance(one, int) for one in data.get("hints", {}).values()):
        yield "[hints] ID = NUMBER"
    if not isinstance(data.get("last", {}).get("broken", []), list):
        yield '[last] broken = ["ID", ...]'


def faults_of_program(data: Mapping[str, Any]) -> Iterator[str]:
    """What cannot be meant in what is said of a program."""
    for name in ("server", "client", "build"):
        if not isinstance(data.get(name, ""), str):
            yield f'{name} = "..."'
    factor = data.get("time-factor", 1)
    if not isinstance(factor, int | float) or not 0 < factor <= 100:
        yield "time-factor = 0.1 ... 100"
    options = data.get("options", {})
    if options != "contract" and not isinstance(options, dict):
        yield 'options = "contract" | {...}'


def with_python(command: str) -> str:
    """The command, with the Python that runs this put in for `{python}`."""
    quoted = f'"{sys.executable}"' if os.name == "nt" else shlex.quote(sys.executable)
    return command.replace("{python}", quoted)


def find(said: Path | None) -> Folder:
    """The student's folder: the one that is said, or else where we are, or above.

    Raises:
        Trouble: there is none.
    """
    if said is not None:
        return Folder(said)
    here = Path.cwd()
    for path in (here, *here.parents):
        if (path / FILE).is_file():
            return Folder(path)
    raise Trouble("no_folder", path=here)


@dataclass(slots=True)
class Laid:
    """What was put into a folder, as places in it.

    Attributes:
        put: files that are new.
        left: files that were there, are different, and were left alone.
        kept: where that went which was there.
    """

    put: list[Path] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)
    kept: Path | None = None


def begin(
    path: Path, course: Course, lesson: Lesson, language: Language | None
) -> tuple[Folder, Laid]:
    """Make a student's folder for this lab, or go on in it with this lab.

    Who has the program of the lab, or that of the lab from which it starts, goes on
    with it, and gets only what the lab adds.
    Without a language, that of the folder stays; a new one has the environment's.

    Raises:
        Trouble: there is no such place for a folder.
    """
    with _writing(path):
        path.mkdir(parents=True, exist_ok=True)
        if not (path / FILE).exists():
            words = Words(language or language_from(), TABLES)
            text = words("file.text", lab=lesson.number, language=words.language)
            _replace(path / FILE, text.lstrip())
        folder = Folder(path)
        if language is not None and folder.language is not language:
            folder.speak(language)
        if folder.lab != lesson.number:
            folder.go_to(lesson.number)
        theirs = (path / lesson.program).exists()
        starter = files_in(lesson.folder / "starter")
        files = starter if theirs else _to_begin_with(path, course, lesson)
        return folder, lay(folder, lesson, files)


def _to_begin_with(path: Path, course: Course, lesson: Lesson) -> Mapping[Path, Path]:
    """What a lab is begun with: of another program that is there, nothing is given."""
    base = course.base(lesson)
    if base.program != lesson.program and (path / base.program).exists():
        return files_in(lesson.folder / "starter")
    return course.begun(lesson)


def lay(folder: Folder, lesson: Lesson, files: Mapping[Path, Path]) -> Laid:
    """Put these files, and what a lab gives to read, where there is nothing yet."""
    texts = [lesson.text(folder.language), *map(lesson.text, Language)]
    text = next((one for one in texts if one.is_file()), None)
    told = {Path(f"LAB-{lesson.number}.md"): text} if text else {}
    octets = {place: path.read_bytes() for place, path in {**files, **told}.items()}
    laid = _put(folder.path, octets)
    if lesson.specification:
        chapters = chapters_in(folder.language).items()
        read = {one: said.encode() for one, said in chapters}
        spec = _put(folder.path / SPECIFICATION, read)
        # So many files, and nobody's own: they are told of as the one folder.
        laid.put += [Path(SPECIFICATION)] if spec.put else []
        laid.left += [Path(SPECIFICATION)] if spec.left else []
    return laid


def _put(where: Path, files: Mapping[Path, bytes]) -> Laid:
    laid = Laid()
    for place, octets in files.items():
        target = where / place
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(octets)
            laid.put.append(place)
        elif not target.is_file() or target.read_bytes() != octets:
            laid.left.append(place)
    return laid


def reset(folder: Folder, course: Course, lesson: Lesson) -> Laid:
    """Lay what one begins with again; what of it was changed goes to `kept/<time>/`.

    What else is there, other programs for instance, stays where it is.

    Raises:
        Trouble: something cannot be moved.
    """
    with _writing(folder.path):
        kept = _new_place(folder.path / KEPT / now().replace(":", "-"))
        files = _to_begin_with(folder.path, course, lesson)
        theirs = lay(folder, lesson, files).left
        for place in theirs:
            (kept / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(folder.path / place, kept / place)
        return Laid(lay(folder, lesson, files).put, [], kept if theirs else None)


def show_solution(folder: Folder, lesson: Lesson) -> Path:
    """Copy the solution of a lab into the folder; give where it is.

    Raises:
        Trouble: there is none, or it cannot be written there.
    """
    where = folder.path / f"solution-{lesson.number}"
    files = files_in(lesson.folder / "solution")
    if not files:
        raise Trouble("no_solution", number=lesson.number)
    with _writing(where):
        for place, source in files.items():
            target = where / place
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    return where


def is_ours(path: Path) -> bool:
    """Whether what stands in a student's folder is no part of their program."""
    return _OURS.fullmatch(path.name) is not None


def _new_place(wanted: Path) -> Path:
    place, number = wanted, 1
    while place.exists():
        number += 1
        place = wanted.with_name(f"{wanted.name}-{number}")
    return place


def _replace(file: Path, text: str) -> None:
    """Write a file whole: whoever reads it meanwhile sees the old one or the new."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(file)
    except OSError as error:
        raise Trouble("cannot_write", path=file, why=error.strerror) from error


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or error
        where = getattr(error, "filename", None) or path
        raise Trouble("cannot_write", path=where, why=why) from error
