"""Histories that are right but for one thing: the judge finds it, names it, shows it.

Each is told by a server that makes no mistake (`Imagined`), and spoiled in one place.
"""

from collections.abc import Callable

import pytest

from batepapo_conformance.judge import Court, Judgement, Verdict
from batepapo_conformance.judge.imagined import HEADER, Imagined, ended
from batepapo_conformance.recording import Happening, Kind

Told = list[Happening]
Spoil = Callable[[Told], None]


def story() -> Told:
    """Three people, everything that can be said, and two departures."""
    server = Imagined()
    server.enters("ana", "beto", "carla")
    server.sends("ana", ":um", ":dois")
    server.sends("beto", "carla:psiu", ":tres", "/USUARIOS", "ninguem:ola")
    server.sends("ana", "ana:eu mesma", "carla:um segredo", ":quatro", "carla:outro")
    server.sends("beto", "/SAIR")
    server.sends("carla", "/USUARIOS", ":cinco")
    server.enters("davi")
    server.sends("davi", ":seis")
    server.resets("davi")
    server.sends("ana", ":sete")
    server.enters("eva")
    server.sends("eva", "/USUARIOS", ":oito")
    server.half_closes("eva")
    server.sends("carla", ":nove")
    return server.happenings


def judged(told: Told, *, settled: bool = True) -> Judgement:
    court = Court(HEADER)
    for happening in told:
        court.take(happening)
    return court.finish(ended(told, settled=settled))


# ---- how a history is spoiled ----------------------------------------------------


def place(told: Told, who: str, words: str, nth: int = 0) -> int:
    """Find the line of the server to somebody that holds these words."""
    places = [
        number
        for number, one in enumerate(told)
        if one.connection == who
        and one.kind is Kind.RECEIVED
        and words.encode() in one.octets
    ]
    return places[nth]


def lost(words: str, *people: str) -> Spoil:
    def spoil(told: Told) -> None:
        for who in people:
            del told[place(told, who, words)]

    return spoil


def twice(words: str, *people: str) -> Spoil:
    def spoil(told: Told) -> None:
        for who in people:
            found = place(told, who, words)
            told.insert(found + 1, told[found])

    return spoil


def swapped(words: str, others: str, *people: str) -> Spoil:
    def spoil(told: Told) -> None:
        for who in people:
            one, two = place(told, who, words), place(told, who, others)
            first, second = told[one].octets, told[two].octets
            told[one] = told[one]._replace(octets=second)
            told[two] = told[two]._replace(octets=first)

    return spoil


def changed(words: str, old: str, new: str, *people: str) -> Spoil:
    def spoil(told: Told) -> None:
        for who in people:
            found = place(told, who, words)
            octets = told[found].octets.replace(old.encode(), new.encode())
            assert octets != told[found].octets
            told[found] = told[found]._replace(octets=octets)

    return spoil


def added(line: str, after: str, *people: str) -> Spoil:
    def spoil(told: Told) -> None:
        for who in people:
            found = place(told, who, after)
            octets = f"{line}\n".encode()
            told.insert(found + 1, told[found]._replace(octets=octets))

    return spoil


def misled(words: str, who: str, other: str) -> Spoil:
    def spoil(told: Told) -> None:
        found = place(told, who, words)
        told[found] = told[found]._replace(connection=other)

    return spoil


def at_the_end(octets: str, who: str) -> Spoil:
    """Let the server send something more after the end of a client's stream."""

    def spoil(told: Told) -> None:
        ends = [one for one in told if one.connection == who][-1]
        found = told.index(ends)
        told.insert(
            found, ends._replace(kind=Kind.RECEIVED, octets=octets.encode("ascii"))
        )

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(told: Told) -> None:
        for one in spoils:
            one(told)

    return spoil


ANA, BETO, CARLA = (f"@127.0.0.1:{40000 + number}" for number in range(3))
NOON = "2026-01-31T12:00:00.000Z"
ALL = ("ana", "beto", "carla")

FAULTS: dict[str, tuple[str, Spoil]] = {
    # one order (ORDER-1), one line (EVENT-1)
    "an event is lost for one": ("ORDER-1", lost(":tres", "ana")),
    "an event is lost for its sender": ("ORDER-1", lost(":dois", "ana")),
    "the last event is lost for one": ("ORDER-1", lost(":nove", "ana")),
    "an ENTROU is lost for one": ("ORDER-1", lost("ENTROU " + NOON + " carla", "ana")),
    "a SAIU is lost for one": ("ORDER-1", lost(":reset", "carla")),
    "an event comes twice to one": ("ORDER-1", twice(":tres", "carla")),
    "an event comes twice to all": ("ORDER-1", twice(":tres", *ALL)),
    "two events in two orders": ("ORDER-1", swapped(":dois", ":tres", "carla")),
    "two events in two orders, nobody is a witness of both": (
        "ORDER-1",
        both(swapped(":dois", ":tres", "carla"), lost(":dois", "beto")),
    ),
    "something is said that nobody sent": (
        "ORDER-1",
        added(f"PUBLICA {NOON} ana{ANA} :inventado", ":tres", *ALL),
    ),
    "something is said by nobody": (
        "ORDER-1",
        added(f"PUBLICA {NOON} zoe@127.0.0.1:1 :oi", ":tres", *ALL),
    ),
    "somebody enters who never asked": (
        "ORDER-1",
        added(f"ENTROU {NOON} zoe@127.0.0.1:1", ":tres", *ALL),
    ),
    "one time is written in two ways": (
        "EVENT-1",
        changed(":tres", "00.000Z", "00.001Z", "carla"),
    ),
    "a text is changed for one": ("EVENT-1", changed(":tres", "tres", "Tres", "ana")),
    "a reason is changed for one": ("EVENT-1", changed(":saiu", "saiu", "foi", "ana")),
    "a text is changed for all": ("PUBLIC-2", changed(":um", ":um", ":um ", *ALL)),
    "an origin is changed for all": (
        "PUBLIC-1",
        changed(":tres", BETO, ANA, *ALL),
    ),
    "something is said by one who had reset its connection": (
        "ORDER-1",
        added(f"PUBLICA {NOON} davi@127.0.0.1:40003 :depois", ":seis", "ana", "carla"),
    ),
    # in the order of the lines (ORDER-2)
    "two lines of one sender change places for all": (
        "ORDER-2",
        swapped(":um", ":dois", *ALL),
    ),
    "two replies change places": (
        "ORDER-2",
        swapped("ENVIADA", "USUARIOS 0 ana beto", "beto"),
    ),
    "a private message is overtaken by a public one": (
        "ORDER-2",
        swapped(":psiu", ":tres", "carla"),
    ),
    "a private message comes before a public one sent before it": (
        "ORDER-2",
        swapped(":quatro", ":outro", "carla"),
    ),
    "a list is never answered": ("ORDER-2", lost("USUARIOS 0 ana beto", "beto")),
    "the last line is never answered": ("EOF-1", lost(":oito", "eva")),
    # private messages
    "a private message is lost": ("PRIVATE-1", lost(":psiu", "carla")),
    "a private message is lost, and the next is not": (
        "ORDER-2",
        lost(":um segredo", "carla"),
    ),
    "a private message comes twice": ("PRIVATE-1", twice(":um segredo", "carla")),
    "a private text is changed": ("PRIVATE-1", changed(":psiu", "ps", "xi", "carla")),
    "a private message that nobody sent": (
        "PRIVATE-1",
        added(f"PRIVADA {NOON} beto{BETO} :inventado", ":tres", "ana"),
    ),
    "a private message comes to another": (
        "PRIVATE-4",
        misled(":um segredo", "carla", "beto"),
    ),
    "a private message comes to another as well": (
        "PRIVATE-4",
        added(f"PRIVADA {NOON} ana{ANA} :um segredo", ":quatro", "beto"),
    ),
    "ENVIADA for somebody absent": (
        "PRIVATE-2",
        changed(
            "ERRO 02", "ERRO 02 ninguem :ausente (PRIVATE-2)", "ENVIADA ninguem", "beto"
        ),
    ),
    "ERRO 02 for somebody present": (
        "PRIVATE-1",
        both(
            lost(":psiu", "carla"),
            changed("ENVIADA", "ENVIADA carla", "ERRO 02 carla :nao", "beto"),
        ),
    ),
    "ENVIADA before one's own PRIVADA": (
        "PRIVATE-3",
        swapped(":eu mesma", "ENVIADA ana", "ana"),
    ),
    "ENVIADA in other letters": (
        "ENTER-2",
        changed("ENVIADA", "carla", "Carla", "beto"),
    ),
    # lists
    "a list lacks somebody": ("ORDER-3", changed("0 ana beto", " carla", "", "beto")),
    "a list lacks the one who asked": (
        "LIST-1",
        changed("0 ana beto", " beto", "", "beto"),
    ),
    "a list holds somebody who has left": (
        "ORDER-3",
        changed("USUARIOS 0 ana carla", " carla", " beto carla", "carla"),
    ),
    "a list is in another order": (
        "ORDER-3",
        changed("0 ana beto carla", "ana beto", "beto ana", "beto"),
    ),
    "a list comes to one who did not ask": (
        "LIST-1",
        added("USUARIOS 0 ana beto carla", ":tres", "ana"),
    ),
    "the numbers of a list are wrong": (
        "LIST-2",
        changed("0 ana beto", "0 ana beto", "1 ana\nUSUARIOS 1 beto", "beto"),
    ),
    "an event comes in the middle of a list": (
        "LIST-2",
        changed(
            "0 ana beto",
            "0 ana beto carla",
            f"1 ana beto\nPUBLICA {NOON} ana{ANA} :oi\nUSUARIOS 0 carla",
            "beto",
        ),
    ),
    # entering and leaving
    "a newcomer's list lacks somebody": (
        "ENTER-1",
        changed("USUARIOS 0 ana beto", " beto", "", "carla"),
    ),
    "a newcomer's list holds a ghost": (
        "ENTER-1",
        changed("USUARIOS 0 ana carla", "ana carla", "ana beto carla", "davi"),
    ),
    "an event before one's own ENTROU": (
        "ENTER-1",
        added(f"ENTROU {NOON} zoe{ANA}", "BATEPAPO", "carla"),
    ),
    "a nick is given twice": (
        "ENTER-3",
        added(f"ENTROU {NOON} Ana@127.0.0.1:9", ":tres", *ALL),
    ),
    "a SAIU comes twice": ("LEAVE-4", twice(":reset", "ana", "carla")),
    "a SAIU with another origin": (
        "LEAVE-4",
        changed(":reset", "127.0.0.1:40003", "127.0.0.1:1", "ana", "carla"),
    ),
    "nobody is told of a reset": ("LEAVE-3", lost(":reset", "ana", "carla")),
    "one's own SAIU at an end of stream": (
        "LEAVE-3",
        at_the_end(f"SAIU {NOON} eva@127.0.0.1:40004 :end of stream (EOF-1)\n", "eva"),
    ),
    "a line after one's own SAIU": (
        "STATE-3",
        added(f"PUBLICA {NOON} ana{ANA} :oi", ":saiu", "beto"),
    ),
    # times and lines
    "time goes backwards for all": (
        "ORDER-4",
        changed(":tres", NOON, "2026-01-31T11:59:59.999Z", *ALL),
    ),
    "time goes backwards in a private message": (
        "ORDER-4",
        changed(":psiu", NOON, "2026-01-31T11:59:59.999Z", "carla"),
    ),
    "a line is torn": ("FRAME-1", changed(":tres", "PUBLICA", "PUBLPUBLICA", "carla")),
    "two lines have become one": (
        "FRAME-1",
        changed(":tres", ":tres\n", ":tres\x00PUBLICA\n", "carla"),
    ),
    "the last line is cut": ("FRAME-1", at_the_end("SAIU 2026", "eva")),
}


def test_the_story_itself_is_right() -> None:
    result = judged(story())
    assert result.failures == []
    assert result.doubts == []
    assert result.verdict is Verdict.PASS


def test_a_nick_that_stays_taken() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    server.resets("beto")
    told = server.happenings
    again = Imagined()
    again.enters("beto")
    again.connects("outra")
    again.sends("outra", "/ENTRAR beto")
    refused = [one for one in again.happenings if one.connection == "outra"]
    result = judged([*told, *(one._replace(seconds=1.0) for one in refused)])
    assert [one.rule for one in result.failures] == ["ENTER-5"]


def test_two_who_are_there_and_have_never_heard_of_each_other() -> None:
    server, other = Imagined(), Imagined()
    server.enters("ana")
    other.enters("beto")
    later = [one._replace(seconds=1.0) for one in other.happenings]
    result = judged([*server.happenings, *later])
    assert [one.rule for one in result.failures] == ["ORDER-1"]
    assert len(result.failures[0].steps) <= 10


def test_one_who_left_and_never_heard_of_another_who_was_there() -> None:
    server, other = Imagined(), Imagined()
    server.enters("ana")
    there = len(server.happenings)
    server.sends("ana", "/SAIR")
    other.enters("beto")
    told = [*server.happenings[:there], *other.happenings, *server.happenings[there:]]
    result = judged([one._replace(seconds=1.0) for one in told])
    assert [one.rule for one in result.failures] == ["ORDER-1"]


def test_a_dead_one_stays_in_the_lists_of_a_room_where_nobody_saw_it_leave() -> None:
    server = Imagined()
    server.enters("ana")
    ghost = list(server.happenings)
    server.enters("beto")
    vanished = Happening(ghost[-1].seconds, "ana", Kind.CLIENT_RESET)
    later = [one for one in server.happenings if one.connection == "beto"]
    result = judged([*ghost, vanished, *later])
    assert [one.rule for one in result.failures] == ["LEAVE-3"]


@pytest.mark.parametrize(("rule", "spoil"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_and_shown(rule: str, spoil: Spoil) -> None:
    told = story()
    spoil(told)
    result = judged(told)
    assert result.verdict is Verdict.FAIL
    first = result.failures[0]
    assert first.rule == rule, first
    assert 1 <= len(first.steps) <= 10
    assert [step.wrong for step in first.steps[:-1]] == [False] * (len(first.steps) - 1)
    assert first.steps[-1].wrong
