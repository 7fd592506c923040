"""Which checks `--only` means: ids, families of ids, sections, names of checks."""

import re
from collections.abc import Sequence

from batepapo_conformance.delivery import Delivery
from batepapo_conformance.spec import Requirement

_SECTION = re.compile(r"\d+(\.\d+)?")
_ID = re.compile(r"[A-Z]+(-\d+)?")
# What pytest appends for a delivery or a repetition, wherever it stands.
_HOW = re.compile(rf"(^|-)({'|'.join(Delivery)}|time\d+)(?=-|$)")
_TIME = re.compile(r"(^|-)time\d+(?=-|$)")


def selected(
    only: Sequence[str], name: str, requirements: Sequence[Requirement]
) -> bool:
    """Whether a check of this name, for these requirements, is asked for.

    Nothing asked for is everything. "ENTER-3" is an id, "ENTER" a family,
    "5" and "5.2" are sections; what begins with "test_" is the name of a check,
    of one of its cases, or of one run; anything else is a part of a name.
    """
    return not only or any(_means(word, name, requirements) for word in only)


def _means(word: str, name: str, requirements: Sequence[Requirement]) -> bool:
    if _SECTION.fullmatch(word):
        sections = [one.section for one in requirements]
        return any(one == word or one.startswith(f"{word}.") for one in sections)
    if _ID.fullmatch(word.upper()) and "_" not in word:
        wanted = word.upper()
        ids = [one.id for one in requirements]
        if any(one == wanted or one.split("-")[0] == wanted for one in ids):
            return True
    if word.startswith("test_"):
        once = without_repetition(name)
        return word in (name, name.partition("[")[0], once, without_delivery(name))
    return word in name


def without_delivery(name: str) -> str:
    """The name of one case of a check, in whatever delivery it is run.

    `test_x[octets]` is a run of `test_x`, `test_x[octets-17]` one of `test_x[17]`.
    """
    return _without(_HOW, name)


def without_repetition(name: str) -> str:
    """The name of a run of a check, however often that was repeated.

    `test_x[octets-time3]` is a run of `test_x[octets]`.
    """
    return _without(_TIME, name)


def _without(what: re.Pattern[str], name: str) -> str:
    base, bracket, variant = name.removesuffix("]").partition("[")
    rest = what.sub("", variant).strip("-")
    return f"{base}[{rest}]" if bracket and rest else base
