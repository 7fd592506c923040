"""The load: many participants in one process, around one selector.

It has to cost little for each delivery, or it would measure itself. So it reads into
one large buffer, counts octets, and looks into them only where somebody waits for an
answer or listens for times. What it costs all the same is measured with the rest: its
processor time, and how long it had nothing to do.
"""

import contextlib
import errno
import os
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from batepapo_bench.dialects import Dialect, Step

_BUFFER: Final = 1 << 18
# Seconds: whoever lets people wait longer has failed.
_PATIENCE: Final = 60.0
_BOTH: Final = selectors.EVENT_READ | selectors.EVENT_WRITE
_CONNECTING: Final = frozenset(
    {errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", -1)}
)
# What the smallest segments and buffers are that systems agree to.
_TINY: Final = 536


class Trouble(Exception):
    """Why a measurement cannot go on: it is told, and the next one begins."""


class Participant:
    """One connection, and what has come over it.

    Attributes:
        octets: how many have come.
        due: what it still has to do and to be answered before it is at rest.
        tail: the last octets that came, as far as they may belong to the next.
        lost: why there is no connection any more; empty while there is one.
    """

    __slots__ = (
        "due", "hears", "lost", "nick", "octets", "outgoing", "paused", "socket", "tail"
    )  # fmt: skip

    def __init__(self, nick: bytes, connection: socket.socket) -> None:
        self.nick = nick
        self.socket = connection
        self.octets = 0
        self.due: deque[Step] = deque()
        self.tail = b""
        self.outgoing = bytearray()
        self.paused = False
        self.lost = ""


Hearing = Callable[[Participant, bytearray, int], None]
"""Gets what has come for somebody: the buffer, and how many octets of it count."""


def nobody(_who: Participant, _buffer: bytearray, _count: int) -> None:
    """Hears nothing."""


class Crowd:
    """Participants of one room, driven by whoever calls `turn`.

    Args:
        address, port: where the server listens.
        dialect: how it is talked to.

    Attributes:
        participants: all that have been connected and have not left.
        hearing: gets everything that comes to those who wait for no answer.
        waited: seconds in which there was nothing to do.
        waiting: how many wait for an answer.
    """

    def __init__(self, address: str, port: int, dialect: Dialect) -> None:
        self._at = (address, port)
        self.dialect = dialect
        self.participants: list[Participant] = []
        self.hearing: Hearing = nobody
        self.waited = 0.0
        self._selector = selectors.DefaultSelector()
        self._buffer = bytearray(_BUFFER)
        self.waiting = 0
        self._named = 0
        self._leaving: set[Participant] = set()

    # ---- who is there ----

    def connect(self, count: int, *, tiny: bool = False) -> list[Participant]:
        """Connect so many, and let each enter as soon as it is connected.

        Args:
            count: how many.
            tiny: with the smallest buffers, as one that will not read.
        """
        new = [self._connect(tiny=tiny) for _ in range(count)]
        self.participants += new
        return new

    def _connect(self, *, tiny: bool) -> Participant:
        family = socket.AF_INET6 if ":" in self._at[0] else socket.AF_INET
        connection = socket.socket(family)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tiny:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * _TINY)
            if sys.platform == "linux":  # so that the server's buffer is small, too
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _TINY)
        # All of one length: then all lines of one kind have one length, too.
        one = Participant(b"n%05d" % self._named, connection)
        self._named += 1
        error = connection.connect_ex(self._at)
        if error and error not in _CONNECTING:
            connection.close()
            raise Trouble(f"cannot connect: {os.strerror(error)}")
        self._await(one, self.dialect.entering(one.nick))
        # It is writable as soon as it is connected.
        one.outgoing += one.due[0].sends
        self._selector.register(connection, _BOTH, one)
        return one

    def grow(self, count: int, *, at_once: int = 100) -> None:
        """Let people enter until there are so many, and everybody has seen them all.

        Raises:
            Trouble: somebody was not let in, or did not see it.
        """
        while len(self.participants) < count:
            self.connect(min(at_once, count - len(self.participants)))
            self.settle()
            if lost := self.lost():
                raise Trouble(f"{len(lost)} were not let in: {lost[0].lost}")
        self.barrier()

    def settle(self) -> None:
        """Wait until nobody waits for an answer any more.

        Raises:
            Trouble: somebody still does, or has lost the connection.
        """
        self.until(lambda: not self.waiting, _PATIENCE)

    def barrier(self) -> None:
        """Wait until everybody has received everything that was said so far.

        Two messages prove it, since the sender of one may not receive it itself; and
        nobody has anything of either left to receive.

        Raises:
            Trouble: somebody has not.
        """
        present = [one for one in self.participants if not (one.lost or one.paused)]
        for speaker in present[:2]:
            mark = b"barrier%015d" % time.monotonic_ns()
            for one in present:
                if one is not speaker or self.dialect.echoes:
                    self._await(one, (Step(b"", mark + self.dialect.end),))
            self.send(speaker, self.dialect.to_all(mark))
            self.settle()

    def leave(self, one: Participant) -> None:
        """Let somebody leave, who is no participant from now on."""
        self.participants.remove(one)
        self._leaving.add(one)
        self.send(one, self.dialect.leaving())

    def pause(self, one: Participant) -> None:
        """Read nothing of what comes to this one from now on, and send nothing."""
        one.paused = True
        self._selector.unregister(one.socket)

    def resume(self, one: Participant) -> None:
        """Read again; and so find out whether the server has kept the connection."""
        one.paused = False
        self._selector.register(one.socket, selectors.EVENT_READ, one)

    def lost(self) -> list[Participant]:
        """Those whose connection has ended though nobody wanted that."""
        return [one for one in self.participants if one.lost]

    def close(self) -> None:
        """End every connection."""
        for one in (*self.participants, *self._leaving):
            one.socket.close()
        self._selector.close()

    # ---- what they do ----

    def send(self, one: Participant, octets: bytes) -> None:
        """Send as much as the system takes; the rest waits in `outgoing`."""
        if one.outgoing:
            one.outgoing += octets
            return
        try:
            sent = one.socket.send(octets)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(one, str(error.strerror))
            return
        if sent < len(octets):
            one.outgoing += octets[sent:]
            if not one.paused:
                self._selector.modify(one.socket, _BOTH, one)

    def turn(self, timeout: float) -> None:
        """Wait until there is something to do, at most so many seconds; and do it."""
        ready = self._selector.select(0)
        if not ready and timeout > 0:
            before = time.monotonic()
            ready = self._selector.select(timeout)
            self.waited += time.monotonic() - before
        for key, events in ready:
            one: Participant = key.data
            if events & selectors.EVENT_READ:
                self._read(one)
            if events & selectors.EVENT_WRITE and not one.lost:
                self._write(one)

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        """Take turns until it is done.

        Raises:
            Trouble: it is not, after so many seconds; or somebody is lost meanwhile.
        """
        deadline = time.monotonic() + seconds
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                of_all = f"{self.waiting} of {len(self.participants)}"
                raise Trouble(f"after {seconds:.0f} s, {of_all} wait for an answer")
            self.turn(left)

    # ---- one connection ----

    def _await(self, one: Participant, steps: Iterable[Step]) -> None:
        self.waiting += not one.due
        one.due.extend(steps)
        one.tail = b""

    def _read(self, one: Participant) -> None:
        try:
            count = one.socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(one, str(error.strerror))
            return
        if not count:
            self._lose(one, "closed by the server")
            return
        one.octets += count
        if one.due:
            self._look(one, count)
        else:
            self.hearing(one, self._buffer, count)

    def _look(self, one: Participant, count: int) -> None:
        """Whether what it waits for has come; then the next step is taken."""
        come = one.tail + self._buffer[:count]
        wanted = one.due[0].until
        if wanted not in come:
            one.tail = bytes(come[1 - len(wanted) :])
            return
        one.due.popleft()
        one.tail = b""
        if one.due:
            self.send(one, one.due[0].sends)
        else:
            self.waiting -= 1

    def _write(self, one: Participant) -> None:
        """Connected, or ready to take more: what waits is sent."""
        self._selector.modify(one.socket, selectors.EVENT_READ, one)
        octets = bytes(one.outgoing)
        one.outgoing.clear()
        if octets:
            self.send(one, octets)

    def _lose(self, one: Participant, why: str) -> None:
        one.lost = why
        self._leaving.discard(one)
        if one.due:
            one.due.clear()
            self.waiting -= 1
        if not one.paused:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(one.socket)
        one.socket.close()
