"""When a message was sent, inside its text; and how long messages took."""

import re
import time
from collections.abc import Sequence
from typing import Final

OCTETS: Final = 60
"""Octets of a message's text: what a person types in one go."""

STAMP: Final = re.compile(rb"\|(\d{19}) ")
"""A time of this machine's monotonic clock, in nanoseconds."""

# From the bar to the space after the number.
_LENGTH: Final = 21


def stamped(octets: int = OCTETS) -> bytes:
    """A text of so many octets that says when it was made."""
    return (b"|%019d " % time.monotonic_ns()).ljust(octets, b".")


def last_stamp(octets: bytearray, count: int) -> int | None:
    """The last time among the first `count` octets; `None` if there is none whole."""
    at = octets.rfind(b"|", 0, count - _LENGTH + 1)
    return None if at < 0 else int(octets[at + 1 : at + _LENGTH - 1])


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest of these (ascending) that so large a share does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
