"""`batepapo explore`, `fuzz` and `replay` as their users meet them: as processes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRANSCRIPTS = ROOT / "spec" / "transcripts"


def batepapo(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batepapo", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
    )


def test_exploring_a_reference_leaves_nothing_behind(tmp_path: Path) -> None:
    arguments = ["--examples", "3", "--steps", "5", "--seed", "1", "--json"]
    done = batepapo("explore", "--implementation", "threaded", *arguments, cwd=tmp_path)
    data = json.loads(done.stdout)
    assert (done.returncode, data["status"], data["failure"]) == (0, 0, None)
    assert data["format"] == "batepapo/exploration/1"
    assert data["counts"]["sessions"] >= 3
    assert not list(tmp_path.iterdir())


def test_a_failure_is_saved_where_one_stands(tmp_path: Path) -> None:
    command = (
        f"'{sys.executable}' -m batepapo_zoo list_without_owner {{address}} {{port}}"
    )
    done = batepapo("explore", "--command", command, "--seed", "1", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    [file] = tmp_path.iterdir()
    assert file.name == "failure-LIST-1.txt"
    assert f"batepapo replay {file.name}" in done.stdout


@pytest.mark.parametrize("name", ["07-list", "11-race", "24-half-close"])
def test_a_transcript_of_the_specification_can_be_replayed(
    name: str, tmp_path: Path
) -> None:
    file = str(TRANSCRIPTS / f"{name}.txt")
    done = batepapo("replay", file, "--implementation", "asyncio", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_a_transcript_can_be_taken_by_hand(tmp_path: Path) -> None:
    file = str(TRANSCRIPTS / "25-partial-last-line.txt")
    done = batepapo("replay", file, "--as-nc", "--lang", "pt", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "nc -N 127.0.0.1 55555" in done.stdout
    assert "aperta Ctrl-D" in done.stdout


def test_fuzzing_tells_how_much(tmp_path: Path) -> None:
    arguments = ["--octets", "2000", "--seed", "1", "--lang", "en"]
    done = batepapo(
        "fuzz", "server", "--implementation", "asyncio", *arguments, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    assert "octets" in done.stdout
    assert "seed 1: passed (exit status 0)" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explore"], "say which program"),
        (["explore", "--implementation", "cobol"], "not one of threaded, asyncio"),
        (["explore", "--at", "127.0.0.1:9"], "nobody accepts connections"),
        (["fuzz", "client", "--command", "no {address}"], "{port} and {nick}"),
        (["replay", "nothing.txt", "--implementation", "threaded"], "No such file"),
        (["replay", "nothing.txt", "--as-nc"], "No such file"),
        (["explore", "--examples", "0"], "0 is not in the range"),
    ],
)
def test_2_with_the_reason_if_it_cannot_be_done(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    done = batepapo(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert said in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stdout + done.stderr
