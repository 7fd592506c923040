"""What a check can say, and what it leaves behind: failures and exchanges."""

import json

import pytest

from batepapo_conformance.exchange import Event, Exchange, Kind
from batepapo_conformance.failure import RuleBroken, first_difference, visible


@pytest.mark.parametrize(
    ("expected", "actual", "at"),
    [
        (b"abc", b"abc", None),
        (b"abc", b"abd", 2),
        (b"abc", b"ab", 2),
        (b"ab", b"abc", 2),
        ("ENTROU <time> ana@-", b"ENTROU 12h ana@-", None),
        ("ENTROU <time> ana@-", b"ENTROU 12h Ana@-", 11),
        ("ENTROU <time> ana@-", b"SAIU 12h ana@-", 0),
        ("ERRO 01 ana :<explanation>", b"ERRO 01 ana :a b c", None),
        ("ERRO 01 ana :<explanation>", b"ERRO 02 ana :a b c", 6),
        ("the end of the stream", b"USUARIOS 0", None),
        ("<software>", b"", None),
    ],
)
def test_the_first_difference(
    expected: bytes | str, actual: bytes, at: int | None
) -> None:
    assert first_difference(expected, actual) == at
    assert RuleBroken("FRAME-1", expected, actual).at == at


def test_octets_are_shown_in_printable_ascii() -> None:
    assert visible(b"a\\\r\n\t\x00\xe3~") == r"a\\\r\n\t\x00\xE3~"


def test_a_timeline_fits_80_columns_and_joins_pieces() -> None:
    exchange = Exchange()
    exchange.note("ana", "connects")
    for octet in b"/ENTRAR ana\n":
        exchange.sent("ana", bytes([octet]))
    exchange.sent("ana", b":oi\n", pieces=4)
    exchange.received("ana", b"x" * 500 + b"\n")
    drawn = exchange.draw()
    assert max(map(len, drawn.splitlines())) <= 80
    assert "->    /ENTRAR ana" in drawn
    assert "(16 pieces)" in drawn


def drawn(octets: bytes) -> list[str]:
    """What a timeline shows of these octets, sent in one piece."""
    exchange = Exchange()
    exchange.sent("ana", octets)
    lines = exchange.draw().splitlines()
    assert max(map(len, lines)) <= 80
    return [line[27:] for line in lines]


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (b":oi\n:tchau\n", [":oi", ":tchau"]),
        (b":oi\rtchau\r\n", [r":oi\rtchau\r"]),
        (b"/ENTRAR ana \n", [r"/ENTRAR ana\x20"]),
        (b" \n\n", [r"\x20", r"\n"]),
        (b":oi", [":oi (no LF)"]),
        (b"a" * 512, ["a" * 30 + "... (512 octets, no LF)"]),
        (b"a" * 511 + b"\n", ["a" * 37 + "... (512 octets)"]),
        (b"a" * 99, ["a" * 42 + "... (no LF)"]),
        (b"a" * 99 + b"\n", ["a" * 50 + "..."]),
        (b"a" * 9999, ["a" * 50 + "...", "7951 octets more"]),
    ],
)
def test_what_cannot_be_seen_of_a_line_is_shown(
    octets: bytes, shown: list[str]
) -> None:
    assert drawn(octets) == shown


def test_a_flood_does_not_fill_the_memory_and_keeps_its_end() -> None:
    exchange = Exchange()
    for number in range(30_000):
        exchange.received("ana", b"%d\n" % number)
        exchange.sent("ana", b"x" * 10_000)
    events = exchange.events()
    assert len(events) < 7_000
    assert events[0].octets == b"0\n"
    assert events[-2].octets == b"29999\n"
    assert events[-1].size == 10_000
    assert len(exchange.draw().splitlines()) < 200


def test_kinds_of_events() -> None:
    exchange = Exchange()
    exchange.typed("ana", b"oi\n")
    exchange.shown("ana", b"ana: oi\n")
    exchange.warned("ana", b"ERRO 02\n")
    kinds = [event.kind for event in exchange.events()]
    assert kinds == [Kind.TYPED, Kind.SHOWN, Kind.WARNED]


def test_an_outline_joins_pieces_and_survives_json() -> None:
    exchange = Exchange()
    exchange.note("ana", "connects")
    for octet in b"/ENTRAR \xe3na\n":
        exchange.sent("ana", bytes([octet]))
    connects, sends = exchange.outline()
    assert (connects.kind, connects.text) == (Kind.NOTE, "connects")
    assert (sends.octets, sends.pieces, sends.size) == (b"/ENTRAR \xe3na\n", 12, 12)
    data = json.loads(json.dumps(sends.as_json()))
    assert Event.from_json(data) == Event.from_json(sends.as_json())
    assert Event.from_json(data).octets == sends.octets


def test_of_a_long_record_the_outline_keeps_both_ends() -> None:
    exchange = Exchange()
    for number in range(1000):
        exchange.note("ana", str(number))
    outline = exchange.outline()
    assert len(outline) == 121
    assert (outline[0].text, outline[-1].text) == ("0", "999")
    assert outline[60].text == "... 880 events ..."
