"""Section 7: errors, as a client has to understand them."""

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import entered, left, participants, refused

_PLAIN = "porque sim"
_ODD = (
    "ERRO 03 fim, tempo, estado: sucesso",
    "?",
    "x" * 400,
    ": :: ana: /SAIR",
)


@requirement("ERROR-3")
def test_the_words_of_an_error_do_not_matter(stage: Stage) -> None:
    """“A client MUST NOT depend on the words of an explanation or reason”."""
    _is_understood(stage, _PLAIN, None)  # if this goes wrong, it is not for the words
    for words in _ODD:
        _is_understood(stage, words, "ERROR-3")


def _is_understood(stage: Stage, words: str, blamed: str | None) -> None:
    """Every line that has words for people has its effect, whatever they are."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana", words))
    ana.says("01", rule=blamed or "SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule=blamed or "TYPE-12")
    wire.send(participants("carla"), entered("beto"), left("carla", words))
    ana.shows("carla", rule=blamed or "SHOW-2")
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule=blamed or "TYPE-5")
    wire.send(refused("02", "ninguem", words))
    ana.says("02", rule=blamed or "SHOW-4")
    ana.types("oi")
    wire.expect(":oi", rule=blamed or "TYPE-9")
    wire.send(refused("03", "cheio", words))
    wire.half_close()
    ana.warns("ERRO 03", "cheio", rule=blamed or "SHOW-4")
    ana.exits(3, rule=blamed or "FAIL-5")
