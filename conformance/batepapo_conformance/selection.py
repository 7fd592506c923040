"""Which checks `--only` means: ids, families of ids, sections, names of checks."""

import re
from collections.abc import Sequence

from batepapo_conformance.spec import Requirement

_SECTION = re.compile(r"\d+(\.\d+)?")
_ID = re.compile(r"[A-Z]+(-\d+)?")


def selected(
    only: Sequence[str], name: str, requirements: Sequence[Requirement]
) -> bool:
    """Whether a check of this name, for these requirements, is asked for.

    Nothing asked for is everything. "ENTER-3" is an id, "ENTER" a family,
    "5" and "5.2" are sections; anything else is a part of a name.
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
    return word in name
