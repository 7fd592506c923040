"""What real commands printed, on a page (see `runs`)."""

from batepapo_site.here import Place
from batepapo_site.runs.description import NoSuchRunError, load
from batepapo_site.trouble import Trouble


def run(argument: str, place: Place) -> str:
    """The output of a run, with the commands that were typed: `explain-a-rule`."""
    try:
        text = load(argument, place.language)
    except NoSuchRunError as error:
        raise Trouble(str(error)) from error
    return f"```console\n{text.rstrip()}\n```"
