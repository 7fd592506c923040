"""What came of a run, as tables for people: 80 columns, plain where that is asked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table

from batepapo_bench.goals import Judgement
from batepapo_bench.results import Row
from batepapo_bench.saved import judgements_of, rows_of
from batepapo_conformance.words import Language, Words

WORDS: Final = Path(__file__).parent / "words"
_COLUMNS: Final = 80

_SCALE: Final = {
    # figure: by what it is multiplied, and how many digits are shown
    "cpu_per_delivery": (1e6, 3),
    "deliveries_per_second": (1e-3, 1),
    "p50": (1e3, 1),
    "p99": (1e3, 1),
    "p999": (1e3, 1),
    "server_share": (100, 0),
    "load_share": (100, 0),
    "memory_each": (1 / 1024, 1),
    "entering": (1, 2),
}
_UNITS: Final[Mapping[str, tuple[float, int, str]]] = {
    "ratio": (1, 2, ""),
    "seconds": (1, 1, " s"),
    "octets": (1 / 1024, 1, " KiB"),
    "people": (1, 0, ""),
}


def number(value: float, language: Language, digits: int = 0) -> str:
    """A number as it is written in this language: 1,234.5 or 1.234,5."""
    english = f"{value:,.{digits}f}"
    if language is Language.ENGLISH:
        return english
    return english.translate(str.maketrans(",.", ".,"))


def figure(name: str, value: float, language: Language) -> str:
    """A figure in the unit in which people read it; the head of its column says it."""
    factor, digits = _SCALE[name]
    return number(value * factor, language, digits)


def columns(rows: Iterable[Row]) -> list[str]:
    """The figures that any of these rows has, in the order in which they are shown."""
    return [name for name in _SCALE if any(name in one.medians for one in rows)]


def goal(value: float, unit: str, language: Language) -> str:
    """What is wanted or measured, with its unit."""
    factor, digits, sign = _UNITS[unit]
    if unit == "seconds" and value < 1:
        factor, digits, sign = 1e3, 1, " ms"
    return f"{number(value * factor, language, digits)}{sign}"


def verdict(one: Judgement, say: Words) -> str:
    """What is wanted, what was measured, and whether that is reached: in one line."""
    sign = "≥" if one.goal.unit == "people" else "≤"
    wanted = f"{sign} {goal(one.wanted, one.goal.unit, say.language)}"
    if one.measured is None:
        return f"{wanted}: {say('goal.unknown')}"
    measured = goal(one.measured, one.goal.unit, say.language)
    return (
        f"{wanted}: {measured}, {say('goal.reached' if one.reached else 'goal.missed')}"
    )


def tell(saved: Mapping[str, Any], say: Words, out: TextIO) -> None:
    """Write a whole run: a table a workload, and the goals.

    Args:
        saved: the run, as `saved.as_json` makes it.
        say: the words of a language.
        out: where to; colours only if it is a terminal and NO_COLOR is not set.
    """
    # A program that reads this wants no line cut where the window ends.
    console = Console(file=out, width=_COLUMNS, highlight=False)
    for line in _head(saved, say):
        console.print(line, markup=False)
    rows = rows_of(saved)
    for workload in dict.fromkeys(one.workload for one in rows):
        chosen = [one for one in rows if one.workload == workload]
        console.print()
        console.print(_table(workload, chosen, say))
        for note in remarks(chosen, say):
            console.print(f"  {note}", markup=False)
    judgements = [one for one in judgements_of(saved) if one.measured is not None]
    if judgements:
        console.print()
        console.print(_goals(judgements, say))
    for line in failures(saved, say):
        console.print(line, markup=False)


def _head(saved: Mapping[str, Any], say: Words) -> Iterator[str]:
    about, options = saved["about"], saved["options"]
    yield say("bench.on", **about)
    cores = saved["pinned"]
    yield say("bench.free") if cores is None else say("bench.pinned", **cores)
    seconds = number(options["seconds"], say.language, 1)
    yield say("bench.rounds", rounds=options["rounds"], seconds=seconds)
    if options["scale"] != 1:
        yield say("bench.scaled", percent=round(100 * options["scale"]))
    for name, why in saved["absent"].items():
        yield say("bench.absent", name=name, why=why)


def remarks(rows: Iterable[Row], say: Words) -> Iterator[str]:
    """What has to be known of some of these rows."""
    for one in rows:
        for name, count in one.remarks.items():
            yield f"{called(one, say)}: {say(f'remark.{name}', number=count)}"


def failures(saved: Mapping[str, Any], say: Words) -> Iterator[str]:
    """Which contenders failed, at what, and why."""
    for one in saved["failures"]:
        name, why = one["contender"], one["why"]
        yield say(
            "bench.failed",
            name=name,
            workload=say(f"workload.{one['workload']}").partition(":")[0],
            round=one["round"],
            why=why,
        )


def called(row: Row, say: Words) -> str:
    """The contender, and which part of the workload it is."""
    if row.variant in ("with", "without"):
        return f"{row.contender}, {say(f'variant.{row.variant}')}"
    return row.contender


def _table(workload: str, rows: Sequence[Row], say: Words) -> Table:
    names = columns(rows)
    table = _empty(say(f"workload.{workload}"))
    table.add_column(say("head.contender"), no_wrap=True)
    table.add_column(say("head.people"), justify="right")
    for name in names:
        table.add_column(say(f"head.{name}"), justify="right", no_wrap=True)
    for one in rows:
        told = (cell(one, name, say) for name in names)
        people = number(one.participants, say.language)
        table.add_row(called(one, say), people, *told)
    return table


def cell(row: Row, name: str, say: Words) -> str:
    """A median; of the main figure, also the lowest and the highest."""
    if name not in row.medians:
        return ""
    told = figure(name, row.medians[name], say.language)
    if name != "cpu_per_delivery" or row.lowest[name] == row.highest[name]:
        return told
    low, high = (
        figure(name, each[name], say.language) for each in (row.lowest, row.highest)
    )
    return f"{told}\n({low}-{high})"


def _goals(judgements: Iterable[Judgement], say: Words) -> Table:
    table = _empty(say("head.goal"))
    table.add_column(say("head.goal"))
    table.add_column("asyncio")
    table.add_column("threaded")
    told: dict[str, dict[str, str]] = {}
    for one in judgements:
        told.setdefault(one.goal.name, {})[one.contender] = verdict(one, say)
    for name, each in told.items():
        table.add_row(say(f"goal.{name}"), each.get("asyncio"), each.get("threaded"))
    return table


def _empty(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 1, 0, 0),
    )
