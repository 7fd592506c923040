"""The zip for Gradescope, in a folder that is laid out as theirs is."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batepapo_labs.grading import autograder
from batepapo_labs.grading.plan import planned
from batepapo_labs.lessons import load
from batepapo_labs.trouble import Trouble

LONG = 240
SEED = 918273645
BASH = shutil.which("bash")
NODE = shutil.which("node")
DATA = Path(__file__).parents[2] / "conformance" / "tests" / "data"
pytestmark = pytest.mark.skipif(
    os.name != "posix" or BASH is None, reason="Gradescope runs Ubuntu"
)

# It takes connections, and never says a word.
DEAF = """
import socket, sys, time
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print(f"listening at {sys.argv[1]}:{listener.getsockname()[1]}", flush=True)
time.sleep(3600)
"""
# It begins right, and then writes megabytes.
FLOODS = """
import builtins, runpy, sys, threading

say = print

def flood():
    for _ in range(20):
        sys.stdout.write("blah " * 40_000)
        sys.stderr.write("<b>\\x1b[31m" * 40_000)

def say_and_flood(*words, **how):
    builtins.print = say
    say(*words, **how)
    threading.Thread(target=flood, daemon=True).start()

builtins.print = say_and_flood
runpy.run_path("right.py", run_name="__main__")
"""
JAVASCRIPT = """
const net = require("node:net");

net.createServer((socket) => {
  let rest = "", done = false;
  const last = (line) => { done = true; socket.end(line); };
  socket.on("error", () => {});
  socket.on("data", (octets) => {
    if (done) return;
    rest += octets.toString("latin1");
    const end = rest.indexOf("\\n");
    const line = rest.slice(0, end).replace(/\\r$/, "");
    if (end < 0 && rest.length < 512) return;
    if (end < 0 || end >= 512 || !line) last("ERRO 03 sintaxe :nao e uma linha\\n");
    else if (line === "/SAIR" || line === "{quit}") last("");
    else last("ERRO 03 estado :ninguem entra\\n");
  });
  socket.write("BATEPAPO 1 em-javascript\\n");
}).listen(Number(process.argv[3]), process.argv[2], function () {
  console.log(`listening at ${process.argv[2]}:${this.address().port}`);
});
"""


def run(
    command: list[str], folder: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
        env={**os.environ, **environment},
    )


def write(file: Path, *options: str, **environment: str) -> None:
    command = [sys.executable, "-m", "batepapo", "grade", "--labs", "1", *options]
    done = run([*command, "--autograder", "gradescope", str(file)], **environment)
    assert done.returncode == 0, done.stderr


def lay_out(file: Path, root: Path) -> None:
    """Unpack the zip in `root`, which they call `/autograder`, as they do."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(root / "source")
        for one in archive.infolist():
            (root / "source" / one.filename).chmod(one.external_attr >> 16 or 0o644)
    shutil.copy(root / "source" / "run_autograder", root)
    metadata = {"id": 1, "users": [{"name": "Ana"}], "previous_submissions": []}
    (root / "submission_metadata.json").write_text(json.dumps(metadata))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What they call `/autograder`, with the zip unpacked in `source`."""
    root = tmp_path_factory.mktemp("autograder")
    # It speaks as the teacher does: LANG is not said at Gradescope.
    write(
        root / "out.zip",
        *("--seed", str(SEED), "--out-of", "10", "--install", "nodejs"),
        LANG="pt_BR.UTF-8",
        LC_ALL="",
        LANGUAGE="",
    )
    lay_out(root / "out.zip", root)
    return root


def marked(root: Path, submission: Path) -> dict[str, Any]:
    """What is written about a submission, in a folder laid out as theirs is."""
    for name in ("submission", "results"):
        shutil.rmtree(root / name, ignore_errors=True)
    (root / "results").mkdir()
    shutil.copytree(submission, root / "submission")
    done = run(
        ["./run_autograder"],
        root,
        AUTOGRADER_ROOT=str(root),
        BATEPAPO_PYTHON=sys.executable,
        LANG="C",
    )
    assert done.returncode == 0, done.stderr
    text = (root / "results" / "results.json").read_text(encoding="utf-8")
    assert str(SEED) not in text + done.stdout + done.stderr
    assert len(text) < 100_000
    data: dict[str, Any] = json.loads(text)
    schema = json.loads((DATA / "gradescope.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)
    tests = data["tests"]
    assert sum(test["score"] for test in tests) == pytest.approx(
        data["score"], abs=0.01
    )
    assert round(sum(test["max_score"] for test in tests), 9) == 10
    assert all(test["score"] <= test["max_score"] for test in tests)
    assert (data["visibility"], data["stdout_visibility"]) == ("visible", "hidden")
    assert "foi sorteado de outro jeito" in data["output"]
    assert "\x1b" not in data["output"] + "".join(one["output"] for one in tests)
    return data


@pytest.fixture
def submission(tmp_path: Path) -> Path:
    folder = tmp_path / "handed-in"
    folder.mkdir()
    return folder


def solve(folder: Path) -> None:
    solution = load().lesson(1).folder / "solution"
    shutil.copytree(solution, folder, dirs_exist_ok=True)


def test_what_they_ask_for_stands_in_its_root(root: Path) -> None:
    for name in ("setup.sh", "run_autograder"):
        assert os.access(root / "source" / name, os.X_OK)
        assert run([str(BASH), "-n", str(root / "source" / name)]).returncode == 0


def test_what_is_not_said_is_as_their_container_needs_it(root: Path) -> None:
    said = tomllib.loads((root / "source" / "grading.toml").read_text(encoding="utf-8"))
    assert said["lang"] == "pt"
    assert said["time-limit"] < 600, "then they end it, and nothing counts"
    assert "--jobs 2 " in (root / "source" / "run_autograder").read_text()
    assert "apt-get install -y nodejs\n" in (root / "source" / "setup.sh").read_text()


def test_what_is_said_goes_over_that(tmp_path: Path) -> None:
    write(tmp_path / "out.zip", "--jobs", "5", "--time-limit", "900", "--lang", "en")
    lay_out(tmp_path / "out.zip", tmp_path)
    config = tmp_path / "source" / "grading.toml"
    said = tomllib.loads(config.read_text(encoding="utf-8"))
    assert (said["lang"], said["time-limit"]) == ("en", 900)
    assert "--jobs 5 " in (tmp_path / "run_autograder").read_text()
    assert "nodejs" not in (tmp_path / "source" / "setup.sh").read_text()


@pytest.mark.parametrize(
    "options",
    [
        ["--autograder", "gradescope", "out.zip", "--install", "nodejs; id"],
        ["submissions", "--install", "nodejs"],
    ],
)
def test_what_cannot_be_installed_is_refused(
    options: list[str], tmp_path: Path
) -> None:
    done = run([sys.executable, "-m", "batepapo", "grade", *options], tmp_path)
    assert done.returncode == 2
    assert "--install" in done.stderr
    assert not [*tmp_path.iterdir()]


def test_a_solution_gets_everything(root: Path, submission: Path) -> None:
    solve(submission)
    data = marked(root, submission)
    assert data["score"] == 10
    assert {test["status"] for test in data["tests"]} == {"passed"}


def test_nothing_handed_in_gets_nothing_and_the_reason(
    root: Path, submission: Path
) -> None:
    data = marked(root, submission)
    assert data["score"] == 0
    assert "Não há server.py" in data["output"]


def test_a_folder_in_a_folder_is_found_and_a_flood_is_cut(
    root: Path, submission: Path
) -> None:
    inner = submission / "Trabalho da Ana" / "bate-papo"
    solve(inner)
    (submission / "__MACOSX").mkdir()
    (inner / "server.py").rename(inner / "right.py")
    (inner / "server.py").write_text(FLOODS)
    assert marked(root, submission)["score"] == 10


def test_who_hangs_is_ended_in_time(root: Path, submission: Path) -> None:
    (submission / "server.py").write_text(DEAF)
    config = root / "source" / "grading.toml"
    before = config.read_text(encoding="utf-8")
    try:
        config.write_text(before.replace("540.0", "4.0"), encoding="utf-8")
        data = marked(root, submission)
    finally:
        config.write_text(before, encoding="utf-8")
    assert data["score"] == 0
    assert "O limite de 4 s acabou" in data["output"]


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_another_language_is_marked(root: Path, submission: Path) -> None:
    (submission / "server.js").write_text(JAVASCRIPT)
    said = 'server = "node server.js {address} {port}"\n'
    (submission / "lab.toml").write_text(f"lab = 1\n{said}")
    assert marked(root, submission)["score"] == 10


def test_setting_up_installs_what_is_in_the_zip(root: Path) -> None:
    # What stands in for their Ubuntu: its installer, its Python, and no network.
    bin_ = root / "bin"
    bin_.mkdir()
    (bin_ / "apt-get").write_text("#!/bin/sh\nexit 0\n")
    (bin_ / "python3").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for one in bin_.iterdir():
        one.chmod(0o755)
    done = run(
        [str(root / "source" / "setup.sh")],
        AUTOGRADER_ROOT=str(root),
        PATH=f"{bin_}:{os.environ['PATH']}",
        PIP_NO_INDEX="1",
        PIP_NO_DEPS="1",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    python = root / "source" / "venv" / "bin" / "python"
    has = "from batepapo_labs.lessons import load; print(load().lesson(1).name)"
    there = run([str(python), "-c", has], PYTHONPATH="")
    assert there.stdout.strip() == "01-framing", there.stderr
    assert (root / "source" / "grading.toml").stat().st_mode & 0o777 == 0o600


def test_an_old_python_is_said_to_be_too_old(root: Path, tmp_path: Path) -> None:
    # The only Python that can be installed is older than what is needed.
    (tmp_path / "apt-get").write_text(
        '#!/bin/sh\ncase "$*" in update | *" python3 "*) ;; *) exit 100 ;; esac\n'
    )
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    for one in tmp_path.iterdir():
        one.chmod(0o755)
    done = run(
        [str(BASH), str(root / "source" / "setup.sh")],
        AUTOGRADER_ROOT=str(tmp_path),
        PATH=f"{tmp_path}:{os.environ['PATH']}",
    )
    assert done.returncode == 1
    assert "choose a newer Ubuntu image" in done.stderr


def test_what_is_installed_is_put_together_as_it_was(
    root: Path, tmp_path: Path
) -> None:
    [wheel] = (root / "source").glob("*.whl")
    place = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
        were = {name: archive.read(name) for name in archive.namelist()}
    [about] = place.glob("*.dist-info")
    # What an installer adds.
    (about / "INSTALLER").write_text("pip\n")
    (place / "batepapo_labs" / "x.pyc").write_bytes(b"")
    with (about / "RECORD").open("a", encoding="utf-8") as record:
        record.write(f"{about.name}/INSTALLER,,\nbatepapo_labs/x.pyc,,\n")
        record.write("../../../bin/batepapo,,\n")
    installed = importlib.metadata.Distribution.at(about)
    made = autograder._put_together(installed, tmp_path)
    assert made.name == wheel.name
    with zipfile.ZipFile(made) as archive:
        are = {name: archive.read(name) for name in archive.namelist()}
    record = f"{about.name}/RECORD"
    assert sorted(are.pop(record).splitlines()) == sorted(were.pop(record).splitlines())
    assert are == were


def test_what_was_installed_and_is_gone_is_told(root: Path, tmp_path: Path) -> None:
    [wheel] = (root / "source").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "batepapo_labs" / "lessons.py").unlink()
    [about] = tmp_path.glob("*.dist-info")
    with pytest.raises(Trouble) as caught:
        autograder._put_together(importlib.metadata.Distribution.at(about), tmp_path)
    assert "lessons.py" in str(caught.value.values["why"])


def test_labs_that_would_not_be_in_the_zip_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "batepapo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("batepapo_labs/labs/01-framing/lab.toml", "")
    plan = planned([load().lesson(1), load().lesson(2)])
    with pytest.raises(Trouble) as caught:
        autograder._must_have(wheel, plan)
    assert caught.value.values == {"labs": "2"}
