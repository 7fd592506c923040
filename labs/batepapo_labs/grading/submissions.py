"""What was handed in: found, copied to where it can harm nobody, and understood."""

import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import tomlkit

from batepapo_labs.folder import FILE, Folder, Program, faults_of_program, table_of
from batepapo_labs.lessons import Lesson
from batepapo_labs.trouble import Trouble

MOST_OCTETS: Final = 200_000_000
MOST_FILES: Final = 20_000
"""What is larger than this is no program of a course."""

_LEFT_BEHIND: Final = {".git", "__pycache__"}
_COMMANDS: Final = ("server", "client", "build")
_TAKEN: Final = (*_COMMANDS, "options", "time-factor")

MOST_FACTOR: Final = 2.0
"""What the texts of the labs advise for a slow language. With more, a program that is
slow for everybody would pass."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One of a class: its name, and the folder that was handed in."""

    name: str
    folder: Path


def find(where: Path) -> list[Submission]:
    """The submissions in a folder, by name: its sub-folders, but hidden ones.

    Raises:
        Trouble: there is none.
    """
    try:
        folders = sorted(
            one for one in where.iterdir() if one.is_dir() and one.name[0] not in "._"
        )
    except OSError as error:
        raise Trouble("grade.cannot_read", path=where, why=error.strerror) from error
    if not folders:
        raise Trouble("grade.no_submissions", path=where)
    return [Submission(one.name, one) for one in folders]


@dataclass(slots=True)
class Prepared:
    """A copy of a submission, ready to be checked.

    Attributes:
        folder: where the copy is.
        programs: how each of its programs is built and started, by name.
        missing: the programs that it lacks, and the file that was looked for.
        remarks: what its reader should know, as keys and values of the words.
    """

    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    remarks: list[Trouble] = field(default_factory=list)


def prepare(
    submission: Submission,
    place: Path,
    programs: Mapping[str, Lesson],
    *,
    commands: Mapping[str, str],
    trust: bool = True,
) -> Prepared:
    """Copy a submission to a place of its own, and find out how it is started.

    Args:
        submission: the submission, which is only read.
        place: an empty folder.
        programs: those that are needed, by name: of each, a lab that is about it.
        commands: the teacher's `server`, `client` and `build`, which come first.
        trust: whether the same keys of the submission's own `lab.toml` are taken. The
            others there start nothing, and are: without its options, a program would
            be judged by less than by its student.

    Raises:
        Trouble: it cannot be copied, or is too large.
    """
    copy = place / "submission"
    _copy(submission.folder, copy)
    prepared = Prepared(_inner(copy, [one.program for one in programs.values()]))
    told = _told(prepared, programs.values(), commands, trust=trust)
    # The labs' own reader puts in what is not said, and Python's place.
    (prepared.folder / FILE).unlink(missing_ok=True)
    (prepared.folder / FILE).write_text(tomlkit.dumps(told), encoding="utf-8")
    folder = Folder(prepared.folder)
    for name, lesson in programs.items():
        program = folder.program(lesson)
        if program.said or (prepared.folder / lesson.program).is_file():
            prepared.programs[name] = program
        else:
            prepared.missing[name] = lesson.program
    return prepared


def _copy(source: Path, target: Path) -> None:
    """Copy files and folders; what leads out of the submission is left behind.

    Raises:
        Trouble: it is too large, or cannot be read.
    """
    outside = source.resolve()

    def left_behind(folder: str, names: list[str]) -> list[str]:
        return [one for one in names if not _taken(Path(folder, one), outside)]

    try:
        sizes = [one.lstat().st_size for one in files_of(source)]
        if len(sizes) > MOST_FILES or sum(sizes) > MOST_OCTETS:
            raise Trouble("grade.too_large", files=len(sizes), size=sum(sizes))
        shutil.copytree(source, target, symlinks=True, ignore=left_behind)
        _make_writable(target)
    except (OSError, shutil.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise Trouble("grade.cannot_read", path=source.name, why=why) from error


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a submission, but those that no student has written."""
    for where, folders, files in os.walk(folder):
        folders[:] = [one for one in folders if one not in _LEFT_BEHIND]
        yield from (Path(where, one) for one in files)


def _taken(path: Path, outside: Path) -> bool:
    if path.name in _LEFT_BEHIND:
        return False
    if path.is_symlink():
        # A link to elsewhere would let a program write there.
        return not path.readlink().is_absolute() and (
            path.resolve().is_relative_to(outside)
        )
    return path.is_dir() or path.is_file()  # no pipe, socket or device


def _make_writable(folder: Path) -> None:
    # Systems hand submissions out read-only; a build has to write there.
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o700 if path.is_dir() else 0o600))


def _inner(copy: Path, programs: Iterable[str]) -> Path:
    """The folder with the program: below, while there is but one folder and no more."""
    wanted = (FILE, *programs)
    place = copy
    while not any((place / name).exists() for name in wanted):
        inside = [one for one in place.iterdir() if one.name[0] not in "._"]
        if len(inside) != 1 or not inside[0].is_dir() or inside[0].is_symlink():
            return copy
        [place] = inside
    return place


def _told(
    prepared: Prepared,
    lessons: Iterable[Lesson],
    commands: Mapping[str, str],
    *,
    trust: bool,
) -> dict[str, Any]:
    """What is said of the programs: by the submission, and over it by the teacher."""
    own = _own_file(prepared)

    def theirs(said: Any, where: str) -> dict[str, Any]:
        found = _meant(said, where, prepared.remarks)
        if not trust:
            _take_out_commands(found, commands, prepared.remarks)
        return found

    told: dict[str, Any] = {"lab": 0, **theirs(own, "")}
    for lesson in lessons:
        said = told
        if lesson.apart:
            table = table_of(lesson)
            said = told[table] = theirs(own.get(table, {}), f"[{table}] ")
        said |= {
            name: commands[name] for name in (lesson.role, "build") if name in commands
        }
    return told


def _own_file(prepared: Prepared) -> dict[str, Any]:
    """What the submission's own file says, if it can be read."""
    file = prepared.folder / FILE
    if file.is_file():
        try:
            return tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            prepared.remarks.append(Trouble("bad_file", path=FILE, why=error))
    return {}


def _meant(said: Any, where: str, remarks: list[Trouble]) -> dict[str, Any]:
    """What is said of programs, as far as it is taken and can be meant."""
    if not isinstance(said, dict):
        remarks.append(Trouble("bad_file", path=FILE, why=where.strip()))
        return {}
    found = {}
    for name in said.keys() & set(_TAKEN):
        faults = [*faults_of_program({name: said[name]})]
        remarks += [
            Trouble("bad_file", path=FILE, why=f"{where}{one}") for one in faults
        ]
        if not faults and str(said[name]).strip():
            found[name] = said[name]
    if found.get("time-factor", 0) > MOST_FACTOR:
        allowed = {"said": f"{found['time-factor']:g}", "most": f"{MOST_FACTOR:g}"}
        remarks.append(Trouble("grade.factor", **allowed))
        found["time-factor"] = MOST_FACTOR
    return found


def _take_out_commands(
    said: dict[str, Any], commands: Mapping[str, str], remarks: list[Trouble]
) -> None:
    """Forget its commands; of a build that somebody could miss that is told."""
    taken_out = {name: said.pop(name) for name in _COMMANDS if name in said}
    build = taken_out.get("build")
    if build and "build" not in commands:
        remarks.append(Trouble("grade.not_built", build=build))
