"""Starts a specimen: `python -m batepapo_zoo NAME ADDRESS PORT ...`.

Without a name, it lists what there is. `--warm NAME` keeps a specimen, or one of
the references, loaded for many starts (see `warm.py`); further arguments come
before those of each start. `--noting NAME` does the same with a reference that
notes what of it is reached (see `noting.py`).
"""

import importlib
import sys
from collections.abc import Callable, Sequence

from batepapo_zoo.catalogue import specimen, specimens
from batepapo_zoo.changed import put_in

_REFERENCES = ("threaded", "asyncio")
_MODULES = ("program", "server", "client")


def main() -> int:
    """Run what is named on the command line; gives its exit status, 2 if unknown."""
    match sys.argv[1:]:
        case []:
            for one in specimens().values():
                print(f"{one.name:<40} {one.role:<7} {one.rule}")
            return 0
        case ["--warm", name, *arguments]:
            return _run(name, arguments, warm=True)
        case ["--noting", name, *arguments] if name in _REFERENCES:
            from batepapo_zoo.noting import put_in_notes  # noqa: PLC0415

            put_in_notes(f"batepapo_{name}")
            return _run(name, arguments, warm=True)
        case [name, *arguments]:
            return _run(name, arguments, warm=False)
        case _:
            raise AssertionError(sys.argv)


def _run(name: str, arguments: Sequence[str], *, warm: bool) -> int:
    found = specimen(name)
    if found is not None:
        put_in(found)
        package, arguments = found.package, [found.role, *arguments]
    elif warm and name in _REFERENCES:
        package = f"batepapo_{name}"
    else:
        print(f"there is no {name} in the zoo", file=sys.stderr)
        return 2
    start: Callable[[Sequence[str]], int]
    start = importlib.import_module(f"{package}.__main__").main
    if warm:
        # Only now: elsewhere than on POSIX there is nothing of what it needs.
        from batepapo_zoo.warm import each_start  # noqa: PLC0415

        for module in _MODULES:
            importlib.import_module(f"{package}.{module}")
        arguments = [*arguments, *each_start()]
        sys.argv = [sys.argv[0], name, *arguments]
    return start(arguments)


if __name__ == "__main__":
    sys.exit(main())
