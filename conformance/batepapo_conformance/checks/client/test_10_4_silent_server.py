"""Section 10.4: a server that lets the client wait (FAIL-3)."""

import contextlib
import itertools
import socket
import time
from collections.abc import Iterable, Iterator

import pytest

from batepapo_conformance.checks.client.stage import ANSWER, TOLERANCE, Stage
from batepapo_conformance.codec import encode
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    participants,
    refused,
)
from batepapo_conformance.terminal import Terminal
from batepapo_conformance.testee import Endpoint
from batepapo_conformance.wire import Wire

_QUICK = 1.0
# What the suite sees of a beginning may be later than the beginning itself.
_SEEN_LATE = 0.5


class _Patience:
    """How long this client waits: little if it can be told so, its time otherwise."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        quick = stage.testee.has("answer-timeout")
        self.seconds = _QUICK if quick else ANSWER
        self._options = {"answer-timeout": _QUICK} if quick else {}

    def start(self, address: str = "here", port: int | str = "here") -> Terminal:
        """Start such a client as "ana"."""
        return self._stage.start(
            "ana", address=address, port=port, options=self._options
        )

    def greeted(self, *typed: str) -> tuple[Terminal, Wire]:
        """Start such a client, type ahead, and greet it before its time is over."""

        def start() -> Terminal:
            client = self.start()
            if typed:
                client.types(*typed)
            return client

        return self._stage.greet_in_time(start, "ana", patience=self.seconds)

    def runs_out(self, client: Terminal, since: float) -> None:
        """It gives up when its time is over, and not before."""
        left = since + self.seconds + TOLERANCE - time.monotonic()
        client.warns("ERRO 04", rule="FAIL-3", within=max(0.0, left))
        waited = time.monotonic() - since
        if waited < self.seconds - _SEEN_LATE:
            expected = f"patience for {self.seconds:g} s"
            raise RuleBroken("FAIL-3", expected, f"gave up after {waited:.2f} s")
        client.exits(4, rule="FAIL-3")

    def trickle(self, client: Terminal, wire: Wire, pieces: Iterable[bytes]) -> None:
        """Send a piece now and then, until the client ends or should have long."""
        for piece in itertools.islice(pieces, 40):
            wire.send_octets(piece)
            if client.process.wait(self.seconds / 10) is not None:
                break


@pytest.fixture(name="patience")
def _patience(stage: Stage) -> _Patience:
    return _Patience(stage)


@requirement("FAIL-3")
def test_no_greeting(stage: Stage, patience: _Patience) -> None:
    """“No greeting within 10 s after connecting began”."""
    ana = patience.start()
    stage.accept()
    patience.runs_out(ana, time.monotonic())


@requirement("FAIL-3")
def test_half_a_greeting_does_not_extend_the_time(
    stage: Stage, patience: _Patience
) -> None:
    """“No greeting within 10 s” - an octet now and then is none."""
    ana = patience.start()
    wire = stage.accept()
    began = time.monotonic()
    patience.trickle(
        ana, wire, (bytes([octet]) for octet in b"BATEPAPO 1 " + b"x" * 60)
    )
    patience.runs_out(ana, began)


@requirement("FAIL-3")
def test_a_connection_that_is_never_established(
    stage: Stage, patience: _Patience
) -> None:
    """“after connecting began”: the system alone would try for minutes."""
    server = stage.listen(backlog=0)
    with _full(server.endpoint):
        ana = patience.start(*server.endpoint)
        patience.runs_out(ana, time.monotonic())


@contextlib.contextmanager
def _full(endpoint: Endpoint) -> Iterator[None]:
    """Let connections wait to be accepted until the system takes no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.2)
            try:
                filler.connect(endpoint)
            except TimeoutError:
                yield
                return
            except OSError:
                break
        raise NoVerdict("this system does not let a connection wait like that")


@requirement("FAIL-3")
def test_no_answer_to_entering(stage: Stage, patience: _Patience) -> None:
    """“no complete answer within 10 s after `/ENTRAR` was sent”."""
    ana, _ = patience.greeted()
    patience.runs_out(ana, time.monotonic())


@requirement("FAIL-3")
def test_a_list_without_an_entry_is_no_complete_answer(
    stage: Stage, patience: _Patience
) -> None:
    """“no complete answer within 10 s after `/ENTRAR` was sent”."""
    ana, wire = patience.greeted()
    began = time.monotonic()
    wire.send(participants("beto"))
    patience.runs_out(ana, began)


@requirement("FAIL-3")
def test_a_list_that_goes_on_and_on_does_not_extend_the_time(
    stage: Stage, patience: _Patience
) -> None:
    """“no complete answer”: a line now and then does not complete it."""
    ana, wire = patience.greeted()
    began = time.monotonic()
    lines = (
        encode(participants(f"p{number}", remaining=10_000 - number))
        for number in range(10_000)
    )
    patience.trickle(ana, wire, lines)
    patience.runs_out(ana, began)


@requirement("FAIL-3", "TYPE-12")
def test_no_answer_to_a_second_try(stage: Stage, patience: _Patience) -> None:
    """“within 10 s after `/ENTRAR` was sent” - each of them."""
    ana, wire = patience.greeted("beto")
    wire.send(refused("01", "ana"))
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    patience.runs_out(ana, time.monotonic())


@requirement("FAIL-3", "TYPE-12")
def test_whoever_is_asked_for_a_nick_may_think(
    stage: Stage, patience: _Patience
) -> None:
    """“no complete answer within 10 s after `/ENTRAR` was sent” - the server's answer
    is waited for, not the person's.
    """
    ana, wire = patience.greeted()
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    status = ana.process.wait(patience.seconds + TOLERANCE)
    if status is not None:
        raise RuleBroken("FAIL-3", "a nick is waited for", f"exit status {status}")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.send(participants(), entered("beto"))
    ana.types("oi")
    wire.expect(":oi", rule="FAIL-3")


@requirement("FAIL-3")
def test_once_entered_silence_is_no_error(stage: Stage, patience: _Patience) -> None:
    """“No greeting within 10 s [...], or no complete answer”: neither is due any more;
    a quiet room is nothing unusual.
    """
    ana, wire = patience.greeted()
    stage.let_in(wire, "ana")
    status = ana.process.wait(patience.seconds + TOLERANCE)
    if status is not None:
        raise RuleBroken("FAIL-3", "still running", f"exit status {status}")
    stage.settle(ana, wire)
