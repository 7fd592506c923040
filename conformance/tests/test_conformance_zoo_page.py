"""The page of the kill matrix."""

import json
import re
from pathlib import Path

import pytest
from made_up_matrix import matrix
from test_conformance_pages import Page

from batepapo_conformance.forms import CannotTell, Forms
from batepapo_conformance.spec import load
from batepapo_conformance.words import Language
from batepapo_conformance.zoo_page import is_matrix, page, write_page


def shown() -> str:
    return page(matrix(), load(), Language.ENGLISH)


def test_each_rule_stands_with_the_specimens_that_break_it() -> None:
    row = re.search(r'<th scope="row">PUBLIC-1.*?</tr>', shown(), re.DOTALL)
    assert row is not None
    assert "no_echo" in row[0]
    assert "echo_lost" in row[0]
    assert "no_owner" not in row[0]


def test_a_specimen_opens_what_it_does_and_which_checks_find_it() -> None:
    [story] = re.findall(
        r'<section popover id="specimen-no_echo".*?</section>', shown(), re.DOTALL
    )
    said = Page(story).text
    for words in (
        "It does no_echo.",
        "O programa faz no_echo.",
        "Because <b>.",
        "test_echo",
    ):
        assert words in said


def test_what_is_lacking_stands_first_and_is_not_filtered_out() -> None:
    text = shown()
    assert text.index("no check fails") < text.index("<table>")
    row = re.search(r'<tr[^>]*><th scope="row">ENTER-3.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert 'class="fine"' not in row[0]
    assert "✗" in row[0]
    nobody = re.search(r'<tr[^>]*><th scope="row">ENTER-4.*?</tr>', text, re.DOTALL)
    assert nobody is not None
    assert "no specimen breaks it" in nobody[0]


def test_it_counts() -> None:
    text = Page(shown()).text
    assert "8 of 9 mistakes are found and named." in text
    assert "1 of 1 odd but legal programs pass." in text


def test_it_is_whole_and_needs_no_network() -> None:
    text = shown()
    found = Page(text)
    ids = found.all("id")
    assert len(ids) == len(set(ids))
    assert set(found.all("popovertarget")) <= set(ids)
    assert re.findall(r'(?: src| action)=| href="(?!#)', text) == []
    assert "https://" not in text


def test_it_is_written_from_a_file(tmp_path: Path) -> None:
    file, html = tmp_path / "matrix.json", tmp_path / "zoo.html"
    file.write_text(json.dumps(matrix()), encoding="utf-8")
    assert is_matrix(file)
    write_page([file], Forms(html=html))
    assert "no_echo" in html.read_text(encoding="utf-8")


@pytest.mark.parametrize("lacking", ["specimens", "checks", "complete"])
def test_a_part_of_a_matrix_is_refused(lacking: str, tmp_path: Path) -> None:
    file = tmp_path / "matrix.json"
    part = {name: said for name, said in matrix().items() if name != lacking}
    file.write_text(json.dumps(part), encoding="utf-8")
    with pytest.raises(CannotTell, match="not a whole matrix"):
        write_page([file], Forms(html=tmp_path / "zoo.html"))


def test_other_files_are_not_taken_for_one(tmp_path: Path) -> None:
    for text in ("", "[]", '{"format": "batepapo/result/1"}'):
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        assert not is_matrix(tmp_path / "x.json")
