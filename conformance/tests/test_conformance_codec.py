import pytest

from batepapo_conformance.codec import (
    ClientMessage,
    Enter,
    Entered,
    Greeting,
    Leave,
    Left,
    ListParticipants,
    NotALine,
    Origin,
    Participants,
    Private,
    Public,
    Refused,
    Said,
    Sent,
    ServerMessage,
    Whispered,
    encode,
    parse_client_line,
    parse_server_line,
)

TIME = "2026-01-31T12:00:00.000Z"
ANA = Origin("ana", "127.0.0.1", 40000)
SIX = Origin("ana", "::1", 40000)
HIDDEN = Origin("ana", None, None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"/ENTRAR ana", Enter("ana")),
        (b"/USUARIOS", ListParticipants()),
        (b"/SAIR", Leave("/SAIR")),
        (b"{quit}", Leave("{quit}")),
        (b"::)", Public(":)")),
        (b": oi ", Public(" oi ")),
        (b"ana:x:y", Private("ana", "x:y")),
    ],
)
def test_lines_of_clients(line: bytes, message: ClientMessage) -> None:
    assert parse_client_line(line) == message
    assert encode(message) == line + b"\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("BATEPAPO 1 x", Greeting("x")),
        ("USUARIOS 0", Participants(0, ())),
        ("USUARIOS 2 ana beto", Participants(2, ("ana", "beto"))),
        (f"ENTROU {TIME} ana@127.0.0.1:40000", Entered(TIME, ANA)),
        (f"ENTROU {TIME} ana@[::1]:40000", Entered(TIME, SIX)),
        (f"SAIU {TIME} ana@- :tchau", Left(TIME, HIDDEN, "tchau")),
        (f"PUBLICA {TIME} ana@- : oi", Said(TIME, HIDDEN, " oi")),
        (f"PRIVADA {TIME} ana@- :oi", Whispered(TIME, HIDDEN, "oi")),
        ("ENVIADA ana", Sent("ana")),
        ("ERRO 01 ana :x", Refused("01", "ana", "x")),
        ("ERRO 03 fim :x y", Refused("03", "fim", "x y")),
    ],
)
def test_lines_of_servers(line: str, message: ServerMessage) -> None:
    assert parse_server_line(line.encode()) == message
    assert encode(message) == line.encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "at"),
    [
        (b"", 0),
        (b"/entrar ana", 1),
        (b"/ENTRAR  ana", 8),
        (b"/ENTRAR ana ", 11),
        (b"/ENTRAR " + 17 * b"a", 24),
        (b"/USUARIOS\r", 9),
        (b":", 1),
        (b":" + 401 * b"x", 401),
        (b":a\xe3", 2),
        (b"{quit", 5),
        (b" ana:x", 0),
    ],
)
def test_what_no_client_may_send_and_where_it_goes_wrong(
    line: bytes, at: int | None
) -> None:
    with pytest.raises(NotALine) as caught:
        parse_client_line(line)
    assert caught.value.at == at
    assert caught.value.rule == "FRAME-1"


@pytest.mark.parametrize(
    ("line", "rule", "at"),
    [
        (b"BATEPAPO 2 x", "GREET-1", 9),
        (b"BATEPAPO 1 x y", "GREET-2", 12),
        (b"USUARIOS 1", "LIST-2", 10),
        (b"USUARIOS 01 ana", "FRAME-1", 10),
        (b"ENTROU 2026-01-31T12:00:00Z ana@-", "EVENT-2", 7),
        (b"ENTROU " + TIME.encode() + b" ana", "EVENT-3", 35),
        (b"ENTROU " + TIME.encode() + b" ana@1.2.3.256:5", "EVENT-3", 44),
        (b"ERRO 04 ana :x", "ERROR-4", 5),
        (b"ERRO 03 nada :x", "ERROR-1", 8),
        (b"ERRO 03 fim :", "ERROR-2", 13),
        (b"USUARIOS 0" + 100 * b" abcde", "FRAME-1", 511),
        (b"ENVIADA ana\r", "FRAME-1", 11),
        (b"OLA", "FRAME-1", 0),
    ],
)
def test_what_no_server_may_send_and_whose_rule_it_breaks(
    line: bytes, rule: str, at: int | None
) -> None:
    with pytest.raises(NotALine) as caught:
        parse_server_line(line)
    assert (caught.value.rule, caught.value.at) == (rule, at)
    assert caught.value.broken().rule == rule
