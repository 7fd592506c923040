"""The room alone: who is told what, in which order."""

import pytest

from batepapo_asyncio.errors import (
    NickInUse,
    NoSuchDestination,
    OutOfState,
)
from batepapo_asyncio.messages import (
    Enter,
    Entered,
    Leave,
    Left,
    ListParticipants,
    Participants,
    Private,
    Public,
    Sent,
    Whispered,
)
from batepapo_asyncio.room import Delivery, Room, State, Visitor

T1, T2 = "2026-03-01T12:00:00.001Z", "2026-03-01T12:00:00.002Z"


@pytest.fixture
def room():
    return Room("tchau")


def stranger(address="-"):
    return Visitor("192.0.2.1:1", address, enter_by=0.0)


def enter(room, nick, time=T1):
    visitor = stranger()
    room.carry_out(visitor, Enter(nick), time)
    return visitor


def test_a_newcomer_gets_the_list_and_then_everyone_the_entry(room):
    enter(room, "Ana")
    beto = stranger("192.0.2.1:1")
    assert room.carry_out(beto, Enter("beto"), T1) == [
        Delivery(beto, Participants(0, ("Ana",))),
        Delivery(None, Entered(T1, "beto@192.0.2.1:1")),
    ]
    assert beto.state is State.PARTICIPANT


def test_the_first_one_gets_an_empty_list(room):
    ana = stranger()
    assert room.carry_out(ana, Enter("ana"), T1)[0] == Delivery(
        ana, Participants(0, ())
    )


def test_a_taken_nick_changes_nothing(room):
    ana = enter(room, "ana")
    other = stranger()
    with pytest.raises(NickInUse):
        room.carry_out(other, Enter("ANA"), T1)
    assert other.state is State.WAITING
    assert list(room.present) == [ana]


def test_a_nick_is_free_after_a_departure(room):
    room.depart(enter(room, "ana"), "x", T1)
    assert enter(room, "Ana").state is State.PARTICIPANT


def test_who_leaves_is_told_as_well(room):
    ana = enter(room, "ana")
    left = Left(T2, "ana@-", "tchau")
    due = room.carry_out(ana, Leave(), T2)
    assert due == [Delivery(None, left), Delivery(ana, left)]
    assert list(room.present) == []
    assert room.depart(ana, "x", T2) == []


def test_who_is_thrown_out_is_not_told(room):
    ana = enter(room, "ana")
    assert room.depart(ana, "x", T1) == [Delivery(None, Left(T1, "ana@-", "x"))]


def test_who_has_not_entered_leaves_without_a_word(room):
    visitor = stranger()
    assert room.carry_out(visitor, Leave(), T1) == []
    assert visitor.state is State.CLOSED


@pytest.mark.parametrize(
    "request_", [Public("oi"), Private("ana", "oi"), ListParticipants()]
)
def test_nobody_speaks_before_entering(room, request_):
    with pytest.raises(OutOfState) as raised:
        room.carry_out(stranger(), request_, T1)
    assert raised.value.rule == "STATE-1"


def test_nobody_enters_twice(room):
    ana = enter(room, "ana")
    with pytest.raises(OutOfState) as raised:
        room.carry_out(ana, Enter("beto"), T1)
    assert raised.value.rule == "STATE-2"


def test_a_private_message_to_oneself_comes_before_its_answer(room):
    ana = enter(room, "Ana")
    assert room.carry_out(ana, Private("aNA", "oi"), T1) == [
        Delivery(ana, Whispered(T1, "Ana@-", "oi")),
        Delivery(ana, Sent("Ana")),
    ]


def test_a_private_message_to_nobody_is_refused(room):
    with pytest.raises(NoSuchDestination):
        room.carry_out(enter(room, "ana"), Private("beto", "oi"), T1)


@pytest.mark.parametrize("count", [1, 28, 29, 30, 100])
def test_a_long_list_is_divided_into_lines_that_count_down(room, count):
    nicks = [f"Participante-{number:03}" for number in range(count)]
    visitors = [enter(room, nick) for nick in nicks]
    listed, due = [], room.carry_out(visitors[0], ListParticipants(), T1)
    for delivery in due:
        assert delivery.to is visitors[0]
        assert delivery.message.nicks
        listed += delivery.message.nicks
        assert delivery.message.remaining == count - len(listed)
    assert listed == nicks
