"""A server in another language: the suite knows it as a process and a socket alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parent / "testees" / "server.c"
COMPILER = shutil.which("cc")
OPTIONS = (
    "entry-timeout",
    "stall-timeout",
    "outbox-limit",
    "max-connections",
    "max-per-address",
    "addresses",
)

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler here")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("c") / "server"
    words = [COMPILER or "cc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([*words, "-o", built, SOURCE], check=True)
    return built


def check(program: Path, testee: Path, *more: str) -> tuple[int, dict[str, Any]]:
    command = f"{program} {{address}} {{port}} {' '.join(more)}".strip()
    spelled = [f"{name} = '--{name} {{value}}'" for name in OPTIONS]
    lines = [f"command = '{command}'", "[options]", *spelled]
    testee.write_text("\n".join(lines), encoding="utf-8")
    words = [sys.executable, "-m", "batepapo", "check", "server", "--json"]
    run = subprocess.run(
        [*words, "--testee", testee], capture_output=True, text=True, check=False
    )
    return run.returncode, json.loads(run.stdout)


def test_it_passes_the_whole_suite(program: Path, tmp_path: Path) -> None:
    status, run = check(program, tmp_path / "testee.toml")
    assert run["broken"] == ["RUN-5", "RUN-6"]  # what it lacks is a SHOULD
    assert status == 0


def test_its_one_mistake_is_named(program: Path, tmp_path: Path) -> None:
    status, run = check(program, tmp_path / "testee.toml", "--forget-half-lines")
    assert status == 1
    assert run["broken"][0] == "FRAME-3"
