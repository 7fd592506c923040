"""What time it is, as events and the log show it (EVENT-2, ORDER-4)."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Give the current UTC with milliseconds, in the 24 octets of the grammar."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class Clock:
    """The time of events, which does not go back, whatever the system's does."""

    def __init__(self) -> None:
        self._latest = ""

    def now(self) -> str:
        """Give the current UTC; should it have gone back, what was given last."""
        self._latest = max(self._latest, utc_now())
        return self._latest
