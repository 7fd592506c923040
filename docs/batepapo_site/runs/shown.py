"""How a command, and what it printed, is shown."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from batepapo_site.runs.description import RunError

_WIDE: Final = 88  # columns, after which a command goes on in the next line
_CUT: Final = "[...]"
# How far it is: of interest only as long as one waits.
_PROGRESS: Final = r"^\d+ (of|de) \d+( checks| verificações|: )"


def folded(command: str) -> str:
    """A long command in several lines, as one may type it: each begins an option."""
    lines = [""]
    for part in re.split(r" (?=--)", command):
        if lines[-1] and len(lines[-1]) + len(part) > _WIDE:
            lines.append(f"   {part}")
        else:
            lines[-1] += f" {part}"
    return " \\\n".join(lines).lstrip()


def without_lines(text: str, drop: Iterable[str]) -> str:
    """The text without progress, and without lines in which one of these is found."""
    patterns = (*drop, _PROGRESS)
    lines = [line.rstrip() for line in text.splitlines()]
    shown = [one for one in lines if not any(re.search(r, one) for r in patterns)]
    return "".join(f"{line}\n" for line in shown)


def without_parts(text: str, cuts: Sequence[tuple[str, str]]) -> str:
    """The text with parts left out, and that said (see `Run.cut`).

    Raises:
        RunError: a part does not begin, or does not end.
    """
    for first, after in cuts:
        lines = text.splitlines(keepends=True)
        begin = next((at for at, one in enumerate(lines) if re.search(first, one)), -1)
        if begin < 0:
            raise RunError(f"there is no {first!r} from which to cut:\n{text}")
        rest = enumerate(lines[begin + 1 :], begin + 1)
        end = next((at for at, one in rest if after and re.search(after, one)), None)
        if end is None and after:
            raise RunError(f"there is no {after!r} up to which to cut:\n{text}")
        text = "".join([*lines[:begin], f"{_CUT}\n", *lines[end or len(lines) :]])
    return text
