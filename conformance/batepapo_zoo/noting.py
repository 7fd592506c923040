"""Which blocks of a reference a run reaches, and which blocks a specimen changes.

A specimen behaves as its reference does until it enters a block with a changed
line. So a check that enters none of them cannot tell the two apart, and need not be
run. A block is named by its file and the line that begins it: "room.py:57".

A reference with notes (`python -m batepapo_zoo --noting threaded server`) is kept
warm, and writes each block that it enters, once a process, to the file that
`BATEPAPO_NOTES` names.
"""

import ast
import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from batepapo_zoo.catalogue import Specimen
from batepapo_zoo.changed import apply

NOTES: Final = "BATEPAPO_NOTES"
"""The environment variable that names the file of the notes."""

LOADING: Final = "loading"
"""The file beside it for what is reached before any start, while loading."""

_NOTE: Final = "__note__"


# ---- what a specimen changes ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Block:
    """Statements that are entered together: from and to a line, at a column."""

    first: int
    last: int
    column: int


def changed_blocks(specimen: Specimen) -> set[str] | None:
    """The blocks that hold what a specimen changes.

    Returns:
        their names; `None` if it changes what is outside of every function, and so
        may matter to all.
    """
    package = importlib.util.find_spec(specimen.package)
    assert package is not None
    assert package.origin is not None
    found: set[str] = set()
    for file in dict.fromkeys(change.file for change in specimen.changes):
        source = (Path(package.origin).parent / file).read_text(encoding="utf-8")
        changes = [change for change in specimen.changes if change.file == file]
        for block in _touched(source, apply(source, changes)):
            if block is None:
                return None
            found.add(f"{file}:{block.first}")
    return found


def _touched(source: str, changed: str) -> Iterator[_Block | None]:
    old, new = source.splitlines(), changed.splitlines()
    blocks = list(_blocks(ast.parse(source)))
    for how, i, j, k, m in SequenceMatcher(None, old, new, False).get_opcodes():
        if how == "equal":
            continue
        lines = [line for line in old[i:j] + new[k:m] if line.strip()]
        column = min((len(line) - len(line.lstrip()) for line in lines), default=0)
        # What is put in belongs to a block around the line before it.
        line = i + 1 if how != "insert" else max(i, 1)
        around = [
            one
            for one in blocks
            if one.first <= line <= one.last and one.column <= column
        ]
        yield max(around, key=lambda one: one.column, default=None)


def _blocks(tree: ast.AST) -> Iterator[_Block]:
    for statements in _bodies(tree):
        first, last = statements[0], statements[-1]
        yield _Block(first.lineno, last.end_lineno or last.lineno, first.col_offset)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """All lists of statements, but for those of modules and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield statements


# ---- what a run reaches --------------------------------------------------------


def put_in_notes(package: str) -> None:
    """From now on, let this package be imported with a note in each block."""
    setattr(builtins, _NOTE, _Notes().note)
    sys.meta_path.insert(0, _Finder(package))


class _Notes:
    """Writes each block once, to the file that the environment names."""

    def __init__(self) -> None:
        self._noted: set[str] = set()
        self._file: int | None = None
        self._loading = True
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self._noted = set()
        self._file = None
        self._loading = False

    def note(self, block: str) -> None:
        if block in self._noted:
            return
        self._noted.add(block)
        if self._file is None:
            path = Path(os.environ[NOTES])
            how = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file = os.open(
                path.with_name(LOADING) if self._loading else path, how
            )
        os.write(self._file, f"{block}\n".encode())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of one package; all others are found as usual."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith(f"{self._package}."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module with a note at the beginning of each block."""

    def get_code(self, fullname: str) -> CodeType:
        file = Path(self.path)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for statements in list(_bodies(tree)):
            first = statements[0]
            words = f"{_NOTE}({f'{file.name}:{first.lineno}'!r})"
            note = ast.parse(words).body[0]
            for node in ast.walk(note):
                ast.copy_location(node, first)
            statements.insert(int(_is_docstring(first)), note)
        return compile(tree, self.path, "exec")


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
