"""What a user can say about a testee, and how a testee is started and ended."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from batepapo_conformance.check import Request, run
from batepapo_conformance.collected import Collected
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.process import (
    CannotStart,
    Process,
    Processes,
    Stream,
)
from batepapo_conformance.progress import Progress
from batepapo_conformance.results import Status, Verdict
from batepapo_conformance.starting import TesteeWouldNotStart, start_server
from batepapo_conformance.testee import (
    BadTestee,
    Role,
    Testee,
    choose_testee,
    from_command,
    from_endpoint,
    from_file,
    from_implementation,
    split_command,
)

ODD = Path(__file__).parent / "testees" / "odd.py"
SILENT = Progress(sys.stderr, silent=True)


def odd(how: str) -> Testee:
    """The odd server, odd in this way."""
    words = f"'{sys.executable}' '{ODD}' {how} {{address}} {{port}}"
    return from_command(Role.SERVER, words)


def a_line(stream: Collected) -> bytes:
    """The next line, which has to come."""
    line = stream.next_line(20)
    assert line is not None
    return line


@pytest.fixture
def processes() -> Iterator[Processes]:
    started = Processes(Exchange())
    yield started
    started.end()


def python(processes: Processes, code: str, **how: Any) -> Process:
    return processes.start([sys.executable, "-c", code], **how)


# ---- what a user says --------------------------------------------------------


def test_a_word_with_an_unused_placeholder_is_dropped() -> None:
    client = from_command(Role.CLIENT, "chat --at={address} {port} {nick} -v")
    assert client.arguments() == ["chat", "-v"]
    assert client.arguments(address="::1", port=5) == ["chat", "--at=::1", "5", "-v"]
    everything = client.arguments(address="a", port=1, nick="n", extra=["--x"])
    assert everything == ["chat", "--at=a", "1", "n", "-v", "--x"]


@pytest.mark.parametrize("command", ["", "server", "server {address}", "'x {port}"])
def test_a_command_that_cannot_be_meant_is_refused(command: str) -> None:
    with pytest.raises(BadTestee):
        from_command(Role.SERVER, command)


@pytest.mark.skipif(os.name == "nt", reason="rules of POSIX")
def test_a_command_is_split_without_a_shell() -> None:
    assert split_command("a 'b c' $HOME;ls") == ("a", "b c", "$HOME;ls")


@pytest.mark.parametrize("text", ["", "x", "1.2.3.4:", "1.2.3.4:0", ":5", "a:65536"])
def test_an_endpoint_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(BadTestee):
        from_endpoint(text)


def test_an_endpoint_may_be_ipv6() -> None:
    testee = from_endpoint("[::1]:4000")
    assert testee.at == ("::1", 4000)
    assert str(testee.at) == "[::1]:4000"


def test_a_reference_has_every_option_of_the_contract() -> None:
    testee = from_implementation(Role.SERVER, "threaded")
    said = testee.spelled({"entry-timeout": 0.5, "ask": None})
    assert said == ["--entry-timeout", "0.5", "--ask"]


def test_an_option_that_is_not_known_gives_no_verdict() -> None:
    with pytest.raises(NoVerdict, match="entry-timeout"):
        from_command(Role.SERVER, "x {address} {port}").spelled({"entry-timeout": 1})


def test_a_file_says_everything(tmp_path: Path) -> None:
    file = tmp_path / "testee.toml"
    file.write_text(
        'command = "serve {address}:{port}"\n'
        "time-factor = 2.5\n"
        "[options]\n"
        'entry-timeout = "-t={value}"\n'
        "[known-failures]\n"
        'SLOW-1 = "the next lesson"\n'
    )
    testee = from_file(Role.SERVER, file)
    arguments = testee.arguments(address="a", port=1, options={"entry-timeout": 3})
    assert arguments == ["serve", "a:1", "-t=3"]
    assert testee.seconds(2) == 5
    assert testee.known_failures == {"SLOW-1": "the next lesson"}


def test_a_testee_is_started_in_the_folder_that_its_file_names(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "server.py").write_text(ODD.read_text(encoding="utf-8"))
    file = tmp_path / "testee.toml"
    command = f"'{sys.executable}' server.py greets {{address}} {{port}}"
    file.write_text(f'command = "{command}"\nfolder = "mine"\n')
    only = ("test_the_software_is_one_token",)
    done = run(Request(role=Role.SERVER, file=str(file), only=only), SILENT)
    assert (done.status, done.trouble) == (Status.PASSED, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "command = 5",
        "command = 'x {address} {port}'\nfolder = 'nowhere'",
        "command = 'x {address} {port}'\nfoo = 1",
        "command = 'x {address} {port}'\nat = '1.2.3.4:5'",
        "command = 'x {address} {port}'\ntime-factor = 0",
        "command = 'x {address} {port}'\noptions = 'all'",
        "command = 'x {address} {port}'\n[options]\nfoo = '{value}'",
        "command = 'x {address} {port}'\n[options]\nrate = '--rate'",
        "command = 'x {address} {port}'\n[known-failures]\nSLOW-1 = ''",
        "command = ",
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "testee.toml"
    file.write_text(text)
    with pytest.raises(BadTestee):
        from_file(Role.SERVER, file)


def test_a_command_beside_a_file_takes_the_place_of_the_one_in_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "testee.toml"
    file.write_text('options = "contract"\n')
    words = "other {address} {port}"
    testee = choose_testee(Role.SERVER, command=words, file=str(file))
    assert testee.arguments(address="a", port=1) == ["other", "a", "1"]
    assert testee.has("rate", "log-file")
    with pytest.raises(BadTestee):
        choose_testee(Role.SERVER, file=str(file))


# ---- what is started ---------------------------------------------------------


def test_output_is_read_by_lines_and_remembered(processes: Processes) -> None:
    process = python(processes, "print('a\\nb'); print('c', end='')")
    lines = [process.output.next_line(20) for _ in range(4)]
    assert [line and line.split() for line in lines] == [[b"a"], [b"b"], [b"c"], None]
    assert process.wait(20) == 0
    assert process.output.beginning.split() == [b"a", b"b", b"c"]


def test_megabytes_of_output_are_bounded() -> None:
    collected = Collected()
    for _ in range(100):
        collected.add(b"x" * 100_000)
        collected.add(b"y\n" * 50_000)
    collected.add(b"the end\n")
    collected.add(b"")
    assert collected.total == 20_000_008
    assert len(collected.beginning) == 1 << 20
    assert collected.tail.endswith(b"y\nthe end\n")
    waiting = 0
    while line := collected.next_line(0):
        waiting += len(line)
    assert waiting <= (1 << 20) + 8


def test_a_process_is_ended_with_its_children(processes: Processes) -> None:
    server = start_server(odd("breeds"), processes)
    assert server.process is not None
    line = a_line(server.process.errors)
    child = psutil.Process(int(line.split()[1]))
    assert child.is_running()
    server.process.end()
    server.process.end()
    assert server.process.status is not None
    gone, alive = psutil.wait_procs([child], timeout=10)
    assert gone
    assert not alive


def test_what_is_typed_arrives_and_the_end_of_input_too(processes: Processes) -> None:
    code = "import sys; print(sys.stdin.read().upper())"
    process = python(processes, code, stdin=Stream.PIPE)
    process.write(b"oi")
    process.close_input()
    assert a_line(process.output).split() == [b"OI"]


def test_writing_to_a_program_that_has_ended_does_no_harm(processes: Processes) -> None:
    process = python(processes, "pass", stdin=Stream.PIPE)
    assert process.wait(20) == 0
    process.write(b"x" * 1_000_000)


def test_testees_speak_portuguese_and_buffer_as_they_do_for_users(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    names = "'LANG', 'LC_ALL', 'LC_MESSAGES', 'PYTHONUNBUFFERED', 'MORE', 'HOME'"
    code = f"import os; print([os.environ.get(name) for name in ({names})])"
    changes = {"MORE": "x", "HOME": None}
    process = python(processes, code, environment=changes)
    wanted = "['pt_BR.UTF-8', None, None, None, 'x', None]"
    assert a_line(process.output).decode().strip() == wanted


def test_a_program_that_does_not_exist_cannot_be_started(processes: Processes) -> None:
    with pytest.raises(CannotStart, match="no-such-program"):
        processes.start(["no-such-program"])


def test_a_server_is_found_by_its_first_line(processes: Processes) -> None:
    server = start_server(odd("greets"), processes)
    assert server.first_line is not None
    assert server.first_line.endswith(b"%d\n" % server.endpoint.port)


def test_a_server_that_says_nothing_is_found_all_the_same(processes: Processes) -> None:
    server = start_server(odd("quiet"), processes)
    assert server.first_line is None


@pytest.mark.parametrize(
    ("how", "said"), [("ends", "status 1"), ("refuses", "ERRO 05: port in use")]
)
def test_a_server_that_ends_at_once_did_not_start(
    processes: Processes, how: str, said: str
) -> None:
    began = time.monotonic()
    with pytest.raises(TesteeWouldNotStart, match=said):
        start_server(odd(how), processes)
    assert time.monotonic() - began < 10  # it is not waited for in vain


def test_nobody_there(processes: Processes) -> None:
    with pytest.raises(TesteeWouldNotStart, match=r"127\.0\.0\.1:9"):
        start_server(from_endpoint("127.0.0.1:9"), processes)


TAKES_TURNS = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as server:
    server.sendall(f"/ENTRAR {sys.argv[3]}\\n".encode())
    while chunk := server.recv(4096):
        server.sendall(f":{input()}\\n".encode())
"""


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
def test_a_client_that_shows_nothing_on_a_terminal_is_to_blame(tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(TAKES_TURNS, encoding="utf-8")
    request = Request(
        role=Role.CLIENT,
        command=f"'{sys.executable}' '{program}' {{address}} {{port}} {{nick}}",
        only=["test_on_a_terminal_ctrl_c_leaves"],
    )
    done = run(request, SILENT)
    assert [one.verdict for one in done.results] == [Verdict.FAILED]
