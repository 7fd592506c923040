"""A run for systems that grade: Gradescope, and Classroom 50.

Each MUST that was to be checked is one point: so the maximum is the same for
everybody, whatever could be judged. SHOULD and MAY are shown, and count nothing.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
Classroom 50: https://github.com/foundation50/classroom50/wiki/Advanced-Autograding
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from batepapo_conformance.detail import Detail
from batepapo_conformance.outcomes import Mark, Outcome, counting, outcomes, score
from batepapo_conformance.phrases import told
from batepapo_conformance.results import Run, now
from batepapo_conformance.spec import Level, Specification
from batepapo_conformance.story import draw_failure, tell_stability
from batepapo_conformance.words import Words

_TOLD: Final = 3  # failures of one rule that are told at length

# The fields of a Classroom 50 result that its runner says in the environment.
_SAID: Final = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
_UNSAID: Final = "local"


def gradescope(run: Run, specification: Specification, words: Words) -> dict[str, Any]:
    """The `results.json` of a Gradescope autograder.

    Its standard output stays hidden from students: what they may see is in it.
    """
    found = outcomes(run, specification)
    shown = [one for one in found.values() if one.mark is not Mark.UNCHECKED]
    shown += [one for one in counting(run, found) if one not in shown]
    return {
        "score": score(run, found).met,
        "execution_time": round(run.seconds),
        "output": "\n\n".join(_about(run, words)),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"testee": run.testee, "detail": str(run.detail), **run.about},
        "tests": [
            _gradescope_test(outcome, run, specification, words) for outcome in shown
        ],
    }


def _about(run: Run, words: Words) -> Iterator[str]:
    yield words("grades.public")
    if run.faults:
        yield words("grades.fault")
    if run.trouble:
        yield words("report.no_verdict", why=run.trouble)
    if rules := run.broken_rules():
        yield words("report.most_basic_first", rules=", ".join(rules))
    for one in run.diagnosis:
        language = str(words.language)
        does = words("diagnosis.like", does=one.does[language])
        yield f"{words('diagnosis.head')} {does}\n{one.why[language]}"
    if run.detail != Detail.FULL:
        yield words("report.withheld")


def _gradescope_test(
    outcome: Outcome, run: Run, specification: Specification, words: Words
) -> dict[str, Any]:
    point = int(outcome.requirement.level is Level.MUST)
    passed = outcome.mark is Mark.PASSED
    failed = not passed if point else outcome.mark in (Mark.NOT_MET, Mark.KNOWN)
    return {
        "name": _name(outcome),
        "status": "failed" if failed else "passed",
        "score": point if passed else 0,
        "max_score": point,
        "output": "\n\n".join(_told(outcome, run, specification, words)),
        "visibility": "visible",
    }


def _name(outcome: Outcome) -> str:
    rule = outcome.requirement
    return f"{rule.id} · {rule.level} · {rule.section} {rule.title}"


def _told(
    outcome: Outcome, run: Run, specification: Specification, words: Words
) -> Iterator[str]:
    yield words(f"mark.{outcome.mark.name.lower()}")
    match outcome.mark:
        case Mark.FAILED | Mark.NOT_MET | Mark.KNOWN:
            for result in outcome.telling[:_TOLD]:
                yield draw_failure(result, specification, words, Detail(run.detail))
                if result.repeated is not None:
                    yield "\n".join(tell_stability(result.repeated, words))
        case Mark.UNREACHED:
            rules = (one.broken.rule for one in outcome.telling if one.broken)
            yield words("mark.first", rules=", ".join(dict.fromkeys(rules)))
        case Mark.NO_VERDICT | Mark.FAULT:
            reasons = dict.fromkeys(one.reason for one in outcome.telling)
            yield "\n".join(told(one, words.language) for one in reasons)
        case Mark.PASSED | Mark.UNCHECKED:
            pass


def classroom(
    run: Run,
    specification: Specification,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Any]:
    """The `result.json` of a Classroom 50 autograder.

    Whose submission it is, its runner says in the environment, and stamps again
    afterwards; elsewhere the fields say that this was a local run.
    """
    found = outcomes(run, specification)
    counted = score(run, found)
    said = {field: environment.get(name) or _UNSAID for field, name in _SAID.items()}
    return {
        "schema": "classroom50/result/v1",
        **said,
        "datetime": run.began or now(),
        "score": counted.met,
        "max-score": counted.total,
        "tests": [
            {
                "test-name": _name(one),
                "passed": one.mark is Mark.PASSED,
                "score": int(one.mark is Mark.PASSED),
                "max-score": 1,
            }
            for one in counting(run, found)
        ],
    }
