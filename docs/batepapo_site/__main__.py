"""`python -m batepapo_site build`: what can be done with the course site."""

import threading
import time

import click

from batepapo_site import building, parity
from batepapo_site.pages import ROOT, written
from batepapo_site.serving import server_of
from batepapo_site.trouble import Trouble, run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Build the course site, in English and in Portuguese."""


@main.command()
@click.option("--lenient", is_flag=True, help="What MkDocs warns of is no failure.")
def build(lenient: bool) -> None:
    """Build it in build/site, and as one file to read without a network."""
    began = time.monotonic()
    building.build(strict=not lenient)
    packed = building.pack()
    megabytes = packed.stat().st_size / 1e6
    click.echo(f"build/site/index.html   {time.monotonic() - began:.1f} s")
    click.echo(f"{packed.relative_to(ROOT).as_posix()}   {megabytes:.1f} MB")


@main.command()
def check() -> None:
    """Whether all pages are the same, and of today, in both languages."""
    found = list(parity.complaints(written().values()))
    for one in found:
        click.echo(one, err=True)
    if found:
        raise SystemExit(1)


@main.command()
@click.argument("pages", nargs=-1, required=True)
def translated(pages: tuple[str, ...]) -> None:
    """Note that PAGES (in Portuguese) say what the English ones say today."""
    parity.confirm(pages, written().values())


@main.command()
@click.option("--port", default=8000, show_default=True)
def serve(port: int) -> None:
    """Build it, and show it at 127.0.0.1; again whenever a source is saved."""
    import watchfiles  # noqa: PLC0415

    building.build(strict=False)
    try:
        server = server_of(building.BUILT, port)
    except OSError as error:
        raise Trouble(f"port {port}: {error.strerror}; --port takes another") from error
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        click.echo(f"http://127.0.0.1:{port}/   Ctrl+C ends it")
        folders = ("docs", "spec", "labs", "implementations")
        for _ in watchfiles.watch(*(ROOT / one for one in folders)):
            try:
                building.build(strict=False)
                click.echo("built again")
            except Trouble as trouble:
                click.echo(trouble, err=True)


if __name__ == "__main__":
    run(main)
