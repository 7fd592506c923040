"""The recording proxy: what passes is recorded, and passes as it came."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from batepapo_conformance.recorder_proxy import (
    CannotRecord,
    RecorderProxy,
    endpoint_of,
    run,
)
from batepapo_conformance.recording import Happening, Kind, Recording
from batepapo_conformance.resetting import reset_when_closed
from batepapo_conformance.testee import Endpoint

PATIENCE = 20.0
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@dataclass
class Between:
    """A proxy that runs, what stands for its server, and the recording."""

    proxy: RecorderProxy
    server: socket.socket
    path: Path
    thread: threading.Thread

    def connect(self) -> tuple[socket.socket, socket.socket]:
        """Give both ends of a new connection through the proxy."""
        client = socket.create_connection(tuple(self.proxy.endpoint), PATIENCE)
        accepted, _ = self.server.accept()
        accepted.settimeout(PATIENCE)
        return client, accepted

    def end(self) -> list[Happening]:
        self.proxy.ask_to_end()
        self.thread.join(PATIENCE)
        with self.path.open() as file:
            recording = Recording(file)
            happenings = list(recording)
        assert recording.end is not None
        return happenings


@pytest.fixture
def between(tmp_path: Path) -> Iterator[Between]:
    path = tmp_path / "recording.jsonl"
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        path.open("w", encoding="ascii") as file,
    ):
        server.settimeout(PATIENCE)
        endpoint = Endpoint(*server.getsockname()[:2])
        here = Endpoint("127.0.0.1", 0)
        proxy = RecorderProxy(here, endpoint, file, whole=False)
        thread = threading.Thread(target=lambda: (proxy.serve(), file.flush()))
        thread.start()
        yield Between(proxy, server, path, thread)
        proxy.ask_to_end()
        proxy.ask_to_end()
        thread.join(PATIENCE)


def read(connection: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size and (more := connection.recv(1 << 16)):
        octets += more
    return octets


def reset(connection: socket.socket) -> None:
    reset_when_closed(connection)
    connection.close()


def kinds(happenings: list[Happening]) -> list[Kind]:
    return [one.kind for one in happenings]


def octets(happenings: list[Happening], kind: Kind) -> bytes:
    return b"".join(one.octets for one in happenings if one.kind is kind)


def test_any_octets_pass_in_both_directions_and_are_recorded(between: Between) -> None:
    client, server = between.connect()
    every = bytes(range(256)) * 100
    with client, server:
        client.sendall(every)
        assert read(server, len(every)) == every
        server.sendall(every[::-1])
        assert read(client, len(every)) == every[::-1]
        local = server.getpeername()
    happenings = between.end()
    assert happenings[0].seen_as == str(Endpoint(*local[:2]))
    assert octets(happenings, Kind.SENT) == every
    assert octets(happenings, Kind.RECEIVED) == every[::-1]


def test_an_end_of_stream_passes_alone_and_behind_what_was_sent(
    between: Between,
) -> None:
    client, server = between.connect()
    with client, server:
        client.sendall(b"tchau")
        client.shutdown(socket.SHUT_WR)
        assert read(server, 100) == b"tchau"
        server.sendall(b"ate logo")
        assert read(client, 8) == b"ate logo"
        server.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    happenings = between.end()
    assert kinds(happenings) == [
        Kind.CONNECTED,
        Kind.SENT,
        Kind.CLIENT_ENDED,
        Kind.RECEIVED,
        Kind.SERVER_ENDED,
    ]


@pytest.mark.parametrize("side", ["client", "server"])
def test_a_reset_passes_as_a_reset(between: Between, side: str) -> None:
    client, server = between.connect()
    client.settimeout(PATIENCE)
    one, other = (client, server) if side == "client" else (server, client)
    one.sendall(b"x")
    assert read(other, 1) == b"x"
    reset(one)
    with other, pytest.raises(ConnectionResetError):
        other.recv(1)
    kind = Kind.CLIENT_RESET if side == "client" else Kind.SERVER_RESET
    assert kinds(between.end())[-1] is kind


def test_who_does_not_read_holds_its_sender_back_and_nobody_else(
    between: Between,
) -> None:
    slow, flooding = between.connect()
    client, server = between.connect()
    flooding.settimeout(0.5)
    with slow, flooding, client, server:
        with contextlib.suppress(TimeoutError):
            while True:
                flooding.sendall(bytes(1 << 16))
        server.sendall(b"x")
        assert read(client, 1) == b"x"
        before = time.monotonic()
        between.proxy.ask_to_end()
        between.thread.join(PATIENCE)
        assert time.monotonic() - before < PATIENCE
    with between.path.open() as file:
        recording = Recording(file)
        happenings = list(recording)
    assert Kind.STALLED in kinds(happenings)
    assert recording.end is not None
    assert recording.end.held == {"c1"}


def test_a_server_that_is_gone_ends_the_connection(between: Between) -> None:
    between.server.close()
    client = socket.create_connection(tuple(between.proxy.endpoint), PATIENCE)
    with client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""
    assert between.end() == []


def test_a_hundred_connections_at_once(between: Between) -> None:
    pairs = [between.connect() for _ in range(100)]
    for number, (client, _) in enumerate(pairs):
        client.sendall(b"%03d" % number)
    for number, (_, server) in enumerate(pairs):
        assert read(server, 3) == b"%03d" % number
    for pair in pairs:
        for one in pair:
            one.close()
    assert len({one.connection for one in between.end()}) == 100


# ---- the program -------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nowhere", ":1", "a:", "a:b", "a:65536", "a:-1"])
def test_what_is_no_address_and_port_is_refused(text: str) -> None:
    with pytest.raises(CannotRecord, match="not ADDRESS:PORT"):
        endpoint_of(text)


def test_it_says_why_it_cannot_begin(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        there = Endpoint(*taken.getsockname()[:2])
        nowhere = Endpoint("127.0.0.1", 9)
        tries: list[tuple[Endpoint, Endpoint, Path, str]] = [
            (there, nowhere, tmp_path / "a", "nobody accepts connections"),
            (there, there, tmp_path / "a", "somebody else listens there"),
            (there, there, tmp_path / "no" / "a", "cannot write"),
        ]
        for listen, server, record, said in tries:
            with pytest.raises(CannotRecord, match=said):
                run(
                    listen=listen,
                    server=server,
                    record=record,
                    whole=False,
                    out=sys.stdout,
                )


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_with_a_whole_recording(
    tmp_path: Path, name: str, starts: Callable[..., subprocess.Popen[str]]
) -> None:
    path = tmp_path / "recording.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = str(Endpoint(*server.getsockname()[:2]))
        process = starts("proxy", endpoint, "--record", str(path))
        assert process.stdout is not None
        port = int(process.stdout.readline().split(",")[0].rpartition(":")[2])
        server.accept()[0].close()  # the proxy has asked whether anybody is there
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(b"oi\n")
            with server.accept()[0] as accepted:
                assert read(accepted, 3) == b"oi\n"
                process.send_signal(getattr(signal, name))
                assert process.wait(PATIENCE) == 0
    with path.open() as file:
        recording = Recording(file)
        assert octets(list(recording), Kind.SENT) == b"oi\n"
    assert recording.end is not None
    assert recording.end.settled


@pytest.fixture
def starts() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "batepapo", *arguments]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        with process:
            process.kill()
