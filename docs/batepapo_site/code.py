"""Code of the project on a page: a function or a class, by its name."""

import ast
import re
from typing import Final

from batepapo_site.here import Place
from batepapo_site.pages import ROOT
from batepapo_site.trouble import Trouble

_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_TICKS: Final = re.compile("`+")
_LANGUAGES: Final = {".py": "python", ".toml": "toml", ".c": "c", ".js": "javascript"}


def code(argument: str, _place: Place) -> str:
    """A file, or what in a file of Python has a name: `lines.py Lines.feed`."""
    path, _, name = argument.partition(" ")
    file = ROOT / path
    if not file.is_file():
        raise Trouble(f"there is no file {path}")
    text = file.read_text(encoding="utf-8")
    shown = named(text, name) if name else text
    title = file.name if not name else f"{file.name}: {name}"
    language = _LANGUAGES.get(file.suffix, "text")
    return fenced(shown.rstrip(), f'{language} title="{title}"')


def fenced(text: str, head: str) -> str:
    """A block of code, in a fence that is longer than any that the code has."""
    longest = max((len(one) for one in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{head}\n{text}\n{fence}"


def named(text: str, name: str) -> str:
    """What has this name in a program: `handle`, or `Room.handle`.

    Raises:
        Trouble: nothing has this name.
    """
    body: list[ast.stmt] = ast.parse(text).body
    found: ast.stmt | None = None
    for part in name.split("."):
        found = next(
            (one for one in body if isinstance(one, _Named) and one.name == part), None
        ) or next((one for one in body if _assigns(one, part)), None)
        if found is None:
            raise Trouble(f"nothing is called {name}")
        body = found.body if isinstance(found, ast.ClassDef) else []
    assert found is not None
    begin = found.lineno
    if isinstance(found, _Named) and found.decorator_list:
        begin = found.decorator_list[0].lineno
    lines = text.splitlines()[begin - 1 : found.end_lineno]
    # Not `textwrap.dedent`: a text of several lines may stand at the margin.
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    return "\n".join(line.removeprefix(indent) for line in lines)


def _assigns(one: ast.stmt, name: str) -> bool:
    match one:
        case ast.Assign(targets=[ast.Name(id=given)]):
            return given == name
        case ast.AnnAssign(target=ast.Name(id=given)):
            return given == name
        case _:
            return False
