"""A saved session against a server, as often as wanted."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from batepapo_conformance.exchange import Exchange
from batepapo_conformance.exploring.explore import Failure
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.process import Processes
from batepapo_conformance.replay import Replay
from batepapo_conformance.server import Server
from batepapo_conformance.speaker import Patience
from batepapo_conformance.spec import BadSpecification, Transcript, read_transcript
from batepapo_conformance.starting import start_server
from batepapo_conformance.testee import Testee
from batepapo_conformance.warm import cold_in


class CannotReplay(Exception):
    """The file is no session, or one with steps that nobody can take: its fault."""


def read_session(path: Path) -> Transcript:
    """Read a file in the form of `spec/transcripts`.

    Raises:
        CannotReplay: it is none.
    """
    try:
        return read_transcript(path)
    except OSError as error:
        raise CannotReplay(error.strerror or str(error)) from error
    except (ValueError, BadSpecification) as error:
        raise CannotReplay(f"it is not a session: {error}") from error


def replay(
    session: Transcript,
    testee: Testee,
    *,
    times: int,
    told: Callable[[int], None] = lambda done: None,
) -> list[Failure]:
    """Replay a session so often, each time on a fresh server; give what failed.

    Args:
        session: what is said and answered.
        testee: the server.
        times: how often.
        told: is called after each time with how often it has been.

    Raises:
        NoVerdict: the server cannot be started so.
        CannotReplay: a step is none that can be taken.
    """
    failed = []
    for done in range(1, times + 1):
        if (failure := _once(session, testee)) is not None:
            failed.append(failure)
        told(done)
    return failed


def _once(session: Transcript, testee: Testee) -> Failure | None:
    words = iter(session.options)
    options = {word.removeprefix("--"): next(words, "") for word in words}
    record = Exchange()
    processes = Processes(record, cold_in(testee.folder))
    try:
        running = start_server(testee, processes, options=options)
        server = Server(running, Patience(testee), record, Random(0))
        try:
            Replay(server, session).run()
        finally:
            server.close()
    except RuleBroken as broken:
        return Failure((), broken, 1, record.draw(), record.outline())
    except (KeyError, ValueError) as error:
        raise CannotReplay(f"a step cannot be taken: {error}") from error
    finally:
        processes.end()
    return None
