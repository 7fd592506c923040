"""Section 10.2: what is typed before the own `ENTROU`, and nicks."""

import time

import pytest

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    participants,
    refused,
    said,
)
from batepapo_conformance.terminal import Terminal
from batepapo_conformance.wire import Wire

_ASKED = "that this nick will not do"
_TRIES = 10


@requirement("TYPE-11")
def test_lines_typed_before_entering_wait(stage: Stage) -> None:
    """“Lines typed before the own `ENTROU` MUST wait for it”."""
    ana = stage.start("ana")
    ana.types("um", "beto:dois", "/USUARIOS", "quit")
    wire = stage.accept()
    why = "nothing but `/ENTRAR` is legal before the own `ENTROU`"
    wire.send(greeting())
    wire.expect("/ENTRAR ana", rule="ASK-1")
    wire.expect_nothing_yet(rule="TYPE-11", why=why)
    wire.send(participants("beto", remaining=1))
    wire.expect_nothing_yet(rule="TYPE-11", why=why)
    wire.send(participants("carla"))
    wire.expect_nothing_yet(rule="TYPE-11", why=why)
    wire.send(entered("ana"))
    wire.expect(":um", rule="TYPE-11")
    wire.expect("beto:dois", rule="TYPE-11")
    wire.expect("/USUARIOS", rule="TYPE-11")
    wire.expect_leave(rule="TYPE-11")


@requirement("TYPE-11")
def test_nothing_is_sent_before_the_echo_of_a_second_try(stage: Stage) -> None:
    """“the client never sends what the server would answer with `estado`”."""
    ana = stage.start("ana")
    ana.types("beto", "oi")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.expect_nothing_yet(rule="TYPE-11", why="`ENTROU` has not come")
    wire.send(refused("01", "beto"))
    wire.expect("/ENTRAR oi", rule="TYPE-12")


@requirement("TYPE-11", "ASK-3", "ASK-4")
def test_lines_typed_ahead_of_a_failed_attempt_are_offline(stage: Stage) -> None:
    """“after an attempt from offline that failed, as lines typed offline”."""
    address, port = stage.server.endpoint
    ana = stage.start_offline()
    ana.types(f"/ENTRAR ana {address} 70000", "perdida", "beto:perdida")
    ana.types(f"/ENTRAR ana {address} {port}", "achada")
    wire = stage.greet("ana", rule="ASK-4")
    stage.let_in(wire, "ana")
    wire.expect(":achada", rule="TYPE-11")


@requirement("TYPE-12")
def test_after_error_01_the_next_line_is_the_nick(stage: Stage) -> None:
    """“after `ERRO 01` on the same connection”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    ana.types(" beto ", "oi")
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.send(participants(), entered("beto"))
    wire.expect(":oi", rule="TYPE-12")
    if stage.server.is_called():
        raise RuleBroken("TYPE-12", "the same connection", "another one")


@requirement("TYPE-12")
def test_from_a_pipe_nothing_is_dropped(stage: Stage) -> None:
    """“from a pipe it is not”."""
    ana = stage.start("ana")
    ana.types("beto", "carla", "oi")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.send(refused("01", "beto"))
    wire.expect("/ENTRAR carla", rule="TYPE-12")
    wire.send(participants(), entered("carla"))
    wire.expect(":oi", rule="TYPE-12")


@requirement("TYPE-12")
@pytest.mark.parametrize("nick", ["1ana", "a b", "ana!", "a" * 17, "ana:", "/ENTRAR"])
def test_a_nick_outside_the_grammar_is_asked_for_again(stage: Stage, nick: str) -> None:
    """“the user MUST be told and the next typed line taken as the nick”."""
    given = stage.start(nick)
    given.types("ana")
    # It may find out before connecting, or when it is about to send `/ENTRAR`.
    wire = stage.greet("ana", rule="TYPE-12")
    given.has_said_something(rule="TYPE-12", what=_ASKED)
    wire.close()
    asked = stage.start(None)
    asked.types(nick, "beto", "oi")
    wire = stage.greet("beto", rule="TYPE-12")
    stage.let_in(wire, "beto")
    wire.expect(":oi", rule="TYPE-12")


@requirement("TYPE-12", "TYPE-1")
def test_a_second_nick_is_judged_like_the_first(stage: Stage) -> None:
    """“and for a nick outside the grammar”; TYPE-1: it is folded first."""
    ana = stage.start("ana")
    ana.types("be to", "", "joão")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    wire.expect("/ENTRAR joao", rule="TYPE-12")


@requirement("TYPE-12")
def test_on_a_terminal_what_was_typed_ahead_is_dropped(stage: Stage) -> None:
    """“what was typed before the question appeared is dropped”."""
    ana = stage.start("ana", on_terminal=True)
    wire = stage.greet("ana")
    ana.types("segredo")
    ana.shows("segredo", rule="TYPE-12")  # the terminal's echo: it has been typed
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    _answers(ana, wire, "beto")


def _answers(ana: Terminal, wire: Wire, nick: str) -> None:
    """The person answers once the question is there; a too early answer is dropped."""
    for _ in range(_TRIES):
        ana.types(nick)
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            if wire.has_line(deadline - time.monotonic()):
                wire.expect(f"/ENTRAR {nick}", rule="TYPE-12")
                return
    raise RuleBroken("TYPE-12", f"/ENTRAR {nick}", "nothing, however often it is typed")


@requirement("TYPE-11")
def test_on_a_terminal_typing_ahead_waits_for_entering(stage: Stage) -> None:
    """“MUST wait for it and then be carried out in order”."""
    ana = stage.start("ana", on_terminal=True)
    wire = stage.greet("ana")
    ana.types("um", "dois")
    wire.send(participants("beto"), entered("ana"))
    wire.expect(":um", rule="TYPE-11")
    wire.expect(":dois", rule="TYPE-11")
    wire.send(said("beto", "ouvi"))
    ana.shows("beto", "ouvi", rule="SHOW-1")
