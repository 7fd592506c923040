"""Section 5.7: events, their times and origins."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from batepapo_conformance import codec
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of

# The server's clock and ours are one; but it may round, and it may be held up.
SLACK = timedelta(seconds=2)


@requirement("EVENT-1")
def test_an_event_is_the_same_line_for_everyone(serve: Serve) -> None:
    """“One event MUST be the identical line, `time` included, on every connection that
    receives it.”
    """
    server = serve()
    people = [server.connect(f"p{number}") for number in range(5)]
    for number, one in enumerate(people):
        first = one.enter()
        _same(first, [other.expect_entered(one) for other in people[:number]])
    for _ in range(10):
        for speaker in people:
            speaker.send(":oi")
            heard = [one.expect_public(speaker, "oi") for one in people]
            _same(heard[0], heard[1:])
    while len(people) > 1:
        leaver = people.pop()
        leaver.send("/SAIR")
        first_left = leaver.expect_left(leaver, "LEAVE-1")
        _same(first_left, [one.expect_left(leaver, "LEAVE-1") for one in people])


def _same(one: codec.ServerMessage, others: Sequence[codec.ServerMessage]) -> None:
    for other in others:
        if other != one:
            line = line_of(other)
            raise RuleBroken("EVENT-1", line_of(one), line)


@requirement("EVENT-2")
def test_times_are_the_current_utc(serve: Serve) -> None:
    """“`time` MUST be the current UTC by the server's clock, with milliseconds, in the
    form of the grammar”.
    """
    server = serve()
    if not ipaddress.ip_address(server.scene.endpoint.address).is_loopback:
        raise NoVerdict("the testee's clock may differ from ours: another machine")
    before = datetime.now(UTC)
    ana = server.connect("ana")
    times = [ana.enter().time]
    # Times without milliseconds would all end alike; 40 ms show some that do not.
    while datetime.now(UTC) - before < timedelta(milliseconds=40):
        ana.send(":oi", "ana:oi")
        times.append(ana.expect_public(ana, "oi").time)
        times.append(ana.expect_private(ana, "oi", "PRIVATE-3").time)
        ana.expect_sent("ana", "PRIVATE-3")
    ana.send("/SAIR")
    times.append(ana.expect_left(ana, "LEAVE-1").time)
    after = datetime.now(UTC)
    for text in times:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
        if not before - SLACK <= moment <= after + SLACK:
            raise RuleBroken("EVENT-2", f"a time near {after:%FT%TZ}", text.encode())
    if all(text.endswith("000Z") for text in times):
        raise RuleBroken("EVENT-2", "milliseconds", times[-1].encode())


@requirement("EVENT-3")
def test_an_origin_is_where_the_server_sees_the_client(serve: Serve) -> None:
    """“`origin` MUST be `nick@address:port`, with the address and port from which the
    server sees the client's connection, or `nick@-` where addresses are hidden.”
    """
    server = serve()
    if not ipaddress.ip_address(server.scene.endpoint.address).is_loopback:
        raise NoVerdict("the testee is not on this machine and may see us elsewhere")
    ana, beto = server.participants("ana", "beto")
    for one in (ana, beto):
        _insist(one, "EVENT-3", f"{one.nick}@{one.connection.local}", f"{one.nick}@-")
    _use_origins(ana, beto, "EVENT-3")


def _insist(one: Participant, rule: str, *allowed: str) -> None:
    if one.origin not in allowed:
        raise RuleBroken(rule, allowed[0], one.origin.encode("ascii"))


def _use_origins(ana: Participant, beto: Participant, rule: str) -> None:
    """Let both appear as the origin of every kind of line, the same each time."""
    for speaker, other in ((ana, beto), (beto, ana)):
        speaker.send(":oi", f"{other.nick}:oi")
        for one in (ana, beto):
            one.expect_public(speaker, "oi", rule)
        other.expect_private(speaker, "oi", rule)
        speaker.expect_sent(other.nick)
    beto.send("/SAIR")
    for one in (ana, beto):
        one.expect_left(beto, rule)


@requirement("EVENT-4")
def test_a_server_on_loopback_shows_addresses(serve: Serve) -> None:
    """“Unless its operator says otherwise, a server that listens on an address of
    127.0.0.0/8 or on ::1 MUST show addresses”.
    """
    server = serve()
    if server.running.process is None:
        raise NoVerdict("the testee's operator may have said otherwise")
    ana, beto = server.participants("ana", "beto")
    for one in (ana, beto):
        _insist(one, "EVENT-4", f"{one.nick}@{one.connection.local}")
    _use_origins(ana, beto, "EVENT-4")


@requirement("EVENT-4")
def test_a_server_on_every_address_hides_them(serve: Serve) -> None:
    """“[...] and one that listens anywhere else MUST hide them. It is all or none, for
    as long as the server runs.”
    """
    _hidden(serve(address="0.0.0.0"))  # noqa: S104 (what is to be checked)


@requirement("EVENT-4", "RUN-6")
def test_the_operator_may_hide_addresses(serve: Serve) -> None:
    """“Unless its operator says otherwise”: `--addresses hide`."""
    _hidden(serve(options={"addresses": "hide"}))


def _hidden(server: Server) -> None:
    ana, beto = server.participants("ana", "beto")
    for one in (ana, beto):
        _insist(one, "EVENT-4", f"{one.nick}@-")
    _use_origins(ana, beto, "EVENT-4")


@requirement("EVENT-4", "RUN-6")
def test_the_operator_may_show_addresses(serve: Serve) -> None:
    """“Unless its operator says otherwise”: `--addresses show`."""
    server = serve(address="0.0.0.0", options={"addresses": "show"})  # noqa: S104 (same)
    ana, beto = server.participants("ana", "beto")
    for one in (ana, beto):
        _insist(one, "EVENT-4", f"{one.nick}@{one.connection.local}")
    _use_origins(ana, beto, "EVENT-4")
