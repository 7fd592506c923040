"""A crowd in one room: 300 participants, 20 of them talking for ten seconds.

Everything that everybody sent and received is put before the judge: there is one
order of events, and each sees the stretch of it that begins with its own entry
(ORDER-1), nothing lost, doubled or invented, each talker's lines in the order sent
(ORDER-2). After SIGTERM the server is gone within 2 s (END-2): a thread or a task
that outlived it would keep its process alive.
"""

import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from batepapo_conformance.judge import Court, Judgement, Verdict
from batepapo_conformance.recording import End, Happening, Header, Kind

PARTICIPANTS = 300
TALKERS = 20
SECONDS = 10.0
LINES_A_SECOND = 5.0  # of each talker: 30,000 deliveries a second in all
PATIENCE = 90.0  # seconds for anything to come on a busy machine

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="SIGTERM does not exist there"
)


class Guest:
    """One connection, the last octets that came on it, and the record of all."""

    def __init__(
        self, nick: str, address: tuple[str, int], record: list[Happening]
    ) -> None:
        self.nick = nick
        self.socket = socket.create_connection(address, PATIENCE)
        self._tail = b""
        self._record = record

    def send(self, line: str) -> None:
        octets = f"{line}\n".encode()
        self._note(Kind.SENT, octets)  # before the server can have it
        self.socket.sendall(octets)

    def receive(self) -> None:
        octets = self.socket.recv(1 << 18)
        self._note(Kind.RECEIVED if octets else Kind.SERVER_ENDED, octets)
        self._tail = (self._tail + octets)[-8192:]

    def _note(self, kind: Kind, octets: bytes) -> None:
        self._record.append(Happening(time.monotonic(), self.nick, kind, octets))

    def entered(self) -> bool:
        return f" {self.nick}@".encode() in self._tail

    def heard(self, *words: bytes) -> bool:
        """Say whether all these words came among the last lines."""
        return all(word in self._tail for word in words)


class Crowd:
    """All guests, read by one selector."""

    def __init__(self) -> None:
        self.guests: list[Guest] = []
        self.record: list[Happening] = []
        self._selector = selectors.DefaultSelector()

    def admit(self, guest: Guest) -> None:
        self.guests.append(guest)
        self._selector.register(guest.socket, selectors.EVENT_READ, guest)

    def read(self, seconds: float) -> None:
        """Take what comes within so many seconds, at the latest."""
        for key, _ in self._selector.select(seconds):
            key.data.receive()

    def read_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            left = deadline - time.monotonic()
            assert left > 0, "what had to come did not come"
            self.read(left)

    def judged(self) -> Judgement:
        court = Court(Header("a crowd", "", whole=True))
        for happening in self.record:
            court.take(happening)
        return court.finish(End(time.monotonic(), settled=True))

    def leave(self) -> None:
        self._selector.close()
        for guest in self.guests:
            guest.socket.close()


@pytest.fixture(params=["threaded", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"batepapo_{request.param}", "server", "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.fixture
def crowd(server: subprocess.Popen[str]) -> Iterator[Crowd]:
    assert server.stdout is not None
    port = int(server.stdout.readline().rpartition(":")[2])
    crowd = Crowd()
    for number in range(PARTICIPANTS):
        guest = Guest(f"guest-{number}", ("127.0.0.1", port), crowd.record)
        guest.send(f"/ENTRAR {guest.nick}")
        crowd.admit(guest)
        crowd.read_until(guest.entered)
    yield crowd
    crowd.leave()


def talk(crowd: Crowd) -> None:
    """Let the talkers talk, everybody reading; then wait for the last words."""
    talkers = crowd.guests[:TALKERS]
    started = time.monotonic()
    turns = int(SECONDS * LINES_A_SECOND)
    for turn in range(turns):
        while (left := started + turn / LINES_A_SECOND - time.monotonic()) > 0:
            crowd.read(left)
        for talker in talkers:
            talker.send(
                f":{talker.nick} says {turn} to everybody, in sixty octets or so"
            )
            crowd.read(0)
    last = [f":bye from {talker.nick}\n".encode() for talker in talkers]
    for talker in talkers:
        talker.send(f":bye from {talker.nick}")
    crowd.read_until(lambda: all(guest.heard(*last) for guest in crowd.guests))


def test_a_crowd_sees_one_order_and_the_server_ends_in_time(
    server: subprocess.Popen[str], crowd: Crowd
) -> None:
    talk(crowd)
    judgement = crowd.judged()
    assert judgement.verdict is Verdict.PASS, judgement.failures
    turns = int(SECONDS * LINES_A_SECOND) + 1
    assert judgement.events == PARTICIPANTS + TALKERS * turns

    server.send_signal(signal.SIGTERM)
    ended = time.monotonic()
    crowd.read_until(
        lambda: all(guest.heard(b"\nERRO 03 fim :") for guest in crowd.guests)
    )
    assert server.wait(PATIENCE) == 0
    assert time.monotonic() - ended < 2.0
