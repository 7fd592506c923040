"""Section 6.4: the end of a stream."""

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant, fits
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of


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
        ana.expect_public(ana, "inteira", "EOF-1")
        ana.expect_closed("EOF-2")
        beto.expect_public(ana, "inteira", "EOF-1")
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
    """“A failed write alone MUST NOT end anything: reading goes on, and what the
    server's program has read from that connection is carried out as usual.”

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
            _hears_all_the_same(beto, f"PUBLICA <time> {ana.origin} :{text}")
        _hears_all_the_same(beto, f"SAIU <time> {ana.origin} :<reason>")
        ana.inside = False
        beto.gone.add(ana.origin)
    beto.barrier("EOF-3")


def _hears_all_the_same(one: Participant, form: str) -> None:
    """Insist on a line of somebody to whom nothing can be written any more."""
    line = line_of(one.read(form, "EOF-3"))
    if not fits(form, line.decode("ascii")):
        raise RuleBroken("EOF-3", form, line)
