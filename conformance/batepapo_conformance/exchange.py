"""The record of one check: who sent, received, typed and saw what, and when."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from batepapo_conformance.failure import NO_END, lines_in, visible_line

# A flood of gigabytes must not fill the suite's memory: the beginning of the
# record and its end are what explains a failure.
_FIRST_EVENTS = 2000
_LAST_EVENTS = 2000
_OCTETS_OF_AN_EVENT = 2048
# What a drawing shows of either end.
_DRAWN_FIRST = 60
_DRAWN_LAST = 60
_DRAWN_LINES = 8  # of one event
_LONG = 256  # octets; how many a longer line has is told
# What a result carries of either end, to be drawn elsewhere.
_OUTLINED_FIRST = 60
_OUTLINED_LAST = 60


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
    a note says; `pieces` counts in how many the octets went.
    """

    seconds: float
    who: str
    kind: Kind
    octets: bytes = b""
    size: int = 0
    text: str = ""
    pieces: int = 1

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs; an octet is the character of the same number."""
        return {
            "seconds": round(self.seconds, 6),
            "who": self.who,
            "kind": self.kind.name.lower(),
            "octets": self.octets.decode("latin-1"),
            "size": self.size,
            "text": self.text,
            "pieces": self.pieces,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Event":
        """What `as_json` made."""
        kind = Kind[data["kind"].upper()]
        octets = data["octets"].encode("latin-1")
        return cls(**{**data, "kind": kind, "octets": octets})


class Exchange:
    """A record that many threads may write to, bounded in memory."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        # Guards both lists and the count; nothing inside can block.
        self._lock = threading.Lock()
        self._first: list[Event] = []
        self._last: list[Event] = []
        self._left_out = 0
        self._proof: tuple[list[Event], str] | None = None

    def sent(self, who: str, octets: bytes, pieces: int = 1) -> None:
        """Record octets that went towards the server on the connection of `who`."""
        self._add(who, Kind.SENT, octets, pieces=pieces)

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

    def _add(
        self, who: str, kind: Kind, octets: bytes, text: str = "", pieces: int = 1
    ) -> None:
        seconds = time.monotonic() - self._began
        kept = bytes(octets[:_OCTETS_OF_AN_EVENT])
        event = Event(seconds, who, kind, kept, len(octets), text, pieces)
        with self._lock:
            if len(self._first) < _FIRST_EVENTS:
                self._first.append(event)
                return
            self._last.append(event)
            if len(self._last) >= 2 * _LAST_EVENTS:
                del self._last[:_LAST_EVENTS]
                self._left_out += _LAST_EVENTS

    def prove(self, events: Iterable[Event], drawing: str) -> None:
        """Show these few in place of thousands: a judge has found that they matter.

        Args:
            events: what proves the failure.
            drawing: the same, drawn for a terminal.
        """
        self._proof = list(events), drawing

    def events(self) -> list[Event]:
        """Everything that is still kept, in order."""
        with self._lock:
            return self._first + self._last

    def outline(self) -> tuple[Event, ...]:
        """What a reader needs, as data: pieces joined, the middle of a long one cut."""
        if self._proof is not None:
            return tuple(self._proof[0])
        with self._lock:
            events = [_cut_short(one) for one in _joined(self._first + self._last)]
            left_out = self._left_out
        hidden = len(events) - _OUTLINED_FIRST - _OUTLINED_LAST
        if hidden > 0:
            place = events[_OUTLINED_FIRST]
            text = f"... {hidden + left_out} events ..."
            gap = Event(place.seconds, place.who, Kind.NOTE, text=text)
            events[_OUTLINED_FIRST:-_OUTLINED_LAST] = [gap]
        return tuple(events)

    def draw(self, width: int = 80) -> str:
        """The timeline, one line an event, none wider than `width` columns.

        Octets that one side gave in several pieces with nothing between them
        are drawn as one, with the number of pieces.
        """
        if self._proof is not None:
            return self._proof[1]
        with self._lock:
            lines = list(_draw(_joined(self._first + self._last), width))
            left_out = self._left_out
        if len(lines) > _DRAWN_FIRST + _DRAWN_LAST:
            hidden = len(lines) - _DRAWN_FIRST - _DRAWN_LAST
            more = f" and {left_out} events" if left_out else ""
            lines[_DRAWN_FIRST:-_DRAWN_LAST] = [f"    ... {hidden} lines{more} ..."]
        return "\n".join(lines)


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """Events of one kind that followed each other without another between, as one."""
    current: list[Event] = []
    for event in events:
        if current and not _goes_on(current[0], event):
            yield _as_one(current)
            current = []
        current.append(event)
    if current:
        yield _as_one(current)


def _goes_on(first: Event, event: Event) -> bool:
    same = (event.who, event.kind) == (first.who, first.kind)
    return same and event.kind is not Kind.NOTE


def _as_one(events: list[Event]) -> Event:
    octets = b"".join(event.octets for event in events)
    return replace(
        events[0],
        octets=octets[: 16 * _OCTETS_OF_AN_EVENT],
        size=sum(event.size for event in events),
        pieces=sum(event.pieces for event in events),
    )


def _cut_short(event: Event) -> Event:
    return replace(event, octets=event.octets[:_OCTETS_OF_AN_EVENT])


def _draw(happenings: Iterator[Event], width: int) -> Iterator[str]:
    for happening in happenings:
        head = f"{happening.seconds:8.3f}  {happening.who:<10.10} {happening.kind:<5} "
        if happening.kind is Kind.NOTE:
            yield _cut(head + happening.text, width)
            continue
        blank = " " * len(head)
        lines = lines_in(happening.octets) or [b""]
        hidden = happening.size - len(happening.octets)
        pieces = f" ({happening.pieces} pieces)" if happening.pieces > 1 else ""
        room = width - len(head)
        left_out = len(lines) - 2 * _DRAWN_LINES
        if left_out > 0:  # before they are drawn: it may be a flood
            lines[_DRAWN_LINES:-_DRAWN_LINES] = []
        shown = [_shown_line(line, room) for line in lines]
        if hidden > 0 and not lines[-1].endswith(b"\n"):
            # Nobody knows where it ends.
            shown[-1] = _cut(visible_line(lines[-1]).removesuffix(NO_END) + "...", room)
        if left_out > 0:
            shown.insert(_DRAWN_LINES, f"... {left_out} lines ...")
        for index, line in enumerate(shown):
            yield _cut((blank if index else head) + line, width)
        if pieces or hidden > 0:
            more = f"{hidden} octets more" if hidden > 0 else ""
            yield _cut(f"{blank}{more}{pieces}".rstrip(), width)


def _shown_line(line: bytes, room: int) -> str:
    """One line in so many columns; what says where it ends is not cut off."""
    text = visible_line(line)
    if len(text) <= room:
        return text
    open_end = not line.endswith(b"\n")
    if len(line) > _LONG:
        end = f"... ({len(line)} octets{', no LF' if open_end else ''})"
    else:
        end = "..." + (NO_END if open_end else "")
    return text[: room - len(end)] + end


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
