"""What the benchmark measured, on the page of measurements: nobody has typed a figure.

measured made            when, on what, and of which commit
measured contenders      who was measured, and who was left out
measured goals           the goals, each with what was measured
measured plot NAME       a plot: flood, growth, latency, memory
measured WORKLOAD        a row for each contender
"""

import html
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from batepapo_bench import saved
from batepapo_bench.goals import GOALS, judged
from batepapo_bench.plots import PLOTS
from batepapo_bench.results import Row
from batepapo_bench.telling import WORDS, called, cell, columns, failures, goal, remarks
from batepapo_bench.workloads import WORKLOADS
from batepapo_conformance.words import Words
from batepapo_site.evidence import plain, said_of
from batepapo_site.figures import number, results
from batepapo_site.gather import BENCH
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble
from batepapo_site.words import table, words

_GIB: Final = 1 << 30


def measured(argument: str, place: Place) -> str:
    """What is asked for, by its name (see above)."""
    name, _, which = argument.partition(" ")
    say = Words(place.language, WORDS)
    if name == "plot":
        return _plot(which, place, say)
    make = _PARTS.get(name)
    if make is not None:
        return make(place, say)
    if name not in WORKLOADS:
        known = ", ".join((*_PARTS, "plot", *WORKLOADS))
        raise Trouble(f"nothing is measured as {name}: there is {known}")
    chosen = [one for one in saved.rows_of(results(BENCH)) if one.workload == name]
    if not chosen:
        return words(place.language)("measured.not")
    return _rows(chosen, place, say)


def _made(place: Place, say: Words) -> str:
    """When and on what; whether each had a core, and how often each took its turn."""
    run = results(BENCH)
    about, cores, options = run["about"], run["pinned"], run["options"]
    language = place.language
    told = [
        said_of(run, place, "made"),
        words(language)(
            "measured.machine",
            cpu=about["cpu"],
            cores=number(about["cores"], language),
            memory=number(about["memory"] / _GIB, language),
        ),
        words(language)(
            "measured.rounds",
            rounds=number(options["rounds"], language),
            seconds=number(options["seconds"], language, 1),
            pinned=say("bench.free") if cores is None else say("bench.pinned", **cores),
        ),
    ]
    return "\n".join(told)


def _contenders(place: Place, say: Words) -> str:
    run, told = results(BENCH), words(place.language)
    rows = [
        (f"`{one['name']}`", plain(one["version"]) or told("measured.ours"))
        for one in run["contenders"]
    ]
    rows += [(f"`{name}`", plain(why)) for name, why in run["absent"].items()]
    failed = [f"- {plain(line)}" for line in failures(run, say)]
    heads = (say("head.contender"), told("measured.version"))
    return "\n".join([table(heads, rows, "ll"), "", *failed])


def _goals(place: Place, say: Words) -> str:
    """Every goal: what is wanted of each server, and what was measured."""
    found = {
        (one.goal.name, one.contender): one
        for one in judged(saved.rows_of(results(BENCH)))
    }
    rows = []
    for one in GOALS:
        row = [say(f"goal.{one.name}")]
        for contender in ("asyncio", "threaded"):
            judgement = found[one.name, contender]
            sign = {True: "✓", False: "✗", None: "·"}[judgement.reached]
            most = "≥" if one.unit == "people" else "≤"
            row.append(f"{most} {goal(judgement.wanted, one.unit, place.language)}")
            value = judgement.measured
            told = "" if value is None else goal(value, one.unit, place.language)
            row.append(f"{sign} {told}".strip())
        rows.append(row)
    heads = [say("head.goal")]
    for contender in ("asyncio", "threaded"):
        heads += [f"{contender}, {say('head.wanted')}", say("head.measured")]
    return table(heads, rows, "lrrrr")


def _rows(chosen: Iterable[Row], place: Place, say: Words) -> str:
    rows = list(chosen)
    names = columns(rows)
    heads = [" ".join(say(f"head.{one}").split()) for one in ("contender", "people")]
    heads += [" ".join(say(f"head.{name}").split()) for name in names]
    lines = [
        [
            called(one, say),
            number(one.participants, place.language),
            *(" ".join(cell(one, name, say).split()) for name in names),
        ]
        for one in rows
    ]
    notes = [f"- {plain(note)}" for note in remarks(rows, say)]
    return "\n".join([table(heads, lines, "l" + "r" * (len(heads) - 1)), "", *notes])


def _plot(name: str, place: Place, say: Words) -> str:
    """A picture that is kept beside the file; the table below it says the same."""
    if name not in PLOTS:
        raise Trouble(f"there is no plot {name}: there is {', '.join(PLOTS)}")
    run = results(BENCH)
    if PLOTS[name] not in {one["workload"] for one in run["measurements"]}:
        return ""
    file = BENCH.parent / f"{name}.{place.language}.svg"
    if not file.is_file():
        raise Trouble(f"there is no {file.name}: python -m batepapo_site.gather bench")
    if run["made"] not in file.read_text(encoding="utf-8"):
        raise Trouble(f"{file.name} is of another run than {BENCH.name}")
    title = html.escape(say(f"plot.{name}"))
    return f"![{title}]({place.to(f'evidence/{file.name}')}){{ .plot }}"


_PARTS: Final[Mapping[str, Callable[[Place, Words], str]]] = {
    "made": _made,
    "contenders": _contenders,
    "goals": _goals,
}
