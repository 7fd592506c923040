"""Every number of the protocol, each with its reason (section 8)."""

from dataclasses import dataclass

LINE = 512
"""Octets of a line, its terminator included: nobody buffers more than this."""

TEXT = 400
"""Octets of one message; with the longest origin it still fits into a line."""

EXPLANATION = 400
"""Octets of an explanation or a reason: the same room as a text."""

NICK = 16
"""Octets of a nick: long enough for a name, short enough for a list."""

SOFTWARE = 64
"""Octets of the software token in the greeting."""

PORT = 55555
"""The default port: easy to remember, and above the privileged ones."""

ENTRY = 30.0
"""Seconds from being accepted to entering: or nameless connections would pile up."""

CONNECTIONS = 10_000
"""Connections at the same time: a server that says so beats one that breaks."""

PER_ADDRESS = 0
"""Connections of one address; 0 is no limit: a class may sit behind one router."""

RATE = 0
"""Lines per second read from one connection; 0 is no limit."""

OUTBOX = 1_048_576
"""Octets that may wait for one reader: memory is what a non-reader would take."""

STALL = 60.0
"""Seconds in which a reader may accept nothing: after that it is gone for good."""

KEEPALIVE = 60
"""Seconds of silence after which TCP asks whether the peer is still there."""

FLUSH = 5.0
"""Seconds without progress after which a closing server stops flushing."""

DRAIN = 5.0
"""Seconds that a closing server reads and discards, so that no reset destroys
its last line."""

END = 2.0
"""Seconds from the signal until a server has ended."""

ANSWER = 10.0
"""Seconds that a client waits for the greeting, and for its entry."""

LEAVE = 5.0
"""Seconds that a leaving client waits for the server to close."""

ADDRESS = "127.0.0.1"
"""The default address: the loopback, which nobody else can reach."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits that an operator may change (RUN-6).

    Seconds: `entry`, `stall`. Octets: `outbox`. Connections: `connections`,
    `per_address` (0: no limit). Lines per second: `rate` (0: no limit).
    """

    entry: float = ENTRY
    stall: float = STALL
    outbox: int = OUTBOX
    connections: int = CONNECTIONS
    per_address: int = PER_ADDRESS
    rate: int = RATE
