"""Listening, accepting, limits of connections, deadlines, the end (section 8)."""

import asyncio
import ipaddress
import os
import socket
import sys
from collections import Counter
from contextlib import suppress

from .connection import Connection
from .errors import ForcedOut, InvalidAddress, OverLimit, ServerEnds, ServerFull
from .limits import END, ServerLimits
from .log import Log
from .room import Visitor
from .signals import when_asked_to_end
from .sockets import address_text, is_address, is_port, prepare
from .switchboard import Switchboard
from .words import Words

_BACKLOG = 4096
"""Connections that the system may hold for us; it takes less if it wants to."""

_AT_ONCE = 16
"""Connections taken in before others have a turn."""

_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))
"""Where origins show addresses without being told to (EVENT-4)."""

_TICK = 0.25
"""Seconds between two looks at all deadlines; section 1.5 would allow 2. (On Windows a
signal does not end the waiting of the event loop: there it acts at the next tick.)"""

_BREATH = 0.1
"""Seconds without accepting when the system gives no more sockets."""

_HURRY = 1.0
"""Seconds before END-2's at which those still open are closed without politeness: time
for a slow machine to close them all."""


class Server:
    """One server: one room, one listening socket, one task for each connection.

    Args:
        address: IPv4 or IPv6, in text form.
        port: in decimal; "0" lets the system choose.
        limits: those that options change.
        words: for people.
        log: owned by the caller.
        show_addresses: None shows them on a loopback address only (EVENT-4).

    Raises:
        InvalidAddress: the address or port cannot be used; the operator's fault.
    """

    def __init__(
        self,
        address: str,
        port: str,
        *,
        limits: ServerLimits,
        words: Words,
        log: Log,
        show_addresses: bool | None = None,
    ) -> None:
        self._listener = _listen(address, port)
        self._shows = (
            _is_loopback(address) if show_addresses is None else show_addresses
        )
        self._limits = limits
        self._words = words
        self._log = log
        self._switchboard = Switchboard(words, log)
        self._connections: dict[Connection, str] = {}  # with the host of each
        self._hosts: Counter[str] = Counter()
        self._closing: dict[asyncio.Task[None], None] = {}  # the first began first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._stopped = False

    @property
    def where(self) -> str:
        """Where to connect: `address:port`, an IPv6 address in brackets (RUN-2)."""
        host, port = self._listener.getsockname()[:2]
        return f"{address_text(host)}:{port}"

    async def serve(self) -> None:
        """Serve until `stop` is called; then say so to all, and close (END-1)."""
        self._loop = asyncio.get_running_loop()
        _give_the_room(self._limits.connections)
        async with asyncio.TaskGroup() as tasks:
            serving: set[asyncio.Task[None]] = set()
            accepting = tasks.create_task(self._accept(tasks, serving))
            housekeeping = tasks.create_task(self._keep_house())
            await self._stop.wait()
            accepting.cancel()
            housekeeping.cancel()
            self._listener.close()
            self._log.write(self._words.log_ends())
            for connection in list(self._connections):
                self._switchboard.force_out(connection.visitor, ServerEnds())
            if serving:
                await asyncio.wait(serving, timeout=END - _HURRY)
            for task in serving:
                task.cancel()
        self._log.flush()

    def stop(self) -> None:
        """Ask the server to end; to be called from a signal handler.

        The second time, the program exits on the spot (END-3).
        """
        if self._stopped:
            os._exit(0)
        self._stopped = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._stop.set)
        else:
            self._stop.set()

    async def _accept(
        self, tasks: asyncio.TaskGroup, serving: set[asyncio.Task[None]]
    ) -> None:
        loop = asyncio.get_running_loop()
        exhausted = False
        taken_in = 0
        while True:
            try:
                sock, peer = await loop.sock_accept(self._listener)
            except ConnectionError:  # it was reset before its turn came
                continue
            except OSError as error:  # no more sockets: serve those who are here
                if not exhausted:
                    self._log.write(self._words.log_cannot_accept(str(error)))
                exhausted = True
                await asyncio.sleep(_BREATH)
                continue
            exhausted = False
            connection = self._take_in(sock, address_text(peer[0]), peer[1])
            task = tasks.create_task(connection.serve())
            serving.add(task)
            task.add_done_callback(serving.discard)
            task.add_done_callback(lambda one: self._closing.pop(one, None))
            taken_in += 1
            if taken_in % _AT_ONCE == 0:
                await asyncio.sleep(0)  # SERVE-1: a storm of connections never awaits

    def _take_in(self, sock: socket.socket, host: str, port: int) -> Connection:
        prepare(sock)
        peer = f"{host}:{port}"
        self._log.write(self._words.log_connected(peer))
        enter_by = asyncio.get_running_loop().time() + self._limits.entry
        connection = Connection(
            sock,
            Visitor(peer, peer if self._shows else "-", enter_by),
            switchboard=self._switchboard,
            limits=self._limits,
            words=self._words,
            on_closed=self._forget,
        )
        refusal = self._refusal(host)
        if not refusal:
            self._connections[connection] = host
            self._hosts[host] += 1
        connection.start(refusal)
        return connection

    def _refusal(self, host: str) -> ForcedOut | None:
        if len(self._connections) >= self._limits.connections:
            return ServerFull()
        if 0 < self._limits.per_address <= self._hosts[host]:
            return OverLimit("LIMIT-3")
        return None

    def _forget(self, connection: Connection) -> None:
        host = self._connections.pop(connection, None)
        if host is not None:
            self._hosts -= Counter({host: 1})
        if task := asyncio.current_task():  # the connection's own, which now closes
            self._closing[task] = None
        if len(self._closing) > self._limits.connections:  # CLOSE-3
            first = next(iter(self._closing))
            del self._closing[first]
            first.cancel()

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for connection in list(self._connections):
                connection.check()
            self._log.flush()


def _is_loopback(address: str) -> bool:
    # Not `is_loopback`: of ::ffff:127.0.0.1 that is true as well, from some Python on.
    listening = ipaddress.ip_address(address)
    return any(listening in network for network in _LOOPBACK)


def _listen(address: str, port: str) -> socket.socket:
    if not (is_address(address) and is_port(port)):
        raise InvalidAddress
    try:
        family, _, _, _, where = socket.getaddrinfo(
            address, int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
    except OSError as error:
        raise InvalidAddress from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":  # there SO_REUSEADDR would steal a port in use
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise InvalidAddress(error.strerror or "") from error
    listener.setblocking(False)
    return listener


def _give_the_room(connections: int) -> None:
    """Ask the system for as many open files as the connections need, if it has them."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has no such module

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * connections + 64  # as many may be closing as are served (CLOSE-3)
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(
    address: str,
    port: str,
    *,
    limits: ServerLimits,
    words: Words,
    log: Log,
    show_addresses: bool | None = None,
) -> int:
    """Run a server, on an event loop of its own, until a signal ends it.

    Gives the exit status; takes and raises what `Server` does.
    """
    server = Server(
        address,
        port,
        limits=limits,
        words=words,
        log=log,
        show_addresses=show_addresses,
    )
    when_asked_to_end(server.stop)
    with suppress(OSError):  # nobody reads it: that is no reason not to serve
        print(words.running(server.where), flush=True)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(server.serve())
    return 0
