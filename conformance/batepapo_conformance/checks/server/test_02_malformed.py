"""Section 2.2: lines that are none."""

import pytest

from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server

MALFORMED = [
    b"",  # an empty line
    b" ",
    b"/entrar ana",
    b"/Usuarios",
    b"/sair",
    b"{QUIT}",
    b"quit",
    b"/QUEM",
    b"/",
    b"/ENTRAR",
    b"/ENTRAR ",
    b"/ENTRAR  ana",
    b"/ENTRAR ana ",
    b"/ENTRAR ana beto",
    b" /USUARIOS",
    b"/USUARIOS ",
    b"/USUARIOS ana",
    b"/SAIR :ate logo",
    b"{quit} ",
    b":",  # an empty text
    b"beto:",
    b"beto :oi",
    b"1beto:oi",
    b"be.to:oi",
    b"abcdefghijklmnopq:oi",  # 17 octets of nick
    b"oi",
    b":oi\rtchau",  # a CR that no LF follows
    b":oi\r",  # with the LF: CR CR LF is no line end either
    b":oi\ttchau",
    b":oi\x00",
    b":\x1b[2J",
    b":ol\xc3\xa1",
    b":\x7f",
    b"\xff\xfe",
    b"BATEPAPO 1 servidor",
    b"GET / HTTP/1.1",
]
# The line that ends in a CR is sent so that two of them come before the LF.
_ENDS = {b":oi\r": b"\r\n"}


@requirement("FRAME-4")
def test_a_malformed_line_from_a_waiting_connection(server: Server) -> None:
    """“The server MUST answer it with `ERRO 03 sintaxe` and close”."""
    for number, line in enumerate(MALFORMED):
        stranger = server.connect(f"linha-{number}")
        _send(stranger, line)
        stranger.expect_forced_out("sintaxe", "FRAME-4")
        stranger.close()


@requirement("FRAME-4")
def test_a_malformed_line_from_a_participant(server: Server) -> None:
    """“The server MUST answer it with `ERRO 03 sintaxe` and close”."""
    for number, line in enumerate(MALFORMED):
        ana = server.connect(f"linha-{number}")
        ana.enter(f"ana{number}")
        _send(ana, line)
        ana.expect_forced_out("sintaxe", "FRAME-4")
        ana.close()


def _send(who: Participant, line: bytes) -> None:
    end = who.scene.delivery.line_end()
    who.send_octets(line + _ENDS.get(line, end))


@requirement("FRAME-4")
@pytest.mark.parametrize("octets", [401, 402, 510])
def test_a_text_that_is_too_long(serve: Serve, octets: int) -> None:
    """“an empty text or one over 400 octets [...]. The server MUST answer it with
    `ERRO 03 sintaxe` and close”.
    """
    server = serve()
    for form in (":{}", "beto:{}"):
        ana = server.connect(f"{form[:4]}-{octets}")
        ana.enter("ana")
        ana.send(form.format("a" * octets))
        ana.expect_forced_out("sintaxe", "FRAME-4")
        ana.close()
        _wait_until_it_is_gone(server, "ana")


def _wait_until_it_is_gone(server: Server, nick: str) -> None:
    """Let the departure of somebody be carried out: a list tells (ORDER-3)."""
    witness = server.connect("testemunha")
    witness.enter("testemunha")
    witness.send("/USUARIOS")
    if nick in witness.expect_list(None, "LIST-1"):
        witness.expect("SAIU <time> <origin> :<reason>", "LEAVE-3")
    witness.leave()


@requirement("FRAME-5")
@pytest.mark.parametrize("entered", [False, True], ids=["waiting", "participant"])
def test_a_line_without_end_is_answered_at_512_octets(
    serve: Serve, *, entered: bool
) -> None:
    """“As soon as 512 octets of a line have arrived and none of them is an LF, the
    line is malformed, and the server MUST answer it without waiting for more.”
    """
    server = serve()
    for number, line in enumerate(
        (
            b":" + b"a" * 511,
            b"ana:" + b"a" * 508,
            b"a" * 512,
            b"/" * 512,
            b" " * 512,
            b":" + b"a" * 400 + b"\r" * 111,
        )
    ):
        one = server.connect(f"linha-{number}")
        if entered:
            one.enter(f"ana{number}")
        one.send_pieces(line)
        one.expect_forced_out("sintaxe", "FRAME-5")
        one.close()


@requirement("FRAME-5", "FRAME-3")
def test_the_512_octets_may_come_in_pieces(serve: Serve) -> None:
    """“As soon as 512 octets of a line have arrived [...] the server MUST answer it
    without waiting for more.”
    """
    one = serve().connect("ana")
    one.send_pieces(*[b":" * 64] * 8)
    one.expect_forced_out("sintaxe", "FRAME-5")


@requirement("FRAME-5", "CLOSE-1")
def test_a_line_without_end_may_go_on_for_long(serve: Serve) -> None:
    """“As soon as 512 octets of a line have arrived and none of them is an LF, the
    line is malformed, and the server MUST answer it”.
    """
    one = serve().connect("ana")
    one.send_pieces(b"a" * 300_000)
    one.expect_forced_out("sintaxe", "FRAME-5")
