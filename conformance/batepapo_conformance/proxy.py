"""A proxy between two programs: which side broke which rule.

It carries octets both ways as they come, and lets a referee see each line
before its receiver does.
"""

import contextlib
import socket
import threading
import time
from typing import Final

from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import RuleBroken, first_difference
from batepapo_conformance.process import Process
from batepapo_conformance.referee import Fault, Referee
from batepapo_conformance.terminal import STARTING
from batepapo_conformance.testee import Endpoint, Role

SOON: Final = 5.0
"""Seconds in which anything passes that does not have to wait for something."""

_CHUNK = 1 << 16
_LONGEST = 1 << 16  # octets without LF of which a referee need not see more


class Blamed(Exception):
    """One of the two programs broke a rule: the conversation need not go on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"the {fault.side} of {fault.who}: {fault.broken}")
        self.fault = fault


class _Direction:
    """What one side sends: the sockets, and the lines that have passed."""

    def __init__(self, side: Role, source: socket.socket, sink: socket.socket) -> None:
        self.side = side
        self.source = source
        self.sink = sink
        self.lines: list[bytes] = []
        self.asked_for = 0
        self.partial = b""
        self.ended = False


class Route:
    """One client's connection, with the one that leads on to the server.

    Attributes:
        who: what the record calls the client.
        referee: what has been found about both sides.
    """

    def __init__(
        self,
        who: str,
        client: socket.socket,
        server: socket.socket,
        record: Exchange,
    ) -> None:
        self.who = who
        self.referee = Referee(who, Endpoint(*server.getsockname()[:2]))
        self._record = record
        # Guards the referee and the lines, which both threads of this route write.
        self._changed = threading.Condition()
        self._from = {
            Role.CLIENT: _Direction(Role.CLIENT, client, server),
            Role.SERVER: _Direction(Role.SERVER, server, client),
        }
        self._threads = [
            threading.Thread(target=self._carry, args=(direction,), name=who)
            for direction in self._from.values()
        ]
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        record.note(who, f"connects; the server sees {self.referee.address}")
        for thread in self._threads:
            thread.start()

    def expect(self, side: Role, line: str, *, rule: str) -> bytes:
        """The next line of this side is this one; `<time>` and the like fit any value.

        Raises:
            Blamed: it is another, or none comes, or a rule was broken before.
        """
        came = self.next_line(side, line, rule=rule)
        if not _fits(line, came):
            expected = line if "<" in line else line.encode()
            raise Blamed(Fault(side, self.who, RuleBroken(rule, expected, came)))
        return came

    def next_line(self, side: Role, expected: str, *, rule: str) -> bytes:
        """The next line of this side that was not asked for yet, without its end.

        Raises:
            Blamed: none comes, or a rule was broken before.
        """
        direction = self._from[side]

        def there() -> bool:
            return (
                len(direction.lines) > direction.asked_for
                or direction.ended
                or bool(self.referee.faults)
            )

        with self._changed:
            self._changed.wait_for(there, SOON)
            self._blame_first_fault()
            if len(direction.lines) > direction.asked_for:
                direction.asked_for += 1
                return direction.lines[direction.asked_for - 1]
            actual = "end of stream" if direction.ended else f"nothing for {SOON:g} s"
            raise Blamed(Fault(side, self.who, RuleBroken(rule, expected, actual)))

    def expect_end(self, side: Role, *, rule: str) -> None:
        """This side ends its stream, and sends nothing before.

        Raises:
            Blamed: it does not, or a rule was broken before.
        """
        direction = self._from[side]
        with self._changed:
            self._changed.wait_for(lambda: direction.ended, SOON)
            self._blame_first_fault()
            actual: bytes | str = f"open after {SOON:g} s"
            if len(direction.lines) > direction.asked_for:
                actual = direction.lines[direction.asked_for]
            elif direction.ended:
                return
            raise Blamed(
                Fault(side, self.who, RuleBroken(rule, "end of stream", actual))
            )

    def blame_first_fault(self) -> None:
        """Say so if a rule has been broken on this route.

        Raises:
            Blamed: it has.
        """
        with self._changed:
            self._blame_first_fault()

    def _blame_first_fault(self) -> None:
        if self.referee.faults:
            raise Blamed(self.referee.faults[0])

    def close(self) -> None:
        """End both connections, and the threads that carry between them."""
        for direction in self._from.values():
            with contextlib.suppress(OSError):  # wakes its thread; `close` would not
                direction.source.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for direction in self._from.values():
            direction.source.close()

    # ---- carrying ----

    def _carry(self, direction: _Direction) -> None:
        """The life of one thread: octets of one side, until its stream ends."""
        while True:
            try:
                chunk = direction.source.recv(_CHUNK)
                how = "end of stream"
            except OSError:
                chunk = b""
                how = "reset"
            if not chunk:
                # A reset is passed on as an end of stream: that is what can be done
                # portably while the other thread still reads from the socket.
                self._end(direction, how)
                with contextlib.suppress(OSError):
                    direction.sink.shutdown(socket.SHUT_WR)
                return
            self._see(direction, chunk)
            # A receiver that is gone is no reason to stop looking at the sender.
            with contextlib.suppress(OSError):
                direction.sink.sendall(chunk)

    def _see(self, direction: _Direction, chunk: bytes) -> None:
        from_client = direction.side is Role.CLIENT
        (self._record.sent if from_client else self._record.received)(self.who, chunk)
        tell = self.referee.client_sent if from_client else self.referee.server_sent
        with self._changed:
            *lines, rest = (direction.partial + chunk).split(b"\n")
            if len(rest) > _LONGEST:
                lines, rest = [*lines, rest], b""
            direction.partial = rest
            for line in lines:
                tell(line + b"\n")
                direction.lines.append(line)
            self._changed.notify_all()

    def _end(self, direction: _Direction, how: str) -> None:
        from_client = direction.side is Role.CLIENT
        self._record.note(self.who, f"{how} of the {direction.side}")
        with self._changed:
            if from_client:
                self.referee.client_ended(direction.partial)
            else:
                self.referee.server_ended(direction.partial)
            direction.ended = True
            self._changed.notify_all()


class Proxy:
    """Listens for clients of one server; closed on leaving the context.

    Attributes:
        endpoint: where clients connect to.
        routes: every connection so far.
    """

    def __init__(self, server: Endpoint, record: Exchange) -> None:
        self._server = server
        self._record = record
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint(*self._listener.getsockname()[:2])
        self.routes: list[Route] = []

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for route in self.routes:
            route.close()

    def accept(self, who: str, process: Process, *, rule: str) -> Route:
        """Wait for the connection of the client that was started last.

        Raises:
            Blamed: the client does not connect, or the server does not accept.
        """
        client = self._wait_for_client(who, process, rule)
        try:
            server = socket.create_connection(self._server, timeout=SOON)
        except OSError as error:
            client.close()
            reason = error.strerror or str(error)
            broken = RuleBroken("SERVE-1", "a connection is accepted", reason)
            raise Blamed(Fault(Role.SERVER, who, broken)) from error
        server.settimeout(None)
        client.settimeout(None)
        route = Route(who, client, server, self._record)
        self.routes.append(route)
        return route

    def _wait_for_client(self, who: str, process: Process, rule: str) -> socket.socket:
        deadline = time.monotonic() + STARTING
        self._listener.settimeout(0.05)
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                return self._listener.accept()[0]
            if process.status is not None:
                break
        actual = "none in time" if process.status is None else "the client has ended"
        broken = RuleBroken(rule, "a connection", actual)
        raise Blamed(Fault(Role.CLIENT, who, broken))


def _fits(form: str, line: bytes) -> bool:
    if "<" in form:
        return first_difference(form, line) is None
    return line == form.encode()
