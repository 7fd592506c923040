"""Real runs of every kind, told in every form by the commands that users have."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from batepapo_conformance import plugin
from batepapo_conformance.check import Request, check
from batepapo_conformance.forms import Forms
from batepapo_conformance.saved import read, schema
from batepapo_conformance.testee import Role

ODD = Path(__file__).parents[1] / "conformance" / "tests" / "testees" / "odd.py"
GREETING = "test_the_software_is_one_token"
LIST = "test_a_lone_participant_is_in_its_list"


def checked(tmp_path: Path, **asked: Any) -> tuple[int, Path]:
    """Check a server; gives the exit status and the file that holds its JSON."""
    out = io.StringIO()
    asked = {"only": [GREETING], "jobs": 1, "seed": 7} | asked
    status = check(Request(role=Role.SERVER, **asked), out=out, forms=Forms(json=True))
    file = tmp_path / "result.json"
    file.write_text(out.getvalue(), encoding="utf-8")
    return status, file


def validated(file: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(data, schema(), jsonschema.Draft202012Validator)
    return data


def odd(how: str) -> str:
    return f"'{sys.executable}' '{ODD}' {how} {{address}} {{port}}"


def zoo(tmp_path: Path, name: str) -> str:
    file = tmp_path / "testee.toml"
    command = f"'{sys.executable}' -m batepapo_zoo {name} {{address}} {{port}}"
    file.write_text(f'command = """{command}"""\noptions = "contract"\n', "utf-8")
    return str(file)


def batepapo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batepapo", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


# ---- the JSON of real runs is as its schema says --------------------------------


def test_of_one_that_passes(tmp_path: Path) -> None:
    status, file = checked(tmp_path, implementation="threaded")
    data = validated(file)
    assert (status, data["status"], data["broken"]) == (0, 0, [])


def test_of_one_that_fails(tmp_path: Path) -> None:
    file = zoo(tmp_path, "list_without_owner")
    status, result = checked(tmp_path, file=file, only=[LIST])
    data = validated(result)
    assert (status, data["broken"][0]) == (1, "LIST-1")
    first = data["results"][0]
    assert first["broken"]["rule"] == "LIST-1"
    assert {"sent", "received"} <= {event["kind"] for event in first["events"]}
    assert read(result).failures()[0].events[0].seconds >= 0


def test_of_one_that_fails_a_should_alone(tmp_path: Path) -> None:
    file = zoo(tmp_path, "asks_and_forgets_its_arguments")
    status, result = checked(tmp_path, file=file, only=["RUN-5"])
    data = validated(result)
    assert (status, data["broken"]) == (0, ["RUN-5"])


def test_of_one_that_cannot_be_judged(tmp_path: Path) -> None:
    only = ["test_messages_exist_in_two_languages"]
    status, result = checked(tmp_path, command=odd("greets"), only=only)
    data = validated(result)
    assert status == 2
    assert {one["verdict"] for one in data["results"]} == {"no verdict"}


def test_of_one_that_does_not_start(tmp_path: Path) -> None:
    status, result = checked(tmp_path, command=odd("ends"))
    data = validated(result)
    assert (status, data["results"]) == (2, [])
    assert "I do not feel like it" in data["trouble"]


def test_of_a_fault_of_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault made for this test")

    monkeypatch.setattr(plugin, "start_server", broken)
    status, result = checked(tmp_path, implementation="threaded")
    data = validated(result)
    assert status == 3
    assert data["results"][0]["verdict"] == "fault of the suite"
    assert "a fault made for this test" in data["results"][0]["reason"]


def test_of_one_that_is_repeated(tmp_path: Path) -> None:
    file = zoo(tmp_path, "list_without_owner")
    status, result = checked(tmp_path, file=file, only=[LIST], repeat=2)
    data = validated(result)
    assert status == 1
    assert data["repetition"]["times"] == 2
    failed = data["results"][0]
    assert failed["repeated"]["verdicts"] == {"failed": 2}
    assert failed["repeated"]["alone"] == {"failed": 2}
    assert failed["repeated"]["stability"] == "deterministic"


# ---- the commands -------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two saved results: one that passes, and one of a server with a mistake."""
    folder = tmp_path_factory.mktemp("results")
    _, file = checked(folder, implementation="threaded", only=[GREETING, LIST])
    good = file.rename(folder / "good.json")
    wrong = zoo(folder, "list_without_owner")
    _, file = checked(folder, file=wrong, only=[GREETING, LIST])
    return good, file.rename(folder / "bad.json")


def test_a_saved_result_is_told_again(results: tuple[Path, Path]) -> None:
    good, bad = results
    again = batepapo("report", str(bad), "--lang", "pt")
    assert again.returncode == 1
    assert "não é cumprida" in again.stdout
    assert batepapo("report", str(good)).returncode == 0


def test_a_page_shows_them_side_by_side(
    results: tuple[Path, Path], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = batepapo("report", *map(str, results), "--html", str(page))
    assert (done.returncode, done.stdout) == (1, "")
    text = page.read_text(encoding="utf-8")
    assert "1. good" in text
    assert "2. bad" in text


def test_check_writes_the_same_files_as_report(tmp_path: Path) -> None:
    files = {
        name: tmp_path / f"{name}.json" for name in ("gradescope", "classroom", "badge")
    }
    files |= {"html": tmp_path / "page.html", "junit": tmp_path / "junit.xml"}
    options = [
        word for name, file in files.items() for word in (f"--{name}", str(file))
    ]
    done = batepapo(
        "check",
        "server",
        "--implementation",
        "asyncio",
        "--only",
        GREETING,
        *options,
    )
    assert done.returncode == 0, done.stdout
    assert all(file.stat().st_size for file in files.values())


def test_two_results_are_compared(results: tuple[Path, Path]) -> None:
    good, bad = map(str, results)
    worse = batepapo("compare", good, bad, "--lang", "en")
    assert worse.returncode == 1
    assert worse.stdout.startswith("Broken: ")
    better = batepapo("compare", bad, good, "--json")
    assert better.returncode == 0
    assert json.loads(better.stdout)["fixed"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "{bad}", "none.json"],
        ["report", "{good}", "{bad}", "--junit", "x.xml"],
        ["report", "{good}", "--badge", "{good}/x.svg"],
        ["report", __file__],
        ["compare", "{good}", __file__],
    ],
)
def test_what_cannot_be_told_is_said_in_a_line(
    arguments: list[str], results: tuple[Path, Path]
) -> None:
    good, bad = map(str, results)
    done = batepapo(*(word.format(good=good, bad=bad) for word in arguments))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
