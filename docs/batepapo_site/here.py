"""What a page asks for: `<!-- here: KIND ARGUMENT -->`, on a line of its own.

What stands there instead is made from the specification, from the code, and from
what programs really did; so nobody has to type it, and it cannot be out of date.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from batepapo_conformance.words import Language
from batepapo_site.trouble import Trouble

_HERE: Final = re.compile(
    r"^(?P<indent>[ \t]*)<!-- here: (?P<kind>[a-z-]+)(?: (?P<argument>.*?))? -->$",
    re.MULTILINE,
)
_LINE: Final = re.compile(r"<!-- here: (?P<kind>[a-z-]+)(?: (?P<argument>.*?))? -->")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked for.

    Attributes:
        page: the page's path on the site.
        language: that of the page.
    """

    page: str
    language: Language

    def to(self, path: str) -> str:
        """The link from this page to another path on the site, as `a/b.md#c`."""
        up = "../" * self.page.count("/")
        return f"{up}{path}"


Kind = Callable[[str, Place], str]
"""Makes Markdown of an argument, for a place.

Raises `Trouble` if the argument names nothing that there is.
"""


def fill(text: str, place: Place, kinds: Mapping[str, Kind]) -> str:
    """The page with all that it asks for put in.

    What stands alone on its line keeps that line's indentation; within a line, what
    is put in has to be of one line.

    Raises:
        Trouble: it asks for what there is not; the text names the page.
    """

    def made(found: re.Match[str]) -> str:
        kind = kinds.get(found["kind"])
        if kind is None:
            known = ", ".join(sorted(kinds))
            raise Trouble(f"{place.page}: {found[0]}: there is {known}")
        try:
            return kind(found["argument"] or "", place)
        except Trouble as trouble:
            raise Trouble(f"{place.page}: {found[0]}: {trouble}") from trouble

    def alone(found: re.Match[str]) -> str:
        lines = made(found).strip("\n").splitlines()
        return "\n".join(f"{found['indent']}{line}".rstrip() for line in lines)

    return _LINE.sub(made, _HERE.sub(alone, text))


def asked(text: str) -> list[str]:
    """All that a page asks for, in order."""
    return [found[0] for found in _LINE.finditer(text)]
