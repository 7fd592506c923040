"""The commands that record what passes, and judge a recording."""

import sys
from pathlib import Path

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("server", metavar="SERVER_ADDRESS:PORT")
@click.option(
    "--listen",
    metavar="ADDRESS:PORT",
    default="127.0.0.1:0",
    show_default=True,
    help="Where clients connect to; port 0 is any that is free.",
)
@click.option("--record", type=_FILE, required=True, help="The file to write.")
@click.option(
    "--alone",
    is_flag=True,
    help="Nobody reaches the server but through this proxy: then the judge takes"
    " strangers for inventions.",
)
def proxy(server: str, listen: str, record: Path, alone: bool) -> None:
    """Stand between clients and a server, and record everything that passes.

    Ctrl-C ends it when everything has come to rest; a second one at once.
    """
    from batepapo_conformance.recorder_proxy import CannotRecord, endpoint_of, run

    try:
        run(
            listen=endpoint_of(listen),
            server=endpoint_of(server),
            record=record,
            whole=alone,
            out=sys.stdout,
        )
    except CannotRecord as error:
        click.echo(error, err=True)
        sys.exit(2)


@click.command()
@click.argument("recording", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option("--svg", type=_FILE, help="Draw the counterexample there.")
@click.option("--mermaid", type=_FILE, help="Write it there, as text for Mermaid.")
def judge(
    recording: Path, as_json: bool, svg: Path | None, mermaid: Path | None
) -> None:
    """Judge a recording: were the promises about delivery kept?

    Exit status: 0 they were; 1 one was broken; 2 unknown, or no recording.
    """
    from batepapo_conformance.judge.telling import run
    from batepapo_conformance.recording import BadRecording

    try:
        status = run(
            recording, as_json=as_json, svg=svg, mermaid=mermaid, out=sys.stdout
        )
    except BadRecording as error:
        click.echo(error, err=True)
        sys.exit(2)
    sys.exit(status)
