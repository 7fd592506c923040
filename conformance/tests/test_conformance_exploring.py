"""Sessions made up, made small, written down, and replayed."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batepapo_conformance.check import Request
from batepapo_conformance.exploring.acts import (
    Act,
    Close,
    Connect,
    HalfClose,
    Reset,
    Send,
    Step,
    joined,
    lines,
)
from batepapo_conformance.exploring.again import CannotReplay, read_session, replay
from batepapo_conformance.exploring.by_hand import by_hand
from batepapo_conformance.exploring.explore import Failure, _one_by_one, explore
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.searching import explore_server, replay_file
from batepapo_conformance.exploring.shrinking import (
    is_possible,
    smaller_steps,
    smallest,
)
from batepapo_conformance.exploring.strategies import (
    any_lines,
    cuts,
    malformed,
    nicks,
    pieces,
)
from batepapo_conformance.exploring.telling import Told, tell
from batepapo_conformance.exploring.transcribe import transcribe, transcript
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.results import Status
from batepapo_conformance.spec import Transcript, load
from batepapo_conformance.testee import Role, from_command, from_implementation
from batepapo_conformance.words import Language, Words

REFERENCES = ("threaded", "asyncio")
ENGLISH = Words(Language.ENGLISH)
PORTUGUESE = Words(Language.PORTUGUESE)

TWO_INSIDE: list[Step] = [
    (Connect("ana"), lines("ana", "/ENTRAR ana")),
    (Connect("beto"), lines("beto", "/ENTRAR beto")),
]
EVERYTHING: list[Step] = [
    *TWO_INSIDE,
    (lines("ana", ":a", "beto:b", "zeta:c", "/USUARIOS"),),
    (lines("ana", ":1"), lines("beto", ":2")),
    (Connect("carla"), lines("carla", "/ENTRAR Ana", "/ENTRAR carla")),
    (Send("beto", (b":a", b"b\r", b"\n")),),
    (lines("carla", ":x"), Reset("carla")),
    (Connect("davi"), Send("davi", (b"x\x00",)), HalfClose("davi")),
    (lines("beto", "/sair"),),
    (lines("ana", "/USUARIOS", ":fim", "ana:<ana>", "ana: "), Close("ana")),
]


def zoo(name: str) -> str:
    return f"'{sys.executable}' -m batepapo_zoo {name} {{address}} {{port}}"


# ---- writing down ------------------------------------------------------------


def test_a_course_with_one_answer_is_written_as_in_the_specification() -> None:
    assert transcribe([*TWO_INSIDE, (lines("ana", ":oi"),)]) == [
        "ana connects",
        "ana -> /ENTRAR ana",
        "ana <- BATEPAPO 1 <software>",
        "ana <- USUARIOS 0",
        "ana <- ENTROU <time> <ana>",
        "beto connects",
        "beto -> /ENTRAR beto",
        "ana <- ENTROU <time 1> <beto>",
        "beto <- BATEPAPO 1 <software>",
        "beto <- USUARIOS 0 ana",
        "beto <- ENTROU <time 1> <beto>",
        "ana -> :oi",
        "ana <- PUBLICA <time 2> <ana> :oi",
        "beto <- PUBLICA <time 2> <ana> :oi",
    ]


def test_every_legal_order_is_a_branch() -> None:
    written = transcribe([*TWO_INSIDE, (lines("ana", ":1"), lines("beto", ":2"))])
    assert written[-11:] == [
        "either",
        "ana <- PUBLICA <time 2> <beto> :2",
        "ana <- PUBLICA <time 3> <ana> :1",
        "beto <- PUBLICA <time 2> <beto> :2",
        "beto <- PUBLICA <time 3> <ana> :1",
        "or",
        "ana <- PUBLICA <time 3> <ana> :1",
        "ana <- PUBLICA <time 2> <beto> :2",
        "beto <- PUBLICA <time 3> <ana> :1",
        "beto <- PUBLICA <time 2> <beto> :2",
        "end",
    ]


@pytest.mark.parametrize(
    ("pieces", "written"),
    [
        ((b":oi\n",), "ana -> :oi"),
        ((b":a\n:b\n",), "ana ->> :a | :b"),
        ((b":a | b\n:c\n",), "ana ~> :a | b\\n:c\\n"),
        ((b":a\r\n",), "ana ~> :a\\r\\n"),
        ((b":a \n",), "ana ~> :a \\n"),
        ((b":a ",), "ana ~> :a\\x20"),
        ((b"\xff<\\",), "ana ~> \\xFF\\x3C\\\\"),
        ((b":" + b"x" * 400 + b"\n",), "ana -> :<400 x x>"),
        ((b":<3 x y>\n",), "ana -> :<1 x <>3 x y>"),
    ],
)
def test_octets_are_written_so_that_they_can_be_read_again(
    pieces: tuple[bytes, ...], written: str
) -> None:
    sent = Send("ana", pieces)
    assert written in transcribe([(Connect("ana"),), (sent,)])


@pytest.mark.parametrize("implementation", REFERENCES)
def test_what_is_written_is_met_by_a_reference(
    implementation: str, tmp_path: Path
) -> None:
    file = tmp_path / "session.txt"
    text = transcript(EVERYTHING, title="All of it", shows=["ORDER-1"], comment="a\nb")
    assert "\n# a\n# b\n" in text
    assert text.count("either") > 1
    file.write_text(text, encoding="utf-8")
    testee = from_implementation(Role.SERVER, implementation)
    assert replay(read_session(file), testee, times=2) == []


@pytest.mark.parametrize("implementation", REFERENCES)
def test_the_oracle_agrees_with_a_reference(implementation: str) -> None:
    with Ground(from_implementation(Role.SERVER, implementation)) as ground:
        for _ in range(5):
            assert ground.try_out(EVERYTHING, fresh=False) is None
            # Whoever has just hung up may be seen a moment longer.
            deadline = time.monotonic() + 5
            while not ground.is_empty():
                assert time.monotonic() < deadline


# ---- by hand -----------------------------------------------------------------


def test_what_can_be_typed_is_typed() -> None:
    steps = transcribe([*TWO_INSIDE, (lines("ana", "/SAIR"),)])
    guide = by_hand(steps, "127.0.0.1", 55555, ENGLISH)
    assert guide[0] == "  1 ana: nc -N 127.0.0.1 55555"
    assert guide[1] == "  2 ana: types /ENTRAR ana"
    assert guide[-3:] == [
        "    ana: sees SAIU <time 2> <ana> :<reason>",
        "    ana: sees the end of the connection",
        "    beto: sees SAIU <time 2> <ana> :<reason>",
    ]
    assert "vê o fim da conexão" in "\n".join(
        by_hand(steps, "127.0.0.1", 55555, PORTUGUESE)
    )


@pytest.mark.parametrize("session", load().transcripts.values(), ids=load().transcripts)
@pytest.mark.parametrize("words", [ENGLISH, PORTUGUESE], ids=["en", "pt"])
def test_every_transcript_can_be_taken_by_hand(
    session: Transcript, words: Words
) -> None:
    guide = by_hand(session.steps, "127.0.0.1", 55555, words)
    assert len(guide) == len(session.steps)
    opened = sum(step.endswith(" connects") for step in session.steps)
    assert sum("nc -N 127.0.0.1 55555" in line for line in guide) == opened


def test_what_cannot_be_typed_is_printed() -> None:
    steps = transcribe([(Connect("ana"),), (Send("ana", (b":a\r", b"'%\n" * 2)),)])
    [command, *_] = by_hand(steps, "::1", 1, ENGLISH)
    assert command.endswith("| nc -N ::1 1")
    assert r"printf ':a\r'" in command
    assert r"printf '\047\045\n\047\045\n'" in command


@pytest.mark.skipif(shutil.which("sh") is None, reason="no shell of POSIX")
@given(st.binary(max_size=20), st.integers(0, 600))
@example(b"-\0", 0)
@settings(max_examples=20, deadline=None)
def test_the_shell_prints_just_these_octets(octets: bytes, times: int) -> None:
    steps = transcribe([(Connect("ana"),), (Send("ana", (octets + b"x" * times,)),)])
    sends = [step for step in steps if "~>" in step or "->" in step]
    if not sends:
        return
    [command, *_] = by_hand(["ana connects", *sends], "h", 1, ENGLISH)
    printing = command.split(": ", 1)[1].replace("read x </dev/tty; ", "")
    if printing.startswith("nc"):
        return  # it is typed
    printing = printing.replace("read x </dev/tty", "true").split(" | nc")[0]
    done = subprocess.run(["sh", "-c", printing], capture_output=True, check=True)
    assert done.stdout == octets + b"x" * times


# ---- making small ------------------------------------------------------------


@given(st.sets(st.integers(0, 60), min_size=1, max_size=4))
def test_what_is_needed_is_all_that_is_left(needed: set[int]) -> None:
    left = smallest(list(range(61)), lambda some: needed <= set(some), seconds=10)
    assert left == sorted(needed)


def fails_with_b_and_a_colon(steps: Sequence[Step]) -> bool:
    return is_possible(steps) and b"b" in sent(steps) and b":" in sent(steps)


def sent(steps: Sequence[Step]) -> bytes:
    acts = [act for step in steps for act in step]
    return b"".join(act.octets for act in acts if isinstance(act, Send))


def test_steps_lines_and_octets_are_left_out() -> None:
    small = smaller_steps(EVERYTHING, fails_with_b_and_a_colon, seconds=10)
    assert fails_with_b_and_a_colon(small)
    assert len(sent(small)) == 2


@pytest.mark.parametrize("late", range(1, 31))
def test_a_server_that_is_late_once_leaves_nothing_in(late: int) -> None:
    in_pieces = Send("ana", (b"/ENTRAR a", b"na\n:oi\n:", b"beto\n", b"/SAIR\n"))
    tries = 0

    def fails(steps: Sequence[Step]) -> bool:
        nonlocal tries
        tries += 1
        return tries != late and fails_with_b_and_a_colon(steps)

    small = smaller_steps([(Connect("ana"),), (in_pieces,)], fails, seconds=10)
    assert len(sent(small)) == 2


def test_a_course_is_possible_if_everybody_connects_first_and_once() -> None:
    assert is_possible(EVERYTHING)
    assert not is_possible([(lines("ana", ":x"),)])
    assert not is_possible([(Connect("ana"),), (Connect("ana"),)])


def test_joining_delivers_the_same_octets_whole() -> None:
    step: tuple[Act, ...] = (Send("ana", (b"a", b"b")), HalfClose("ana"))
    assert joined(step) == (Send("ana", (b"ab",)), HalfClose("ana"))


@given(any_lines.map(str.encode) | malformed, cuts)
def test_pieces_are_the_whole(octets: bytes, at: list[int]) -> None:
    cut = pieces(octets, at)
    assert b"".join(cut) == octets
    assert len(cut) == 1 or all(cut)


@given(nicks)
def test_nicks_are_nicks(nick: str) -> None:
    assert read_back(f"/ENTRAR {nick}")


def read_back(line: str) -> bool:
    from batepapo_conformance.codec import parse_client_line

    return parse_client_line(line.encode()) is not None


# ---- exploring ---------------------------------------------------------------


@pytest.mark.parametrize("implementation", REFERENCES)
def test_nothing_is_found_in_a_reference(implementation: str) -> None:
    with Ground(from_implementation(Role.SERVER, implementation)) as ground:
        found = explore(ground, examples=12, steps=12, seed=7)
        assert found.failure is None
        assert found.steps > 50
        assert ground.starts == 1


def test_a_mistake_becomes_a_short_session_that_can_be_replayed(
    tmp_path: Path,
) -> None:
    file, out = tmp_path / "found.txt", StringIO()
    wrong = Request(role=Role.SERVER, command=zoo("list_without_owner"))
    status = explore_server(
        wrong,
        examples=100,
        steps=20,
        seed=1,
        save=file,
        words=ENGLISH,
        out=out,
        as_json=True,
    )
    data = json.loads(out.getvalue())
    assert (status, data["status"]) == (Status.FAILED, 1)
    failure = data["failure"]
    assert failure["broken"]["rule"] == "LIST-1"
    assert failure["seen"] == failure["confirmations"]
    assert len(failure["session"]) <= 8
    assert failure["saved"] == str(file)
    assert failure["events"]
    right = Request(role=Role.SERVER, implementation="asyncio")
    assert replay_file(file, wrong, 1, ENGLISH, StringIO()) is Status.FAILED
    assert replay_file(file, right, 1, ENGLISH, StringIO()) is Status.PASSED


def test_lines_of_their_own_are_whole_lines() -> None:
    """What never becomes a line is none; what becomes one later is one then."""
    pieces = (Send("ana", (b"/ENTRAR ana\n/",)), Send("ana", (b"SAIR\n:",)))
    assert _one_by_one([(Connect("ana"),), pieces]) == [
        (Connect("ana"),),
        (Send("ana", (b"/ENTRAR ana\n",)),),
        (Send("ana", (b"/SAIR\n",)),),
    ]


def test_what_only_fails_in_pieces_is_a_matter_of_framing() -> None:
    testee = from_command(Role.SERVER, zoo("one_read_one_line"))
    with Ground(testee) as ground:
        found = explore(ground, examples=50, steps=10, seed=1)
    assert found.failure is not None
    assert found.failure.broken.rule == "FRAME-3"


@pytest.mark.parametrize("words", [ENGLISH, PORTUGUESE], ids=["en", "pt"])
def test_the_report_fits_and_says_how_to_repeat(words: Words) -> None:
    broken = RuleBroken("LIST-1", "USUARIOS 0 ana", b"USUARIOS 0")
    steps = (*TWO_INSIDE, (lines("ana", "/USUARIOS", f":{'ab' * 200}"),))
    told = Told(
        what="explore",
        role=Role.SERVER,
        testee=["--command", "server {address} {port}"],
        seed=1,
        counts={"sessions": 1, "steps": 20},
        failure=Failure(steps, broken, 2, "", ()),
        again=["batepapo", "explore", "--seed=1"],
        saved=Path("x.txt"),
    )
    out = StringIO()
    tell(told, words, out)
    text = out.getvalue()
    assert "LIST-1" in text
    assert "2 " in text
    assert "batepapo replay x.txt --as-nc" in text
    assert "batepapo explore --seed=1" in text
    assert all(len(line) <= 80 for line in text.splitlines())


# ---- what cannot be done -----------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "title: x\n", "title: x\nshows: ENTER-1\n\nana flies\n", "\xff\n\n"],
)
def test_a_file_that_is_no_session_is_said_to_be_none(
    text: str, tmp_path: Path
) -> None:
    file, out = tmp_path / "x.txt", StringIO()
    file.write_text(text, encoding="latin-1")
    request = Request(role=Role.SERVER, implementation="threaded")
    assert replay_file(file, request, 1, ENGLISH, out) is Status.NO_VERDICT
    assert "cannot be replayed" in " ".join(out.getvalue().split())


def test_a_file_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(CannotReplay, match="No such file"):
        read_session(tmp_path / "nothing.txt")


def test_without_a_server_there_is_no_verdict() -> None:
    out = StringIO()
    status = explore_server(
        Request(role=Role.SERVER, at="127.0.0.1:9"),
        examples=1,
        steps=1,
        seed=None,
        save=None,
        words=ENGLISH,
        out=out,
        as_json=False,
    )
    assert status is Status.NO_VERDICT
    assert "nobody accepts connections" in " ".join(out.getvalue().split())


def test_a_stranger_in_the_room_keeps_us_from_a_verdict() -> None:
    out = StringIO()
    with (
        Ground(from_implementation(Role.SERVER, "asyncio")) as ground,
        ground.performance() as stranger,
    ):
        stranger.perform((Connect("rui"), lines("rui", "/ENTRAR rui")))
        status = explore_server(
            Request(role=Role.SERVER, at=str(stranger.endpoint)),
            examples=1,
            steps=1,
            seed=1,
            save=None,
            words=ENGLISH,
            out=out,
            as_json=False,
        )
    assert status is Status.NO_VERDICT
    assert "somebody is in the room" in " ".join(out.getvalue().split())
