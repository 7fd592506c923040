"""Section 10.2: what a typed line is folded to, and what ends it."""

import random
import unicodedata

import pytest

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.plugin import requirement
from batepapo_conformance.spec import load

_TOLD = "that the line is not what was typed"
_REFUSED = "why the line was not sent"

# Letters whose folding needs more than the map: composed ones, compatibility
# forms, and what NFKD takes apart into several.
_NFKD = {
    "não é ação": "nao e acao",
    "ÀÉÎÕÜÇñ": "AEIOUCn",
    "a\u0301e\u0302": "ae",  # combining marks after their letters
    "ｏｉ": "oi",
    "ﬁm": "fim",
    "1\u00aa e 2\u00ba": "1a e 2o",
    "x\u00b2": "x2",
    "oi\u00a0oi": "oi oi",
    "espera…": "espera...",
    "①": "1",
    "Ⅳ": "IV",
}

# Left outside %x20-7E after the folding, or not text at all.
_UNSENDABLE = {
    "currency": "5 €".encode(),
    "emoji": "oi 🙂".encode(),
    "ideograph": "漢".encode(),
    "greek": "π".encode(),
    "enclosing mark": "a\u20dd".encode(),
    "fraction slash": "½".encode(),
    # What NFKD makes of these stands in the map, but the map's turn is over.
    "small em dash": "\ufe58".encode(),
    "l with middle dot": "\u0140".encode(),
    "escape": b"\x1b[31moi",
    "NUL": b"o\x00i",
    "DEL": b"oi\x7f",
    "backspace": b"oi\x08",
    "vertical tab": b"o\x0bi",
    "form feed": b"o\x0ci",
    "CR inside": b"o\ri",
    "two CR": b"oi\r",  # and one before the LF
    "NEL": "o\u0085i".encode(),
    "line separator": "o\u2028i".encode(),
    "not UTF-8": b"oi \xff\xfe",
    "UTF-8 cut short": b"oi \xc3",
    "Latin-1": "não".encode("latin-1"),
    "a surrogate": b"oi \xed\xa0\x80",
}


@requirement("TYPE-1")
def test_every_row_of_the_map_is_folded(stage: Stage) -> None:
    """“folded to ASCII as `folding.toml` says: its map, then ...”."""
    ana, wire = stage.enter("ana")
    for character, folded in load().folding.items():
        ana.types(f"a{character}b")
        wire.expect(f":a{folded}b", rule="TYPE-1")


@requirement("TYPE-1")
def test_compatibility_forms_and_marks_are_folded(stage: Stage) -> None:
    """“then NFKD, then combining marks are dropped”."""
    ana, wire = stage.enter("ana")
    for typed, folded in _NFKD.items():
        ana.types(typed)
        wire.expect(f":{folded}", rule="TYPE-1")


@requirement("TYPE-1")
def test_any_text_that_can_be_folded_is(stage: Stage, chance: random.Random) -> None:
    """“the folded line is used”."""
    ana, wire = stage.enter("ana")
    letters = [chr(code) for code in range(0xC0, 0x250) if _folds_to_letters(chr(code))]
    for _ in range(20):
        typed = "".join(chance.choices(letters, k=12))
        ana.types(typed)
        wire.expect(f":{_fold(typed)}", rule="TYPE-1")


@requirement("TYPE-1")
def test_the_user_is_told_that_a_line_was_folded(stage: Stage) -> None:
    """“If that changed anything, the user is told”."""
    ana, wire = stage.enter("ana")
    for typed, folded in (("não", "nao"), ("a\tb", "a b"), ("“oi”", '"oi"')):
        stage.settle(ana, wire)
        ana.types(typed)
        wire.expect(f":{folded}", rule="TYPE-1")
        ana.is_told_something(rule="TYPE-1", what=_TOLD)


@requirement("TYPE-1")
def test_a_line_is_folded_before_it_is_read(stage: Stage) -> None:
    """“A typed line MUST first be folded”."""
    ana, wire = stage.enter("ana", "beto")
    # As ASCII it understands them; so it is the folding.
    ana.types("beto:segredo", "/USUARIOS", ":a:b", " /USUARIOS")
    wire.expect("beto:segredo", rule="TYPE-5")
    wire.expect("/USUARIOS", rule="TYPE-2")
    wire.expect(":a:b", rule="TYPE-7")
    wire.expect("/USUARIOS", rule="TYPE-2")
    ana.types("ｂｅｔｏ：segredo", "\u00f7USUARIOS", "\ufeff:a:b", "\u00a0/USUARIOS")
    wire.expect("beto:segredo", rule="TYPE-1")
    wire.expect("/USUARIOS", rule="TYPE-1")
    wire.expect(":a:b", rule="TYPE-1")
    wire.expect("/USUARIOS", rule="TYPE-1")
    ana.types("ｑｕｉｔ")
    wire.expect_leave(rule="TYPE-3")


@requirement("TYPE-1")
@pytest.mark.parametrize("octets", _UNSENDABLE.values(), ids=_UNSENDABLE.keys())
def test_what_cannot_be_sent_is_not_sent(stage: Stage, octets: bytes) -> None:
    """“the line MUST NOT be sent; the user is told why”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    end = b"\r\n" if octets.endswith(b"\r") else b"\n"
    ana.types_octets(octets + end)
    ana.is_told_something(rule="TYPE-1", what=_REFUSED)
    ana.types("e agora")
    wire.expect(":e agora", rule="TYPE-1")


@requirement("TYPE-13")
def test_a_last_line_without_lf_counts(stage: Stage) -> None:
    """“A last typed line without an LF MUST count like any other”."""
    ana, wire = stage.enter("ana")
    ana.types_octets(b"um\ndois")
    ana.ends_input()
    wire.expect(":um", rule="TYPE-9")
    wire.expect(":dois", rule="TYPE-13")
    wire.expect_leave(rule="QUIT-1")


@requirement("TYPE-13")
def test_a_cr_before_the_lf_is_part_of_the_end(stage: Stage) -> None:
    """“a CR before the LF of a typed line MUST count as part of its end”."""
    ana = stage.start(None)
    ana.types_octets(b"ana\r\noi\r\nbeto:psiu\r\n/USUARIOS\r\n\r\nquit\r\n")
    wire = stage.greet("ana", rule="TYPE-13")
    stage.let_in(wire, "ana")
    wire.expect(":oi", rule="TYPE-13")
    wire.expect("beto:psiu", rule="TYPE-13")
    wire.expect("/USUARIOS", rule="TYPE-13")
    wire.expect_leave(rule="TYPE-13")


def _fold(text: str) -> str:
    """The folding of TYPE-1, of text whose outcome is ASCII."""
    mapped = "".join(load().folding.get(letter, letter) for letter in text)
    taken_apart = unicodedata.normalize("NFKD", mapped)
    kept = (letter for letter in taken_apart if unicodedata.category(letter) != "Mn")
    return "".join(kept)


def _folds_to_letters(character: str) -> bool:
    folded = _fold(character)
    return folded.isascii() and folded.isalpha()
