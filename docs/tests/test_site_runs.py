"""Runs of commands for pages: what is kept, what is compared, what is refused."""

import textwrap
from pathlib import Path

import pytest

from batepapo_site import runs
from batepapo_site.runs import NoSuchRunError, Run, RunError, Step

HELLO = """\
[hello]
varies = ['(?<=after )\\d+']

[[hello.step]]
run = ["python", "-c", "import time; print('hello after', time.monotonic_ns())"]
shown = "hello"
"""
ECHO = """\
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(f"listens at 127.0.0.1:{sys.argv[1]}", flush=True)
connection, _ = listener.accept()
while chunk := connection.recv(100):
    connection.sendall(chunk.upper())
print("gone", flush=True)
"""
SAY = """\
import socket
import sys

s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for line in sys.stdin:
    s.sendall(line.encode())
    print(s.recv(100).decode(), end="", flush=True)
"""


def one(text: str, language: str = "en") -> Run:
    (run,) = runs.read(textwrap.dedent(text), language).values()
    return run


def python(program: str) -> Step:
    return Step(run=("python", "-c", program), shown="it")


def test_the_command_stands_over_what_it_prints() -> None:
    run = Run("r", (python("print('a'); print('b')"),))
    assert runs.told(run, "en") == "$ it\na\nb\n"


def test_what_is_not_shown_otherwise_is_quoted_as_for_a_shell() -> None:
    run = Run("r", (Step(run=("python", "-c", "print('a b')")),))
    assert runs.told(run, "en").startswith("$ python -c 'print(")


def test_a_long_command_goes_on_in_the_next_line() -> None:
    option = f"--only {'x' * 40}"
    shown = f"it {option} {option} {option}"
    run = Run("r", (Step(run=("python", "-c", ""), shown=shown),))
    assert runs.told(run, "en") == f"$ it {option} \\\n   {option} \\\n   {option}\n"


def test_progress_is_not_shown() -> None:
    told = "print('1 of 3 checks, 1 failed'); print('1 de 3: ana'); print('1 of us')"
    assert runs.told(Run("r", (python(told),)), "en") == "$ it\n1 of us\n"


def test_terminals_talk_through_a_free_port_and_show_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "say.py").write_text(SAY)
    steps = (
        Step("s", start=("python", "echo.py", "55555"), until={"s": ":55555"}),
        Step("c", start=("python", "say.py", "55555")),
        Step("c", type="oi", until={"c": "OI"}),
        Step("c", end="input", until={"s": "gone"}),
    )
    run = Run("r", steps, files=("echo.py", "say.py"))
    assert runs.told(run, "en") == textwrap.dedent("""\
        # s
        $ python echo.py 55555
        listens at 127.0.0.1:55555
        gone

        # c
        $ python say.py 55555
        oi
        OI
        """)


def test_what_goes_into_a_file_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    (tmp_path / "cat.py").write_text("print(open('out.txt').read())")
    first = Step(run=("python", "-c", "print('a')"), shown="it", into="out.txt")
    second = Step(run=("python", "there/cat.py"))
    run = Run("r", (first, second), files=("cat.py -> there", "cat.py"))
    with pytest.raises(RunError, match="No such file"):
        runs.told(Run("r", (second,), files=run.files), "en")
    assert runs.told(run, "en") == "$ it > out.txt\n$ python there/cat.py\na\n\n"


def test_a_program_speaks_the_language_of_the_page() -> None:
    run = Run("r", (python("import os; print(os.environ['LANG'])"),))
    assert [runs.told(run, lang).split()[-1] for lang in runs.LANGUAGES] == [
        "en_US.UTF-8",
        "pt_BR.UTF-8",
    ]


def test_each_language_may_have_values_of_its_own() -> None:
    text = """
        [r]
        [[r.step]]
        type.en = "hello"
        type.pt = "oi"
        """
    assert one(text, "en").steps[0].type == "hello"
    assert one(text, "pt").steps[0].type == "oi"


def test_another_exit_status_is_a_failure_and_its_output_is_told() -> None:
    run = Run("r", (python("print('oh'); raise SystemExit(3)"),))
    with pytest.raises(RunError, match="exit status 3, not 0") as caught:
        runs.told(run, "en")
    assert "oh" in str(caught.value)


def test_what_never_comes_is_not_waited_for_for_ever() -> None:
    step = Step(start=("python", "-c", "input()"), shown="it", until={"": "never"})
    with pytest.raises(RunError, match="no 'never' came"):
        runs.told(Run("r", (step,)), "en", patience=0.5)


def test_what_does_not_end_is_ended() -> None:
    run = Run("r", (python("import time; time.sleep(60)"),))
    with pytest.raises(RunError, match="has not ended"):
        runs.told(run, "en", patience=0.5)


def test_lines_are_left_out_and_that_is_said() -> None:
    cut = (("^b", "^d"),)
    run = Run("r", (python("print(*'abcd', sep=chr(10))"),), cut=cut)
    assert runs.told(run, "en") == "$ it\na\n[...]\nd\n"


def test_a_cut_that_finds_nothing_is_a_failure() -> None:
    run = Run("r", (python("print('a')"),), cut=(("^b", ""),))
    with pytest.raises(RunError, match="from which to cut"):
        runs.told(run, "en")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-11-20T18:58:45.275Z ana", "2027-01-01T00:00:00.000Z ana"),
        ("ana@127.0.0.1:60976 :oi", "ana@127.0.0.1:5 :oi"),
        ("   0.061  ana -> :oi", "  12.345  ana -> :oi"),
        ("12 checks in 1.9 s, seed", "12 checks in 21.0 s, seed"),
        ("a     b", "a  b"),
    ],
)
def test_what_is_another_each_time_is_passed_over(before: str, after: str) -> None:
    assert runs.same(Run("r", ()), before, after)


def test_any_other_difference_is_one() -> None:
    run = Run("r", ())
    assert not runs.same(run, "ERRO 01", "ERRO 02")
    assert not runs.same(run, "  a", "    a")
    assert "+ERRO 02" in runs.differences(run, "ERRO 01\n", "ERRO 02\n")


def test_what_was_written_is_loaded_and_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    assert runs.main(["--write"], tmp_path) == 0
    written = runs.load("hello", "pt", tmp_path)
    assert written.startswith("$ hello\nhello after ")
    assert runs.main(["--check"], tmp_path) == 0
    assert runs.main(["--write", "hello"], tmp_path) == 0
    assert runs.load("hello", "pt", tmp_path) == written, "nothing new, nothing written"
    (tmp_path / "hello.pt.txt").write_text("$ hello\ngood-bye\n")
    capsys.readouterr()
    assert runs.main(["--check"], tmp_path) == 1
    told = capsys.readouterr().out
    assert "hello.en.txt: as it was" in told
    assert "hello.pt.txt: no longer what is printed" in told
    assert "-good-bye" in told


def test_a_run_without_a_text_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    assert runs.main(["--check"], tmp_path) == 1


def test_what_needs_a_program_that_is_not_here_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HELLO.replace("[hello]", "[hello]\nprograms = ['no-such-program']")
    (tmp_path / "runs.toml").write_text(text)
    assert runs.main(["--check"], tmp_path) == 0
    assert "there is no no-such-program" in capsys.readouterr().out
    assert runs.main(["--write"], tmp_path) == 1


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    with pytest.raises(SystemExit):
        runs.main(["--check", "hallo"], tmp_path)
    with pytest.raises(NoSuchRunError, match=r"no run 'hallo' in 'pt'.*--write hallo"):
        runs.load("hallo", "pt", tmp_path)


@pytest.mark.parametrize(
    "step", ['run = ["a"]\nrum = 1', 'run = ["a"]\ntype = "b"', 'shown = "a"']
)
def test_a_step_that_says_nothing_sensible_is_refused(step: str) -> None:
    with pytest.raises(RunError):
        runs.read(f"[r]\n[[r.step]]\n{step}\n", "en")


def test_every_run_of_the_site_is_kept_in_both_languages() -> None:
    text = (runs.RUNS / "runs.toml").read_text(encoding="utf-8")
    for language in runs.LANGUAGES:
        for name in runs.read(text, language):
            kept = runs.load(name, language)
            assert kept.startswith(("$ ", "# ")), name
            assert str(runs.ROOT) not in kept, name
            assert "/tmp/" not in kept, name


def test_what_was_typed_is_not_taken_for_what_is_printed() -> None:
    echo = "for line in iter(input, 'end'): print(line.upper(), flush=True)"
    steps = (
        Step(start=("python", "-c", echo), shown="it"),
        Step(type="OI", until={"": "OI"}),
        Step(type="a", until={"": "A"}),
        Step(type="end"),
    )
    assert runs.told(Run("r", steps), "en") == "$ it\nOI\nOI\na\nA\nend\n"


def test_a_port_stands_in_a_file_as_well_and_a_terminal_may_be_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROOT", tmp_path)
    (tmp_path / "echo.py").write_text(ECHO.replace("int(sys.argv[1])", "55555"))
    (tmp_path / "say.py").write_text(SAY.replace("int(sys.argv[1])", "55555"))
    steps = (
        Step("s", start=("python", "echo.py", "it"), until={"s": ":"}, hidden=True),
        Step(start=("python", "say.py")),
        Step(type="oi", until={"": "OI"}),
        Step(end="input", until={"s": "gone"}),
    )
    run = Run("r", steps, files=("echo.py", "say.py"))
    assert runs.told(run, "en") == "$ python say.py\noi\nOI\n"
