"""`batepapo proxy`: stands between any number of clients and a server, and records."""

import contextlib
import errno
import signal
import socket
import time
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

from batepapo_conformance.recording import Kind, Recorder
from batepapo_conformance.relay import Pair, Relay
from batepapo_conformance.testee import Endpoint

SETTLED: Final = 2.0
"""Seconds without anything after which what has not come is lost (section 1.5)."""
_PATIENCE: Final = 5.0  # seconds for which the end waits for everything to settle
_CONNECTING: Final = 5.0
_BACKLOG: Final = 1024
_NOW_AND_THEN: Final = 0.2  # seconds until a signal is noticed, at most


class CannotRecord(Exception):
    """The proxy cannot begin; says why. Whoever started it has to help."""


class _Recorded:
    """Writes down what happens on one pair."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self.name = name
        self._recorder = recorder

    def sent(self, octets: bytes) -> None:
        self._recorder.sent(self.name, octets)

    def received(self, octets: bytes) -> None:
        self._recorder.received(self.name, octets)

    def happened(self, kind: Kind) -> None:
        self._recorder.happened(self.name, kind)


class RecorderProxy:
    """Listens, carries, and records, until it is told to end.

    Args:
        listen: where clients connect to; port 0 for any that is free.
        server: where they are led to.
        file: where the recording goes.
        whole: whether nobody reaches the server but through this proxy.

    Attributes:
        endpoint: where it listens.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(
        self, listen: Endpoint, server: Endpoint, file: TextIO, *, whole: bool
    ) -> None:
        family = socket.AF_INET6 if ":" in listen.address else socket.AF_INET
        self._listener = socket.create_server(
            tuple(listen), family=family, backlog=_BACKLOG
        )
        self.endpoint = Endpoint(*self._listener.getsockname()[:2])
        self._server = server
        self._relay = Relay()
        self._relay.listen(self._listener, self._accept)
        self._recorder = Recorder(file, of=f"the server at {server}", whole=whole)
        self._count = 0
        self._wanted_end = 0  # how often it was asked to end

    def ask_to_end(self) -> None:
        """End soon: when all has settled; at once if asked again. Any thread may."""
        self._wanted_end += 1
        self._relay.wake()

    def serve(self) -> None:
        """Carry and record, until it is asked to end; then write the end."""
        while not self._wanted_end:
            self._relay.run(_NOW_AND_THEN)
        deadline = time.monotonic() + _PATIENCE
        while self._wanted_end < 2 and not self._is_settled():
            if time.monotonic() > deadline:
                break
            self._relay.run(_NOW_AND_THEN)
        held = [
            pair.watcher.name
            for pair in self._relay.pairs
            if pair.is_holding and isinstance(pair.watcher, _Recorded)
        ]
        self._recorder.end(settled=self._is_settled(), held=held)
        self._listener.close()
        self._relay.stop()

    def _is_settled(self) -> bool:
        """Whether nothing is due any more: nobody is there, or nothing has moved."""
        return not self._relay.pairs or self._recorder.quiet >= SETTLED

    def _accept(self) -> None:
        try:
            client, address = self._listener.accept()
        except OSError:
            return  # it is gone already
        try:
            endpoint = self._server.address, self._server.port
            server = socket.create_connection(endpoint, _CONNECTING)
        except OSError:
            client.close()
            return
        self._count += 1
        recorded = _Recorded(f"c{self._count}", self._recorder)
        self._recorder.connected(
            recorded.name,
            client=str(Endpoint(*address[:2])),
            seen_as=str(Endpoint(*server.getsockname()[:2])),
        )
        self._relay.carry(Pair(client, server, recorded))


def endpoint_of(text: str) -> Endpoint:
    """Read `ADDRESS:PORT`.

    Raises:
        CannotRecord: it is none.
    """
    address, _, port = text.rpartition(":")
    if not address or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise CannotRecord(f"not ADDRESS:PORT: {text}")
    return Endpoint(address.removeprefix("[").removesuffix("]"), int(port))


def run(
    *, listen: Endpoint, server: Endpoint, record: Path, whole: bool, out: TextIO
) -> None:
    """Record until Ctrl-C, SIGTERM, or what ends a program politely here.

    Args:
        listen: where clients connect to.
        server: where they are led to.
        record: the file that is written anew.
        whole: whether nobody reaches the server but through this proxy.
        out: where to say where it listens.

    Raises:
        CannotRecord: it cannot listen there, or not write there; or nobody accepts
            connections at the server.
    """
    try:
        socket.create_connection((server.address, server.port), _CONNECTING).close()
    except OSError as error:
        raise CannotRecord(f"nobody accepts connections at {server}: {error}") from None
    try:
        file = record.open("w", encoding="ascii", newline="\n")
    except OSError as error:
        raise CannotRecord(f"cannot write {record}: {error.strerror}") from None
    with file:
        try:
            proxy = RecorderProxy(listen, server, file, whole=whole)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "somebody else listens there" if taken else error.strerror
            raise CannotRecord(f"cannot listen at {listen}: {why}") from None
        _end_on_signals(proxy)
        print(f"listening at {proxy.endpoint}, for the server at {server}", file=out)
        print(f"recording to {record}; Ctrl-C ends it", file=out, flush=True)
        proxy.serve()


def _end_on_signals(proxy: RecorderProxy) -> None:
    def ask(_: int, __: FrameType | None) -> None:
        proxy.ask_to_end()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            with contextlib.suppress(ValueError):  # only the main thread may
                signal.signal(number, ask)
