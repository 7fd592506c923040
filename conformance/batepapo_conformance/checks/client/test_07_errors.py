"""Section 7: errors, as a client has to understand them."""

import pytest

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import entered, left, participants, refused

_WORDS = {
    "misleading": "ERRO 03 fim, tempo, estado: sucesso",
    "one octet": "?",
    "400 octets": "x" * 400,
    "with colons": ": :: ana: /SAIR",
}


@requirement("ERROR-3")
@pytest.mark.parametrize("words", _WORDS.values(), ids=_WORDS.keys())
def test_the_words_of_an_error_do_not_matter(stage: Stage, words: str) -> None:
    """“A client MUST NOT depend on the words of an explanation or reason”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana", words))
    ana.says("01", rule="SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule="ERROR-3")
    wire.send(participants("carla"), entered("beto"), left("carla", words))
    ana.shows("carla", rule="SHOW-2")
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule="ERROR-3")
    wire.send(refused("02", "ninguem", words))
    ana.says("02", rule="ERROR-3")
    ana.types("oi")
    wire.expect(":oi", rule="ERROR-3")
    wire.send(refused("03", "cheio", words))
    wire.half_close()
    ana.warns("ERRO 03", "cheio", rule="ERROR-3")
    ana.exits(3, rule="ERROR-3")
