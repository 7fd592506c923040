"""What `batepapo lab` does: one function a command, each gives its exit status."""

import contextlib
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from batepapo_conformance.check import ended_politely
from batepapo_conformance.results import Status
from batepapo_conformance.words import Language, Words, language_from
from batepapo_labs import checking, hints, lessons
from batepapo_labs import folder as folders
from batepapo_labs.checking import Asked, Outcome
from batepapo_labs.folder import TABLES, Folder
from batepapo_labs.lessons import Course, Lesson
from batepapo_labs.telling import Teller
from batepapo_labs.trouble import Trouble
from batepapo_labs.watching import Keys, Watcher

_FORMAT: Final = "batepapo/lab/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every command is told.

    Attributes:
        folder: the student's; `None` for the one in which we are.
        language: `None` for that of the folder.
        out: where the student reads.
        course: the labs.
    """

    folder: Path | None = None
    language: Language | None = None
    out: TextIO
    course: Course

    def find(self) -> Folder:
        """The student's folder.

        Raises:
            Trouble: there is none.
        """
        return folders.find(self.folder)

    def words(self, folder: Folder | None = None) -> Words:
        """The words in which the student is told."""
        language = self.language
        if language is None:
            language = folder.language if folder else self._language_there()
        return Words(language, TABLES)

    def _language_there(self) -> Language:
        with contextlib.suppress(Trouble):
            return self.find().language
        return language_from()

    def teller(self, folder: Folder | None = None) -> Teller:
        """Who tells the student."""
        return Teller(self.out, self.words(folder))

    def current(self) -> tuple[Folder, Lesson]:
        """The student's folder, and the lab that they are at.

        Raises:
            Trouble: there is no folder, or no such lab.
        """
        folder = self.find()
        return folder, self.course.lesson(folder.lab)


def answered(command: Callable[[Context], Status], **told: Any) -> Status:
    """Carry out a command; what goes wrong is told in a sentence, never a traceback.

    Args:
        command: what to do.
        told: what `Context` takes, but the course.
    """
    where = Words(told.get("language") or language_from(), TABLES)
    try:
        context = Context(course=lessons.load(), **told)
        where = context.words()
        return command(context)
    except Trouble as error:
        Teller(sys.stderr, where).say(error.told(where))
        return Status.NO_VERDICT
    except KeyboardInterrupt:
        Teller(sys.stderr, where).say(where("trouble.interrupted"))
        return Status.NO_VERDICT
    except Exception as error:  # a fault of ours must not look like one of theirs
        place = traceback.extract_tb(error.__traceback__)[-1]
        name = f"{Path(place.filename).name}:{place.lineno}"
        why = f"{type(error).__name__}: {error} ({name})"
        Teller(sys.stderr, where).say(where("trouble.fault", why=why))
        return Status.FAULT


def list_lessons(context: Context) -> Status:
    """Tell which labs there are, and which have been passed."""
    folder = None
    with contextlib.suppress(Trouble):
        folder = context.find()
    context.teller(folder).lessons(context.course, folder)
    return Status.PASSED


def start(context: Context, number: int, where: Path | None) -> Status:
    """Make the student's folder for a lab, or go on in it."""
    lesson = context.course.lesson(number)
    path = where or context.folder or _here()
    folder, laid = folders.begin(path, context.course, lesson, context.language)
    context.teller(folder).begun(folder, lesson, laid)
    return Status.PASSED


def _here() -> Path:
    with contextlib.suppress(Trouble):
        return folders.find(None).path
    return Path.cwd() / folders.NAME


def check(context: Context, asked: Asked, *, as_json: bool = False) -> Status:
    """Check the current lab, tell, and remember what came out."""
    folder, lesson = context.current()
    outcome = checking.check(
        folder,
        context.course,
        lesson,
        asked,
        words=context.words(folder),
        out=context.out,
        silent=as_json,
    )
    if asked.command is None and not outcome.alone and not outcome.trouble:
        passed = outcome.status is Status.PASSED
        folder.note_check(lesson.number, outcome.broken, passed)
    if as_json:
        _write(context.out, _as_json(outcome, context.words(folder)))
        return outcome.status
    given = _hints_given(folder, context.course, outcome)
    context.teller(folder).check(outcome, folder, context.course, given)
    return outcome.status


def _hints_given(folder: Folder, course: Course, outcome: Outcome) -> int | None:
    for rule in outcome.broken:
        if hints.texts(course, outcome.lesson, rule, folder.language):
            return folder.hints(rule)
    return None


def _as_json(outcome: Outcome, words: Words) -> dict[str, Any]:
    lesson = outcome.lesson
    return {
        "format": _FORMAT,
        "lab": lesson.number,
        "title": lesson.title[words.language],
        "role": lesson.role,
        "command": outcome.command,
        "status": outcome.status.name.lower().replace("_", " "),
        "trouble": outcome.trouble,
        "last_words": list(outcome.last_words),
        "broken": outcome.broken,
        "seconds": round(outcome.seconds, 3),
        "steps": [one.as_json() for one in outcome.steps],
    }


def _write(out: TextIO, data: dict[str, Any]) -> None:
    out.write(json.dumps(data, indent=1) + "\n")


def hint(context: Context) -> Status:
    """Give the next hint."""
    folder, lesson = context.current()
    rule = hints.rule_in_question(folder, context.course, lesson)
    language = context.words(folder).language
    given = hints.give(folder, context.course, lesson, rule, language)
    context.teller(folder).hint(given)
    return Status.PASSED


def reset(context: Context) -> Status:
    """Begin the current lab again, with what there is put aside."""
    folder, lesson = context.current()
    context.teller(folder).reset(folders.reset(folder, context.course, lesson))
    return Status.PASSED


def status(context: Context, *, as_json: bool = False) -> Status:
    """Tell where the student is."""
    folder, lesson = context.current()
    if as_json:
        data = {
            "format": _FORMAT,
            "folder": str(folder.path),
            "language": folder.language,
            "lab": lesson.number,
            "title": lesson.title[context.words(folder).language],
            "passed": {str(number): at for number, at in folder.passed.items()},
            "hints": dict(folder.all_hints),
            "last": dict(folder.last),
        }
        _write(context.out, data)
    else:
        context.teller(folder).status(folder, lesson, context.course)
    return Status.PASSED


def solution(context: Context, number: int | None, *, give_up: bool) -> Status:
    """Put a solution into the student's folder, if it does not spoil anything."""
    folder, lesson = context.current()
    lesson = lesson if number is None else context.course.lesson(number)
    if lesson.number not in folder.passed and not give_up:
        raise Trouble("not_passed", number=lesson.number)
    where = folders.show_solution(folder, lesson)
    context.teller(folder).solution(lesson, where)
    return Status.PASSED


def watch(context: Context, *, polling: bool = False) -> Status:
    """Check each time that the student saves, until they have enough."""
    folder, lesson = context.current()
    teller = context.teller(folder)
    with (
        ended_politely(),
        Keys() as keys,
        Watcher(folder.path, polling=polling) as watcher,
    ):
        teller.watching(folder.path, lesson.number)
        done = _checked(context, teller)
        teller.keys(keys=keys.possible)
        for event in watcher.events(keys):
            match event:
                case "q":
                    break
                case "h":
                    _told(lambda: hint(context), teller)
                case "s":
                    _told(lambda: status(context), teller)
                case "c":
                    done = _checked(context, teller)
                case str():
                    continue
                case files:
                    teller.changed(files)
                    done = _checked(context, teller)
            teller.keys(keys=keys.possible)
    return done


def _checked(context: Context, teller: Teller) -> Status:
    teller.checking()
    return _told(lambda: check(context, Asked()), teller)


def _told(command: Callable[[], Status], teller: Teller) -> Status:
    """Carry out a command; trouble is told, and does not end watching."""
    try:
        return command()
    except Trouble as error:
        teller.say(error.told(teller.words))
        return Status.NO_VERDICT
