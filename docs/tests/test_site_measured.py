"""The page of measurements: just what the file of the run says."""

import copy
from pathlib import Path

import pytest

from batepapo_bench import saved
from batepapo_bench.goals import GOALS
from batepapo_bench.plots import PLOTS
from batepapo_bench.workloads import WORKLOADS
from batepapo_conformance.words import Language
from batepapo_site import figures, measured
from batepapo_site.gather import BENCH
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble

PLACES = [Place("evidence/measurements.md", language) for language in Language]
BOTH = pytest.mark.parametrize("place", PLACES, ids=["en", "pt"])


def test_the_run_that_is_kept_is_of_the_published_format() -> None:
    assert saved.read(BENCH)["measurements"]


@BOTH
@pytest.mark.parametrize("name", [*measured._PARTS, *WORKLOADS])
def test_every_part_can_be_made(name: str, place: Place) -> None:
    assert measured.measured(name, place).strip()


@BOTH
def test_every_contender_has_its_row_and_every_goal_its_line(place: Place) -> None:
    told = measured.measured("flood", place)
    for one in saved.rows_of(figures.results(BENCH)):
        if one.workload == "flood":
            assert f"| {one.contender} |" in told
    assert measured.measured("goals", place).count("\n") == 1 + len(GOALS)


def test_what_is_not_measured_says_so_and_what_there_is_not_is_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = copy.deepcopy(dict(figures.results(BENCH)))
    run["measurements"] = []
    monkeypatch.setattr(measured, "results", lambda _file: run)
    assert measured.measured("flood", PLACES[0]) == "This was not measured in this run."
    assert measured.measured("plot flood", PLACES[0]) == ""
    assert "✓" not in measured.measured("goals", PLACES[0])
    with pytest.raises(Trouble, match="nothing is measured as tea: there is made"):
        measured.measured("tea", PLACES[0])
    with pytest.raises(Trouble, match="no plot tea: there is flood"):
        measured.measured("plot tea", PLACES[0])


def test_a_plot_is_of_the_run_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {one["workload"] for one in figures.results(BENCH)["measurements"]}
    for place in PLACES:
        for name, workload in PLOTS.items():
            shown = measured.measured(f"plot {name}", place)
            assert (f"evidence/{name}.{place.language}.svg" in shown) is (
                workload in kept
            )
    run = {**figures.results(BENCH), "made": "2020-01-01T00:00:00Z"}
    monkeypatch.setattr(measured, "results", lambda _file: run)
    with pytest.raises(Trouble, match=r"flood\.en\.svg is of another run"):
        measured.measured("plot flood", PLACES[0])
    monkeypatch.setattr(measured, "BENCH", Path("nowhere") / "bench.json")
    with pytest.raises(Trouble, match=r"there is no flood\.en\.svg"):
        measured.measured("plot flood", PLACES[0])
