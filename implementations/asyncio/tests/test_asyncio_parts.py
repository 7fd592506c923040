"""Small parts: the clock, the pace, the batch, the switchboard, addresses."""

import asyncio
import math
import re
import socket
from datetime import UTC, datetime

import pytest

from batepapo_asyncio import clock, connection, server
from batepapo_asyncio.batch import Batch
from batepapo_asyncio.errors import OverLimit
from batepapo_asyncio.limits import ServerLimits
from batepapo_asyncio.messages import Said, Sent
from batepapo_asyncio.pace import Pace
from batepapo_asyncio.room import Delivery, State, Visitor
from batepapo_asyncio.sockets import address_text, is_address, is_port
from batepapo_asyncio.switchboard import Switchboard
from batepapo_asyncio.words import Language, Words

T1 = "2026-03-01T12:00:00.001Z"


def visitor(state=State.WAITING):
    someone = Visitor("192.0.2.1:1", "-", enter_by=0.0)
    someone.state = state
    return someone


def test_the_clock_has_the_form_of_the_grammar():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", clock.utc_now())


def test_the_clock_does_not_go_back_when_the_system_does(monkeypatch):
    times = iter(["2026-03-01T12:00:00.002Z", T1, "2026-03-01T12:00:00.003Z"])
    monkeypatch.setattr(clock, "utc_now", lambda: next(times))
    told = clock.Clock()
    assert [told.now()[-4:] for _ in range(3)] == ["002Z", "002Z", "003Z"]


def test_the_clock_tells_utc():
    before = datetime.now(UTC).isoformat()[:19]
    told = clock.utc_now()[:19]
    assert before <= told <= datetime.now(UTC).isoformat()[:19]


def test_the_pace_allows_one_second_worth_at_once_and_then_the_rate():
    pace = Pace(4)
    assert [pace.wait(10.0) for _ in range(6)] == [0, 0, 0, 0, 0.25, 0.5]
    assert pace.wait(100.0) == 0


def test_no_pace_is_no_limit():
    pace = Pace(0)
    assert not any(pace.wait(0.0) for _ in range(1000))


@pytest.mark.parametrize(
    ("address", "shows"),
    [("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", False), ("::", False)],
)
def test_only_the_loopback_shows_addresses_without_being_told(address, shows):
    """EVENT-4."""
    assert server._is_loopback(address) is shows


def test_addresses_and_ports():
    assert address_text("127.0.0.1") == "127.0.0.1"
    assert address_text("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_text("fe80::1%lo") == "[fe80::1]"
    assert is_address("::1")
    assert not any(map(is_address, ("", "localhost", "127.1", "127.0.0.01", "[::1]")))
    assert is_port("0")
    assert is_port("65535")
    assert not any(map(is_port, ("", "00", "65536", "-1", "+1", "１", "1\n")))


def test_a_batch_puts_what_is_for_one_at_its_place():
    ana, beto, eva = (visitor(State.PARTICIPANT) for _ in range(3))
    batch = Batch()
    said = [Said(T1, "ana@-", str(number)) for number in range(3)]
    batch.add([Delivery(None, said[0]), Delivery(ana, Sent("x"))])
    batch.add([Delivery(None, said[1]), Delivery(None, said[2])])
    portions = dict(batch.portions([ana, beto]))
    lines = [f"PUBLICA {T1} ana@- :{number}".encode() for number in range(3)]
    assert portions[ana].splitlines() == [lines[0], b"ENVIADA x", *lines[1:]]
    assert portions[beto].splitlines() == lines
    assert eva not in portions
    assert batch.size == len(portions[ana])


def test_who_is_not_present_gets_only_what_is_its_own():
    gone = visitor(State.CLOSED)
    batch = Batch()
    batch.add([Delivery(None, Said(T1, "a@-", "x")), Delivery(gone, Sent("x"))])
    assert dict(batch.portions([])) == {gone: b"ENVIADA x\n"}


def test_who_enters_or_leaves_within_a_batch_gets_what_it_was_there_for():
    ana, beto = visitor(State.PARTICIPANT), visitor()
    batch = Batch()

    def say(text):
        batch.add([Delivery(None, Said(T1, "ana@-", text))])

    batch.add([Delivery(beto, Sent("refused"))])
    say("1")
    beto.state = State.PARTICIPANT
    batch.enter(beto)
    batch.add([Delivery(beto, Sent("list"))])
    say("2")
    beto.state = State.CLOSED
    batch.leave(beto)
    say("3")
    batch.add([Delivery(beto, Sent("goodbye"))])
    portions = dict(batch.portions([ana]))
    last = {
        who: [line.split()[-1] for line in portions[who].splitlines()]
        for who in portions
    }
    assert last == {
        ana: [b":1", b":2", b":3"],
        beto: [b"refused", b"list", b":2", b"goodbye"],
    }


class Reader:
    """Stands for a connection: keeps what it gets, or is too slow for it."""

    def __init__(self):
        self.slow = False
        self.writes = []
        self.reads = True

    def take(self, octets):
        if self.slow:
            raise OverLimit("SLOW-2")
        self.writes.append(octets)

    def stop_reading(self):
        self.reads = False

    abort = stop_reading

    def keywords(self):
        return [line.split()[0].decode() for line in b"".join(self.writes).splitlines()]


class SilentLog:
    def write(self, text):
        assert "\n" not in text


@pytest.fixture
def board():
    return Switchboard(Words(Language.ENGLISH), SilentLog())


def entered(board, *nicks):
    people = []
    for nick in nicks:
        someone, reader = visitor(), Reader()
        board.connect(someone, reader)
        board.carry_out(someone, f"/ENTRAR {nick}".encode())
        board.deal_out()
        people.append((someone, reader))
    for _, reader in people:
        reader.writes.clear()
    return people


def test_a_batch_is_one_write_for_each(board):
    (ana, to_ana), (_, to_beto) = entered(board, "ana", "beto")
    for line in (b":1", b"beto:2", b":3"):
        board.carry_out(ana, line)
    assert to_ana.writes == []
    board.deal_out()
    assert to_ana.keywords() == ["PUBLICA", "ENVIADA", "PUBLICA"]
    assert to_beto.keywords() == ["PUBLICA", "PRIVADA", "PUBLICA"]
    assert len(to_ana.writes) == len(to_beto.writes) == 1


def test_what_came_in_one_turn_of_the_loop_is_one_write_for_each(board):
    (ana, to_ana), (beto, to_beto) = entered(board, "ana", "beto")
    newcomer, to_newcomer = visitor(), Reader()
    board.connect(newcomer, to_newcomer)

    async def say(who, *lines):
        for line in lines:
            board.carry_out(who, line)
        assert to_ana.writes == []
        await board.dealt_out()
        assert len(to_ana.writes) == 1

    async def all_say():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(say(ana, b":1", b":2"))
            tasks.create_task(say(newcomer, b"/ENTRAR caio", b":3"))
            tasks.create_task(say(beto, b"caio:4", b"/SAIR"))

    asyncio.run(all_say())
    before = ["PUBLICA", "PUBLICA"]
    assert to_ana.keywords() == [*before, "ENTROU", "PUBLICA", "SAIU"]
    assert to_beto.keywords() == [*before, "ENTROU", "PUBLICA", "ENVIADA", "SAIU"]
    seen = ["BATEPAPO", "USUARIOS", "ENTROU", "PUBLICA", "PRIVADA", "SAIU"]
    assert to_newcomer.keywords() == seen
    assert b"  " not in to_ana.writes[0]  # each event has its time
    assert len(to_beto.writes) == len(to_newcomer.writes) == 1


def test_who_is_cut_off_by_an_event_departs_after_it_for_all(board):
    people = entered(board, "ana", "lento", "beto")
    people[1][1].slow = True
    board.carry_out(people[0][0], b":oi")
    board.deal_out()
    for _, reader in (people[0], people[2]):
        assert reader.keywords() == ["PUBLICA", "SAIU"]
    assert not people[1][1].reads
    assert people[1][0].state is State.CLOSED


def test_who_asks_for_very_much_gives_way_between_two_answers(board, monkeypatch):
    monkeypatch.setattr(connection, "_BATCH", 0)  # then any answer is very much
    turns, answered_at = [], []  # turns of the event loop
    deal_out = board.deal_out

    def take_a_turn():
        turns.append("somebody else's")
        asyncio.get_running_loop().call_soon(take_a_turn)

    def note_and_deal_out():
        if board.size:
            answered_at.append(len(turns))
        deal_out()

    async def serve(ours):
        asking = connection.Connection(
            ours,
            Visitor("192.0.2.1:1", "-", enter_by=math.inf),
            switchboard=board,
            limits=ServerLimits(),
            words=Words(Language.ENGLISH),
            on_closed=lambda _: None,
        )
        asking.start()
        take_a_turn()
        await asking.serve()

    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        theirs.sendall(b"/ENTRAR ana\n" + b"/USUARIOS\n" * 10)
        theirs.shutdown(socket.SHUT_WR)
        monkeypatch.setattr(board, "deal_out", note_and_deal_out)
        asyncio.run(serve(ours))
    assert len(set(answered_at)) >= 10


def test_the_room_gets_a_time_that_does_not_go_back(board, monkeypatch):
    [(ana, to_ana)] = entered(board, "ana")
    times = iter(["2999-03-01T12:00:00.002Z", "2999-03-01T12:00:00.001Z"])
    monkeypatch.setattr(clock, "utc_now", lambda: next(times))
    for line in (b":1", b":2"):
        board.carry_out(ana, line)
        board.deal_out()
    said = [line.split()[1] for line in b"".join(to_ana.writes).splitlines()]
    assert said == [b"2999-03-01T12:00:00.002Z"] * 2
