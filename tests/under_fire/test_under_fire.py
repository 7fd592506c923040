"""What peers can do to a server, and what two bystanders notice of it: nothing.

Each test is for both servers, and goes the same way: two participants talk; somebody
misbehaves; the two talk on, and are asked at the end whether they noticed anything
(`Bystanders.part`). Then the server has to hold on to no more than before. Which rule
bounds what, and by how much, is in the page "Under fire".
"""

import contextlib
import resource
import socket
import sys
import threading
import time
from contextlib import ExitStack

import pytest
from attackers import can_vanish, connect, enter, reset, send_until_refused, vanish
from bystanders import LATEST, Bystanders
from target import MIB, PATIENCE, Serve, Target, read_to_the_end, wait_until

FLOOD = (b":" + b"x" * 400 + b"\n") * 10_000 + b":the last\n"
"""4 MB in lines as long as they may be: more than two systems hold between them."""

linux = pytest.mark.skipif(
    sys.platform != "linux", reason="limits of another process are set on Linux alone"
)


def test_stalled_and_slow_readers(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """SLOW-1, SLOW-2, SLOW-3: who is cut off is cut off alone; memory is bounded."""
    stalled = [f"stalled-{number}" for number in range(15)]
    slow = [f"slow-{number}" for number in range(5)]
    readers = [
        enter(stack, target.address, nick, receive_buffer=4096)
        for nick in stalled + slow
    ]
    talker = enter(stack, target.address, "talker")
    before = target.memory()
    for _ in range(400):  # 40 MB: far past every bound
        if all(("SAIU", nick) in room.besides for nick in stalled):
            break
        talker.sendall((":" + "x" * 400 + "\n").encode() * 256)
        talker.sendall(b"talker:heard\n")
        read_until(talker, b"ENVIADA talker\n")
        for reader in readers[len(stalled) :]:  # a little, now and then
            with contextlib.suppress(ConnectionError):  # too slow, after all: cut off
                reader.recv(1024)
    # Each outbox has its MiB; what the system holds is not the server's memory.
    assert target.memory() - before < (len(readers) + 10) * MIB
    for nick in stalled:
        assert room.besides.count(("SAIU", nick)) == 1
    room.part()


def read_until(sock: socket.socket, mark: bytes) -> None:
    """Read until a mark has come, and no further than that."""
    tail = b""
    while mark not in tail:
        piece = sock.recv(1 << 18)
        assert piece, tail
        tail = tail[-len(mark) :] + piece


@pytest.mark.skipif(not can_vanish(), reason="needs Linux, and to be root")
def test_peers_that_vanish_without_a_word(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """LEAVE-3: what is said next finds out about them. (TCP-3: `make soak`.)"""
    before = target.spending()
    nicks = [f"gone-{number}" for number in range(30)]
    for sock in [enter(stack, target.address, nick) for nick in nicks]:
        vanish(sock)
    room.wait_for("SAIU", len(nicks))
    room.part()
    assert sorted(room.besides) == sorted(
        (keyword, nick) for keyword in ("ENTROU", "SAIU") for nick in nicks
    )
    target.wait_until_it_spends(before)


def test_a_thousand_that_never_enter(serve: Serve, stack: ExitStack) -> None:
    """LIMIT-1, SERVE-1: all are told, and everything they held is given back."""
    target = serve("--entry-timeout=3")
    room = stack.enter_context(Bystanders(target.address))
    before = target.spending()
    silent = [connect(stack, target.address) for _ in range(1000)]
    target.enters("newcomer")
    for one in silent:
        heard = read_to_the_end(one)
        assert b"\nERRO 03 tempo " in heard
        one.close()
    room.part()
    assert room.besides == [("ENTROU", "newcomer"), ("SAIU", "newcomer")]
    target.wait_until_it_spends(before)


def test_many_that_are_refused_and_stay(serve: Serve, stack: ExitStack) -> None:
    """CLOSE-3, LIMIT-2: a full server does not hold more and more of them."""
    places = 20
    target = serve(f"--max-connections={places}")
    room = stack.enter_context(Bystanders(target.address))
    before = target.spending()
    for _ in range(500):
        connect(stack, target.address)
    room.talk_through()
    last = connect(stack, target.address)
    read_to_the_end(last)  # it has its turn after all others
    # So many are served, as many are being closed; and the latest are not counted yet.
    assert target.spending().descriptors - before.descriptors < 2 * places + 100
    room.part()
    assert room.besides == []


def test_lines_of_ten_megabytes(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """FRAME-5, CLOSE-1: five at once; answered, read, and never kept."""
    before, at_first = target.spending(), target.memory()
    endless = b"x" * 10_000_000
    senders = []
    for _ in range(5):
        sock = connect(stack, target.address)
        sender = threading.Thread(target=send_until_refused, args=(sock, endless))
        sender.start()
        senders.append((sock, sender))
    for sock, sender in senders:
        assert b"\nERRO 03 sintaxe " in read_to_the_end(sock)
        sender.join()
        sock.close()
    assert target.memory() - at_first < 4 * MIB  # less than half of one of them
    room.part()
    assert room.besides == []
    target.wait_until_it_spends(before)


@pytest.mark.soak
def test_peers_that_send_for_ever(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """CLOSE-2: they are told, read for 5 s, and closed while they still send."""
    before = target.spending()
    began = time.monotonic()
    senders = [
        threading.Thread(target=send_for_ever, args=(connect(stack, target.address),))
        for _ in range(5)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert 5 <= time.monotonic() - began < 5 + 2 + LATEST
    room.part()
    assert room.besides == []
    target.wait_until_it_spends(before)


def send_for_ever(sock: socket.socket) -> None:
    """Send until the server closes the connection, or until patience is at its end."""
    end = time.monotonic() + PATIENCE
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < end:
            sock.sendall(b"x" * 65_536)


@pytest.mark.parametrize("reads", [True, False], ids=["reads", "does-not-read"])
def test_a_participant_that_floods(
    target: Target, room: Bystanders, stack: ExitStack, reads: bool
) -> None:
    """ORDER-1, SLOW-6: as fast as TCP takes it, with its echo read or not."""
    before = target.memory()
    flooder = enter(stack, target.address, "flooder", receive_buffer=4096)
    flooding = threading.Thread(target=send_until_refused, args=(flooder, FLOOD))
    flooding.start()
    if reads:
        flooder.settimeout(PATIENCE)
        read_until(flooder, b":the last\n")
    room.talk_through(50)
    flooder.shutdown(socket.SHUT_RDWR)  # wakes the thread that sends
    flooding.join()
    reset(flooder)
    room.wait_for("SAIU", 1)
    room.part()
    said = room.besides.count(("PUBLICA", "flooder"))
    assert said == FLOOD.count(b"\n") if reads else said > 0
    assert target.memory() - before < 8 * MIB


def test_connects_and_disconnects_at_full_rate(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """LEAVE-3, CLOSE-2: every way to go; every entrance has its departure."""
    before, at_first = target.spending(), target.memory()
    for number in range(600):
        sock = connect(stack, target.address)
        if number % 3:
            sock.sendall(f"/ENTRAR v{number}\n".encode())
        if number % 2:
            reset(sock)
        else:
            sock.close()
    target.enters("last")
    wait_until(
        lambda: left(room) == entered(room) and "last" in left(room),
        lambda: f"entered, and did not leave: {entered(room) - left(room)}",
    )
    room.part()
    assert len(room.besides) == 2 * len(entered(room))  # nobody twice
    target.wait_until_it_spends(before)
    assert target.memory() - at_first < 8 * MIB


def entered(room: Bystanders) -> set[str]:
    return {nick for keyword, nick in room.besides if keyword == "ENTROU"}


def left(room: Bystanders) -> set[str]:
    return {nick for keyword, nick in room.besides if keyword == "SAIU"}


@linux
def test_no_descriptor_is_left(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """SERVE-1: accept fails with EMFILE; those inside talk on, and the server recovers.

    The log says so, and does not say so for ever.
    """
    before = target.spending()
    room.talk_through()
    few = before.descriptors + 10
    resource.prlimit(target.process.pid, resource.RLIMIT_NOFILE, (few, few))
    many = [connect(stack, target.address) for _ in range(100)]
    wait_until(lambda: cannot_accept(target) > 0, target.log)
    assert target.spending().descriptors <= few
    room.talk_through(50)
    for one in many:
        one.close()
    target.enters("newcomer")
    room.part()
    assert room.besides == [("ENTROU", "newcomer"), ("SAIU", "newcomer")]
    target.wait_until_it_spends(before)
    assert cannot_accept(target) <= 25


def cannot_accept(target: Target) -> int:
    """Count the lines of the log that say so, in the words of either server."""
    log = target.log()
    return log.count("cannot accept more") + log.count("no room for another")


def test_sigterm_in_the_middle_of_all_that(
    target: Target, room: Bystanders, stack: ExitStack
) -> None:
    """END-1, END-2: 2 s, status 0, and both bystanders are told."""
    for _ in range(200):
        connect(stack, target.address)
    for number in range(5):
        enter(stack, target.address, f"stalled-{number}", receive_buffer=4096)
    attacks = [
        threading.Thread(target=send_until_refused, args=(sock, octets))
        for sock, octets in (
            (connect(stack, target.address), b"x" * 50_000_000),
            (enter(stack, target.address, "flooder"), FLOOD),
        )
    ]
    wish_to_stop = threading.Event()
    attacks.append(threading.Thread(target=come_and_go, args=(target, wish_to_stop)))
    for attack in attacks:
        attack.start()
    try:
        room.talk_through(10)
        assert target.end() < 2.0
        room.insist_on_the_end()
    finally:
        wish_to_stop.set()
        stack.close()
        for attack in attacks:
            attack.join()


def come_and_go(target: Target, wish_to_stop: threading.Event) -> None:
    """Connect and disconnect at full rate until the server is gone."""
    while not wish_to_stop.is_set():
        try:
            with socket.create_connection(target.address, 5) as sock:
                sock.sendall(b"/ENTRAR visitor\n")
        except OSError:
            return
