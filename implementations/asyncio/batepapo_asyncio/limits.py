"""Every number of the protocol, with its reason (section 8).

Amounts are octets and times are seconds, unless a name says otherwise.
"""

from dataclasses import dataclass

LINE = 512
"""Octets of a line with its end: an endless line must not fill the memory (FRAME-5)."""

TEXT = 400
"""Octets of a text: what fits a line whatever the server puts before it (PUBLIC-2)."""

EXPLANATION = 400
"""Octets of an explanation or a reason: the same room as a text (ERROR-2)."""

NICK = 16
"""Octets of a nick: long enough for a name, short enough for a list (ENTER-6)."""

SOFTWARE = 64
"""Octets of the software token: a name and a version (GREET-2)."""

PORT = 55555
"""The port when none is given: the first system of this kind had it (RUN-1)."""

ENTRY = 30.0
"""Seconds to enter: who never enters must not hold a place (LIMIT-1)."""

CONNECTIONS = 10_000
"""Connections served at the same time; what the system allows may be less (LIMIT-2)."""

PER_ADDRESS = 0
"""Connections from one address; 0 is no limit: a class may share one (LIMIT-3)."""

RATE = 0
"""Lines read per second and connection; 0 is no limit: TCP slows floods (LIMIT-4)."""

OUTBOX = 1_048_576
"""Octets that may wait for one reader: the memory that a sleeper costs (SLOW-2)."""

STALL = 60.0
"""Seconds without one octet accepted: a reader that stopped for good (SLOW-5)."""

KEEPALIVE = 60
"""Seconds of silence before TCP asks; whole, as systems take it (TCP-3, TCP-4)."""

FLUSH = 5.0
"""Seconds without progress that a closing server still flushes (CLOSE-2)."""

DRAIN = 5.0
"""Seconds that a closing server reads and discards, at most (CLOSE-2)."""

END = 2.0
"""Seconds from the signal until a server has ended (END-2)."""

ANSWER = 10.0
"""Seconds that a client waits for a greeting, and for an answer (FAIL-3)."""

LEAVE = 5.0
"""Seconds that a leaving client waits for the server to close (QUIT-2)."""

ADDRESS = "127.0.0.1"
"""The address when none is given: nobody outside this machine gets in (RUN-1)."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """The limits that options of the server change (RUN-6); units as above."""

    entry: float = ENTRY
    connections: int = CONNECTIONS
    per_address: int = PER_ADDRESS
    rate: int = RATE
    outbox: int = OUTBOX
    stall: float = STALL
