"""Sections 5.3 and 5.4: public and private messages."""

import string

from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server


@requirement("PUBLIC-1")
def test_everyone_hears_a_public_message(server: Server) -> None:
    """“Everyone MUST receive `PUBLICA time origin :text`, the sender included;
    `origin` is the sender's.”
    """
    people = server.participants("ana", "beto", "carla")
    for speaker in people:
        text = server.scene.word()
        speaker.send(f":{text}", f":{text} de novo")
        for listener in people:
            listener.expect_public(speaker, text)
            listener.expect_public(speaker, f"{text} de novo")
    for one in people:
        one.barrier("PUBLIC-1")


@requirement("PUBLIC-1")
def test_a_lone_participant_hears_its_echo(serve: Serve) -> None:
    """“Everyone MUST receive `PUBLICA time origin :text`, the sender included”."""
    ana = serve().participant("ana")
    ana.send(":ola")
    ana.expect_public(ana, "ola")
    ana.barrier("PUBLIC-1")


TEXTS = [
    "a",
    " ",
    "   ",
    ":",
    "::)",
    " espacos na frente",
    "espacos atras   ",
    "no   meio",
    "/SAIR",
    "{quit}",
    "/ENTRAR ana",
    "beto:oi",
    "a:b:c::",
    "ERRO 03 fim :nada",
    string.punctuation,
    string.ascii_letters + string.digits,
    r"\n \r \x00 %s %n {0} <b> & \" '",
]


@requirement("PUBLIC-2")
def test_a_text_is_passed_on_exactly(server: Server) -> None:
    """“A text of 1 to 400 octets MUST be passed on exactly as it came: leading,
    trailing and repeated spaces, colons and everything else in `%x20-7E` included.”
    """
    ana, beto = server.participants("ana", "beto")
    texts = [*TEXTS, server.scene.word() * 50]
    ana.send(*(f":{text}" for text in texts))
    for listener in (ana, beto):
        for text in texts:
            listener.expect_public(ana, text, "PUBLIC-2")


@requirement("PUBLIC-2")
def test_a_text_of_400_octets_from_the_longest_nick(serve: Serve) -> None:
    """“A text of 1 to 400 octets MUST be passed on exactly as it came”."""
    server, nick = serve(), "a" * 16
    ana = server.connect("ana")
    ana.enter(nick, rule="ENTER-6")
    beto = server.participant("beto")
    ana.expect_entered(beto)
    for text in ("b" * 400, " " * 400, ":" * 400, "c" * 399):
        ana.send_pieces(f":{text}\r\n".encode())
        for listener in (ana, beto):
            listener.expect_public(ana, text, "PUBLIC-2")
        beto.send(f"{nick}:{text}")
        ana.expect_private(beto, text)
        beto.expect_sent(nick)


@requirement("PRIVATE-1")
def test_a_private_message_reaches_one_and_is_acknowledged(server: Server) -> None:
    """“[...] that one alone MUST receive `PRIVADA time origin :text` with the sender's
    origin, and the sender `ENVIADA nick` with the nick as its owner entered it. The
    text is passed on exactly as it came.”
    """
    ana, beto = server.connect("Ana"), server.connect("beto")
    ana.enter()
    beto.enter()
    ana.expect_entered(beto)
    destinations = ("Ana", "ana", "ANA", "aNa")
    for text in TEXTS:
        beto.send(*(f"{nick}:{text}" for nick in destinations))
        for _ in destinations:
            beto.expect_sent("Ana")
            ana.expect_private(beto, text)
    ana.barrier("PRIVATE-1")
    beto.barrier("PRIVATE-1")


@requirement("PRIVATE-2")
def test_nobody_of_that_nick_is_an_error(server: Server) -> None:
    """“If nobody present has that nick, the server MUST answer
    `ERRO 02 nick :explanation` with the destination as it was sent, and keep the
    connection open. Nobody else sees anything.”
    """
    ana, beto = server.participants("ana", "beto")
    waiting = server.connect("carla")
    beto.leave()
    ana.expect_left(beto)
    nicks = ("carla", "Beto", "beto", "Ninguem", "an", "anaa", "n" * 16)
    ana.send(*(f"{nick}:oi" for nick in nicks))
    for nick in nicks:
        ana.expect_error("02", nick, "PRIVATE-2")
    ana.barrier("PRIVATE-2")
    waiting.enter(present=["ana"], rule="PRIVATE-2")
    waiting.barrier("PRIVATE-2")


@requirement("PRIVATE-3")
def test_a_message_to_oneself_comes_before_its_acknowledgement(server: Server) -> None:
    """“A private message to oneself is legal: the sender MUST receive `PRIVADA` first
    and `ENVIADA` after it.”
    """
    ana = server.participant("ana")
    ana.send("ana:um", "ANA:dois")
    for text in ("um", "dois"):
        ana.expect_private(ana, text, "PRIVATE-3")
        ana.expect_sent("ana", "PRIVATE-3")


@requirement("PRIVATE-4")
def test_nobody_else_sees_a_private_message(serve: Serve) -> None:
    """“A private message MUST be seen by its destination alone; no other connection
    receives any part of it.”
    """
    server = serve()
    ana, beto, carla = server.participants("ana", "beto", "carla")
    waiting = server.connect("davi")
    ana.send("beto:so para ti", "ninguem:nem isto", "ana:nem aquilo")
    ana.expect_sent("beto")
    ana.expect_error("02", "ninguem", "PRIVATE-2")
    ana.expect_private(ana, "nem aquilo", "PRIVATE-3")
    ana.expect_sent("ana", "PRIVATE-3")
    beto.expect_private(ana, "so para ti")
    for one in (beto, carla):
        one.barrier("PRIVATE-4")
    waiting.enter(present=["ana", "beto", "carla"], rule="PRIVATE-4")
