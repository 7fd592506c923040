"""What a submission is worth: from what its checks gave to points."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from batepapo_conformance.results import Result, Run, Verdict
from batepapo_conformance.spec import Level
from batepapo_labs.grading.plan import Part, Plan, Planned, program_of

# How the suite begins to say that a program would not start once more. Whatever else
# has no verdict is a matter of the system, which is nobody's fault.
WOULD_NOT_START: Final = (
    "the testee ended ",
    "the testee runs and ",
    "cannot start `",
)


class Worth(StrEnum):
    """What becomes of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    """The program is missing, did not start, or the time was over."""
    UNJUDGED = "unjudged"
    """It cannot be judged on this system: it does not count."""


@dataclass(frozen=True, slots=True)
class PartMark:
    """What a step of a lab gave: for each check of it, what became of that."""

    part: Part
    worth: Mapping[str, Worth]
    failures: tuple[Result, ...]

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(one is Worth.PASSED for one in self.worth.values())

    @property
    def total(self) -> int:
        """How many checks count."""
        return sum(one is not Worth.UNJUDGED for one in self.worth.values())

    @property
    def rules(self) -> list[str]:
        """The ids that are broken, the most basic first."""
        rules = [one.broken.rule for one in self.failures if one.broken]
        return list(dict.fromkeys(rules))


@dataclass(frozen=True, slots=True)
class LabMark:
    """What a lab gave."""

    planned: Planned
    parts: tuple[PartMark, ...]

    @property
    def number(self) -> int:
        """The number of the lab."""
        return self.planned.lesson.number

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(one.passed for one in self.parts)

    @property
    def total(self) -> int:
        """How many checks count."""
        return sum(one.total for one in self.parts)

    @property
    def share(self) -> float:
        """From 0 to 1: how much of it was passed."""
        return self.passed / self.total if self.total else 0.0

    @property
    def failures(self) -> list[Result]:
        """What failed, step by step."""
        return [failure for part in self.parts for failure in part.failures]


@dataclass(slots=True)
class Grade:
    """One submission, marked.

    Attributes:
        name: that of its folder.
        plan: what was marked.
        runs: what the suite gave, for each program that was checked, by its name.
        remarks: what its reader should know, in the reader's language.
        faults: what went wrong with us, not with the submission.
        seconds: how long it took.
    """

    name: str
    plan: Plan
    runs: dict[str, Run] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def labs(self) -> list[LabMark]:
        """The mark of each lab, in order."""
        return [self._lab(planned) for planned in self.plan.labs]

    def _lab(self, planned: Planned) -> LabMark:
        run = self.runs.get(program_of(planned.lesson))
        results = run.results if run else ()
        return LabMark(planned, tuple(_part(one, results) for one in planned.parts))

    def points(self, lab: LabMark) -> float:
        """What a lab adds to the mark, not rounded."""
        return lab.share * self.most(lab.planned)

    def most(self, planned: Planned) -> float:
        """What a lab would add if it were perfect."""
        weights = sum(one.weight for one in self.plan.labs)
        return self.plan.out_of * planned.weight / weights

    @property
    def mark(self) -> float:
        """The whole, rounded to two digits."""
        return round(sum(map(self.points, self.labs)), 2)


def _part(part: Part, results: Sequence[Result]) -> PartMark:
    found = {one.full_name: one for one in results}
    worth = {case: _worth(runs, found) for case, runs in part.cases.items()}
    failures = tuple(
        one for one in results if one.case in part.cases and _is_failure(one)
    )
    return PartMark(part, worth, failures)


def _worth(runs: frozenset[str], found: Mapping[str, Result]) -> Worth:
    """What a check is worth: as much as the worst of its runs."""
    seen = set(_worths(runs, found))
    for worth in (Worth.FAILED, Worth.NOT_RUN, Worth.PASSED):
        if worth in seen:
            return worth
    return Worth.UNJUDGED


def _worths(runs: frozenset[str], found: Mapping[str, Result]) -> Iterator[Worth]:
    for name in runs:
        result = found.get(name)
        if result is None or result.verdict is Verdict.FAULT:
            yield Worth.NOT_RUN
        elif _is_failure(result):
            yield Worth.FAILED
        elif result.verdict is not Verdict.NO_VERDICT:
            yield Worth.PASSED
        elif result.reason.startswith(WOULD_NOT_START):
            yield Worth.NOT_RUN
        else:
            yield Worth.UNJUDGED


def _is_failure(result: Result) -> bool:
    # Who passes `batepapo lab check` gets all points: advice costs none there either.
    return result.verdict is Verdict.FAILED and result.level is Level.MUST
