"""A warm start is like a cold one: to the testee, and in its verdicts."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from batepapo_conformance.exchange import Exchange
from batepapo_conformance.process import (
    CannotStart,
    Process,
    Processes,
    Stream,
    environment_of_testees,
)
from batepapo_conformance.results import Result
from batepapo_conformance.runner import gather
from batepapo_conformance.terminal import on_pseudo_terminal
from batepapo_conformance.testee import BadTestee, Role, choose_testee
from batepapo_conformance.warm import POSSIBLE, Warm

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="this system has no warm starts")

LOOKING = [sys.executable, str(Path(__file__).parent / "testees" / "looking.py")]
PORTUGUESE: Mapping[str, str | None] = {"LANG": "pt_BR.UTF-8"}


@pytest.fixture(scope="module")
def warm() -> Iterator[Warm]:
    with Warm([*LOOKING, "--warm"], LOOKING, environment_of_testees()) as one:
        yield one


@pytest.fixture
def warm_ones(warm: Warm) -> Iterator[Processes]:
    started = Processes(Exchange(), warm.start)
    yield started
    started.end()


@pytest.fixture
def cold_ones() -> Iterator[Processes]:
    started = Processes(Exchange())
    yield started
    started.end()


def seen(processes: Processes, *arguments: str, **how: Any) -> dict[str, Any]:
    process = processes.start([*LOOKING, *arguments], **how)
    assert process.wait(20) == 0
    assert process.output.wait_end(20)
    return dict(json.loads(process.output.beginning))


@pytest.mark.parametrize(
    "environment",
    [
        PORTUGUESE,
        {"LANG": None},
        {"LANG": "C.UTF-8", "MORE": "ção\udc80"},
        {"LC_ALL": "C"},
        {"LC_ALL": "pt_BR.UTF-8"},
        {"LC_CTYPE": "C.UTF-8", "HOME": None},
    ],
)
@pytest.mark.parametrize("stdin", [Stream.NOTHING, Stream.PIPE])
def test_a_testee_cannot_tell_how_it_was_started(
    warm_ones: Processes,
    cold_ones: Processes,
    environment: Mapping[str, str | None],
    stdin: Stream,
) -> None:
    how = {"environment": environment, "stdin": stdin}
    warm = seen(warm_ones, "a", "b c", **how)
    assert warm == seen(cold_ones, "a", "b c", **how)
    assert warm["leads"]
    assert warm["arguments"] == ["a", "b c"]


def test_nor_on_a_terminal(warm_ones: Processes, cold_ones: Processes) -> None:
    def on_terminal(processes: Processes) -> str:
        terminal = on_pseudo_terminal(
            processes, LOOKING, who="client", exchange=Exchange(), seconds=float
        )
        return terminal.shows('"streams"', rule="SHOW-1", within=20)

    warm = json.loads(on_terminal(warm_ones))
    assert warm == json.loads(on_terminal(cold_ones))
    assert warm["streams"][1][8]  # isatty


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["exit", "0"], 0),
        (["exit", "7"], 7),
        (["raise"], 1),
        (["kill", str(int(signal.SIGTERM))], -signal.SIGTERM),
        (["kill", str(int(signal.SIGINT))], -signal.SIGINT),
        (["unflushed"], 0),
    ],
)
def test_it_ends_in_the_same_way(
    warm_ones: Processes, cold_ones: Processes, words: list[str], status: int
) -> None:
    ended = []
    for processes in (warm_ones, cold_ones):
        process = processes.start([*LOOKING, *words])
        assert process.wait(20) == status
        assert process.output.wait_end(20)
        assert process.errors.wait_end(20)
        last = process.errors.tail.splitlines()[-1:]
        ended.append((process.output.tail, last))
    assert ended[0] == ended[1]


def stays(processes: Processes) -> Process:
    process = processes.start([*LOOKING, "stay"])
    assert process.output.next_line(20) == b"%d\n" % process.pid
    return process


def test_it_takes_signals_and_can_be_ended(warm_ones: Processes) -> None:
    first, second = stays(warm_ones), stays(warm_ones)
    assert first.status is None
    assert first.wait(0) is None
    first.signal(signal.SIGTERM)
    assert first.wait(20) == -signal.SIGTERM
    second.end()
    assert second.status == -signal.SIGKILL


def test_other_commands_are_executed(warm_ones: Processes) -> None:
    process = warm_ones.start([sys.executable, "-c", "print(1)"])
    assert process.output.next_line(20) == b"1\n"
    changed = {"PYTHONUNBUFFERED": "1"}  # an interpreter looks at it when it begins
    process = warm_ones.start([*LOOKING, "exit", "3"], environment=changed)
    assert isinstance(process.popen, subprocess.Popen)
    assert process.wait(20) == 3


def test_what_was_started_ends_with_its_keeper() -> None:
    keeper = Warm([*LOOKING, "--warm"], LOOKING, environment_of_testees())
    process = stays(Processes(Exchange(), keeper.start))
    seen_by_the_system = psutil.Process(process.pid)
    keeper.close()
    assert process.wait(20) == -signal.SIGKILL
    with contextlib.suppress(psutil.NoSuchProcess):
        assert seen_by_the_system.wait(20) is None
    process.end()


def test_nothing_outlives_a_suite_that_is_killed() -> None:
    code = (
        "import sys, time\n"
        "from batepapo_conformance.warm import Warm\n"
        "from batepapo_conformance.process import Processes, environment_of_testees\n"
        "from batepapo_conformance.exchange import Exchange\n"
        "looking = sys.argv[1:]\n"
        "keeper = Warm([*looking, '--warm'], looking, environment_of_testees())\n"
        "process = Processes(Exchange(), keeper.start).start([*looking, 'stay'])\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, *LOOKING], stdout=subprocess.PIPE
    ) as suite:
        assert suite.stdout is not None
        testee = psutil.Process(int(suite.stdout.readline()))
        keeper = testee.parent()
        suite.kill()
    assert keeper is not None
    deadline = time.monotonic() + 20
    while testee.is_running() or keeper.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_keeper_that_does_not_work_is_said() -> None:
    broken = [sys.executable, "-c", "raise ValueError('out of order')"]
    with Warm(broken, LOOKING, environment_of_testees()) as keeper:
        processes = Processes(Exchange(), keeper.start)
        for _ in range(2):
            with pytest.raises(CannotStart, match="ValueError: out of order"):
                processes.start(LOOKING)


def verdicts(role: Role, testee: list[str], *more: str) -> dict[str, tuple[str, str]]:
    results: dict[str, tuple[str, str]] = {}

    def told(_: object, result: Result) -> None:
        broken = result.broken.rule if result.broken else ""
        results[result.full_name] = (result.verdict, broken)

    gathered = gather(role, [*testee, "--seed=1", *more], jobs=1, told=told)
    assert not gathered.faults
    return results


@pytest.mark.parametrize("implementation", ["threaded", "asyncio"])
@pytest.mark.parametrize(
    ("role", "only"),
    [(Role.SERVER, "ENTER-3"), (Role.SERVER, "RUN-4"), (Role.CLIENT, "ASK-4")],
)
def test_warm_and_cold_runs_give_the_same_verdicts(
    role: Role, only: str, implementation: str
) -> None:
    testee = [f"--testee-implementation={implementation}", f"--only={only}"]
    warm = verdicts(role, testee, "--warm")
    assert len(warm) > 1
    assert warm == verdicts(role, testee)


@pytest.mark.parametrize("name", ["list_without_owner"])
def test_and_of_wrong_testees_too(name: str, tmp_path: Path) -> None:
    zoo = f'"{sys.executable}" -m batepapo_zoo'
    file = tmp_path / "testee.toml"
    command = f"command = '{zoo} {name} {{address}} {{port}}'\noptions = 'contract'\n"
    found = []
    for warm in ("", f"warm = '{zoo} --warm {name}'\n"):
        file.write_text(command + warm)
        found.append(verdicts(Role.SERVER, [f"--testee-file={file}", "--only=LIST-1"]))
    assert found[0] == found[1]
    assert any(verdict == "failed" for verdict, _ in found[0].values())


def test_who_cannot_be_started_warm_is_told() -> None:
    with pytest.raises(BadTestee, match="warm"):
        choose_testee(Role.SERVER, command="x {address} {port}", warm=True)


def test_the_keeper_leaves_nothing_behind_of_what_has_ended(warm: Warm) -> None:
    processes = Processes(Exchange(), warm.start)
    started = [processes.start([*LOOKING, "exit", "0"]) for _ in range(5)]
    assert all(process.wait(20) == 0 for process in started)
    processes.end()
    parent = psutil.Process(started[0].pid).parent() if _alive(started[0].pid) else None
    deadline = time.monotonic() + 20
    while parent is not None and parent.children():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).is_running()
    return False
