"""A server on real sockets, in this process."""

import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from batepapo_threaded import log as log_module
from batepapo_threaded.errors import InvalidAddress
from batepapo_threaded.limits import DRAIN, ServerLimits
from batepapo_threaded.log import Log
from batepapo_threaded.server import Server
from batepapo_threaded.words import Language, Words

Serve = Callable[[ServerLimits], Server]


class Peer:
    """A client of a few lines."""

    def __init__(self, server: Server) -> None:
        host, _, port = server.where.rpartition(":")
        self.sock = socket.create_connection((host, int(port)), timeout=10)
        self._file = self.sock.makefile("rb")
        assert self.line().startswith("BATEPAPO 1 ")

    def send(self, *lines: str) -> None:
        self.sock.sendall("".join(f"{line}\n" for line in lines).encode())

    def line(self) -> str:
        """Give the next line with every time left out; empty at the end."""
        line = self._file.readline().decode()
        return re.sub(r" \d{4}-\S+Z ", " ", line).removesuffix("\n")

    def lines(self) -> list[str]:
        """Give all lines up to the end of the stream."""
        return list(iter(self.line, ""))

    def close(self) -> None:
        self._file.close()
        self.sock.close()

    @property
    def origin(self) -> str:
        return "{}:{}".format(*self.sock.getsockname())

    @classmethod
    def entered(cls, server: Server, nick: str) -> "Peer":
        peer = cls(server)
        peer.send(f"/ENTRAR {nick}")
        while not peer.line().startswith(f"ENTROU {nick}@"):
            pass
        return peer


@pytest.fixture
def log_file(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def serve(log_file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    with Path(os.devnull).open("wb") as nowhere, ExitStack() as stack:
        monkeypatch.setattr(log_module, "_STANDARD_ERROR", nowhere.fileno())

        def start(limits: ServerLimits) -> Server:
            words = Words(Language.PORTUGUESE)
            log = Log(words, log_file)
            stack.callback(log.close, 10)
            server = Server("127.0.0.1", "0", limits=limits, words=words, log=log)
            thread = threading.Thread(target=server.serve)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve(ServerLimits())


def test_a_pipelined_conversation(server: Server) -> None:
    ana = Peer(server)
    ana.send("/ENTRAR Ana", ":oi", "ana:eu", "eva:x", "/USUARIOS", "/SAIR", ":depois")
    origin = f"Ana@{ana.origin}"
    *lines, last = ana.lines()
    assert lines == [
        "USUARIOS 0",
        f"ENTROU {origin}",
        f"PUBLICA {origin} :oi",
        f"PRIVADA {origin} :eu",
        "ENVIADA Ana",
        "ERRO 02 eva :nao ha ninguem com este nick (PRIVATE-2)",
        "USUARIOS 0 Ana",
    ]
    assert last.startswith(f"SAIU {origin} :")
    ana.close()


def test_a_half_closed_client_gets_its_replies(server: Server) -> None:
    ana = Peer(server)
    ana.sock.sendall(b"/ENTRAR ana\r\n:oi\n:metade")
    ana.sock.shutdown(socket.SHUT_WR)
    origin = f"ana@{ana.origin}"
    assert ana.lines() == [
        "USUARIOS 0",
        f"ENTROU {origin}",
        f"PUBLICA {origin} :oi",
    ]
    ana.close()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (":oi", "ERRO 03 estado"),
        ("/usuarios", "ERRO 03 sintaxe"),
        ("x" * 512, "ERRO 03 sintaxe"),
        ("/SAIR", None),
    ],
)
def test_the_last_line_before_entering(
    server: Server, line: str, answer: str | None
) -> None:
    peer = Peer(server)
    peer.send(line, ":nunca")
    heard = [heard.partition(" :")[0] for heard in peer.lines()]
    assert heard == ([answer] if answer else [])
    peer.close()


def test_a_broken_participant_disturbs_nobody(server: Server) -> None:
    ana, eva = Peer.entered(server, "ana"), Peer.entered(server, "eva")
    ana.line()
    eva.send(":antes", "isto nao", ":depois")
    assert eva.line().endswith(" :antes")
    assert eva.line().startswith("ERRO 03 sintaxe :")
    assert eva.line() == ""
    assert ana.line().endswith(" :antes")
    assert ana.line().startswith("SAIU eva@")
    eva_again = Peer.entered(server, "EVA")
    for peer in (ana, eva, eva_again):
        peer.close()


def test_who_does_not_read_is_cut_off_and_the_others_read_on(serve: Serve) -> None:
    server = serve(ServerLimits(outbox=65_536))
    slow, ana = Peer.entered(server, "lenta"), Peer.entered(server, "ana")
    text = ":" + "x" * 400

    def flood() -> None:
        for _ in range(400):
            ana.send(*[text] * 100)
        ana.send(":fim")

    sender = threading.Thread(target=flood)
    sender.start()
    heard = list(iter(ana.line, f"PUBLICA ana@{ana.origin} :fim"))
    sender.join()
    left = [line for line in heard if line.startswith("SAIU")]
    assert len(left) == 1
    assert left[0].startswith("SAIU lenta@")
    assert len(heard) == 40_001
    slow.close()
    ana.close()


def test_who_does_not_enter_in_time_has_to_go(serve: Serve) -> None:
    server = serve(ServerLimits(entry=0.2))
    peer = Peer(server)
    assert [line.partition(" :")[0] for line in peer.lines()] == ["ERRO 03 tempo"]
    peer.close()


def test_a_full_server_says_so_until_somebody_leaves(serve: Serve) -> None:
    server = serve(ServerLimits(connections=1, per_address=1))
    ana = Peer.entered(server, "ana")
    late = Peer(server)
    assert [line.partition(" :")[0] for line in late.lines()] == ["ERRO 03 cheio"]
    ana.send("/SAIR")
    ana.lines()
    bob = Peer.entered(server, "bob")
    for peer in (ana, late, bob):
        peer.close()


def seconds_until_reset(peer: Peer) -> float:
    began = time.monotonic()
    with suppress(ConnectionError):
        while True:
            peer.send("/SAIR")
            time.sleep(0.01)
    return time.monotonic() - began


def test_who_is_refused_and_stays_makes_room_for_the_next(serve: Serve) -> None:
    server = serve(ServerLimits(connections=1))
    ana, first, second = (Peer.entered(server, "ana"), Peer(server), Peer(server))
    for peer in (first, second):
        assert [line.partition(" :")[0] for line in peer.lines()] == ["ERRO 03 cheio"]
    assert seconds_until_reset(first) < DRAIN / 2  # CLOSE-3
    for peer in (ana, first, second):
        peer.close()


def test_a_system_without_a_thread_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Peer.entered(server, "ana")
    start, refused = threading.Thread.start, []

    def start_unless_it_is_the_first(thread: threading.Thread) -> None:
        if not refused:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_unless_it_is_the_first)
    unlucky = Peer(server)
    assert unlucky.lines() == []
    assert refused == [unlucky.origin]
    bob = Peer.entered(server, "bob")  # a little later there is one again
    assert ana.line() == f"ENTROU bob@{bob.origin}"
    for peer in (ana, unlucky, bob):
        peer.close()


def test_lines_beyond_the_rate_wait(serve: Serve) -> None:
    server = serve(ServerLimits(rate=20))
    ana = Peer(server)
    ana.send("/ENTRAR ana", *[f":{number}" for number in range(24)])
    ana.sock.shutdown(socket.SHUT_WR)
    said = [line.rpartition(":")[2] for line in ana.lines()[2:]]
    assert said == [str(number) for number in range(24)]
    ana.close()


def test_the_end_is_told_to_everyone(server: Server) -> None:
    ana, waiting = Peer.entered(server, "ana"), Peer(server)
    server.stop()
    for peer in (ana, waiting):
        assert [line.partition(" :")[0] for line in peer.lines()] == ["ERRO 03 fim"]
        peer.close()


def test_the_log_names_people_and_quotes_nobody(log_file: Path) -> None:
    words = Words(Language.PORTUGUESE)
    log = Log(words, log_file)
    server = Server("127.0.0.1", "0", limits=ServerLimits(), words=words, log=log)
    thread = threading.Thread(target=server.serve)
    thread.start()
    ana = Peer(server)
    ana.send("/ENTRAR Ana", ":segredo", "Bia:segredo", "segredo")
    ana.lines()
    peer = ana.origin
    ana.close()
    server.stop()
    thread.join(10)
    log.close(10)
    lines = log_file.read_text(encoding="utf-8").splitlines()
    assert [line.split(" ", 1)[1].partition(": ")[0] for line in lines] == [
        f"{peer} conectou-se",
        f"{peer} entrou como Ana",
        f"{peer} ERRO 02",
        f"{peer} ERRO 03 sintaxe",
        f"{peer} (Ana) saiu",
    ]
    assert "segredo" not in "".join(lines)  # LOG-2
    assert "Bia" not in "".join(lines)


@pytest.mark.parametrize(
    ("address", "port"),
    [("127.0.0.256", "0"), ("192.0.2.1", "0"), ("127.0.0.1", "65536"), ("", "0")],
)
def test_an_address_that_cannot_be_used(address: str, port: str) -> None:
    words = Words(Language.PORTUGUESE)
    with pytest.raises(InvalidAddress):
        Server(address, port, limits=ServerLimits(), words=words, log=Log(words))


def test_a_port_in_use(server: Server) -> None:
    words = Words(Language.PORTUGUESE)
    host, _, port = server.where.rpartition(":")
    with pytest.raises(InvalidAddress):
        Server(host, port, limits=ServerLimits(), words=words, log=Log(words))
