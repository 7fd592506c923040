"""What a step of a lab gave; whatever checks a lab says it in this form."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from batepapo_conformance.results import Likeness, Result


class Verdict(StrEnum):
    """What a step says."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """It was not run: what it is built upon has failed."""
    NO_VERDICT = "no verdict"
    """It cannot be judged here, or the program would not start."""
    FAULT = "fault of the suite"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step.

    Attributes:
        title: what it is about, in the student's language.
        verdict: what came out.
        failures: what failed in it, the most basic rule first.
        message: whatever else a student should read, in the student's language;
            instead of failures, where there is no suite behind the step.
        likenesses: mistakes of the zoo that fail in the same way.
        checks: how many checks were run.
        lab: the number of the lab to which it belongs; `None` for a group of several.
        ended: whether it was kept from its end, by Ctrl-C for instance.
    """

    title: str
    verdict: Verdict
    failures: Sequence[Result] = ()
    message: str = ""
    likenesses: Sequence[Likeness] = ()
    checks: int = 0
    lab: int | None = None
    ended: bool = False

    @property
    def rules(self) -> list[str]:
        """The ids that are broken, the most basic first."""
        rules = [one.broken.rule for one in self.failures if one.broken]
        return list(dict.fromkeys(rules))

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "title": self.title,
            "lab": self.lab,
            "verdict": self.verdict,
            "checks": self.checks,
            "rules": self.rules,
            "message": self.message,
            "failures": [one.as_json() for one in self.failures],
            "diagnosis": [asdict(one) for one in self.likenesses],
        }
