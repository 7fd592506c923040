"""A run as JSON, and read back to be told or drawn later.

The format is published: `schemas/bench-1.json` describes every field of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import jsonschema
import psutil

from batepapo_bench.gauge import Cores, processor
from batepapo_bench.goals import Judgement, judged
from batepapo_bench.results import Failure, Measurement, Row, rows
from batepapo_bench.turns import Options, Outcome
from batepapo_conformance.results import about, now

FORMAT: Final = "batepapo/bench/1"
"""What the JSON of a run says about itself."""

SCHEMA: Final = Path(__file__).parent / "schemas" / "bench-1.json"


class BadBench(Exception):
    """A file is not a run of the benchmark: the fault of who gave it."""


def as_json(options: Options, cores: Cores, outcome: Outcome) -> dict[str, Any]:
    """The run as plain data for programs."""
    machine = {
        "cpu": processor(),
        "cores": psutil.cpu_count() or 0,
        "memory": psutil.virtual_memory().total,
    }
    return {
        "format": FORMAT,
        "made": now(),
        "commit": "",
        "about": about() | machine,
        "options": {
            "rounds": options.rounds,
            "seconds": options.seconds,
            "scale": options.scale,
            "workloads": list(options.workloads),
        },
        "pinned": None if cores.server is None else asdict(cores),
        "contenders": [
            {"name": one.name, "version": one.version} for one in outcome.contenders
        ],
        "absent": outcome.absent,
        "failures": [asdict(one) for one in outcome.failures],
        "measurements": [asdict(one) for one in outcome.measurements],
        "goals": [_goal(one) for one in _judged(options, outcome.measurements)],
    }


def _judged(options: Options, measured: Sequence[Measurement]) -> list[Judgement]:
    # What few participants cost says nothing of the goals, which are of many.
    return judged(rows(measured)) if options.scale == 1 else []


def _goal(one: Judgement) -> dict[str, Any]:
    return {
        "name": one.goal.name,
        "contender": one.contender,
        "unit": one.goal.unit,
        "wanted": one.wanted,
        "measured": one.measured,
        "reached": one.reached,
    }


def rows_of(saved: Mapping[str, Any]) -> list[Row]:
    """The medians of a run that was saved."""
    return rows(Measurement(**one) for one in saved["measurements"])


def judgements_of(saved: Mapping[str, Any]) -> list[Judgement]:
    """The goals, as far as a run judges them: not if it was quick."""
    return judged(rows_of(saved)) if saved["goals"] else []


def failures_of(saved: Mapping[str, Any]) -> list[Failure]:
    """Who failed in a run that was saved."""
    return [Failure(**one) for one in saved["failures"]]


def read(path: Path) -> dict[str, Any]:
    """A run that was saved with `--json`.

    Raises:
        BadBench: the file cannot be read, or does not hold one.
    """
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        jsonschema.validate(data, json.loads(SCHEMA.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BadBench(f"cannot read {path}: {error}") from error
    except jsonschema.ValidationError as error:
        raise BadBench(f"{path}: {error.json_path}: {error.message[:300]}") from error
    return data
