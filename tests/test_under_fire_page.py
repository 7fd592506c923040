"""The page "Under fire" names every test that there is, and none that there is not."""

import re
from pathlib import Path

import pytest
from batepapo_conformance.runner import collect
from batepapo_conformance.testee import Role

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_page_names_what_there_is(language: str) -> None:
    page = (ROOT / "docs" / language / "evidence" / "under-fire.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    checks = {one.name for one in collect(Role.SERVER, ())}
    assert named - checks == named_in_the_folder()


def named_in_the_folder() -> set[str]:
    folder = ROOT / "tests" / "under_fire"
    programs = [path.read_text("utf-8") for path in folder.glob("test_*.py")]
    return set(re.findall(r"(?m)^def (test_\w+)", "\n".join(programs)))
