"""Which rule a failure is blamed on, which comes first, and what was known before."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from batepapo_conformance.delivery import Delivery
from batepapo_conformance.results import Result, Unexpected, Verdict
from batepapo_conformance.spec import Specification

# What shows only sometimes, and may by chance not show in the whole delivery:
# a line that a reset destroyed, one of two orders, a worker that was still free.
# It is no matter of finding the lines.
_TIMING = frozenset({"CLOSE-1", "ORDER-1", "ORDER-2", "ORDER-5", "SERVE-1"})

# What a server may keep as long as people act one after the other, and breaks where
# they act at once. Then it is not this that is wrong, but the one order of all.
_IN_A_CROWD = frozenset(
    {"ENTER-1", "ENTER-2", "LEAVE-1", "LEAVE-3", "LIST-1", "PUBLIC-1"}
)


def settle(
    results: Iterable[Result],
    specification: Specification,
    before: Iterable[Result] = (),
) -> list[Result]:
    """Blame each failure on the right rule, and put the most basic one first.

    Args:
        results: what the checks gave.
        specification: it has the order of the rules.
        before: what other checks of the same testee gave; they tell what it keeps.
    """
    results = _blame_the_crowd(_blame_segmentation(list(results)), before)
    results = [_with_level_of_blame(result, specification) for result in results]
    ranks = _ranks(specification)

    def place(result: Result) -> tuple[float, bool, bool, str, str]:
        rule = result.broken.rule if result.broken else result.requirements[0]
        rank = ranks.get(rule, len(ranks))
        away = rule not in result.requirements  # a check of that very rule comes first
        pieces = result.delivery not in ("", Delivery.WHOLE)  # harder to read
        return rank, away, pieces, result.name, result.variant

    return sorted(results, key=place)


# What is more basic than its place in the specification tells. Who takes a read
# for a message also breaks FRAME-1 and FRAME-2, with half lines and CR LF in
# pieces; a client that does not write out at once seems to fail everywhere.
_BEFORE = {"FRAME-3": "FRAME-1", "SHOW-6": "ASK-1"}


def _ranks(specification: Specification) -> dict[str, float]:
    """How basic each rule is: what stands first in the specification comes first."""
    ranks = {one.id: float(one.rank) for one in specification.requirements.values()}
    ranks |= {rule: ranks[other] - 0.5 for rule, other in _BEFORE.items()}
    return ranks


def _with_level_of_blame(result: Result, specification: Specification) -> Result:
    if result.broken is None:
        return result
    rule = specification.requirements.get(result.broken.rule)
    return result if rule is None else replace(result, level=rule.level)


def _blame_segmentation(results: list[Result]) -> list[Result]:
    """What fails in pieces or together, and passes whole, is a matter of framing."""
    whole = {
        result.case: result.verdict
        for result in results
        if result.delivery == Delivery.WHOLE
    }
    takes_cr_lf = not any(
        result.verdict is Verdict.FAILED and "FRAME-2" in result.requirements
        for result in results
        if result.delivery in ("", Delivery.WHOLE)
    )
    deliveries_that_fail: dict[str, set[str]] = {}
    for result in results:
        if result.verdict is Verdict.FAILED:
            key = result.case
            deliveries_that_fail.setdefault(key, set()).add(result.delivery)

    def blamed(result: Result) -> Result:
        key = result.case
        if (
            result.verdict is not Verdict.FAILED
            or result.broken is None
            or result.delivery in ("", Delivery.WHOLE)
            or result.broken.rule in _TIMING
            or whole.get(key) is not Verdict.PASSED
        ):
            return result
        only_cr_lf = deliveries_that_fail[key] == {Delivery.SPLIT_END}
        rule = "FRAME-2" if only_cr_lf and not takes_cr_lf else "FRAME-3"
        return _blamed_on(rule, result, "The same lines, each delivered whole, pass.")

    return [blamed(result) for result in results]


def _blame_the_crowd(results: list[Result], before: Iterable[Result]) -> list[Result]:
    """What only those break who act at once is a matter of order (ORDER-1).

    If it is a list from which somebody seems to be gone, it is the list that does not
    fit the events (ORDER-3): one at a time, all departures are told.
    """
    found: dict[Verdict, set[str]] = {verdict: set() for verdict in Verdict}
    for result in (*before, *results):
        if "ORDER-1" not in result.requirements:
            found[result.verdict] |= set(result.requirements)
            found[result.verdict] |= {result.broken.rule} if result.broken else set()
    kept = _IN_A_CROWD & (found[Verdict.PASSED] - found[Verdict.FAILED])

    def blamed(result: Result) -> Result:
        if (
            result.broken is None
            or result.broken.rule not in kept
            or "ORDER-1" not in result.requirements
        ):
            return result
        is_a_list = result.broken.actual.startswith("USUARIOS ")
        of_a_list = is_a_list and result.broken.rule == "LEAVE-3"
        rule = "ORDER-3" if of_a_list else "ORDER-1"
        return _blamed_on(rule, result, "One at a time, they are served well.")

    return [blamed(result) for result in results]


def _blamed_on(rule: str, result: Result, why: str) -> Result:
    """The same failure, blamed on another rule; its note tells of both."""
    assert result.broken is not None
    note = f"{result.broken.note} {why} Seen as {result.broken.rule}.".strip()
    return replace(result, broken=replace(result.broken, rule=rule, note=note))


def apply_known_failures(
    results: Iterable[Result], known: Mapping[str, str]
) -> tuple[list[Result], list[Unexpected]]:
    """Set apart what the testee's file knows, and find what it need not know any more.

    A name in the file is a requirement id, the name of a check, or that of one
    variant of it.
    """
    settled = []
    failed: set[str] = set()
    concerned: set[str] = set()
    for result in results:
        rule = result.broken.rule if result.broken else ""
        names = {rule, result.name, result.full_name} & known.keys()
        cited = {*result.requirements, result.name, result.full_name} & known.keys()
        if result.verdict is Verdict.FAILED and names:
            failed |= names
            reason = known[min(names)]
            settled.append(
                replace(result, verdict=Verdict.KNOWN_FAILURE, reason=reason)
            )
            continue
        if result.verdict is Verdict.PASSED:
            concerned |= cited
        settled.append(result)
    unexpected = [
        Unexpected(name, known[name]) for name in known if name in concerned - failed
    ]
    return settled, unexpected
