"""A recording: everything that happened on many connections, as JSON Lines.

The format is described in `conformance/RECORDING.md`. A header comes first, then one
object a happening in the order in which they happened, and at last the end, which
says whether everything had come to rest. Whoever records writes down what a client
sent *before* the server can have it; so an answer never stands before its question.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

FORMAT: Final = "batepapo/recording/1"
_ENOUGH: Final = 60  # characters of a bad line that an error shows


class Kind(StrEnum):
    """What can happen on a connection; seen from its client."""

    CONNECTED = "connected"
    SENT = "sent"
    RECEIVED = "received"
    CLIENT_ENDED = "client ended"
    SERVER_ENDED = "server ended"
    CLIENT_RESET = "client reset"
    SERVER_RESET = "server reset"
    STALLED = "stalled"
    FLOWING = "flowing"


class Happening(NamedTuple):
    """Something that happened on one connection.

    Attributes:
        seconds: since the recording began, by a clock that nobody sets.
        connection: its name, unique in the recording.
        kind: what it was.
        octets: what was sent or received, as it came; empty for other kinds.
        seen_as: for `CONNECTED`, as `ADDRESS:PORT`, from where the server sees the
            connection, if that is known; empty for other kinds.
    """

    seconds: float
    connection: str
    kind: Kind
    octets: bytes = b""
    seen_as: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a recording.

    Attributes:
        of: what was recorded, in words.
        when: UTC, as RFC 3339 writes it.
        whole: whether every connection of the server is in this recording. If not,
            people of whom it knows nothing may be in the room.
    """

    of: str
    when: str
    whole: bool


@dataclass(frozen=True, slots=True)
class End:
    """The last line of a recording.

    Attributes:
        seconds: since the recording began.
        settled: whether everything that was due had time to come: then what has not
            come is lost. If not, nobody knows.
        held: connections on which octets still waited to be carried to one side.
    """

    seconds: float
    settled: bool
    held: frozenset[str] = frozenset()


class BadRecording(Exception):
    """A file is no recording: the fault of whoever wrote it; says in which line."""


class Recorder:
    """Writes a recording. One thread writes at a time.

    Args:
        file: where to; text, and kept open by whoever opened it.
        of: what is recorded, in words.
        whole: whether every connection of the server will be in it.
    """

    def __init__(self, file: IO[str], *, of: str, whole: bool) -> None:
        self._write: Callable[[str], object] = file.write
        self._began = time.monotonic()
        self._last = 0.0
        when = datetime.now(UTC).isoformat(timespec="milliseconds")
        when = when.replace("+00:00", "Z")
        header = {"format": FORMAT, "of": of, "when": when, "whole": whole}
        self._write(json.dumps(header) + "\n")

    @property
    def quiet(self) -> float:
        """Seconds since something happened."""
        return time.monotonic() - self._began - self._last

    def connected(self, connection: str, *, client: str, seen_as: str) -> None:
        """Write down a new connection: where from, and from where for the server."""
        more = f',"client":{json.dumps(client)},"seen_as":{json.dumps(seen_as)}'
        self._happened(connection, Kind.CONNECTED, more)

    def sent(self, connection: str, octets: bytes) -> None:
        """Write down octets of the client, before the server can have them."""
        self._carried(connection, Kind.SENT, octets)

    def received(self, connection: str, octets: bytes) -> None:
        """Write down octets of the server."""
        self._carried(connection, Kind.RECEIVED, octets)

    def happened(self, connection: str, kind: Kind) -> None:
        """Write down the end of a stream, a reset, or that octets wait."""
        self._happened(connection, kind, "")

    def end(self, *, settled: bool, held: Iterable[str] = ()) -> None:
        """Write the last line (see `End`)."""
        seconds = round(time.monotonic() - self._began, 6)
        last = {"at": seconds, "kind": "end", "settled": settled}
        self._write(json.dumps(last | {"held": sorted(held)}) + "\n")

    def _carried(self, connection: str, kind: Kind, octets: bytes) -> None:
        text = json.dumps(octets.decode("latin-1"))
        self._happened(connection, kind, f',"octets":{text}')

    def _happened(self, connection: str, kind: Kind, more: str) -> None:
        self._last = time.monotonic() - self._began
        head = f'"at":{self._last:.6f},"connection":{json.dumps(connection)}'
        self._write(f'{{{head},"kind":"{kind}"{more}}}\n')


def write(
    path: Path, header: Header, happenings: Iterable[Happening], end: End | None
) -> None:
    """Write a whole recording that was made otherwise; without `end`, a cut one."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        first = {"format": FORMAT, "of": header.of, "when": header.when}
        file.write(json.dumps(first | {"whole": header.whole}) + "\n")
        for one in happenings:
            line: dict[str, object] = {
                "at": one.seconds,
                "connection": one.connection,
                "kind": one.kind,
            }
            if one.kind in (Kind.SENT, Kind.RECEIVED):
                line["octets"] = one.octets.decode("latin-1")
            elif one.seen_as:
                line["seen_as"] = one.seen_as
            file.write(json.dumps(line) + "\n")
        if end is not None:
            last = {"at": end.seconds, "kind": "end", "settled": end.settled}
            file.write(json.dumps(last | {"held": sorted(end.held)}) + "\n")


class Recording:
    """Reads a recording, line by line; nothing of it is kept.

    Args:
        lines: the lines of the file.

    Attributes:
        header: its first line.
        end: its last line; `None` before it has been read, and in a recording that
            was cut.

    Raises:
        BadRecording: the first line is no header.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = enumerate(lines, start=1)
        self.header = self._read_header()
        self.end: End | None = None

    def __iter__(self) -> Iterator[Happening]:
        """Give every happening, in order.

        Raises:
            BadRecording: a line is none of this format.
        """
        kinds = {str(kind): kind for kind in Kind}
        before = 0.0
        for number, line in self._lines:
            try:
                data = json.loads(line)
                at: float = data["at"]
                kind = kinds.get(data["kind"])
                if kind is None:
                    self._read_end(number, line, data)
                    return
                octets = data.get("octets", "").encode("latin-1")
                one = Happening(at, str(data["connection"]), kind, octets)
                if kind is Kind.CONNECTED:
                    one = one._replace(seen_as=str(data.get("seen_as", "")))
                if at < before:
                    raise _bad(number, line, f"time goes back from {before}")
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise _bad(number, line, _said(error)) from None
            before = at
            yield one

    def _read_header(self) -> Header:
        number, line = next(self._lines, (1, ""))
        try:
            data = json.loads(line)
            if data["format"] != FORMAT:
                raise _bad(number, line, f"a format other than {FORMAT}")
            return Header(str(data["of"]), str(data["when"]), bool(data["whole"]))
        except (ValueError, TypeError, KeyError) as error:
            raise _bad(number, line, f"no header: {_said(error)}") from None

    def _read_end(self, number: int, line: str, data: dict[str, Any]) -> None:
        if data["kind"] != "end":
            raise _bad(number, line, f"unknown kind {data['kind']!r}")
        self.end = End(
            data["at"], data["settled"] is True, frozenset(data.get("held", ()))
        )
        more = next(self._lines, None)
        if more is not None:
            raise _bad(*more, "something after the end")


def _said(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"not JSON: {error.msg} at character {error.pos + 1}"
        case KeyError():
            return f"lacks {error.args[0]!r}"
        case UnicodeEncodeError():
            return "a character beyond U+00FF stands for no octet"
        case _:
            return f"a value of the wrong kind ({error})"


def _bad(number: int, line: str, what: str) -> BadRecording:
    start = line.rstrip("\n")
    start = start if len(start) <= _ENOUGH else start[:_ENOUGH] + "..."
    return BadRecording(f"line {number}: {what}: {start}")
