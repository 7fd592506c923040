"""Histories that are right and look odd, and those of which nobody can know."""

import dataclasses
import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from batepapo_conformance.judge import Court, Judgement, Verdict, judge, telling
from batepapo_conformance.judge.imagined import HEADER, Imagined, ended
from batepapo_conformance.recording import (
    BadRecording,
    Happening,
    Kind,
    Recording,
    write,
)

Told = list[Happening]


def judged(
    told: Told, *, settled: bool = True, whole: bool = True, kept: int = 1000
) -> Judgement:
    court = Court(dataclasses.replace(HEADER, whole=whole), kept=kept)
    for happening in told:
        court.take(happening)
    return court.finish(ended(told, settled=settled))


# ---- right, and odd ------------------------------------------------------------


def the_same_text_again_and_again() -> Imagined:
    server = Imagined()
    server.enters("ana", "beto")
    server.sends("ana", *[":oi"] * 20, *["beto:psiu"] * 5, *[":oi"] * 20)
    server.sends("beto", *["ana:psiu", ":oi"] * 5)
    return server


def the_same_nick_again_at_the_same_time() -> Imagined:
    server = Imagined(hidden=True)
    server.enters("beto")
    for number in range(4):
        server.connects(f"c{number}")
        server.sends(f"c{number}", "/ENTRAR ana", ":oi", "/SAIR")
    return server


def the_room_is_empty_and_fills_again() -> Imagined:
    server = Imagined()
    for number in range(3):
        for nick in ("ana", "beto"):
            server.connects(f"{nick}-{number}")
            server.sends(f"{nick}-{number}", f"/ENTRAR {nick}", ":oi")
        server.sends(f"ana-{number}", "/SAIR")
        server.resets(f"beto-{number}")
    return server


def everybody_vanishes_while_talking() -> Imagined:
    server = Imagined()
    server.enters("ana", "beto", "carla", "davi")
    server.sends("beto", ":um", ":dois", "ana:tres")
    server.resets("beto")
    server.sends("carla", ":um", "/SAIR", ":nunca dito")
    server.sends("davi", ":um", "isto nao e linha", ":nunca dito")
    server.sends("ana", "beto:onde estas?", "/USUARIOS")
    server.half_closes("ana")
    return server


def a_nick_is_asked_for_until_it_is_free() -> Imagined:
    server = Imagined()
    server.enters("ana")
    server.connects("outra", "mais")
    server.sends("outra", "/ENTRAR ANA", "/ENTRAR Ana", "/ENTRAR aNa")
    server.sends("ana", "/SAIR")
    server.sends("outra", "/ENTRAR Ana", ":sou eu")
    server.sends("mais", "/ENTRAR ana", "/SAIR")
    return server


def nobody_says_anything() -> Imagined:
    server = Imagined()
    server.connects("ana", "beto")
    server.enters("carla")
    return server


ODD = [
    the_same_text_again_and_again,
    the_same_nick_again_at_the_same_time,
    the_room_is_empty_and_fills_again,
    everybody_vanishes_while_talking,
    a_nick_is_asked_for_until_it_is_free,
    nobody_says_anything,
]


@pytest.mark.parametrize("tell", ODD, ids=lambda tell: tell.__name__)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_right_never_fails_in_whatever_order_it_was_recorded(
    tell: Callable[[], Imagined], whole: bool
) -> None:
    told = tell()
    assert judged(told.happenings, whole=whole).verdict is Verdict.PASS
    for seed in range(10):
        result = judged(told.shuffled(random.Random(seed)), whole=whole)
        assert result.failures == []


NICKS = ("ana", "Beto", "carla", "DAVI")


def a_random_history(chance: random.Random) -> Imagined:
    """Up to six people who do whatever can be done, legal or not."""
    server = Imagined(hidden=chance.random() < 0.5)
    there: list[str] = []
    for number in range(chance.choice((10, 40, 100))):
        what = chance.random()
        if len(there) < 2 or (what < 0.15 and len(there) < 6):
            there.append(f"c{number}")
            server.connects(there[-1])
            server.sends(there[-1], f"/ENTRAR {chance.choice(NICKS)}")
            continue
        who = chance.choice(there)
        if what < 0.25:
            (server.resets if what < 0.2 else server.half_closes)(who)
        else:
            lines = [_line(chance) for _ in range(chance.choice((1, 1, 4)))]
            server.sends(who, *lines)
        there = [one for one in there if server.is_connected(one)]
    return server


def _line(chance: random.Random) -> str:
    other = chance.choice(NICKS)
    lines = [":a", ":b", f"{other}:x", f"{other.lower()}:y", "/USUARIOS"]
    rare = [f"/ENTRAR {other}", "/SAIR", "isto nao e linha"]
    return chance.choice(lines if chance.random() < 0.93 else rare)


def without_what_was_not_read(told: Told, chance: random.Random) -> Told:
    """Who resets its connection may not have read the last lines that were there."""
    for reset in [one for one in told if one.kind is Kind.CLIENT_RESET]:
        heard = [
            number
            for number, one in enumerate(told)
            if one.connection == reset.connection and one.kind is Kind.RECEIVED
        ]
        unread = set(heard[chance.randrange(len(heard) + 1) :])
        told = [one for number, one in enumerate(told) if number not in unread]
    return told


@pytest.mark.parametrize("seed", range(200))
def test_a_server_without_a_mistake_never_fails(seed: int) -> None:
    chance = random.Random(seed)
    server = a_random_history(chance)
    told = server.shuffled(chance) if seed % 4 else server.happenings
    told = without_what_was_not_read(told, chance)
    result = judged(told, whole=seed % 3 > 0, settled=seed % 5 > 0)
    assert result.failures == []


@pytest.mark.parametrize("seed", range(30))
def test_an_event_that_one_of_many_did_not_get_is_always_missed(seed: int) -> None:
    chance = random.Random(seed)
    server = Imagined()
    server.enters("ana", "beto", "carla")
    for _ in range(20):
        server.sends(chance.choice(("ana", "beto", "carla")), _line(random.Random(1)))
        server.sends(chance.choice(("ana", "beto", "carla")), f":{chance.random()}")
    told = server.shuffled(chance)
    said = [n for n, one in enumerate(told) if one.octets.startswith(b"PUBLICA ")]
    del told[chance.choice(said)]
    result = judged(told)
    assert result.verdict is Verdict.FAIL
    assert result.failures[0].rule in ("ORDER-1", "ORDER-2", "PUBLIC-1")


# ---- nobody can know -------------------------------------------------------------


def reasons(result: Judgement) -> str:
    return "; ".join(reason for _, reason in result.doubts)


def test_what_may_still_have_come_is_unknown() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    server.sends("ana", ":oi", "beto:psiu", "/USUARIOS")
    for missing in range(1, 5):
        cut = judged(server.happenings[:-missing], settled=False)
        assert cut.verdict is Verdict.UNKNOWN, cut
        assert judged(server.happenings[:-missing]).verdict is Verdict.FAIL


def test_a_recording_without_an_end_is_not_known_to_be_whole() -> None:
    server = Imagined()
    server.enters("ana")
    server.sends("ana", ":oi")
    court = Court(HEADER)
    for happening in server.happenings[:-1]:
        court.take(happening)
    assert court.finish(None).verdict is Verdict.UNKNOWN


def test_who_does_not_read_may_lack_anything() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    told = list(server.happenings)
    told.append(Happening(told[-1].seconds, "beto", Kind.STALLED))
    server.sends("ana", ":oi", "beto:psiu")
    later = server.happenings[len(told) - 1 :]
    told += [one for one in later if one.connection != "beto"]
    result = judged(told)
    assert result.verdict is Verdict.UNKNOWN
    assert "never received" in reasons(result)


def test_who_is_cut_off_may_have_been_so_rightly() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    server.resets("beto")
    told = [
        one._replace(kind=Kind.SERVER_RESET) if one.kind is Kind.CLIENT_RESET else one
        for one in server.happenings
    ]
    result = judged(told)
    assert result.verdict is Verdict.UNKNOWN
    assert "did not read" in reasons(result)


def test_who_is_too_far_behind_is_given_up_and_nothing_is_kept_for_it() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    entered = len(server.happenings)
    server.sends("ana", *(f":{number}" for number in range(5000)))
    told, later = server.happenings[:entered], server.happenings[entered:]
    told += sorted(later, key=lambda one: one.connection)  # ana's all come first
    result = judged(told, kept=1000)
    assert result.verdict is Verdict.UNKNOWN
    assert "events behind" in reasons(result)


def test_what_everybody_has_heard_is_forgotten() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    for number in range(3000):
        server.sends("ana", f":{number}", f"beto:{number}")
    court = Court(HEADER)
    for happening in server.happenings:
        court.take(happening)
    kept = [len(one.entries) for one in court.sequences()]
    assert kept
    assert max(kept) <= 1000
    assert court.finish(ended(server.happenings)).verdict is Verdict.PASS


def test_strangers_may_be_in_a_room_that_is_not_recorded_as_a_whole() -> None:
    server = Imagined()
    server.enters("zoe", "ana", "beto")
    server.sends("zoe", ":oi", "ana:psiu")
    server.sends("ana", "zoe:ola", "/USUARIOS")
    server.sends("zoe", "/SAIR")
    told = [one for one in server.happenings if one.connection != "zoe"]
    assert judged(told, whole=False).verdict is Verdict.PASS
    assert judged(told, whole=True).verdict is Verdict.FAIL


def test_a_server_that_ends_owes_nothing() -> None:
    server = Imagined()
    server.enters("ana", "beto")
    server.sends("ana", ":oi")
    told = server.happenings[:-1]  # beto has not heard it
    for who in ("ana", "beto"):
        told.append(Happening(9.0, who, Kind.RECEIVED, b"ERRO 03 fim :END-1\n"))
        told.append(Happening(9.0, who, Kind.SERVER_ENDED))
    assert judged(told).verdict is Verdict.PASS


# ---- the command -----------------------------------------------------------------


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[Told], Path]:
    def save(told: Told) -> Path:
        path = tmp_path / "recording.jsonl"
        write(path, HEADER, told, ended(told))
        return path

    return save


def told_by(path: Path, **how: object) -> tuple[int, str]:
    out = io.StringIO()
    more = {"as_json": False, "svg": None, "mermaid": None, **how}
    status = telling.run(path, out=out, **more)  # type: ignore[arg-type]
    return status, out.getvalue()


def test_a_failure_is_told_with_rule_octets_and_diagram(
    recorded: Callable[[Told], Path], tmp_path: Path
) -> None:
    server = the_same_text_again_and_again()
    path = recorded(server.happenings[:-1])
    svg, mermaid = tmp_path / "a.svg", tmp_path / "a.mmd"
    status, text = told_by(path, svg=svg, mermaid=mermaid)
    assert status == 1
    for expected in ("fail", "(MUST) is broken", "expected", "got", "server", "!"):
        assert expected in text
    assert max(map(len, text.splitlines())) <= 80
    assert svg.read_text().startswith("<svg")
    assert mermaid.read_text().startswith("sequenceDiagram")


def test_json_says_the_same(recorded: Callable[[Told], Path]) -> None:
    server = the_same_text_again_and_again()
    status, text = told_by(recorded(server.happenings), as_json=True)
    data = json.loads(text)
    assert (status, data["verdict"], data["failures"]) == (0, "pass", [])
    assert data["connections"] == 2


def test_a_recording_is_judged_while_it_is_read(
    recorded: Callable[[Told], Path],
) -> None:
    path = recorded(the_same_text_again_and_again().happenings)
    with path.open() as file:
        assert judge(Recording(file)).verdict is Verdict.PASS


def test_what_is_no_recording_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    for name, said in (("a", "not ASCII"), ("b", "cannot read")):
        with pytest.raises(BadRecording, match=said):
            told_by(tmp_path / name)
