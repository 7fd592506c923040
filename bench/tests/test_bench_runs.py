"""The benchmark as it is run: real servers, few people, a short time."""

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from batepapo_bench import limit, saved
from batepapo_bench.contenders import Absent, given, running
from batepapo_bench.gauge import Cores, Gauge, machine
from batepapo_bench.load import Crowd, Trouble
from batepapo_bench.workloads import WORKLOADS
from batepapo_conformance.words import Language, Words

LATEST = 120
FREE = Cores(None, None)


def bench(
    *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batepapo", "bench", "--lang", "en", *options],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=LATEST,
        check=False,
    )


def test_every_workload_gives_figures_and_the_table_shows_them(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    options = ("--quick", "--contender", "asyncio", "--json", str(file))
    done = bench(*options)
    assert done.returncode == 0, done.stderr
    run = saved.read(file)
    assert list(dict.fromkeys(one["workload"] for one in run["measurements"])) == list(
        WORKLOADS
    )
    for one in run["measurements"]:
        assert one["figures"]["seconds"] > 0
        assert one["remarks"].keys() <= {"saturated"}, one
        if "deliveries" in one["figures"]:
            assert one["figures"]["cpu_per_delivery"] > 0
            assert 0 < one["figures"]["p50"] <= one["figures"]["p999"]
    assert run["goals"] == []  # so few people say nothing of them
    assert "asyncio" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout


def test_who_does_not_start_or_dies_is_told_and_the_rest_goes_on() -> None:
    words = {
        "gone": "import sys; sys.exit('no luck')",
        "deaf": "import socket, sys; s = socket.create_server((sys.argv[1],"
        " int(sys.argv[2]))); s.accept(); s.accept(); sys.exit('enough')",
    }
    servers = [
        f"--server={name}={shlex.join([sys.executable, '-c', text])}"
        " {address} {port}"
        for name, text in words.items()
    ]
    done = bench("--quick", "--only=single", "--contender=threaded", *servers)
    assert done.returncode == 1
    assert "gone, One at a time" in done.stdout
    assert "ended with status 1: no luck" in " ".join(done.stdout.split())
    assert "deaf, One at a time" in done.stdout
    assert "threaded" in done.stdout


def test_where_nothing_can_be_measured_the_status_is_2() -> None:
    failing = shlex.join([sys.executable, "-c", "1 / 0"])
    command = ("--contender=limit", f"--server=failing={failing}")
    environment = os.environ | {"CC": "/no/such/compiler"}
    nobody = bench("--quick", "--only=single", *command, environment=environment)
    assert nobody.returncode == 2
    assert "left out: limit" in nobody.stdout
    assert "nothing was measured" in nobody.stderr
    unknown = bench("--only", "tea")
    assert unknown.returncode == 2
    assert "tea: there is flood, single" in " ".join(unknown.stderr.split())
    twice = bench("--server", "a=b", "--server", "a=c")
    assert "a NAME of its own" in " ".join(twice.stderr.split())


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal here")
def test_ctrl_c_ends_it_with_what_there_is_and_nothing_is_left() -> None:
    command = [sys.executable, "-m", "batepapo", "bench", "--lang", "en"]
    command += ["--contender=asyncio", "--only=flood", "--seconds=60", "--json=-"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as started:
        assert started.stderr is not None
        # It says so before it starts the server, and then talks for a minute.
        assert "1/5 flood asyncio" in started.stderr.readline()
        process = psutil.Process(started.pid)
        children: list[psutil.Process] = []
        while not children:
            assert started.poll() is None
            children = process.children(recursive=True)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=LATEST)
    assert started.returncode == 2
    assert json.loads(out)["measurements"] == []
    assert "interrupted" in err
    _, alive = psutil.wait_procs(children, timeout=0)
    assert alive == []


# ---- parts that need a server ----


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> limit.Contender:
    try:
        return limit.limit(tmp_path_factory.mktemp("relay"))
    except Absent as absent:
        pytest.skip(str(absent))


def test_the_relay_gives_everybody_the_same_lines_in_one_order(
    relay: limit.Contender,
) -> None:
    come: dict[bytes, bytearray] = {}
    with running(relay, FREE) as server:
        crowd = Crowd("127.0.0.1", server.port, relay.dialect)
        crowd.grow(5)
        crowd.hearing = lambda one, buffer, count: come.setdefault(
            one.nick, bytearray()
        ).extend(buffer[:count])
        for one in crowd.participants:
            line = crowd.dialect.to_all(one.nick)
            for part in (line[:9], line[9:] + line * 2000):  # torn, and very much
                crowd.send(one, part)
        length = len(crowd.dialect.to_all(b"n00000")) * 5 * 2001
        crowd.until(
            lambda: len(come) == 5 and all(len(it) == length for it in come.values()),
            30,
        )
        crowd.close()
    assert len(set(map(bytes, come.values()))) == 1
    for one in range(5):
        assert come[b"n00000"].count(b":n%05d\n" % one) == 2001


def test_a_barrier_ends_when_all_has_come_and_the_lost_are_known(
    relay: limit.Contender,
) -> None:
    with running(relay, FREE) as server:
        crowd = Crowd("127.0.0.1", server.port, relay.dialect)
        crowd.grow(10)
        before = [one.octets for one in crowd.participants]
        message = crowd.dialect.to_all(b"x" * 60)
        crowd.send(crowd.participants[0], message * 100)
        crowd.barrier()
        rise = {
            one.octets - was
            for one, was in zip(crowd.participants, before, strict=True)
        }
        assert len(rise) == 1
        assert rise.pop() >= 100 * len(message)
        server.process.kill()
        with pytest.raises(Trouble):
            crowd.until(lambda: len(crowd.lost()) < 10 and not crowd.participants, 1)
        assert len(crowd.lost()) == 10
        crowd.close()
        server.process.wait()
        assert "ended with status -9" in str(server.trouble())


def test_a_gauge_sees_what_a_program_and_its_children_use() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint('done')\ninput()"
    spawn = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", spawn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline().strip() == b"done"
        gauge = Gauge(started.pid)
        assert gauge.cpu() >= 0.3
        assert gauge.memory() > 1 << 20
        started.communicate(b"\n")


def test_the_system_gives_room_for_a_few() -> None:
    assert machine(100).room == 100


def test_a_server_that_is_not_there_cannot_be_started() -> None:
    with (
        pytest.raises(Trouble, match="cannot start"),
        running(given("none", "/no/such/program {address} {port}"), FREE),
    ):
        pass


def test_numbers_and_words_are_those_of_the_language() -> None:
    from batepapo_bench.telling import WORDS, goal, number

    assert number(1234.5, Language.PORTUGUESE, 1) == "1.234,5"
    assert goal(0.0181, "seconds", Language.ENGLISH) == "18.1 ms"
    assert goal(8192, "octets", Language.ENGLISH) == "8.0 KiB"
    assert Words(Language.PORTUGUESE, WORDS)("goal.missed") == "não alcançada"
