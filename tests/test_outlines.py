"""The two implementations are mirrors: the same files, the same names, in one order."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    name: ROOT / "implementations" / name / f"batepapo_{name}"
    for name in ("threaded", "asyncio")
}

README = ROOT / "implementations" / "README.md"

# Each with the reason why threads need it and tasks do not; the README says more.
ONLY_THREADED = {
    "printer.py": "a blocked write blocks its thread: it gets one of its own",
    "blocking.py": "a thread waits for its one socket; the event loop for all",
    "mailbox.py": "where the main thread waits for whatever comes first; a task awaits",
    "keyboard.py": "the thread that reads ahead; with tasks it is in `terminal.py`",
}

# What a package may import although it is not what the package is made of.
PERMITTED = {
    ("asyncio", "terminal.py"): "no event loop can wait for a file or a console",
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
    assert files("threaded") - files("asyncio") == set(ONLY_THREADED)
    assert files("asyncio") <= files("threaded")


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
        permitted = (name, path.name) in PERMITTED
        assert (foreign in imported) == permitted, path.name
        ours = {one for one in imported if one.startswith("batepapo")}
        assert ours <= import_from, path.name
        assert imported - ours <= standard_library(), path.name


@pytest.mark.parametrize("name", PACKAGES)
def test_ruff_permits_what_is_permitted_here(name: str) -> None:
    rules = tomllib.loads((PACKAGES[name].parent / "ruff.toml").read_text("utf-8"))
    ignores = rules["lint"].get("extend-per-file-ignores", {})
    exempt = [path for path, ignored in ignores.items() if "TID251" in ignored]
    permitted = [file for package, file in PERMITTED if package == name]
    assert exempt == [f"batepapo_{name}/{file}" for file in permitted]


def tables() -> list[list[list[str]]]:
    """Give the README's tables of files: rows of cells, without the heads."""
    blocks = re.findall(r"(?:^\|.*\n)+", README.read_text("utf-8"), re.MULTILINE)
    rows = [block.splitlines()[2:] for block in blocks]
    return [[row.strip("|").split("|") for row in some] for some in rows]


def in_code(text: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", text)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_readme_names_what_there_is(name: str) -> None:
    documented = {in_code(row[0])[0]: in_code(row[2]) for row in tables()[0]}
    assert documented == {
        path.name: public_names(path)
        for path in PACKAGES[name].glob("*.py")
        if path.name not in ONLY_THREADED
    }


def test_the_readme_names_what_only_threads_need() -> None:
    assert [in_code(row[0])[0] for row in tables()[1]] == list(ONLY_THREADED)


@pytest.mark.parametrize("name", PACKAGES)
def test_both_are_read_in_the_order_of_the_readme(name: str) -> None:
    source = (PACKAGES[name] / "__init__.py").read_text("utf-8")
    order = [f"{one}.py" for one in in_code(ast.get_docstring(ast.parse(source)) or "")]
    assert {*order, "__init__.py"} == files(name)
    common = [file for file in order if file not in ONLY_THREADED]
    assert ["__init__.py", *common] == [in_code(row[0])[0] for row in tables()[0]]


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
