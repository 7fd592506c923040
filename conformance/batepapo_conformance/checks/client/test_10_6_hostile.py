"""Section 10.6: a hostile server."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from batepapo_conformance.checks.client.stage import BEACON, LEAVING, Stage
from batepapo_conformance.codec import encode
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.process import Stream
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    participants,
    said,
)
from batepapo_conformance.terminal import Terminal
from batepapo_conformance.wire import Wire

_HOSTILE = {
    "clear the screen": b"\x1b[2Jola",
    "a title": b"\x1b]0;ola\x07",
    "carriage return": b"\rola",
    "backspace": b"\x08ola",
    "NUL": b"\x00ola",
    "DEL": b"\x7fola",
    "C1": b"\x9b31mola",
    "UTF-8": "óla".encode(),
    "tab": b"\tola",
}
_WHEN = b"2026-01-31T12:00:00.000Z"

_PLACES = {
    "software": b"BATEPAPO 1 %b\n",
    "text": b"PUBLICA %b beto@- :%%b\n" % _WHEN,
    "nick": b"ENTROU %b %%b@-\n" % _WHEN,
    "reason": b"SAIU %b beto@- :%%b\n" % _WHEN,
    "explanation": b"ERRO 03 fim :%b\n",
    "cause": b"ERRO 03 %b :fim\n",
    "keyword": b"%b oi\n",
    "half a line": b"PUBLICA %b beto@- :%%b" % _WHEN,
}

_MIB = 1 << 20
_GROWTH = 64 * _MIB
"""Octets by which a client may grow: a hundred times what it could need."""
_MANY = 1_000_000
_BATCH = 1000
_TRICKLE, _BREATH = 40, 0.02  # lines, and the seconds after them
_FLOOD_SECONDS = 60.0  # for a slow machine: who keeps within bounds is done at once
_LOOK = 0.2  # seconds between two looks at the memory

# More than the server takes, less than a pipe holds: so the word can be typed.
_LINES = ["x" * 390] * 100

_LEAVES: dict[str, Callable[[Terminal], None]] = {
    "SIGTERM": lambda client: client.terminates(),
    "by word": lambda client: client.types("quit"),
}


@requirement("SAFE-1", "FAIL-4")
@pytest.mark.parametrize("octets", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_no_hostile_octet_of_a_text_gets_through(stage: Stage, octets: bytes) -> None:
    """“MUST NOT write anything ... that a server chose but printable ASCII”."""
    _is_not_shown(stage, _PLACES["text"], octets)


@requirement("SAFE-1", "FAIL-4")
@pytest.mark.parametrize("place", _PLACES.values(), ids=_PLACES.keys())
def test_no_escape_sequence_gets_through_anywhere(stage: Stage, place: bytes) -> None:
    """“anything to its output that a server chose but printable ASCII”."""
    _is_not_shown(stage, place, _HOSTILE["clear the screen"])


def _is_not_shown(stage: Stage, place: bytes, octets: bytes) -> None:
    ana = stage.start("ana")
    wire = stage.accept()
    if not place.startswith(b"BATEPAPO"):
        wire.send(greeting())
        wire.expect("/ENTRAR ana", rule="ASK-1")
        stage.let_in(wire, "ana")
    wire.send_octets(place % octets)
    wire.half_close()
    ana.ends(rule="FAIL-4")
    ana.never_shows(octets, rule="SAFE-1")


@requirement("SAFE-2", "FAIL-4")
def test_an_endless_line_is_not_collected(stage: Stage) -> None:
    """“A client's memory MUST stay bounded whatever a server sends”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    _flood(ana, wire, itertools.repeat(b"x" * 65536, 4096))
    ana.warns("ERRO 04", rule="FAIL-4")
    ana.exits(4, rule="FAIL-4")


@requirement("SAFE-2", "SAFE-3")
def test_output_that_nobody_reads_fills_no_memory(stage: Stage) -> None:
    """“also when nobody reads the client's output”."""
    ana, wire = stage.enter("ana", stdout=Stream.UNREAD)
    _flood(ana, wire, _entries())
    ana.terminates()
    ana.leaves(rule="SAFE-3", within=LEAVING)


@requirement("SAFE-2")
def test_an_endless_list_fills_no_memory(stage: Stage) -> None:
    """“MUST stay bounded whatever a server sends”."""
    patient = stage.testee.has("answer-timeout")
    ana = stage.start("ana", options={"answer-timeout": 60} if patient else {})
    wire = stage.greet("ana")
    _flood(ana, wire, _endless_list())


def _endless_list() -> Iterator[bytes]:
    """The first million nicks of a list that has as many as a list can have."""
    total = 999_999_999
    for end in range(28, _MANY, 28):
        nicks = (f"p{number:015}" for number in range(end - 28, end))
        yield encode(participants(*nicks, remaining=total - end))


def _flood(client: Terminal, wire: Wire, chunks: Iterable[bytes]) -> None:
    """Flood the client and watch its memory meanwhile: it may be gone afterwards."""
    before = client.process.memory()

    def watched() -> Iterator[bytes]:
        looked = time.monotonic()
        for chunk in chunks:
            yield chunk
            if time.monotonic() - looked > _LOOK:
                _bounded(client, before)
                looked = time.monotonic()

    wire.flood(watched(), seconds=_FLOOD_SECONDS)
    _bounded(client, before)


def _bounded(client: Terminal, before: int) -> None:
    grown = client.process.memory() - before
    if grown > _GROWTH:
        expected = f"at most {_GROWTH // _MIB} MiB more than before"
        raise RuleBroken("SAFE-2", expected, f"{grown // _MIB} MiB more")


def _entries() -> Iterator[bytes]:
    """A million people enter, all different."""
    for begin in range(0, _MANY, _BATCH):
        numbers = range(begin, begin + _BATCH)
        yield b"".join(encode(entered(f"p{number}")) for number in numbers)


# ---- SAFE-3 ----


@requirement("SAFE-3", "QUIT-2", "QUIT-3")
@pytest.mark.parametrize("leave", _LEAVES.values(), ids=_LEAVES.keys())
def test_a_flood_keeps_nobody_from_leaving(
    stage: Stage, leave: Callable[[Terminal], None]
) -> None:
    """“QUIT-2 and QUIT-3 MUST hold whatever it sends”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    left_at = 0.0

    def flood_and_leave() -> Iterator[bytes]:
        nonlocal left_at
        line = encode(said(BEACON, "e mais uma"))
        yield from itertools.repeat(line * _BATCH, 20)
        leave(ana)
        left_at = time.monotonic()
        while True:  # it goes on, but leaves the processor to others
            yield line * _TRICKLE
            time.sleep(_BREATH)

    wire.flood(flood_and_leave(), seconds=LEAVING + 1)
    ana.leaves(rule="SAFE-3", within=max(0.5, left_at + LEAVING - time.monotonic()))


@requirement("SAFE-3", "QUIT-2", "QUIT-3")
def test_a_server_that_fails_to_read_or_to_send_keeps_nobody(stage: Stage) -> None:
    """“whatever it sends or fails to read or send”."""
    server = stage.listen(buffer=8192)
    leaving = []
    for name, leave in _LEAVES.items():  # at the same time: each takes its 5 s
        for what in ("unread", "half a line"):
            ana, wire = stage.enter("ana", server=server, who=f"{what}, {name}")
            stage.settle(ana, wire)
            if what == "unread":
                ana.types(*_LINES)
            else:
                wire.send_octets(b"PUBLICA 2026-01-31")
            leave(ana)
            leaving.append((ana, time.monotonic() + LEAVING))
    for ana, deadline in leaving:
        ana.leaves(rule="SAFE-3", within=deadline - time.monotonic())
