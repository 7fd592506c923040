"""Whether two texts of a run say the same, but for what is another each time."""

import difflib
import re
from typing import Final

from batepapo_site.runs.description import Run

_VARIES: Final = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",  # the time of an event, or of a log
    r"(?<=127\.0\.0\.1:)\d+",  # a port that the system chose
    r"(?m)^ +\d+\.\d{3}",  # the first column of an exchange
    r"\b\d+\.\d+ s\b",  # how long it took
    r"(?<=--seed )\d+",
)


def same(run: Run, one: str, other: str) -> bool:
    """Whether two texts of a run differ in nothing but what is another each time."""
    return _masked(run, one) == _masked(run, other)


def differences(run: Run, kept: str, new: str) -> str:
    """What a run prints that it did not print before, as a patch."""
    before, now = (_masked(run, text).splitlines() for text in (kept, new))
    patch = difflib.unified_diff(before, now, "kept", "printed now", lineterm="")
    return "\n".join(patch)


def _masked(run: Run, text: str) -> str:
    for pattern in (*_VARIES, *run.varies):
        text = re.sub(pattern, "~", text)
    return re.sub(r"(?<=\S) {2,}", " ", text)  # columns move with what is in them
