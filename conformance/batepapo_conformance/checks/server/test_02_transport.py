"""Section 2: transport and framing."""

import itertools
import socket
import time

from batepapo_conformance import kernel
from batepapo_conformance.connection import Ending
from batepapo_conformance.delivery import wait_until_read
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server

KEEPALIVE = 60.0


@requirement("TCP-1")
def test_a_conversation_runs_over_one_connection_over_ipv4(serve: Serve) -> None:
    """“Every conversation MUST run over one TCP connection over IPv4, from the client
    to the server's address and port.”
    """
    server = serve()
    ana = server.connect("ana")
    if ana.connection.socket.family != socket.AF_INET:
        raise NoVerdict("the testee was given at an IPv6 address")
    ana.enter()
    ana.send(":oi")
    _insist_that_it_goes_on(ana)
    ana.expect_public(ana, "oi")
    ana.leave()


def _insist_that_it_goes_on(one: Participant) -> None:
    """Insist that the stream has not ended without a word."""
    expected = f"PUBLICA <time> {one.origin} :oi, on the same connection"
    got = one.listen(expected, "PUBLIC-1")
    if isinstance(got, Ending):
        raise RuleBroken("TCP-1", expected, got.value)
    one.connection.put_back(got)


@requirement("TCP-2")
def test_ipv6_changes_nothing_else(serve: Serve) -> None:
    """“A server MAY listen on an IPv6 address [...]; nothing else in this
    specification changes.”
    """
    server = serve(address=_ipv6_loopback())
    ana, beto = server.participants("ana", "beto")
    server.say_in_turn([ana, beto], "PUBLIC-1")
    port = beto.connection.local.port
    for who, shown in ((beto, f"beto@[::1]:{port}"), (ana, ana.origin)):
        if who.origin != shown:
            rule = "EVENT-4" if who.origin.endswith("@-") else "EVENT-3"
            raise RuleBroken(rule, shown, who.origin.encode("ascii"))
    beto.leave()
    ana.expect_left(beto)


def _ipv6_loopback() -> str:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        raise NoVerdict("this machine has no IPv6") from None
    return "::1"


@requirement("TCP-3")
def test_keepalive_is_switched_on(serve: Serve) -> None:
    """“A server MUST have TCP keepalive switched on for every accepted connection,
    so that after at most 60 s of silence the system begins to ask”.
    """
    server = serve()
    waiting, entered = server.connect("ana"), server.participant("beto")
    for one in (waiting, entered):
        seconds = _next_question(one)
        if seconds is None or not 0 < seconds <= KEEPALIVE:
            found = "no keepalive" if seconds is None else f"in {seconds:.0f} s"
            raise RuleBroken("TCP-3", f"keepalive asks within {KEEPALIVE:.0f} s", found)


def _next_question(one: Participant) -> float | None:
    """Seconds until the server's system asks; once nothing else is on its clock."""
    deadline = time.monotonic() + one.scene.prompt
    while time.monotonic() < deadline:
        end = kernel.other_end(one.connection.socket)
        if end is None:
            raise NoVerdict("the server's end of a connection cannot be seen here")
        if end.keepalive is not None:
            return end.keepalive
        if not end.unsent:  # else its timer is for sending again
            return None
        time.sleep(0.01)
    return None


@requirement("FRAME-1")
def test_every_line_is_derived_by_the_grammar(serve: Serve) -> None:
    """“What is sent MUST be a sequence of lines, each derived by the grammar [...]
    and ended by LF alone.”

    One session with every message of a server; reading is what checks them.
    """
    server = serve()
    ana = server.participant("ana")
    other = server.connect("outra")
    other.send("/ENTRAR ana")
    other.expect_error("01", "ana", "ENTER-3")
    beto = server.participant("beto")
    ana.send(":oi")
    for listener in (ana, beto):
        listener.expect_public(ana, "oi")
    ana.send("beto:psiu", "ninguem:psiu", "/USUARIOS")
    ana.expect_sent("beto")
    ana.expect_error("02", "ninguem", "PRIVATE-2")
    ana.expect_list()
    beto.expect_private(ana, "psiu")
    beto.barrier("LIST-1")
    beto.send("/ENTRAR carla")
    beto.expect_forced_out("estado", "STATE-2")
    ana.expect_left(beto)
    ana.leave()


@requirement("FRAME-2")
def test_cr_lf_ends_a_line_like_lf(serve: Serve) -> None:
    """“A receiver MUST accept CR LF at the end of a line exactly like LF.”

    The same lines come with LF first: what fails then has nothing to do with CR.
    """
    server = serve()
    _short_session(server.connect("ana"), end=b"\n", rule=None)
    _short_session(server.connect("beto"), end=b"\r\n", rule="FRAME-2")


def _short_session(who: Participant, *, end: bytes, rule: str | None) -> None:
    who.send_pieces(f"/ENTRAR {who.nick}".encode() + end)
    who.expect_own_entry(rule=rule or "ENTER-1")
    who.send_pieces(b":oi" + end)
    who.expect_public(who, "oi", rule or "PUBLIC-1")
    who.send_pieces(f"{who.nick}:eu".encode() + end)
    who.expect_private(who, "eu", rule or "PRIVATE-3")
    who.expect_sent(who.nick, rule or "PRIVATE-3")
    who.send_pieces(b"/USUARIOS" + end)
    who.expect_list(None, rule or "LIST-1")
    who.send_pieces(b"/SAIR" + end)
    who.expect_left(who, rule or "LEAVE-1")
    who.expect_closed(rule or "LEAVE-1")


@requirement("FRAME-2", "FRAME-3")
def test_both_line_ends_may_come_in_one_write(serve: Serve) -> None:
    """“A receiver MUST accept CR LF at the end of a line exactly like LF.”"""
    ana = _somebody_who_was_understood(serve())
    ana.send_pieces(b":um\n:dois\n")
    for text in ("um", "dois"):
        ana.expect_public(ana, text, "FRAME-3")
    ana.send_pieces(b":tres\r\n:quatro\n:cinco\r\n")
    for text in ("tres", "quatro", "cinco"):
        ana.expect_public(ana, text, "FRAME-2")


def _somebody_who_was_understood(server: Server) -> Participant:
    """A participant whose lines have been carried out as long as each came whole."""
    ana = server.participant("ana")
    ana.send(":oi")
    ana.expect_public(ana, "oi")
    ana.send("ana:eu")
    ana.expect_private(ana, "eu", "PRIVATE-3")
    ana.expect_sent("ana", "PRIVATE-3")
    ana.send("/USUARIOS")
    ana.expect_list(["ana"])
    return ana


@requirement("FRAME-3")
def test_a_line_may_be_cut_anywhere(serve: Serve) -> None:
    """“A receiver MUST find the lines whatever way the octets arrive: one read may
    bring a part of a line”.
    """
    ana = _somebody_who_was_understood(serve())
    for line, rule in ((b":ola, mundo\n", "PUBLIC-1"), (b":ola, mundo\r\n", "FRAME-2")):
        ana.send_pieces(line)
        ana.expect_public(ana, "ola, mundo", rule)
        for cut in range(1, len(line)):
            ana.send_pieces(line[:cut], line[cut:])
            ana.expect_public(ana, "ola, mundo", "FRAME-3")
    for cut in range(1, 9):
        ana.send_pieces(b"/USUARIOS\n"[:cut], b"/USUARIOS\n"[cut:])
        ana.expect_list(["ana"], "FRAME-3")


@requirement("FRAME-3")
def test_one_write_may_bring_many_lines(serve: Serve) -> None:
    """“A receiver MUST find the lines whatever way the octets arrive: one read may
    bring [...] several lines”.
    """
    ana = _somebody_who_was_understood(serve())
    for number in (2, 3, 100):
        texts = [f"linha {i}" for i in range(number)]
        ana.pipeline(*(f":{text}" for text in texts))
        for text in texts:
            ana.expect_public(ana, text, "FRAME-3")


@requirement("FRAME-3")
def test_a_write_may_end_one_line_and_begin_another(serve: Serve) -> None:
    """“The result MUST be the same for every segmentation.”"""
    server = serve()
    ana = _somebody_who_was_understood(server)
    words = [server.scene.word() for _ in range(60)]
    octets = "".join(f":{word}\n" for word in words).encode()
    chance = server.scene.chance
    cuts = sorted(chance.sample(range(1, len(octets)), 50))
    pieces = [octets[a:b] for a, b in itertools.pairwise([0, *cuts, len(octets)])]
    ana.send_pieces(*pieces)
    for word in words:
        ana.expect_public(ana, word, "FRAME-3")


@requirement("FRAME-3")
def test_the_first_line_may_come_in_pieces(serve: Serve) -> None:
    """“A receiver MUST find the lines whatever way the octets arrive”."""
    server = serve()
    server.participant("ana").leave()  # who comes in whole is understood,
    carla = server.connect("carla")  # with CR LF, too
    carla.send_pieces(b"/ENTRAR carla\r\n")
    carla.expect_own_entry(rule="FRAME-2")
    beto = server.connect("beto")
    beto.send_pieces(b"/ENT", b"RAR", b" be", b"to", b"\r", b"\n")
    beto.expect_own_entry(rule="FRAME-3")


@requirement("FRAME-3")
def test_the_pieces_of_two_connections_do_not_mix(serve: Serve) -> None:
    """“A receiver MUST find the lines whatever way the octets arrive: one read may
    bring a part of a line”.
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    server.say_in_turn([ana, beto], "PUBLIC-1")  # whole lines are understood
    for one, other in ((ana, beto), (beto, ana)):
        one.send_pieces(b":meia")
        wait_until_read(one.connection.socket)
        other.send_pieces(b":inteira\n")
        for listener in (ana, beto):
            listener.expect_public(other, "inteira", "FRAME-3")
        one.send_pieces(b" frase\n")
        for listener in (ana, beto):
            listener.expect_public(one, "meia frase", "FRAME-3")
