"""Section 6.1: one room, one order."""

from collections.abc import Iterator

import pytest

from batepapo_conformance.crowd import Farewell, speak_at_once
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server


def _strangers(server: Server, number: int) -> list[Participant]:
    return [server.connect(f"p{index}") for index in range(number)]


@requirement("ORDER-1", "EVENT-1", "ORDER-4")
@pytest.mark.parametrize(("people", "lines"), [(8, 60), (30, 12)])
def test_all_see_one_order_of_what_all_say_at_once(
    serve: Serve, people: int, lines: int
) -> None:
    """“The events are one sequence, the same for all. Each participant MUST receive
    the contiguous stretch of it that begins with its own `ENTROU`: without a gap, a
    duplicate, an invention or a change of order, until its participation ends.”
    """
    server = serve()
    scripts = {
        one: [f"/ENTRAR {one.name}"] + [f":{one.name} {i}" for i in range(lines)]
        for one in _strangers(server, people)
    }
    speak_at_once(server, scripts)


@requirement("ORDER-1")
def test_who_enters_while_others_speak_misses_nothing(serve: Serve) -> None:
    """“Each participant MUST receive the contiguous stretch of it that begins with its
    own `ENTROU`: without a gap”.
    """
    server = serve()
    *newcomers, ana, beto, carla = _strangers(server, 43)
    scripts = {one: [f"/ENTRAR {one.name}"] for one in newcomers}
    for one in (ana, beto, carla):
        lines = [f":{number} de {one.name}" for number in range(300)]
        scripts[one] = [f"/ENTRAR {one.name}", *lines]
    turns = {one: 1 + number for number, one in enumerate(newcomers)}
    speak_at_once(server, scripts, turns=turns)


@requirement("ORDER-3", "ORDER-1", "ENTER-1", "LEAVE-1")
def test_lists_fit_the_events_while_people_come_and_go(serve: Serve) -> None:
    """“Every list MUST equal the membership that the events already on that
    connection imply: the newcomer's first list, plus each `ENTROU`, minus each `SAIU`
    before it, in order of entry.”
    """
    server = serve()
    scripts = {}
    for number, one in enumerate(_strangers(server, 24)):
        lines = [f"/ENTRAR {one.name}"]
        for turn in range(1 + number % 5):
            lines += ["/USUARIOS", f":{turn} de {one.name}"]
        if number % 3:
            lines += ["/USUARIOS", ("/SAIR", "{quit}")[number % 2]]
        scripts[one] = lines
    speak_at_once(server, scripts)


@requirement("ORDER-2", "PRIVATE-4", "ORDER-4")
def test_replies_come_in_order_while_all_speak_to_all(serve: Serve) -> None:
    """“The lines of one connection MUST be carried out in the order in which they were
    sent, and their replies and echoes come in that order [...]. What two lines of one
    sender cause on any one connection, private or public, comes in the order of the
    lines.”
    """
    server = serve()
    people = _strangers(server, 10)
    scripts = {
        one: [f"/ENTRAR {one.name}", *_mixture(server, one, people)] for one in people
    }
    speak_at_once(server, scripts)


def _mixture(
    server: Server, one: Participant, people: list[Participant]
) -> Iterator[str]:
    for number in range(20):
        text = f"{number} de {one.name}"
        other = server.scene.chance.choice(people).name
        yield from (f":{text}", f"{other}:{text}", "/USUARIOS")


@requirement("ORDER-1", "ORDER-2", "ORDER-3", "PRIVATE-1", "LEAVE-3", "EOF-1")
def test_whatever_all_do_at_once_is_one_history(serve: Serve) -> None:
    """“[...] without a gap, a duplicate, an invention or a change of order, until its
    participation ends.”
    """
    server = serve()
    chance = server.scene.chance
    people = _strangers(server, 16)
    scripts, farewells = {}, {}
    for one in people:
        lines = [f"/ENTRAR {one.name}"]
        for _ in range(chance.randrange(5, 40)):
            other = chance.choice(people).name
            lines.append(chance.choice((":oi", ":ola", f"{other}:psiu", "/USUARIOS")))
        farewells[one] = chance.choice(list(Farewell))
        if farewells[one] is Farewell.STAYS and chance.random() < 0.5:
            lines.append(chance.choice(("/SAIR", "{quit}")))
        scripts[one] = lines
    speak_at_once(server, scripts, farewells)


@requirement("ORDER-2")
def test_replies_come_in_the_order_of_the_lines(server: Server) -> None:
    """“[...] their replies and echoes come in that order, also when many lines are
    sent without waiting for replies (pipelining).”
    """
    ana = server.connect("ana")
    ana.send("/ENTRAR ana", ":um", "/USUARIOS", "ana:dois", "ninguem:tres", ":quatro")
    ana.send("/USUARIOS", ":cinco", "ninguem:seis", "/SAIR")
    ana.expect_own_entry(present=[])
    ana.expect_public(ana, "um", "ORDER-2")
    ana.expect_list(["ana"], "ORDER-2")
    ana.expect_private(ana, "dois", "ORDER-2")
    ana.expect_sent("ana", "ORDER-2")
    ana.expect_error("02", "ninguem", "ORDER-2")
    ana.expect_public(ana, "quatro", "ORDER-2")
    ana.expect_list(["ana"], "ORDER-2")
    ana.expect_public(ana, "cinco", "ORDER-2")
    ana.expect_error("02", "ninguem", "ORDER-2")
    ana.expect_left(ana, "ORDER-2")
    ana.expect_closed("LEAVE-1")


@requirement("ORDER-2", "SLOW-4")
def test_thousands_of_lines_without_waiting(serve: Serve) -> None:
    """“[...] also when many lines are sent without waiting for replies
    (pipelining).”
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    ana.pipeline(*(f":{number}" for number in range(5000)))
    for one in (ana, beto):
        for number in range(5000):
            one.expect_public(ana, str(number), "ORDER-2")


@requirement("ORDER-3")
def test_a_list_follows_the_events_of_one_connection(serve: Serve) -> None:
    """“Every list MUST equal the membership that the events already on that
    connection imply”.
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    beto.send("/USUARIOS", "/SAIR")
    beto.expect_list(["ana", "beto"], "ORDER-3")
    beto.expect_left(beto, "LEAVE-1")
    ana.expect_left(beto, "LEAVE-1")
    ana.send("/USUARIOS")
    ana.expect_list(["ana"], "ORDER-3")
    carla = server.connect("carla")
    carla.enter(present=["ana"], rule="ORDER-3")
    carla.send("/USUARIOS")
    carla.expect_list(["ana", "carla"], "ORDER-3")
    ana.expect_entered(carla)
    ana.send("/USUARIOS")
    ana.expect_list(["ana", "carla"], "ORDER-3")
    for go in (Participant.half_close, Participant.reset):
        davi = server.connect("davi")
        davi.enter(present=["ana", "carla"], rule="ORDER-3")
        for one in (ana, carla):
            one.expect_entered(davi)
        go(davi)
        for one in (ana, carla):
            one.expect_left(davi)
            one.send("/USUARIOS")
            one.expect_list(["ana", "carla"], "ORDER-3")
