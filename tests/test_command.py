"""The `batepapo` command as its users meet it: as a process."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import click
import psutil
import pytest
from batepapo.__main__ import main

ROOT = Path(__file__).parents[1]
ODD = ROOT / "conformance" / "tests" / "testees" / "odd.py"
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
# It ends in seconds; this is only for the day on which it does not.
LONG = 120
IN_ENGLISH = {**os.environ, "LC_ALL": "", "LC_MESSAGES": "en"}


def batepapo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batepapo", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONG,
        check=False,
        env=IN_ENGLISH,
    )


def odd(how: str) -> str:
    return f"'{sys.executable}' '{ODD}' {how} {{address}} {{port}}"


def check_odd(how: str, *more: str) -> subprocess.CompletedProcess[str]:
    return batepapo("check", "server", "--command", odd(how), *more)


# ---- the exit status says what happened ---------------------------------------


def test_0_if_everything_asked_for_passes() -> None:
    done = check_odd("greets", "--only", "test_the_software_is_one_token")
    assert done.returncode == 0, done.stdout
    assert "passed (exit status 0)" in done.stdout


def test_1_if_a_must_fails() -> None:
    done = check_odd("greets", "--only", "test_the_greeting_comes_first_and_unasked")
    assert done.returncode == 1, done.stdout
    assert "is broken (MUST" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--command", "no-such-program {address} {port}"], "cannot start"),
        (["--command", "'no end {address} {port}"], "cannot be split"),
        (["--command", "server {address} 55555"], "{port}"),
        (["--command", odd("ends")], "I do not feel like it."),
        (["--command", odd("refuses")], "ERRO 05: port in use"),
        (["--at", "127.0.0.1:9"], "nobody accepts connections at 127.0.0.1:9"),
        (["--at", "nowhere"], "not ADDRESS:PORT"),
        (["--implementation", "cobol"], "not one of threaded, asyncio"),
        (["--testee", "no-such-file.toml"], "cannot read"),
        (["--command", odd("greets"), "--only", "NOTHING-1"], "nothing was selected"),
        ([], "say which program"),
    ],
)
def test_2_with_the_reason_if_there_can_be_no_verdict(
    arguments: list[str], said: str
) -> None:
    done = batepapo("check", "server", *arguments)
    assert done.returncode == 2, done.stdout
    assert said in " ".join(done.stdout.split())
    assert "Traceback" not in done.stdout + done.stderr


def test_2_if_a_client_never_connects() -> None:
    command = f"'{sys.executable}' -c pass {{address}} {{port}} {{nick}}"
    done = batepapo("check", "client", "--command", command)
    assert done.returncode == 2, done.stdout
    assert "before it connected" in " ".join(done.stdout.split())


def test_a_server_that_vanishes_is_noticed_and_named() -> None:
    only = "test_who_has_not_entered_can_only_enter_or_leave[whole]"
    done = check_odd("vanishes", "--only", only)
    assert done.returncode == 1, done.stdout
    assert "has ended by itself, with signal 9" in " ".join(done.stdout.split())


def test_megabytes_of_output_disturb_nobody() -> None:
    done = check_odd("babbles", "--only", "test_the_software_is_one_token")
    assert done.returncode == 0, done.stdout


# ---- what programs read -------------------------------------------------------


def test_json_is_all_there_is_on_standard_output() -> None:
    only = "test_the_software_is_one_token"
    done = check_odd("greets", "--only", only, "--json", "--seed", "5")
    data = json.loads(done.stdout)
    assert data["status"] == done.returncode
    assert data["seed"] == 5
    assert data["results"]


def test_a_repeated_check_has_one_result_that_counts() -> None:
    done = check_odd(
        "greets", "--only", "test_the_software_is_one_token", "--repeat", "3", "--json"
    )
    run = json.loads(done.stdout)
    [one] = run["results"]
    assert one["name"] == "test_the_software_is_one_token"
    assert one["repeated"]["verdicts"] == {"passed": 3}
    assert run["repetition"] == {"times": 3, "differing": [], "flake_rate": 0}


@pytest.mark.parametrize("role", ["server", "client"])
def test_checks_can_be_listed_without_a_testee(role: str) -> None:
    done = batepapo("check", role, "--list", "--only", "FRAME-3")
    assert done.returncode == 0
    assert "FRAME-3" in done.stdout
    assert batepapo("check", role, "--list", "--only", "XXX").returncode == 2


def test_known_failures_have_their_reason_and_passes_are_noticed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "testee.toml"
    file.write_text(
        f'command = """{odd("greets")}"""\n'
        "[known-failures]\n"
        'GREET-2 = "the greeting is in the third lesson"\n'
    )
    only = "test_the_software_is_one_token"
    done = batepapo("check", "server", "--testee", str(file), "--only", only)
    assert done.returncode == 0, done.stdout
    assert "Unexpected pass: GREET-2" in done.stdout


# ---- nothing is left behind ---------------------------------------------------


def named(name: str) -> list[psutil.Process]:
    """Every process that has this name as an argument."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and name in (process.info["cmdline"] or ())
    ]


@POSIX
@pytest.mark.parametrize(
    ("number", "everybody"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)],
)
def test_an_interrupted_run_ends_cleanly_and_takes_everything_along(
    number: signal.Signals, everybody: bool
) -> None:
    name = uuid.uuid4().hex
    words = ["--command", f"{odd('breeds')} {name}", "--only", "6", "--jobs", "2"]
    words += ["--lang", "en"]
    # In a session of its own, as if it were in the foreground of a terminal.
    with subprocess.Popen(
        [sys.executable, "-m", "batepapo", "check", "server", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        deadline = time.monotonic() + LONG
        while len(named(name)) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)  # until checks are under way
        assert run.poll() is None
        if everybody:  # as Ctrl-C on a terminal does
            os.killpg(run.pid, number)
        else:
            run.send_signal(number)
        text, _ = run.communicate(timeout=LONG)
    assert run.returncode in (1, 2), text  # 1 if a check had failed by then
    assert "interrupted" in text
    assert "Traceback" not in text
    _, alive = psutil.wait_procs(named(name), timeout=10)
    assert not alive


# ---- what is written about it is true -----------------------------------------


def commands(group: click.Group, path: str = "batepapo") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def written() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("command", list(commands(main)))
def test_every_command_is_documented(command: str) -> None:
    assert command in written(), f"neither README.md nor docs/ mentions `{command}`"


def test_every_documented_command_exists() -> None:
    known = set(commands(main))
    groups = {command.rsplit(" ", 1)[0] for command in known}
    named = set(re.findall(r"`(?:python -m )?(batepapo(?: [a-z]+){1,2})", written()))
    for name in named:
        first = " ".join(name.split()[:2])
        assert name in known | groups or first in known, name


@pytest.mark.parametrize("command", [*commands(main), "batepapo check", "batepapo"])
def test_every_command_has_help_that_fits_80_columns(command: str) -> None:
    done = batepapo(*command.split()[1:], "--help")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["check", "server", "--nonsense"], ["explain"]]
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    done = batepapo(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_explain_and_requirements_tell_what_the_specification_says() -> None:
    assert "keep the" in batepapo("explain", "ENTER-3").stdout
    assert batepapo("explain", "ENTER-99").returncode == 2
    data = json.loads(batepapo("requirements", "--role", "client", "--json").stdout)
    assert {one["role"] for one in data} == {"client", "both"}
