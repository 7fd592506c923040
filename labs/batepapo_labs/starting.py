"""Whether a program starts at all: found out once, before it is checked."""

from dataclasses import dataclass

from batepapo_conformance import check as suite
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.process import Process, Processes
from batepapo_conformance.testee import BadTestee, Role
from batepapo_conformance.warm import cold_in


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """Why a program cannot be checked.

    Attributes:
        key: what it is, by its name among the words.
        why: what was said of it, if the program never ran.
        status: its exit status, if it ended by itself; negative for a signal.
        last: the end of what it wrote, in octets.
    """

    key: str
    why: str = ""
    status: int | None = None
    last: bytes = b""


def not_started(request: suite.Request) -> NotStarted | None:
    """Start the program and end it again; nothing is told of one that starts."""
    try:
        testee = request.testee()
    except BadTestee as error:
        why = str(error).removeprefix(f"{request.file}: ")
        return NotStarted(key="trouble.bad_command", why=why)
    processes = Processes(Exchange(), cold_in(testee.folder))
    try:
        suite.must_start(testee, processes)
    except NoVerdict as error:
        if not processes.all:
            return NotStarted(key="trouble.cannot_start", why=str(error))
        return _gave_up(processes.all[-1], testee.role)
    finally:
        processes.end()
    return None


def _gave_up(process: Process, role: Role) -> NotStarted:
    last = process.errors.tail or process.output.tail
    if process.status is None:
        return NotStarted(key=f"trouble.not_ready.{role}", last=last)
    return NotStarted(key="trouble.ended", status=process.status, last=last)
