"""Section 10.5: leaving, and the exit status."""

import time
from collections.abc import Callable

import pytest

from batepapo_conformance.checks.client.stage import (
    LEAVING,
    Stage,
    nobody_listening,
)
from batepapo_conformance.codec import encode
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    left,
    participants,
    refused,
    said,
)
from batepapo_conformance.terminal import AT_ONCE, Terminal
from batepapo_conformance.wire import Wire

_MORE_THAN_BUFFERS_HOLD = 12_000  # lines of 400 octets, on their way to the server
_LEAVING_IS_POLITE_FOR = 1.0  # seconds in which no client gives up waiting

_WAYS: dict[str, Callable[[Terminal], None]] = {
    "by word": lambda client: client.types("quit"),
    "end of input": lambda client: client.ends_input(),
    "SIGINT": lambda client: client.interrupts(),
    "SIGTERM": lambda client: client.terminates(),
}
_SIGNALS = {name: _WAYS[name] for name in ("SIGINT", "SIGTERM")}

by_any_way = pytest.mark.parametrize("leave", _WAYS.values(), ids=_WAYS.keys())
by_signal = pytest.mark.parametrize("leave", _SIGNALS.values(), ids=_SIGNALS.keys())

Leave = Callable[[Terminal], None]


# ---- QUIT-1 ----


@requirement("QUIT-1", "QUIT-3", "QUIT-4")
@by_any_way
def test_a_leaving_client_shows_what_still_comes(stage: Stage, leave: Leave) -> None:
    """“go on showing what comes, and exit when the server closes”."""
    ana, wire = stage.enter("ana", "beto")
    stage.settle(ana, wire)
    leave(ana)
    wire.expect_leave(rule="QUIT-1")
    wire.send(said("beto", "ate logo, ana"))
    ana.shows("beto", "ate logo, ana", rule="QUIT-1")
    if ana.process.wait(_LEAVING_IS_POLITE_FOR) is not None:
        raise RuleBroken("QUIT-1", "waits for the server to close", "it exits before")
    wire.send(left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-1")


@requirement("QUIT-1")
def test_at_the_end_of_input_everything_typed_is_sent_first(stage: Stage) -> None:
    """“after everything typed before has been sent”."""
    ana = stage.start("ana")
    lines = [f"linha {number}" for number in range(200)]
    ana.types(*lines)
    ana.ends_input()
    wire = stage.greet("ana")
    stage.let_in(wire, "ana")
    for line in lines:
        wire.expect(f":{line}", rule="QUIT-1")
    wire.expect_leave(rule="QUIT-1")
    wire.send(left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-1")


@requirement("QUIT-1")
def test_who_types_much_also_reads(stage: Stage) -> None:
    """“everything typed before”, though the server waits for its reader."""
    server = stage.listen(buffer=8192)
    ana = stage.start("ana", server=server)
    wire = stage.greet("ana", server=server)
    stage.let_in(wire, "ana")
    lines = [f"{number:05} {'x' * 390}" for number in range(_MORE_THAN_BUFFERS_HOLD)]
    ana.types_in_background(*lines)
    # As a simple server does: one line read, its echo written, and only then the
    # next. A client that does not read while it writes comes to a stop here.
    for line in lines:
        wire.expect(f":{line}", rule="QUIT-1")
        wire.send_to_a_reader(encode(said("ana", line)), rule="QUIT-1")
    ana.types("quit")
    wire.expect_leave(rule="QUIT-1")
    wire.send(left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-1", within=LEAVING)  # it may still have much to show


# ---- QUIT-2 ----


@requirement("QUIT-2", "QUIT-4")
def test_a_server_that_does_not_close_is_left_all_the_same(stage: Stage) -> None:
    """“a leaving client MUST exit at most 5 s after `/SAIR` was due”."""
    leaving = []
    for name, leave in _WAYS.items():  # at the same time: each takes its 5 s
        ana, wire = stage.enter("ana", who=name)
        stage.settle(ana, wire)
        leave(ana)
        wire.expect_leave(rule="QUIT-1")
        leaving.append((ana, time.monotonic() + LEAVING))
    for ana, deadline in leaving:
        ana.leaves(rule="QUIT-2", within=deadline - time.monotonic())


@requirement("QUIT-2")
@by_signal
def test_a_second_signal_leaves_at_once(stage: Stage, leave: Leave) -> None:
    """“at once on a second Ctrl-C or SIGTERM”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    leave(ana)
    wire.expect_leave(rule="QUIT-1")
    leave(ana)
    ana.leaves(rule="QUIT-2", within=AT_ONCE)


# ---- QUIT-3 ----


@requirement("QUIT-3", "QUIT-4")
@by_signal
@pytest.mark.parametrize("question", ["port", "nick", "offline", "address"])
def test_a_signal_leaves_at_every_question(
    stage: Stage, leave: Leave, question: str
) -> None:
    """“MUST leave at once, whatever is typed ahead, asked or waited for”."""
    match question:
        case "port":
            ana = stage.start(None, port=None)
        case "nick":
            ana = stage.start(None)
        case _:
            ana = stage.start_offline()
    ana.waits_for_output(rule="ASK-2", what="a question")
    if question == "address":
        ana.types("/ENTRAR")
        ana.waits_for_output(rule="ASK-3", what="a question")
    leave(ana)
    ana.exits(0, rule="QUIT-3")


@requirement("QUIT-3", "QUIT-4")
@by_signal
@pytest.mark.parametrize("waiting_for", ["greeting", "list", "entry", "nick"])
def test_a_signal_leaves_before_entering(
    stage: Stage, leave: Leave, waiting_for: str
) -> None:
    """“whatever is typed ahead, asked or waited for; status 0”."""
    ana = stage.start("ana")
    wire = stage.accept() if waiting_for == "greeting" else stage.greet("ana")
    if waiting_for == "entry":
        wire.send(participants("beto"))
    if waiting_for == "nick":
        wire.send(refused("01", "ana"))
        ana.says("01", rule="SHOW-4")
    else:
        ana.types("oi", "beto:psiu")
    leave(ana)
    wire.expect_silence_or_leave(rule="QUIT-3")
    wire.half_close()
    ana.exits(0, rule="QUIT-3")


@requirement("QUIT-3")
def test_a_signal_does_not_wait_for_typed_lines(stage: Stage) -> None:
    """“whatever is typed ahead”."""
    server = stage.listen(buffer=8192)
    leaving = []
    for name, leave in _SIGNALS.items():
        ana, wire = stage.enter("ana", server=server, who=name)
        stage.settle(ana, wire)
        # More than the buffers of the system hold, and the server reads none of it.
        ana.types_in_background(*(["x" * 390] * 50_000))
        wire.expect(":" + "x" * 390, rule="TYPE-9")
        leave(ana)
        leaving.append((ana, time.monotonic() + LEAVING))
    for ana, deadline in leaving:
        ana.leaves(rule="QUIT-3", within=deadline - time.monotonic())


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


@requirement("QUIT-1", "QUIT-3")
def test_on_a_terminal_ctrl_c_leaves(stage: Stage) -> None:
    """“Ctrl-C (SIGINT) and SIGTERM MUST leave at once”."""
    ana, wire = stage.enter("ana", on_terminal=True)
    stage.settle(ana, wire)
    began = time.monotonic()
    ana.interrupts()
    wire.expect_leave(rule="QUIT-3")
    wire.send(entered("beto"), left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-3", within=LEAVING - (time.monotonic() - began))


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
