"""Which checks a quick visit to the zoo runs: the telling ones, and some by chance.

A whole visit takes half an hour. What it found says where to look next time: at
what was named first, which is a check of the rule that the specimen breaks, and at
one killer of each check. Of all others some are drawn, other ones each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from batepapo_conformance.selection import without_delivery
from batepapo_conformance.testee import Role
from batepapo_zoo.catalogue import Specimen

# One in so many. A legal specimen has no telling checks: any might raise the alarm.
_OF_WRONG: Final = 100
_OF_LEGAL: Final = 20


@dataclass(frozen=True, slots=True)
class Case:
    """One run of a check: its name, and its variant."""

    name: str
    variant: str

    @property
    def in_any_delivery(self) -> str:
        """What all deliveries of it share.

        They are run together: what is blamed on framing, one alone cannot tell.
        """
        return without_delivery(f"{self.name}[{self.variant}]")


class Sample:
    """What is run on each specimen in a quick visit.

    Args:
        cases: all that there are, by role.
        matrix: the kill matrix of a whole visit, as JSON (see `kill_matrix.py`).
        seed: repeats what is drawn.
    """

    def __init__(
        self,
        cases: Mapping[Role, Sequence[Case]],
        matrix: Mapping[str, Any],
        seed: int,
    ) -> None:
        self._cases = cases
        self._seed = seed
        self._telling = _telling(matrix)

    def notes_of(self, specimen: Specimen) -> Path | None:
        """Nowhere: nothing is left out for what it reaches."""
        return None

    def checks_for(self, specimen: Specimen) -> list[int]:
        """The numbers of the cases that are run; all, if the matrix is without it."""
        cases = self._cases[Role(specimen.role)]
        if specimen.name not in self._telling:
            return list(range(len(cases)))
        chance = Random(f"{self._seed} {specimen.name}")
        one_in = _OF_LEGAL if specimen.legal else _OF_WRONG
        chosen = {
            case.in_any_delivery
            for case in cases
            if case.name in self._telling[specimen.name]
        }
        for case in dict.fromkeys(case.in_any_delivery for case in cases):
            if chance.randrange(one_in) == 0:
                chosen.add(case)
        return [n for n, case in enumerate(cases) if case.in_any_delivery in chosen]


def _telling(matrix: Mapping[str, Any]) -> dict[str, set[str]]:
    """The checks to run again, by specimen: the first that failed, and proofs.

    A check is proven by the specimen that fails it and little else.
    """
    failures = {one["name"]: one["failures"] for one in matrix["specimens"]}
    found = {
        name: {one["check"] for one in those[:1]} for name, those in failures.items()
    }
    for check in matrix["checks"]:
        if check["kills"]:
            least = min(check["kills"], key=lambda name: (len(failures[name]), name))
            found[least].add(check["name"])
    return found
