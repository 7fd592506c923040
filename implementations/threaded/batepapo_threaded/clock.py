"""The time of events and of the log (EVENT-2, ORDER-4)."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Give the current UTC as the 24 octets of the grammar."""
    time = datetime.now(UTC).replace(tzinfo=None)
    return time.isoformat(timespec="milliseconds") + "Z"


class Clock:
    """Tells the time in UTC, and never goes back.

    Not locked: whoever orders the events asks it, one at a time.
    """

    def __init__(self) -> None:
        self._latest = ""

    def now(self) -> str:
        """Give the time, or the latest that was given if that is later."""
        # The order of the texts is the order of the times (section 3).
        self._latest = max(self._latest, utc_now())
        return self._latest
