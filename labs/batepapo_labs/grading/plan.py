"""What counts: for each lab that is marked, the checks of its own steps."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from batepapo_conformance.plugin import cited
from batepapo_conformance.runner import frame, quiet_environment
from batepapo_conformance.selection import selected, without_delivery
from batepapo_conformance.spec import Level, load
from batepapo_conformance.testee import Role
from batepapo_labs.lessons import Course, Lesson, Said
from batepapo_labs.trouble import Trouble

_RANGE: Final = re.compile(r"(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True)
class Part:
    """A step of a lab, as far as it counts.

    Attributes:
        title: what it is about.
        cases: for each check of it, the names of its runs: one for every way in which
            octets may arrive. It is passed if all of them are.
    """

    title: Said
    cases: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A lab that is marked; `weight` is its share of the whole, beside the others."""

    lesson: Lesson
    parts: tuple[Part, ...]
    weight: float

    @property
    def cases(self) -> tuple[str, ...]:
        """Every check that counts here."""
        return tuple(case for part in self.parts for case in part.cases)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is marked; a submission that is perfect gets `out_of`."""

    labs: tuple[Planned, ...]
    out_of: float

    @property
    def programs(self) -> Mapping[str, Lesson]:
        """The programs that are needed, by name: of each, a lab that is about it."""
        return {program_of(lab.lesson): lab.lesson for lab in self.labs}

    def only(self, program: str) -> list[str]:
        """The checks of this program, each once, as the suite takes them."""
        cases = [
            case
            for lab in self.labs
            if program_of(lab.lesson) == program
            for case in lab.cases
        ]
        return list(dict.fromkeys(cases))


def program_of(lesson: Lesson) -> str:
    """What the program of a lab is called: by its role, or `server-10` if apart."""
    return f"{lesson.role}-{lesson.number}" if lesson.apart else lesson.role


def chosen(course: Course, said: str | None) -> list[Lesson]:
    """The labs that are meant: `1-4`, `1,3`, or all about the server or the client.

    What lies in a range and is about something else is left out. One whose program
    stands apart, which not everybody has and which takes long, is to be named.

    Raises:
        Trouble: there is no such lab, or none of them can be marked.
    """
    lessons = [one for one in course.lessons.values() if not one.apart]
    if said is not None:
        lessons = [course.lesson(one) for one in dict.fromkeys(_numbers(said))]
    lessons = [one for one in lessons if one.role in list(Role) and one.steps]
    if not lessons:
        raise Trouble("grade.no_labs", labs=said or "-")
    return lessons


def _numbers(said: str) -> Iterator[int]:
    for part in said.split(","):
        found = _RANGE.fullmatch(part.strip())
        if found is None:
            raise Trouble("grade.labs", labs=said)
        yield from range(int(found[1]), int(found[2] or found[1]) + 1)


def planned(
    lessons: Sequence[Lesson],
    *,
    weights: Mapping[int, float] | None = None,
    out_of: float = 100,
    leave_out: Sequence[str] = (),
) -> Plan:
    """What counts in these labs: each MUST of their own steps, once in a lab.

    Args:
        lessons: the labs.
        weights: by the number of a lab; without any, all labs weigh the same. With
            some, a lab that is not named weighs nothing, and is left out.
        out_of: the mark of a perfect submission.
        leave_out: checks that do not count, as `--only` takes them.

    Raises:
        Trouble: nothing is left that counts.
    """
    labs = []
    for role in dict.fromkeys(Role(one.role) for one in lessons):
        of_role = [one for one in lessons if one.role == role]
        items = _collected(role, [name for one in of_role for name in one.checks])
        for lesson in of_role:
            parts = tuple(_parts(lesson, items, leave_out))
            weight = 1.0 if weights is None else weights.get(lesson.number, 0.0)
            if parts and weight > 0:
                labs.append(Planned(lesson, parts, weight))
    if not labs:
        raise Trouble("grade.nothing_counts")
    return Plan(tuple(sorted(labs, key=lambda lab: lab.lesson.number)), out_of)


def _parts(
    lesson: Lesson, items: Mapping[str, Sequence[str]], leave_out: Sequence[str]
) -> Iterator[Part]:
    known = load().requirements
    taken: set[str] = set()
    for step in lesson.steps:
        cases: dict[str, set[str]] = {}
        for name, ids in items.items():
            rules = [known[one] for one in ids]
            case = without_delivery(name)
            if any(one.level is Level.MUST for one in rules) and (
                case not in taken
                and selected(step.checks, name, rules)
                and not (leave_out and selected(leave_out, name, rules))
            ):
                cases.setdefault(case, set()).add(name)
        taken |= cases.keys()
        if cases:
            yield Part(
                step.title, {one: frozenset(all_) for one, all_ in cases.items()}
            )


class _Collector:
    """A plugin that keeps what pytest has collected."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []
        self.faults: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.faults.append(report.longreprtext)


def _collected(role: Role, only: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The name of each run of these checks, and the ids that it cites.

    Raises:
        RuntimeError: the checks themselves are at fault.
    """
    collector = _Collector()
    words = [f"--only={one}" for one in only]
    with quiet_environment():
        pytest.main([*frame(role), "--collect-only", *words], plugins=[collector])
    if collector.faults:
        raise RuntimeError("\n".join(collector.faults))
    # As results have it: pytest says `test_x[]` where a case has an empty name.
    return {item.name.removesuffix("[]"): cited(item) for item in collector.items}
