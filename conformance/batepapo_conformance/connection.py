"""A TCP connection under the suite's control: octets in and out, on the record.

Nothing here judges. What the peer does, ending or resetting the connection
included, is kept until somebody reads it.
"""

import contextlib
import selectors
import socket
import time
from collections import deque
from enum import Enum

from batepapo_conformance import delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.resetting import reset_when_closed
from batepapo_conformance.testee import Endpoint

_CHUNK = 1 << 16
# So much fits into the system's buffers, unless what was said before still fills them.
_SMALL = 4096
# A line longer than the grammar knows is handed on as it is, to be refused.
_LINE = 512


class Ending(Enum):
    """How the peer's stream ended."""

    CLOSED = "end of stream"
    RESET = "connection reset"


class Connection:
    """A connection to a server, read and written by one thread.

    Args:
        name: what the record calls it.
        endpoint: where the server listens.
        record: where every octet is written down.
        seconds: how long connecting may take.
        receive_buffer: octets that the system may hold for this side, as a hint.
        source: the address to connect from, if it matters.

    Raises:
        OSError: nobody accepts connections there.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        record: Exchange,
        *,
        seconds: float,
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> None:
        family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
        self.name = name
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self._record = record
        self._lines: deque[bytes] = deque()
        self._partial = bytearray()
        self._ending: Ending | None = None
        try:
            if receive_buffer is not None:  # before connecting: it sets the window
                self.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer
                )
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket.settimeout(seconds)
            if source is not None:
                self.socket.bind((source, 0))
            self.socket.connect(tuple(endpoint))
        except OSError:
            self.socket.close()
            raise
        self.local = Endpoint(*self.socket.getsockname()[:2])
        record.note(name, f"connects from {self.local}")

    def fileno(self) -> int:
        """Let selectors wait for this connection."""
        return self.socket.fileno()

    @property
    def is_open(self) -> bool:
        """Whether neither side is known to have closed it."""
        return self._ending is None and self.socket.fileno() >= 0

    @property
    def is_reset(self) -> bool:
        """Whether the peer has reset it, as far as this side has noticed."""
        return self._ending is Ending.RESET

    def write(self, pieces: list[bytes], seconds: float) -> None:
        """Hand pieces over; what comes meanwhile is read.

        Neither a peer that accepts no more nor one that has reset the connection is
        an error here: the record says so, and what is read afterwards tells.

        Args:
            pieces: what is written at once, each.
            seconds: how long the peer may accept nothing and send nothing.
        """
        self._record.sent(self.name, b"".join(pieces), len(pieces))
        try:
            if len(pieces) > 1:
                self.socket.settimeout(seconds)
                delivery.hand_over(self.socket, pieces)
            else:
                self._write_and_read(b"".join(pieces), seconds)
        except TimeoutError:
            self._record.note(self.name, "cannot send: the server accepts no more")
        except OSError:
            self._end(Ending.RESET)

    def _write_and_read(self, octets: bytes, seconds: float) -> None:
        self.socket.setblocking(False)
        left = memoryview(octets)
        if len(octets) <= _SMALL:
            with contextlib.suppress(BlockingIOError):
                left = left[self.socket.send(left) :]
            if not left:
                return
        # A server may read no more until it is read from itself (SLOW-6).
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
            while left:
                ready = selector.select(seconds)
                if not ready:
                    raise TimeoutError
                for _, events in ready:
                    if events & selectors.EVENT_WRITE:
                        with contextlib.suppress(BlockingIOError):
                            left = left[self.socket.send(left) :]
                    if events & selectors.EVENT_READ and not self._receive():
                        selector.modify(self.socket, selectors.EVENT_WRITE)

    def offer(self, octets: bytes) -> int:
        """Hand over as much as the system takes at once; give the number of octets.

        For whoever waits for many connections itself. After a reset everything is
        taken and goes nowhere.
        """
        self.socket.setblocking(False)
        try:
            taken = self.socket.send(octets)
        except BlockingIOError:
            return 0
        except OSError:
            self._end(Ending.RESET)
            return len(octets)
        self._record.sent(self.name, octets[:taken])
        return taken

    def read_line(self, seconds: float) -> bytes | Ending | None:
        """Give the next line with its LF, or how the stream ended.

        A last line may lack its LF. `None`: nothing of this came in time.
        """
        deadline = time.monotonic() + seconds
        while not self._lines and self._ending is None:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            self.socket.settimeout(remaining)
            self._receive()
        if self._lines:
            return self._lines.popleft()
        if self._partial:
            rest = bytes(self._partial)
            self._partial = bytearray()
            return rest
        return self._ending

    def put_back(self, line: bytes) -> None:
        """Let a line that was read be the next one again."""
        self._lines.appendleft(line)

    def arrived(self) -> list[bytes]:
        """Give the lines that are there already, without waiting."""
        self.socket.setblocking(False)
        while self._ending is None and self._receive():
            pass
        lines = list(self._lines)
        self._lines.clear()
        return lines

    def _receive(self) -> bool:
        """Read once; whether there was anything to read."""
        try:
            chunk = self.socket.recv(_CHUNK)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError:
            self._end(Ending.RESET)
            return False
        if not chunk:
            self._end(Ending.CLOSED)
            return False
        self._take(chunk)
        return True

    def _take(self, chunk: bytes) -> None:
        self._record.received(self.name, chunk)
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._lines.extend(bytes(line) + b"\n" for line in lines)
        if len(self._partial) >= _LINE:
            self._lines.append(bytes(self._partial))
            self._partial = bytearray()

    def _end(self, ending: Ending) -> None:
        if self._ending is Ending.RESET:
            return
        self._record.note(self.name, ending.value)
        self._ending = ending
        if ending is Ending.RESET:
            # A reset that was met in writing leaves what came before it to be
            # read, and then looks like an ordinary end of stream.
            with contextlib.suppress(OSError):
                self.socket.setblocking(False)
                while chunk := self.socket.recv(_CHUNK):
                    self._take(chunk)

    def half_close(self) -> None:
        """End one's own stream (FIN); reading goes on."""
        self._record.note(self.name, "half-closes")
        with contextlib.suppress(OSError):  # the peer may have reset it
            self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the connection; the system may reset it if octets are unread."""
        if self.socket.fileno() >= 0:
            self._record.note(self.name, "closes")
            self.socket.close()

    def reset(self) -> None:
        """Close with a reset instead of an end of stream."""
        self._record.note(self.name, "resets")
        reset_when_closed(self.socket)
        self.socket.close()
