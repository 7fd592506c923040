"""What came out of a run: one `Result` a check, one `Run` for all of them.

As JSON they are a published format: see `saved.py`.
"""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

from batepapo_conformance.exchange import Event
from batepapo_conformance.failure import RuleBroken, visible
from batepapo_conformance.selection import without_delivery
from batepapo_conformance.spec import Level
from batepapo_conformance.testee import Role


def now() -> str:
    """The present moment in UTC, as ISO 8601 has it, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def about() -> dict[str, str]:
    """On what something is run: the version of the suite, Python, and platform."""
    return {
        "suite": importlib.metadata.version("batepapo"),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def as_sentence(name: str) -> str:
    """The name of a check as a sentence."""
    return name.removeprefix("test_").replace("_", " ")


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


class Stability(StrEnum):
    """What repeating a check has shown about it."""

    DETERMINISTIC = "deterministic"
    FLAKY = "flaky"


@dataclass(frozen=True, slots=True)
class Repeated:
    """How often a check gave which verdict when it was repeated.

    Attributes:
        verdicts: in the run, among all others, each time with another seed.
        alone: by itself, with nothing beside it and the seed with which it failed;
            empty unless it failed.
    """

    verdicts: Mapping[Verdict, int]
    alone: Mapping[Verdict, int] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether the run did not always give the same verdict."""
        return len(self.verdicts) > 1

    @property
    def stability(self) -> Stability | None:
        """What is said of a check that does not always pass; `None` if it does."""
        decisive = self.alone or self.verdicts
        if not self.differs and Verdict.FAILED not in self.verdicts:
            return None
        always = set(decisive) == {Verdict.FAILED}
        return Stability.DETERMINISTIC if always else Stability.FLAKY


@dataclass(frozen=True, slots=True)
class Likeness:
    """A specimen of the zoo that fails as the testee does.

    Attributes:
        specimen: its name.
        rule: the requirement that it breaks.
        likeness: from 0 to 1, how alike the failures are.
        does: what it does, by language; goes on after "it".
        why: for whoever made this mistake, by language.
    """

    specimen: str
    rule: str
    likeness: float
    does: Mapping[str, str]
    why: Mapping[str, str]


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
    seed: int | None = None
    """`None` where it is held back, as `again` then is."""
    again: str = ""
    """The command that repeats just this check."""
    exchange: str = ""
    events: tuple[Event, ...] = ()
    """The same exchange as data, to be drawn in other forms."""
    output: str = ""
    """The end of what the testee wrote itself."""
    repeated: Repeated | None = None

    @property
    def title(self) -> str:
        """The name of the check as a sentence."""
        return as_sentence(self.name)

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
        data["events"] = [event.as_json() for event in self.events]
        if self.broken is not None:
            data["broken"] = asdict(self.broken)
        if self.repeated is not None:
            stability = self.repeated.stability
            data["repeated"] = asdict(self.repeated) | {"stability": stability}
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Result":
        """What `as_json` made."""
        broken, repeated = data["broken"], data["repeated"]
        return cls(
            **{
                **data,
                "requirements": tuple(data["requirements"]),
                "level": Level(data["level"]),
                "verdict": Verdict(data["verdict"]),
                "events": tuple(Event.from_json(event) for event in data["events"]),
                "broken": None if broken is None else Broken(**broken),
                "repeated": None if repeated is None else _repeated(repeated),
            }
        )


def _repeated(data: Mapping[str, Any]) -> Repeated:
    verdicts, alone = (
        {Verdict(name): count for name, count in data[part].items()}
        for part in ("verdicts", "alone")
    )
    return Repeated(verdicts, alone)


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
    seed: int | None
    """`None` where it is held back."""
    results: Sequence[Result] = ()
    unexpected: Sequence[Unexpected] = ()
    seconds: float = 0.0
    trouble: str = ""
    faults: Sequence[str] = ()
    """What went wrong with the suite outside any check."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Versions and platform."""
    began: str = ""
    """When, in UTC, as ISO 8601 has it."""
    times: int = 1
    """How often each check was run."""
    diagnosis: Sequence[Likeness] = ()
    """What of the zoo fails in the same way, the most alike first."""
    detail: str = "full"
    """How much it tells (see `detail.py`)."""

    def count(self, verdict: Verdict, level: Level | None = None) -> int:
        """How many results have this verdict (and this level)."""
        return sum(
            result.verdict is verdict and level in (None, result.level)
            for result in self.results
        )

    def failures(self) -> list[Result]:
        """What failed, most basic rule first: that order is kept from `settle`."""
        return [one for one in self.results if one.verdict is Verdict.FAILED]

    def broken_rules(self) -> list[str]:
        """The rules that are broken, the most basic one first."""
        return list(
            dict.fromkeys(one.broken.rule for one in self.failures() if one.broken)
        )

    def differing(self) -> list[Result]:
        """The checks that did not give the same verdict each time."""
        return [one for one in self.results if one.repeated and one.repeated.differs]

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
