"""One server for many sessions: kept while it is well, started anew when it is not."""

import contextlib
from collections.abc import Sequence

from batepapo_conformance import codec
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.exploring.acts import Connect, Step, lines
from batepapo_conformance.exploring.performance import Performance
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.process import Process, Processes
from batepapo_conformance.speaker import PROMPT
from batepapo_conformance.starting import RunningServer, describe_status, start_server
from batepapo_conformance.testee import Testee
from batepapo_conformance.warm import cold_in

# While a failure is made smaller, what does not come is given up sooner; the smallest
# one is confirmed with the whole patience.
_HURRY = 0.4


class Ground:
    """Where sessions take place: a server, and how long to wait for it.

    Args:
        testee: the program, or where it runs already.

    Raises:
        NoVerdict: it would not start, or strangers are in its room.
    """

    def __init__(self, testee: Testee) -> None:
        self._testee = testee
        self._processes = self._new()
        self._in_a_hurry = False
        self._running: RunningServer | None = None
        self.starts = 0
        self.start()
        if not self.is_empty():
            self.end()
            raise NoVerdict("somebody is in the room who does not belong to the suite")

    def _new(self) -> Processes:
        return Processes(Exchange(), cold_in(self._testee.folder))

    def __enter__(self) -> "Ground":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def process(self) -> Process | None:
        """The server's process, if the suite has started it."""
        return self._running.process if self._running else None

    def start(self) -> None:
        """Start a fresh server; one that runs already (--at) stays as it is.

        Raises:
            NoVerdict: it would not start.
        """
        if self._testee.at is None or self._running is None:
            self._processes.end()
            self._processes = self._new()
            try:
                self._running = start_server(self._testee, self._processes)
            except NoVerdict:
                self._processes.end()
                raise
            self.starts += 1

    def end(self) -> None:
        """End the server, if the suite has started it."""
        self._processes.end()

    def seconds(self) -> float:
        """Seconds in which whatever is due at once has to come."""
        return self._testee.seconds(_HURRY if self._in_a_hurry else PROMPT)

    def hurry(self, yes: bool) -> None:
        """Be impatient from now on, or patient again."""
        self._in_a_hurry = yes

    def performance(self) -> Performance:
        """Give a session that begins in an empty room."""
        assert self._running is not None
        return Performance(self._running.endpoint, self.seconds)

    def is_empty(self) -> bool:
        """Whether somebody who enters now is alone: asked of a list."""
        with self.performance() as performance:
            try:
                performance.perform((Connect("sonda"),))
                performance.perform((lines("sonda", "/ENTRAR sonda"),))
                performance.perform((lines("sonda", "/SAIR"),))
            except RuleBroken as broken:
                # Whatever else is wrong with it is found out by the session itself.
                return not _is_a_list_of_others(broken)
        return True

    def after_a_failure(self) -> None:
        """Make sure that the next session does not suffer from the one before."""
        process = self.process
        ended = process is not None and process.status is not None
        if ended or not self.is_empty():
            self.start()

    def try_out(self, steps: Sequence[Step], *, fresh: bool) -> RuleBroken | None:
        """Do the steps; give what they broke, if anything."""
        if fresh:
            self.start()
        with self.performance() as performance:
            try:
                performance.perform_all(steps)
            except RuleBroken as broken:
                return broken
        return None

    def death(self) -> str:
        """What is to be said of a server that has ended by itself; else nothing."""
        process = self.process
        if process is None or process.wait(0.1) is None or process.signalled:
            return ""
        status = describe_status(process.status)
        return f"The testee (server) has ended by itself, with {status}."


def _is_a_list_of_others(broken: RuleBroken) -> bool:
    if not isinstance(broken.actual, bytes):
        return False
    with contextlib.suppress(codec.NotALine):
        message = codec.parse_server_line(broken.actual)
        return isinstance(message, codec.Participants) and bool(message.nicks)
    return False
