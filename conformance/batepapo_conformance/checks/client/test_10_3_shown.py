"""Section 10.3: what is shown."""

import re

import pytest

from batepapo_conformance.checks.client.stage import BEACON, Stage
from batepapo_conformance.failure import NoVerdict, RuleBroken, visible
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    left,
    participants,
    refused,
    said,
    sent,
    whispered,
)
from batepapo_conformance.spec import load

_CAUSES = sorted(load().causes)
_MARKS = ("privad", "privat")
# A colon that does not just end a word, or its name.
_COLON = re.compile(rb"(?<![0-9A-Za-z]):|dois[- ]pontos|colon", re.IGNORECASE)
_WORDS = b":porque sim"
_TEXTS = (
    "oi",
    ":)",
    "a: b:c::",
    "  dois   espacos  fim",
    "<b>%s {0} \\n $HOME",
    "0123456789" * 40,
    "{quit}",
    "ERRO 03 fim",
)


@requirement("SHOW-1")
def test_a_public_message_is_shown_with_nick_and_whole_text(stage: Stage) -> None:
    """“nick and whole text MUST appear together on one line”."""
    ana, wire = stage.enter("ana", "Beto-7")
    for text in _TEXTS:
        wire.send(said("Beto-7", text))
        line = ana.shows("Beto-7", text, rule="SHOW-1")
        if any(mark in line.lower() for mark in _MARKS):
            note = "A word that stands on every line marks nothing."
            raise RuleBroken("SHOW-1", "private ones marked", line.encode(), note)


@requirement("SHOW-1")
def test_a_private_message_is_marked(stage: Stage) -> None:
    """“private ones MUST be marked on that line”."""
    ana, wire = stage.enter("ana", "Beto-7")
    for text in _TEXTS:
        wire.send(whispered("Beto-7", text))
        line = ana.shows("Beto-7", text, rule="SHOW-1")
        if not any(mark in line.lower() for mark in _MARKS):
            raise RuleBroken("SHOW-1", "`privad` or `privat`", line.encode())


@requirement("SHOW-1")
def test_the_own_messages_are_shown_when_they_come_back(stage: Stage) -> None:
    """“For every public and private message”, so one's own as well."""
    ana, wire = stage.enter("ana")
    ana.types("ouvem-me?")
    wire.expect(":ouvem-me?", rule="TYPE-9")
    wire.send(said("ana", "ouvem-me?"))
    ana.shows("ana", "ouvem-me?", rule="SHOW-1")
    ana.types("ana:para mim")
    wire.expect("ana:para mim", rule="TYPE-5")
    wire.send(whispered("ana", "para mim"), sent("ana"))
    ana.shows("ana", "para mim", "priva", rule="SHOW-1")


@requirement("SHOW-1", "SHOW-2")
def test_origins_of_every_kind_are_understood(stage: Stage) -> None:
    """“For every public and private message” - wherever it comes from."""
    ana, wire = stage.enter("ana")
    when = "2026-01-31T12:00:00.000Z"
    for nick, address in (
        ("beto", "-"),
        ("carla", "192.0.2.1:1"),
        ("davi", "[2001:db8::1]:65535"),
        ("elis", "[::1]:9999"),
    ):
        wire.send(f"ENTROU {when} {nick}@{address}")
        wire.send(f"PUBLICA {when} {nick}@{address} :vim de {address}")
        ana.shows(nick, f"vim de {address}", rule="SHOW-1")


@requirement("SHOW-2")
def test_who_enters_and_who_leaves_is_shown(stage: Stage) -> None:
    """“Who enters and who leaves, with the nick”."""
    ana, wire = stage.enter("ana")
    wire.send(entered("Beto-7"))
    ana.shows("Beto-7", rule="SHOW-2")
    wire.send(left("Beto-7"))
    ana.shows("Beto-7", rule="SHOW-2")


@requirement("SHOW-2")
def test_the_nicks_of_every_list_are_shown(stage: Stage) -> None:
    """“and the nicks of every list MUST be shown on standard output”."""
    nicks = [*(f"pessoa-{number}" for number in range(28)), "Beto-7", "carla"]
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(participants(*nicks[:20], remaining=10), participants(*nicks[20:]))
    wire.send(entered("ana"))
    ana.shows_all(nicks, rule="SHOW-2")
    wire.send(*map(left, nicks[:28]))
    stage.settle(ana, wire)
    ana.look_away()
    ana.types("/USUARIOS")
    wire.expect("/USUARIOS", rule="TYPE-2")
    wire.send(participants("Beto-7", remaining=3), participants("carla", "ana", BEACON))
    ana.shows_all(["Beto-7", "carla", "ana"], rule="SHOW-2")


@requirement("SHOW-2")
def test_the_own_entry_tells_that_one_is_connected(stage: Stage) -> None:
    """“The own entry tells the user that it is connected”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(participants())
    # What is shown of the list is out by then, or is taken for what is wanted: so
    # this may see too little, and never too much.
    wire.expect_nothing_yet(rule="TYPE-11", why="`ENTROU` has not come")
    ana.marks_here()
    wire.send(entered("ana"))
    ana.is_told_something(rule="SHOW-2", what="that one is connected")


@requirement("SHOW-3")
def test_a_private_message_that_was_sent_is_acknowledged(stage: Stage) -> None:
    """“MUST show a line that contains `Mensagem enviada`”."""
    ana, wire = stage.enter("ana", "beto")
    stage.settle(ana, wire)
    ana.types("beto:psiu")
    wire.expect("beto:psiu", rule="TYPE-5")
    wire.send(sent("beto"))
    ana.is_told_something(rule="SHOW-3", what="that the message was sent")
    try:
        ana.says("Mensagem enviada", rule="SHOW-3")
    except RuleBroken as broken:
        if stage.testee.has("lang"):  # so it speaks Portuguese, and was asked to
            raise
        words = visible(ana.said_since_typing().strip())
        raise NoVerdict(
            f"whether this says in another language than Portuguese that the message "
            f"was sent (SHOW-3), a person must judge: {words}"
        ) from broken


@requirement("SHOW-4", "FAIL-5")
@pytest.mark.parametrize("cause", _CAUSES)
def test_error_03_is_shown_with_its_cause(stage: Stage, cause: str) -> None:
    """“on a line that contains `ERRO 03` and the cause”."""
    ana, wire = stage.enter("ana")
    wire.send(refused("03", cause))
    wire.half_close()
    ana.warns("ERRO 03", cause, rule="SHOW-4")
    ana.exits(3, rule="FAIL-5")


@requirement("SHOW-4")
def test_errors_01_and_02_are_shown_with_their_code(stage: Stage) -> None:
    """“Every `ERRO` MUST be shown with its code”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule="TYPE-12")
    wire.send(participants(), entered("beto"))
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule="TYPE-5")
    wire.send(refused("02", "ninguem"))
    ana.says("02", rule="SHOW-4")


@requirement("SHOW-5")
def test_error_02_names_the_destination_and_the_way_out(stage: Stage) -> None:
    """“with the destination's nick, and that a leading `:` says it to all”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    ana.types("Http://example.org")
    wire.expect("Http://example.org", rule="TYPE-5")
    wire.send(refused("02", "Http", _WORDS[1:].decode()))
    ana.says("Http", rule="SHOW-5")
    stage.settle(ana, wire)
    shown = ana.said_since_typing().splitlines()
    told = b"\n".join(line for line in shown if BEACON.encode() not in line)
    # The colon of the server's line is no hint.
    if not _COLON.search(told.replace(_WORDS, b"")):
        raise RuleBroken("SHOW-5", "a hint at a leading `:`", told)


@requirement("SHOW-6")
def test_what_is_shown_is_written_out_at_once(stage: Stage) -> None:
    """“written out at once, also into a pipe”."""
    ana, wire = stage.enter("ana", "beto")
    for number in range(3):
        wire.send(said("beto", f"mensagem {number}"))
        # The connection stays open, and nothing else comes that could push it out.
        ana.shows("beto", f"mensagem {number}", rule="SHOW-1")


@requirement("SHOW-6")
@pytest.mark.parametrize("end", ["leaving", "forced out", "connection lost"])
def test_everything_is_shown_before_the_client_exits(stage: Stage, end: str) -> None:
    """“everything shown before the end has left before the client exits”."""
    ana, wire = stage.enter("ana", "beto")
    stage.settle(ana, wire)  # it does show what comes; so it is the end that matters
    messages = [said("beto", f"mensagem {number}") for number in range(300)]
    status, rule, first = 3, "FAIL-5", "SHOW-6"
    if end == "leaving":
        status, rule, first = 0, "QUIT-4", "QUIT-1"
        ana.types("quit")
        wire.expect_leave(rule="TYPE-3")
        wire.send(*messages, left("ana"))
    elif end == "forced out":
        wire.send(*messages, refused("03", "fim"))
    else:
        rule = "FAIL-6"
        wire.send(*messages)
    wire.half_close()
    ana.exits(status, rule=rule)
    ana.shows("beto", "mensagem 0", rule=first)
    ana.shows("beto", "mensagem 299", rule="SHOW-6")
