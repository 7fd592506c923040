"""How fast one connection is read (LIMIT-4)."""


class Pace:
    """Lines per second, with at most one second's worth at once. Pure.

    Args:
        rate: in lines per second; 0 is no limit.
    """

    def __init__(self, rate: int) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._ahead = max(0.0, 1 - self._interval)
        self._due = 0.0  # when the next line would be due at a perfectly even pace

    def wait(self, now: float) -> float:
        """Take one line's turn, and give the seconds until it comes."""
        if not self._interval:
            return 0.0
        self._due = max(self._due, now)
        wait = max(0.0, self._due - self._ahead - now)
        self._due += self._interval
        return wait
