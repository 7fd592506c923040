"""`python -m batepapo_site build`: what can be done with the course site."""

import http.server
import socketserver
import sys
import time
from functools import partial

import click

from batepapo_site import building, parity
from batepapo_site.pages import ROOT, written
from batepapo_site.trouble import Trouble


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


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


@main.command()
@click.option("--port", default=8000, show_default=True)
def serve(port: int) -> None:
    """Build it, and show it at 127.0.0.1; again whenever a source is saved."""
    import watchfiles  # noqa: PLC0415

    building.build(strict=False)
    handler = partial(_Quiet, directory=str(building.BUILT))
    try:
        server = _Server(("127.0.0.1", port), handler)
    except OSError as error:
        raise Trouble(f"port {port}: {error.strerror}; --port takes another") from error
    with server:
        import threading  # noqa: PLC0415

        threading.Thread(target=server.serve_forever, daemon=True).start()
        click.echo(f"http://127.0.0.1:{port}/   Ctrl+C ends it")
        folders = ("docs", "spec", "labs", "implementations")
        for _ in watchfiles.watch(*(ROOT / one for one in folders)):
            try:
                building.build(strict=False)
                click.echo("built again")
            except Trouble as trouble:
                click.echo(trouble, err=True)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


if __name__ == "__main__":
    try:
        main()
    except Trouble as said:
        print(said, file=sys.stderr)
        sys.exit(1)
