"""Section 6.5: how a server closes."""

import time

import psutil
import pytest

from batepapo_conformance import kernel
from batepapo_conformance.connection import Ending
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.flood import TEXT, Flood
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.spec import load
from batepapo_conformance.testee import Testee

ENTRY = load().limits["entry"].value
DRAIN = load().limits["drain"].value
FLUSH = load().limits["flush"].value
MIB = 1 << 20
TOLERANCE = 2.0
"""By how many seconds a time limit may act late (section 1.5)."""


@requirement("CLOSE-1")
@pytest.mark.parametrize("entered", [False, True], ids=["waiting", "participant"])
def test_the_error_reaches_a_client_that_is_still_sending(
    serve: Serve, *, entered: bool
) -> None:
    """“Every line that the server sent before closing MUST reach a client that reads,
    also when that client is still sending: the server flushes, shuts down writing,
    reads and discards what still comes, and only then closes.”
    """
    server = serve()
    for number in range(3):
        ana = server.connect(f"ana-{number}")
        if entered:
            ana.enter()
        rest = (":" + "a" * 400,) * 1500
        ana.pipeline("/tolice", *rest)  # 600 KB
        ana.expect_forced_out("sintaxe", "CLOSE-1")
        _may_go_on_sending(ana)


def _may_go_on_sending(one: Participant) -> None:
    """Insist that no reset comes while somebody who was told to go still sends."""
    for _ in range(10):
        one.connection.offer(b"a")
        if one.connection.is_reset:
            raise RuleBroken("CLOSE-1", "no reset while it sends", "connection reset")
        time.sleep(0.02)


@requirement("CLOSE-1", "LEAVE-1")
def test_the_farewell_reaches_a_client_that_is_still_sending(serve: Serve) -> None:
    """“Every line that the server sent before closing MUST reach a client that reads,
    also when that client is still sending”.
    """
    server = serve()
    for word in ("/SAIR", "{quit}"):
        ana = server.participant("ana")
        ana.pipeline(":adeus", word, *[":" + "a" * 400] * 1500)
        ana.expect_public(ana, "adeus")
        ana.expect_left(ana, "CLOSE-1")
        ana.expect_closed("CLOSE-1")
        _may_go_on_sending(ana)
        stranger = server.connect("outra")
        stranger.pipeline(word, *[":" + "a" * 400] * 1500)
        stranger.expect_closed("CLOSE-1")


@requirement("CLOSE-1", "STATE-3")
def test_what_was_due_before_the_error_comes_first(serve: Serve) -> None:
    """“Every line that the server sent before closing MUST reach a client that
    reads”.
    """
    server = serve()
    ana = server.participant("ana")
    texts = [f"{number:<400}" for number in range(1000)]
    ana.pipeline(*(f":{text}" for text in texts), "/tolice", *["/USUARIOS"] * 1000)
    for text in texts:
        ana.expect_public(ana, text, "CLOSE-1")
    ana.expect_forced_out("sintaxe", "CLOSE-1")


@requirement("CLOSE-1", "LEAVE-1")
def test_who_leaves_gets_all_that_waited_for_it(serve: Serve, testee: Testee) -> None:
    """“Every line that the server sent before closing MUST reach a client that reads”.

    More is said than the systems between hold, so that some of it is still with the
    server when somebody leaves who has not read any of it.
    """
    large = testee.has("outbox-limit")
    server = serve(options={"outbox-limit": 8 * MIB} if large else None)
    ana = server.participant("ana")
    leaver = server.participant("zeca", receive_buffer=4096)
    flood = Flood([ana], leaver)
    _say_much(flood, 4 * MIB if large else MIB // 2)
    leaver.send("/SAIR")
    for number in range(flood.said):
        _still_comes(leaver, f"PUBLICA <time> {ana.origin} :{flood.text(number)}")
    _still_comes(leaver, f"SAIU <time> {leaver.origin} :<reason>")
    leaver.expect_closed("CLOSE-1")


def _say_much(flood: Flood, octets: int) -> None:
    """Say so much within the bound of an outbox, to somebody who does not read."""
    if flood.say(octets, "SLOW-1"):
        found = f"SAIU after {flood.said} texts"
        raise RuleBroken("SLOW-4", f"nobody leaves in {octets // TEXT} texts", found)


def _still_comes(one: Participant, form: str) -> None:
    """Insist on a line of a stream that is about to end, or CLOSE-1 is broken."""
    got = one.listen(form, "CLOSE-1")
    if isinstance(got, Ending):
        raise RuleBroken("CLOSE-1", form, got.value)
    if not got.endswith(b"\n"):  # the rest of it was destroyed
        raise RuleBroken("CLOSE-1", form, got)
    one.connection.put_back(got)
    one.expect(form, "CLOSE-1")


@requirement("CLOSE-2", "CLOSE-1")
def test_politeness_has_an_end(serve: Serve) -> None:
    """“[...] reading and discarding ends with the client's end of stream or 5 s after
    shutting down writing. Then the connection MUST be closed.”
    """
    server = serve()
    sender = server.connect("insistente")
    sender.pipeline("/tolice")
    sender.expect_forced_out("sintaxe", "FRAME-4")
    _send_until_it_is_closed(sender)


@requirement("CLOSE-2")
def test_flushing_has_an_end(serve: Serve, testee: Testee) -> None:
    """“Flushing is given up when it does not advance for 5 s [...]. Then the connection
    MUST be closed.”
    """
    if testee.has("outbox-limit"):
        deaf, entry = _forced_out_while_much_waits(serve), 0
    else:
        deaf, entry = _too_late_while_much_waits(serve), ENTRY
    # It is flushed for 5 s; whoever then shuts down writing may discard for 5 s more.
    within = entry + FLUSH + DRAIN + 2 * TOLERANCE + deaf.scene.prompt
    try:
        _wait_until_it_is_closed(deaf, within)
    except RuleBroken as error:
        if _never_ends(deaf):
            raise RuleBroken("ERROR-1", error.expected, error.actual) from error
        raise


def _never_ends(one: Participant) -> bool:
    """Whether its stream has no end even for who reads everything that came."""
    while isinstance(got := one.connection.read_line(one.scene.prompt), bytes):
        pass
    return got is None


def _forced_out_while_much_waits(serve: Serve) -> Participant:
    server = serve(options={"outbox-limit": 8 * MIB})
    ana = server.participant("ana")
    deaf = server.participant("surda", receive_buffer=4096)
    _say_much(Flood([ana], deaf), 4 * MIB)
    deaf.send("/tolice")
    try:
        ana.expect_left(deaf)
    except RuleBroken as error:
        end = kernel.other_end(deaf.connection.socket)
        if end is not None and end.unread:
            raise NoVerdict("it reads nothing of who does not read (SLOW-6)") from error
        raise
    return deaf


def _too_late_while_much_waits(serve: Serve) -> Participant:
    server = serve()
    server.participant("ana")
    deaf = server.connect("surda", receive_buffer=4096)
    deaf.send_without_reading("/ENTRAR ana", 300_000)
    return deaf


def _send_until_it_is_closed(one: Participant) -> None:
    """Go on sending after the end of the server's stream: a closed one resets."""
    begin, seconds = time.monotonic(), 0.0
    while not one.connection.is_reset:
        one.connection.offer(b"a")
        time.sleep(0.1)
        seconds = time.monotonic() - begin
        if seconds > DRAIN + TOLERANCE + one.scene.prompt:
            raise RuleBroken(
                "CLOSE-2", f"the connection is closed after {DRAIN} s", "it is not"
            )
    # The server's stream ended a little earlier than it was seen to end.
    if seconds < DRAIN - 0.5:
        raise RuleBroken("CLOSE-1", f"no reset for {DRAIN} s", f"{seconds:.1f} s")


def _wait_until_it_is_closed(one: Participant, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while (end := kernel.other_end(one.connection.socket)) is not None and end.held:
        if time.monotonic() > deadline:
            raise RuleBroken("CLOSE-2", "the connection is closed", "it is not")
        time.sleep(0.1)


VISITS = 40


@requirement("CLOSE-2")
def test_whoever_has_gone_leaves_nothing_open(serve: Serve) -> None:
    """“[...] reading and discarding ends with the client's end of stream or 5 s after
    shutting down writing. Then the connection MUST be closed.”

    What a program keeps open of those who have gone, it lacks for those who come.
    """
    server = serve()
    ana = server.participant("ana")
    before = _open_files(server)
    ways = (Participant.leave, Participant.half_close, Participant.reset)
    for number in range(VISITS):
        visitor = server.connect(f"v{number}")
        visitor.enter()
        ana.expect_entered(visitor)
        ways[number % len(ways)](visitor)
        ana.expect_left(visitor)  # before the next one comes, who would see it, too
        visitor.close()
    deadline = time.monotonic() + DRAIN + TOLERANCE + server.scene.prompt
    while (kept := _open_files(server) - before) > VISITS // 4:
        if time.monotonic() > deadline:
            found = f"{kept} more files are open than before {VISITS} visits"
            raise RuleBroken("CLOSE-2", "each connection is closed in the end", found)
        time.sleep(0.1)


def _open_files(server: Server) -> int:
    """Count the descriptors that the testee, its children included, has open."""
    if not psutil.POSIX:
        raise NoVerdict("this system does not count the sockets of a program")
    top = psutil.Process(server.process.pid)
    return sum(one.num_fds() for one in (top, *top.children(recursive=True)))


PLACES = 3


@requirement("CLOSE-3", "LIMIT-2")
def test_those_being_closed_are_bounded(serve: Serve) -> None:
    """“The connections that a server is closing, refused ones included, are bounded by
    the number that it may serve at the same time (LIMIT-2). Past that bound the server
    MUST close at once the one whose close began first”.
    """
    server = serve(options={"max-connections": PLACES})
    ana = server.participant("ana")
    for number in range(PLACES - 1):
        server.connect(f"quieta-{number}")
    begin = time.monotonic()
    refused = []
    for number in range(2 * PLACES):  # they stay: each would be read for 5 s
        one = server.dial(f"teimosa-{number}")
        one.expect_greeting()
        one.expect_forced_out("cheio", "LIMIT-2")
        refused.append(one)
    _are_reset_soon(refused[:PLACES], begin)
    try:
        for one in refused[PLACES:]:
            _may_go_on_sending(one)
    except RuleBroken:
        _insist_on_enough_time(begin)
        raise
    ana.barrier("CLOSE-3")


def _insist_on_enough_time(begin: float) -> None:
    if time.monotonic() > begin + DRAIN:
        raise NoVerdict("the machine is too busy to tell this from CLOSE-2")


def _are_reset_soon(those: list[Participant], begin: float) -> None:
    """Insist that these are closed, and not because their 5 s are over."""
    deadline = time.monotonic() + TOLERANCE
    waiting = list(those)
    while waiting:
        _insist_on_enough_time(begin)
        for one in waiting:
            one.connection.offer(b"a")
        waiting = [one for one in waiting if not one.connection.is_reset]
        if waiting and time.monotonic() > deadline:
            expected = f"{PLACES} connections that are being closed, the latest"
            found = f"{waiting[0].name}, one of the first, can still send"
            raise RuleBroken("CLOSE-3", expected, found)
        time.sleep(0.02)
