"""Hostile input: what it is made of, and what it finds."""

import json
import sys
from io import StringIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batepapo_conformance import codec
from batepapo_conformance.check import Request
from batepapo_conformance.exploring.again import read_session
from batepapo_conformance.exploring.explore import CONFIRMATIONS
from batepapo_conformance.fuzzing import client, running, server
from batepapo_conformance.fuzzing.grammar import Deriver, rules
from batepapo_conformance.fuzzing.lines import Lines, segments
from batepapo_conformance.fuzzing.scripts import Author, Ending, Script
from batepapo_conformance.model.partial import can_become_a_line
from batepapo_conformance.results import Status
from batepapo_conformance.testee import Role, from_command, from_implementation
from batepapo_conformance.words import Language, Words

REFERENCES = ("threaded", "asyncio")
WORDS = Words(Language.ENGLISH)

seeds = st.integers(0, 2**32)


def zoo(name: str, role: Role) -> str:
    nick = " {nick}" if role is Role.CLIENT else ""
    return f"'{sys.executable}' -m batepapo_zoo {name} {{address}} {{port}}{nick}"


# ---- what it is made of --------------------------------------------------------


def test_every_rule_of_the_grammar_is_read() -> None:
    assert {
        "client-message",
        "server-message",
        "nick",
        "port",
        "ipv6",
    } <= rules().keys()
    for name in rules():
        assert Deriver(Random(1)).derive(name) is not None


@given(seeds)
@settings(deadline=None)
def test_what_the_grammar_derives_the_codec_reads(seed: int) -> None:
    """Two readings of one grammar, of which neither was made from the other."""
    deriver = Deriver(Random(seed))
    line = deriver.derive("client-message")
    assert codec.encode(codec.parse_client_line(line)) == line + b"\n"
    line = deriver.derive("server-message")
    if len(line) < codec.LINE:
        assert codec.encode(codec.parse_server_line(line)) == line + b"\n"


@given(seeds)
@settings(deadline=None)
def test_every_beginning_of_a_line_can_become_one(seed: int) -> None:
    line = Deriver(Random(seed)).derive("client-message")
    assert all(can_become_a_line(line[:end]) for end in range(len(line) + 1))
    assert can_become_a_line(line + b"\r")


@settings(deadline=None)
@given(seeds, st.binary(max_size=8))
def test_what_cannot_become_a_line_does_not(seed: int, more: bytes) -> None:
    spoiled = Deriver(Random(seed)).spoil("client-message").replace(b"\n", b"")
    if not can_become_a_line(spoiled):
        line = (spoiled + more.replace(b"\n", b"")).removesuffix(b"\r")
        with pytest.raises(codec.NotALine):
            codec.parse_client_line(line)


def test_spoiled_lines_are_malformed_often_enough() -> None:
    deriver = Deriver(Random(1))
    refused = 0
    for _ in range(500):
        try:
            codec.parse_client_line(deriver.spoil("client-message"))
        except codec.NotALine:
            refused += 1
    assert refused > 150


@given(seeds)
@settings(deadline=None)
def test_legal_lines_are_legal_and_last_lines_end_it(seed: int) -> None:
    made = Lines(Random(seed), ("ana", "Beto"))
    line = made.legal()
    codec.parse_client_line(line.removesuffix(b"\n").removesuffix(b"\r"))
    assert made.last().count(b"\n") == 1


@settings(deadline=None)
@given(seeds, st.binary(min_size=1, max_size=2000))
def test_segments_are_the_whole(seed: int, octets: bytes) -> None:
    cut = segments(octets, Random(seed))
    assert b"".join(cut) == octets
    assert all(cut)


@given(seeds)
@settings(deadline=None, max_examples=30)
def test_a_script_is_due_line_by_line_up_to_its_last(seed: int) -> None:
    script = Author(Random(seed)).script()
    inside = {"beto"}
    for line in script.lines:
        message = codec.parse_server_line(line.rstrip(b"\r\n"))
        assert isinstance(
            message, codec.Entered | codec.Left | codec.Said | codec.Whispered
        )
        nick = message.origin.nick
        assert (nick in inside) != isinstance(message, codec.Entered)
        inside ^= {nick} if isinstance(message, codec.Entered | codec.Left) else set()
    assert b"".join(script.pieces()) == script.octets


@given(seeds)
@settings(deadline=None)
def test_a_malformed_line_of_a_script_is_malformed(seed: int) -> None:
    line = Author(Random(seed)).malformed()
    assert line.count(b"\n") == 1
    with pytest.raises(codec.NotALine):
        codec.parse_server_line(line.removesuffix(b"\n").removesuffix(b"\r"))


# ---- the references --------------------------------------------------------------


@pytest.mark.parametrize("implementation", REFERENCES)
def test_a_reference_server_answers_every_line(implementation: str) -> None:
    out = StringIO()
    request = Request(role=Role.SERVER, implementation=implementation)
    status = running.fuzz(
        request, octets=60_000, seed=5, save=None, words=WORDS, out=out, as_json=True
    )
    data = json.loads(out.getvalue())
    assert (status, data["failure"]) == (Status.PASSED, None)
    assert data["counts"]["octets"] >= 60_000
    assert data["counts"]["lines"] > 500


@pytest.mark.parametrize("implementation", REFERENCES)
@pytest.mark.parametrize("ending", Ending)
def test_a_reference_client_survives(implementation: str, ending: Ending) -> None:
    """One script of each ending, so that none depends on the luck of a seed."""
    testee = from_implementation(Role.CLIENT, implementation)
    broken, _ = client.attempt(testee, script_that_ends(ending))
    assert broken is None


def script_that_ends(ending: Ending) -> Script:
    author = Author(Random(8))
    while (script := author.script()).ending is not ending or script.answer is None:
        pass
    return script.with_lines(script.lines[:200])


# ---- what it finds -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rules_that_may_be_blamed"),
    [
        ("one_read_one_line", {"FRAME-3"}),
        ("strips_blanks", {"FRAME-4", "PUBLIC-1", "PUBLIC-2", "PRIVATE-1"}),
        ("no_echo", {"PUBLIC-1", "ORDER-1", "ORDER-2"}),
    ],
)
def test_a_wrong_server_is_found_out_with_little(
    name: str, rules_that_may_be_blamed: set[str], tmp_path: Path
) -> None:
    file, out = tmp_path / "found.txt", StringIO()
    request = Request(role=Role.SERVER, command=zoo(name, Role.SERVER))
    status = running.fuzz(
        request,
        octets=200_000,
        seed=1,
        save=file,
        words=WORDS,
        out=out,
        as_json=True,
    )
    failure = json.loads(out.getvalue())["failure"]
    assert status is Status.FAILED
    assert failure["broken"]["rule"] in rules_that_may_be_blamed
    assert failure["seen"] == failure["confirmations"]
    assert 0 < len(read_session(file).steps) <= 25


def test_a_wrong_client_is_found_out() -> None:
    testee = from_command(Role.CLIENT, zoo("quotes_the_line_it_refuses", Role.CLIENT))
    amount, failure = client.fuzz_client(testee, octets=2_000_000, seed=1)
    assert failure is not None, amount
    assert failure.broken.rule == "SAFE-1"
    assert failure.seen == CONFIRMATIONS


def test_growth_past_the_bound_is_a_failure() -> None:
    amount = server.Amount(octets=10, growth=server.GROWTH + 1)
    failure = server.too_much(amount)
    assert failure.broken.rule == "SLOW-2"


def test_without_a_client_there_is_no_verdict() -> None:
    out = StringIO()
    request = Request(
        role=Role.CLIENT, command="no-such-program {address} {port} {nick}"
    )
    status = running.fuzz(
        request, octets=1, seed=None, save=None, words=WORDS, out=out, as_json=False
    )
    assert status is Status.NO_VERDICT
    assert "cannot start" in " ".join(out.getvalue().split())
