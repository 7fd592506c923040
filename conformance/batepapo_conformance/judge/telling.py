"""Tells a judgement: in words with the counterexample drawn, as JSON, as a picture."""

import contextlib
import json
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console
from rich.markup import escape

from batepapo_conformance import diagram
from batepapo_conformance.judge.court import judge
from batepapo_conformance.judge.judgement import Failure, Judgement, Verdict
from batepapo_conformance.recording import BadRecording, Recording
from batepapo_conformance.spec import load

_WIDTH: Final = 80
_TOLD: Final = 3  # failures that are told in full; the first is the one to mend
_DOUBTS: Final = 8
_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.UNKNOWN: "yellow",
}


class Status(IntEnum):
    """The exit status of `batepapo judge`."""

    PASS = 0
    FAIL = 1
    UNKNOWN = 2


def run(
    path: Path, *, as_json: bool, svg: Path | None, mermaid: Path | None, out: TextIO
) -> Status:
    """Judge a recording, and tell about it.

    Args:
        path: the recording.
        as_json: write one JSON document instead of words.
        svg: where to draw the first counterexample, if there is one.
        mermaid: the same, as text for Mermaid.
        out: where to write.

    Raises:
        BadRecording: it cannot be read, or is none.
    """
    with _opened(path) as file:
        judgement = judge(Recording(file))
    if judgement.failures:
        _draw(judgement.failures[0], svg, mermaid)
    if as_json:
        json.dump(judgement.as_json(), out, indent=1)
        out.write("\n")
    else:
        _tell(judgement, out)
    return Status[judgement.verdict.name]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="ascii") as file:
            yield file
    except OSError as error:
        raise BadRecording(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadRecording(f"{path} is no recording: not ASCII") from None


def _draw(failure: Failure, svg: Path | None, mermaid: Path | None) -> None:
    if svg is not None:
        title = f"How {failure.rule} was broken"
        svg.write_text(diagram.as_svg(failure.steps, title=title), encoding="utf-8")
    if mermaid is not None:
        mermaid.write_text(diagram.as_mermaid(failure.steps), encoding="utf-8")


def _tell(judgement: Judgement, out: TextIO) -> None:
    console = Console(file=out, highlight=False)
    verdict = judgement.verdict
    style = _STYLES[verdict]
    console.print(f"[{style}]{verdict}[/]: {escape(_summary(judgement))}")
    for failure in judgement.failures[:_TOLD]:
        console.print()
        console.print(escape(story(failure)), soft_wrap=True)
    more = len(judgement.failures) - _TOLD
    if more > 0:
        rules = " ".join(one.rule for one in judgement.failures[_TOLD:])
        console.print(f"\nand {more} more: {rules}")
    for who, reason in judgement.doubts[:_DOUBTS]:
        console.print(escape(f"unknown: {who}: {reason}"))
    if len(judgement.doubts) > _DOUBTS:
        console.print(f"and {len(judgement.doubts) - _DOUBTS} more of which is unknown")


def _summary(judgement: Judgement) -> str:
    return (
        f"{judgement.connections} connections, {judgement.events} events,"
        f" {judgement.lines} lines, in {judgement.seconds:.1f} s"
    )


def story(failure: Failure, width: int = _WIDTH) -> str:
    """Tell one failure: the rule, what had to come, what came, the counterexample."""
    requirement = load().requirements[failure.rule]
    lines = [
        f"{failure.rule} ({requirement.level}) is broken, as {failure.who} shows:",
        *_wrapped(requirement.text, width),
        _cut(f"  expected  {failure.expected}", width),
        _cut(f"  got       {failure.actual}", width),
    ]
    if failure.note:
        lines += _wrapped(failure.note, width)
    return "\n".join((*lines, "", diagram.as_text(failure.steps, width)))


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}")
    return lines


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
