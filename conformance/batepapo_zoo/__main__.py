"""Starts a specimen: `python -m batepapo_zoo NAME ADDRESS PORT ...`.

Without a name, it lists what there is.
"""

import importlib
import sys

from batepapo_zoo.catalogue import specimens
from batepapo_zoo.changed import put_in


def main() -> int:
    """Run what is named on the command line; gives its exit status, 2 if unknown."""
    if len(sys.argv) < 2:
        for one in specimens().values():
            print(f"{one.name:<40} {one.role:<7} {one.rule}")
        return 0
    _, name, *arguments = sys.argv
    specimen = specimens().get(name)
    if specimen is None:
        print(f"there is no {name} in the zoo", file=sys.stderr)
        return 2
    put_in(specimen)
    program = importlib.import_module(f"{specimen.package}.__main__")
    return int(program.main([specimen.role, *arguments]))


if __name__ == "__main__":
    sys.exit(main())
