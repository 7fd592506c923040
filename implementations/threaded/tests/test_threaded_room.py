"""The state machine of section 4, without a socket."""

import pytest

from batepapo_threaded.errors import NickInUse, NoSuchDestination, OutOfState
from batepapo_threaded.messages import (
    Enter,
    Entered,
    Leave,
    Left,
    ListParticipants,
    Participants,
    Private,
    Public,
    Request,
    Said,
    Sent,
    Whispered,
    format_message,
)
from batepapo_threaded.room import Delivery, Room, State, Visitor

TIME = "2026-11-20T18:57:11.537Z"


@pytest.fixture
def room() -> Room:
    return Room("tchau")


def stranger(number: int = 1) -> Visitor:
    return Visitor(f"127.0.0.1:{number}", "-", enter_by=0.0)


def entered(room: Room, nick: str) -> Visitor:
    visitor = stranger()
    room.carry_out(visitor, Enter(nick), TIME)
    return visitor


def test_the_newcomer_gets_its_list_and_then_everyone_its_entry(room: Room) -> None:
    entered(room, "ana")
    bob = stranger()
    assert room.carry_out(bob, Enter("Bob"), TIME) == [
        Delivery(bob, Participants(0, ("ana",))),
        Delivery(None, Entered(TIME, "Bob", "-")),
    ]
    assert [visitor.nick for visitor in room.present] == ["ana", "Bob"]


def test_a_nick_is_taken_whatever_its_case(room: Room) -> None:
    entered(room, "ana")
    late = stranger()
    with pytest.raises(NickInUse) as refused:
        room.carry_out(late, Enter("ANA"), TIME)
    assert refused.value.nick == "ANA"
    assert late.state is State.WAITING
    assert len(list(room.present)) == 1


def test_a_nick_is_free_again_after_its_departure(room: Room) -> None:
    ana = entered(room, "ana")
    left = room.depart(ana, "x", TIME)
    assert left == [Delivery(None, Left(TIME, "ana", "-", "x"))]
    assert room.depart(ana, "x", TIME) == []  # LEAVE-4
    entered(room, "Ana")


def test_public(room: Room) -> None:
    ana = entered(room, "ana")
    assert room.carry_out(ana, Public(" oi "), TIME) == [
        Delivery(None, Said(TIME, "ana", "-", " oi "))
    ]


def test_private(room: Room) -> None:
    ana, bob = entered(room, "ana"), entered(room, "Bob")
    assert room.carry_out(ana, Private("bOB", "oi"), TIME) == [
        Delivery(bob, Whispered(TIME, "ana", "-", "oi")),
        Delivery(ana, Sent("Bob")),
    ]
    assert room.carry_out(ana, Private("ana", "eu"), TIME) == [
        Delivery(ana, Whispered(TIME, "ana", "-", "eu")),
        Delivery(ana, Sent("ana")),
    ]
    with pytest.raises(NoSuchDestination) as refused:
        room.carry_out(ana, Private("Eva", "oi"), TIME)
    assert refused.value.nick == "Eva"


def test_leaving(room: Room) -> None:
    ana = entered(room, "ana")
    [delivery] = room.carry_out(ana, Leave(), TIME)
    assert delivery.to is None
    assert isinstance(delivery.message, Left)
    assert ana.state is State.CLOSED
    assert room.carry_out(ana, Public("depois"), TIME) == []


def test_leaving_before_entering_is_silent(room: Room) -> None:
    visitor = stranger()
    assert room.carry_out(visitor, Leave(), TIME) == []
    assert visitor.state is State.CLOSED


@pytest.mark.parametrize(
    "request_", [Public("x"), Private("ana", "x"), ListParticipants()], ids=repr
)
def test_what_is_not_legal_while_waiting(room: Room, request_: Request) -> None:
    with pytest.raises(OutOfState):
        room.carry_out(stranger(), request_, TIME)


def test_entering_twice_is_not_legal(room: Room) -> None:
    ana = entered(room, "ana")
    with pytest.raises(OutOfState):
        room.carry_out(ana, Enter("bia"), TIME)


def test_a_long_list_counts_down_and_fits_into_lines(room: Room) -> None:
    nicks = [f"participante-{number:03}" for number in range(100)]
    visitors = [entered(room, nick) for nick in nicks]
    deliveries = room.carry_out(visitors[0], ListParticipants(), TIME)
    heard: list[str] = []
    for delivery in deliveries:
        assert isinstance(delivery.message, Participants)
        assert delivery.to is visitors[0]
        assert len(format_message(delivery.message)) <= 512
        heard += delivery.message.nicks
        assert delivery.message.remaining == len(nicks) - len(heard)
    assert heard == nicks
