"""Which mistakes of the zoo fail as a testee does: "this looks like: ...".

Each specimen of the zoo has a signature: which checks fail on it, in which of
their variants, and on which rule each failure is blamed. A testee is compared
with all of them; what few specimens fail counts more than what many do.
"""

import functools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import batepapo_zoo
from batepapo_conformance.results import Likeness, Result, Run, Verdict
from batepapo_zoo.catalogue import specimens

MATRIX: Final = Path(batepapo_zoo.__file__).parent / "matrix.json"
"""The kill matrix, as `batepapo zoo --json` writes it."""

_STRONG: Final = 0.55  # less is not said
_MOST: Final = 3  # specimens that are named
_NEXT: Final = 0.75  # of the best likeness: less is not named beside it
_VARIANT: Final = 0.25  # of the weight of a check: that of one of its variants

# What a testee fails beyond the specimen may be a second mistake, and weighs
# less than what it passes though the specimen fails.
_BEYOND: Final = 0.5
_LACKING: Final = 1.0

Failure = tuple[str, str, str]
"""A check, its variant, and the rule that is blamed."""


@dataclass(frozen=True, slots=True)
class Signature:
    """How a specimen fails."""

    specimen: str
    role: str
    failures: frozenset[Failure]


def diagnosed(run: Run) -> Run:
    """The run, with what of the zoo fails in the same way."""
    alikes = alike(run, signatures()) if run.failures() else []
    known = specimens() if alikes else {}
    found = [
        Likeness(
            specimen=name,
            rule=known[name].rule,
            likeness=round(likeness, 3),
            does=dict(known[name].does),
            why=dict(known[name].why),
        )
        for name, likeness in alikes
        if name in known
    ]
    return replace(run, diagnosis=tuple(found))


def alike(run: Run, known: Sequence[Signature]) -> list[tuple[str, float]]:
    """The specimens that are much like the testee, with how much; the most so first.

    What was not run, or could not be judged, is not compared. Where more are alike
    than can be named, none of them is telling.
    """
    judged = {
        (one.name, one.variant)
        for one in run.results
        if one.verdict in (Verdict.PASSED, Verdict.FAILED)
    }
    mine = failures_of(run.results)
    others = {
        one.specimen: frozenset(
            failure for failure in one.failures if failure[:2] in judged
        )
        for one in known
        if one.role == run.role
    }
    weights = _weights(others.values(), mine)
    likenesses = {
        name: _likeness(mine, failures, weights) for name, failures in others.items()
    }
    ranked = sorted(likenesses.items(), key=lambda one: (-one[1], one[0]))
    best = ranked[0][1] if ranked else 0.0
    strong = [one for one in ranked if one[1] >= max(_STRONG, _NEXT * best)]
    just_as_much = sum(likeness == best for _, likeness in strong)
    return strong[:_MOST] if just_as_much <= _MOST else []


def failures_of(results: Iterable[Result]) -> frozenset[Failure]:
    """What failed, in the form in which it is compared."""
    return frozenset(
        (one.name, one.variant, one.broken.rule)
        for one in results
        if one.verdict is Verdict.FAILED and one.broken is not None
    )


def _features(failures: Iterable[Failure]) -> set[tuple[str, ...]]:
    """What is compared: rules, checks that blame them, and variants of these."""
    found: set[tuple[str, ...]] = set()
    for check, variant, rule in failures:
        found |= {(rule,), (rule, check)}
        found |= {(rule, check, variant)} if variant else set()
    return found


def _weights(
    others: Iterable[frozenset[Failure]], mine: frozenset[Failure]
) -> Mapping[tuple[str, ...], float]:
    """What a failure counts: the more, the fewer specimens have it."""
    every = [_features(failures) for failures in others]
    common = Counter(feature for features in every for feature in features)
    return {
        feature: (_VARIANT if len(feature) > 2 else 1.0)
        * math.log(1 + (1 + len(every)) / (1 + common[feature]))
        for feature in common.keys() | _features(mine)
    }


def _likeness(
    mine: frozenset[Failure],
    theirs: frozenset[Failure],
    weights: Mapping[tuple[str, ...], float],
) -> float:
    """From 0 to 1 (Tversky's index, weighted)."""
    ours, others = _features(mine), _features(theirs)
    both, beyond, lacking = (
        math.fsum(weights[feature] for feature in part)
        for part in (ours & others, ours - others, others - ours)
    )
    return both / (both + _BEYOND * beyond + _LACKING * lacking) if both else 0.0


@functools.cache
def signatures() -> tuple[Signature, ...]:
    """Those of the published kill matrix; none where there is no matrix."""
    if not MATRIX.exists():
        return ()
    return read(json.loads(MATRIX.read_text(encoding="utf-8")))


def read(matrix: Mapping[str, Any]) -> tuple[Signature, ...]:
    """The signatures of the specimens that are wrong, from a kill matrix as JSON."""
    return tuple(
        Signature(
            specimen=one["name"],
            role=one["role"],
            failures=frozenset(
                (each["check"], each["variant"], each["rule"])
                for each in one["failures"]
            ),
        )
        for one in matrix["specimens"]
        if not one["legal"] and one["failures"]
    )
