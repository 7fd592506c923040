"""Clients on real sockets do what they are told; the oracle judges what they hear."""

import contextlib
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from batepapo_conformance.connection import Connection, Ending
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.exploring.acts import (
    Act,
    Close,
    Connect,
    HalfClose,
    Reset,
    Send,
    Step,
)
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.model.oracle import Oracle
from batepapo_conformance.model.world import End
from batepapo_conformance.testee import Endpoint

_LINE: Final = 512
_LONG: Final = 15.0  # seconds; far from the 30 s, for what is under way takes time, too


@dataclass
class Performance:
    """Several clients and one server, from an empty room on.

    Attributes:
        endpoint: where the server listens.
        seconds: how long whatever is due at once may take, asked anew each time.
        oracle: what may come.
        record: every octet.
        steps: what has been done so far.
    """

    endpoint: Endpoint
    seconds: Callable[[], float]
    oracle: Oracle = field(default_factory=Oracle)
    record: Exchange = field(default_factory=Exchange)
    steps: list[Step] = field(default_factory=list)
    _open: dict[str, Connection] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)

    @property
    def connected(self) -> Collection[str]:
        """The connections that are open, as far as this side knows."""
        return self._open.keys()

    @property
    def is_overdue(self) -> bool:
        """Whether somebody waits so long that the entry time may end it (LIMIT-1).

        The oracle has no clock: then a session has to end.
        """
        inside, now = self.oracle.inside(), time.monotonic()
        waiting = [self._since[name] for name in self._open if name not in inside]
        return any(now - since > _LONG for since in waiting)

    def perform(self, step: Step) -> None:
        """Do all acts of a step; then hear everything that is due.

        Raises:
            RuleBroken: something else came, or nothing.
        """
        self.steps.append(step)
        for act in step:
            self._do(act)
        self.listen()

    def perform_all(self, steps: Iterable[Step]) -> None:
        """Do one step after the other.

        Raises:
            RuleBroken: see `perform`.
        """
        for step in steps:
            self.perform(step)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _do(self, act: Act) -> None:
        match act:
            case Connect(name):
                self._connect(name)
            case Send(name, pieces):
                self.oracle.sends(name, act.octets)
                if name in self._open:
                    self._open[name].write(list(pieces), self.seconds())
            case HalfClose(name):
                self.oracle.half_closes(name)
                if name in self._open:
                    self._open[name].half_close()
            case Close(name):
                self.oracle.breaks(name)
                if name in self._open:
                    self._open.pop(name).close()
            case Reset(name):
                self.oracle.breaks(name)
                if name in self._open:
                    self._open.pop(name).reset()

    def _connect(self, name: str) -> None:
        try:
            connection = Connection(
                name, self.endpoint, self.record, seconds=self.seconds()
            )
        except OSError as error:
            reason = error.strerror or str(error) or "no answer"
            where = f"connections are accepted at {self.endpoint}"
            rule = "SERVE-1" if self._open else "TCP-1"
            raise RuleBroken(rule, where, reason) from error
        self._open[name] = connection
        self._since[name] = time.monotonic()
        self.oracle.connects(name, str(connection.local))

    # ---- listening ---------------------------------------------------------

    def listen(self) -> None:
        """Hear all that must come, on every connection, and what has come already.

        Raises:
            RuleBroken: see `perform`.
        """
        # Again from the start: what one heard may settle what is due to another.
        while any(self._hear_what_is_due(name) for name in list(self._open)):
            pass
        for name, connection in list(self._open.items()):
            for line in connection.arrived():
                self._hear(name, line)
            if not connection.is_open:
                ending = connection.read_line(0)
                assert ending is not None
                self._hear(name, ending)

    def _hear_what_is_due(self, name: str) -> bool:
        heard = False
        while name in self._open and self.oracle.is_due(name):
            self._hear_next(name)
            heard = True
        return heard

    def _hear_next(self, name: str) -> None:
        seconds = self.seconds()
        got = self._open[name].read_line(seconds)
        if got is None:
            raise self.oracle.hears_nothing(name, seconds)
        self._hear(name, got)

    def _hear(self, name: str, got: bytes | Ending) -> None:
        if isinstance(got, Ending):
            self._hear_end(name, got)
        elif got.endswith(b"\n"):
            self.oracle.hears(name, got.removesuffix(b"\n"))
        else:
            torn = self._open[name].is_reset and len(got) < _LINE
            rule = "CLOSE-1" if torn else "FRAME-1"
            expected = f"{self.oracle.forms(name)} and LF"
            raise RuleBroken(rule, expected, got, "torn by a reset" if torn else "")

    def _hear_end(self, name: str, ending: Ending) -> None:
        expected = self.oracle.forms(name)
        if ending is Ending.RESET and self._is_closing(name):
            raise RuleBroken("CLOSE-1", expected, ending.value)
        self.oracle.hears_end(name, ending.value)
        self._open.pop(name).close()

    def _is_closing(self, name: str) -> bool:
        """Whether the server had decided to close: a reset took the last lines."""
        due = self.oracle.expected(name)
        closing = ("the end", "ERRO 03", "SAIU")
        forms = [self.oracle.form(one) for one in due]
        return any(isinstance(one, End) for one in due) or any(
            form.startswith(closing) for form in forms
        )

    def __enter__(self) -> "Performance":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.close()
