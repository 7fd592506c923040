"""The Portuguese sentences say what the English ones say, and reports use them."""

import ast
import functools
import io
import json
import re
import shutil
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from made_up_runs import FAILING, result, run

import batepapo_conformance
from batepapo_conformance import generated, grid, phrases, spec, translation
from batepapo_conformance.explain import explain
from batepapo_conformance.forms import Forms, tell
from batepapo_conformance.results import Broken, Verdict
from batepapo_conformance.story import draw_failure
from batepapo_conformance.words import Language, Words

SPECIFICATION = spec.load()
PACKAGE = Path(batepapo_conformance.__file__).parent
PORTUGUESE = Words(Language.PORTUGUESE)

every_rule = pytest.mark.parametrize("name", SPECIFICATION.requirements)
every_phrase = pytest.mark.parametrize("form", phrases.table())


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the specification, of which the command thinks it is the real one."""
    where = tmp_path / "spec"
    shutil.copytree(spec.folder(), where)
    monkeypatch.setattr(generated, "folder", lambda: where)
    return where


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


# ---- what is translated --------------------------------------------------------


def test_every_id_is_translated_and_no_other() -> None:
    table = translation.read(spec.folder()).requirements
    assert list(table) == list(SPECIFICATION.requirements)


def test_nothing_is_older_than_the_english() -> None:
    assert generated.untranslated(spec.folder()) == []


@every_rule
def test_code_ids_and_numbers_are_the_same_in_both_languages(name: str) -> None:
    rule = SPECIFICATION.requirements[name]
    other = rule.said_in(Language.PORTUGUESE)
    assert other.language is Language.PORTUGUESE
    for english, portuguese in ((rule.text, other.text), (rule.why, other.why)):
        for pattern in (r"`[^`]*`", r"\b[A-Z]+-\d+\b", r"(?<!\w)\d+"):
            assert found(pattern, english) == found(pattern, portuguese)


def found(pattern: str, text: str) -> Counter[str]:
    """How often what occurs; 10,000 is 10.000 in the other language."""
    return Counter(re.findall(pattern, re.sub(r"(?<=\d)[.,](?=000)", "", text)))


MEANING = {"DEVE": "MUST", "DEVERIA": "SHOULD", "PODE": "MAY"}


@every_rule
def test_it_obliges_as_much_as_the_english(name: str) -> None:
    rule = SPECIFICATION.requirements[name]
    said = rule.said_in(Language.PORTUGUESE).text
    english = found(r"\b(?:MUST NOT|SHOULD NOT|MUST|SHOULD|MAY)\b", rule.text)
    portuguese = Counter(
        f"{MEANING[word]} NOT" if no else MEANING[word]
        for no, word in re.findall(r"\b(NÃO )?(DEVE|DEVERIA|PODE)M?\b", said)
    )
    assert english == portuguese


# ---- what has changed since ----------------------------------------------------


def test_a_changed_sentence_is_noticed_and_its_translation_not_used(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(copy / "05-commands.md", "exactly one MUST get it", "one MUST get it")
    assert generated.main(["--check"]) == 1
    assert "ENTER-4 changed since it was translated\n" in capsys.readouterr().err
    rule = spec.read(copy).requirements["ENTER-4"]
    assert rule.said_in(Language.PORTUGUESE) == rule.english


def test_writing_the_tables_says_nothing_about_a_translation(copy: Path) -> None:
    change(copy / "05-commands.md", "a taken name is no reason", "a name is no reason")
    before = (copy / "pt" / "requirements.toml").read_bytes()
    assert generated.main(["--write"]) == 0
    assert (copy / "pt" / "requirements.toml").read_bytes() == before
    assert generated.untranslated(copy) == ["ENTER-3 changed since it was translated"]


def test_a_person_says_that_it_was_translated_again(copy: Path) -> None:
    change(copy / "05-commands.md", "a taken name is no reason", "a name is no reason")
    assert generated.main(["--translated", "ENTER-3"]) == 0
    assert generated.untranslated(copy) == []
    real = translation.read(spec.folder()).requirements
    now = translation.read(copy).requirements
    assert [name for name in real if now[name] != real[name]] == ["ENTER-3"]


def test_what_is_lacking_or_too_much_is_noticed(copy: Path) -> None:
    table = copy / "pt" / "requirements.toml"
    change(table, "[ENTER-3]", "[ENTER-99]")
    change(copy / "pt" / "titles.toml", '"Who is here?"', '"Who was here?"')
    assert generated.untranslated(copy) == [
        "ENTER-3 is not translated",
        "ENTER-99 is translated, and there is no such requirement",
        "the title “Who is here?” is not translated",
        "the title “Who was here?” is translated, and there is no such title",
    ]


def test_without_a_translation_everything_is_english(copy: Path) -> None:
    shutil.rmtree(copy / "pt")
    specification = spec.read(copy)
    rule = specification.requirements["ENTER-3"]
    assert rule.said_in(Language.PORTUGUESE) == rule.english
    assert "Why" not in explain("ENTER-3", specification, PORTUGUESE)
    assert len(generated.untranslated(copy)) > len(specification.requirements)


@pytest.mark.parametrize("arguments", [[], ["--translated"], ["--check", "ENTER-3"]])
def test_wrong_usage_is_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert generated.main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_an_id_that_does_not_exist_was_not_translated(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (copy / "pt" / "requirements.toml").read_bytes()
    assert generated.main(["--translated", "ENTER-3", "ENTER-99"]) == 2
    assert "there is no requirement ENTER-99" in capsys.readouterr().err
    assert (copy / "pt" / "requirements.toml").read_bytes() == before


@pytest.mark.parametrize("wrong", ["[ENTER-3", "[ENTER-3]\ntext = 'x'\n", "x = 1\n"])
def test_a_file_in_another_form_is_said(
    wrong: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "pt" / "requirements.toml").write_text(wrong, encoding="utf-8")
    assert generated.main(["--check"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


# ---- what is told --------------------------------------------------------------


@every_rule
def test_every_requirement_is_explained_in_portuguese(name: str) -> None:
    text = explain(name, SPECIFICATION, PORTUGUESE)
    rule = SPECIFICATION.requirements[name]
    said = rule.said_in(Language.PORTUGUESE)
    plain = " ".join(text.split())
    for words in (said.text, f"Por quê: {said.why}", said.title):
        assert words in plain
    assert rule.text not in plain
    assert "O texto em inglês é o que decide." in plain
    assert max(map(len, text.splitlines())) <= 80


def test_the_transcript_that_explains_has_a_portuguese_title() -> None:
    assert "O nick está ocupado" in explain("ENTER-3", SPECIFICATION, PORTUGUESE)


def test_a_portuguese_report_quotes_portuguese() -> None:
    out = io.StringIO()
    tell([FAILING], Forms(words=PORTUGUESE), out)
    text = " ".join(out.getvalue().split())
    assert "Todos DEVEM receber `PUBLICA time origin :text`" in text
    assert "Everyone MUST receive" not in text
    assert "o texto em inglês da especificação é o que decide" in text


def test_an_english_report_quotes_english() -> None:
    out = io.StringIO()
    tell([FAILING], Forms(words=Words(Language.ENGLISH)), out)
    assert "Everyone MUST receive" in out.getvalue()
    assert "DEVEM" not in out.getvalue()


def test_a_page_quotes_both_and_shows_one() -> None:
    text = grid.page([FAILING], ["x"], SPECIFICATION, Language.PORTUGUESE)
    rule = SPECIFICATION.requirements["PUBLIC-1"]
    for language in Language:
        said = rule.said_in(language).text.split("`")[0]
        quote = rf'<blockquote class="said" lang="{language}">.*?{re.escape(said)}'
        assert re.search(quote, text, re.DOTALL)
    assert '<span class="said" lang="pt">:text: dizer a todos</span>' in text


def test_results_for_programs_stay_english() -> None:
    out = io.StringIO()
    tell([FAILING], Forms(json=True, words=PORTUGUESE), out)
    assert "DEVEM" not in out.getvalue()
    rule = json.loads(json.dumps(asdict(SPECIFICATION.requirements["ENTER-3"])))
    assert rule["text"].startswith("If a participant")
    assert rule["portuguese"]["text"].startswith("Se um participante")


# ---- what checks say -----------------------------------------------------------


@functools.cache
def phrases_of_the_suite() -> set[str]:
    """Every string in the suite's source; whatever is put into one is `{}`."""
    said: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    said.add(text)
                case ast.JoinedStr(values=parts):
                    said.add("".join(map(literal, parts)))
    return said | {one for text in said for one in re.split(r"(?<=\.) ", text)}


def literal(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def without_names(form: str) -> str:
    return re.sub(r"\{(?!quit\})\w+\}", "{}", form)


@every_phrase
def test_every_form_is_one_that_the_suite_uses(form: str) -> None:
    assert without_names(form) in phrases_of_the_suite()


@every_phrase
def test_a_form_and_its_translation_have_the_same_values(form: str) -> None:
    told = phrases.table()[form]
    for pattern in (r"\{\w+\}", r"`[^`]*`", r"<\w+>"):
        assert Counter(re.findall(pattern, form)) == Counter(re.findall(pattern, told))


@every_phrase
def test_a_form_is_told_as_the_table_says(form: str) -> None:
    value = "Ana-1"
    english, portuguese = (
        re.sub(r"\{(?!quit\})\w+\}", value, one)
        for one in (form, phrases.table()[form])
    )
    assert phrases.told(english, Language.PORTUGUESE) == portuguese
    assert phrases.told(english, Language.ENGLISH) == english


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("nothing for 2 s", "nada durante 2 s"),
        ("the end of the stream and LF", "o fim do fluxo e LF"),
        (
            "a line of standard error with `ERRO 03` and `fim`",
            "uma linha da saída de erro com `ERRO 03` e `fim`",
        ),
        (
            "Something unheard of. Seen as ENTER-1.",
            "Something unheard of. Visto como ENTER-1.",
        ),
        (
            "The testee (server) has ended by itself, with status 1.",
            "O programa avaliado (server) terminou por conta própria, "
            "com código de saída 1.",
        ),
        (
            "a line of standard error or standard output with `x`",
            "uma linha da saída de erro ou saída padrão com `x`",
        ),
        (
            "LF alone ends a line. The testee (a) has ended by itself, with status 1. "
            "The testee (b) has ended by itself, with signal 9.",
            "Só um LF termina uma linha. O programa avaliado (a) terminou por conta "
            "própria, com código de saída 1. O programa avaliado (b) terminou por "
            "conta própria, com sinal 9.",
        ),
        ("In the line `Oi. Tudo bem`.", "Na linha `Oi. Tudo bem`."),
        ("PUBLICA <time> <origin> :nothing", "PUBLICA <time> <origin> :nothing"),
        ("", ""),
    ],
)
def test_phrases_are_put_together(english: str, portuguese: str) -> None:
    assert phrases.told(english, Language.PORTUGUESE) == portuguese


def test_what_a_testee_sent_is_never_translated() -> None:
    broken = Broken("PUBLIC-1", "nothing", "nothing", actual_is_octets=True)
    failed = replace(result("PUBLIC-1", Verdict.FAILED), broken=broken)
    text = draw_failure(failed, SPECIFICATION, PORTUGUESE)
    assert "esperado  nada" in text
    assert "recebido  nothing" in text
    page = grid.page([run(failed)], ["x"], SPECIFICATION, Language.PORTUGUESE)
    assert "<dd><code>nothing" in page
    words = replace(failed, broken=replace(broken, actual_is_octets=False))
    assert "recebido  nada" in draw_failure(words, SPECIFICATION, PORTUGUESE)


def test_of_what_a_testee_wrote_only_the_heading_is_told() -> None:
    wrote = "server, standard error (8 octets), its end:\n  nothing\n  a nick"
    failed = replace(result("PUBLIC-1", Verdict.FAILED), output=wrote)
    text = draw_failure(failed, SPECIFICATION, PORTUGUESE)
    assert "server, saída de erro (8 octetos), o fim:\n    nothing\n    a nick" in text


def test_why_there_is_no_verdict_is_told() -> None:
    reason = "the testee is not known to have an option for rate"
    judged = replace(result("LIMIT-4", Verdict.NO_VERDICT), reason=reason)
    out = io.StringIO()
    tell([run(judged)], Forms(words=PORTUGUESE), out)
    assert "1 x não se sabe de uma opção do programa avaliado para rate" in (
        " ".join(out.getvalue().split())
    )
