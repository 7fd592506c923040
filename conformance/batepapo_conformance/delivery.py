"""The axis of delivery: how octets are handed to a socket.

TCP keeps the order of octets and nothing else, so a receiver has to come to the
same result for every segmentation (FRAME-3). A check says *what* is sent; the
delivery under which it runs says in which pieces.
"""

import socket
import time
from enum import StrEnum

from batepapo_conformance import kernel

# Seconds for which one piece is held back so that the peer reads the one before on
# its own. A peer that takes longer gets two pieces together: a weaker test, and no
# wrong verdict, because every segmentation has the same right answer.
_PATIENCE = 0.25
# Seconds between two pieces where the system does not say what was read.
_PACE = 0.002


class Delivery(StrEnum):
    """One way of handing octets over.

    `COALESCED` differs from `WHOLE` in what the sender collects before it hands
    anything over (`Participant.send`), not in the pieces.
    """

    WHOLE = "whole"
    """Each line in one write."""

    OCTETS = "octets"
    """Every octet in a write of its own."""

    SPLIT_END = "split-end"
    """Lines end in CR LF, and one write ends between the CR and the LF."""

    COALESCED = "coalesced"
    """All lines that are sent without reading in between, in one write."""

    def line_end(self) -> bytes:
        """Give the line end that goes with this delivery (FRAME-2)."""
        return b"\r\n" if self is Delivery.SPLIT_END else b"\n"

    def pieces(self, octets: bytes) -> list[bytes]:
        """Cut octets into what is written at once; joined, they are the same."""
        match self:
            case Delivery.WHOLE | Delivery.COALESCED:
                return [octets]
            case Delivery.OCTETS:
                return [octets[i : i + 1] for i in range(len(octets))]
            case Delivery.SPLIT_END:
                *heads, tail = octets.split(b"\r\n")
                pieces = [piece for head in heads for piece in (head + b"\r", b"\n")]
                return [*pieces, tail] if tail else pieces


def hand_over(connection: socket.socket, pieces: list[bytes]) -> None:
    """Write the pieces so that the peer has the chance to read each on its own.

    TCP_NODELAY has to be on, so that the system sends each write at once. Before
    each further piece this waits until the peer's receive queue is empty: its
    program has then read the former piece, and nothing else can have been in that
    read. On loopback a segment is in the peer's queue when the write returns.

    Raises:
        OSError: the connection is gone, or did not accept a piece in its timeout.
    """
    for number, piece in enumerate(pieces):
        if number:
            wait_until_read(connection)
        connection.sendall(piece)


def wait_until_read(connection: socket.socket) -> None:
    """Wait until the peer's program has read all that arrived; not for ever."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        end = kernel.other_end(connection)
        if end is None:
            time.sleep(_PACE)
            return
        if not end.unread:
            return
        time.sleep(_PACE / 10)
