"""Both programs as a user starts them: processes, pipes, exit statuses."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from batepapo_threaded import program, server

PACKAGE = Path(__file__).parents[1]
GREETING = b"BATEPAPO 1 x\n"
ENTRY = b"USUARIOS 0\nENTROU 2026-11-20T18:57:11.537Z ana@-\n"


def start(*arguments: str) -> subprocess.Popen[bytes]:
    environment = dict(os.environ, PYTHONPATH=str(PACKAGE), LC_ALL="pt_BR.UTF-8")
    return subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", "batepapo_threaded", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
    process = start(*arguments)
    out, err = process.communicate(typed.encode(), timeout=20)
    assert b"Traceback" not in err
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def port() -> Iterator[str]:
    process = start("server", "127.0.0.1", "0")
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    assert first.startswith("Servidor está rodando em 127.0.0.1:")
    yield first.strip().rpartition(":")[2]
    process.terminate()
    _, err = process.communicate(timeout=10)
    assert b"Traceback" not in err
    if os.name == "posix":
        assert process.returncode == 0


@pytest.fixture
def fake() -> Iterator[Callable[[bytes, bytes], str]]:
    """Give servers that say one thing, wait for a line and say another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(before: bytes, after: bytes) -> str:
            def talk() -> None:
                sock, _ = listener.accept()
                with sock, suppress(OSError):
                    sock.sendall(before)
                    sock.recv(100)
                    sock.sendall(after)

            threading.Thread(target=talk, daemon=True).start()
            return str(listener.getsockname()[1])

        yield serve


def test_a_piped_conversation(port: str) -> None:
    status, out, err = run(
        "client", "127.0.0.1", port, "ana", typed="olá\nana:psiu\nhttp://x\n/foo\n"
    )
    assert status == 0
    lines = out.splitlines()
    assert "Você está conectado ao servidor" in lines
    assert "Convertido para ASCII: ola" in lines
    assert "Mensagem recebida de: Cliente(ana): ola" in lines
    assert "[privada] Mensagem recebida de: Cliente(ana): psiu" in lines
    assert "Mensagem enviada a ana" in lines
    assert lines[-1].startswith("ana saiu da sala")
    assert "ERRO 02" in err


def test_questions_and_a_second_try_offline(port: str) -> None:
    typed = f"oi\n/entrar ana 127.0.0.1 x\n/ENTRAR\n\n{port}\n9\nana\nfim"
    status, out, err = run("client", typed=typed)
    assert status == 0
    assert out.count("Escolha um nick para você >>> ") == 2
    assert "Cliente(ana): fim" in out
    assert "ERRO 04" in err


@pytest.mark.parametrize(
    ("arguments", "typed", "status"),
    [
        (["127.0.0.1", "1", "ana"], "oi\n", 4),
        (["x", "1", "ana"], "", 4),
        ([], "/entrar ana 127.0.0.1 1\n", 4),
        ([], "", 0),
        (["127.0.0.1"], "", 0),
        (["127.0.0.1", "1"], "QUIT\n", 0),
        (["127.0.0.1", "1", "9"], "", 1),
        (["127.0.0.1", "1", "ana", "x"], "", 2),
        (["--nao"], "", 2),
    ],
)
def test_how_a_client_ends(arguments: list[str], typed: str, status: int) -> None:
    assert run("client", *arguments, typed=typed)[0] == status


@pytest.mark.parametrize(
    ("before", "after", "status", "error"),
    [
        (b"", b"", 4, "não respondeu a tempo"),
        (b"HTTP/1.1 200 OK\r\n", b"", 4, "ERRO 04"),
        (b"BATEPAPO 2 x\n", b"", 4, "ERRO 04"),
        (b"x" * 512, b"", 4, "ERRO 04"),
        (GREETING + ENTRY, b"", 4, "ERRO 04"),
        (GREETING, ENTRY + b"PUBLICA \x1b[31m\n", 4, "ERRO 04"),
        (GREETING, b"", 3, "ERRO 03 rede"),
        (GREETING, ENTRY, 3, "ERRO 03 rede"),
        (GREETING, b"ERRO 03 cheio :x\n", 3, "ERRO 03 cheio"),
    ],
)
def test_servers_that_are_none(
    fake: Callable[[bytes, bytes], str],
    before: bytes,
    after: bytes,
    status: int,
    error: str,
) -> None:
    port = fake(before, after)
    process = start("client", "127.0.0.1", port, "ana", "--answer-timeout", "2")
    assert process.stderr is not None
    assert process.wait(20) == status
    err = process.stderr.read().decode()
    assert error in err
    assert "\x1b" not in err
    process.communicate()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to another process")
def test_ctrl_c_leaves_at_once(port: str) -> None:
    process = start("client", "127.0.0.1", port, "ana")
    assert process.stdout is not None
    while b"conectado" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=5)
    assert process.returncode == 0
    assert "ana saiu da sala" in out.decode()
    assert err == b""


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (["127.0.0.256"], 5, "ERRO 05"),
        (["127.0.0.1", "70000"], 5, "ERRO 05"),
        (["--rate", "-1"], 2, "--rate"),
        (["--rate", "1.5"], 2, "--rate"),
        (["--entry-timeout", "0"], 2, "--entry-timeout"),
        (["--nao"], 2, "--nao"),
        (["--log-file", str(PACKAGE)], 2, "arquivo"),
    ],
)
def test_a_server_that_does_not_start(
    arguments: list[str], status: int, error: str
) -> None:
    ended, out, err = run("server", *arguments)
    assert (ended, out) == (status, "")
    assert error in err


def test_the_operator_is_asked() -> None:
    status, out, err = run("server", "--ask", typed="127.0.0.256\n\n")
    assert (status, out) == (5, "")
    assert err.count(" >>> ") == 2


def test_what_is_given_is_what_an_empty_line_means_to_the_operator() -> None:
    status, _, err = run("server", "127.0.0.256", "1", "--ask", typed="\n\n")
    assert status == 5
    assert "[127.0.0.256] >>> " in err
    assert "[1] >>> " in err


def test_an_empty_address_and_port_are_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def take(address: str, port: str, **_: object) -> int:
        assert (address, port) == ("127.0.0.1", "55555")
        return 42

    monkeypatch.setattr(server, "run", take)
    assert program.run(["server", "", ""]) == 42


def test_help_at_a_question_is_shown_and_the_question_asked_again() -> None:
    status, out, _ = run("client", "127.0.0.1", typed="/ajuda\nquit\n")
    assert status == 0
    assert out.count("Porta do servidor [55555] >>> ") == 2
    assert "/USUARIOS" in out


@pytest.mark.skipif(os.name != "posix", reason="ends a process by SIGTERM")
def test_a_server_can_start_again_at_once_at_the_same_port() -> None:  # RUN-9
    first = start("server", "127.0.0.1", "0")
    assert first.stdout is not None
    port = int(first.stdout.readline().rpartition(b":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as ana:
        ana.sendall(b"/ENTRAR ana\n")
        lines = ana.makefile("rb")
        while not lines.readline().startswith(b"ENTROU"):
            pass
        first.terminate()
        assert lines.read().startswith(b"ERRO 03 fim")
        lines.close()
    # The server has closed first: so it is its port that TCP remembers.
    first.communicate(timeout=10)
    with socket.socket() as unaware, pytest.raises(OSError, match="in use"):
        unaware.bind(("127.0.0.1", port))
    again = start("server", "127.0.0.1", str(port))
    try:
        assert again.stdout is not None
        assert again.stdout.readline().endswith(b":%d\n" % port)
    finally:
        again.kill()
        again.communicate()
