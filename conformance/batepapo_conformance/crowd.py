"""Many who speak at the same time; the judge decides what became of it."""

import selectors
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from batepapo_conformance import codec, diagram
from batepapo_conformance.exchange import Event, Exchange
from batepapo_conformance.exchange import Kind as Shown
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.judge import Court, Failure
from batepapo_conformance.participant import Participant
from batepapo_conformance.recording import End, Happening, Header, Kind
from batepapo_conformance.server import Server

# Octets that one person hands over before it is somebody else's turn.
_MOUTHFUL = 150
# Seconds between two looks whether anything is still due.
_LOOK = 0.05
# Seconds of silence that a look counts for at most: while the machine stood still,
# nobody could have said anything.
_LONGEST_LOOK = 2 * _LOOK


class Farewell(Enum):
    """How somebody goes when it has said everything."""

    STAYS = auto()
    """Or leaves with its last line."""

    HALF_CLOSES = auto()
    RESETS = auto()


@dataclass(slots=True, eq=False)
class _Member:
    """One of the crowd: what it has still to say, and how it goes then.

    It waits for `turns` of the others before it begins.
    """

    person: Participant
    rest: bytes
    farewell: Farewell
    turns: int = 0
    is_served: bool = False
    is_gone: bool = False

    def fileno(self) -> int:
        return self.person.connection.fileno()


class _Crowd:
    """Everybody, and the court that is told what each of them does and hears."""

    def __init__(self, server: Server, members: Sequence[_Member]) -> None:
        self._scene = server.scene
        self._members = members
        self._began = time.monotonic()
        self._silence = 0.0
        self._looked_at = self._began
        # Somebody else may be in a room that the suite did not start.
        whole = server.running.process is not None
        self._court = Court(Header("a crowd", "", whole))
        for one in members:
            local = str(one.person.connection.local)
            self._tell(one, Kind.CONNECTED, seen_as=local)
            # It has been greeted; with which words does not matter here.
            self._tell(one, Kind.RECEIVED, codec.encode(codec.Greeting("greeted")))

    def _tell(
        self, one: _Member, kind: Kind, octets: bytes = b"", seen_as: str = ""
    ) -> None:
        now = time.monotonic() - self._began
        self._court.take(Happening(now, one.person.name, kind, octets, seen_as))

    def speak(self) -> None:
        """Let everybody speak and go, and wait until everything due has come."""
        with selectors.DefaultSelector() as selector:
            for one in self._members:
                selector.register(one, selectors.EVENT_READ, one)
            while talking := [one for one in self._members if one.rest]:
                for one in talking:
                    self._say_something(one, selector)
                self._listen(selector, 0)
            while not self._court.nothing_is_due and not self._is_silent():
                self._listen(selector, _LOOK)

    def _is_silent(self) -> bool:
        return self._silence > self._scene.prompt

    def _say_something(self, one: _Member, selector: selectors.BaseSelector) -> None:
        if one.turns:
            one.turns -= 1
            return
        octets = one.rest[: self._scene.chance.randrange(1, _MOUTHFUL)]
        taken = one.person.connection.offer(octets)
        # Nobody has read an answer since: so it stands before what it causes.
        self._tell(one, Kind.SENT, one.rest[:taken])
        one.rest = one.rest[taken:]
        if self._is_silent():  # SLOW-6: who is not heard may be read no more
            one.rest = b""
        if one.rest or one.is_gone:
            return
        if one.farewell is Farewell.RESETS:
            selector.unregister(one)
            one.is_gone = True
            self._tell(one, Kind.CLIENT_RESET)
            one.person.reset()
        elif one.farewell is Farewell.HALF_CLOSES:
            self._tell(one, Kind.CLIENT_ENDED)
            one.person.half_close()

    def _listen(self, selector: selectors.BaseSelector, seconds: float) -> None:
        ready = selector.select(seconds)
        now = time.monotonic()
        look = min(now - self._looked_at, _LONGEST_LOOK)
        self._silence = 0.0 if ready else self._silence + look
        self._looked_at = now
        for key, _ in ready:
            one: _Member = key.data
            for line in one.person.connection.arrived():
                _insist_on_no_error(line)
                one.is_served = True
                self._tell(one, Kind.RECEIVED, line)
            if not one.person.connection.is_open:
                selector.unregister(one)
                self._ends(one)

    def _ends(self, one: _Member) -> None:
        connection = one.person.connection
        partial = connection.read_line(0)
        if isinstance(partial, bytes):
            self._tell(one, Kind.RECEIVED, partial)
        reset = connection.is_reset
        self._tell(one, Kind.SERVER_RESET if reset else Kind.SERVER_ENDED)
        one.is_gone, one.rest = True, b""

    def insist_on_the_verdict(self) -> None:
        """Insist that no promise was broken, as far as anybody can know.

        Raises:
            RuleBroken: the first that was; the record shows the counterexample.
        """
        for one in self._members:
            if not one.is_served and not one.is_gone:
                expected = f"{one.person.name} is served like all the others"
                found = f"nothing for {self._scene.prompt:g} s"
                raise RuleBroken("SERVE-1", expected, found)
        seconds = time.monotonic() - self._began
        judgement = self._court.finish(End(seconds, settled=True))
        for failure in judgement.failures:
            raise _broken(failure, self._scene.record)
        for who, reason in judgement.doubts:
            if "by the server" in reason:
                expected = f"{who}, who reads, is not cut off"
                raise RuleBroken("SLOW-4", expected, reason)


def speak_at_once(
    server: Server,
    scripts: Mapping[Participant, Sequence[str]],
    farewells: Mapping[Participant, Farewell] | None = None,
    turns: Mapping[Participant, int] | None = None,
) -> None:
    """Let everybody send its lines at the same time, and judge what they saw.

    Args:
        server: where they are.
        scripts: the lines of each, from `/ENTRAR` on; all are greeted and legal.
        farewells: how each goes when it has said them; by default it stays.
        turns: how often the others speak before it does; by default, not at all.

    Raises:
        RuleBroken: a promise about delivery was broken; SERVE-1, if somebody is not
            answered at all.
    """
    farewells, turns = farewells or {}, turns or {}
    members = [
        _Member(
            person,
            "".join(f"{line}\n" for line in lines).encode("ascii"),
            farewells.get(person, Farewell.STAYS),
            turns.get(person, 0),
        )
        for person, lines in scripts.items()
    ]
    crowd = _Crowd(server, members)
    crowd.speak()
    crowd.insist_on_the_verdict()


def _insist_on_no_error(line: bytes) -> None:
    if line.startswith(b"ERRO 03 "):
        rule = "SERVE-1" if line.startswith(b"ERRO 03 tempo") else "ORDER-2"
        expected = "the reply to a line; all of them are legal"
        raise RuleBroken(rule, expected, line.removesuffix(b"\n"))


_SHOWN = {
    diagram.Way.TO_SERVER: Shown.SENT,
    diagram.Way.TO_CLIENT: Shown.RECEIVED,
    diagram.Way.AT_CLIENT: Shown.NOTE,
}


def _broken(failure: Failure, record: Exchange) -> RuleBroken:
    """The same as a failure of this check; the record shows what proves it."""
    events = [
        Event(step.seconds, step.who, Shown.NOTE, text=step.text)
        if step.way is diagram.Way.AT_CLIENT
        else Event(
            step.seconds,
            step.who,
            _SHOWN[step.way],
            f"{step.text}\n".encode("ascii"),
            len(step.text) + 1,
        )
        for step in failure.steps
    ]
    record.prove(events, diagram.as_text(failure.steps))
    note = f"So it is on the connection of {failure.who}. {failure.note}".strip()
    return RuleBroken(failure.rule, failure.expected, failure.actual, note)
