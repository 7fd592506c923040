"""What time it is, as events and logs show it (EVENT-2)."""

from datetime import UTC, datetime


def utc_now() -> str:
    """Give the current UTC with milliseconds, in the 24 octets of the grammar."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
