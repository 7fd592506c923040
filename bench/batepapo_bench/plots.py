"""A run as plots, in SVG. What draws them is an extra: `pip install 'batepapo[bench]'`.

One run always makes the same files: when it was made is in them, and nothing of when
they were drawn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from batepapo_bench.results import Row
from batepapo_bench.saved import rows_of
from batepapo_conformance.words import Words

Saved = Mapping[str, Any]

# Told apart without colours, too: by their order, their markers, and their hatching.
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#555555", "#56b4e9")
_HATCHES: Final = ("", "//", "\\\\", "..", "xx", "--")
_MARKERS: Final = ("o", "s", "^", "v", "x", "D")
_SIZE: Final = (7.2, 3.6)
_STYLE: Final = {
    "svg.hashsalt": "batepapo",
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.family": "sans-serif",
    "hatch.linewidth": 0.6,
}


class CannotDraw(Exception):
    """What draws is not installed."""


def prepare(folder: Path) -> None:
    """Find out before anything is measured whether it can be drawn there.

    Raises:
        CannotDraw: what draws is not installed.
        OSError: there can be no such folder.
    """
    try:
        import matplotlib  # noqa: F401, PLC0415 (an extra)
    except ImportError as error:
        raise CannotDraw(
            "plots need matplotlib: pip install 'batepapo[bench]', or leave --plots out"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)


def draw(run: Saved, folder: Path, say: Words) -> Iterator[Path]:
    """Draw every plot for which something was measured; yields the files.

    Args:
        run: as `saved.as_json` makes it.
        folder: that `prepare` has found good.
        say: the words of a language.
    """
    import matplotlib  # noqa: PLC0415 (an extra)
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = rows_of(run)
    names = list(dict.fromkeys(one.contender for one in rows))
    for name, (workload, put) in _PLOTS.items():
        chosen = [one for one in rows if one.workload == workload]
        if not chosen:
            continue
        with matplotlib.rc_context(_STYLE):
            figure = Figure(figsize=_SIZE, layout="constrained")
            axes = figure.add_subplot()
            put(axes, chosen, names, say)
            axes.set_title(say(f"plot.{name}"), loc="left", fontsize="medium")
            file = folder / f"{name}.{say.language}.svg"
            figure.savefig(file, metadata={"Date": run["made"], "Creator": None})
        yield file


def _flood(axes: Any, rows: Sequence[Row], names: Sequence[str], say: Words) -> None:
    _bars(axes, rows, names, 1e6, {"cpu_per_delivery": ""})
    axes.set_ylabel(say("plot.cpu"))


def _latency(axes: Any, rows: Sequence[Row], names: Sequence[str], say: Words) -> None:
    figures = {name: say(f"plot.{name}") for name in ("p50", "p99", "p999")}
    _bars(axes, rows, names, 1e3, figures)
    axes.set_yscale("log")
    axes.set_ylabel(say("plot.ms"))
    axes.legend(frameon=False, fontsize="small")


def _memory(axes: Any, rows: Sequence[Row], names: Sequence[str], say: Words) -> None:
    _bars(axes, rows, names, 1 / 1024, {"memory_each": ""})
    axes.set_ylabel(say("plot.kib"))


def _bars(
    axes: Any,
    rows: Sequence[Row],
    names: Sequence[str],
    factor: float,
    figures: Mapping[str, str],
) -> None:
    """A bar for each contender and figure, with the lowest and the highest.

    Figures are named as in the measurements, each with what it is called; if there is
    but one, the bars are told apart by their contenders.
    """
    width = 0.8 / len(figures)
    for at, figure in enumerate(figures):
        for place, row in enumerate(rows):
            if figure not in row.medians:
                continue
            middle = row.medians[figure]
            spread = (middle - row.lowest[figure], row.highest[figure] - middle)
            index = names.index(row.contender) if len(figures) == 1 else at
            axes.bar(
                place + (at - (len(figures) - 1) / 2) * width,
                middle * factor,
                width * 0.9,
                yerr=[[one * factor] for one in spread],
                color=_COLOURS[index % len(_COLOURS)],
                hatch=_HATCHES[index % len(_HATCHES)],
                edgecolor="white",
                ecolor="#333333",
                label=figures[figure] if place == 0 else None,
            )
    axes.set_xticks(range(len(rows)), [one.contender for one in rows])


def _growth(axes: Any, rows: Sequence[Row], names: Sequence[str], say: Words) -> None:
    for index, name in enumerate(names):
        own = [one for one in rows if one.contender == name]
        axes.plot(
            [one.participants for one in own],
            [one.medians["cpu_per_delivery"] * 1e6 for one in own],
            marker=_MARKERS[index % len(_MARKERS)],
            color=_COLOURS[index % len(_COLOURS)],
            label=name,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(say("plot.people"))
    axes.set_ylabel(say("plot.cpu"))
    axes.legend(frameon=False, fontsize="small")


_Put = Callable[[Any, Sequence[Row], Sequence[str], Words], None]
_PLOTS: Final[Mapping[str, tuple[str, _Put]]] = {
    "flood": ("flood", _flood),
    "growth": ("growth", _growth),
    "latency": ("paced", _latency),
    "memory": ("idle", _memory),
}
PLOTS: Final = {name: workload for name, (workload, _) in _PLOTS.items()}
"""Every plot, and the workload that it is of."""
