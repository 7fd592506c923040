"""Checks that were run several times: what came out, and whether it always does.

A check that fails is run again alone, with nothing beside it and the seed with
which it failed: so it is told whether the failure is deterministic or flaky.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from batepapo_conformance.results import Repeated, Result, Verdict
from batepapo_conformance.selection import without_repetition

_MOST_ALONE: Final = 20  # checks that are run again; each may take its time

# What stands for all repetitions of a check: the first of these that came out.
_TELLING: Final = (Verdict.FAULT, Verdict.FAILED, Verdict.NO_VERDICT, Verdict.PASSED)


def collapse(results: Iterable[Result]) -> list[Result]:
    """One result for all repetitions of a check, with how often each verdict came."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(without_repetition(result.full_name), []).append(result)
    return [_collapsed(name, group) for name, group in groups.items()]


def _collapsed(name: str, group: Sequence[Result]) -> Result:
    telling = min(group, key=lambda one: _TELLING.index(one.verdict))
    variant = name.removesuffix("]").partition("[")[2]
    repeated = Repeated(dict(Counter(one.verdict for one in group)))
    return replace(telling, variant=variant, repeated=repeated)


def isolate(
    results: Sequence[Result], run_alone: Callable[[int, list[str]], Iterable[Result]]
) -> list[Result]:
    """Run again what failed, and say how often it failed alone.

    That is the first check of every rule that is broken, which is the one that
    the report shows, and each that did not always fail.

    Args:
        results: collapsed, the most basic failure first.
        run_alone: runs checks of these names, with this seed, one after the other.
    """
    by_seed: dict[int, list[str]] = {}
    for result in list(_worth_it(results))[:_MOST_ALONE]:
        if result.seed is not None:
            by_seed.setdefault(result.seed, []).append(result.full_name)
    alone = {
        again.full_name: again.repeated.verdicts
        for seed, names in by_seed.items()
        for again in collapse(run_alone(seed, names))
        if again.repeated is not None
    }
    return [
        replace(one, repeated=replace(one.repeated, alone=alone[one.full_name]))
        if one.repeated is not None and one.full_name in alone
        else one
        for one in results
    ]


def _worth_it(results: Iterable[Result]) -> Iterator[Result]:
    shown: set[str] = set()
    for result in results:
        if result.broken is not None and result.repeated is not None:
            if result.broken.rule not in shown or result.repeated.differs:
                yield result
            shown.add(result.broken.rule)
