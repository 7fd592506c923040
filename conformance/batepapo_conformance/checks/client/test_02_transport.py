"""Section 2: transport and framing, as a client has to keep them."""

import itertools
import random
import socket
import time

from batepapo_conformance import kernel
from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.codec import encode
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    left,
    participants,
    refused,
    said,
    sent,
    whispered,
)

_WHEN = "2026-01-31T12:00:00.000Z"
_KEEPALIVE = 60.0
_GRAIN = 1.0  # seconds by which the system's own clock ticks may be coarse


@requirement("TCP-1")
def test_a_conversation_is_one_connection(stage: Stage) -> None:
    """“Every conversation MUST run over one TCP connection over IPv4”."""
    ana, wire = stage.enter("ana", "beto")
    ana.types("oi", "beto:psiu")
    wire.expect(":oi", rule="TYPE-9")
    wire.expect("beto:psiu", rule="TYPE-5")
    wire.send(said("ana", "oi"), sent("beto"))
    ana.types("quit")
    wire.expect_leave(rule="TYPE-3")
    wire.half_close()
    ana.leaves(rule="QUIT-1")
    if stage.server.is_called():
        raise RuleBroken("TCP-1", "one connection", "a second one")


@requirement("TCP-2", "ASK-1")
def test_a_client_may_connect_over_ipv6(stage: Stage) -> None:
    """“a client MAY connect to one; nothing else ... changes”."""
    if not socket.has_ipv6:
        raise NoVerdict("this machine has no IPv6")
    server = stage.listen(address="::1")
    ana = stage.start("ana", server=server)
    try:
        wire = stage.accept(rule="TCP-2", server=server)
    except RuleBroken as broken:
        ana.warns("ERRO 04", rule="FAIL-1")
        ana.exits(4, rule="FAIL-1")
        reason = "it does not connect over IPv6, which is its own choice"
        raise NoVerdict(reason) from broken
    wire.send(greeting())
    wire.expect("/ENTRAR ana", rule="ASK-1")
    stage.let_in(wire, "ana")
    ana.types("oi")
    wire.expect(":oi", rule="TYPE-9")


@requirement("TCP-4")
def test_keepalive_is_switched_on(stage: Stage) -> None:
    """“A client MUST have TCP keepalive switched on, with the same 60 s”."""
    _, wire = stage.enter("ana")
    deadline = time.monotonic() + stage.testee.seconds(2)
    end = kernel.other_end(wire.socket)
    # While octets are under way, another timer runs in the place of this one.
    while end is not None and end.keepalive is None and time.monotonic() < deadline:
        time.sleep(0.05)
        end = kernel.other_end(wire.socket)
    if end is None:
        raise NoVerdict("only Linux tells the keepalive of another program's socket")
    if end.keepalive is None:
        raise RuleBroken("TCP-4", "TCP keepalive switched on", "it is off")
    if end.keepalive > _KEEPALIVE + _GRAIN:
        came = f"after {end.keepalive:.0f} s"
        raise RuleBroken("TCP-4", "the first question after 60 s of silence", came)


@requirement("FRAME-1")
def test_everything_sent_is_a_line_ended_by_lf(stage: Stage) -> None:
    """“MUST be a sequence of lines, each derived by the grammar”."""
    ana, wire = stage.enter("ana")
    typed = ["oi", "beto:psiu", "/USUARIOS", ":a:b", "não", "x" * 900, "quit"]
    ana.types_octets("".join(f"{line}\r\n" for line in typed).encode())
    wire.expect(":oi", rule="TYPE-13")
    wire.expect("beto:psiu", rule="TYPE-5")
    wire.expect("/USUARIOS", rule="TYPE-2")
    wire.expect(":a:b", rule="TYPE-7")
    wire.expect(":nao", rule="TYPE-1")
    wire.expect_text("x" * 900, rule="TYPE-10")
    wire.expect_leave(rule="TYPE-3")
    wire.half_close()
    wire.expect_end(rule="FRAME-1")


@requirement("FRAME-2")
def test_cr_lf_ends_a_line_like_lf(stage: Stage) -> None:
    """“A receiver MUST accept CR LF at the end of a line exactly like LF”."""
    # The same twice: what it understands with LF, it has to understand with CR LF.
    for end, framing in (("", None), ("\r", "FRAME-2")):
        ana = stage.start("ana")
        wire = stage.accept()
        wire.send(f"BATEPAPO 1 scripted/1{end}")
        wire.expect("/ENTRAR ana", rule=framing or "ASK-1")
        wire.send(f"USUARIOS 1 beto{end}", f"USUARIOS 0 carla{end}")
        wire.send(f"ENTROU {_WHEN} ana@-{end}", f"PUBLICA {_WHEN} beto@- :oi{end}")
        ana.shows("beto", "oi", rule=framing or "SHOW-1")
        ana.types("bom dia")
        wire.expect(":bom dia", rule=framing or "TYPE-9")
        wire.send(f"ERRO 03 fim :ate logo{end}")
        wire.half_close()
        ana.warns("ERRO 03", "fim", rule=framing or "SHOW-4")


@requirement("FRAME-3")
def test_lines_are_found_however_they_arrive(any_stage: Stage) -> None:
    """“The result MUST be the same for every segmentation”."""
    ana = any_stage.start("ana")
    wire = any_stage.greet("ana")
    wire.send(
        participants("beto", remaining=1),
        participants("carla"),
        entered("ana"),
        said("beto", "oi, ana"),
        whispered("carla", "psiu"),
        left("beto"),
        entered("davi"),
    )
    ana.shows_all(["beto", "carla"], rule="SHOW-2")
    ana.shows("beto", "oi, ana", rule="SHOW-1")
    ana.shows("carla", "psiu", rule="SHOW-1")
    ana.shows("davi", rule="SHOW-2")
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule="TYPE-5")
    wire.send(refused("02", "ninguem"))
    ana.says("02", rule="SHOW-4")
    ana.types("quit")
    wire.expect_leave(rule="TYPE-3")
    wire.send(left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-1")


@requirement("FRAME-3")
def test_lines_are_found_wherever_they_are_cut(
    stage: Stage, chance: random.Random
) -> None:
    """“one read may bring a part of a line, several lines”."""
    messages = [said("beto", f"mensagem {number} de 30") for number in range(30)]
    octets = b"".join(map(encode, messages))
    ana, wire = stage.enter("ana", "beto")
    wire.send(*messages)
    for number in range(30):  # whole, it understands them; so it is the cutting
        ana.shows("beto", f"mensagem {number} de 30", rule="SHOW-1")
    wire.send_pieces(_cut(octets, chance))
    for number in range(30):
        ana.shows("beto", f"mensagem {number} de 30", rule="FRAME-3")


def _cut(octets: bytes, chance: random.Random) -> list[bytes]:
    """Pieces of random length, most of which begin and end within a line."""
    places = sorted(chance.sample(range(1, len(octets)), 40))
    borders = itertools.pairwise([0, *places, len(octets)])
    return [octets[begin:end] for begin, end in borders]


@requirement("FRAME-3", "FAIL-5")
def test_an_error_is_found_however_it_arrives(any_stage: Stage) -> None:
    """“one read may bring a part of a line, several lines, or a CR”."""
    ana = any_stage.start("ana")
    wire = any_stage.accept()
    wire.send(greeting())
    wire.expect("/ENTRAR ana", rule="ASK-1")
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.send(participants(), entered("beto"), said("beto", "a"), refused("03", "fim"))
    wire.half_close()
    ana.warns("ERRO 03", "fim", rule="SHOW-4")
    ana.exits(3, rule="FAIL-5")


@requirement("FRAME-2", "FAIL-4")
def test_a_line_may_have_512_octets(stage: Stage) -> None:
    """“exactly like LF”: 512 octets are the limit, whatever ends it."""
    for end, rule in ((b"\n", "FAIL-4"), (b"\r\n", "FRAME-2")):
        nicks = " ".join(f"p{number:014}" for number in range(31))
        line = f"USUARIOS 0 {nicks}".encode()
        line += b" " + b"z" * (512 - len(line) - 1 - len(end)) + end
        ana = stage.start("ana")
        wire = stage.greet("ana")
        wire.send_octets(line)
        wire.send(entered("ana"))
        ana.types("cheguei")
        wire.expect(":cheguei", rule=rule)
