"""Who is blamed for what, from the lines of one connection alone."""

import re

import pytest

from batepapo_conformance.referee import Referee
from batepapo_conformance.testee import Endpoint, Role

HERE = Endpoint("127.0.0.1", 40000)
SHORT = {
    "T1": "2026-01-31T12:00:00.000Z",
    "T2": "2026-01-31T12:00:01.000Z",
    "ANA": "ana@127.0.0.1:40000",
    "BETO": "beto@127.0.0.1:40001",
    r"\r": "\r",
}
ENTERED = """
<- BATEPAPO 1 x
-> /ENTRAR ana
<- USUARIOS 0 beto
<- ENTROU T1 ANA
"""
SOUND = f"""{ENTERED}
-> :oi
-> beto:psiu
-> ana:eu
-> ninguem:oi
-> /USUARIOS
<- PUBLICA T1 BETO :ola
<- PUBLICA T1 ANA :oi
<- ENVIADA beto
<- ENTROU T2 carla@-
<- PRIVADA T2 ANA :eu
<- ENVIADA ana
<- ERRO 02 ninguem :nao esta
<- USUARIOS 1 beto ana
<- USUARIOS 0 carla
<- PRIVADA T2 BETO :so para ti
<- SAIU T2 BETO :saiu
-> {{quit}}
<- SAIU T2 ANA :saiu
-> :tarde demais
"""


def watched(exchange: str) -> Referee:
    for name, text in SHORT.items():
        exchange = exchange.replace(name, text)
    referee = Referee("ana", HERE)
    for step in filter(None, re.split(r"\n| \| ", exchange)):
        octets = step[3:].encode() + b"\n"
        if step.startswith("->"):
            referee.client_sent(octets)
        else:
            referee.server_sent(octets)
    return referee


def test_a_sound_conversation_blames_nobody() -> None:
    referee = watched(SOUND)
    referee.server_ended(b"")
    referee.client_ended(b"")
    assert referee.faults == []
    assert referee.whispers == ["eu", "so para ti"]
    who = [event.origin.nick for event, _ in referee.events]
    assert who == ["ana", "beto", "ana", "carla", "beto", "ana"]


BY_SERVERS = {
    "no greeting": "GREET-1 <- USUARIOS 0",
    "two greetings": "GREET-1 <- BATEPAPO 1 x | <- BATEPAPO 1 x",
    "CR LF": r"FRAME-1 <- BATEPAPO 1 x\r",
    "no milliseconds": "EVENT-2 + <- ENTROU 2026 carla@-",
    "event before entry": "ENTER-1 <- BATEPAPO 1 x | <- ENTROU T1 BETO",
    "list not asked for": "LIST-1 + <- USUARIOS 0 beto ana",
    "list miscounted": "LIST-2 + -> /USUARIOS | <- USUARIOS 2 beto | <- USUARIOS 0 ana",
    "list torn": "LIST-2 + -> /USUARIOS | <- USUARIOS 1 beto | <- PUBLICA T1 BETO :a",
    "list without asker": "LIST-1 + -> /USUARIOS | <- USUARIOS 0 beto",
    "ghost in the list": "ORDER-3 + -> /USUARIOS | <- USUARIOS 0 beto ana carla",
    "another's port": "EVENT-3 + <- ENTROU T1 carla@127.0.0.1:0",
    "own nick changed": "ENTER-2 <- BATEPAPO 1 x | -> /ENTRAR Ana | <- USUARIOS 0"
    " | <- ENTROU T1 ANA",
    "own port wrong": "EVENT-3 <- BATEPAPO 1 x | -> /ENTRAR ana | <- USUARIOS 0"
    " | <- ENTROU T1 ana@127.0.0.1:1",
    "text changed": "PUBLIC-2 + -> : oi | <- PUBLICA T1 ANA :oi",
    "echo invented": "PUBLIC-1 + <- PUBLICA T1 ANA :oi",
    "replies swapped": "ORDER-2 + -> :oi | -> beto:psiu | <- ENVIADA beto",
    "02 though present": "PRIVATE-1 + -> beto:oi | <- ERRO 02 beto :nao",
    "02 of another": "PRIVATE-2 + -> zoe:oi | <- ERRO 02 Zoe :nao",
    "time backwards": "ORDER-4 + <- ENTROU T2 carla@- | <- PUBLICA T1 BETO :oi",
    "stranger leaves": "LEAVE-4 + <- SAIU T1 zoe@- :saiu",
    "own departure unasked": "LEAVE-1 + <- SAIU T1 ANA :saiu",
    "stranger speaks": "ORDER-1 + <- PUBLICA T1 zoe@- :oi",
    "a nick twice": "ENTER-3 + <- ENTROU T1 Beto@-",
    "after the last line": "STATE-3 + <- ERRO 03 fim :a | <- ERRO 03 fim :a",
    "own secret changed": "PRIVATE-1 + -> ana:a | <- PRIVADA T1 ANA :b",
}
BY_CLIENTS = {
    "malformed": "FRAME-1 + -> /usuarios",
    "CR LF": r"FRAME-1 + -> :oi\r",
    "text before entering": "TYPE-11 <- BATEPAPO 1 x | -> /ENTRAR ana | -> :oi",
    "a second /ENTRAR": "TYPE-11 + -> /ENTRAR beto",
    "two at once": "TYPE-11 <- BATEPAPO 1 x | -> /ENTRAR ana | -> /ENTRAR beto",
}


@pytest.mark.parametrize(
    ("side", "case"),
    [(Role.SERVER, case) for case in BY_SERVERS.values()]
    + [(Role.CLIENT, case) for case in BY_CLIENTS.values()],
    ids=[*BY_SERVERS, *(f"client: {name}" for name in BY_CLIENTS)],
)
def test_the_right_side_is_blamed_for_the_right_rule(side: Role, case: str) -> None:
    """`+` stands for having entered."""
    rule, _, exchange = case.partition(" ")
    first = watched(exchange.replace("+ ", ENTERED)).faults[0]
    assert (first.side, first.broken.rule) == (side, rule)


def test_a_refused_client_may_try_again() -> None:
    refused = "<- BATEPAPO 1 x | -> /ENTRAR ana | <- ERRO 01 ana :em uso"
    assert watched(f"{refused} | -> /ENTRAR beto").faults == []


def test_ends_are_judged_too() -> None:
    vanished = watched(ENTERED)
    vanished.client_ended(b"")
    assert [fault.broken.rule for fault in vanished.faults] == ["QUIT-1"]
    cut = watched(ENTERED)
    cut.server_ended(b"SAIU 2026")
    assert [fault.broken.rule for fault in cut.faults] == ["FRAME-1", "LEAVE-1"]
