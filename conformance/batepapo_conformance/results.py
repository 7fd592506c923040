"""What came out of a run: one `Result` a check, and which rule is to be named first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum, StrEnum
from typing import Any

from batepapo_conformance.delivery import Delivery
from batepapo_conformance.failure import RuleBroken, visible
from batepapo_conformance.selection import without_delivery
from batepapo_conformance.spec import Level, Specification
from batepapo_conformance.testee import Role


class Verdict(StrEnum):
    """What one check says about the testee."""

    PASSED = "passed"
    FAILED = "failed"
    KNOWN_FAILURE = "known failure"
    """It failed, and the testee's file gives the reason."""
    NO_VERDICT = "no verdict"
    FAULT = "fault of the suite"


class Status(IntEnum):
    """The exit status of a run."""

    PASSED = 0
    FAILED = 1
    """A MUST failed."""
    NO_VERDICT = 2
    """Nothing was selected, or the testee would not start, or all was interrupted."""
    FAULT = 3
    """The suite itself is at fault."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken rule in a form that passes between processes (see `RuleBroken`)."""

    rule: str
    expected: str
    actual: str
    actual_is_octets: bool
    note: str = ""
    at: int | None = None
    """The octet of the testee's line at which it differs from what was expected."""
    column: int = 0
    """Where `at` is in `actual`, in which an octet may be several characters."""

    @classmethod
    def from_exception(cls, error: RuleBroken) -> "Broken":
        """The same, in writing."""
        octets = error.actual if isinstance(error.actual, bytes) else b""
        before = visible(octets[: error.at or 0])
        return cls(
            rule=error.rule,
            expected=_words(error.expected),
            actual=_words(error.actual),
            actual_is_octets=isinstance(error.actual, bytes),
            note=error.note,
            at=error.at,
            column=len(before),
        )


def _words(side: bytes | str) -> str:
    return visible(side) if isinstance(side, bytes) else side


@dataclass(frozen=True, slots=True)
class Listed:
    """A check as it stands in a list, without having been run."""

    role: Role
    name: str
    variants: tuple[str, ...]
    ids: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Result:
    """What one check gave, in one of its variants.

    `requirements` are the ids that it cites, `sentence` what its docstring
    quotes, `title` its name as a sentence; `variant` tells runs of the same
    check apart, and `delivery` is the part of it that says how octets arrived.
    """

    name: str
    variant: str
    file: str
    requirements: tuple[str, ...]
    level: Level
    section: str
    sentence: str
    verdict: Verdict
    delivery: str = ""
    broken: Broken | None = None
    reason: str = ""
    seconds: float = 0.0
    seed: int = 0
    exchange: str = ""
    output: str = ""
    """The end of what the testee wrote itself."""

    @property
    def title(self) -> str:
        """The name of the check as a sentence."""
        return self.name.removeprefix("test_").replace("_", " ")

    @property
    def full_name(self) -> str:
        """The name with its variant."""
        return f"{self.name}[{self.variant}]" if self.variant else self.name

    @property
    def case(self) -> str:
        """The same for all deliveries of what is otherwise the same check."""
        return without_delivery(self.full_name)

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        data["requirements"] = list(self.requirements)
        if self.broken is not None:
            broken = self.broken
            data["broken"] = {
                part.name: getattr(broken, part.name) for part in fields(broken)
            }
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """What `as_json` made."""
        broken = data["broken"]
        return cls(
            **{
                **data,
                "requirements": tuple(data["requirements"]),
                "level": Level(data["level"]),
                "verdict": Verdict(data["verdict"]),
                "broken": None if broken is None else Broken(**broken),
            }
        )


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A known failure of the testee's file that did not fail."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run. `trouble` says why there is nothing, or not everything, to judge."""

    role: str
    testee: str
    seed: int
    results: Sequence[Result] = ()
    unexpected: Sequence[Unexpected] = ()
    seconds: float = 0.0
    trouble: str = ""
    faults: Sequence[str] = ()
    """What went wrong with the suite outside any check."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Versions and platform."""

    def count(self, verdict: Verdict, level: Level | None = None) -> int:
        """How many results have this verdict (and this level)."""
        return sum(
            result.verdict is verdict and level in (None, result.level)
            for result in self.results
        )

    def failures(self) -> list[Result]:
        """What failed, most basic rule first: that order is kept from `settle`."""
        return [one for one in self.results if one.verdict is Verdict.FAILED]

    def in_trouble(self, trouble: str) -> "Run":
        """The same run, without results and with what kept it from having any."""
        return replace(self, trouble=trouble)

    def with_outcome(
        self,
        results: Sequence[Result],
        unexpected: Sequence[Unexpected],
        faults: Sequence[str],
        trouble: str,
    ) -> "Run":
        """The same run with what came out of it."""
        return replace(
            self, results=results, unexpected=unexpected, faults=faults, trouble=trouble
        )

    def after(self, seconds: float) -> "Run":
        """The same run, with how long it took."""
        return replace(self, seconds=seconds)

    @property
    def status(self) -> Status:
        """The exit status that says it."""
        if self.faults or self.count(Verdict.FAULT):
            return Status.FAULT
        if self.count(Verdict.FAILED, Level.MUST):
            return Status.FAILED
        judged = len(self.results) - self.count(Verdict.NO_VERDICT)
        if self.trouble or not judged:
            return Status.NO_VERDICT
        return Status.PASSED


# What shows only sometimes, and may by chance not show in the whole delivery:
# a line that a reset destroyed, one of two orders, a worker that was still free.
# It is no matter of finding the lines.
_TIMING = frozenset({"CLOSE-1", "ORDER-1", "ORDER-2", "ORDER-5", "SERVE-1"})


def settle(results: Iterable[Result], specification: Specification) -> list[Result]:
    """Blame each failure on the right rule, and put the most basic one first."""
    results = _blame_segmentation(list(results))
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
        note = (
            f"The same lines, each delivered whole, pass. Seen as {result.broken.rule}."
        )
        joined = f"{result.broken.note} {note}".strip()
        return replace(result, broken=replace(result.broken, rule=rule, note=joined))

    return [blamed(result) for result in results]


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
