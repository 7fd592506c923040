"""Small parts: the clock, the pace, the outbox, the log."""

import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from batepapo_threaded import log as log_module
from batepapo_threaded import server
from batepapo_threaded.clock import Clock
from batepapo_threaded.log import Log
from batepapo_threaded.outbox import Outbox
from batepapo_threaded.pace import Pace
from batepapo_threaded.printer import Printer
from batepapo_threaded.sockets import address_text, is_address, is_port
from batepapo_threaded.words import Language, Words


def test_the_clock_has_the_form_of_the_grammar_and_never_goes_back() -> None:
    clock = Clock()
    times = [clock.now() for _ in range(100)]
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time) for time in times
    )
    assert times == sorted(times)


def test_the_pace_allows_one_second_worth_at_once() -> None:
    pace = Pace(5, now=0.0)
    assert pace.lines(0.0) == 5
    pace.took(5)
    assert pace.lines(0.1) == 0
    assert pace.seconds_until_next() == pytest.approx(0.1)
    assert pace.lines(0.41) == 2
    assert pace.lines(100.0) == 5


def test_no_pace_is_no_limit() -> None:
    pace = Pace(0, now=0.0)
    assert pace.lines(0.0) > 1_000_000
    assert pace.seconds_until_next() == 0.0


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    with ours, theirs:
        yield ours, theirs


def read_to_end(sock: socket.socket) -> bytes:
    pieces = []
    while piece := sock.recv(65_536):
        pieces.append(piece)
    return b"".join(pieces)


def test_an_outbox_keeps_what_the_system_refuses_and_sends_it_later(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], limit=10_000_000)
    sent = b"".join(b"%07d\n" % number for number in range(500_000))
    assert outbox.put(sent[:2_000_000])
    assert outbox.put(sent[2_000_000:])
    assert not outbox.is_empty
    outbox.finish()
    assert read_to_end(pair[1]) == sent
    outbox.wait_until_ended()
    assert outbox.is_empty


def test_an_outbox_is_bounded(pair: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(pair[0], limit=1000)
    while outbox.is_empty:
        assert outbox.put(b"x" * 500)
    assert not outbox.put(b"x" * 1001)
    assert outbox.stuck_for(monotonic() + 5) >= 5
    outbox.abort()
    outbox.wait_until_ended()
    assert outbox.put(b"x" * 5000)  # EOF-3


def test_a_broken_connection_swallows_what_is_sent(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], limit=10)
    pair[1].close()
    for _ in range(3):
        assert outbox.put(b"x" * 100)
    assert outbox.is_empty


def test_a_log_that_nobody_reads_stalls_nobody() -> None:
    reading, writing = os.pipe()
    nobody = threading.Event()

    def sink(octets: bytes) -> None:
        os.write(writing, octets)
        nobody.wait(30)

    printer = Printer()
    begin = monotonic()
    for _ in range(1000):
        printer.put(sink, b"x" * 1000)
    assert monotonic() - begin < 5
    assert printer.size > 900_000
    nobody.set()
    os.close(reading)
    printer.flush(10)
    assert printer.size == 0
    os.close(writing)


def test_a_log_file_is_rotated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(log_module, "_ROTATE_AT", 1000)
    path = tmp_path / "log"
    for number in range(0, 100, 5):
        log = Log(Words(Language.ENGLISH), path)
        for line in range(number, number + 5):
            log.write(f"line {line}")
        log.close(10)
    lines = capfd.readouterr().err.splitlines()
    kept = path.with_name("log.1").read_text() + path.read_text()
    assert len(lines) == 100
    assert path.stat().st_size <= 1000
    assert kept.splitlines() == lines[-len(kept.splitlines()) :]


def test_addresses_and_ports() -> None:
    assert address_text("127.0.0.1") == "127.0.0.1"
    assert address_text("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_text("fe80::1%lo") == "[fe80::1]"
    assert is_address("::1")
    assert not any(map(is_address, ("", "localhost", "127.1", "127.0.0.01", "[::1]")))
    assert is_port("0")
    assert is_port("65535")
    assert not any(map(is_port, ("", "00", "65536", "-1", "+1", "１", "1\n")))


@pytest.mark.parametrize(
    ("address", "shows"),
    [("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", False), ("::", False)],
)
def test_only_the_loopback_shows_addresses_without_being_told(
    address: str, shows: bool
) -> None:
    """EVENT-4."""
    assert server._is_loopback(address) is shows
