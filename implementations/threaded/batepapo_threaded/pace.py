"""How fast one connection is read (LIMIT-4)."""

import sys


class Pace:
    """Lines per second, with at most one second's worth at once; 0: no limit.

    Pure: `now` is in seconds of any clock that does not go back.
    """

    def __init__(self, rate: int, now: float) -> None:
        self._rate = rate
        self._allowed = float(rate)
        self._updated = now

    def lines(self, now: float) -> int:
        """Give how many lines may be taken now."""
        if not self._rate:
            return sys.maxsize
        earned = (now - self._updated) * self._rate
        self._allowed = min(self._allowed + earned, float(self._rate))
        self._updated = now
        return int(self._allowed)

    def took(self, lines: int) -> None:
        """Count lines that were taken."""
        self._allowed -= lines

    def seconds_until_next(self) -> float:
        """Give the seconds, as of the last `lines`, until one more is allowed."""
        if not self._rate:
            return 0.0
        return max(0.0, (1.0 - self._allowed) / self._rate)
