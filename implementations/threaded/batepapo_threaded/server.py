"""Listening, accepting, limits, deadlines, the end (sections 8 and 9)."""

import errno
import heapq
import os
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Address, ip_address
from time import monotonic

from .connection import Connection
from .errors import (
    ForcedOut,
    InvalidAddress,
    OverLimit,
    ServerFull,
)
from .limits import END, ServerLimits
from .log import Log
from .room import State, Visitor
from .signals import when_asked_to_end
from .sockets import address_text, is_address, is_port, prepare
from .switchboard import Switchboard
from .words import Words

if sys.platform != "win32":
    import resource

_TICK = 0.25
"""Seconds between two looks at the deadlines; section 1.5 allows 2 s."""

_PAUSE = 0.5
"""Seconds without accepting when the system has nothing left to accept with."""

_BACKLOG = 4096
"""Connections that the system may keep ready for us: a class that arrives."""

_AT_ONCE = 64
"""Connections accepted before deadlines and signals get a look."""

_GOODBYE = 0.4 * END
"""Seconds that clients get to read `ERRO 03 fim` and to close; what is left
belongs to the threads that have to end."""

_FLUSH_LOG = 0.25
"""Seconds that the log gets at the end, if nobody reads it."""

_STACK = 262_144
"""Octets of stack for each thread: ten thousand of them must fit."""

_SPARE_FILES = 100
"""Descriptors for everything that is not a connection."""

_NOTHING_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Server:
    """Accepts connections, and is the housekeeper that keeps their deadlines.

    Listens as soon as it is made. `show_addresses` says whether origins show addresses;
    None leaves that to EVENT-4.
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
        """Listen; raises InvalidAddress: the operator's mistake (RUN-4)."""
        self._limits = limits
        self._words = words
        self._log = log
        self._listener = _listen(address, port)
        self._shows_addresses = (
            _is_loopback(address) if show_addresses is None else show_addresses
        )
        self._switchboard = Switchboard(words, log, limits.outbox)
        self._changed = threading.Condition()
        self._connections: set[Connection] = set()
        self._accept_again: float | None = None
        self._is_short = False
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self.stopping = False

    @property
    def where(self) -> str:
        """Give `address:port`, with the port that the system chose (RUN-3)."""
        host, port = self._listener.getsockname()[:2]
        return f"{address_text(host)}:{port}"

    @property
    def wake_descriptor(self) -> int:
        """Give the descriptor that wakes `serve`; for `signal.set_wakeup_fd`."""
        return self._wake.fileno()

    def serve(self) -> None:
        """Serve until `stop`, then end everything within 2 s (END-2)."""
        while not self.stopping:
            watching = self._connections or self._accept_again is not None
            ready = self._selector.select(_TICK if watching else None)
            if any(key.fileobj is self._listener for key, _ in ready):
                self._accept()
            self._look_at_deadlines(monotonic())
        self._end()

    def stop(self) -> None:
        """Make `serve` end. Safe to call from every thread and signal handler."""
        self.stopping = True
        with suppress(OSError):
            self._wake.send(b"!")

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                sock, peer = self._listener.accept()
            except OSError as error:
                if error.errno in _NOTHING_LEFT:
                    self._pause_accepting()
                return
            self._is_short = False
            try:
                self._take_in(sock, address_text(peer[0]), peer[1])
            except RuntimeError:  # no thread left
                self._pause_accepting()
                return

    def _take_in(self, sock: socket.socket, host: str, port: int) -> None:
        prepare(sock)
        peer = f"{host}:{port}"
        self._log.write(self._words.log_connected(peer))
        enter_by = monotonic() + self._limits.entry
        connection = Connection(
            sock,
            Visitor(peer, peer if self._shows_addresses else "-", enter_by),
            switchboard=self._switchboard,
            limits=self._limits,
            words=self._words,
            on_closed=self._forget,
        )
        refusal = self._refusal(host)
        with self._changed:
            self._connections.add(connection)
        connection.start(refusal)

    def _refusal(self, host: str) -> ForcedOut | None:
        """Decide whether one more connection from this host is too many."""
        if self._switchboard.connections >= self._limits.connections:
            return ServerFull()  # LIMIT-2
        if self._limits.per_address:
            with self._changed:
                from_there = sum(
                    connection.visitor.state is not State.CLOSED
                    for connection in self._connections
                    if connection.visitor.peer.rpartition(":")[0] == host
                )
            if from_there >= self._limits.per_address:
                return OverLimit()  # LIMIT-3
        return None

    def _forget(self, connection: Connection) -> None:
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def _pause_accepting(self) -> None:
        """Leave the next connections to the system's queue for a while."""
        if not self._is_short:
            self._log.write(self._words.log_cannot_accept())
        self._is_short = True
        self._selector.unregister(self._listener)
        self._accept_again = monotonic() + _PAUSE

    def _look_at_deadlines(self, now: float) -> None:
        if self._accept_again is not None and now >= self._accept_again:
            self._accept_again = None
            self._selector.register(self._listener, selectors.EVENT_READ)
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            connection.check(now)
        closing = len(connections) - self._switchboard.connections
        if closing > self._limits.connections:  # CLOSE-3
            _close_the_first(connections, closing - self._limits.connections)

    def _end(self) -> None:
        deadline = monotonic() + 0.75 * END
        self._selector.close()
        self._listener.close()
        self._switchboard.end()
        with self._changed:
            self._changed.wait_for(lambda: not self._connections, _GOODBYE)
            connections = list(self._connections)
        for connection in connections:
            connection.abort()
        for connection in connections:
            connection.join(max(0.0, deadline - monotonic()))
        self._wake.close()
        self._woken.close()


def _close_the_first(connections: list[Connection], count: int) -> None:
    """Close at once so many of those that are being closed: who began first."""
    closing = [
        (since, number)
        for number, connection in enumerate(connections)
        if (since := connection.closing_since) is not None
    ]
    for _, number in heapq.nsmallest(count, closing):
        connections[number].abort()


def _is_loopback(address: str) -> bool:
    """Whether origins show addresses without being told to (EVENT-4)."""
    listening = ip_address(address)
    if isinstance(listening, IPv6Address):
        return listening == IPv6Address("::1")
    return listening in IPv4Network("127.0.0.0/8")


def _listen(address: str, port: str) -> socket.socket:
    if not (is_address(address) and is_port(port)):
        raise InvalidAddress
    listener: socket.socket | None = None
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise InvalidAddress from error
    return listener


def _allow_many_files(connections: int) -> None:
    """Raise the soft limit of open files towards the hard one, where there is one."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * connections + _SPARE_FILES  # as many may be closing (CLOSE-3)
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
    """Run a server until a signal ends it; gives the exit status.

    Raises:
        InvalidAddress: the server cannot listen there; the operator's mistake.
    """
    _allow_many_files(limits.connections)
    threading.stack_size(_STACK)
    server = Server(
        address,
        port,
        limits=limits,
        words=words,
        log=log,
        show_addresses=show_addresses,
    )

    def end() -> None:
        if server.stopping:  # END-3
            os._exit(0)
        server.stop()

    # On Windows a signal interrupts no `select`; this octet does.
    signal.set_wakeup_fd(server.wake_descriptor, warn_on_full_buffer=False)
    when_asked_to_end(end)
    with suppress(OSError, ValueError):  # nobody has to read it
        print(words.running(server.where), flush=True)
    server.serve()
    log.close(_FLUSH_LOG)
    return 0
