"""`python -m batepapo_site.gather`: the results that the pages of evidence are made of.

`conformance` runs both servers and both clients through the suite, and every client
against every server, and writes `docs/evidence/conformance.json`. It is an object of:

    format    "batepapo/evidence/1"
    made      when, in UTC, as ISO 8601 has it
    commit    of the project, with "+" if something was changed after it
    about     versions and platform: suite, python, platform
    runs      list of results ("batepapo/result/1"), with `--detail id`
    interop   what `batepapo interop --json` wrote

`flakes` does the same for `docs/evidence/flakes.json`: what `batepapo flakes --json`
writes, with `made`, `commit` and `about` added. Its options are those of that command.

`bench` does it for `docs/evidence/bench.json`: what `batepapo bench --json` writes,
with `commit`; and draws the plots beside it, in both languages.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from batepapo_bench import plots, saved
from batepapo_bench.measuring import Status
from batepapo_bench.telling import WORDS
from batepapo_conformance.results import about, now
from batepapo_conformance.words import Language, Words
from batepapo_site.pages import DOCS, ROOT
from batepapo_site.trouble import Trouble, run

FORMAT: Final = "batepapo/evidence/1"
FOLDER: Final = DOCS / "evidence"
CONFORMANCE: Final = FOLDER / "conformance.json"
FLAKES: Final = FOLDER / "flakes.json"
BENCH: Final = FOLDER / "bench.json"
MADE_BY: Final = "make evidence"
_TESTEES: Final = tuple(
    (role, implementation)
    for role in ("server", "client")
    for implementation in ("threaded", "asyncio")
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make the results again that the pages of evidence are made of."""


@main.command()
@click.option("--jobs", type=click.IntRange(min=1), help="Checks at the same time.")
def conformance(jobs: int | None) -> None:
    """Both servers and both clients through the suite, and each with each other."""
    known = _commit()
    runs = []
    more = () if jobs is None else ("--jobs", str(jobs))
    for role, implementation in _TESTEES:
        click.echo(f"{role} {implementation}", err=True)
        check = ("check", role, "--implementation", implementation, "--detail", "id")
        runs.append(ask("batepapo", *check, "--json", *more))
    click.echo("interop", err=True)
    made = {
        "format": FORMAT,
        "made": now(),
        "commit": known,
        "about": runs[0]["about"],
        "runs": runs,
        "interop": ask("batepapo", "interop", "--json"),
    }
    _write(CONFORMANCE, made)


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def flakes(options: Sequence[str]) -> None:
    """The references again and again: OPTIONS are those of `batepapo flakes`."""
    known, began = _commit(), now()
    measured = ask("batepapo", "flakes", *options, "--json")
    _write(FLAKES, marked(measured, began, known))


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]}
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def bench(options: Sequence[str]) -> None:
    """What the servers cost: OPTIONS are those of `batepapo bench`."""
    plots.prepare(FOLDER)
    known = _commit()
    # Written to a file, so that its progress and its table are seen.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / BENCH.name
        command = [sys.executable, "-m", "batepapo", "bench", *options]
        done = subprocess.run([*command, "--json", str(file)], check=False)
        if done.returncode not in (Status.MEASURED, Status.FAILED):
            raise Trouble("nothing that could be kept was measured")
        run = saved.read(file) | {"commit": known}
    _write(BENCH, run)
    for language in Language:
        for file in plots.draw(run, FOLDER, Words(language, WORDS)):
            click.echo(file.relative_to(ROOT).as_posix())


def marked(measured: dict[str, Any], began: str, commit: str) -> dict[str, Any]:
    """What was measured, with when, on what, and of which commit."""
    # The versions are those of this process: the command ran with the same Python.
    head = {"format": measured["format"], "made": began, "commit": commit}
    return head | {"about": about()} | measured


def ask(module: str, *arguments: str) -> dict[str, Any]:
    """Run a command that writes one JSON document, whatever it has found out.

    Raises:
        Trouble: it wrote none.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        told = " ".join((module, *arguments))
        last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        raise Trouble(f"{told}: exit status {done.returncode}: {last}") from None
    return said


def _commit() -> str:
    """The commit of the project, and whether there is more than it."""
    try:
        at = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return at + ("+" if changed else "")


def _git(*arguments: str) -> str:
    command = ["git", *arguments]  # found on the path, as people have it
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.strip()


def _write(file: Path, data: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
    click.echo(file.relative_to(ROOT).as_posix())


if __name__ == "__main__":
    run(main)
