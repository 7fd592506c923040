"""Starting a server testee, and knowing when it listens."""

import contextlib
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil

from batepapo_conformance.failure import NoVerdict, visible
from batepapo_conformance.kernel import is_listened_at
from batepapo_conformance.ports import free_port, is_free
from batepapo_conformance.process import Process, Processes, Stream
from batepapo_conformance.testee import Endpoint, Testee

# An interpreter on a busy machine may take seconds to start; a testee that
# listens is noticed at once, however long this is.
_START = 15.0
# How long its first line may follow after it was seen to listen.
_FIRST_LINE = 1.0
_GLANCE = 0.05
_TRIES = 3
_SHOWN = re.compile(
    rb"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>\d+)\s*$"
)


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that listens. `process` is `None` if the suite did not start it.

    `first_line` is what it wrote to standard output first, if it did (RUN-2).
    """

    endpoint: Endpoint
    process: Process | None
    first_line: bytes | None


class TesteeWouldNotStart(NoVerdict):
    """The testee ended, or did not listen in time: nothing can be judged."""

    # pytest would take the name for that of a test.
    __test__ = False


def start_server(
    testee: Testee,
    processes: Processes,
    *,
    address: str = "127.0.0.1",
    options: Mapping[str, object] | None = None,
    extra: Sequence[str] = (),
    stderr: Stream | int = Stream.COLLECT,
    environment: Mapping[str, str | None] | None = None,
) -> RunningServer:
    """Start the testee on a fresh port, and wait until it listens there.

    A testee that is given as an address is not started, but looked for.

    Raises:
        NoVerdict: it runs already, and this needs it to be started; or it is
            not known to have one of the options.
        TesteeWouldNotStart: it ended, or does not listen.
    """
    if testee.at is not None:
        if options or extra or environment or address != "127.0.0.1":
            raise NoVerdict("the testee runs already (--at); this check starts its own")
        return _look_for(testee.at)
    for _ in range(_TRIES):
        port = free_port(address)
        arguments = testee.arguments(
            address=address, port=port, options=options, extra=extra
        )
        process = processes.start(arguments, stderr=stderr, environment=environment)
        try:
            line = _wait_until_it_listens(
                process, Endpoint(address, port), testee.seconds(_START)
            )
        except TesteeWouldNotStart:
            if not is_free(address, port):  # somebody else was faster
                process.end()
                continue
            raise
        return RunningServer(_endpoint(line, address, port), process, line)
    raise TesteeWouldNotStart(f"three ports in a row were taken at {address}")


def _look_for(endpoint: Endpoint) -> RunningServer:
    try:
        socket.create_connection(endpoint, timeout=5).close()
    except OSError as error:
        reason = error.strerror or str(error) or "no answer"
        raise TesteeWouldNotStart(
            f"nobody accepts connections at {endpoint}: {reason}"
        ) from error
    return RunningServer(endpoint, None, None)


def _wait_until_it_listens(
    process: Process, endpoint: Endpoint, seconds: float
) -> bytes | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if line := process.output.next_line(_GLANCE):
            # Whether it says what RUN-2 demands is judged elsewhere: some
            # other first line does not keep everything else from being judged.
            if _SHOWN.search(line) is not None:
                return line
        elif process.status is not None:
            raise TesteeWouldNotStart(describe_end(process, "before it listened"))
        # Anybody's is found out quickly; whose it is takes a look at every process.
        if is_listened_at(*endpoint) is not False and _listens(process, endpoint.port):
            return process.output.next_line(_FIRST_LINE)
    late = f"and does not listen on port {endpoint.port} after {seconds:.0f} s"
    raise TesteeWouldNotStart(describe_end(process, late))


def _listens(process: Process, port: int) -> bool:
    """Whether it, or a child of it, listens there; asked of the system.

    To connect and see would be a connection that the testee has to serve.
    """
    with contextlib.suppress(psutil.Error):
        top = psutil.Process(process.pid)
        for one in (top, *top.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                for connection in one.net_connections("tcp"):
                    listening = connection.status == psutil.CONN_LISTEN
                    if listening and connection.laddr.port == port:
                        return True
    return False


def _endpoint(line: bytes | None, address: str, port: int) -> Endpoint:
    """Where to connect: what listens everywhere is reached on the loopback."""
    shown = _SHOWN.search(line) if line else None
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 (compared)
    return Endpoint(reached, port if shown is None else int(shown["port"]))


def describe_end(process: Process, when: str) -> str:
    """How a testee ended, when, and the end of what it wrote."""
    if process.status is not None:
        process.errors.wait_end(1)
        process.output.wait_end(1)
    how = "runs" if process.status is None else "ended with "
    how += "" if process.status is None else describe_status(process.status)
    command = " ".join(process.arguments)
    return f"the testee {how} {when}; its command: {command}{_last_words(process)}"


def describe_status(status: int | None) -> str:
    """An exit status in words: "status 5", "signal 9"."""
    if status is None:
        return "no status: it still runs"
    return f"signal {-status}" if status < 0 else f"status {status}"


def _last_words(process: Process) -> str:
    words = process.errors.tail or process.output.tail
    if not words.strip():
        return "; it wrote nothing"
    lines = words.strip().splitlines()[-6:]
    return "; the end of its output:\n" + "\n".join(
        "    " + visible(line)[:200] for line in lines
    )
