"""Whole programs on real sockets: a handful, the suite of the project has the rest."""

import re
import signal
import socket
import subprocess
import sys
import time

import pytest

from batepapo_asyncio import program
from batepapo_asyncio.limits import DRAIN

PROGRAM = [sys.executable, "-m", "batepapo_asyncio"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


class Peer:
    """A client made of a socket."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.lines = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)
        return self

    def enter(self, nick):
        self.send(f"/ENTRAR {nick}\n".encode())
        while not self.line().startswith("ENTROU"):
            pass
        return self

    def line(self):
        return self.lines.readline().decode()

    def rest(self):
        return self.lines.read().decode().splitlines()

    def close(self):
        self.lines.close()
        self.socket.close()


@pytest.fixture
def serve():
    """Start servers; give the process and its port."""
    started = []

    def start(*options):
        server = subprocess.Popen(
            [*PROGRAM, "server", "127.0.0.1", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(server)
        return server, int(server.stdout.readline().rsplit(b":")[-1])

    yield start
    for server in started:
        server.kill()
        server.communicate()


@pytest.fixture
def join(serve):
    """Start one server, and give what makes a peer of it."""
    _, port = serve()
    peers = []

    def make():
        peers.append(Peer(port))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def test_a_pipelined_conversation_is_answered_in_order(join):
    peer = join().send(b"/ENTRAR ana\n:oi\r\n/USUARIOS\nana:psiu\nbeto:oi\n/SAIR\n:x\n")
    keywords = " ".join(line.split()[0] for line in peer.rest())
    assert keywords == (
        "BATEPAPO USUARIOS ENTROU PUBLICA USUARIOS PRIVADA ENVIADA ERRO SAIU"
    )


def test_an_event_is_the_same_line_for_all(join):
    ana, beto = join().enter("ana"), join().enter("beto")
    assert ana.line().split()[0] == "ENTROU"
    beto.send(b":oi\n")
    assert ana.line() == beto.line()


def test_a_half_closed_client_gets_all_its_replies(join):
    peer = join().send(b"/ENTRAR ana\n" + b":oi\n" * 5000 + b":meia linha")
    peer.socket.shutdown(socket.SHUT_WR)
    assert sum(line.startswith("PUBLICA") for line in peer.rest()) == 5000


def test_the_last_line_reaches_who_is_still_sending(join):
    peer = join().send(b"/entrar ana\n" + b":" + b"x" * 400 + b"\n")
    assert re.match("ERRO 03 sintaxe :", peer.rest()[-1])


def test_a_failed_write_does_not_lose_a_goodbye(join):
    ana = join().enter("ana")
    beto = join().enter("beto")
    ana.line()
    beto.send(b":oi\n" * 100 + b"/SAIR\n").close()
    while not (line := ana.line()).startswith("SAIU"):
        assert line.startswith("PUBLICA")
    assert "LEAVE-1" in line


def test_who_does_not_enter_in_time_is_told(serve):
    _, port = serve("--entry-timeout", "0.1")
    peer = Peer(port)
    assert peer.rest()[-1].startswith("ERRO 03 tempo :")
    peer.close()


def test_a_further_connection_is_told_that_the_server_is_full(serve):
    _, port = serve("--max-connections", "1")
    first, second = Peer(port), Peer(port)
    assert [line.split()[0] for line in second.rest()] == ["BATEPAPO", "ERRO"]
    first.close()
    second.close()


def seconds_until_reset(peer):
    began = time.monotonic()
    try:
        while True:
            peer.send(b"x")
            time.sleep(0.01)
    except ConnectionError:
        return time.monotonic() - began


def test_the_first_of_those_being_closed_makes_room_for_the_next(serve):
    _, port = serve("--max-connections", "1")
    ana, first, second = Peer(port), Peer(port), Peer(port)
    assert first.rest()[-1].startswith("ERRO 03 cheio :")
    assert second.rest()[-1].startswith("ERRO 03 cheio :")
    assert seconds_until_reset(first) < DRAIN / 2  # CLOSE-3
    for peer in (ana, first, second):
        peer.close()


@posix
def test_the_end_is_announced_to_all(serve):
    server, port = serve()
    ana, waiting = Peer(port).enter("ana"), Peer(port)
    waiting.line()
    server.send_signal(signal.SIGTERM)
    for peer in (ana, waiting):
        assert peer.rest()[-1].startswith("ERRO 03 fim :")
        peer.close()
    assert server.wait(timeout=10) == 0


def test_a_reader_who_does_not_read_is_cut_off_and_nobody_else(serve):
    _, port = serve("--outbox-limit", "1000")
    slow, ana = Peer(port).enter("lento"), Peer(port).enter("ana")
    departed = False
    while not departed:
        ana.send((b":" + b"x" * 400 + b"\n") * 10 + b"ana:.\n")
        while not (line := ana.line()).startswith("ENVIADA"):
            departed = departed or line.startswith("SAIU")
    ana.send(b"/USUARIOS\n")
    assert ana.line() == "USUARIOS 0 ana\n"
    slow.close()
    ana.close()


def client(*arguments, typed=""):
    return subprocess.run(
        [*PROGRAM, "client", "--lang", "pt", *arguments],
        input=typed.encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )


def test_a_client_says_what_is_piped_into_it(serve):
    _, port = serve()
    done = client(
        "127.0.0.1", str(port), "ana", typed="olá\nana:psiu\nsem fim de linha"
    )
    shown = done.stdout.decode()
    assert done.returncode == 0
    assert "Você está conectado ao servidor" in shown
    assert "Cliente(ana): ola" in shown
    assert "[privada] Mensagem recebida de: Cliente(ana): psiu" in shown
    assert "Mensagem enviada" in shown
    assert "Cliente(ana): sem fim de linha" in shown


def test_a_client_asks_again_for_a_nick_that_is_taken(serve):
    _, port = serve()
    ana = Peer(port).enter("ana")
    done = client("127.0.0.1", str(port), "Ana", typed="2\nbeto\noi\n/sair\n")
    assert done.returncode == 0
    assert b"ERRO 01 Ana" in done.stderr
    assert b"Cliente(beto): oi" in done.stdout
    ana.close()


def test_a_client_without_a_server_reports_code_04():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
    assert client("127.0.0.1", port, "ana").returncode == 4
    offline = client(typed=f"/entrar ana 127.0.0.1 {port}\n")
    assert offline.returncode == 4
    assert b"ERRO 04" in offline.stderr


def test_a_server_without_an_address_reports_code_05():
    done = subprocess.run(
        [*PROGRAM, "server", "127.0.0.1", "65536"],
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 5
    assert b"ERRO 05" in done.stderr


def server(*arguments, typed=""):
    return subprocess.run(
        [*PROGRAM, "server", *arguments],
        input=typed.encode(),
        capture_output=True,
        timeout=20,
        check=False,
    )


def test_a_rate_is_a_whole_number():
    done = server("--rate", "1.5")
    assert done.returncode == 2
    assert b"--rate" in done.stderr


def test_what_is_given_is_what_an_empty_line_means_to_the_operator():
    done = server("127.0.0.256", "1", "--ask", typed="\n\n")
    assert b"[127.0.0.256] >>> " in done.stderr
    assert b"[1] >>> " in done.stderr
    assert done.returncode == 5


def test_an_empty_address_and_port_are_the_defaults(monkeypatch):
    def take(address, port, **_):
        assert (address, port) == ("127.0.0.1", "55555")
        return 42

    monkeypatch.setattr("batepapo_asyncio.server.run", take)
    assert program.run(["server", "", ""]) == 42


def test_help_at_a_question_is_shown_and_the_question_asked_again():
    done = client("127.0.0.1", typed="/ajuda\nquit\n")
    assert done.returncode == 0
    assert done.stdout.count(b"Porta [55555] >>> ") == 2
    assert b"/USUARIOS" in done.stdout


@posix
def test_a_server_can_start_again_at_once_at_the_same_port(serve):  # RUN-9
    first, port = serve()
    ana = Peer(port).enter("ana")
    first.send_signal(signal.SIGTERM)
    ana.rest()
    ana.close()  # after the server has: so it is the server's port that TCP remembers
    assert first.wait(timeout=10) == 0
    with socket.socket() as unaware, pytest.raises(OSError, match="in use"):
        unaware.bind(("127.0.0.1", port))
    again = subprocess.Popen(
        [*PROGRAM, "server", "127.0.0.1", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert again.stdout.readline().endswith(b":%d\n" % port)
    finally:
        again.kill()
        again.communicate()
