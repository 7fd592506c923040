"""A connection of the suite, with a peer that is awkward in a lawful way."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from batepapo_conformance.connection import Connection
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.testee import Endpoint

DEADLINE = 5.0
LINE = b"x" * 400 + b"\n"
LINES = 30_000  # more than the systems' buffers hold


@contextlib.contextmanager
def reads_when_it_was_read(taken: bytearray) -> Iterator[Connection]:
    """A connection to a peer that says very much, and only then begins to read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.sendall(LINE * LINES)
                while octets := peer.recv(65536):
                    taken.extend(octets)

        serving = threading.Thread(target=serve)
        serving.start()
        at = Endpoint(*listener.getsockname()[:2])
        connection = Connection("ana", at, Exchange(), seconds=DEADLINE)
        try:
            yield connection
        finally:
            connection.close()
            serving.join(DEADLINE)


@pytest.mark.parametrize("size", [10, 8192], ids=["small", "large"])
def test_what_the_peer_does_not_take_waits_and_is_not_lost(size: int) -> None:
    """A server may do so (SLOW-6): to wait in vain for it would blame it for that."""
    taken = bytearray()
    with reads_when_it_was_read(taken) as connection:
        said = 0
        while octets := connection.offer(b"a" * 65536):
            said += octets
        connection.write([b"b" * size], DEADLINE)
        heard = [connection.read_line(DEADLINE) for _ in range(LINES)]
    assert heard == [LINE] * LINES
    assert taken == b"a" * said + b"b" * size
