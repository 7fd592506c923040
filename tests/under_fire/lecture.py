"""A lecture of 150: most are quiet, some talk, and people come and go all the time.

Small on purpose, and slow enough to be recorded and judged for an hour. One selector
reads for all; what is read is thrown away, for the proxy in between records it.
"""

import random
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attackers import reset
from target import PATIENCE

PARTICIPANTS = 150
TALKERS = 15
"""Those who stay from the beginning to the end; all others may be replaced."""

EVERY = {"say": 1.0, "whisper": 2.0, "list": 5.0, "replace": 1.0}
"""Seconds between two acts of a kind, on average."""


class NotServed(Exception):  # noqa: N818 - it names whose fault it is
    """The server did not do what was due; says what. Its fault, not the lecture's."""


class Guest:
    """One connection; knows no more than whether it is inside, or gone."""

    def __init__(self, nick: str, address: tuple[str, int]) -> None:
        self.nick = nick
        self.socket = socket.create_connection(address, PATIENCE)
        self.is_inside = False
        self.is_gone = False
        self._tail = b""
        self.send(f"/ENTRAR {nick}")

    def send(self, line: str) -> None:
        """Send one line, which has no LF yet."""
        self.socket.sendall(f"{line}\n".encode())

    def receive(self) -> None:
        """Read what has come."""
        octets = self.socket.recv(1 << 16)
        self.is_gone = not octets
        if not self.is_inside:
            self._tail = self._tail[-64:] + octets
            self.is_inside = f" {self.nick}@".encode() in self._tail


class Lecture:
    """All guests, and what they do by chance.

    Args:
        address: where they connect to.
        seed: of chance; the same does the same acts, at other moments.
    """

    def __init__(self, address: tuple[str, int], seed: int) -> None:
        self._address = address
        self._chance = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._guests: list[Guest] = []
        self._leaving: set[Guest] = set()
        self.visits = 0
        self._texts = 0

    def fill(self) -> None:
        """Let people enter until all are there.

        Raises:
            NotServed: somebody does not get in.
        """
        while len(self._guests) < PARTICIPANTS:
            self.visits += 1
            guest = Guest(f"guest-{self.visits}", self._address)
            self._guests.append(guest)
            self._selector.register(guest.socket, selectors.EVENT_READ, guest)
            self._read_until(lambda one=guest: one.is_inside, f"{guest.nick} enters")

    def go_on(self, seconds: float) -> None:
        """Let them talk, whisper, ask, come and go for so long.

        Raises:
            NotServed: somebody is closed, or does not get in.
        """
        now = time.monotonic()
        end = now + seconds
        due = {act: now + self._pause(act) for act in EVERY}
        while (now := time.monotonic()) < end:
            act = min(due, key=lambda one: due[one])
            if due[act] > now:
                self._read(min(due[act], end) - now)
                continue
            due[act] += self._pause(act)
            getattr(self, f"_{act}")()

    def empty(self) -> None:
        """Let everybody say goodbye, and wait until all are closed."""
        for guest in self._guests:
            guest.send("/SAIR")
        self._leaving.update(self._guests)
        self._guests.clear()
        self._read_until(lambda: not self._leaving, "all are closed")

    def close(self) -> None:
        """Give back what the lecture itself holds."""
        self._selector.close()

    # ---- acts --------------------------------------------------------------------

    def _pause(self, act: str) -> float:
        return self._chance.expovariate(1 / EVERY[act])

    def _say(self) -> None:
        self._texts += 1
        words = "word " * self._chance.randrange(1, 20)
        self._some_talker().send(f":{self._texts} {words}.")

    def _whisper(self) -> None:
        self._texts += 1
        to = self._chance.choice(self._guests)
        self._some_talker().send(f"{to.nick}:{self._texts}")

    def _list(self) -> None:
        self._some_talker().send("/USUARIOS")

    def _replace(self) -> None:
        """Let one of the quiet ones go, in one of the ways there are; one comes."""
        guest = self._guests.pop(self._chance.randrange(TALKERS, PARTICIPANTS))
        way = self._chance.choice(("goodbye", "half-close", "reset"))
        if way == "reset":
            self._selector.unregister(guest.socket)
            reset(guest.socket)
        else:
            self._leaving.add(guest)
            if way == "goodbye":
                guest.send("/SAIR")
            else:
                guest.socket.shutdown(socket.SHUT_WR)
        self.fill()

    def _some_talker(self) -> Guest:
        return self._guests[self._chance.randrange(TALKERS)]

    # ---- reading -----------------------------------------------------------------

    def _read_until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > deadline:
                raise NotServed(f"not within {PATIENCE:g} s: {what}")
            self._read(0.25)

    def _read(self, seconds: float) -> None:
        for key, _ in self._selector.select(max(0.0, seconds)):
            guest: Guest = key.data
            guest.receive()
            if guest.is_gone:
                if guest not in self._leaving:
                    raise NotServed(f"{guest.nick} was closed")
                self._leaving.discard(guest)
                self._selector.unregister(guest.socket)
                guest.socket.close()


@contextmanager
def lecture(address: tuple[str, int], seed: int) -> Iterator[Lecture]:
    """Begin a lecture; all its guests are inside, and have left at its end."""
    one = Lecture(address, seed)
    try:
        one.fill()
        yield one
        one.empty()
    finally:
        one.close()
