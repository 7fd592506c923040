"""Sections 6.4 and 6.5: the end of a stream, and how a server closes."""

import time

import pytest

from batepapo_conformance import kernel
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.spec import load
from batepapo_conformance.testee import Testee

DRAIN = load().limits["drain"].value
FLUSH = load().limits["flush"].value
TOLERANCE = 2.0
"""By how many seconds a time limit may act late (section 1.5)."""


@requirement("EOF-1")
def test_every_line_before_a_half_close_is_answered(server: Server) -> None:
    """“Every complete line that a client sent before it ended its stream (FIN) MUST be
    carried out; a client that only half-closed MUST receive all its replies and echoes
    up to there. Then its participation ends (LEAVE-3) and the server closes.”
    """
    beto = server.participant("beto")
    ana = server.connect("ana")
    ana.send("/ENTRAR ana", ":oi", "beto:psiu", "/USUARIOS", "ninguem:oi", ":tchau")
    ana.half_close()
    ana.expect_own_entry(present=["beto"], rule="EOF-1")
    ana.expect_public(ana, "oi", "EOF-1")
    ana.expect_sent("beto", "EOF-1")
    ana.expect_list(["beto", "ana"], "EOF-1")
    ana.expect_error("02", "ninguem", "EOF-1")
    ana.expect_public(ana, "tchau", "EOF-1")
    ana.expect_closed("EOF-1")
    beto.expect_entered(ana)
    beto.expect_public(ana, "oi")
    beto.expect_private(ana, "psiu")
    beto.expect_public(ana, "tchau", "EOF-1")
    beto.expect_left(ana, "LEAVE-3")


@requirement("EOF-1")
def test_a_waiting_connection_may_end_its_stream(serve: Serve) -> None:
    """“Then its participation ends (LEAVE-3) and the server closes.”"""
    server = serve()
    ana = server.participant("ana")
    beto = server.connect("beto")
    beto.send("/ENTRAR ana")
    beto.half_close()
    beto.expect_error("01", "ana", "EOF-1")
    beto.expect_closed("EOF-1")
    carla = server.connect("carla")
    carla.half_close()
    carla.expect_closed("EOF-1")
    ana.barrier("STATE-5")


@requirement("EOF-1")
def test_many_lines_before_a_half_close(serve: Serve) -> None:
    """“Every complete line that a client sent before it ended its stream (FIN) MUST be
    carried out”.
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    ana.pipeline(*(f":{number}" for number in range(3000)))
    ana.half_close()
    for one in (ana, beto):
        for number in range(3000):
            one.expect_public(ana, str(number), "EOF-1")
    ana.expect_closed("EOF-1")
    beto.expect_left(ana, "LEAVE-3")


PARTIAL = [
    b":meia frase",
    b":oi\r",
    b"beto:oi",
    b"/SAIR",
    b"{quit}",
    b"/USUARIOS",
    b"/",
]


@requirement("EOF-2")
def test_a_partial_last_line_is_dropped(server: Server) -> None:
    """“A partial last line MUST be dropped, whatever it holds, and MUST NOT be carried
    out.”
    """
    beto = server.participant("beto")
    for octets in PARTIAL:
        ana = server.participant("ana")
        ana.send(":inteira")
        ana.send_octets(octets)
        ana.half_close()
        ana.expect_public(ana, "inteira")
        ana.expect_closed("EOF-2")
        beto.expect_public(ana, "inteira")
        beto.expect_left(ana, "EOF-2")
    beto.barrier("EOF-2")


@requirement("EOF-2")
def test_a_partial_first_line_does_not_enter(serve: Serve) -> None:
    """“A partial last line MUST be dropped, whatever it holds”."""
    server = serve()
    beto = server.participant("beto")
    for octets in (b"/ENTRAR ana", b"/ENTRAR ana\r", b"/ENT"):
        ana = server.connect("ana")
        ana.send_octets(octets)
        ana.half_close()
        ana.expect_closed("EOF-2")
    beto.barrier("EOF-2")


@requirement("EOF-2")
def test_a_partial_line_before_a_full_close_is_dropped(serve: Serve) -> None:
    """“A partial last line MUST be dropped, whatever it holds”."""
    server = serve()
    beto = server.participant("beto")
    for octets in PARTIAL:
        ana = server.participant("ana")
        ana.send_octets(octets)
        ana.close()
        beto.expect_left(ana, "EOF-2")
    beto.barrier("EOF-2")


@requirement("EOF-2")
def test_a_partial_line_with_a_fault_is_answered_or_dropped(serve: Serve) -> None:
    """“If it held a fault that was answered at once (FRAME-4, FRAME-5), that answer
    stands.”
    """
    server = serve()
    beto = server.participant("beto")
    for octets in (b"/tolice", b":ol\xc3\xa1", b"1ana:", b":oi\rtchau"):
        ana = server.participant("ana")
        ana.send_octets(octets)
        ana.half_close()
        ana.expect_maybe_forced_out("sintaxe", "EOF-2")
        beto.expect_left(ana, "EOF-2")
    beto.barrier("EOF-2")


@requirement("EOF-3")
def test_a_failed_write_does_not_end_what_was_received(serve: Serve) -> None:
    """“A failed write alone MUST NOT end anything: what the server has received from
    that connection by then is carried out as usual.”

    The lines come in one small segment: who has read the first has read them all.
    Their echoes go to a connection that is closed already.
    """
    server = serve()
    beto = server.participant("beto")
    for _ in range(5):
        ana = server.participant("ana")
        ana.send_pieces(b":um\n:dois\n:tres\n:quatro\n/SAIR\n")
        ana.close()
        for text in ("um", "dois", "tres", "quatro"):
            beto.expect_public(ana, text, "EOF-3")
        beto.expect_left(ana, "EOF-3")
    beto.barrier("EOF-3")


@requirement("CLOSE-1")
@pytest.mark.parametrize("entered", [False, True], ids=["waiting", "participant"])
def test_the_error_reaches_a_client_that_is_still_sending(
    serve: Serve, *, entered: bool
) -> None:
    """“Every line that the server sent before closing MUST reach a client that reads,
    also when that client is still sending: the server flushes, shuts down writing,
    reads and discards what still comes, and only then closes.”
    """
    server = serve()
    for number in range(3):
        ana = server.connect(f"ana-{number}")
        if entered:
            ana.enter()
        rest = (":" + "a" * 400,) * 1500
        ana.pipeline("/tolice", *rest)  # 600 KB
        ana.expect_forced_out("sintaxe", "CLOSE-1")


@requirement("CLOSE-1", "LEAVE-1")
def test_the_farewell_reaches_a_client_that_is_still_sending(serve: Serve) -> None:
    """“Every line that the server sent before closing MUST reach a client that reads,
    also when that client is still sending”.
    """
    server = serve()
    for word in ("/SAIR", "{quit}"):
        ana = server.participant("ana")
        ana.pipeline(":adeus", word, *[":" + "a" * 400] * 1500)
        ana.expect_public(ana, "adeus")
        ana.expect_left(ana, "CLOSE-1")
        ana.expect_closed("CLOSE-1")
        stranger = server.connect("outra")
        stranger.pipeline(word, *[":" + "a" * 400] * 1500)
        stranger.expect_closed("CLOSE-1")


@requirement("CLOSE-1", "STATE-3")
def test_what_was_due_before_the_error_comes_first(serve: Serve) -> None:
    """“Every line that the server sent before closing MUST reach a client that
    reads”.
    """
    server = serve()
    ana = server.participant("ana")
    texts = [f"{number:<400}" for number in range(1000)]
    ana.pipeline(*(f":{text}" for text in texts), "/tolice", *["/USUARIOS"] * 1000)
    for text in texts:
        ana.expect_public(ana, text, "CLOSE-1")
    ana.expect_forced_out("sintaxe", "CLOSE-1")


@requirement("CLOSE-2", "CLOSE-1")
def test_politeness_has_an_end(serve: Serve, testee: Testee) -> None:
    """“Flushing is given up when it does not advance for 5 s, and reading and
    discarding ends with the client's end of stream or 5 s after shutting down writing.
    Then the connection MUST be closed.”
    """
    entry = 1.0 if testee.has("entry-timeout") else 30.0
    server = serve(options={"entry-timeout": 1} if entry < 30 else None)
    server.participant("ana")
    deaf = server.connect("surda", receive_buffer=4096)
    deaf.send_without_reading("/ENTRAR ana", 300_000)  # until its time to enter is over

    sender = server.connect("insistente")
    sender.pipeline("/tolice")
    sender.expect_forced_out("sintaxe", "FRAME-4")
    _send_until_it_is_closed(sender)
    # By now the deaf one has been told `tempo`, or would have been: it is flushed
    # for 5 s, and whoever then shuts down writing may discard for 5 s more.
    within = entry + FLUSH + DRAIN + 2 * TOLERANCE + server.scene.prompt
    _wait_until_it_is_closed(deaf, within)


def _send_until_it_is_closed(one: Participant) -> None:
    """Go on sending after the end of the server's stream: a closed one resets."""
    begin, seconds = time.monotonic(), 0.0
    while not one.connection.is_reset:
        one.connection.offer(b"a")
        time.sleep(0.1)
        seconds = time.monotonic() - begin
        if seconds > DRAIN + TOLERANCE + one.scene.prompt:
            raise RuleBroken(
                "CLOSE-2", f"the connection is closed after {DRAIN} s", "it is not"
            )
    # The server's stream ended a little earlier than it was seen to end.
    if seconds < DRAIN - 0.5:
        raise RuleBroken("CLOSE-1", f"no reset for {DRAIN} s", f"{seconds:.1f} s")


def _wait_until_it_is_closed(one: Participant, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (end := kernel.other_end(one.connection.socket)) is not None and end.held:
        if time.monotonic() > deadline:
            raise RuleBroken("CLOSE-2", "the connection is closed", "it is not")
        time.sleep(0.1)
