"""Two runs compared: what was fixed, what broke, what is still failing."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from batepapo_conformance.results import Result, Run, Verdict
from batepapo_conformance.story import wrap
from batepapo_conformance.words import Words

FORMAT: Final = "batepapo/comparison/1"
"""What the JSON of a comparison says about itself."""

_FAILING: Final = (Verdict.FAILED, Verdict.KNOWN_FAILURE)
_UNJUDGED: Final = (Verdict.NO_VERDICT, Verdict.FAULT)


class Change(StrEnum):
    """What became of a check from one run to the other."""

    BROKEN = "broken"
    FIXED = "fixed"
    STILL_FAILING = "still failing"
    UNJUDGED = "unjudged"
    """It had a verdict, and has none any more."""
    NEW = "new"
    VANISHED = "vanished"


_SIGNS: Final = {
    Change.BROKEN: "-",
    Change.FIXED: "+",
    Change.STILL_FAILING: "!",
    Change.UNJUDGED: "?",
    Change.NEW: "*",
    Change.VANISHED: "/",
}


class NotComparable(Exception):
    """One run is of a server, the other of a client: the fault of who asked."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A check of which something is to be said; `rule` is what it broke, if it did."""

    change: Change
    name: str
    rule: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that changed, and what still fails."""

    old: Run
    new: Run
    changes: tuple[Changed, ...]

    def of(self, change: Change) -> list[Changed]:
        """The checks with this change, most basic rule first."""
        return [one for one in self.changes if one.change is change]

    @property
    def status(self) -> int:
        """The exit status: 1 if something broke."""
        return 1 if self.of(Change.BROKEN) else 0


def compare(old: Run, new: Run) -> Comparison:
    """What changed from the old run to the new one, check by check.

    Raises:
        NotComparable: they are not of the same role.
    """
    if old.role != new.role:
        raise NotComparable(f"one is of a {old.role}, the other of a {new.role}")
    before = {one.full_name: one for one in old.results}
    after = {one.full_name: one for one in new.results}
    return Comparison(old, new, tuple(_changes(before, after)))


def _changes(
    before: Mapping[str, Result], after: Mapping[str, Result]
) -> Iterator[Changed]:
    for name, result in after.items():
        change = _change(before.get(name), result)
        if change is not None:
            rule = result.broken.rule if result.broken else ""
            yield Changed(change, name, rule, result.verdict)
    for name, result in before.items():
        if name not in after:
            yield Changed(Change.VANISHED, name, "", result.verdict)


def _change(before: Result | None, after: Result) -> Change | None:
    if before is None:
        return Change.NEW
    failed, fails = before.verdict in _FAILING, after.verdict in _FAILING
    if fails:
        return Change.STILL_FAILING if failed else Change.BROKEN
    if after.verdict in _UNJUDGED:
        return None if before.verdict in _UNJUDGED else Change.UNJUDGED
    return Change.FIXED if failed else None


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data: the changes by kind, and the exit status."""
    return {
        "format": FORMAT,
        "role": str(comparison.new.role),
        "status": comparison.status,
        **{
            change.name.lower(): [
                {name: said for name, said in asdict(one).items() if name != "change"}
                for one in comparison.of(change)
            ]
            for change in Change
        },
    }


def as_text(comparison: Comparison, words: Words) -> str:
    """The comparison for people, in at most 80 columns where names allow it."""
    lines = []
    for change in Change:
        found = comparison.of(change)
        if found:
            count = words.count("check", len(found))
            lines += [words(f"comparison.{change.name.lower()}", count=count)]
            lines += [
                f"  {_SIGNS[change]} {one.name}"
                + (f" ({one.rule})" if one.rule else "")
                for one in found
            ]
            lines += [""]
    if not lines:
        lines += wrap(words("comparison.same"))
    return "\n".join(lines).rstrip()
