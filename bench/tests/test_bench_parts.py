"""The parts of the benchmark that need no server."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from batepapo_bench import peers, stamps
from batepapo_bench.goals import GOALS, judged
from batepapo_bench.load import Crowd
from batepapo_bench.results import Measurement, rows
from batepapo_bench.saved import SCHEMA, BadBench, read
from batepapo_bench.stage import Everyone, Witness, latencies
from batepapo_bench.telling import WORDS
from batepapo_bench.workloads import WORKLOADS


class Somebody:
    """As much of a participant as those who hear need."""

    tail = b""


def measurement(
    workload: str, contender: str, value: float, *, variant: str = "", round: int = 1
) -> Measurement:
    figures = {"cpu_per_delivery": value, "p99": value}
    return Measurement(workload, variant, contender, round, 100, figures)


# ---- stamps, and who hears them ----


def test_a_text_has_its_length_and_its_time() -> None:
    text = stamps.stamped()
    assert len(text) == stamps.OCTETS
    line = bytearray(b"PUBLICA time #a@b:1 :" + text + b"\n")
    sent = stamps.last_stamp(line, len(line))
    assert sent == int(stamps.STAMP.search(line)[1])  # type: ignore[index]


def test_half_a_stamp_at_the_end_of_a_read_is_none() -> None:
    line = bytearray(b":" + stamps.stamped() + b"\n")
    assert stamps.last_stamp(line, 21) is None
    assert stamps.last_stamp(line, 22) is not None


def test_a_message_that_comes_in_two_reads_is_heard_once() -> None:
    line = b"PUBLICA x y :" + stamps.stamped() + b"\n"
    for cut in range(1, len(line)):
        heard, one = Everyone(), Somebody()
        for part in (line + line[:cut], line[cut:]):
            heard(one, bytearray(part) + b"|old leftovers\n", len(part))  # type: ignore[arg-type]
        assert len(heard.took) == 2, cut


def test_a_witness_counts_lines_by_their_ends_and_the_others_by_octets() -> None:
    one, other = Somebody(), Somebody()
    witness = Witness(one)  # type: ignore[arg-type]
    witness(other, bytearray(b"xx\n"), 3)  # type: ignore[arg-type]
    assert witness.in_lines(100) == 0
    witness(one, bytearray(b"12345678\n12345678\nold\n"), 18)  # type: ignore[arg-type]
    assert witness.in_lines(900) == 100


def test_percentiles_are_values_that_were_measured() -> None:
    took = list(range(1000, 0, -1))
    assert latencies(took) == {"p50": 501e-9, "p99": 991e-9, "p999": 1000e-9}
    assert latencies([7]) == {"p50": 7e-9, "p99": 7e-9, "p999": 7e-9}
    assert latencies([]) == {}


# ---- medians and goals ----


def test_a_row_has_the_median_and_how_far_the_rounds_were_apart() -> None:
    values = (5.0, 1.0, 2.0)
    (row,) = rows(
        measurement("flood", "asyncio", value, round=number)
        for number, value in enumerate(values, 1)
    )
    assert row.medians["p99"] == 2.0
    assert (row.lowest["p99"], row.highest["p99"]) == (1.0, 5.0)


def test_a_ratio_is_of_two_medians_of_the_same_run() -> None:
    found = judged(
        rows(
            [
                measurement("flood", "asyncio", 1.0),
                measurement("flood", "threaded", 2.0),
                measurement("flood", "ngircd", 4.0),
            ]
        )
    )
    told = {(one.goal.name, one.contender): one for one in found}
    assert told["ngircd", "asyncio"].measured == 0.25
    assert told["ngircd", "asyncio"].reached is True
    assert told["ngircd", "threaded"].reached is False
    assert told["limit", "asyncio"].reached is None


def test_what_is_against_oneself_takes_the_same_contender() -> None:
    found = judged(
        rows(
            [
                measurement("stalled", "asyncio", 2.0, variant="without"),
                measurement("stalled", "asyncio", 3.0, variant="with"),
                measurement("stalled", "threaded", 9.0, variant="with"),
            ]
        )
    )
    told = {(one.goal.name, one.contender): one for one in found}
    assert told["stalled", "asyncio"].measured == 1.5
    assert told["stalled", "threaded"].measured is None


def test_of_people_there_are_to_be_at_least_so_many_who_were_not_cut_off() -> None:
    one = Measurement("idle", "", "threaded", 1, 2000, {}, {"cut_off": 1})
    told = {(each.goal.name, each.contender): each for each in judged(rows([one]))}
    assert told["people", "threaded"].measured == 1999
    assert told["people", "threaded"].reached is False


def test_every_goal_is_of_a_workload_that_there_is() -> None:
    assert {goal.workload for goal in GOALS} <= set(WORKLOADS)
    schema = json.loads(SCHEMA.read_text("utf-8"))
    named = schema["$defs"]["measurement"]["properties"]["workload"]["enum"]
    assert named == list(WORKLOADS)


def test_both_languages_have_words_for_the_same() -> None:
    def keys(language: str) -> set[tuple[str, str]]:
        words = tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))
        return {(table, key) for table, inside in words.items() for key in inside}

    assert keys("en") == keys("pt")
    assert {("workload", name) for name in WORKLOADS} <= keys("en")
    assert {("goal", goal.name) for goal in GOALS} <= keys("en")


# ---- files ----


def test_the_schema_is_one_and_refuses_what_is_wrong(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMA.read_text("utf-8")))
    file = tmp_path / "bench.json"
    with pytest.raises(BadBench, match="cannot read"):
        read(file)
    file.write_text('{"format": "batepapo/bench/1"}', "utf-8")
    with pytest.raises(BadBench, match="is a required property"):
        read(file)


def test_who_is_not_installed_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(peers, "_FOLDERS", str(tmp_path))
    with pytest.raises(peers.Absent, match="apt install ngircd"):
        peers.ngircd()
    with pytest.raises(peers.Absent, match="apt install inspircd"):
        peers.inspircd()


def test_a_crowd_that_cannot_connect_says_so() -> None:
    from batepapo_bench.dialects import Batepapo
    from batepapo_bench.load import Trouble

    crowd = Crowd("127.0.0.1", 1, Batepapo())  # nobody listens there
    try:
        with pytest.raises(Trouble, match=r"not let in|cannot connect"):
            crowd.grow(2)
    finally:
        crowd.close()
