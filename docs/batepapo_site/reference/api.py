"""The public modules of the packages, from the packages' own words."""

import ast
import re
from pathlib import Path
from typing import Final

from batepapo_site.here import Place
from batepapo_site.pages import ROOT
from batepapo_site.trouble import Trouble

_PACKAGES: Final = {
    "threaded": ROOT / "implementations" / "threaded" / "batepapo_threaded",
    "asyncio": ROOT / "implementations" / "asyncio" / "batepapo_asyncio",
}
_SUITE: Final = ROOT / "conformance" / "batepapo_conformance"
_FOR_OTHERS: Final = (
    "spec",
    "codec",
    "failure",
    "testee",
    "check",
    "results",
    "outcomes",
    "saved",
    "comparison",
    "forms",
    "detail",
    "words",
    "grades",
    "plugin",
    "server",
    "participant",
    "connection",
    "speaker",
    "scripted_server",
    "terminal",
    "exchange",
    "recording",
    "diagram",
    "judge.judgement",
    "model.oracle",
    "replay",
)
"""Of the suite, what a teacher, or somebody who extends it, has to do with."""


def api(argument: str, _place: Place) -> str:
    """The modules of a package, told by their docstrings: `threaded`."""
    if argument == "conformance":
        package, names = _SUITE, list(_FOR_OTHERS)
    elif argument in _PACKAGES:
        package = _PACKAGES[argument]
        names = in_reading_order(package)
    else:
        raise Trouble("there is threaded, asyncio, conformance")
    for name in names:
        file = package / f"{name.replace('.', '/')}.py"
        if not file.is_file():
            raise Trouble(f"{package.name} has no module {name}")
    return "\n\n".join(f"::: {package.name}.{name}" for name in names)


def in_reading_order(package: Path) -> list[str]:
    """The modules of a package, as its docstring has them; what it forgets is last."""
    tree = ast.parse((package / "__init__.py").read_text(encoding="utf-8"))
    said = re.findall(r"`(\w+)`", ast.get_docstring(tree) or "")
    there = {file.stem for file in package.glob("*.py")} - {"__init__"}
    return [*dict.fromkeys(said), *sorted(there - set(said))]
