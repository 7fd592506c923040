"""The record of one check: who sent, received, typed and saw what, and when."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from batepapo_conformance.failure import visible

# A flood of gigabytes must not fill the suite's memory: the beginning of the
# record and its end are what explains a failure.
_FIRST_EVENTS = 2000
_LAST_EVENTS = 2000
_OCTETS_OF_AN_EVENT = 2048
# What a drawing shows of either end.
_DRAWN_FIRST = 60
_DRAWN_LAST = 60
_DRAWN_LINES = 8  # of one event


class Kind(StrEnum):
    """What happened, as the timeline draws it; arrows are seen from the client."""

    SENT = "->"
    RECEIVED = "<-"
    TYPED = "types"
    SHOWN = "shows"
    WARNED = "warns"
    NOTE = "--"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened `seconds` after the record began.

    `octets` are cut after 2048; `size` is how many there were; `text` is what
    a note says.
    """

    seconds: float
    who: str
    kind: Kind
    octets: bytes = b""
    size: int = 0
    text: str = ""


class Exchange:
    """A record that many threads may write to, bounded in memory."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        # Guards both lists and the count; nothing inside can block.
        self._lock = threading.Lock()
        self._first: list[Event] = []
        self._last: list[Event] = []
        self._left_out = 0

    def sent(self, who: str, octets: bytes) -> None:
        """Record octets that went towards the server on the connection of `who`."""
        self._add(who, Kind.SENT, octets)

    def received(self, who: str, octets: bytes) -> None:
        """Record octets that came from the server on the connection of `who`."""
        self._add(who, Kind.RECEIVED, octets)

    def typed(self, who: str, octets: bytes) -> None:
        """Record what was given to the standard input of a client."""
        self._add(who, Kind.TYPED, octets)

    def shown(self, who: str, octets: bytes) -> None:
        """Record what a client wrote to its standard output."""
        self._add(who, Kind.SHOWN, octets)

    def warned(self, who: str, octets: bytes) -> None:
        """Record what a client wrote to its standard error."""
        self._add(who, Kind.WARNED, octets)

    def note(self, who: str, text: str) -> None:
        """Record what is not octets: connecting, half-closing, the end of a stream."""
        self._add(who, Kind.NOTE, b"", text)

    def _add(self, who: str, kind: Kind, octets: bytes, text: str = "") -> None:
        seconds = time.monotonic() - self._began
        kept = bytes(octets[:_OCTETS_OF_AN_EVENT])
        event = Event(seconds, who, kind, kept, len(octets), text)
        with self._lock:
            if len(self._first) < _FIRST_EVENTS:
                self._first.append(event)
                return
            self._last.append(event)
            if len(self._last) >= 2 * _LAST_EVENTS:
                del self._last[:_LAST_EVENTS]
                self._left_out += _LAST_EVENTS

    def events(self) -> list[Event]:
        """Everything that is still kept, in order."""
        with self._lock:
            return self._first + self._last

    def draw(self, width: int = 80) -> str:
        """The timeline, one line an event, none wider than `width` columns.

        Octets that one side gave in several pieces with nothing between them
        are drawn as one, with the number of pieces.
        """
        with self._lock:
            lines = list(_draw(_joined(self._first + self._last), width))
            left_out = self._left_out
        if len(lines) > _DRAWN_FIRST + _DRAWN_LAST:
            hidden = len(lines) - _DRAWN_FIRST - _DRAWN_LAST
            more = f" and {left_out} events" if left_out else ""
            lines[_DRAWN_FIRST:-_DRAWN_LAST] = [f"    ... {hidden} lines{more} ..."]
        return "\n".join(lines)


@dataclass(slots=True)
class _Joined:
    """Events of one kind that followed each other without another between."""

    first: Event
    octets: bytearray
    size: int
    pieces: int


def _joined(events: list[Event]) -> Iterator[_Joined]:
    current: _Joined | None = None
    for event in events:
        if (
            current is not None
            and event.kind is not Kind.NOTE
            and (event.who, event.kind) == (current.first.who, current.first.kind)
        ):
            if len(current.octets) < 16 * _OCTETS_OF_AN_EVENT:
                current.octets += event.octets
            current.size += event.size
            current.pieces += 1
            continue
        if current is not None:
            yield current
        current = _Joined(event, bytearray(event.octets), event.size, 1)
    if current is not None:
        yield current


def _draw(happenings: Iterator[_Joined], width: int) -> Iterator[str]:
    for happening in happenings:
        first = happening.first
        head = f"{first.seconds:8.3f}  {first.who:<10.10} {first.kind:<5} "
        if first.kind is Kind.NOTE:
            yield _cut(head + first.text, width)
            continue
        blank = " " * len(head)
        lines = bytes(happening.octets).splitlines(keepends=True) or [b""]
        hidden = happening.size - len(happening.octets)
        pieces = f" ({happening.pieces} pieces)" if happening.pieces > 1 else ""
        shown = [_shown_line(line) for line in lines]
        if len(shown) > 2 * _DRAWN_LINES:
            left_out = f"... {len(shown) - 2 * _DRAWN_LINES} lines ..."
            shown[_DRAWN_LINES:-_DRAWN_LINES] = [left_out]
        for index, line in enumerate(shown):
            yield _cut((blank if index else head) + line, width)
        if pieces or hidden > 0:
            more = f"{hidden} octets more" if hidden > 0 else ""
            yield _cut(f"{blank}{more}{pieces}".rstrip(), width)


def _shown_line(line: bytes) -> str:
    # The LF of a whole line goes without saying; anything else is shown.
    if line.endswith(b"\n"):
        return visible(line[:-1])
    return visible(line) + " (no LF)"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
