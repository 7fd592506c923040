"""Which files of a submission name what is ours: something to look at, no verdict.

What a lab has handed out is not looked at: its text, and in each file the lines that
stand in a starter or a solution under the same name.
"""

import contextlib
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from batepapo_conformance.spec import folder as specification
from batepapo_labs import lessons
from batepapo_labs.folder import FILE
from batepapo_labs.grading.submissions import files_of
from batepapo_labs.lessons import files_in

_TEXT: Final = re.compile(r"LAB-\d+\.md")
_OURS: Final = re.compile(
    rb"""
    \b batepapo_(?:threaded|asyncio|zoo|labs|conformance) \b
    | \b batepapo [^\w\n]+ (?:serve|chat) \b    # as words, or as a list of strings
    | \b (?:import|from) [ ]+ batepapo \b
    | \b solution-\d                            # what `batepapo lab solution` shows
    """,
    re.VERBOSE,
)


def names_ours(folder: Path, *, file_too: bool) -> list[str]:
    """The files of a submission that start or load what is ours, by what they say.

    Args:
        folder: the submission.
        file_too: whether its `lab.toml` is looked at: not if nothing there is carried
            out.
    """
    found = []
    for path in files_of(folder):
        if _TEXT.fullmatch(path.name) or (path == folder / FILE and not file_too):
            continue
        with contextlib.suppress(OSError):
            lines = path.read_bytes().splitlines()
            known = _handed_out().get(path.name, frozenset())
            if any(_OURS.search(line) and line not in known for line in lines):
                found.append(path.relative_to(folder).as_posix())
    return sorted(found)


@functools.cache
def _handed_out() -> Mapping[str, frozenset[bytes]]:
    """For the name of each file that labs hand out, all lines that it may have."""
    lines: dict[str, set[bytes]] = {}
    for lesson in lessons.load().lessons.values():
        for part in ("starter", "solution"):
            for path in files_in(lesson.folder / part).values():
                lines.setdefault(path.name, set()).update(
                    path.read_bytes().splitlines()
                )
    for path in files_in(specification()).values():
        lines.setdefault(path.name, set()).update(path.read_bytes().splitlines())
    return {name: frozenset(found) for name, found in lines.items()}
