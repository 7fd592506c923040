"""How much a report tells: teachers may hold back what would solve an exercise."""

from dataclasses import replace
from enum import StrEnum

from batepapo_conformance.results import Broken, Result, Run, Verdict


class Detail(StrEnum):
    """The levels, the most talkative one first."""

    FULL = "full"
    """Everything: rule, expected, actual, exchange, diagnosis, how to repeat it."""
    ACTUAL = "actual"
    """What came, and the rule; not what was expected, nor the whole exchange."""
    ID = "id"
    """Only which rules are broken, and the names of the checks that say so."""


def withhold(run: Run, detail: Detail) -> Run:
    """The run with what this level of detail does not tell left empty.

    The seed is held back as well: with it, anybody could have the whole story
    told again. What was left out before does not come back.
    """
    if detail is Detail.FULL or run.detail == Detail.ID:
        return run
    results = [_without(result, detail) for result in run.results]
    return replace(run, results=results, diagnosis=(), seed=None, detail=detail)


def _without(result: Result, detail: Detail) -> Result:
    less = replace(
        result,
        broken=None if result.broken is None else _less(result.broken, detail),
        seed=None,
        again="",
        exchange="",
        events=(),
    )
    if detail is Detail.ACTUAL:
        return less
    # A fault of the suite is nobody's exercise, and must not go unnoticed.
    reason = result.reason if result.verdict is Verdict.FAULT else ""
    return replace(less, sentence="", reason=reason, output="")


def _less(broken: Broken, detail: Detail) -> Broken:
    # A note may say what was expected; so does the place of the difference.
    less = replace(broken, expected="", note="", at=None, column=0)
    return less if detail is Detail.ACTUAL else replace(less, actual="")
