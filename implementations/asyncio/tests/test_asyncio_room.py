"""The room alone: who is told what, in which order."""

import pytest

from batepapo_asyncio.batch import Batch
from batepapo_asyncio.errors import (
    NickInUse,
    NoSuchDestination,
    OutOfState,
    OverLimit,
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
    Said,
    Sent,
    Whispered,
)
from batepapo_asyncio.room import Delivery, Room, State, Visitor

T1, T2 = "2026-03-01T12:00:00.001Z", "2026-03-01T12:00:00.002Z"


@pytest.fixture
def room():
    return Room("tchau")


def enter(room, nick, time=T1):
    visitor = Visitor("-")
    room.carry_out(visitor, Enter(nick), time)
    return visitor


def test_a_newcomer_gets_the_list_and_then_everyone_the_entry(room):
    enter(room, "Ana")
    beto = Visitor("192.0.2.1:1")
    assert room.carry_out(beto, Enter("beto"), T1) == [
        Delivery(beto, Participants(0, ("Ana",))),
        Delivery(None, Entered(T1, "beto@192.0.2.1:1")),
    ]
    assert beto.state is State.PARTICIPANT


def test_the_first_one_gets_an_empty_list(room):
    ana = Visitor("-")
    assert room.carry_out(ana, Enter("ana"), T1)[0] == Delivery(
        ana, Participants(0, ())
    )


def test_a_taken_nick_changes_nothing(room):
    ana = enter(room, "ana")
    other = Visitor("-")
    with pytest.raises(NickInUse):
        room.carry_out(other, Enter("ANA"), T1)
    assert other.state is State.WAITING
    assert list(room.participants) == [ana]


def test_a_nick_is_free_after_a_departure(room):
    room.depart(enter(room, "ana"), "x", T1)
    assert enter(room, "Ana").state is State.PARTICIPANT


def test_who_leaves_is_told_as_well(room):
    ana = enter(room, "ana")
    left = Left(T2, "ana@-", "tchau")
    due = room.carry_out(ana, Leave(), T2)
    assert due == [Delivery(None, left), Delivery(ana, left)]
    assert list(room.participants) == []
    assert room.depart(ana, "x", T2) == []


def test_who_is_thrown_out_is_not_told(room):
    ana = enter(room, "ana")
    assert room.depart(ana, "x", T1) == [Delivery(None, Left(T1, "ana@-", "x"))]


def test_who_has_not_entered_leaves_without_a_word(room):
    visitor = Visitor("-")
    assert room.carry_out(visitor, Leave(), T1) == []
    assert visitor.state is State.CLOSED


@pytest.mark.parametrize(
    "request_", [Public("oi"), Private("ana", "oi"), ListParticipants()]
)
def test_nobody_speaks_before_entering(room, request_):
    with pytest.raises(OutOfState) as raised:
        room.carry_out(Visitor("-"), request_, T1)
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


def test_time_does_not_go_backwards(room):
    ana = enter(room, "ana", T2)
    assert room.carry_out(ana, Public("oi"), T1) == [
        Delivery(None, Said(T2, "ana@-", "oi"))
    ]


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


class Reader:
    """Stands for a connection: keeps what it gets, or is too slow for it."""

    def __init__(self, room, visitor, *, slow=False):
        self.room, self.visitor, self.slow = room, visitor, slow
        self.writes = []

    def take(self, octets):
        if self.slow:
            raise OverLimit("SLOW-2")
        self.writes.append(octets)

    def cut_off(self, error):
        return self.room.depart(self.visitor, error.rule, T2)


def test_a_batch_is_one_write_for_each_and_replies_stand_at_their_place(room):
    ana, beto = enter(room, "ana"), enter(room, "beto")
    batch = Batch(room)
    readers = [Reader(room, visitor) for visitor in (ana, beto)]
    batch.readers.update({ana: readers[0], beto: readers[1]})
    for request in (Public("1"), Private("beto", "2"), Public("3"), Public("4")):
        batch.add(room.carry_out(ana, request, T1))
    batch.deal_out()
    to_ana, to_beto = (b"".join(reader.writes).splitlines() for reader in readers)
    said = [f"PUBLICA {T1} ana@- :{n}".encode() for n in (1, 3, 4)]
    assert to_ana == [said[0], b"ENVIADA beto", *said[1:]]
    assert to_beto == [said[0], f"PRIVADA {T1} ana@- :2".encode(), *said[1:]]
    assert [len(reader.writes) for reader in readers] == [1, 1]


def test_who_is_cut_off_by_an_event_departs_after_it_for_all(room):
    visitors = [enter(room, nick) for nick in ("ana", "lento", "beto")]
    batch = Batch(room)
    readers = [Reader(room, visitor) for visitor in visitors]
    readers[1].slow = True
    batch.readers.update(zip(visitors, readers, strict=True))
    batch.add(room.carry_out(visitors[0], Public("oi"), T1))
    batch.deal_out()
    expected = [
        f"PUBLICA {T1} ana@- :oi".encode(),
        f"SAIU {T2} lento@- :SLOW-2".encode(),
    ]
    for reader in (readers[0], readers[2]):
        assert b"".join(reader.writes).splitlines() == expected
