"""The package as it is installed: outside a clone it has all that it needs."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None,
    reason="hatchling, which builds the wheel, is not installed here",
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this clone and unpacked like an installed package."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    build += ["-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def run(unpacked: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the unpacked package before anything of the clone."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=unpacked,
        env=os.environ | {"PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_carries_the_whole_specification(unpacked: Path) -> None:
    carried = unpacked / "batepapo_conformance" / "specification"
    for path in (ROOT / "spec").rglob("*"):
        if path.is_file():
            copy = carried / path.relative_to(ROOT / "spec")
            assert copy.read_bytes() == path.read_bytes()


def test_it_carries_every_check_and_both_implementations(unpacked: Path) -> None:
    for package in (
        "command/batepapo",
        "conformance/batepapo_conformance",
        "implementations/threaded/batepapo_threaded",
        "implementations/asyncio/batepapo_asyncio",
    ):
        top = ROOT / package
        for path in top.rglob("*.py"):
            assert (unpacked / top.name / path.relative_to(top)).is_file()


def test_it_works_outside_a_clone(unpacked: Path) -> None:
    code = "from batepapo_conformance import spec; print(spec.folder())"
    folder = Path(run(unpacked, "-c", code).stdout.strip())
    assert folder == unpacked / "batepapo_conformance" / "specification"
    only = ["--only", "test_the_software_is_one_token"]
    words = ["check", "server", "--implementation", "threaded", *only]
    done = run(unpacked, "-m", "batepapo", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    done = run(unpacked, "-m", "batepapo", "explain", "ENTER-3")
    assert "beto <- ERRO 01 ana" in done.stdout
