"""What a run says about each requirement: one `Outcome` a rule, from many checks.

Grids, grades and badges speak of requirements; a check may cite several of them,
and a failure may be blamed on one that it does not cite.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from batepapo_conformance.results import Result, Run, Verdict
from batepapo_conformance.spec import Level, Requirement, Specification


class Mark(StrEnum):
    """What is said about a requirement, the gravest first."""

    FAILED = "failed"
    """A MUST is broken."""
    NOT_MET = "not met"
    """A SHOULD or MAY is not met."""
    FAULT = "fault"
    """The suite itself is at fault."""
    KNOWN = "known"
    """It is broken, and the testee's file gives the reason."""
    UNREACHED = "unreached"
    """Its checks failed earlier, at another rule."""
    NO_VERDICT = "no verdict"
    """It could not be judged."""
    PASSED = "passed"
    UNCHECKED = "unchecked"
    """No check of it was run."""


SIGNS: Final = {
    Mark.PASSED: "✓",
    Mark.FAILED: "✗",
    Mark.NOT_MET: "△",
    Mark.KNOWN: "≈",
    Mark.UNREACHED: "–",
    Mark.NO_VERDICT: "?",
    Mark.FAULT: "‼",
    Mark.UNCHECKED: "·",
}
"""How each is drawn where there is no room for words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run says about a requirement.

    Attributes:
        requirement: the rule.
        mark: what is said about it.
        telling: the results that say so, the one that explains it best first.
        passed: how many of its checks passed.
    """

    requirement: Requirement
    mark: Mark
    telling: tuple[Result, ...]
    passed: int


def outcomes(run: Run, specification: Specification) -> Mapping[str, Outcome]:
    """What the run says about every requirement that binds its role, by id."""
    # By case: what passed in one delivery was reached, whatever another one shows.
    reached = {one.case for one in run.results if one.verdict is Verdict.PASSED}
    return {
        one.id: _outcome(one, run, reached)
        for one in specification.requirements.values()
        if one.binds(run.role)
    }


def _outcome(requirement: Requirement, run: Run, reached: Set[str]) -> Outcome:
    found: dict[Mark, list[Result]] = {}
    for result in run.results:
        mark = _mark(requirement, result, reached)
        if mark is not None:
            found.setdefault(mark, []).append(result)
    mark = next((mark for mark in Mark if mark in found), Mark.UNCHECKED)
    passed = len(found.get(Mark.PASSED, []))
    return Outcome(requirement, mark, tuple(found.get(mark, [])), passed)


def _mark(requirement: Requirement, result: Result, reached: Set[str]) -> Mark | None:
    """What one result says about the requirement, if anything."""
    blamed = result.broken is not None and result.broken.rule == requirement.id
    cited = requirement.id in result.requirements
    match result.verdict:
        case Verdict.FAILED if blamed:
            return Mark.FAILED if requirement.level is Level.MUST else Mark.NOT_MET
        case Verdict.KNOWN_FAILURE if blamed:
            return Mark.KNOWN
        case Verdict.FAILED | Verdict.KNOWN_FAILURE if cited:
            return None if result.case in reached else Mark.UNREACHED
        case Verdict.FAULT if cited:
            return Mark.FAULT
        case Verdict.NO_VERDICT if cited:
            return Mark.NO_VERDICT
        case Verdict.PASSED if cited:
            return Mark.PASSED
    return None


@dataclass(frozen=True, slots=True)
class Score:
    """How many of the MUSTs that count it was seen to meet."""

    met: int
    total: int


def counting(run: Run, found: Mapping[str, Outcome]) -> list[Outcome]:
    """The MUSTs that count: those that were to be checked.

    In a run that came to an end too soon, these are all.
    """
    return [
        one
        for one in found.values()
        if one.requirement.level is Level.MUST
        and (run.trouble or one.mark is not Mark.UNCHECKED)
    ]


def score(run: Run, found: Mapping[str, Outcome]) -> Score:
    """Count: a MUST that could not be judged was not seen to be met."""
    musts = counting(run, found)
    met = sum(one.mark is Mark.PASSED for one in musts)
    return Score(met, len(musts))
