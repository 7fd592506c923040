"""The pages of the reference: nothing is left out, nothing is said twice."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from batepapo_conformance.spec import load
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Language, table
from batepapo_labs import lessons
from batepapo_site import markdown, words
from batepapo_site.here import Place
from batepapo_site.reference import (
    api,
    commands,
    errors,
    labs,
    mistakes,
    reports,
    requirements,
    transcripts,
    whole,
)
from batepapo_site.reference.printed import printed
from batepapo_site.specification import chapters
from batepapo_site.trouble import Trouble
from batepapo_zoo.catalogue import specimens

PAGE = {one: Place("reference/requirements.md", one) for one in Language}
EACH = pytest.mark.parametrize("language", Language)


def anchors(text: str) -> list[str]:
    return [one.slug for one in markdown.headings(text)]


def test_both_languages_have_the_same_words() -> None:
    english, portuguese = (table(one, words.WORDS) for one in Language)
    assert english.keys() == portuguese.keys()


# ---- requirements ----


@EACH
def test_every_requirement_has_its_anchor_its_sentence_and_what_breaks_it(
    language: Language,
) -> None:
    made = requirements.requirement_cards("", PAGE[language])
    found = anchors(made)
    assert len(set(found)) == len(found)
    ids = [one for one in found if one in load().requirements]
    assert ids == list(load().requirements)
    for check in requirements.checks():
        assert f"`{check.name}`" in made, check.name
    for one in specimens().values():
        assert f"`{one.name}`" in made
        assert one.does[language] in made


@EACH
def test_the_table_of_requirements_has_a_row_for_each(language: Language) -> None:
    made = requirements.requirement_table("", PAGE[language])
    ids = re.findall(r"^\| \[([A-Z]+-\d+)\]\(#\1\)", made, re.MULTILINE)
    assert ids == list(load().requirements)


def test_links_of_the_index_lead_to_headings_that_there_are() -> None:
    made = requirements.requirement_cards("", PAGE[Language.PORTUGUESE])
    for file, anchor in set(re.findall(r"specification/(\S+?\.md)#([\w-]+)\)", made)):
        if file.startswith("transcripts/"):
            assert anchor in load().transcripts
        else:
            text = (whole.telling.ROOT / "spec" / file).read_text(encoding="utf-8")
            assert anchor in anchors(text)


def test_a_must_without_a_check_of_each_role_that_it_binds_is_told() -> None:
    every = load().requirements
    assert requirements.untested(every.values(), requirements.checks()) == []
    new = replace(every["ENTER-3"], id="ENTER-99")
    assert requirements.untested([new], requirements.checks()) == [
        "ENTER-99: a MUST, and no check of a server cites it"
    ]
    both = replace(every["FRAME-1"], id="FRAME-99")
    assert len(requirements.untested([both], requirements.checks())) == 2
    only = [one for one in requirements.checks() if one.role is Role.SERVER]
    assert requirements.untested([every["FRAME-1"]], only) == [
        "FRAME-1: a MUST, and no check of a client cites it"
    ]
    may = next(one for one in every.values() if one.level == "MAY")
    assert requirements.untested([replace(may, id="MAY-1")], []) == []


def test_a_must_without_a_check_lets_no_page_be_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = [one for one in requirements.checks() if "ENTER-3" not in one.ids]
    monkeypatch.setattr(requirements, "checks", lambda: tuple(listed))
    with pytest.raises(Trouble, match="ENTER-3: a MUST, and no check of a server"):
        requirements.requirement_cards("", PAGE[Language.ENGLISH])


def test_labs_are_told_with_the_requirements_that_they_are_about() -> None:
    made = requirements.requirement_cards("", PAGE[Language.ENGLISH])
    for lab in lessons.load().lessons.values():
        for rule in lab.about:
            card = made.partition(f"{{ #{rule} }}")[2].partition("\n### ")[0]
            assert f"[lab {lab.number}](../labs/{lab.name}.md)" in card, rule


def test_who_finds_a_mutant_is_read_from_the_kill_matrix() -> None:
    told = mistakes.told(
        mistakes.breaking("PUBLIC-1"), words.words(Language.PORTUGUESE)
    )
    assert re.search(r"`no_echo` · servidor · .* \(achado por \d+ verificaç", told)


# ---- errors ----


@EACH
def test_every_error_has_its_anchor_and_what_is_printed(language: Language) -> None:
    made = errors.error_cards("", PAGE[language])
    found = anchors(made)
    assert len(set(found)) == len(found)
    for code in load().errors:
        assert f"error-{code}" in found
        for one in Language:
            lines = printed(code, one)
            assert {each.program for each in lines} == {
                "batepapo_threaded",
                "batepapo_asyncio",
            }
            for each in lines:
                assert each.line.startswith(f"ERRO {code}")
                assert each.line in made


def test_a_cause_leads_to_the_transcripts_in_which_a_server_says_it() -> None:
    # In `15-spaces-and-colons` it is what somebody says.
    made = errors.error_cards("", PAGE[Language.ENGLISH])
    assert re.search(r"\| `fim` .*\| – \|", made)
    assert re.search(r"\| `cheio` .*\[29-server-full\]", made)


def test_an_excerpt_ends_with_what_the_connection_has_to_do_with() -> None:
    steps = ["a -> x", "b <- y", "a <- ERRO 01 x :e", "a -> z", "b <- y", "a <- z"]
    assert errors.excerpt(steps, "ERRO 01 ") == steps[:4]


# ---- command line ----


@EACH
def test_every_command_has_a_heading_and_its_options(language: Language) -> None:
    made = commands.command_line("", PAGE[language])
    found = anchors(made)
    assert len(set(found)) == len(found)
    assert {"check-server", "check-client", "lab-start", "grade", "judge"} <= {*found}
    assert "<code>--only WHAT</code>" in made
    assert "<code>--lang [en&#124;pt]</code>" in made


@EACH
@pytest.mark.parametrize("role", ["server", "client"])
def test_both_reference_programs_have_the_same_options(
    language: Language, role: str
) -> None:
    threads, tasks = (
        commands.help_of(one, role, language) for one in ("threaded", "asyncio")
    )
    options = set(re.findall(r"--[a-z-]+", threads)) - {"--version"}
    assert options
    assert options == set(re.findall(r"--[a-z-]+", tasks)) - {"--version"}


def test_the_help_of_a_program_is_in_the_language_of_the_page() -> None:
    assert "segundos para entrar" in commands.programs(
        "threaded server", PAGE[Language.PORTUGUESE]
    )
    assert "seconds to enter" in commands.programs(
        "threaded server", PAGE[Language.ENGLISH]
    )


# ---- reports ----


@EACH
def test_every_field_of_a_schema_is_told_with_what_it_means(language: Language) -> None:
    made = reports.schemas("", PAGE[language])
    for file in reports.files():
        schema = json.loads(file.read_text(encoding="utf-8"))
        for part in (schema, *schema["$defs"].values()):
            for name, one in part["properties"].items():
                assert f"| `{name}` |" in made
                assert " ".join(one["description"].split())[:40] in made


def test_an_example_that_its_schema_does_not_allow_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (schema,) = (one for one in reports.files() if one.name == "result-1.json")
    example = json.loads(reports.example(schema))
    monkeypatch.setattr(reports, "EXAMPLES", tmp_path)
    with pytest.raises(Trouble, match=r"there is no result-1\.json"):
        reports.example(schema)
    del example["seconds"]
    (tmp_path / "result-1.json").write_text(json.dumps(example), "utf-8")
    with pytest.raises(Trouble, match="'seconds' is a required property"):
        reports.example(schema)


# ---- packages ----


@pytest.mark.parametrize("package", ["threaded", "asyncio"])
def test_every_module_of_a_package_is_told_in_reading_order(package: str) -> None:
    made = api.api(package, PAGE[Language.ENGLISH])
    names = re.findall(rf"^::: batepapo_{package}\.(\w+)$", made, re.MULTILINE)
    folder = api._PACKAGES[package]
    assert sorted(names) == sorted(
        file.stem for file in folder.glob("*.py") if file.stem != "__init__"
    )
    assert names[:4] == ["limits", "errors", "messages", "lines"]


def test_a_module_that_the_reading_order_forgets_stands_at_the_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "__init__.py").write_text('"""Reading order: `b`, `a`."""\n')
    for name in "abc":
        (tmp_path / f"{name}.py").touch()
    assert api.in_reading_order(tmp_path) == ["b", "a", "c"]


def test_a_module_that_there_is_not_fails() -> None:
    assert "::: batepapo_conformance.judge.judgement" in api.api(
        "conformance", PAGE[Language.ENGLISH]
    )
    with pytest.raises(Trouble):
        api.api("nothing", PAGE[Language.ENGLISH])


# ---- the specification ----


@EACH
def test_every_transcript_is_there_under_its_name(language: Language) -> None:
    place = Place("reference/specification/transcripts/README.md", language)
    assert anchors(transcripts.transcripts("", place)) == list(load().transcripts)


@EACH
def test_the_whole_specification_has_every_chapter_and_no_anchor_twice(
    language: Language,
) -> None:
    made = whole.whole(language)
    headings = markdown.headings(made)
    found = [one.slug for one in headings]
    assert len(set(found)) == len(found)
    begins = [one.slug for one in headings if one.rank == 2]
    assert len(begins) == len(chapters())
    assert [one.rank for one in headings].count(1) == 1
    for one in re.findall(r"\]\(#([\w.-]+)\)", made):
        assert one in found, one
    for path in chapters():
        name = path.rpartition("/")[2]
        # But that to the first page of the chapters, in the introduction.
        assert made.count(f"]({name}") == int(name == "README.md")


def test_links_between_chapters_become_links_within_the_page() -> None:
    begins = {"04-states.md": "chapter-04-states", "05-commands.md": "chapter-05"}
    text = "# 4. S { #s }\n\n## A { #a }\n[x](#a) [y](05-commands.md) [z](q.md#r)\n"
    text += "[w](05-commands.md#b)\n\n```\n[x](#a)\n```"
    assert whole.within(text, "04-states.md", begins) == (
        "## 4. S { #chapter-04-states }\n\n### A { #chapter-04-states--a }\n"
        "[x](#chapter-04-states--a) [y](#chapter-05) [z](q.md#r)\n"
        "[w](#chapter-05--b)\n\n```\n[x](#a)\n```"
    )


# ---- labs ----


@EACH
def test_every_lab_is_in_the_table(language: Language) -> None:
    made = labs.labs("", Place("labs/index.md", language))
    for lab in lessons.load().lessons.values():
        link = f"[{lab.title[language]}](../labs/{lab.name}.md)"
        assert f"| {lab.number} | {link} | {lab.idea[language]} |" in made
