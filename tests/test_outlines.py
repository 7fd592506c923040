"""The two implementations are mirrors: the same files, the same names, in one order."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    name: ROOT / "implementations" / name / f"batepapo_{name}"
    for name in ("threaded", "asyncio")
}


def files(name: str) -> set[str]:
    return {path.name for path in PACKAGES[name].glob("*.py")}


def public_names(path: Path) -> list[str]:
    """What a module defines for others, in its own order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [name for node in tree.body for name in defined(node)]
    return [name for name in dict.fromkeys(names) if not name.startswith("_")]


def defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            yield name
        case ast.AsyncFunctionDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign(targets=targets):
            yield from (one.id for one in targets if isinstance(one, ast.Name))
        case ast.If(body=body, orelse=otherwise) | ast.Try(body=body, orelse=otherwise):
            for inner in [*body, *otherwise]:
                yield from defined(inner)
        case _:
            pass


def test_both_have_the_same_files() -> None:
    assert files("threaded") == files("asyncio")


@pytest.mark.parametrize("file", sorted(files("threaded") & files("asyncio")))
def test_both_define_the_same_public_names_in_the_same_order(file: str) -> None:
    threaded, asyncio = (public_names(folder / file) for folder in PACKAGES.values())
    assert threaded == asyncio


@pytest.mark.parametrize("name", PACKAGES)
def test_no_package_shadows_the_standard_library(name: str) -> None:
    # With an `__init__.py` there, `import asyncio` in this folder's parent
    # would find the folder and not the library.
    assert not (PACKAGES[name].parent / "__init__.py").exists()


@pytest.mark.parametrize("name", PACKAGES)
def test_an_implementation_imports_only_itself_and_the_standard_library(
    name: str,
) -> None:
    foreign = {"threaded": "asyncio", "asyncio": "threading"}[name]
    import_from = {f"batepapo_{name}"}
    for path in PACKAGES[name].glob("*.py"):
        imported = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
        assert foreign not in imported, path.name
        ours = {one for one in imported if one.startswith("batepapo")}
        assert ours <= import_from, path.name
        assert imported - ours <= standard_library(), path.name


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (one.name.split(".")[0] for one in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]
            case ast.ImportFrom(level=level):
                assert level == 1, "this leaves the package"
            case _:
                pass


def standard_library() -> frozenset[str]:
    return sys.stdlib_module_names
