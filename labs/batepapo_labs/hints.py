"""Hints: a question, then a pointer, then nearly the answer; one at a time."""

from dataclasses import dataclass

from batepapo_conformance.words import Language
from batepapo_labs.folder import Folder
from batepapo_labs.lessons import HINTS, Course, Lesson
from batepapo_labs.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint about a rule; `level` counts from 1 to `HINTS`."""

    rule: str
    level: int
    text: str

    @property
    def is_last(self) -> bool:
        """Whether there is none after it."""
        return self.level == HINTS


def rule_in_question(folder: Folder, course: Course, lesson: Lesson) -> str:
    """The rule that the next hint is about.

    It is the first that the last check of this lab has found broken and that there
    are hints for; before any check, the first that the lab is about.

    Raises:
        Trouble: there is no hint to give.
    """
    last = folder.last
    checked = last.get("lab") == lesson.number
    broken = last.get("broken", []) if checked else list(lesson.about)
    if checked and not broken:
        raise Trouble("nothing_broken", number=lesson.number)
    for rule in broken:
        if texts(course, lesson, rule, folder.language):
            return str(rule)
    raise Trouble("no_hint", rule=broken[0] if broken else "-")


def give(
    folder: Folder, course: Course, lesson: Lesson, rule: str, language: Language
) -> Hint:
    """The next hint about a rule, and remember that it was given.

    Whoever has had them all is given the last one again.

    Raises:
        Trouble: there is none for this rule.
    """
    found = texts(course, lesson, rule, language)
    if not found:
        raise Trouble("no_hint", rule=rule)
    level = folder.note_hint(rule)
    return Hint(rule, level, found[level - 1])


def texts(
    course: Course, lesson: Lesson, rule: str, language: Language
) -> tuple[str, ...]:
    """All hints for a rule: of this lab, or of the nearest one before it."""
    before = [one for one in course.lessons.values() if one.number < lesson.number]
    for one in (lesson, *reversed(before)):
        if rule in one.hints:
            return one.hints[rule][language]
    return ()
