"""Puts the changed lines of a specimen in place of those of its reference.

The reference on the disk stays as it is: its source is changed on its way into
the interpreter.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import CodeType, ModuleType

from batepapo_zoo.catalogue import BadSpecimen, Change, Specimen


def apply(source: str, changes: Iterable[Change]) -> str:
    """The source of one file, changed.

    Raises:
        BadSpecimen: the old lines are not there, or not just once.
    """
    for change in changes:
        count = source.count(change.old)
        if count != 1:
            raise BadSpecimen(
                f"{change.file} has these lines {count} times, not once:\n{change.old}"
            )
        source = source.replace(change.old, change.new)
    return source


def put_in(specimen: Specimen) -> None:
    """From now on, let the reference be imported with the specimen's lines."""
    by_module: dict[str, list[Change]] = {}
    for change in specimen.changes:
        module = f"{specimen.package}.{Path(change.file).stem}"
        by_module.setdefault(module, []).append(change)
    sys.meta_path.insert(0, _Finder(by_module))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules that a specimen changes; all others are found as usual."""

    def __init__(self, changes: dict[str, list[Change]]) -> None:
        self._changes = changes

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._changes:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            changes = self._changes[fullname]
            spec.loader = _Loader(fullname, spec.origin, changes)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module with its lines changed, and keeps nothing of it on the disk."""

    def __init__(self, fullname: str, path: str, changes: list[Change]) -> None:
        super().__init__(fullname, path)
        self._lines_changed = changes

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        return compile(apply(source, self._lines_changed), self.path, "exec")
