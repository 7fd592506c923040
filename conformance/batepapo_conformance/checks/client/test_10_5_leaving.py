"""Section 10.5: leaving."""

import time

import pytest

from batepapo_conformance import kernel
from batepapo_conformance.checks.client.stage import LEAVING, Stage
from batepapo_conformance.checks.client.ways import (
    SIGNALS,
    WAYS,
    Leave,
    by_any_way,
    by_signal,
)
from batepapo_conformance.codec import encode
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    left,
    participants,
    refused,
    said,
)
from batepapo_conformance.terminal import AT_ONCE
from batepapo_conformance.wire import SOON, Wire

_MORE_THAN_BUFFERS_HOLD = 12_000  # lines of 400 octets, on their way to the server
_LEAVING_IS_POLITE_FOR = 1.0  # seconds in which no client gives up waiting


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
    _wait_until_nothing_goes(wire)  # so that there is always more to write
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
    for name, leave in WAYS.items():  # at the same time: each takes its 5 s
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
    for name, leave in SIGNALS.items():
        ana, wire = stage.enter("ana", server=server, who=name)
        stage.settle(ana, wire)
        # More than the buffers of the system hold, and the server reads none of it.
        ana.types_in_background(*(["x" * 390] * 50_000))
        wire.expect(":" + "x" * 390, rule="TYPE-9")
        _wait_until_nothing_goes(wire)
        leave(ana)
        leaving.append((ana, time.monotonic() + LEAVING))
    for ana, deadline in leaving:
        ana.leaves(rule="QUIT-3", within=deadline - time.monotonic())


def _wait_until_nothing_goes(wire: Wire) -> None:
    """Let the client fill all buffers, as far as the system tells."""
    deadline = time.monotonic() + SOON
    before = -1
    while time.monotonic() < deadline:
        end = kernel.other_end(wire.socket)
        if end is None or end.unsent == before:
            return
        before = end.unsent
        time.sleep(0.5)


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
