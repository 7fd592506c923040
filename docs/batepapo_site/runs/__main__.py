"""`python -m batepapo_site.runs`: run what pages show, and keep or compare it."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import click

from batepapo_site.runs import comparison, machine
from batepapo_site.runs.description import LANGUAGES, RUNS, Run, RunError, read
from batepapo_site.runs.stage import told


@dataclass(frozen=True, slots=True)
class _Found:
    """What became of one text: a line about it, and whether all is well."""

    text: str
    good: bool = True


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--write/--check", default=None, help="Keep what is printed, or compare.")
@click.option("--jobs", default=os.cpu_count() or 1, help="How many at the same time.")
@click.option("--folder", default=RUNS, type=Path, hidden=True)
@click.argument("names", nargs=-1)
def main(write: bool | None, jobs: int, folder: Path, names: Sequence[str]) -> None:
    """Write or check what the runs NAMES print, or all; status 1 if one is wrong."""
    if write is None:
        raise click.UsageError("--write, or --check?")
    runs = _described(folder)
    if unknown := set(names) - set(runs):
        raise click.UsageError(f"runs.toml has no {', '.join(sorted(unknown))}")
    began = time.monotonic()
    good = True
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [
            pool.submit(lambda one: list(_of(one, folder, write=write)), runs[name])
            for name in names or runs
        ]
        for found in (one for done in as_completed(waiting) for one in done.result()):
            click.echo(found.text)
            good = good and found.good
    click.echo(f"runs: {len(waiting)}, in {time.monotonic() - began:.0f} s")
    sys.exit(0 if good else 1)


def _described(folder: Path) -> dict[str, dict[str, Run]]:
    """Every run by its name, and then by language."""
    text = (folder / "runs.toml").read_text(encoding="utf-8")
    in_languages = {language: read(text, language) for language in LANGUAGES}
    return {
        name: {language: in_languages[language][name] for language in LANGUAGES}
        for name in in_languages[LANGUAGES[0]]
    }


def _of(run: Mapping[str, Run], folder: Path, *, write: bool) -> Iterator[_Found]:
    """Write or check the texts of one run, in both languages."""
    new = ""
    for language, one in run.items():
        path = folder / f"{one.name}.{language}.txt"
        if missing := machine.missing(one):
            yield _Found(f"{path.name}: not run, this machine lacks {missing}")
            continue
        try:
            if one.both or not new:
                new = told(one, language)
        except RunError as error:
            yield _Found(f"{path.name}: {error}", good=False)
        else:
            yield _settled(one, path, new, write=write)


def _settled(run: Run, path: Path, new: str, *, write: bool) -> _Found:
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    if kept and comparison.same(run, kept, new):
        return _Found(f"{path.name}: as it was")
    if write:
        path.write_text(new, encoding="utf-8", newline="\n")
        return _Found(f"{path.name}: written")
    patch = comparison.differences(run, kept, new)
    return _Found(f"{path.name}: no longer what is printed\n{patch}", good=False)


if __name__ == "__main__":
    main()
