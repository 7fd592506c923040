"""What the suite's README says about it is so."""

import re
from pathlib import Path

import pytest

import batepapo_conformance
from batepapo_conformance.runner import CHECKS
from batepapo_conformance.testee import Role, from_file

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PACKAGE = Path(batepapo_conformance.__file__).parent


def test_every_module_has_its_row_and_every_row_its_module() -> None:
    table = README.split("## Modules")[1].split("## How")[0]
    rows = set(re.findall(r"`(\w+\.py)`", table))
    modules = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert rows == modules


def test_the_testee_file_that_it_shows_can_be_read(tmp_path: Path) -> None:
    [text] = re.findall(r"(?s)```toml\n(.*?)```", README)
    file = tmp_path / "testee.toml"
    file.write_text(text, encoding="utf-8")
    testee = from_file(Role.SERVER, file)
    assert testee.has("entry-timeout", "lang")
    checks = "\n".join(path.read_text("utf-8") for path in CHECKS.rglob("test_*.py"))
    for name in testee.known_failures:
        assert name in checks


@pytest.mark.parametrize("helper", ["participant", "connect"])
def test_the_check_that_it_shows_uses_what_there_is(helper: str) -> None:
    assert f"server.{helper}(" in README
    server = (PACKAGE / "server.py").read_text(encoding="utf-8")
    assert f"    def {helper}(" in server
