"""Runs of commands for pages: what is kept, what is compared, what is refused."""

import contextlib
import sys
import textwrap
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from batepapo_site import here, pages
from batepapo_site.runs import __main__ as command
from batepapo_site.runs import comparison, description, machine, stage
from batepapo_site.runs.description import NoSuchRunError, Run, RunError, Step

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
    (run,) = description.read(textwrap.dedent(text), language).values()
    return run


def python(program: str) -> Step:
    return Step(run=("python", "-c", program), shown="it")


def test_the_command_stands_over_what_it_prints() -> None:
    run = Run("r", (python("print('a'); print('b')"),))
    assert stage.told(run, "en") == "$ it\na\nb\n"


def test_what_is_not_shown_otherwise_is_quoted_as_for_a_shell() -> None:
    run = Run("r", (Step(run=("python", "-c", "print('a b')")),))
    assert stage.told(run, "en").startswith("$ python -c 'print(")


def test_a_long_command_goes_on_in_the_next_line() -> None:
    option = f"--only {'x' * 40}"
    shown = f"it {option} {option} {option}"
    run = Run("r", (Step(run=("python", "-c", ""), shown=shown),))
    assert stage.told(run, "en") == f"$ it {option} \\\n   {option} \\\n   {option}\n"


def test_progress_is_not_shown() -> None:
    told = "print('1 of 3 checks, 1 failed'); print('1 de 3: ana'); print('1 of us')"
    assert stage.told(Run("r", (python(told),)), "en") == "$ it\n1 of us\n"


def test_terminals_talk_through_a_free_port_and_show_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "say.py").write_text(SAY)
    steps = (
        Step("s", start=("python", "echo.py", "55555"), until={"s": ":55555"}),
        Step("c", start=("python", "say.py", "55555")),
        Step("c", type="oi", until={"c": "OI"}),
        Step("c", end="input", until={"s": "gone"}),
    )
    run = Run("r", steps, files=("echo.py", "say.py"))
    assert stage.told(run, "en") == textwrap.dedent("""\
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
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    (tmp_path / "cat.py").write_text("print(open('out.txt').read())")
    first = Step(run=("python", "-c", "print('a')"), shown="it", into="out.txt")
    second = Step(run=("python", "there/cat.py"))
    run = Run("r", (first, second), files=("cat.py -> there", "cat.py"))
    with pytest.raises(RunError, match="No such file"):
        stage.told(Run("r", (second,), files=run.files), "en")
    assert stage.told(run, "en") == "$ it > out.txt\n$ python there/cat.py\na\n\n"


def test_a_program_speaks_the_language_of_the_page() -> None:
    run = Run("r", (python("import os; print(os.environ['LANG'])"),))
    assert [stage.told(run, lang).split()[-1] for lang in description.LANGUAGES] == [
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
        stage.told(run, "en")
    assert "oh" in str(caught.value)


def test_what_never_comes_is_not_waited_for_for_ever() -> None:
    step = Step(start=("python", "-c", "input()"), shown="it", until={"": "never"})
    with pytest.raises(RunError, match="no 'never' came"):
        stage.told(Run("r", (step,)), "en", patience=0.5)


def test_what_does_not_end_is_ended() -> None:
    run = Run("r", (python("import time; time.sleep(60)"),))
    with pytest.raises(RunError, match="has not ended"):
        stage.told(run, "en", patience=0.5)


def test_lines_are_left_out_and_that_is_said() -> None:
    cut = (("^b", "^d"),)
    run = Run("r", (python("print(*'abcd', sep=chr(10))"),), cut=cut)
    assert stage.told(run, "en") == "$ it\na\n[...]\nd\n"


def test_a_cut_that_finds_nothing_is_a_failure() -> None:
    run = Run("r", (python("print('a')"),), cut=(("^b", ""),))
    with pytest.raises(RunError, match="from which to cut"):
        stage.told(run, "en")


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
    assert comparison.same(Run("r", ()), before, after)


def test_any_other_difference_is_one() -> None:
    run = Run("r", ())
    assert not comparison.same(run, "ERRO 01", "ERRO 02")
    assert not comparison.same(run, "  a", "    a")
    assert "+ERRO 02" in comparison.differences(run, "ERRO 01\n", "ERRO 02\n")


def main(*arguments: str | Path) -> Result:
    folder = arguments[-1]
    more = map(str, ("--jobs", 1, "--folder", folder))
    return CliRunner().invoke(command.main, [*map(str, arguments[:-1]), *more])


def test_what_was_written_is_loaded_and_checked(tmp_path: Path) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    assert main("--write", tmp_path).exit_code == 0
    written = description.load("hello", "pt", tmp_path)
    assert written.startswith("$ hello\nhello after ")
    assert main("--check", tmp_path).exit_code == 0
    assert main("--write", "hello", tmp_path).exit_code == 0
    kept = description.load("hello", "pt", tmp_path)
    assert kept == written, "nothing new, nothing written"
    (tmp_path / "hello.pt.txt").write_text("$ hello\ngood-bye\n")
    checked = main("--check", tmp_path)
    assert checked.exit_code == 1
    assert "hello.en.txt: as it was" in checked.output
    assert "hello.pt.txt: no longer what is printed" in checked.output
    assert "-good-bye" in checked.output


def test_a_run_without_a_text_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    assert main("--check", tmp_path).exit_code == 1


@pytest.mark.parametrize("need", ["no-such-program", "192.0.2.99"])
def test_what_needs_something_that_is_not_here_is_said_and_not_run(
    tmp_path: Path, need: str
) -> None:
    text = HELLO.replace("[hello]", f"[hello]\nneeds = ['{need}']")
    (tmp_path / "runs.toml").write_text(text)
    for what in ("--check", "--write"):
        done = main(what, tmp_path)
        assert done.exit_code == 0
        assert f"hello.pt.txt: not run, this machine lacks {need}" in done.output
    assert not list(tmp_path.glob("*.txt"))


def test_what_is_here_is_not_missing() -> None:
    needs = ("127.0.0.1", Path(sys.executable).name)
    assert machine.missing(Run("r", needs=needs)) == ""


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    (tmp_path / "runs.toml").write_text(HELLO)
    assert main("--check", "hallo", tmp_path).exit_code == 2
    with pytest.raises(NoSuchRunError, match=r"no run 'hallo' in 'pt'.*--write hallo"):
        description.load("hallo", "pt", tmp_path)


@pytest.mark.parametrize(
    "step", ['run = ["a"]\nrum = 1', 'run = ["a"]\ntype = "b"', 'shown = "a"']
)
def test_a_step_that_says_nothing_sensible_is_refused(step: str) -> None:
    with pytest.raises(RunError):
        description.read(f"[r]\n[[r.step]]\n{step}\n", "en")


def test_every_run_of_the_site_is_kept_in_both_languages_and_shown() -> None:
    text = (description.RUNS / "runs.toml").read_text(encoding="utf-8")
    shown = asked_for()
    for language in description.LANGUAGES:
        described = description.read(text, language)
        assert set(described) == shown[language]
        for name in described:
            kept = description.load(name, language)
            assert kept.startswith(("$ ", "# ")), name
            assert str(description.ROOT) not in kept, name
            assert "/tmp/" not in kept, name
            assert "\x04" not in kept, name
    files = {one.name.split(".")[0] for one in description.RUNS.glob("*.txt")}
    assert files == set(described), "a text of a run that nobody describes"


# In them speak servers, a client and a report; `make runs-check` runs all.
QUICK = ("by-hand", "first-conversation", "protocol-hole", "strict-answers", "failure")


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.parametrize("language", description.LANGUAGES)
def test_what_pages_show_is_still_what_is_printed(name: str, language: str) -> None:
    text = (description.RUNS / "runs.toml").read_text(encoding="utf-8")
    run = description.read(text, language)[name]
    if missing := machine.missing(run):
        pytest.skip(f"this machine lacks {missing}")
    kept, new = description.load(name, language), stage.told(run, language)
    patch = comparison.differences(run, kept, new)
    again = f"python -m batepapo_site.runs --write {name}"
    if patch:
        told = f"pages show what is no longer printed: {again}\n{patch}"
        pytest.fail(told, pytrace=False)


def asked_for() -> dict[str, set[str]]:
    """The runs that pages show, by language."""
    shown: dict[str, set[str]] = {language: set() for language in description.LANGUAGES}
    for page in pages.written().values():
        for language, source in page.sources.items():
            for what in here.asked(source.read_text(encoding="utf-8")):
                kind, _, name = what.removeprefix("<!-- here: ").partition(" ")
                if kind == "run":
                    shown[language].add(name.removesuffix(" -->"))
    return shown


def test_what_was_typed_is_not_taken_for_what_is_printed() -> None:
    echo = "for line in iter(input, 'end'): print(line.upper(), flush=True)"
    steps = (
        Step(start=("python", "-c", echo), shown="it"),
        Step(type="OI", until={"": "OI"}),
        Step(type="a", until={"": "A"}),
        Step(type="end"),
    )
    assert stage.told(Run("r", steps), "en") == "$ it\nOI\nOI\na\nA\nend\n"


def test_a_port_stands_in_a_file_as_well_and_a_terminal_may_be_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    (tmp_path / "echo.py").write_text(ECHO.replace("int(sys.argv[1])", "55555"))
    (tmp_path / "say.py").write_text(SAY.replace("int(sys.argv[1])", "55555"))
    steps = (
        Step("s", start=("python", "echo.py", "it"), until={"s": ":"}, hidden=True),
        Step(start=("python", "say.py")),
        Step(type="oi", until={"": "OI"}),
        Step(end="input", until={"s": "gone"}),
    )
    run = Run("r", steps, files=("echo.py", "say.py"))
    assert stage.told(run, "en") == "$ python say.py\noi\nOI\n"


# ---- sessions ---------------------------------------------------------------------


def session(*lines: str) -> str:
    run = one("[r]\nsession = '''\n" + "\n".join(lines) + "\n'''\n")
    if missing := machine.missing(run):
        pytest.skip(f"this machine lacks {missing}")
    return stage.told(run, "en")


def test_each_line_of_a_session_stands_over_what_it_prints() -> None:
    assert session("echo a", "printf b", "true", "echo c >&2") == textwrap.dedent("""\
        $ echo a
        a
        $ printf b
        b
        $ true
        $ echo c >&2
        c
        """)


def test_a_line_of_a_session_sees_how_the_last_one_has_ended() -> None:
    told = session("(exit 5)", "echo $?", "echo $?")
    assert told == "$ (exit 5)\n$ echo $?\n5\n$ echo $?\n0\n"


def test_no_program_of_a_session_reads_its_lines() -> None:
    assert session("cat", "echo a") == "$ cat\n$ echo a\na\n"


def test_what_goes_on_in_a_session_is_waited_for_and_ended_with_it() -> None:
    told = session("(sleep 0.2; echo $BASHPID; exec sleep 60) &", "echo b")
    _, number, *rest = told.splitlines()
    assert rest == ["$ echo b", "b"]
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(number)).wait(10)  # `TimeoutExpired` if it goes on


def test_a_session_finds_its_server_at_the_usual_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "ROOT", tmp_path)
    (tmp_path / "echo.py").write_text(ECHO)
    (tmp_path / "say.py").write_text(SAY)
    run = Run(
        "r",
        session=("echo oi | python say.py 55555",),
        servers=("python echo.py 55555",),
        files=("echo.py", "say.py"),
        needs=("bash",),
    )
    if machine.missing(run):
        pytest.skip("this machine lacks bash")
    assert stage.told(run, "en") == "$ echo oi | python say.py 55555\nOI\n"


def test_a_server_is_one_of_the_ports_of_its_run() -> None:
    with pytest.raises(RunError, match="has none of its ports"):
        stage.told(Run("r", servers=("python -c pass",)), "en")


def test_a_run_that_does_nothing_is_refused() -> None:
    with pytest.raises(RunError, match="steps, or a session, or both"):
        one("[r]\nboth = false\n")
