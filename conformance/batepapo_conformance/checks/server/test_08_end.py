"""Section 8.1: the end of the server."""

import os
import signal
import time

import pytest

from batepapo_conformance import codec
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.process import Stream
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of
from batepapo_conformance.spec import load
from batepapo_conformance.starting import describe_status

END = load().limits["end"].value
# What starting to watch the clock, and a busy machine, may add.
SLACK = 1.0

either_signal = pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])


def _send(server: Server, name: str) -> float:
    """Send a signal; give the time."""
    if os.name != "posix":
        raise NoVerdict("this system has no signals")
    server.process.signal(signal.Signals[name])
    return time.monotonic()


def _told_to_go(one: Participant) -> None:
    """Insist on `ERRO 03 fim`; departures of others may come before it."""
    form = "ERRO 03 fim :<explanation>"
    message = one.read(form, "END-1")
    while isinstance(message, codec.Left) and str(message.origin) != one.origin:
        message = one.read(form, "END-1")
    if not isinstance(message, codec.Refused) or message.subject != "fim":
        raise RuleBroken("END-1", form, line_of(message))
    one.expect_closed("END-1")


def _ended(server: Server, since: float, seconds: float, rule: str) -> None:
    """Insist that the process ends with status 0, so many seconds after a moment."""
    patience = server.scene.patience.testee.seconds(SLACK)
    left = max(0.0, since + seconds - time.monotonic()) + patience
    status = server.process.wait(left)
    if status is None:
        raise RuleBroken(rule, f"it ends within {seconds:g} s", "it still runs")
    if status != 0:
        broken = "END-1" if rule == "END-2" else rule
        raise RuleBroken(broken, "exit status 0", describe_status(status))


@requirement("END-1", "END-2")
@either_signal
def test_everybody_is_told_of_the_end(serve: Serve, name: str) -> None:
    """“On SIGINT or SIGTERM, every connection that is not being closed already, waiting
    or participant, MUST receive `ERRO 03 fim` as its last line; the departures of
    others may be left out. [...] Then the server exits with status 0.”
    """
    server = serve()
    people = server.participants("ana", "beto", "carla")
    waiting = server.connect("davi")
    since = _send(server, name)
    for one in (*people, waiting):
        _told_to_go(one)
        one.close()
    _ended(server, since, END, "END-2")


@requirement("END-1", "END-2")
def test_an_empty_server_ends_too(serve: Serve) -> None:
    """“Then the server exits with status 0.”"""
    server = serve()
    _ended(server, _send(server, "SIGTERM"), END, "END-2")


@requirement("END-2")
@either_signal
def test_clients_cannot_hold_up_the_end(serve: Serve, name: str) -> None:
    """“All of that MUST take at most 2 s, whatever the clients do”."""
    server = serve(stderr=Stream.UNREAD)
    ana = server.participant("ana")
    _troublesome(server, "SLOW-7", "SLOW-7")  # nobody reads its log
    since = _send(server, name)
    _told_to_go(ana)  # and it does not close its side
    _ended(server, since, END, "END-2")


def _troublesome(
    server: Server, greeting: str = "SERVE-1", refusal: str = "FRAME-4"
) -> None:
    """Clients that do not read, do not say the rest, or do not go.

    Args:
        server: where they go.
        greeting: the rule that is broken if they are not greeted.
        refusal: the rule that is broken if a malformed line is not refused.
    """
    deaf = server.connect("surda", receive_buffer=4096, rule=greeting)
    deaf.send_without_reading("/ENTRAR ana", 100_000)
    server.connect("lenta", rule=greeting).send_pieces(b"/ENTRAR le")
    server.dial("muda")
    refused = server.connect("recusada", rule=greeting)
    refused.pipeline("/tolice")
    refused.expect_forced_out("sintaxe", refusal)


@requirement("END-3")
@pytest.mark.parametrize(
    ("first", "second"), [("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT")]
)
def test_a_second_signal_ends_it_at_once(serve: Serve, first: str, second: str) -> None:
    """“On a second signal the server MUST exit at once, also with status 0.”"""
    server = serve()
    ana = server.participant("ana")
    _troublesome(server)
    _send(server, first)
    _told_to_go(ana)
    since = _send(server, second)
    _ended(server, since, 0, "END-3")
