"""The room behind its lock: whoever has it carries out the lines of all who wait."""

import math
import threading
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from batepapo_threaded.batch import Batch
from batepapo_threaded.errors import Malformed
from batepapo_threaded.log import Log
from batepapo_threaded.messages import Said, Sent
from batepapo_threaded.outbox import Outbox
from batepapo_threaded.room import Delivery, State, Visitor
from batepapo_threaded.switchboard import Switchboard
from batepapo_threaded.words import Language, Words

T1 = "2026-11-30T12:00:00.000Z"
MANY = 1_000_000


class Reader(Outbox):
    """Stands for an outbox: keeps what it gets, or is full."""

    def __init__(self) -> None:
        self.full = False
        self.writes: list[bytes] = []
        self.ended_by = ""

    def put(self, octets: bytes) -> bool:
        self.writes.append(octets)
        return not self.full

    def finish(self) -> None:
        self.ended_by = "finish"

    def abort(self) -> None:
        self.ended_by = "abort"

    def heard(self) -> list[str]:
        """The keyword of each line, and the text if somebody said it."""
        lines = [line.split() for line in b"".join(self.writes).decode().splitlines()]
        return [
            words[-1] if words[0] in ("PUBLICA", "PRIVADA") else words[0]
            for words in lines
        ]


class NotedLog(Log):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: str) -> None:
        self.lines.append(text)


class Person:
    """Somebody in the room, who has heard nothing yet."""

    def __init__(self, board: Switchboard, nick: str) -> None:
        self.board = board
        self.visitor = Visitor(f"{nick}'s", "-", enter_by=math.inf)
        self.reader = Reader()
        board.connect(self.visitor, self.reader)
        self.say(f"/ENTRAR {nick}")
        self.reader.writes.clear()

    def say(self, *lines: str) -> tuple[int, bool]:
        octets = [line.encode() for line in lines]
        return self.board.carry_out(self.visitor, iter(octets), MANY)


@pytest.fixture
def log() -> NotedLog:
    return NotedLog()


@pytest.fixture
def board(log: NotedLog) -> Switchboard:
    return Switchboard(Words(Language.ENGLISH), log, outbox_limit=MANY)


@pytest.fixture
def people(board: Switchboard) -> list[Person]:
    people = [Person(board, nick) for nick in ("ana", "beto", "caio")]
    for person in people:
        person.reader.writes.clear()
    return people


class Meanwhile:
    """Lines of one person; before the last of them, others come and have to wait."""

    def __init__(self, board: Switchboard, first: str, last: str) -> None:
        self._board = board
        self._lines = [first.encode(), last.encode()]
        self._waiting: list[threading.Thread] = []

    def comes(self, person: Person, lines: Iterator[bytes]) -> None:
        arguments = (person.visitor, lines, MANY)
        self._waiting.append(
            threading.Thread(target=self._board.carry_out, args=arguments)
        )

    def lines(self) -> Iterator[bytes]:
        yield self._lines[0]
        for number, thread in enumerate(self._waiting, 1):
            thread.start()
            self._until_turns_are(number)
        yield self._lines[1]

    def is_over(self) -> None:
        for thread in self._waiting:
            thread.join(10)
            assert not thread.is_alive()

    def _until_turns_are(self, number: int) -> None:
        deadline = monotonic() + 10
        while len(self._board._turns) < number:
            assert monotonic() < deadline, "nobody waits for a turn"
            sleep(0.001)


def test_what_all_say_who_wait_for_the_lock_is_one_write_for_each(
    board: Switchboard, people: list[Person]
) -> None:
    ana, beto, caio = people
    meanwhile = Meanwhile(board, ":1", ":2")
    meanwhile.comes(beto, iter([b":3", b"ana:4"]))
    meanwhile.comes(caio, iter([b":5"]))
    assert board.carry_out(ana.visitor, meanwhile.lines(), MANY) == (2, False)
    meanwhile.is_over()
    assert ana.reader.heard() == [":1", ":2", ":3", ":4", ":5"]
    assert beto.reader.heard() == [":1", ":2", ":3", "ENVIADA", ":5"]
    assert caio.reader.heard() == [":1", ":2", ":3", ":5"]
    assert [len(one.reader.writes) for one in people] == [1, 1, 1]


def test_a_fault_ends_the_turn_of_who_made_it_and_no_other(
    board: Switchboard, people: list[Person]
) -> None:
    def too_long() -> Iterator[bytes]:
        yield b":3"
        raise Malformed

    ana, beto, caio = people
    meanwhile = Meanwhile(board, ":1", ":2")
    meanwhile.comes(beto, too_long())
    meanwhile.comes(caio, iter([b":4"]))
    board.carry_out(ana.visitor, meanwhile.lines(), MANY)
    meanwhile.is_over()
    assert ana.reader.heard() == [":1", ":2", ":3", "SAIU", ":4"]
    assert beto.reader.heard() == [":1", ":2", ":3", "ERRO"]
    assert [one.reader.ended_by for one in people] == ["", "finish", ""]


def test_who_leaves_in_its_turn_hears_nothing_of_the_next(
    board: Switchboard, people: list[Person]
) -> None:
    ana, beto, caio = people
    meanwhile = Meanwhile(board, ":1", "/SAIR")
    meanwhile.comes(beto, iter([b":2", b"/ENTRAR x", b":never"]))
    meanwhile.comes(caio, iter([b"ana:3", b":4"]))
    board.carry_out(ana.visitor, meanwhile.lines(), MANY)
    meanwhile.is_over()
    assert ana.reader.heard() == [":1", "SAIU"]
    assert beto.reader.heard() == [":1", "SAIU", ":2", "ERRO"]
    assert caio.reader.heard() == [":1", "SAIU", ":2", "SAIU", "ERRO", ":4"]
    assert [one.reader.ended_by for one in people] == ["finish", "finish", ""]


def test_a_batch_that_is_full_is_delivered_and_the_next_one_goes_on(
    people: list[Person], log: NotedLog
) -> None:
    small = Switchboard(Words(Language.ENGLISH), log, outbox_limit=100)
    ana, beto = Person(small, "ana"), Person(small, "beto")
    ana.reader.writes.clear()
    lines = iter([b":1", b":2", b":3"])
    more, taken = True, []
    while more:
        number, more = small.carry_out(ana.visitor, lines, MANY)
        taken.append(number)
    assert taken == [2, 1]
    assert beto.reader.heard() == [":1", ":2", ":3"]
    assert len(beto.reader.writes) == 2


def test_who_is_cut_off_departs_after_what_it_could_not_take(
    board: Switchboard, people: list[Person], log: NotedLog
) -> None:
    ana, beto, caio = people
    beto.reader.full = True
    ana.say(":1", ":2")
    assert caio.reader.heard() == [":1", ":2", "SAIU"]
    assert beto.reader.ended_by == "abort"
    assert beto.visitor.state is State.CLOSED
    assert sum("beto's" in line for line in log.lines) == 2  # entered, and left


def test_who_leaves_and_is_cut_off_by_it_has_left_once(
    board: Switchboard, people: list[Person], log: NotedLog
) -> None:
    _, beto, caio = people
    beto.reader.full = True
    beto.say(":1", "/SAIR")
    assert caio.reader.heard() == [":1", "SAIU"]
    assert beto.reader.ended_by == "abort"
    assert sum("beto's" in line for line in log.lines) == 2  # entered, and left


def test_who_enters_or_leaves_within_a_batch_gets_what_it_was_there_for() -> None:
    ana = Visitor("1", "-", enter_by=math.inf, state=State.PARTICIPANT)
    beto = Visitor("2", "-", enter_by=math.inf)
    batch = Batch(T1)

    def say(text: str) -> None:
        batch.add(Delivery(None, Said(T1, "ana", "-", text)))

    batch.add(Delivery(beto, Sent("refused")))
    say("1")
    beto.state = State.PARTICIPANT
    batch.enter(beto)
    batch.add(Delivery(beto, Sent("list")))
    say("2")
    beto.state = State.CLOSED
    batch.leave(beto)
    say("3")
    batch.add(Delivery(beto, Sent("goodbye")))
    portions = dict(batch.portions([ana]))
    last = {
        who: [line.split()[-1] for line in octets.splitlines()]
        for who, octets in portions.items()
    }
    assert last[ana] == [b":1", b":2", b":3"]
    assert last[beto] == [b"refused", b"list", b":2", b"goodbye"]
