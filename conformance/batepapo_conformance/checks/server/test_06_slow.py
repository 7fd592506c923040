"""Sections 6.2 and 6.3: many at once, and nobody waits for the slowest."""

import time

from batepapo_conformance import codec, kernel
from batepapo_conformance.connection import Ending
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.flood import TEXT, Flood
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.process import Stream
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of
from batepapo_conformance.testee import Testee

MIB = 1 << 20
# So that the system between takes little; what it takes then is the sender's buffer.
SMALL = 4096
# More than two systems hold between them and any default bound, however generous.
PLENTY = 40 * MIB
# What `PUBLICA`, its time and its origin add to a text in these checks, and LF.
HEAD = 60


@requirement("SERVE-1")
def test_many_who_do_nothing_keep_nobody_waiting(serve: Serve) -> None:
    """“A server MUST serve all connections up to its limit (section 8) at the same
    time: a connection that sends nothing, or is slow, or has not entered, never keeps
    another from being greeted, entering and speaking.”
    """
    server = serve()
    for number in range(20):
        server.dial(f"mudo-{number}")  # does not even read its greeting
        server.connect(f"lento-{number}").send_pieces(b"/ENTRAR le")
        server.connect(f"parado-{number}").enter()
    ana = server.connect("ana")
    ana.enter(rule="SERVE-1")
    beto = server.connect("beto")
    beto.enter(rule="SERVE-1")
    ana.expect_entered(beto, "SERVE-1")
    server.say_in_turn([ana, beto], "SERVE-1")


@requirement("SERVE-1")
def test_each_newcomer_is_served_while_all_before_stay(serve: Serve) -> None:
    """“A server MUST serve all connections up to its limit (section 8) at the same
    time”.
    """
    server = serve()
    people: list[Participant] = []
    for number in range(30):
        newcomer = server.connect(f"p{number}")
        newcomer.enter(rule="SERVE-1")
        for one in people:
            one.expect_entered(newcomer, "SERVE-1")
        people.append(newcomer)
    server.say_in_turn(people, "SERVE-1")


def _flooded(server: Server, receive_buffer: int | None = SMALL) -> Flood:
    """Let a sleeper enter, after one who listens and before another (ORDER-5)."""
    ana = server.participant("ana")
    sleeper = server.participant("zeca", receive_buffer=receive_buffer)
    beto = server.participant("beto")
    return Flood([ana, beto], sleeper)


@requirement("SLOW-1", "SLOW-3")
def test_who_does_not_read_delays_nobody(serve: Serve) -> None:
    """“A participant that does not read MUST NOT delay any other's lines.”"""
    server = serve()
    flood = _flooded(server)
    flood.say(8 * MIB, "SLOW-1")
    for one in flood.listeners:
        one.barrier("SLOW-3")


@requirement("SLOW-2", "SLOW-3", "ORDER-5", "LEAVE-3")
def test_who_does_not_read_is_cut_off(serve: Serve, testee: Testee) -> None:
    """“[...] the octets that the system did not accept when they were offered are
    bounded, by 1 MiB unless the operator says otherwise. Past that bound the server
    MUST cut the connection off, abruptly if need be: its last line may be partial
    [...]. It may be told `ERRO 03 limite` first.”
    """
    quick = testee.has("outbox-limit")
    server = serve(options={"outbox-limit": 65536} if quick else None)
    flood = _flooded(server)
    if not flood.say(PLENTY):
        found = f"none after {flood.said} texts"
        raise RuleBroken("SLOW-2", f"SAIU of {flood.sleeper.nick}", found)
    for one in flood.listeners:
        one.send("/USUARIOS")
        one.expect_list(["ana", "beto"], "SLOW-3")
        one.barrier("SLOW-3")
    _saw_a_beginning(flood)


def _saw_a_beginning(flood: Flood) -> None:
    """Read what the sleeper got: the first texts, perhaps an error, then the end."""
    sleeper, number = flood.sleeper, 0
    speaker = flood.listeners[0].origin
    expected = f"PUBLICA <time> {speaker} :{number} ..., or the end"
    while isinstance(line := sleeper.connection.read_line(sleeper.scene.prompt), bytes):
        if not line.endswith(b"\n"):  # cut off in the middle of it
            continue
        message = codec.parse_server_line(line.removesuffix(b"\n"))
        match message:
            case codec.Said(text=text) if text == flood.text(number):
                number += 1
            case codec.Refused(code="03", subject="limite"):
                expected = "the end"
            case codec.Left() if str(message.origin) == sleeper.origin:
                raise RuleBroken("LEAVE-3", "no SAIU for who was cut off", line)
            case _:
                raise RuleBroken("ORDER-1", expected, line)
    if line is None:
        raise RuleBroken("SLOW-2", "the end of the connection", "nothing")


@requirement("SLOW-2")
def test_the_bound_holds_before_entering_too(serve: Serve, testee: Testee) -> None:
    """“For each connection, in every state, the octets that the system did not accept
    when they were offered are bounded, by 1 MiB unless the operator says otherwise.”
    """
    quick = testee.has("outbox-limit")
    bound = 65536 if quick else MIB
    server = serve(options={"outbox-limit": bound} if quick else None)
    ana = server.participant("ana")
    zeca = server.connect("zeca", receive_buffer=SMALL)
    reply = _length_of_a_refusal(zeca)
    asked = zeca.send_without_reading("/ENTRAR ana", (8 * MIB + bound) // reply)
    ana.barrier("SLOW-1")
    if not zeca.connection.is_open:
        return  # cut off
    end = _at_rest(zeca)
    if end is None or end.unread:
        return  # cut off meanwhile, or it has stopped reading (SLOW-6)
    kept = asked * reply - end.unsent - 2 * MIB  # what our own system may hold
    if kept > bound:
        expected = f"no more than {bound} octets kept"
        raise RuleBroken("SLOW-2", expected, f"about {kept} octets of replies kept")


def _at_rest(one: Participant) -> kernel.Endpoint | None:
    """Wait until the server reads and writes nothing more on a connection.

    Returns:
        what the system knows of the server's end then; `None` if it was closed.
    """
    end = kernel.other_end(one.connection.socket)
    if end is None:
        raise NoVerdict("what the server has read cannot be seen here")
    queues, patience = (end.unread, end.unsent), time.monotonic() + 1
    while end is not None and time.monotonic() < patience:
        time.sleep(0.05)
        end = kernel.other_end(one.connection.socket)
        if end is not None and (end.unread, end.unsent) != queues:
            queues, patience = (end.unread, end.unsent), time.monotonic() + 1
    return end


def _length_of_a_refusal(one: Participant) -> int:
    one.send("/ENTRAR ana")
    return len(codec.encode(one.expect_error("01", "ana", "ENTER-3")))


@requirement("SLOW-6", "ORDER-2")
def test_whoever_pipelines_and_reads_late_gets_every_reply(
    serve: Serve, testee: Testee
) -> None:
    """“A server MAY stop reading from a connection that does not read what is due to
    it, until it does.”
    """
    large = testee.has("outbox-limit")
    server = serve(options={"outbox-limit": 8 * MIB} if large else None)
    octets = 5 * MIB if large else 3 * MIB // 4
    zeca = server.participant("zeca", receive_buffer=SMALL)
    text, answers = "a" * TEXT, TEXT + HEAD + len("ENVIADA zeca\n")
    said = zeca.send_without_reading(f"zeca:{text}", octets // answers)
    for number in range(said):
        expected = f"PRIVADA <time> {zeca.origin} :{text}, number {number} of {said}"
        got = zeca.listen(expected, "ORDER-2")
        if isinstance(got, Ending) or not got.endswith(b"\n"):
            found = got.value if isinstance(got, Ending) else got
            raise RuleBroken("SLOW-4", expected, found)
        zeca.connection.put_back(got)
        zeca.expect_private(zeca, text, "ORDER-2")
        zeca.expect_sent("zeca", "ORDER-2")


@requirement("SLOW-4")
def test_a_burst_within_the_bound_cuts_nobody_off(serve: Serve, testee: Testee) -> None:
    """“A burst of up to the bound MUST NOT cut off anybody who reads.”"""
    quick = testee.has("outbox-limit")
    bound = 6 * MIB if quick else MIB
    server = serve(options={"outbox-limit": bound} if quick else None)
    flood = _flooded(server, receive_buffer=None)
    texts = bound // (TEXT + HEAD) - 128
    if flood.say(texts * TEXT, "SLOW-1"):
        found = f"SAIU after {flood.said} texts"
        raise RuleBroken("SLOW-4", f"nobody leaves in {texts} texts", found)
    late, word = flood.sleeper, server.scene.word()
    for number in range(flood.said):
        if number == flood.said // 2:  # its answer comes after all texts, or in a gap
            late.send(f"{late.nick}:{word}")
        _hears_late(flood, number, "SLOW-4")
    late.expect_private(late, word, "PRIVATE-3")
    late.expect_sent(late.nick, "PRIVATE-3")


def _hears_late(flood: Flood, number: int, rule: str) -> None:
    """Insist that the sleeper, now awake, still gets a text.

    If its stream has ended or nothing comes, that breaks `rule`; a gap, ORDER-1.
    """
    expected = f"PUBLICA <time> {flood.listeners[0].origin} :{number} ..."
    got = flood.sleeper.listen(expected, rule)
    if isinstance(got, Ending) or not got.endswith(b"\n"):  # cut off
        raise RuleBroken(rule, expected, got.value if isinstance(got, Ending) else got)
    flood.sleeper.connection.put_back(got)
    message = flood.sleeper.read(expected, rule)
    if not isinstance(message, codec.Said) or message.text != flood.text(number):
        raise RuleBroken("ORDER-1", expected, line_of(message))


@requirement("SLOW-5", "LEAVE-3")
def test_who_accepts_nothing_for_too_long_is_cut_off(
    serve: Serve, testee: Testee
) -> None:
    """“A connection that accepts no octet for 60 s while some are due MUST be cut
    off.”
    """
    seconds = 1.0 if testee.has("stall-timeout") else 60.0
    server = serve(options={"stall-timeout": 1} if seconds < 60 else None)
    flood = _flooded(server)
    begin = time.monotonic()
    # Its time, the 2 s of section 1.5, and what a busy machine takes.
    within = seconds + 2 + testee.seconds(1)
    while not _fill(flood):
        kept = _unsent(flood)
        heard = flood.listeners[0].hears_anything(within)
        if heard or kept is None or not _has_taken_more(flood, kept):
            for one in flood.listeners:
                one.expect_left(flood.sleeper, "SLOW-5", within=within)
            break
        # What was offered once more has been taken: it had not stalled. Some servers
        # stop offering early, and some systems say late that there is room.
    if time.monotonic() - begin < seconds:
        raise RuleBroken("SLOW-5", f"nobody is cut off before {seconds:g} s", "SAIU")
    for one in flood.listeners:
        one.barrier("SLOW-3")


def _fill(flood: Flood) -> bool:
    """Speak until the system takes nothing more for the sleeper; whether it has gone.

    Raises:
        NoVerdict: what the system takes cannot be seen here.
    """
    if _unsent(flood) is None:
        raise NoVerdict("what the system has accepted cannot be seen here")
    taken: list[int] = []
    while len(taken) < 3 or len(set(taken[-3:])) > 1:
        # Three steps are well within the bound of an outbox; and a server that hands
        # this one's lines over a little later than the others' has time to do so.
        if flood.say(128 * 1024):
            return True
        unsent = _unsent(flood)
        if unsent is None:  # cut off since the last text was heard: all will be told
            for one in flood.listeners:
                one.expect_left(flood.sleeper, "SLOW-5")
            return True
        taken.append(unsent)
    return False


def _unsent(flood: Flood) -> int | None:
    """What the system has accepted for the sleeper, and still holds, in octets.

    `None` if it knows of no such connection: it cannot be seen here, or it is no more.
    """
    end = kernel.other_end(flood.sleeper.connection.socket)
    return None if end is None else end.unsent


def _has_taken_more(flood: Flood, kept: int) -> bool:
    """Whether the system has meanwhile accepted more than so many octets."""
    end = kernel.other_end(flood.sleeper.connection.socket)
    return end is not None and end.unsent > kept


@requirement("SLOW-5")
def test_who_reads_slowly_is_not_cut_off(serve: Serve, testee: Testee) -> None:
    """“Before that the octets are offered to the system once more.”"""
    if not testee.has("stall-timeout"):
        raise NoVerdict("without an option for the 60 s this takes several minutes")
    # On a busy machine so much is not said in 3 s: then again, with more patience.
    for stall in (3, 12, 48):
        server = serve(options={"stall-timeout": stall})
        flood = _flooded(server)
        begin = time.monotonic()
        if not _fill(flood) and not flood.say(256 * 1024):
            break
        if time.monotonic() - begin < stall:
            raise RuleBroken("SLOW-5", f"nobody is cut off before {stall} s", "SAIU")
    else:
        raise NoVerdict("this machine is too busy to speak so much in time")
    heard, end = 0, time.monotonic() + 2 * stall
    while time.monotonic() < end:
        # A little at a time: the system has room again, and does not yet say so.
        for _ in range(100):
            _hears_late(flood, heard, "SLOW-5")
            heard += 1
        time.sleep(stall / 8)
    for number in range(heard, flood.said):
        _hears_late(flood, number, "SLOW-5")
    flood.sleeper.barrier("SLOW-5")


@requirement("SLOW-7")
def test_a_log_that_nobody_reads_delays_nobody(serve: Serve) -> None:
    """“A log that nobody reads (standard error is a full pipe) MUST NOT delay anybody;
    lines of the log may be lost then.”
    """
    server = serve(stderr=Stream.UNREAD)
    ana = server.participant("ana")
    noisy = server.connect("outra")
    for _ in range(4):
        # Each is an error that is logged (LOG-1); a pipe holds some 64 KiB.
        noisy.pipeline(*["/ENTRAR ana"] * 1000)
        for _ in range(1000):
            noisy.expect_error("01", "ana", "SLOW-7")
        server.connect("breve").connection.close()
    beto = server.connect("beto")
    beto.enter(rule="SLOW-7")
    ana.expect_entered(beto, "SLOW-7")
    server.say_in_turn([ana, beto], "SLOW-7")
