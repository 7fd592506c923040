"""Ports for testees: nobody else uses them, in this run or on this machine."""

import contextlib
import os
import socket
from collections import deque
from typing import Final

from batepapo_conformance.failure import NoVerdict

# Below the ports that systems hand out by themselves: so no outgoing connection
# of anybody takes the port between our choosing it and the testee's binding it.
_PORTS: Final = range(20000, 32000)
_WORKERS: Final = 40
# A check needs a few ports at a time; older claims are given up.
_CLAIMS: Final = 64


class _Ports:
    """Ports that this process has tried, so that none comes twice in a run."""

    def __init__(self) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        share = len(_PORTS) // _WORKERS
        begin = _PORTS.start + share * (int(worker) % _WORKERS)
        self._range = range(begin, begin + share)
        # Runs at the same time on one machine begin at different places.
        self._next = os.getpid() % share
        self._claims: deque[socket.socket] = deque()

    def take(self, address: str) -> int:
        for _ in self._range:
            port = self._range[self._next % len(self._range)]
            self._next += 1
            if is_free(address, port) and self._claim(port):
                return port
        raise NoVerdict(f"no free port from {self._range.start} at {address}")

    def _claim(self, port: int) -> bool:
        """Keep other runs off this port until our testee listens there.

        The sign is a datagram socket of the same number: it is in nobody's way,
        only one process can have it, and it goes with the process.
        """
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            return False
        self._claims.append(claim)
        if len(self._claims) > _CLAIMS:
            self._claims.popleft().close()
        return True


_ports = _Ports()


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody uses, and that no outgoing connection will take.

    Raises:
        NoVerdict: there is none at this address.
    """
    return _ports.take(address)


def is_free(address: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        # As servers do: a connection that lingers from before is no obstacle.
        # On Windows the option means something else, and is not needed.
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        return True
    return False
