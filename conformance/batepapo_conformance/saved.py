"""Runs as JSON: written, and read back to be reported or compared later.

The format is published: `schemas/result-1.json` describes every field of it.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast

import jsonschema

from batepapo_conformance.results import Likeness, Result, Run, Unexpected

FORMAT: Final = "batepapo/result/1"
"""What the JSON of a run says about itself."""

SCHEMA: Final = Path(__file__).parent / "schemas" / "result-1.json"


_LONGEST_MESSAGE: Final = 300  # it quotes what it finds wrong, however long


class BadResult(Exception):
    """A file is not the result of a run: the fault of who gave it."""


def as_json(run: Run) -> dict[str, Any]:
    """The run as plain data for programs."""
    return {
        "format": FORMAT,
        "role": str(run.role),
        "testee": run.testee,
        "detail": str(run.detail),
        "status": int(run.status),
        "broken": run.broken_rules(),
        "diagnosis": [asdict(one) for one in run.diagnosis],
        "trouble": run.trouble,
        "faults": list(run.faults),
        "unexpected_passes": [asdict(one) for one in run.unexpected],
        "repetition": _repetition(run),
        "seed": run.seed,
        "began": run.began,
        "seconds": round(run.seconds, 3),
        "about": dict(run.about),
        "results": [one.as_json() for one in run.results],
    }


def _repetition(run: Run) -> dict[str, Any] | None:
    if run.times == 1:
        return None
    differing = [one.full_name for one in run.differing()]
    rate = len(differing) / len(run.results) if run.results else 0.0
    return {"times": run.times, "differing": differing, "flake_rate": rate}


def from_json(data: Mapping[str, Any]) -> Run:
    """The run of which `as_json` made these data."""
    repetition = data["repetition"]
    return Run(
        role=data["role"],
        testee=data["testee"],
        seed=data["seed"],
        results=[Result.from_json(one) for one in data["results"]],
        unexpected=[Unexpected(**one) for one in data["unexpected_passes"]],
        seconds=data["seconds"],
        trouble=data["trouble"],
        faults=data["faults"],
        about=data["about"],
        began=data["began"],
        times=1 if repetition is None else repetition["times"],
        diagnosis=[Likeness(**one) for one in data["diagnosis"]],
        detail=data["detail"],
    )


def read(path: Path) -> Run:
    """A run that was saved with `--json`.

    Raises:
        BadResult: the file cannot be read, or does not hold a run.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadResult(f"cannot read {path}: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise BadResult(f"{path} is not a result: it lacks `format: {FORMAT}`")
    wrong = jsonschema.exceptions.best_match(_validator().iter_errors(data))
    if wrong is not None:
        message = f"{wrong.json_path}: {wrong.message}"[:_LONGEST_MESSAGE]
        raise BadResult(f"{path} is not a result: {message}")
    return from_json(data)


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def schema() -> dict[str, Any]:
    """The JSON Schema of the format."""
    return cast("dict[str, Any]", json.loads(SCHEMA.read_text(encoding="utf-8")))
