"""Ports for testees: nobody else uses them, in this run or on this machine."""

import atexit
import contextlib
import os
import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

from batepapo_conformance.failure import NoVerdict

# Below the ports that systems hand out by themselves: so no outgoing connection
# of anybody takes the port between our choosing it and the testee's binding it.
_PORTS: Final = range(20000, 32000)
# A check needs a few ports at a time; older claims are given up.
_CLAIMS: Final = 64
# Seconds until it is our turn at a port that many checks may want.
_TURN: Final = 120.0
# Seconds until nobody listens there: a wrong testee may, in any check, until it ends.
_LEFT: Final = 20.0
# Far apart, and no multiple of it falls on another soon: where processes begin.
_STRIDE: Final = 761


class _Ports:
    """Ports that this process has tried, so that none comes twice in a run."""

    def __init__(self) -> None:
        self.process = os.getpid()
        # Processes at the same time on one machine begin at different places.
        self._next = self.process * _STRIDE
        self._claims: deque[socket.socket] = deque()
        atexit.register(self._close)

    def _close(self) -> None:
        for claim in self._claims:
            claim.close()

    def take(self, address: str) -> int:
        for _ in _PORTS:
            port = _PORTS[self._next % len(_PORTS)]
            self._next += 1
            if self._claim(port) and is_unused(address, port):
                return port
        raise NoVerdict(f"no free port from {_PORTS.start} at {address}")

    def _claim(self, port: int) -> bool:
        """Keep other runs off this port until our testee listens there."""
        claim = _claim(port)
        if claim is None:
            return False
        self._claims.append(claim)
        if len(self._claims) > _CLAIMS:
            self._claims.popleft().close()
        return True


def _claim(port: int) -> socket.socket | None:
    """A sign that a port is taken, until it is closed; `None` if another has it.

    It is a datagram socket of the same number: it is in nobody's way, only one
    process can have it, and it goes with the process.
    """
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return None
    return claim


_ports = _Ports()


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody uses, and that no outgoing connection will take.

    Raises:
        NoVerdict: there is none at this address.
    """
    global _ports  # noqa: PLW0603 (a process that was forked has ports of its own)
    if _ports.process != os.getpid():
        _ports = _Ports()
    return _ports.take(address)


@contextlib.contextmanager
def our_turn(address: str, port: int) -> Iterator[None]:
    """Have a port that is one for all, as the default is: checks take turns at it.

    Raises:
        NoVerdict: it never was our turn, or somebody uses it who is no check.
    """
    deadline = time.monotonic() + _TURN
    while (claim := _claim(port)) is None:
        if time.monotonic() > deadline:
            raise NoVerdict(f"others check something at port {port} all the time")
        time.sleep(0.05)
    with claim:
        deadline = time.monotonic() + _LEFT
        while not is_free(address, port):
            if time.monotonic() > deadline:
                raise NoVerdict(f"somebody else uses port {port} on this machine")
            time.sleep(0.05)
        yield


def is_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    # As servers do: a connection that lingers from before is no obstacle.
    # On Windows the option means something else, and is not needed.
    return _can_bind(address, port, reuse=os.name == "posix")


def is_unused(address: str, port: int) -> bool:
    """Whether a server could listen there that knows nothing of what may linger."""
    return _can_bind(address, port, reuse=False)


def _can_bind(address: str, port: int, *, reuse: bool) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        if reuse:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        return True
    return False
