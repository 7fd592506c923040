"""Section 9: the server as a program: its arguments."""

import contextlib
import os
import re
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from batepapo_conformance import codec
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.ports import free_port, is_free, is_unused, our_turn
from batepapo_conformance.process import Process, Processes, Stream
from batepapo_conformance.resetting import reset_when_closed
from batepapo_conformance.server import Serve
from batepapo_conformance.spec import load
from batepapo_conformance.starting import describe_status
from batepapo_conformance.testee import Testee

LOOPBACK = "127.0.0.1"
PORT = load().limits["port"].value
# An interpreter on a busy machine may take seconds to start or to end.
PATIENCE = 15.0


def _shows(
    process: Process, testee: Testee, address: str, port: int | None, rule: str
) -> int:
    """Insist that the first line shows where the server is; give the port."""
    shown = f"[{address}]" if ":" in address else address
    line = process.output.next_line(testee.seconds(PATIENCE))
    expected = f"a line that ends in {shown}:{port or '<port>'}"
    if line is None:
        ended = process.output.ended
        status = process.wait(testee.seconds(1)) if ended else process.status
        if status is None:  # `--ask` may go on asking; everything else has to be shown
            raise RuleBroken("RUN-2" if rule != "RUN-5" else rule, expected, "nothing")
        raise RuleBroken(rule, expected, f"the end, {describe_status(status)}")
    if not re.search(rb":\d+\r?\n\Z", line):
        raise RuleBroken("RUN-2", expected, line.rstrip(b"\n"))
    match = re.search(
        rf"(?<![\w.:]){re.escape(shown)}:(\d+)\r?\n\Z", line.decode("latin-1")
    )
    if match is None or (port is not None and int(match[1]) != port):
        raise RuleBroken(rule, expected, line.rstrip(b"\n"))
    return int(match[1])


def _accepts(address: str, port: int, testee: Testee, rule: str) -> None:
    """Insist on being greeted there at the first try."""
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    expected = f"connections are accepted at {where}"
    try:
        with socket.create_connection((address, port), testee.seconds(5)) as one:
            with one.makefile("rb") as stream:
                greeting = stream.readline(codec.LINE)
            # With a reset, so that nobody has to remember it: RUN-9 has its own check.
            reset_when_closed(one)
    except OSError as error:
        raise RuleBroken(rule, expected, error.strerror or str(error)) from error
    if not greeting.startswith(b"BATEPAPO"):
        raise RuleBroken("GREET-1", "BATEPAPO 1 <software>", greeting)


def _ends(
    processes: Processes,
    testee: Testee,
    arguments: Sequence[str],
    status: int,
    rule: str,
) -> Process:
    """Start it, and insist that it ends by itself with a status."""
    process = processes.start(arguments)
    found = process.wait(testee.seconds(PATIENCE))
    said = f"`{' '.join(process.arguments[-3:])}`"
    if found != status:
        actual = "it still runs" if found is None else describe_status(found)
        raise RuleBroken(rule, f"exit status {status}", actual, said)
    process.errors.wait_end(testee.seconds(PATIENCE))
    process.output.wait_end(testee.seconds(PATIENCE))
    return process


@requirement("RUN-1", "RUN-2")
def test_address_and_port_are_its_arguments(
    processes: Processes, testee: Testee
) -> None:
    """“A server MUST take its address and its port, in this order, as arguments.”"""
    port = free_port()
    process = processes.start(testee.arguments(address=LOOPBACK, port=port))
    _shows(process, testee, LOOPBACK, port, "RUN-1")
    _accepts(LOOPBACK, port, testee, "RUN-2")


@requirement("RUN-1")
def test_an_empty_address_means_loopback(processes: Processes, testee: Testee) -> None:
    """“An empty or missing address means 127.0.0.1”."""
    port = free_port()
    process = processes.start(testee.arguments(address="", port=port))
    _shows(process, testee, LOOPBACK, port, "RUN-1")
    _accepts(LOOPBACK, port, testee, "RUN-2")


@requirement("RUN-1")
@pytest.mark.parametrize(
    ("address", "port"), [(None, None), (LOOPBACK, None), ("", "")]
)
def test_an_empty_or_missing_port_means_55555(
    processes: Processes, testee: Testee, address: str | None, port: str | None
) -> None:
    """“An empty or missing address means 127.0.0.1, an empty or missing port 55555.”"""
    with _at_the_default_port(processes):
        process = processes.start(testee.arguments(address=address, port=port))
        _shows(process, testee, LOOPBACK, PORT, "RUN-1")
        _accepts(LOOPBACK, PORT, testee, "RUN-2")


@contextlib.contextmanager
def _at_the_default_port(processes: Processes) -> Iterator[None]:
    """Have the default port until what is started there has ended.

    Raises:
        NoVerdict: somebody uses it; or has just used it, and a testee that cannot
            bear that did not start (RUN-9 has its own check).
    """
    with our_turn(LOOPBACK, PORT):
        try:
            yield
        except RuleBroken:
            processes.end()
            if processes.all[-1].status == 5 and not is_unused(LOOPBACK, PORT):
                reason = f"port {PORT} is still remembered here"
                raise NoVerdict(reason) from None
            raise
        finally:
            processes.end()


@requirement("RUN-2")
def test_the_first_line_comes_when_connections_are_accepted(
    processes: Processes, testee: Testee
) -> None:
    """“The first line on standard output MUST end in `address:port` [...], and come as
    soon as, and not before, connections are accepted there. It is written out at once,
    also into a pipe.”
    """
    port = free_port()
    process = processes.start(testee.arguments(address=LOOPBACK, port=port))
    _shows(process, testee, LOOPBACK, port, "RUN-2")
    _accepts(LOOPBACK, port, testee, "RUN-2")


@requirement("RUN-2", "TCP-2")
def test_an_ipv6_address_is_shown_in_brackets(
    processes: Processes, testee: Testee
) -> None:
    """“The first line on standard output MUST end in `address:port` (an IPv6 address in
    brackets)”.
    """
    if not socket.has_ipv6 or not is_free("::1", port := free_port()):
        raise NoVerdict("this machine has no IPv6")
    process = processes.start(testee.arguments(address="::1", port=port))
    process.output.wait_for(
        lambda: process.output.total > 0 or process.output.ended,
        testee.seconds(PATIENCE),
    )
    if process.output.total == 0 and process.wait(testee.seconds(1)) is not None:
        raise NoVerdict("the testee does not listen on IPv6, which it need not")
    _shows(process, testee, "::1", port, "RUN-2")
    _accepts("::1", port, testee, "RUN-2")


@requirement("RUN-3")
def test_port_0_is_chosen_by_the_system(processes: Processes, testee: Testee) -> None:
    """“With port 0 the system chooses a free port, and the first line MUST show the one
    that was chosen.”
    """
    ports = []
    for _ in range(2):
        process = processes.start(testee.arguments(address=LOOPBACK, port=0))
        port = _shows(process, testee, LOOPBACK, None, "RUN-3")
        _accepts(LOOPBACK, port, testee, "RUN-3")
        ports.append(port)
    if 0 in ports or ports[0] == ports[1]:
        raise RuleBroken("RUN-3", "two ports of two servers", str(ports))


UNUSABLE = [
    ("256.0.0.1", "0"),
    ("1.2.3", "0"),
    ("nao-existe", "0"),
    ("::1::", "0"),
    ("192.0.2.1", "0"),  # set aside for documentation: no machine has it
    ("[::1]", "0"),  # an address is written without brackets
    (LOOPBACK, "65536"),
    (LOOPBACK, "-1"),
    (LOOPBACK, "abc"),
    (LOOPBACK, "08080"),
    (LOOPBACK, "+80"),
    (LOOPBACK, "8_0"),
]


@requirement("RUN-4", "RUN-1")
@pytest.mark.parametrize(("address", "port"), UNUSABLE)
def test_an_unusable_address_or_port_is_error_05(
    processes: Processes, testee: Testee, address: str, port: str
) -> None:
    """“If the server cannot use the address or port (malformed, not of this machine, in
    use, forbidden), it MUST write a line that contains `ERRO 05` to standard error and
    exit with status 5.”
    """
    arguments = testee.arguments(address=address, port=port)
    _says_error_05(_ends(processes, testee, arguments, 5, "RUN-4"))


def _says_error_05(process: Process) -> None:
    if b"ERRO 05" not in process.errors.beginning:
        found = process.errors.tail
        raise RuleBroken("RUN-4", "a line with ERRO 05 on standard error", found)


@requirement("RUN-4")
def test_a_port_in_use_is_error_05(
    serve: Serve, processes: Processes, testee: Testee
) -> None:
    """“If the server cannot use the address or port ([...] in use [...]), it MUST
    write a line that contains `ERRO 05` to standard error and exit with status 5.”
    """
    server = serve()
    arguments = testee.arguments(address=LOOPBACK, port=server.running.endpoint.port)
    _says_error_05(_ends(processes, testee, arguments, 5, "RUN-4"))
    server.connect("ana").enter()  # the first one is not disturbed


@requirement("RUN-5")
def test_it_asks_for_address_and_port(processes: Processes, testee: Testee) -> None:
    """“With `--ask` the server SHOULD ask for the address and then the port, on
    standard error, and read one line each from standard input; an empty line means the
    default.”
    """
    for address in (LOOPBACK, ""):
        port = free_port()
        process = _asking(processes, testee)
        _question(process, testee)
        process.write(f"{address}\n{port}\n".encode())
        _shows(process, testee, LOOPBACK, port, "RUN-5")
        _accepts(LOOPBACK, port, testee, "RUN-2")


def _asking(
    processes: Processes,
    testee: Testee,
    address: str | None = None,
    port: int | None = None,
) -> Process:
    """Start it with `--ask`, however it spells that."""
    known = testee.has("ask")
    arguments = testee.arguments(
        address=address,
        port=port,
        options={"ask": None} if known else None,
        extra=() if known else ("--ask",),
    )
    return processes.start(arguments, stdin=Stream.PIPE)


def _question(process: Process, testee: Testee) -> None:
    asked = process.errors.wait_for(
        lambda: process.errors.total > 0 or process.errors.ended,
        testee.seconds(PATIENCE),
    )
    if not asked or process.errors.total == 0:
        raise RuleBroken("RUN-5", "a question on standard error", "nothing")


@requirement("RUN-5")
def test_arguments_are_what_an_empty_answer_means(
    processes: Processes, testee: Testee
) -> None:
    """“An address or port given as an argument is then what an empty line means.”"""
    port = free_port()
    process = _asking(processes, testee, LOOPBACK, port)
    process.write(b"\n\n")
    _shows(process, testee, LOOPBACK, port, "RUN-5")
    _accepts(LOOPBACK, port, testee, "RUN-2")


@requirement("RUN-5")
def test_the_end_of_input_at_a_question_means_the_default(
    processes: Processes, testee: Testee
) -> None:
    """“The end of input at a question counts as an empty line.”"""
    with _at_the_default_port(processes):
        process = _asking(processes, testee)
        process.close_input()
        _shows(process, testee, LOOPBACK, PORT, "RUN-5")


@requirement("RUN-5", "RUN-4")
def test_an_answer_that_it_cannot_use_is_error_05(
    processes: Processes, testee: Testee
) -> None:
    """“An answer it cannot use is RUN-4.”"""
    for answers in (b"nao-existe\n0\n", b"127.0.0.1\n65536\n"):
        process = _asking(processes, testee)
        process.write(answers)
        process.close_input()
        status = process.wait(testee.seconds(PATIENCE))
        if status != 5:
            raise RuleBroken("RUN-5", "exit status 5", describe_status(status))
        process.errors.wait_end(testee.seconds(PATIENCE))
        _says_error_05(process)


@requirement("RUN-6")
def test_it_has_the_options_of_the_contract(
    processes: Processes, testee: Testee, tmp_path: Path
) -> None:
    """“A server SHOULD have the options of the table below under these names, with
    these values.”
    """
    options = {
        "--entry-timeout": "1.5",
        "--stall-timeout": "2.5",
        "--outbox-limit": "65536",
        "--max-connections": "50",
        "--max-per-address": "20",
        "--rate": "100",
        "--addresses": "hide",
        "--log-file": str(tmp_path / "server.log"),
        "--lang": "en",
    }
    everything = [word for option in options.items() for word in option]
    if not _starts_with(processes, testee, everything):
        for name, value in options.items():
            if not _starts_with(processes, testee, [name, value]):
                raise RuleBroken("RUN-6", f"the option {name} {value}", "refused")


def _starts_with(processes: Processes, testee: Testee, words: Sequence[str]) -> bool:
    arguments = testee.arguments(address=LOOPBACK, port=0, extra=words)
    process = processes.start(arguments)
    line = process.output.next_line(testee.seconds(PATIENCE))
    process.end()
    return line is not None


REFUSED = [
    ["--nao-existe"],
    ["sobra"],
    ["--lang", "xx"],
    ["--addresses", "talvez"],
    ["--entry-timeout", "logo"],
    ["--stall-timeout", "0"],
    ["--outbox-limit", "0"],
    ["--max-connections", "0"],
    ["--max-per-address", "-1"],
    ["--rate", "1.5"],
    ["--entry-timeout"],
]


@requirement("RUN-7")
@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_an_option_that_it_cannot_use_ends_it(
    processes: Processes, testee: Testee, words: list[str]
) -> None:
    """“An option or argument that it does not know, or a value outside its range, MUST
    end the program with a message on standard error and status 2, before it listens.”

    An option that it does not have is one that it does not know: also status 2.
    """
    arguments = testee.arguments(address=LOOPBACK, port=0, extra=words)
    process = _ends(processes, testee, arguments, 2, "RUN-7")
    if not process.errors.beginning.strip():
        raise RuleBroken("RUN-7", "a message on standard error", "nothing")
    if process.output.total:
        found = process.output.beginning[:200]
        raise RuleBroken("RUN-7", "nothing on standard output", found)


@requirement("RUN-9")
def test_it_starts_again_at_once(
    serve: Serve, processes: Processes, testee: Testee
) -> None:
    """“A server that has ended MUST be able to start again at once at the same address
    and port, whatever its last connections were doing.”
    """
    server = serve()
    if os.name != "posix":
        raise NoVerdict("this system has no signals")
    ana, beto = server.participants("ana", "beto")
    waiting = server.connect("carla")
    server.connect("davi").close()
    beto.send("/SAIR")  # the server closes first, and TCP remembers the connection
    beto.expect_left(beto, "LEAVE-1")
    beto.expect_closed("LEAVE-1")
    server.process.signal(signal.SIGTERM)
    if server.process.wait(testee.seconds(PATIENCE)) is None:
        raise RuleBroken("END-2", "it ends", "it still runs")
    for one in (ana, beto, waiting):  # only now: its own side of them lingers
        one.close()
    port = server.running.endpoint.port
    process = processes.start(testee.arguments(address=LOOPBACK, port=port))
    _shows(process, testee, LOOPBACK, port, "RUN-9")
    _accepts(LOOPBACK, port, testee, "RUN-9")
