"""What the system's own tables say about a TCP connection of this machine.

Two things cannot be seen from one end of a connection: whether the other program
has read what arrived, and whether it switched keepalive on. Linux tells both to
whoever asks (sock_diag(7)); elsewhere, and for a peer on another machine, the
answer is `None` and a check has to do without.
"""

import socket
import struct
from dataclasses import dataclass

# From <linux/netlink.h>, <linux/sock_diag.h>, <linux/inet_diag.h>, <net/tcp_states.h>.
_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST = 1
_ALL_STATES = 0xFFFFFFFF
_ANY_COOKIE = 2**64 - 1
_LISTENING = 10
_KEEPALIVE_TIMER = 2

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI")  # family, protocol, extensions, states
_PORTS = struct.Struct(">HH")  # the one part in network order
_TAIL = struct.Struct("=IQ")  # interface, cookie
_STATE = struct.Struct("=BBBB")  # family, state, timer, retransmissions
# Timer in ms, receive queue, send queue, user, inode.
_COUNTS = struct.Struct("=IIIII")
_SOCKET_ID = 48  # octets: ports, two addresses, interface, cookie

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of an established connection, as the system sees it.

    Attributes:
        unread: octets that arrived and that its program has not read.
        unsent: octets that its program wrote and the peer has not acknowledged.
        held: whether its program still has it open; afterwards the system alone
            may go on sending.
        keepalive: seconds until keepalive asks next; `None` if it will not ask.
    """

    unread: int
    unsent: int
    held: bool
    keepalive: float | None


def other_end(connection: socket.socket) -> Endpoint | None:
    """Look at the peer's end of a connection, if it is on this machine.

    Returns:
        What the system knows of it, or `None`: not Linux, or no such end here.
    """
    try:
        local, remote = connection.getpeername()[:2], connection.getsockname()[:2]
        return _ask(connection.family, local, remote)
    except (OSError, AttributeError):  # AttributeError: no AF_NETLINK here
        return None


def is_listened_at(address: str, port: int) -> bool | None:
    """Whether some program of this machine listens there; `None` if nobody can tell.

    To connect and see would be a connection that the program has to serve.
    """
    six = ":" in address
    family, nowhere = (socket.AF_INET6, "::") if six else (socket.AF_INET, "0.0.0.0")  # noqa: S104 (asked)
    try:
        found = _look_up(family, (address, port), (nowhere, 0))
    except (OSError, AttributeError):
        return None
    return found is not None and _STATE.unpack_from(found)[1] == _LISTENING


def _ask(family: int, local: Address, remote: Address) -> Endpoint | None:
    found = _look_up(family, local, remote)
    if found is None:
        return None
    _, state, timer, _ = _STATE.unpack_from(found)
    if state == _LISTENING:  # what is found where the connection is not
        return None
    milliseconds, unread, unsent, _, inode = _COUNTS.unpack_from(
        found, _STATE.size + _SOCKET_ID
    )
    keepalive = milliseconds / 1000 if timer == _KEEPALIVE_TIMER else None
    return Endpoint(unread, unsent, inode != 0, keepalive)


def _look_up(family: int, local: Address, remote: Address) -> bytes | None:
    """What is known of one socket (struct inet_diag_msg), if there is such a one."""
    addresses = b"".join(
        socket.inet_pton(family, host).ljust(16, b"\0") for host, _ in (local, remote)
    )
    question = (
        _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _ALL_STATES)
        + _PORTS.pack(local[1], remote[1])
        + addresses
        + _TAIL.pack(0, _ANY_COOKIE)
    )
    header = _HEADER.pack(
        _HEADER.size + len(question), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 0, 0
    )
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG
    ) as kernel:
        kernel.settimeout(1)
        kernel.connect((0, 0))
        kernel.send(header + question)
        answer = kernel.recv(8192)
    _, kind, *_ = _HEADER.unpack_from(answer)
    return answer[_HEADER.size :] if kind == _SOCK_DIAG_BY_FAMILY else None
