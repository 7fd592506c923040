"""Section 7: errors, as a client has to understand them."""

from collections.abc import Mapping

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import entered, left, participants, refused

# What the servers say that most clients are written against.
_USUAL = {
    "01": "este nick ja esta em uso (ENTER-3)",
    "02": "nao ha ninguem com este nick (PRIVATE-2)",
    "SAIU": "por vontade propria (LEAVE-1)",
    "03": "o servidor esta cheio (LIMIT-2)",
}
_ODD = (
    "porque sim",
    "ERRO 03 fim, tempo, estado: sucesso",
    "?",
    "x" * 400,
    ": :: ana: /SAIR",
)


@requirement("ERROR-3")
def test_the_words_of_an_error_do_not_matter(stage: Stage) -> None:
    """“A client MUST NOT depend on the words of an explanation or reason”."""
    _is_understood(stage, _USUAL, None)  # if this goes wrong, it is not for the words
    for words in _ODD:
        _is_understood(stage, dict.fromkeys(_USUAL, words), "ERROR-3")


def _is_understood(stage: Stage, words: Mapping[str, str], blamed: str | None) -> None:
    """Every line that has words for people has its effect, whatever they are."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana", words["01"]))
    ana.says("01", rule=blamed or "SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule=blamed or "TYPE-12")
    wire.send(participants("carla"), entered("beto"), left("carla", words["SAIU"]))
    ana.shows("carla", rule=blamed or "SHOW-2")
    ana.types("ninguem:oi")
    wire.expect("ninguem:oi", rule=blamed or "TYPE-5")
    wire.send(refused("02", "ninguem", words["02"]))
    ana.says("02", rule=blamed or "SHOW-4")
    ana.types("oi")
    wire.expect(":oi", rule=blamed or "TYPE-9")
    wire.send(refused("03", "cheio", words["03"]))
    wire.half_close()
    ana.warns("ERRO 03", "cheio", rule=blamed or "SHOW-4")
    ana.exits(3, rule=blamed or "FAIL-5")
