"""Sections 5.1 and 5.2: the greeting, and entering."""

from collections.abc import Callable

import pytest

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of


@requirement("GREET-1")
def test_the_greeting_comes_first_and_unasked(serve: Serve) -> None:
    """“The first line on every connection MUST be the greeting, sent as soon as the
    connection is accepted, without waiting for the client. It is sent exactly once”.
    """
    server = serve()
    ana = server.dial("ana")
    ana.expect_greeting("GREET-1")
    ana.send("/ENTRAR ana")
    if isinstance(ana.read("USUARIOS 0", "ENTER-1"), codec.Greeting):
        raise RuleBroken("GREET-1", "one greeting", "a second one")
    server.connect("beto")


@requirement("GREET-1")
def test_who_enters_before_reading_the_greeting_still_gets_it_first(
    server: Server,
) -> None:
    """“The first line on every connection MUST be the greeting”. “A client may send
    `/ENTRAR` before it has read the greeting.”
    """
    ana = server.dial("ana")
    ana.send("/ENTRAR ana", ":oi")
    ana.expect_greeting("GREET-1")
    ana.expect_own_entry(present=[])
    ana.expect_public(ana, "oi")


@requirement("GREET-2")
def test_the_software_is_one_token(serve: Serve) -> None:
    """“`software` MUST be one token of 1 to 64 octets `%x21-7E` that names the
    program.”
    """
    server = serve()
    ana = server.dial("ana")
    message = ana.read("BATEPAPO 1 <software>", "GREET-1")
    if not isinstance(message, codec.Greeting):
        line = line_of(message)
        raise RuleBroken("GREET-1", "BATEPAPO 1 <software>", line)
    if not 1 <= len(message.software) <= 64 or " " in message.software:
        raise RuleBroken("GREET-2", "1 to 64 octets", message.software.encode())


@requirement("ENTER-1")
def test_a_newcomer_gets_the_list_and_everyone_gets_entrou(server: Server) -> None:
    """“[...] the newcomer MUST receive the list of those present before it [...], and
    directly after it everyone MUST receive `ENTROU time origin`, the newcomer
    included.”
    """
    present: list[Participant] = []
    for name in ("ana", "beto", "carla", "davi"):
        newcomer = server.connect(name)
        newcomer.enter(present=[one.nick for one in present])
        for one in present:
            one.expect_entered(newcomer, "ENTER-1")
        present.append(newcomer)
    for one in present:
        one.barrier("ENTER-1")


@requirement("ENTER-1")
def test_who_waits_sees_no_event(serve: Serve) -> None:
    """“The newcomer's connection carries nothing between its list and its `ENTROU`,
    and no event before.”
    """
    server = serve()
    beto = server.connect("beto")
    ana = server.participant("ana")
    ana.send(":oi", ":tudo bem?")
    ana.expect_public(ana, "oi")
    ana.expect_public(ana, "tudo bem?")
    carla = server.participant("carla")
    carla.leave()
    ana.expect_left(carla)
    beto.enter(present=["ana"], rule="ENTER-1")


@requirement("ENTER-2")
def test_a_nick_is_shown_as_its_owner_wrote_it(server: Server) -> None:
    """“The nick in `ENTROU`, in lists, in `ENVIADA` and in every origin MUST be
    written as its owner entered it.”
    """
    ana = server.connect("Ana")
    ana.enter("AnA-Lu_9", rule="ENTER-2")
    beto = server.connect("beto")
    beto.enter(present=["AnA-Lu_9"], rule="ENTER-2")
    ana.expect_entered(beto)
    server.say_in_turn([beto, ana], "PUBLIC-1")  # that anything is heard at all
    beto.send("ana-lu_9:oi", "/USUARIOS")
    _expect_sent_as_entered(beto, "AnA-Lu_9")
    listed = beto.expect_list()
    if "AnA-Lu_9" not in listed:
        raise RuleBroken("ENTER-2", "a list with AnA-Lu_9", " ".join(listed))
    ana.expect_private(beto, "oi")
    ana.barrier("LIST-1")
    ana.send("BETO:oi", ":oi", "/SAIR")
    _expect_sent_as_entered(ana, "beto")
    beto.expect_private(ana, "oi", "ENTER-2")
    for one, rule in ((ana, "LEAVE-1"), (beto, "ENTER-2")):
        one.expect_public(ana, "oi", "ENTER-2")
        one.expect_left(ana, rule)


def _expect_sent_as_entered(one: Participant, nick: str) -> None:
    """Insist on the spelling of the owner; that anybody was found is another rule."""
    message = one.read(f"ENVIADA {nick}", "PRIVATE-1")
    rule = "ENTER-2" if isinstance(message, codec.Sent) else "PRIVATE-1"
    one.connection.put_back(codec.encode(message))
    one.expect_sent(nick, rule)


@requirement("ENTER-3")
def test_a_taken_nick_is_refused_and_the_client_may_try_again(server: Server) -> None:
    """“[...] MUST answer `ERRO 01 nick :explanation` with the nick as it was sent, and
    keep the connection open and waiting; the client may send `/ENTRAR` again. Nobody
    else sees anything.”
    """
    ana = server.participant("ana")
    other = server.connect("outra")
    other.send("/ENTRAR ana", "/ENTRAR Ana", "/ENTRAR aNA", "/ENTRAR ana")
    for nick in ("ana", "Ana", "aNA", "ana"):
        other.expect_error("01", nick, "ENTER-3")
    ana.barrier("ENTER-3")
    other.enter("beto", present=["ana"], rule="ENTER-3")
    ana.expect_entered(other, "ENTER-3")


@requirement("ENTER-3")
def test_only_letters_are_compared_without_case(serve: Serve) -> None:
    """“If a participant has the same nick, compared without case”; “nothing else is
    folded” (section 3).
    """
    server = serve()
    server.connect("um").enter("ana-1")
    for nick in ("ana_1", "ana-2", "ana", "ana-11"):
        server.connect(nick).enter(nick, rule="ENTER-3")


@requirement("ENTER-4")
def test_one_of_many_gets_the_nick(serve: Serve) -> None:
    """“When several connections ask for the same free nick at the same time, exactly
    one MUST get it; the others receive `ERRO 01`.”
    """
    server = serve()
    racers = [server.connect(f"r{number}") for number in range(16)]
    for _ in range(8):
        nick = server.scene.word()
        for number, one in enumerate(racers):
            one.nick = nick.upper() if number % 2 else nick
            one.connection.offer(f"/ENTRAR {one.nick}\n".encode())
        winners = [one for one in racers if _won(one)]
        if len(winners) != 1:
            found = f"{len(winners)} of {len(racers)} entered as {nick}"
            raise RuleBroken("ENTER-4", "exactly one enters", found)
        winners[0].leave()
        racers.remove(winners[0])


def _won(one: Participant) -> bool:
    """Whether somebody entered; nothing else has been sent to it."""
    expected = f"USUARIOS 0, or ERRO 01 {one.nick} :<explanation>"
    message = one.read(expected, "ENTER-4")
    match message:
        case codec.Participants():
            entered = one.read("ENTROU <time> <origin>", "ENTER-1")
            if isinstance(entered, codec.Entered) and entered.origin.nick == one.nick:
                one.origin = str(entered.origin)
                return True
            message = entered
        case codec.Refused(code="01", subject=one.nick):
            return False
        case _:
            pass
    raise RuleBroken("ENTER-4", expected, line_of(message))


def _say_goodbye(one: Participant) -> None:
    one.send("/SAIR")


def _quit(one: Participant) -> None:
    one.send("{quit}")


def _say_nonsense(one: Participant) -> None:
    one.send("/tolice")


def _enter_twice(one: Participant) -> None:
    one.send("/ENTRAR carla")


every_way_to_go = pytest.mark.parametrize(
    "go",
    [
        _say_goodbye,
        _quit,
        _say_nonsense,
        _enter_twice,
        Participant.half_close,
        Participant.close,
        Participant.reset,
    ],
    ids=lambda go: go.__name__.strip("_"),
)


@requirement("ENTER-1")
@every_way_to_go
def test_who_has_left_is_not_in_the_list_of_who_comes(
    serve: Serve, go: Callable[[Participant], None]
) -> None:
    """“[...] the newcomer MUST receive the list of those present before it”."""
    server = serve()
    ana = server.participant("ana")
    beto = server.connect("beto")
    beto.enter(present=["ana"])
    ana.expect_entered(beto)
    go(beto)
    ana.expect_left(beto)
    carla = server.connect("carla")
    carla.enter(present=["ana"])
    ana.expect_entered(carla)


@requirement("ENTER-5")
@every_way_to_go
def test_a_nick_is_free_once_its_saiu_was_seen(
    serve: Serve, go: Callable[[Participant], None]
) -> None:
    """“Once anybody has received the `SAIU` of a nick, that nick MUST be free: an
    `/ENTRAR` with it, sent after that, succeeds unless somebody else has taken it
    meanwhile.”
    """
    server = serve()
    ana = server.participant("ana")
    for nick in ("beto", "BETO", "beto"):
        heir = server.connect(f"{nick}-2")
        former = server.connect(nick)
        former.enter(rule="ENTER-5")
        ana.expect_entered(former)
        go(former)
        ana.expect_left(former)
        heir.enter(nick, rule="ENTER-5")  # whoever is in its list: see ENTER-1
        ana.expect_entered(heir)
        heir.send("/SAIR")
        # Also the leaver itself may tell the next one at once.
        heir.expect_left(heir, "LEAVE-1")
        ana.expect_left(heir, "LEAVE-1")


@requirement("ENTER-6")
def test_every_nick_of_the_grammar_is_accepted(server: Server) -> None:
    """“A nick of 1 to 16 octets that the grammar derives MUST be taken as well formed
    in `/ENTRAR`”.
    """
    nicks = ["a", "Z", "a1", "a-", "a_", "a--__--", "SAIR", "quit", "ENTRAR", "z" * 16]
    nicks += ["ABCDEFGHIJKLMNOP", "qrstuvwxyz012345", "Q6789-_"]
    for number, nick in enumerate(nicks):
        server.connect(f"n{number}").enter(nick, rule="ENTER-6")


@requirement("ENTER-6")
def test_every_other_nick_makes_the_line_malformed(server: Server) -> None:
    """“[...] any other makes the line malformed.”"""
    wrong = ["a" * 17, "1ana", "-ana", "_ana", "an.a", "an@a", "an:a", "{quit}", "/ana"]
    for number, nick in enumerate(wrong):
        one = server.connect(f"n{number}")
        one.send(f"/ENTRAR {nick}")
        one.expect_forced_out("sintaxe", "ENTER-6")
    one = server.connect("acento")
    end = server.scene.delivery.line_end()
    one.send_octets("/ENTRAR joão".encode() + end)
    one.expect_forced_out("sintaxe", "ENTER-6")
