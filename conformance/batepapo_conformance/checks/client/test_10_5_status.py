"""Section 10.5: the exit status."""

import pytest

from batepapo_conformance.checks.client.stage import (
    LEAVING,
    Stage,
    nobody_listening,
)
from batepapo_conformance.checks.client.ways import Leave, by_any_way
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import greeting, refused
from batepapo_conformance.wire import Wire

# ---- QUIT-4 ----


@requirement("QUIT-4")
@pytest.mark.parametrize("end", ["fim", "garbage", "reset", "half a line"])
@by_any_way
def test_who_has_asked_to_leave_gets_status_0(
    stage: Stage, leave: Leave, end: str
) -> None:
    """“MUST be 0 once the user asked to leave ... whatever comes after”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    leave(ana)
    wire.expect_leave(rule="QUIT-1")
    _ends_badly(wire, end)
    ana.leaves(rule="QUIT-2", within=LEAVING)


def _ends_badly(wire: Wire, end: str) -> None:
    match end:
        case "fim":
            wire.send(refused("03", "fim"))
            wire.half_close()
        case "garbage":
            wire.send_octets(b"\x1b\xff" * 300)
        case "half a line":
            wire.send_octets(b"SAIU 2026-")
            wire.half_close()
        case _:
            wire.reset()


@requirement("QUIT-4", "FAIL-5", "QUIT-6")
def test_an_end_of_input_whose_turn_has_not_come_does_not_count(stage: Stage) -> None:
    """“an end of input whose turn has come while entered”."""
    ana = stage.start("ana")
    ana.types("oi")
    ana.ends_input()
    wire = stage.greet("ana")
    wire.send(refused("03", "cheio"))
    wire.half_close()
    ana.exits(3, rule="QUIT-4")
    with nobody_listening() as nobody:
        ana = stage.start("ana", address=nobody.address, port=nobody.port)
        ana.ends_input()
        ana.exits(4, rule="QUIT-4")


# ---- QUIT-5 ----


@requirement("QUIT-5")
@pytest.mark.parametrize("answers", [0, 1, 2])
def test_input_that_ends_at_a_question_is_no_failure(
    stage: Stage, answers: int
) -> None:
    """“the exit status MUST be 0 if nothing has failed before”."""
    ana = stage.start(None, port=None)
    if answers:
        ana.types(str(stage.server.endpoint.port))
    ana.ends_input()
    ana.exits(0, rule="QUIT-5")
    offline = stage.start_offline()
    offline.types(*["/ENTRAR", ""][:answers])
    offline.ends_input()
    offline.exits(0, rule="QUIT-5")
    if stage.server.is_called():
        raise RuleBroken("QUIT-5", "no connection", "a connection")


@requirement("QUIT-5")
def test_input_that_ends_while_the_nick_is_asked_again_is_status_1(
    stage: Stage,
) -> None:
    """“1 if a nick was being asked for again (TYPE-12)”."""
    ana = stage.start("ana")
    ana.ends_input()
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    ana.exits(1, rule="QUIT-5")


@requirement("QUIT-5")
def test_input_that_ends_after_a_bad_nick_is_status_1(stage: Stage) -> None:
    """“1 if a nick was being asked for again” - for one outside the grammar."""
    ana = stage.start(None)
    ana.types("1ana")
    ana.ends_input()
    ana.exits(1, rule="QUIT-5")


@requirement("QUIT-5", "ASK-4")
def test_input_that_ends_offline_gives_the_status_of_the_last_attempt(
    stage: Stage,
) -> None:
    """“the status of the last attempt (3 or 4) offline”."""
    address, port = stage.server.endpoint
    ana = stage.start_offline()
    ana.types(f"/ENTRAR ana {address} 70000", f"/ENTRAR ana {address} {port}")
    ana.ends_input()
    wire = stage.accept(rule="ASK-4")
    wire.send(greeting(), refused("03", "cheio"))
    wire.half_close()
    ana.exits(3, rule="QUIT-5")
    beto = stage.start_offline()
    beto.types(f"/ENTRAR beto {address} {port}", f"/ENTRAR beto {address} 70000")
    beto.ends_input()
    wire = stage.accept(rule="ASK-4")
    wire.send(greeting(), refused("03", "cheio"))
    wire.half_close()
    beto.exits(4, rule="QUIT-5")


@requirement("QUIT-4", "QUIT-5")
def test_who_leaves_by_word_after_failed_attempts_gets_status_0(stage: Stage) -> None:
    """“once the user asked to leave (by word, signal ...)”."""
    ana = stage.start_offline()
    ana.types("/ENTRAR ana 127.0.0.1 70000", "quit")
    ana.warns("ERRO 04", rule="FAIL-1")
    ana.exits(0, rule="QUIT-4")


# ---- QUIT-6 ----


@requirement("QUIT-6")
def test_the_status_is_that_of_the_error_that_ended_the_conversation(
    stage: Stage,
) -> None:
    """“3 or 4 for the error that ended the conversation” - and of no other."""
    address, port = stage.server.endpoint
    ana = stage.start_offline()
    ana.types(f"/ENTRAR ana {address} 70000", f"/ENTRAR ana {address} {port}")
    wire = stage.greet("ana", rule="ASK-4")
    stage.let_in(wire, "ana")
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule="TYPE-5")
    wire.send(refused("02", "ninguem"), refused("03", "fim"))
    wire.half_close()
    ana.warns("ERRO 03", "fim", rule="FAIL-5")
    ana.ends(rule="FAIL-5")
    ana.exits(3, rule="QUIT-6")
