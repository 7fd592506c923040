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
    r"(?P<indent>^[ \t]*)?"
    r"<!-- here: (?P<kind>[a-z-]+)(?: (?P<argument>.*?))? -->"
    r"(?P<end>[ \t]*$)?",
    re.MULTILINE,
)


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

    def to_rule(self, name: str) -> str:
        """The id of a requirement, as a link that leads to it in the index."""
        return f"[{name}]({self.to(f'reference/requirements.md#{name}')})"


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
        asked = f"{place.page}: {_asked(found)}"
        kind = kinds.get(found["kind"])
        if kind is None:
            raise Trouble(f"{asked}: there is {', '.join(sorted(kinds))}")
        try:
            return kind(found["argument"] or "", place)
        except Trouble as trouble:
            raise Trouble(f"{asked}: {trouble}") from trouble

    def put(found: re.Match[str]) -> str:
        indent, end = found["indent"], found["end"]
        if indent is None or end is None:
            return f"{indent or ''}{made(found)}{end or ''}"
        lines = made(found).strip("\n").split("\n")
        # Octets at the end of a line are kept: what is shown may be about them.
        return "\n".join(f"{indent}{line}" if line else "" for line in lines)

    # Once, so that what is put in may show what looks as if it asked for something.
    return _HERE.sub(put, text)


def asked(text: str) -> list[str]:
    """All that a page asks for, in order."""
    return [_asked(found) for found in _HERE.finditer(text)]


def _asked(found: re.Match[str]) -> str:
    return found[0].strip()
