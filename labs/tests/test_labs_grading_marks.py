"""From what checks gave to marks; what teachers may ask for; what was handed in."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_labs_course import names_of_checks

from batepapo_conformance.detail import Detail
from batepapo_conformance.results import Broken, Result, Run, Verdict
from batepapo_conformance.spec import Level
from batepapo_conformance.words import Language, Words
from batepapo_labs.commands import Context
from batepapo_labs.folder import TABLES, begin, show_solution, with_python
from batepapo_labs.grading import looking
from batepapo_labs.grading.commands import plan_from
from batepapo_labs.grading.exports import write_csv
from batepapo_labs.grading.looking import names_ours
from batepapo_labs.grading.marks import Grade, Worth
from batepapo_labs.grading.plan import Part, Plan, Planned, chosen, planned
from batepapo_labs.grading.settings import Settings, merged, read, read_weights
from batepapo_labs.grading.submissions import Prepared, Submission, find, prepare
from batepapo_labs.grading.telling import held_back, report
from batepapo_labs.lessons import Course, Lesson, load
from batepapo_labs.trouble import Trouble

ENGLISH = Words(Language.ENGLISH, TABLES)
SAID = {Language.ENGLISH: "A step", Language.PORTUGUESE: "Um passo"}


def lesson(number: int) -> Lesson:
    return Lesson(
        folder=Path(f"{number:02}-lab"),
        number=number,
        title=SAID,
        idea=SAID,
        role="server",
        program="server.py",
        starts_from=None,
        about=(),
        steps=(),
        hints={},
    )


APART = replace(lesson(10), program="server.js", apart=True)
BOTH = {"server": lesson(2), "server-10": APART}


def part(*cases: str) -> Part:
    return Part(
        SAID, {one: frozenset({f"{one}[octets]", f"{one}[whole]"}) for one in cases}
    )


def plan(weight: float = 1, out_of: float = 100) -> Plan:
    first = Planned(lesson(1), (part("test_a", "test_b"),), 1)
    second = Planned(lesson(2), (part("test_c"), part("test_d")), weight)
    return Plan((first, second), out_of)


def result(
    name: str, variant: str, verdict: Verdict = Verdict.PASSED, **how: Any
) -> Result:
    failed = verdict is Verdict.FAILED
    return Result(
        **{
            "name": name,
            "variant": variant,
            "delivery": variant,
            "file": "x.py",
            "requirements": ("FRAME-3",),
            "level": Level.MUST,
            "section": "2.2",
            "sentence": "",
            "verdict": verdict,
            "broken": Broken("FRAME-3", "what was wanted", "what came", False)
            if failed
            else None,
            "seed": 4711,
            **how,
        }
    )


def grade(*results: Result, of: Plan | None = None) -> Grade:
    run = Run(role="server", testee="x", seed=4711, results=results)
    return Grade("ana", of or plan(), {"server": run})


def both(name: str, verdict: Verdict = Verdict.PASSED, **how: Any) -> list[Result]:
    return [result(name, variant, verdict, **how) for variant in ("octets", "whole")]


ALL = [one for name in "abcd" for one in both(f"test_{name}")]


# ---- marks -------------------------------------------------------------------


def test_who_passes_everything_gets_everything() -> None:
    assert grade(*ALL).mark == 100
    assert grade(*ALL, of=plan(out_of=10)).mark == 10


def test_nothing_run_is_nothing_passed() -> None:
    assert grade().mark == 0
    assert Grade("ana", plan()).mark == 0


def test_labs_count_by_their_weights_and_checks_of_a_lab_alike() -> None:
    found = grade(*both("test_a"), of=plan(weight=3))
    assert [lab.share for lab in found.labs] == [0.5, 0]
    assert found.mark == 12.5


def test_a_check_passes_if_it_does_in_all_deliveries() -> None:
    cut_short = grade(result("test_a", "whole"))
    assert cut_short.labs[0].parts[0].worth["test_a"] is Worth.NOT_RUN
    failed = grade(
        result("test_a", "whole"), result("test_a", "octets", Verdict.FAILED)
    )
    assert failed.labs[0].parts[0].worth["test_a"] is Worth.FAILED


def test_what_only_should_be_costs_nothing() -> None:
    advice = both("test_a", Verdict.FAILED, level=Level.SHOULD)
    assert grade(*advice, *ALL[2:]).mark == 100


@pytest.mark.parametrize(
    ("reason", "worth"),
    [
        ("this system has no signals", Worth.UNJUDGED),
        ("this machine has no IPv6", Worth.UNJUDGED),
        ("the testee ended with status 1 before it listened", Worth.NOT_RUN),
        ("cannot start `python`: No such file", Worth.NOT_RUN),
    ],
)
def test_what_the_system_cannot_judge_does_not_count(reason: str, worth: Worth) -> None:
    unjudged = both("test_a", Verdict.NO_VERDICT, reason=reason)
    found = grade(*unjudged, *ALL[2:])
    assert found.labs[0].parts[0].worth["test_a"] is worth
    assert found.mark == (100 if worth is Worth.UNJUDGED else 75)


# ---- what is told ------------------------------------------------------------


@pytest.mark.parametrize("detail", list(Detail))
def test_a_private_seed_is_held_back_and_marks_stay(detail: Detail) -> None:
    whole = grade(
        *both("test_a", Verdict.FAILED),
        *both("test_b", Verdict.NO_VERDICT, reason="this system has no signals"),
        *ALL[4:],
    )
    told = held_back(whole, detail, private=True)
    assert told.mark == whole.mark
    text = report(told, detail, ENGLISH, private=True)
    assert "4711" not in text
    assert "FRAME-3" in text
    assert ("what was wanted" in text) == (detail is Detail.FULL)
    assert ("what came" in text) == (detail is not Detail.ID)


def test_a_public_seed_is_part_of_the_command_that_repeats_it() -> None:
    whole = grade(*both("test_a", Verdict.FAILED))
    told = held_back(whole, Detail.FULL, private=False)
    text = report(told, Detail.FULL, ENGLISH, private=False)
    assert "batepapo lab check --only test_a --seed 4711" in text


def test_no_name_becomes_a_formula(tmp_path: Path) -> None:
    one = replace(grade(), name="=1+1", remarks=["-x"])
    write_csv([one], tmp_path / "marks.csv")
    with (tmp_path / "marks.csv").open(encoding="utf-8", newline="") as file:
        _, row = list(csv.reader(file))
    assert row[0] == "'=1+1"
    assert "'-x" in row


# ---- what counts -------------------------------------------------------------


def test_labs_are_said_by_numbers_and_ranges(labs: Course) -> None:
    assert [one.number for one in chosen(labs, None)] == [1, 2]
    assert [one.number for one in chosen(labs, "1-3")] == [1, 2], "3 is no program"
    assert [one.number for one in chosen(labs, "2, 1,2")] == [2, 1]
    for said in ("3", "9", "1-", "x", ""):
        with pytest.raises(Trouble):
            chosen(labs, said)


def test_each_must_of_the_steps_counts_once_in_a_lab(labs: Course) -> None:
    made = planned(chosen(labs, None))
    assert [len(one.cases) for one in made.labs] == [1, 3]
    assert made.only("server")[0] == "test_the_software_is_one_token"
    assert len(made.only("server")) == 3
    left = planned(chosen(labs, None), leave_out=["RUN-3"], weights={2: 1.0})
    assert [one.lesson.number for one in left.labs] == [2]
    assert len(left.labs[0].cases) < 3
    with pytest.raises(Trouble):
        planned(chosen(labs, "1"), weights={2: 1.0})


def test_every_run_that_counts_has_the_name_that_its_result_will_have() -> None:
    made = planned(chosen(load(), "1-10"))
    for lab in made.labs:
        known = names_of_checks(lab.lesson.role)
        for part in lab.parts:
            assert {run for runs in part.cases.values() for run in runs} <= {*known}


# ---- what is asked for -------------------------------------------------------


def test_options_go_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "grading.toml"
    file.write_text(
        'labs = "1-2"\nout-of = 10\nseed = 3\nserver = "x"\nlang = "pt"\n'
        "[weights]\n1 = 2\n2 = 0.5\n"
    )
    wanted = merged(read(file), labs="1", out_of=None, leave_out=(), detail="full")
    assert (wanted.labs, wanted.out_of, wanted.seed) == ("1", 10, 3)
    assert wanted.weights == {1: 2, 2: 0.5}
    assert wanted.commands == {"server": "x"}
    assert not wanted.trust
    assert wanted.private
    assert wanted.told is Detail.FULL
    assert merged({}, seed=3).told is Detail.ACTUAL
    assert merged({}).told is Detail.FULL


@pytest.mark.parametrize(
    "text",
    [
        "labs = 1",
        "unknown = 1",
        "out-of = 0",
        "out-of = true",
        'detail = "some"',
        'lang = "fr"',
        "[weights]\none = 1",
        "[weights]\n1 = -1",
        "labs = ",
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "grading.toml"
    file.write_text(text)
    with pytest.raises(Trouble, match="config"):
        read(file)


def test_weights_may_stand_alone_or_in_their_table(tmp_path: Path) -> None:
    file = tmp_path / "weights.toml"
    for text in ("1 = 2\n", "[weights]\n1 = 2\n"):
        file.write_text(text)
        assert read_weights(file) == {1: 2}


# ---- what was handed in ------------------------------------------------------


def handed_in(where: Path, files: dict[str, str], **how: Any) -> Any:
    for name, text in files.items():
        path = where / "class" / "ana" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    place = where / "place"
    place.mkdir(parents=True)
    [one] = find(where / "class")
    assert one == Submission("ana", where / "class" / "ana")
    programs = {"server": lesson(1)}
    return prepare(one, place, **{"programs": programs, "commands": {}, **how})


def commands(prepared: Prepared) -> dict[str, str]:
    return {name: one.command for name, one in prepared.programs.items()}


def test_a_program_is_started_as_the_labs_say(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {"server.py": ""})
    command = with_python("{python} server.py {address} {port}")
    assert commands(found) == {"server": command}
    assert found.programs["server"].build is None


def test_what_is_said_of_a_program_is_taken_and_nothing_else(tmp_path: Path) -> None:
    own = 'server = "x {address} {port}"\nbuild = "make"\nlab = "?"\nlanguage = 3\n'
    found = handed_in(tmp_path, {"lab.toml": own})
    assert commands(found) == {"server": "x {address} {port}"}
    assert found.programs["server"].build == "make"
    assert "language" not in (found.folder / "lab.toml").read_text("utf-8")


def test_the_teachers_command_comes_first(tmp_path: Path) -> None:
    own = 'server = "x {address} {port}"\n'
    found = handed_in(tmp_path, {"lab.toml": own}, commands={"server": "y"})
    assert commands(found) == {"server": "y"}


def test_options_are_taken_and_a_program_may_be_a_little_slower(tmp_path: Path) -> None:
    own = 'time-factor = 5\n[options]\nrate = "-r {value}"\n'
    own += 'answer-timeout = "-a {value}"\n'
    own += '[lab-10]\noptions = "contract"\ntime-factor = 1.5\n'
    files = {"lab.toml": own, "server.py": "", "server.js": ""}
    for trust in (True, False):
        where = tmp_path / str(trust)
        found = handed_in(where, files, programs=BOTH, trust=trust)
        first, other = found.programs.values()
        assert (first.options, first.factor) == ({"rate": "-r {value}"}, 2)
        assert (other.options, other.factor) == ("contract", 1.5)
        [told] = [one.told(ENGLISH) for one in found.remarks]
        assert "a time-factor of 5; marking allows 2" in told


def test_a_build_that_is_not_run_is_told(tmp_path: Path) -> None:
    own = 'server = "x {address} {port}"\nbuild = "make"\n'
    files = {"lab.toml": own, "server.py": ""}
    how: dict[str, Any] = {"commands": {"server": "y"}, "trust": False}
    found = handed_in(tmp_path / "a", files, **how)
    assert (commands(found), found.programs["server"].build) == ({"server": "y"}, None)
    assert "(make) was not run" in found.remarks[0].told(ENGLISH)
    how["commands"]["build"] = "cc"
    found = handed_in(tmp_path / "b", files, **how)
    assert (found.programs["server"].build, found.remarks) == ("cc", [])


def test_a_teachers_command_is_for_its_program_and_theirs_are_for_none(
    tmp_path: Path,
) -> None:
    own = 'server = "x {address} {port}"\nclient = "z {address} {port} {nick}"\n'
    programs = {
        "server": lesson(1),
        "client": replace(lesson(5), role="client", program="client.py"),
    }
    found = handed_in(
        tmp_path,
        {"lab.toml": own, "client.py": ""},
        programs=programs,
        commands={"server": "y", "build": "cc"},
        trust=False,
    )
    assert commands(found)["server"] == "y"
    assert "client.py" in commands(found)["client"]
    assert [one.build for one in found.programs.values()] == ["cc", "cc"]


def test_what_is_left_empty_is_not_said(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {"lab.toml": 'server = " "\nbuild = ""\n'})
    assert found.missing == {"server": "server.py"}


@pytest.mark.parametrize("own", ["server = 1\n", "not toml", "\x00", "lab-10 = 1\n"])
def test_a_file_that_cannot_be_understood_is_told(tmp_path: Path, own: str) -> None:
    found = handed_in(
        tmp_path, {"lab.toml": own, "server.py": "", "server.js": ""}, programs=BOTH
    )
    assert commands(found)["server"].endswith("server.py {address} {port}")
    assert commands(found)["server-10"].endswith("server.js {address} {port}")
    assert "lab.toml" in found.remarks[0].told(ENGLISH)


def test_a_folder_in_a_folder_is_looked_into(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {"deep/server.py": "", "._deep": ""})
    assert found.folder.name == "deep"
    assert found.programs


# ---- what may be ours ----


@pytest.mark.parametrize("language", Language)
def test_what_was_handed_out_is_no_reason_to_look(
    tmp_path: Path, language: Language
) -> None:
    course = load()
    for one in course.lessons.values():
        folder, _ = begin(tmp_path, course, one, language)
        show_solution(folder, one)
    measure = tmp_path / "measure.py"
    measure.write_text(f"# mine\n{measure.read_text('utf-8')}", "utf-8")
    assert {"LAB-11.md", "measure.py"} <= {one.name for one in tmp_path.iterdir()}
    assert names_ours(tmp_path, file_too=True) == []


def test_looking_runs_no_pytest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is done in threads, and pytest takes standard output for itself.
    def never(*_: object, **__: object) -> None:
        raise AssertionError("pytest runs")

    monkeypatch.setattr(pytest, "main", never)
    looking._handed_out.cache_clear()
    (tmp_path / "server.py").write_text("")
    assert names_ours(tmp_path, file_too=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "from batepapo_threaded.server import main",
        "import batepapo.__main__",
        "runpy.run_path(files('batepapo_labs') / 'labs' / NAME)",
        'os.execvp("batepapo", ["batepapo", "serve", *sys.argv[1:]])',
        "subprocess.run([sys.executable, '-m', 'batepapo', 'serve', address, port])",
        "runpy.run_path('solution-4/server.py')",
    ],
)
def test_a_program_that_starts_or_loads_ours_is_to_be_looked_at(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "server.py").write_text("# my chat: BATEPAPO 1 batepapo-da-ana\n")
    assert names_ours(tmp_path, file_too=True) == []
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "room.py").write_text(f"import os\n{text}\n")
    assert names_ours(tmp_path, file_too=True) == ["deep/room.py"]


def test_so_is_a_command_that_is_carried_out(tmp_path: Path) -> None:
    own = 'server = "batepapo serve {address} {port}"\n'
    found = handed_in(tmp_path, {"lab.toml": own, "server.py": ""})
    assert names_ours(found.folder, file_too=True) == ["lab.toml"]
    assert names_ours(found.folder, file_too=False) == []


# ---- two servers of one submission: that of a lab which stands apart is another ----


def test_each_program_is_built_and_started_for_itself(tmp_path: Path) -> None:
    own = 'build = "make"\n[lab-10]\nserver = "java S {address} {port}"\n'
    own += 'build = "javac S.java"\n'
    found = handed_in(tmp_path, {"lab.toml": own, "server.py": ""}, programs=BOTH)
    told = {name: one.build for name, one in found.programs.items()}
    assert told == {"server": "make", "server-10": "javac S.java"}
    assert commands(found)["server"].endswith("server.py {address} {port}")
    assert commands(found)["server-10"] == "java S {address} {port}"


def test_the_server_of_the_labs_before_is_not_marked_for_another(
    tmp_path: Path,
) -> None:
    own = 'server = "{python} server.py {address} {port}"\n'
    found = handed_in(tmp_path, {"lab.toml": own, "server.py": ""}, programs=BOTH)
    assert found.missing == {"server-10": "server.js"}
    assert found.programs.keys() == {"server"}


def test_marks_are_of_the_program_that_a_lab_is_about() -> None:
    both_labs = Plan((*plan().labs, Planned(APART, (part("test_a"),), 1)), 100)
    assert both_labs.programs == BOTH
    assert both_labs.only("server-10") == ["test_a"]
    whole = grade(*ALL, of=both_labs)
    assert [lab.share for lab in whole.labs] == [1, 1, 0]
    whole.runs["server-10"] = grade(*both("test_a")).runs["server"]
    assert whole.mark == 100


def test_a_lab_apart_is_marked_if_it_is_named() -> None:
    assert [one.number for one in chosen(load(), None)] == [*range(1, 9)]
    assert [one.number for one in chosen(load(), "8-11")] == [8, 10]


@pytest.mark.parametrize(
    ("labs", "commands_said"),
    [("1,10", {}), ("10", {"server": "x"}), ("1-2", {"server": "x", "client": "y"})],
)
def test_one_command_is_for_one_program(
    labs: str, commands_said: dict[str, str]
) -> None:
    context = Context(out=io.StringIO(), course=load())
    assert plan_from(context, Settings(labs=labs, commands=commands_said)).labs
    with pytest.raises(Trouble, match="apart"):
        plan_from(context, Settings(labs="1,10", commands={"server": "x"}))
