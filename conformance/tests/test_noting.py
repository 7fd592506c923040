"""Which blocks a specimen changes, and which a check reaches."""

import json

import pytest

from batepapo_conformance.results import Result
from batepapo_conformance.trials import FORKS, Extent, Tried, try_all
from batepapo_zoo.catalogue import specimens
from batepapo_zoo.noting import _touched, changed_blocks

SOURCE = """\
LIMIT = 10


def first(value):
    \"\"\"A docstring.\"\"\"
    if value > LIMIT:
        return 1
    elif value:
        value = 2
        return 2
    return 3


class Second:
    size = 5

    def third(self):
        for one in range(3):
            print(one)
        else:
            print("none")
"""


@pytest.mark.parametrize(
    ("old", "new", "blocks"),
    [
        ("LIMIT = 10", "LIMIT = 11", [None]),
        ("size = 5", "size = 6", [None]),
        ("def third(self):", "def third(self, more=1):", [None]),
        ("return 1", "return 9", [7]),
        ("if value > LIMIT", "if value >= LIMIT", [5]),
        ("elif value:", "elif not value:", [5]),
        ("        value = 2\n", "", [9]),
        ("        value = 2\n", "        value = 2\n        value += 1\n", [9]),
        ("    return 3\n", "    value = 3\n    return 3\n", [5]),
        ("        return 2\n", "        return 2\n    value = 1\n", [5]),
        ("            print(one)\n", "            print(1)\n", [19]),
        ('print("none")', "print()", [21]),
        ("    return 3\n", "    return 3\n\n\ndef more():\n    pass\n", [None]),
    ],
)
def test_a_change_belongs_to_the_block_around_it(
    old: str, new: str, blocks: list[int | None]
) -> None:
    assert SOURCE.count(old) == 1
    touched = _touched(SOURCE, SOURCE.replace(old, new))
    assert [one and one.first for one in touched] == blocks


def test_every_specimen_changes_something_that_can_be_reached() -> None:
    for one in specimens().values():
        assert changed_blocks(one) != set()


@pytest.mark.skipif(not FORKS, reason="this system does not fork")
def test_checks_are_left_out_that_cannot_tell_and_the_verdicts_are_the_same() -> None:
    chosen = [
        one
        for one in specimens().values()
        if one.base == "threaded" and one.rule in ("LIST-1", "LIST-2", "ENTER-3")
    ][:4]
    assert len(chosen) == 4

    def failed(extent: Extent) -> tuple[dict[str, list[str]], int]:
        done: dict[str, list[str]] = {}
        left_out = 0

        def told(tried: Tried) -> None:
            nonlocal left_out
            assert tried.faults == []
            results = [Result.from_json(json.loads(text)) for text in tried.results]
            broken = [one.full_name for one in results if one.broken is not None]
            done[tried.specimen.name] = sorted(broken)
            left_out += tried.left_out

        only = ["LIST-1", "GREET-1"]
        try_all(chosen, jobs=4, seed=1, extent=extent, only=only, told=told)
        return done, left_out

    thorough, nothing_left_out = failed(Extent.THOROUGH)
    assert nothing_left_out == 0
    assert any(thorough.values())
    whole, left_out = failed(Extent.WHOLE)
    assert whole.pop("threaded") == []  # the reference itself
    assert whole == thorough
    assert left_out > 0
