"""The zoo says what it should, and each specimen can be put in."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from batepapo_conformance.spec import load
from batepapo_zoo.catalogue import (
    BadSpecimen,
    Change,
    Specimen,
    specimen,
    specimens,
)
from batepapo_zoo.changed import apply

ALL = specimens()


def source_of(specimen: Specimen, file: str) -> str:
    package = find_spec(specimen.package)
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ALL)
def test_a_specimen_differs_from_its_reference_and_is_still_python(name: str) -> None:
    specimen = ALL[name]
    assert specimen.changes
    for file in dict.fromkeys(change.file for change in specimen.changes):
        changes = [change for change in specimen.changes if change.file == file]
        source = source_of(specimen, file)
        changed = apply(source, changes)
        assert changed != source
        compile(changed, file, "exec")


@pytest.mark.parametrize("name", ALL)
def test_a_specimen_names_a_rule_that_binds_it(name: str) -> None:
    specimen = ALL[name]
    assert load().requirements[specimen.rule].binds(specimen.role)


def test_lines_that_are_not_there_just_once_are_refused() -> None:
    with pytest.raises(BadSpecimen, match="0 times"):
        apply("a = 1\n", [Change("room.py", "b = 1", "b = 2")])
    with pytest.raises(BadSpecimen, match="2 times"):
        apply("a = 1\na = 1\n", [Change("room.py", "a = 1", "a = 2")])


def test_the_zoo_lists_itself() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "batepapo_zoo"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split()[0] for line in run.stdout.splitlines()] == list(ALL)


def test_a_name_that_is_not_there_is_said_and_ends_with_status_2() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "batepapo_zoo", "unicorn", "127.0.0.1", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "no unicorn" in run.stderr


def test_one_is_found_without_reading_all() -> None:
    assert all(specimen(name) == ALL[name] for name in ALL)
    assert specimen("unicorn") is None
