"""What labs have in common in which a student hands in files, not a program to check.

Each check of a step is words, the second of which is the file. A step that fails holds
up only the steps with the same file: the others stand by themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.results import Broken, Result
from batepapo_conformance.results import Verdict as OfCheck
from batepapo_conformance.spec import load
from batepapo_conformance.testee import BadTestee
from batepapo_conformance.words import Language
from batepapo_labs.lessons import Lesson
from batepapo_labs.steps import StepResult, Verdict


class NotYet(Exception):
    """What the student handed in is not yet what the step asks for.

    Args:
        message: why, in the student's language.
        broken: the rules that this is about, if it is about rules.
        again: the command that shows it.
        exchange: what happened, drawn.
    """

    def __init__(
        self,
        message: str,
        broken: Sequence[Broken] = (),
        *,
        again: str = "batepapo lab check",
        exchange: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.broken = broken
        self.again = again
        self.exchange = exchange


def check_files(
    lesson: Lesson, language: Language, carry_out: Callable[[str], None]
) -> Iterator[StepResult]:
    """Check what was handed in, step by step.

    Args:
        lesson: the lab.
        language: the student's.
        carry_out: carries out one check of a step; raises `NotYet`, or where
            something cannot be judged here `NoVerdict` or `BadTestee`.
    """
    failed: set[str] = set()
    for step in lesson.steps:
        title = step.title[language]
        files = {one.split()[1] for one in step.checks}
        done = StepResult(title=title, verdict=Verdict.SKIPPED, lab=lesson.number)
        if not failed & files:
            done = _step(done, step.checks, carry_out)
            failed |= files if done.verdict is not Verdict.PASSED else set()
        yield done


def _step(
    planned: StepResult, checks: Sequence[str], carry_out: Callable[[str], None]
) -> StepResult:
    """One step carried out; `planned` is what it would be if it were not."""
    done = replace(planned, checks=len(checks))
    try:
        for one in checks:
            carry_out(one)
    except NotYet as why:
        failures = tuple(_failure(planned, why, one) for one in why.broken)
        done = replace(done, message=why.message, failures=failures)
        return replace(done, verdict=Verdict.FAILED)
    except (NoVerdict, BadTestee) as error:
        return replace(done, verdict=Verdict.NO_VERDICT, message=str(error))
    return replace(done, verdict=Verdict.PASSED)


def _failure(step: StepResult, why: NotYet, broken: Broken) -> Result:
    """One rule that is not met, as the suite would tell it."""
    rule = load().requirements[broken.rule]
    return Result(
        name=step.title,  # the student's language: no check of the suite is behind it
        variant="",
        file="",
        requirements=(rule.id,),
        level=rule.level,
        section=rule.section,
        sentence="",
        verdict=OfCheck.FAILED,
        broken=broken,
        again=why.again,
        exchange=why.exchange,
    )
