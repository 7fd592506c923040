"""The zip for Gradescope, in a folder that is laid out as theirs is."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from batepapo_labs.lessons import load

LONG = 240
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(
    os.name != "posix" or BASH is None, reason="Gradescope runs Ubuntu"
)


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What they call `/autograder`, with the zip unpacked in `source`."""
    root = tmp_path_factory.mktemp("autograder")
    file = root / "out.zip"
    command = [sys.executable, "-m", "batepapo", "grade", "--labs", "1"]
    command += ["--lang", "pt", "--seed", "42", "--out-of", "10"]
    done = run([*command, "--autograder", "gradescope", str(file)])
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(file) as archive:
        archive.extractall(root / "source")
        for one in archive.infolist():
            (root / "source" / one.filename).chmod(one.external_attr >> 16 or 0o644)
    for name in ("submission", "results"):
        (root / name).mkdir()
    return root


def test_what_they_ask_for_stands_in_its_root(root: Path) -> None:
    for name in ("setup.sh", "run_autograder"):
        assert os.access(root / "source" / name, os.X_OK)
        assert run([str(BASH), "-n", str(root / "source" / name)]).returncode == 0


def test_a_submission_is_marked(root: Path) -> None:
    shutil.copytree(
        load().lesson(1).folder / "solution", root / "submission", dirs_exist_ok=True
    )
    shutil.copy(root / "source" / "run_autograder", root)
    done = run(
        [str(root / "run_autograder")],
        AUTOGRADER_ROOT=str(root),
        BATEPAPO_PYTHON=sys.executable,
    )
    assert done.returncode == 0, done.stderr
    text = (root / "results" / "results.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert data["score"] == 10
    assert data["stdout_visibility"] == "hidden"
    assert {test["status"] for test in data["tests"]} == {"passed"}
    assert "públicas" in data["output"]


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


def test_labs_that_would_not_be_in_the_zip_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from batepapo_labs.grading import autograder
    from batepapo_labs.grading.plan import planned
    from batepapo_labs.trouble import Trouble

    wheel = tmp_path / "batepapo.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("batepapo_labs/labs/01-framing/lab.toml", "")
    plan = planned([load().lesson(1), load().lesson(2)])
    with pytest.raises(Trouble) as caught:
        autograder._must_have(wheel, plan)
    assert caught.value.values == {"labs": "2"}
