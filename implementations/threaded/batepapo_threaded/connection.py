"""One accepted socket: lines in, room, outbox, the polite close (section 6)."""

import socket
import threading
from collections.abc import Callable
from time import monotonic

from . import SOFTWARE
from .blocking import receive, wake_and_end
from .errors import ForcedOut
from .limits import DRAIN, FLUSH, LINE, ServerLimits
from .lines import LineBuffer
from .messages import Greeting, format_message
from .outbox import Outbox
from .pace import Pace
from .room import State, Visitor
from .switchboard import Switchboard
from .words import Words

_CHUNK = 16_384
"""Octets of one read: large enough for a flood, small enough to take turns."""

_GREETING = format_message(Greeting(SOFTWARE))


class Connection:
    """A thread that reads one socket from its accepting to its closing.

    It reads on after the close has begun, and discards: that is the polite
    close (CLOSE-1), and needs no other code. `check`, called by the
    housekeeper every now and then, keeps the deadlines.
    """

    def __init__(
        self,
        sock: socket.socket,
        visitor: Visitor,
        *,
        switchboard: Switchboard,
        limits: ServerLimits,
        words: Words,
        on_closed: Callable[["Connection"], None],
    ) -> None:
        self.visitor = visitor
        self._sock = sock
        self._switchboard = switchboard
        self._limits = limits
        self._words = words
        self._on_closed = on_closed
        self._outbox = Outbox(sock, limits.outbox)
        self._pace = Pace(limits.rate, monotonic())
        # At a limited rate little is read at once: what was read has to be
        # carried out, also if its sender is long gone.
        self._chunk = LINE if limits.rate else _CHUNK
        self._thread = threading.Thread(target=self._run, name=visitor.peer)

    def start(self, refusal: ForcedOut | None = None) -> None:
        """Greet (GREET-1); then serve, or answer the refusal and close.

        Raises RuntimeError if the system has no thread left; then the connection
        is closed already.
        """
        self._outbox.put(_GREETING)
        self._switchboard.connect(self.visitor, self._outbox)
        if refusal is not None:
            self._switchboard.force_out(self.visitor, refusal)
        try:
            self._thread.start()
        except RuntimeError:
            self.abort()
            self._close()
            raise

    @property
    def closing_since(self) -> float | None:
        """Since when it is being closed (monotonic), if so."""
        return self._outbox.finishing_since

    def check(self, now: float) -> None:
        """Act on the deadlines that have passed."""
        if self.visitor.state is State.WAITING and now >= self.visitor.enter_by:
            self._switchboard.expire(self.visitor)
        if not self._outbox.is_empty:
            self._outbox.offer()
        closing = self._outbox.finishing_since is not None
        if self._outbox.stuck_for(now) >= (FLUSH if closing else self._limits.stall):
            self._switchboard.cut_off(self.visitor, self._words.stalled())  # SLOW-5
            self._outbox.abort()  # CLOSE-2
        ended_at = self._outbox.ended_at
        if closing and ended_at is not None and now >= ended_at + DRAIN:
            wake_and_end(self._sock)  # CLOSE-2

    def abort(self) -> None:
        """End the connection now; its thread wakes up and ends."""
        self._switchboard.hang_up(self.visitor, self._words.reset())
        self._outbox.abort()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end, at most so many seconds."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        reason = self._words.hung_up()
        try:
            self._read()
        except OSError:
            reason = self._words.reset()
        finally:
            self._switchboard.hang_up(self.visitor, reason)  # LEAVE-3
            self._close()

    def _close(self) -> None:
        self._outbox.wait_until_ended()
        self._sock.close()
        self._on_closed(self)

    def _read(self) -> None:
        lines = LineBuffer()
        while chunk := receive(self._sock, self._chunk):
            more = self.visitor.state is not State.CLOSED
            waiting = lines.feed(chunk)
            while more:
                self._wait_for_pace()
                at_most = self._pace.lines(monotonic())
                taken, more = self._switchboard.carry_out(
                    self.visitor, waiting, at_most
                )
                self._pace.took(taken)
                self._outbox.wait_until_empty()  # SLOW-6

    def _wait_for_pace(self) -> None:
        """Wait until a line may be taken, or the connection is being ended."""
        self._pace.lines(monotonic())
        if seconds := self._pace.seconds_until_next():
            self._outbox.wait_until_finishing(seconds)
