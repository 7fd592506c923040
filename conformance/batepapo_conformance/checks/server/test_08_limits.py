"""Section 8: limits and timeouts."""

import contextlib
import socket
import time

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant, fits
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of
from batepapo_conformance.testee import Testee

TOLERANCE = 2.0
"""By how many seconds a time limit may act late (section 1.5)."""

OTHER = "127.0.0.2"


@requirement("LIMIT-1")
def test_who_does_not_enter_in_time_is_closed(serve: Serve, testee: Testee) -> None:
    """“A client that has not entered 30 s after its connection was accepted MUST
    receive `ERRO 03 tempo` and be closed. Refused tries (`ERRO 01`) do not extend the
    time.”
    """
    seconds = 1.0 if testee.has("entry-timeout") else 30.0
    server = serve(options={"entry-timeout": 1} if seconds < 30 else None)
    ana = server.participant("ana")
    begin = time.monotonic()
    silent, refused = server.connect("calada"), server.connect("recusada")
    halfway = server.connect("lenta")
    halfway.send_pieces(b"/ENTRAR le")
    within = seconds + TOLERANCE + testee.seconds(1)
    _tries_until_it_is_closed(refused, begin + within)
    for one in (silent, halfway):
        one.expect_error("03", "tempo", "LIMIT-1")
    if time.monotonic() - begin < seconds:
        raise RuleBroken("LIMIT-1", f"ERRO 03 tempo after {seconds:g} s", "earlier")
    halfway.send_pieces(b"nta\n")  # too late: the answer is `tempo` alone
    for one in (silent, refused, halfway):
        one.expect_closed("LIMIT-1")
    server.say_in_turn([ana], "LIMIT-1")  # who has entered may stay


def _tries_until_it_is_closed(one: Participant, deadline: float) -> None:
    """Ask for a taken nick again and again, until the time to enter is over."""
    form = "ERRO 03 tempo :<explanation>"
    while time.monotonic() < deadline:
        one.send("/ENTRAR ana")
        answer = one.read(form, "LIMIT-1")
        if not isinstance(answer, codec.Refused) or answer.code != "01":
            if fits(form, line_of(answer).decode("ascii")):
                return
            raise RuleBroken("LIMIT-1", form, line_of(answer))
        time.sleep(0.1)
    raise RuleBroken("LIMIT-1", form, "ERRO 01 again and again")


def _small_server(serve: Serve, **options: int) -> Server:
    return serve(
        options={name.replace("_", "-"): number for name, number in options.items()}
    )


def _refused(server: Server, name: str, cause: str, rule: str) -> None:
    """Insist that a connection too many is greeted, told the cause, and closed.

    It may have sent its first lines already: that must not destroy the answer.
    """
    for lines in ((), ("/ENTRAR ana", ":oi")):
        one = server.dial(name)
        if lines:
            one.pipeline(*lines)
        first = one.read("BATEPAPO 1 <software>", rule)
        one.connection.put_back(codec.encode(first))
        one.expect_greeting("GREET-1")
        one.expect_forced_out(cause, rule)
        one.close()


@requirement("LIMIT-2", "GREET-1")
def test_a_full_server_says_so(serve: Serve) -> None:
    """“A server that already serves as many connections as it may MUST greet a further
    one, answer `ERRO 03 cheio` and close it. A connection counts from being accepted
    until its close begins.”
    """
    server = _small_server(serve, max_connections=3)
    ana = server.participant("ana")
    waiting = server.connect("outra")
    beto = server.participant("beto")
    _refused(server, "demais", "cheio", "LIMIT-2")
    ana.barrier("LIMIT-2")

    for leaver in (beto, waiting):  # a place is free as soon as somebody leaves
        leaver.send("/SAIR")
        if leaver is beto:
            leaver.expect_left(beto, "LEAVE-1")
            ana.expect_left(beto, "LEAVE-1")
        leaver.expect_closed("LEAVE-2")
        newcomer = server.dial("nova")
        newcomer.expect_greeting()
        newcomer.send("/ENTRAR ana")
        newcomer.expect_error("01", "ana", "LIMIT-2")
    _refused(server, "demais", "cheio", "LIMIT-2")


def _has_another_address() -> bool:
    """Whether this machine may also call from 127.0.0.2; not every system does."""
    with contextlib.suppress(OSError), socket.socket() as probe:
        probe.bind((OTHER, 0))
        return True
    return False


@requirement("LIMIT-3")
def test_one_address_can_take_only_so_many_places(serve: Serve) -> None:
    """“Where the operator limits the connections from one address, a further one from
    that address MUST be greeted, answered `ERRO 03 limite`, and closed.”
    """
    server = _small_server(serve, max_per_address=2)
    ana, beto = server.participants("ana", "beto")
    _refused(server, "demais", "limite", "LIMIT-3")
    if _has_another_address():
        carla = server.dial("carla", source=OTHER)
        carla.expect_greeting()
        carla.enter(present=["ana", "beto"], rule="LIMIT-3")
        for one in (ana, beto):
            one.expect_entered(carla)
    beto.leave()
    ana.expect_left(beto, "LEAVE-1")
    server.connect("davi").enter(rule="LIMIT-3")


@requirement("LIMIT-3")
def test_full_comes_before_too_many_from_one_address(serve: Serve) -> None:
    """“Where both limits are reached, the answer is `cheio`.”"""
    server = _small_server(serve, max_connections=2, max_per_address=2)
    server.participants("ana", "beto")
    _refused(server, "demais", "cheio", "LIMIT-3")


@requirement("LIMIT-4")
def test_lines_beyond_the_rate_wait(serve: Serve) -> None:
    """“Where a server reads each connection at a rate, lines beyond the rate MUST wait;
    they MUST NOT be lost, reordered or refused.” “[...] with at most one second's worth
    at once.”
    """
    rate, lines = 50, 100
    server = _small_server(serve, rate=rate)
    ana = server.participant("ana")
    begin = time.monotonic()
    ana.pipeline(*(f":{number}" for number in range(lines)))
    ana.half_close()
    for number in range(lines):
        ana.expect_public(ana, str(number), "LIMIT-4")
    seconds = time.monotonic() - begin
    ana.expect_closed("EOF-1")
    if seconds < (lines - rate) / rate:
        expected = f"{lines} lines in {(lines - rate) / rate:g} s at least"
        raise RuleBroken("LIMIT-4", expected, f"{seconds:.2f} s")


@requirement("LIMIT-5", "SERVE-1")
def test_a_hundred_at_the_same_time(serve: Serve) -> None:
    """“Unless its operator says otherwise, a server MUST be able to serve at least 100
    connections at the same time.”
    """
    server = serve()
    people: list[Participant] = []
    for number in range(100):
        newcomer = server.connect(f"p{number}")
        newcomer.enter(rule="LIMIT-5")
        for one in people:
            one.expect_entered(newcomer)
        people.append(newcomer)
    people[-1].send(":somos cem")
    for one in people:
        one.expect_public(people[-1], "somos cem", "LIMIT-5")
