"""The time of events (EVENT-2, ORDER-4)."""

from datetime import UTC, datetime


class Clock:
    """Tells the time in UTC, and never goes back.

    Not locked: whoever orders the events asks it, one at a time.
    """

    def __init__(self) -> None:
        self._latest = ""

    def now(self) -> str:
        """Give the time as the 24 octets of the grammar."""
        time = datetime.now(UTC).replace(tzinfo=None)
        text = time.isoformat(timespec="milliseconds") + "Z"
        # The order of the texts is the order of the times (section 3).
        self._latest = max(self._latest, text)
        return self._latest
