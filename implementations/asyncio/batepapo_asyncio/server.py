"""Listening, accepting, limits of connections, deadlines, the end (section 8)."""

import asyncio
import ipaddress
import os
import re
import socket
import sys
from collections import Counter
from contextlib import suppress

from .batch import Batch
from .connection import Connection, Premises
from .errors import ForcedOut, InvalidAddress, OverLimit, ServerEnds, ServerFull
from .limits import END, KEEPALIVE, ServerLimits
from .log import Log
from .room import Room, Visitor
from .words import Words

_BACKLOG = 1024
"""Connections that the system may hold for us; it takes less if it wants to."""

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
        show_addresses: None shows them on a loopback address only (EVENT-4).
        words: for people.
        log: owned by the caller.

    Raises:
        InvalidAddress: the address or port cannot be used; the operator's fault.
    """

    def __init__(
        self,
        address: str,
        port: str,
        *,
        limits: ServerLimits,
        show_addresses: bool | None,
        words: Words,
        log: Log,
    ) -> None:
        self._listener = _listen(address, port)
        loopback = ipaddress.ip_address(address).is_loopback
        self._shows = loopback if show_addresses is None else show_addresses
        self._limits = limits
        self._words = words
        self._log = log
        room = Room(words.goodbye())
        self._premises = Premises(room, Batch(room), limits, words, log)
        self._connections: dict[Connection, str] = {}  # with the host of each
        self._hosts: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._stopped = False

    @property
    def address(self) -> str:
        """Where to connect: `address:port`, an IPv6 address in brackets (RUN-2)."""
        return _name(self._listener.getsockname())

    async def serve(self) -> None:
        """Serve until `stop` is called; then say so to all, and close (END-1)."""
        self._loop = asyncio.get_running_loop()
        _give_the_room(self._limits.connections)
        async with asyncio.TaskGroup() as tasks:
            peers: set[asyncio.Task[None]] = set()
            accepting = tasks.create_task(self._accept(tasks, peers))
            housekeeping = tasks.create_task(self._keep_house())
            await self._stop.wait()
            accepting.cancel()
            housekeeping.cancel()
            self._listener.close()
            self._log.write(self._words.log_ends())
            for connection in list(self._connections):
                connection.force_out(ServerEnds())
            if peers:
                await asyncio.wait(peers, timeout=END - _HURRY)
            for peer in peers:
                peer.cancel()
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
        self, tasks: asyncio.TaskGroup, peers: set[asyncio.Task[None]]
    ) -> None:
        loop = asyncio.get_running_loop()
        exhausted = False
        while True:
            try:
                peer, address = await loop.sock_accept(self._listener)
            except ConnectionError:  # it was reset before its turn came
                continue
            except OSError as error:  # no more sockets: serve those who are here
                if not exhausted:
                    self._log.write(self._words.log_cannot_accept(str(error)))
                exhausted = True
                await asyncio.sleep(_BREATH)
                continue
            exhausted = False
            connection = self._welcome(peer, address)
            task = tasks.create_task(connection.serve(self._forget))
            peers.add(task)
            task.add_done_callback(peers.discard)
            await asyncio.sleep(0)  # SERVE-1: a storm of connections never awaits

    def _welcome(self, peer: socket.socket, address: tuple[str, int]) -> Connection:
        _prepare(peer)
        host = _text(address[0])
        origin = _name(address) if self._shows else "-"
        visitor = Visitor(origin)
        connection = Connection(self._premises, peer, _name(address), visitor)
        refusal = self._refusal(host)
        connection.greet()
        if refusal:
            connection.force_out(refusal)
        else:
            self._connections[connection] = host
            self._hosts[host] += 1
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

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            for connection in list(self._connections):
                connection.check()
            self._log.flush()


def _listen(address: str, port: str) -> socket.socket:
    if not re.fullmatch("0|[1-9][0-9]{0,4}", port, re.ASCII) or int(port) > 65_535:
        raise InvalidAddress
    try:
        ipaddress.ip_address(address)
        family, _, _, _, where = socket.getaddrinfo(
            address, int(port), type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
    except (ValueError, OSError) as error:
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


def _prepare(peer: socket.socket) -> None:
    peer.setblocking(False)
    with suppress(OSError):  # some systems refuse it for a peer that is gone already
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # TCP-3
        if sys.platform == "darwin":
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPALIVE, KEEPALIVE)
        else:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)


def _give_the_room(connections: int) -> None:
    """Ask the system for as many open files as the connections need, if it has them."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has no such module

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = connections + 64  # the refused and the closing ones have sockets too
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _text(host: str) -> str:
    """Write an address as an origin has it: no zone, IPv4 as IPv4 (section 3)."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


def _name(address: tuple[str, int]) -> str:
    host = _text(address[0])
    return f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}"


def run(server: Server) -> None:
    """Serve until the server is stopped, on an event loop of its own."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(server.serve())
