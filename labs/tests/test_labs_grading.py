"""A whole class is marked: right, twice the same, and nobody is harmed."""

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import psutil
import pytest

from batepapo_conformance.results import Status
from batepapo_conformance.words import Language, Words
from batepapo_labs.commands import Context
from batepapo_labs.folder import TABLES, with_python
from batepapo_labs.grading import commands
from batepapo_labs.grading.commands import Files
from batepapo_labs.grading.isolation import Limits, can_be
from batepapo_labs.grading.marks import Grade, Worth
from batepapo_labs.grading.one import Order, Task
from batepapo_labs.grading.plan import Plan, planned
from batepapo_labs.grading.running import How, grade_all
from batepapo_labs.grading.settings import Settings
from batepapo_labs.grading.submissions import Submission, find
from batepapo_labs.grading.supervision import Ended, Supervised
from batepapo_labs.lessons import load

LONG = 240  # seconds; it ends long before
SEED = 918273645
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
ENGLISH = Words(Language.ENGLISH, TABLES)

# Each ignores SIGTERM, and leaves its group; on Linux its mark as well.
FORKS = """
import signal, subprocess, sys, time
if hasattr(signal, "SIGTERM"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
CHILD += "time.sleep(3600)"
environment = {} if sys.platform == "linux" else None
for _ in range(MANY):
    subprocess.Popen(
        [sys.executable, "-c", CHILD, "NAME"], env=environment, start_new_session=True
    )
time.sleep(3600)
"""
FLOODS = """
import builtins, runpy, sys, threading

say = print

def flood():
    while True:
        sys.stdout.write("blah " * 2000)

def say_and_flood(*words, **how):  # its first line is as it should be
    builtins.print = say
    say(*words, **how)
    threading.Thread(target=flood, daemon=True).start()

builtins.print = say_and_flood
runpy.run_path("right.py", run_name="__main__")
"""
DELETES = """
import os, shutil, time
here = os.getcwd()
os.chdir("/")
shutil.rmtree(here)
time.sleep(3600)
"""
TIRES = """
import pathlib, runpy
starts = pathlib.Path("starts")
with starts.open("a") as file:
    file.write("x")
if len(starts.read_text()) > 3:
    raise SystemExit("tired")
runpy.run_path("right.py", run_name="__main__")
"""
PROGRAMS = {
    "deletes": DELETES,
    "hangs": "import time\ntime.sleep(3600)\n",
    "wrong": "def main(:\n",
}


FORMS = {"results.json": "gradescope", "result.json": "classroom50"}
DATA = Path(__file__).parents[2] / "conformance" / "tests" / "data"


def validate(data: Any, name: str) -> None:
    schema = json.loads((DATA / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)


def copy(lab: int, part: str, where: Path) -> None:
    shutil.copytree(load().lesson(lab).folder / part, where)


def fingerprint(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        found.update(str(path.relative_to(folder)).encode())
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()


def running(name: str) -> list[psutil.Process]:
    """What has this name among its arguments."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and name in (process.info["cmdline"] or ())
    ]


def batepapo(
    *arguments: str, seconds: float = LONG
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "batepapo", "grade", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


@dataclass(frozen=True)
class Marked:
    done: subprocess.CompletedProcess[str]
    folder: Path
    files: Path
    before: str
    name: str

    @property
    def grades(self) -> dict[str, Any]:
        data = json.loads((self.files / "all.json").read_text(encoding="utf-8"))
        return {one["name"]: one for one in data["submissions"]}

    def shares(self, name: str) -> list[float]:
        return [lab["passed"] / lab["total"] for lab in self.grades[name]["labs"]]


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Marked:
    """A class, marked by the command."""
    folder = tmp_path_factory.mktemp("class")
    files = tmp_path_factory.mktemp("files")
    name = uuid.uuid4().hex
    copy(2, "solution", folder / "solves")
    copy(1, "starter", folder / "begins" / "ana" / "bate-papo")  # packed twice
    copy(2, "solution", folder / "floods")
    (folder / "floods" / "server.py").rename(folder / "floods" / "right.py")
    (folder / "floods" / "server.py").write_text(FLOODS)
    (folder / "empty").mkdir()
    forks = FORKS.replace("NAME", name).replace("MANY", "5")
    for called, text in {**PROGRAMS, "forks": forks}.items():
        (folder / called).mkdir()
        (folder / called / "server.py").write_text(text)
    before = fingerprint(folder)
    done = batepapo(
        *(str(folder), "--labs", "1-2", "--lang", "en", "--seed", str(SEED)),
        *("--json", str(files / "all.json"), "--csv", str(files / "all.csv")),
        *("--reports", str(files / "reports"), "--gradescope", str(files / "systems")),
        *("--classroom", str(files / "systems")),
    )
    return Marked(done, folder, files, before, name)


def test_bad_marks_are_no_failure_of_marking(marked: Marked) -> None:
    assert marked.done.returncode == 0, marked.done.stdout + marked.done.stderr
    assert not any(one["faults"] for one in marked.grades.values())


def test_a_solution_gets_everything_and_a_starter_a_part(marked: Marked) -> None:
    assert marked.shares("solves") == [1, 1]
    assert marked.grades["solves"]["mark"] == 100
    first, second = marked.shares("begins")
    assert 0 < first < 1
    assert 0 < second < 1, "what passes counts though the lab before does not pass"


def test_who_floods_its_output_is_judged_all_the_same(marked: Marked) -> None:
    assert marked.shares("floods")[1] == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hangs", "does not listen"),
        ("forks", "does not listen"),
        ("wrong", "SyntaxError"),
        ("empty", "There is no server.py"),
        pytest.param("deletes", "deleted its own folder", marks=POSIX),
    ],
)
def test_who_cannot_be_checked_gets_nothing_and_the_reason(
    marked: Marked, name: str, said: str
) -> None:
    assert marked.shares(name) == [0, 0]
    assert said in "\n".join(marked.grades[name]["remarks"])
    assert said in " ".join(marked.done.stdout.split())


def test_nothing_is_left_running_and_nothing_was_touched(marked: Marked) -> None:
    _, alive = psutil.wait_procs(running(marked.name), timeout=5)
    assert not alive
    assert fingerprint(marked.folder) == marked.before


def test_the_table_fits_80_columns_and_has_a_line_for_each(marked: Marked) -> None:
    lines = marked.done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    named = [line.split()[0] for line in lines if line and line[0] != " "]
    assert named[1:9] == sorted(one.name for one in marked.folder.iterdir())


def test_progress_is_told_apart_from_the_table(marked: Marked) -> None:
    assert "8 of 8: " in marked.done.stderr
    assert " of 8: " not in marked.done.stdout


def test_a_private_seed_is_told_nowhere(marked: Marked) -> None:
    texts = [marked.done.stdout, marked.done.stderr]
    texts += [
        one.read_text(encoding="utf-8")
        for one in marked.files.rglob("*")
        if one.is_file()
    ]
    assert len(texts) > 8
    assert not any(str(SEED) in text for text in texts)


def test_a_report_says_that_students_run_the_public_checks(marked: Marked) -> None:
    report = (marked.files / "reports" / "begins.txt").read_text(encoding="utf-8")
    assert "what you can run yourself are the public ones" in " ".join(report.split())
    assert "FRAME-3" in report
    assert "batepapo lab check --only test_" in report
    assert "expected" not in report, "what was expected is held back with a seed"
    page = marked.files / "reports" / "begins-server.html"
    assert "FRAME-3" in page.read_text(encoding="utf-8")


def test_files_for_other_systems_agree_with_the_marks(marked: Marked) -> None:
    with (marked.files / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert rows.keys() == marked.grades.keys()
    for name, grade in marked.grades.items():
        assert float(rows[name]["mark"]) == grade["mark"]
        one = marked.files / "systems" / name
        gradescope = json.loads((one / "results.json").read_text(encoding="utf-8"))
        classroom = json.loads((one / "result.json").read_text(encoding="utf-8"))
        assert gradescope["score"] == grade["mark"]
        assert classroom["score"] == round(100 * grade["mark"]), "hundredths"
        parts = [part["score"] for part in gradescope["tests"]]
        assert sum(parts) == pytest.approx(grade["mark"], abs=0.01)
        hundredths = [part["score"] for part in classroom["tests"]]
        assert sum(hundredths) == pytest.approx(classroom["score"], abs=len(parts))
        most = [part["max_score"] for part in gradescope["tests"]]
        assert round(sum(most), 9) == 100
        most = [part["max-score"] for part in classroom["tests"]]
        assert sum(most) == classroom["max-score"] == 10_000


def test_files_for_other_systems_are_as_those_take_them(marked: Marked) -> None:
    files = [*(marked.files / "systems").glob("*/*.json")]
    assert len(files) == 2 * len(marked.grades)
    for file in files:
        data = json.loads(file.read_text(encoding="utf-8"))
        validate(data, FORMS[file.name])
        for test in data["tests"]:
            assert test["score"] <= test.get("max_score", test.get("max-score"))


# ---- in this process ---------------------------------------------------------


@pytest.fixture(scope="module")
def first_lab() -> Plan:
    return planned([load().lesson(1)])


def mark(where: Path, plan: Plan, **how: Any) -> dict[str, Grade]:
    asked = How(**{"seed": SEED, "jobs": 2, **how})
    grades = grade_all(find(where), plan, asked, ENGLISH, lambda _: None)
    return {one.name: one for one in grades}


def test_twice_the_same_marks_for_the_same_seed(
    marked: Marked, tmp_path: Path, first_lab: Plan
) -> None:
    for name in ("solves", "begins"):
        shutil.copytree(marked.folder / name, tmp_path / name)
    for name, grade in mark(tmp_path, first_lab).items():
        told = [step["checks"] for step in marked.grades[name]["labs"][0]["steps"]]
        [lab] = grade.labs
        assert [dict(part.worth) for part in lab.parts] == told


@POSIX
def test_who_takes_too_long_is_ended(tmp_path: Path, first_lab: Plan) -> None:
    copy(1, "solution", tmp_path / "ana")
    build = f'"{sys.executable}" -c "import time; time.sleep(3600)"'
    grades = mark(
        tmp_path, first_lab, commands={"build": build}, limits=Limits(seconds=2)
    )
    assert grades["ana"].mark == 0
    assert "time limit" in grades["ana"].remarks[0]
    assert not grades["ana"].faults


def test_what_had_passed_when_it_was_ended_is_known(
    tmp_path: Path, first_lab: Plan
) -> None:
    # It answers the first check, and then it hangs.
    copy(1, "solution", tmp_path / "ana")
    (tmp_path / "ana" / "server.py").rename(tmp_path / "ana" / "right.py")
    hangs = TIRES.replace('raise SystemExit("tired")', "__import__('time').sleep(3600)")
    (tmp_path / "ana" / "server.py").write_text(hangs)
    task = Task(
        program="server",
        role="server",
        command=with_python("{python} server.py {address} {port}"),
        build=None,
        options={},
        factor=1,
        only=first_lab.only("server"),
    )
    order = Order(
        place=str(tmp_path),
        folder=str(tmp_path / "ana"),
        tasks=[asdict(task)],
        seed=SEED,
        jobs=1,
        limits=Limits().as_json(),
        user=None,
    )
    stopped = threading.Event()
    process = Supervised(order, Limits(), stopped)
    thread = threading.Thread(target=process.run)
    thread.start()
    deadline = time.monotonic() + LONG
    while not process.all_said("result") and time.monotonic() < deadline:
        time.sleep(0.05)
    stopped.set()
    thread.join(LONG)
    assert process.ended is Ended.STOPPED
    assert not process.finished
    results = [one["result"] for one in process.all_said("result", program="server")]
    assert results[0]["verdict"] == "passed"


def test_who_starts_too_many_processes_is_ended(
    tmp_path: Path, first_lab: Plan
) -> None:
    name = uuid.uuid4().hex
    (tmp_path / "ana").mkdir()
    text = FORKS.replace("NAME", name).replace("MANY", "12")
    (tmp_path / "ana" / "server.py").write_text(text)
    grades = mark(tmp_path, first_lab, limits=Limits(processes=8))
    assert "too many processes" in grades["ana"].remarks[0]
    _, alive = psutil.wait_procs(running(name), timeout=5)
    assert not alive


def test_who_starts_but_twice_has_failed_what_comes_then(
    tmp_path: Path, first_lab: Plan
) -> None:
    copy(1, "solution", tmp_path / "ana")
    (tmp_path / "ana" / "server.py").rename(tmp_path / "ana" / "right.py")
    (tmp_path / "ana" / "server.py").write_text(TIRES)
    grade = mark(tmp_path, first_lab, jobs=1)["ana"]
    worths = {one for part in grade.labs[0].parts for one in part.worth.values()}
    assert Worth.NOT_RUN in worths
    assert Worth.UNJUDGED not in worths, "it is not the system that is to blame"
    assert grade.mark < 100
    assert not grade.faults


def test_a_build_that_fails_is_told_with_its_last_words(
    tmp_path: Path, first_lab: Plan
) -> None:
    copy(1, "solution", tmp_path / "ana")
    file = tmp_path / "ana" / "lab.toml"
    file.write_text("""build = '''{python} -c "raise SystemExit('no compiler')"'''\n""")
    told = "\n".join(mark(tmp_path, first_lab)["ana"].remarks)
    assert "exit status 1" in told
    assert "no compiler" in told


def test_an_own_command_is_taken_unless_it_is_not_to_be(
    tmp_path: Path, first_lab: Plan
) -> None:
    (tmp_path / "ana").mkdir()
    own = 'server = "no-such-program {address} {port}"\n'
    (tmp_path / "ana" / "lab.toml").write_text(own)
    assert "no-such-program" in mark(tmp_path, first_lab)["ana"].remarks[0]
    ignored = mark(tmp_path, first_lab, trust=False)["ana"]
    assert "There is no server.py" in ignored.remarks[0]


def test_a_program_is_judged_by_the_options_that_it_has(tmp_path: Path) -> None:
    # It has no such option; who says so is believed, and who does not is not asked.
    for name, own in {"ana": "", "bia": 'max-connections = "--max {value}"'}.items():
        copy(1, "solution", tmp_path / name)
        (tmp_path / name / "lab.toml").write_text(f"[options]\n{own}\n")
    lab = load().lesson(1)
    step = replace(lab.steps[0], checks=("test_a_full_server_says_so",))
    found = mark(tmp_path, planned([replace(lab, steps=(step,))]))
    worth = {
        name: set(one.labs[0].parts[0].worth.values()) for name, one in found.items()
    }
    assert worth == {"ana": {Worth.UNJUDGED}, "bia": {Worth.FAILED}}


@POSIX
def test_an_interruption_ends_everything_at_once(tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    (tmp_path / "ana").mkdir()
    text = FORKS.replace("NAME", name).replace("MANY", "2")
    (tmp_path / "ana" / "server.py").write_text(text)
    arguments = [str(tmp_path), "--labs", "1", "--lang", "en"]
    with subprocess.Popen(
        [sys.executable, "-m", "batepapo", "grade", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as done:
        deadline = time.monotonic() + LONG
        while len(running(name)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        done.send_signal(signal.SIGTERM)
        out, errors = done.communicate(timeout=LONG)
    assert done.returncode == 2, out + errors
    assert "Interrupted" in errors
    assert "Traceback" not in out + errors
    _, alive = psutil.wait_procs(running(name), timeout=5)
    assert not alive


@POSIX
def test_nothing_outlives_whoever_marks(tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    (tmp_path / "ana").mkdir()
    (tmp_path / ".rest").mkdir()
    text = FORKS.replace("NAME", name).replace("MANY", "2")
    (tmp_path / "ana" / "server.py").write_text(text)
    with subprocess.Popen(
        [sys.executable, "-m", "batepapo", "grade", str(tmp_path), "--labs", "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path / ".rest")},  # it cannot tidy up
    ) as done:
        deadline = time.monotonic() + LONG
        while len(running(name)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        found = running(name)
        done.kill()  # as the system does when memory is short
    assert found
    _, alive = psutil.wait_procs(found, timeout=60)
    assert not alive


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["EMPTY"], "no submission"),
        (["EMPTY/nowhere"], "Cannot read"),
        (["FULL", "--labs", "77"], "no lab 77"),
        (["FULL", "--labs", "one"], "numbers and ranges"),
        (["FULL", "--labs", "0"], "nothing to mark"),
        (
            ["FULL", "--labs", "1", "--config", "EMPTY/none.toml"],
            "cannot be understood",
        ),
        (["FULL", "--labs", "1", "--csv", "FULL/ana/server.py/x"], "Cannot write"),
        ([], "FOLDER or --autograder"),
    ],
)
def test_2_if_nothing_can_be_marked(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    copy(1, "solution", tmp_path / "full" / "ana")
    places = {"EMPTY": str(tmp_path / "empty"), "FULL": str(tmp_path / "full")}
    for word, place in places.items():
        arguments = [one.replace(word, place) for one in arguments]
    done = batepapo(*arguments, "--lang", "en")
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_3_if_the_suite_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy(1, "solution", tmp_path / "ana")
    # The process that checks it cannot even begin.
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    out = io.StringIO()
    context = Context(language=Language.ENGLISH, out=out, course=load())
    done = commands.grade(context, tmp_path, Settings(labs="1"), Files())
    assert done is Status.FAULT
    assert "A fault of batepapo" in out.getvalue()


def test_one_alone_can_be_marked(tmp_path: Path, first_lab: Plan) -> None:
    copy(1, "solution", tmp_path / "ana")
    done = batepapo(
        *(str(tmp_path / "ana"), "--single", "--labs", "1", "--lang", "pt"),
        *("--gradescope", str(tmp_path / "results")),
    )
    assert done.returncode == 0, done.stderr
    data = json.loads((tmp_path / "results" / "results.json").read_text("utf-8"))
    assert data["score"] == 100
    assert "públicas" in data["output"]


def test_a_link_that_leads_out_is_left_behind(tmp_path: Path, first_lab: Plan) -> None:
    copy(1, "solution", tmp_path / "secret")
    (tmp_path / "class" / "ana").mkdir(parents=True)
    try:
        (tmp_path / "class" / "ana" / "server.py").symlink_to(
            tmp_path / "secret" / "server.py"
        )
    except OSError:
        pytest.skip("this user may not make links")
    [submission] = find(tmp_path / "class")
    assert submission == Submission("ana", tmp_path / "class" / "ana")
    assert (
        "There is no server.py" in mark(tmp_path / "class", first_lab)["ana"].remarks[0]
    )


@POSIX
def test_a_submission_is_another_user_or_nothing_is_marked(tmp_path: Path) -> None:
    who = "import os, sys\nsys.exit(f'I am user {os.getuid()}')\n"
    (tmp_path / "class" / "ana").mkdir(parents=True)
    (tmp_path / "class" / "ana" / "server.py").write_text(who)
    arguments = [str(tmp_path / "class"), "--labs", "1", "--users", "61000"]
    done = batepapo(*arguments, "--lang", "en")
    if can_be(61000):  # root alone, and with a Python that everybody may run
        assert done.returncode == 0, done.stderr
        assert "I am user 61000" in done.stdout
    else:
        assert done.returncode == 2
        assert not done.stdout, "it is not marked as the user who marks"
