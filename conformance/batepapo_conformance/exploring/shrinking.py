"""Making a failure smaller: what can be left out, is."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from batepapo_conformance.exploring.acts import Connect, Step

Item = TypeVar("Item")


def smallest(
    items: Sequence[Item],
    fails: Callable[[Sequence[Item]], bool],
    *,
    seconds: float,
) -> list[Item]:
    """Leave out as many items as possible: delta debugging.

    Args:
        items: what fails as a whole.
        fails: whether some of them, in their order, fail as well.
        seconds: after which no more is tried.

    Returns:
        items that fail, none of which can be left out, if there was time enough.
    """
    kept = list(items)
    size = max(1, len(kept) // 2)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        begin, changed = 0, False
        while begin < len(kept) and time.monotonic() < deadline:
            fewer = kept[:begin] + kept[begin + size :]
            if fewer and fails(fewer):
                kept, changed = fewer, True
            else:
                begin += size
        if size == 1 and not changed:
            break
        size = max(1, size // 2)
    return kept


def is_possible(steps: Sequence[Step]) -> bool:
    """Whether everybody connects once, and before anything else that it does."""
    connected: set[str] = set()
    for step in steps:
        for act in step:
            if isinstance(act, Connect) == (act.name in connected):
                return False
            connected.add(act.name)
    return True
