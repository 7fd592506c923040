"""Two files side by side: what is aligned, what is lit, what is folded."""

import html
import re

import pytest

from batepapo_conformance.words import Language
from batepapo_site import beside
from batepapo_site.beside import Pair
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble

ENGLISH = Place("explanation/threads-and-tasks.md", Language.ENGLISH)
PORTUGUESE = Place("explanation/threads-and-tasks.md", Language.PORTUGUESE)


def test_a_line_stands_beside_the_same_one_that_awaits() -> None:
    left = ["def f() -> None:", "    g()", "x = 1"]
    right = ["async def f() -> None:", "    await g()", "y = 2", "x = 1"]
    assert beside.pairs(left, right) == [
        Pair(0, 0, True),
        Pair(1, 1, True),
        Pair(None, 2, True),
        Pair(2, 3, False),
    ]


def test_what_is_the_same_is_folded_except_around_what_differs() -> None:
    left = [f"x{number} = 0" for number in range(20)]
    right = [*left[:10], "y = 1", *left[11:]]
    told = [
        (folded, len(part)) for folded, part in beside.parts(beside.pairs(left, right))
    ]
    assert told == [(True, 7), (False, 7), (True, 6)]


def test_a_few_lines_are_not_worth_folding() -> None:
    left = ["a", *"bcdefghi", "z"]
    right = ["A", *"bcdefghi", "Z"]
    assert [folded for folded, _ in beside.parts(beside.pairs(left, right))] == [False]


@pytest.mark.parametrize(
    "file",
    [
        file.name
        for file in beside.FOLDERS[0].glob("*.py")
        if (beside.FOLDERS[1] / file.name).is_file()
    ],
)
def test_no_line_of_either_file_is_lost(file: str) -> None:
    texts = [
        (folder / file).read_text("utf-8").splitlines() for folder in beside.FOLDERS
    ]
    made = beside.beside(file, ENGLISH)
    if texts[0] == texts[1]:
        assert "Both have the same" in made
        return
    found = beside.pairs(*texts)
    for side, lines in enumerate(texts):
        numbers = [pair[side] for pair in found if pair[side] is not None]
        assert numbers == list(range(len(lines)))
    shown = html.unescape(re.sub(r"<[^>]*>", "", made))
    for line in {line for lines in texts for line in lines if line.strip()}:
        assert line in shown


def test_difference_is_not_by_colour_alone() -> None:
    made = beside.beside("server.py", ENGLISH)
    marked = re.findall(r'<mark class="differs">(.*?)</mark>', made, re.DOTALL)
    assert marked
    assert all("≠" in one for one in marked)
    assert "server.py, with threads" in made
    assert "server.py, with tasks" in made


def test_words_that_differ_are_lit_in_lines_that_belong_together() -> None:
    ours, theirs = beside._different("    def run(self):", "    async def run(self):")
    assert ours == set()
    assert theirs == set(range(4, 10))  # "async "
    assert beside._different("x = 1", "while True:") == (set(), set())


def test_it_is_told_in_portuguese() -> None:
    made = beside.beside("server.py", PORTUGUESE)
    assert "server.py, com tasks" in made
    assert "linhas iguais nas duas" in made


@pytest.mark.parametrize("name", ["nothing.py", "../ruff.toml", "mailbox.py"])
def test_a_file_that_not_both_have_is_trouble(name: str) -> None:
    with pytest.raises(Trouble, match=f"has no {name}"):
        beside.beside(name, ENGLISH)
