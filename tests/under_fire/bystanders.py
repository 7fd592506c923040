"""Two participants who talk all through, and demand that they notice nothing.

They speak in turns: in each, both say one line, and the turn is over when both have
heard both. At the end nothing may be lost, doubled or in another order for one than for
the other, no turn may have taken longer than `LATEST`, and the judge of the suite has
to find nothing wrong in all that the two sent and received (ORDER-1 to ORDER-4).
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from batepapo_conformance.judge import Court, Verdict
from batepapo_conformance.recording import End, Happening, Header, Kind

LATEST = 2.0
"""Seconds that a turn may take. What has no time limit is due at once; this is by how
much time limits may be late on a machine that is not overloaded (section 1.5)."""

PAUSE = 0.02
"""Seconds between two turns."""

EVENT = re.compile(r"(?P<keyword>\w+) \S+ (?P<nick>[^@ ]+)@\S+(?: :(?P<text>.*))?")
"""An event; `ENTROU`, `SAIU` and `PUBLICA` have the same form up to their text."""


class Noticed(AssertionError):  # noqa: N818 - it says what happened, not to whom it is a fault
    """A bystander noticed something; says what."""


@dataclass(slots=True)
class Bystander:
    """One of the two: a connection, and what came on it.

    Attributes:
        said: the texts of both, in the order in which this one heard them.
        besides: keyword and nick of every other event that it saw.
        is_told_of_the_end: whether `ERRO 03 fim` has come.
    """

    nick: str
    socket: socket.socket
    record: list[Happening]
    said: list[str] = field(default_factory=list)
    besides: list[tuple[str, str]] = field(default_factory=list)
    is_told_of_the_end: bool = False
    _partial: bytes = b""

    def send(self, line: str) -> None:
        """Send one line, which has no LF yet."""
        octets = f"{line}\n".encode()
        self._note(Kind.SENT, octets)  # before the server can have it
        self.socket.sendall(octets)

    def hear(self, deadline: float) -> list[str]:
        """Give the next lines; raise `Noticed` if none comes before the deadline."""
        self.socket.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            octets = self.socket.recv(1 << 16)
        except TimeoutError:
            message = f"{self.nick} has heard nothing for {LATEST:g} s"
            raise Noticed(message) from None
        self._note(Kind.RECEIVED if octets else Kind.SERVER_ENDED, octets)
        if not octets:
            raise Noticed(f"the connection of {self.nick} has ended")
        *lines, self._partial = (self._partial + octets).split(b"\n")
        return [line.decode("ascii") for line in lines]

    def _note(self, kind: Kind, octets: bytes) -> None:
        self.record.append(Happening(time.monotonic(), self.nick, kind, octets))


class Bystanders:
    """Both, and the thread in which they talk; a context, in which they do.

    Args:
        address: of the server.

    Attributes:
        slowest: seconds that the slowest turn took.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self._record: list[Happening] = []
        self._both = [
            Bystander(nick, socket.create_connection(address, LATEST), self._record)
            for nick in ("rosa", "tito")
        ]
        self.slowest = 0.0
        self._turns = 0
        self._wish_to_stop = threading.Event()
        self._changed = threading.Condition()
        self._trouble: Exception | None = None
        self._thread = threading.Thread(target=self._talk, name="bystanders")

    def __enter__(self) -> Self:
        for newcomer in self._both:
            newcomer.send(f"/ENTRAR {newcomer.nick}")
            self._listen(newcomer, lambda one=newcomer: one.nick in _entered(one))
        self._listen(self._both[0], lambda: "tito" in _entered(self._both[0]))
        for one in self._both:
            one.besides.clear()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wish_to_stop.set()
        self._thread.join()
        for one in self._both:
            one.socket.close()

    @property
    def besides(self) -> list[tuple[str, str]]:
        """Keyword and nick of every event that was not of the two themselves."""
        return self._both[0].besides

    def talk_through(self, turns: int = 25) -> None:
        """Wait until so many more turns are over; raise what a bystander noticed."""
        with self._changed:
            end = self._turns + turns
            # Each turn has its own deadline: so this comes to an end.
            self._changed.wait_for(lambda: self._turns >= end or self._trouble)
        if self._trouble:
            raise self._trouble

    def wait_for(self, keyword: str, count: int) -> None:
        """Wait until so many such events of others were seen; for each, `LATEST`."""
        for _ in range(count):
            seen = sum(event[0] == keyword for event in self.besides)
            if seen >= count:
                return
            deadline = time.monotonic() + LATEST
            while sum(event[0] == keyword for event in self.besides) == seen:
                if time.monotonic() > deadline:
                    raise Noticed(f"{seen} {keyword} of {count} in {LATEST:g} s")
                self.talk_through(1)

    def part(self) -> None:
        """Stop talking, and insist that nothing was noticed.

        Whatever happened in the room before is heard before: a last turn sees to that,
        which begins after this was called.

        Raises:
            Noticed: what it was.
        """
        self.talk_through(2)
        self._wish_to_stop.set()
        self._thread.join()
        rosa, tito = self._both
        if rosa.said != tito.said:
            raise Noticed("the two have heard the same texts in different orders")
        for one in self._both:
            own = [text for text in rosa.said if text.startswith(one.nick)]
            if own != [f"{one.nick} {turn}" for turn in range(self._turns)]:
                raise Noticed(f"what {one.nick} said was lost, doubled or reordered")
        self._insist_on_the_judge()

    def insist_on_the_end(self) -> None:
        """Insist that both are told that the server ends, and notice nothing else."""
        self._thread.join(2 * LATEST)
        if not all(one.is_told_of_the_end for one in self._both):
            raise self._trouble or Noticed("nobody has told them of the end")
        self._insist_on_the_judge()

    def _insist_on_the_judge(self) -> None:
        court = Court(Header("two bystanders", "", whole=False))
        for happening in self._record:
            court.take(happening)
        judgement = court.finish(End(time.monotonic(), settled=True))
        if judgement.verdict is not Verdict.PASS:
            raise Noticed(f"{judgement.failures}, {judgement.doubts}")

    # ---- the talk ------------------------------------------------------------------

    def _talk(self) -> None:
        try:
            while not self._wish_to_stop.wait(PAUSE):
                if not self._take_turns():
                    raise Noticed("the server has ended")
        except (OSError, Noticed) as trouble:
            self._trouble = trouble
        with self._changed:
            self._changed.notify_all()

    def _take_turns(self) -> bool:
        """Let both speak, and hear both; whether the server goes on."""
        began = time.monotonic()
        due = 2 * (self._turns + 1)
        for one in self._both:
            one.send(f":{one.nick} {self._turns}")
        for one in self._both:
            self._listen(
                one, lambda one=one: len(one.said) >= due or one.is_told_of_the_end
            )
        if all(one.is_told_of_the_end for one in self._both):
            return False
        self.slowest = max(self.slowest, time.monotonic() - began)
        with self._changed:
            self._turns += 1
            self._changed.notify_all()
        return True

    def _listen(self, one: Bystander, has_heard: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LATEST
        while not has_heard():
            for line in one.hear(deadline):
                self._sort(one, line)

    def _sort(self, one: Bystander, line: str) -> None:
        if line.startswith("ERRO 03 fim "):
            one.is_told_of_the_end = True
        elif line.startswith("ERRO "):
            raise Noticed(f"{one.nick} is answered {line}")
        elif event := EVENT.fullmatch(line):
            keyword, nick, text = event["keyword"], event["nick"], event["text"]
            if keyword == "PUBLICA" and nick in ("rosa", "tito"):
                one.said.append(text)
            elif nick != one.nick or keyword != "SAIU":
                one.besides.append((keyword, nick))


def _entered(one: Bystander) -> set[str]:
    return {nick for keyword, nick in one.besides if keyword == "ENTROU"}
