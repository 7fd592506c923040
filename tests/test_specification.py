"""The specification against itself, and against the checks that it drives."""

import functools
import json
import re
import subprocess
import sys
import tomllib
from typing import Any, Final

import pytest
from batepapo_conformance import spec
from batepapo_conformance.codec import LINE
from batepapo_conformance.generated import table
from batepapo_conformance.testee import CONTRACT_OPTIONS, Role
from batepapo_conformance.words import Language

SPECIFICATION = spec.load()
ID = re.compile(r"\b[A-Z]+-\d+\b")
# What looks like an id and is none: standards, hashes, character sets.
NO_ID = re.compile(r"\b(RFC|BCP|UTF|SHA|ISO|IPV|CVE|WCAG)-?\d+\b")


@functools.cache
def listed(role: Role) -> list[dict[str, Any]]:
    """Every check of a role, as the suite itself lists it."""
    command = [sys.executable, "-m", "batepapo", "check", role, "--list", "--json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    checks = json.loads(done.stdout)
    assert isinstance(checks, list)
    return checks


@pytest.mark.parametrize("role", Role)
def test_every_must_and_should_of_a_role_has_a_check_for_it(role: Role) -> None:
    cited = {name for check in listed(role) for name in check["ids"]}
    owed = [one.id for one in SPECIFICATION.obliging(role)]
    lacking = [name for name in owed if name not in cited]
    assert not lacking, f"no {role} check cites {', '.join(lacking)}"


@pytest.mark.parametrize("role", Role)
def test_every_check_cites_ids_that_exist(role: Role) -> None:
    for check in listed(role):
        unknown = set(check["ids"]) - SPECIFICATION.requirements.keys()
        assert check["ids"], f"{check['name']} cites nothing"
        assert not unknown, f"{check['name']} cites unknown {unknown}"


@functools.cache
def prose() -> str:
    """All of the specification's text as one line, without the marks of its blocks."""
    pages = [page.read_text("utf-8") for page in spec.folder().rglob("*.md")]
    lines = [line.lstrip("> ") for page in pages for line in page.splitlines()]
    return " ".join(" ".join(lines).split())


@pytest.mark.parametrize("role", Role)
def test_what_a_check_quotes_is_what_the_specification_says(role: Role) -> None:
    for check in listed(role):
        quotes = re.findall("“([^”]*)”", check["sentence"])
        assert quotes, f"{check['name']} quotes nothing"
        for quote in quotes:
            # What is left out stands as `...`, or in brackets with or without words.
            for part in re.split(r"\[[^\]]*\]|\.\.\.", quote):
                words = part.strip(" .,;")
                assert words in prose(), f"{check['name']}: {words}"


@pytest.mark.parametrize("role", Role)
def test_a_check_is_about_rules_that_bind_its_role(role: Role) -> None:
    for check in listed(role):
        rules = [SPECIFICATION.requirements[name] for name in check["ids"]]
        assert any(rule.binds(role) for rule in rules), check["name"]


@pytest.mark.parametrize("role", Role)
def test_names_of_checks_are_unique(role: Role) -> None:
    names = [check["name"] for check in listed(role)]
    assert len(names) == len(set(names))


def test_the_generated_tables_are_up_to_date() -> None:
    command = [sys.executable, "-m", "batepapo_conformance.generated", "--check"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{done.stderr}\npython -m ... --write mends it"


def test_every_id_in_the_prose_exists() -> None:
    for path in sorted(spec.folder().rglob("*.md")):
        text = NO_ID.sub("", path.read_text(encoding="utf-8"))
        families = {name.split("-")[0] for name in SPECIFICATION.requirements}
        ids = {one for one in ID.findall(text) if one.split("-")[0] in families}
        unknown = ids - SPECIFICATION.requirements.keys()
        assert not unknown, f"{path.name} names {unknown}"


def test_every_id_in_the_data_exists() -> None:
    named = {one.rule for one in SPECIFICATION.limits.values()}
    named |= {one.rule for one in SPECIFICATION.errors.values()}
    named |= {one.rule for one in SPECIFICATION.causes.values()}
    named |= {one.rule for one in SPECIFICATION.states}
    for transcript in SPECIFICATION.transcripts.values():
        named |= set(transcript.shows)
    assert named <= SPECIFICATION.requirements.keys()


def test_sections_named_by_messages_exist() -> None:
    sections = {one.section for one in SPECIFICATION.requirements.values()}
    sections |= {one.split(".")[0] for one in sections}
    assert {one.section for one in SPECIFICATION.messages} <= sections


def test_every_message_is_a_rule_of_the_grammar() -> None:
    for message in SPECIFICATION.messages:
        rule = rf"(?m)^{message.rule}\s+="
        assert re.search(rule, SPECIFICATION.grammar), message.rule


def test_the_options_that_the_suite_knows_are_those_of_the_contract() -> None:
    text = (spec.folder() / "09-servers.md").read_text(encoding="utf-8")
    table = re.findall(r"(?m)^\| `--([a-z-]+)`", text)
    assert {*table, "ask"} == set(CONTRACT_OPTIONS[Role.SERVER])
    text = (spec.folder() / "10-clients.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`--([a-z-]+)", text))
    assert named == set(CONTRACT_OPTIONS[Role.CLIENT])


def test_the_suite_measures_lines_as_the_specification_does() -> None:
    assert SPECIFICATION.limits["line"].value == LINE


@pytest.mark.parametrize("name", SPECIFICATION.requirements)
def test_every_requirement_binds_somebody_and_gives_its_reason(name: str) -> None:
    requirement = SPECIFICATION.requirements[name]
    assert requirement.role in ("server", "client", "both")
    assert requirement.text
    assert requirement.why


# What a sentence of each level has to say, in both languages.
OBLIGES: Final = {
    "MUST": (r"\bMUST\b", r"\bDEVEM?\b"),
    "SHOULD": (r"\bSHOULD\b", r"\bDEVERIAM?\b"),
    "MAY": (r"\bMAY\b", r"\bPODEM?\b"),
}


@pytest.mark.parametrize("name", SPECIFICATION.requirements)
def test_a_sentence_says_that_it_obliges(name: str) -> None:
    requirement = SPECIFICATION.requirements[name]
    english, portuguese = OBLIGES[str(requirement.level)]
    assert re.search(english, requirement.text), requirement.text
    said = requirement.said_in(Language.PORTUGUESE).text
    assert re.search(portuguese, said), said


# ---- the tables in Portuguese -------------------------------------------------------

TABLES: Final = ("states", "commands", "errors", "causes", "limits")
# What stands for itself in both languages, beside what is marked as code.
NO_PROSE: Final = {"nick", "text", "software", "cause", "explanation"}


def rows(name: str) -> list[list[str]]:
    """The cells of a table, its head first."""
    head, _, *lines = table(name, SPECIFICATION).splitlines()
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in (head, *lines)
    ]


def is_prose(cell: str) -> bool:
    """Whether a cell has a word that somebody has to translate."""
    words = set(re.findall(r"[a-z]+", re.sub(r"`[^`]*`", "", cell)))
    return bool(words - NO_PROSE - SPECIFICATION.causes.keys())


def in_portuguese() -> dict[str, dict[str, str]]:
    """The heads and the cells of the tables, by the English ones."""
    file = spec.folder() / "pt" / "tables.toml"
    said: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return said


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_of_prose_is_there_in_portuguese(name: str) -> None:
    said = in_portuguese()
    head, *lines = rows(name)
    lacking = [cell for cell in head if cell not in said["heads"]]
    prose = {cell: None for line in lines for cell in line if is_prose(cell)}
    lacking += [cell for cell in prose if cell not in said["cells"]]
    assert not lacking, f"not in spec/pt/tables.toml: {lacking}"


def test_every_cell_in_portuguese_is_one_of_a_table() -> None:
    said = in_portuguese()
    tables = [rows(name) for name in TABLES]
    heads = {cell for head, *_ in tables for cell in head}
    cells = {cell for _, *lines in tables for line in lines for cell in line}
    left_over = said["heads"].keys() - heads | said["cells"].keys() - cells
    assert not left_over, f"no table has {sorted(left_over)}"
