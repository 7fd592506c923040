"""What the zoo knows of a rule: who breaks it, and who uses the freedom it gives."""

import functools
from collections.abc import Iterable, Mapping

from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.words import Words
from batepapo_site.figures import results
from batepapo_zoo.catalogue import Specimen, specimens


def breaking(rule: str) -> list[Specimen]:
    """The specimens that break a rule."""
    return [one for one in specimens().values() if one.rule == rule and not one.legal]


def using(rule: str) -> list[Specimen]:
    """The specimens that are legal because of a rule."""
    return [one for one in specimens().values() if one.rule == rule and one.legal]


def told(some: Iterable[Specimen], words: Words) -> str:
    """Each specimen: its name, what it does, who finds it, and how one comes to it."""
    return "\n".join(line for one in some for line in _told(one, words))


def _told(one: Specimen, words: Words) -> list[str]:
    does = one.does[words.language]
    number = len(_killers().get((one.rule, one.name), ()))
    found = "" if one.legal or not number else f" ({words.count('found', number)})"
    head = f"- `{one.name}` · {words(f'role.{one.role}')} · {does}{found}"
    return [head, "", f"    {one.why[words.language]}", ""]


@functools.cache
def _killers() -> Mapping[tuple[str, str], set[str]]:
    """The checks that cite a rule and find a specimen, by rule and specimen."""
    found: dict[tuple[str, str], set[str]] = {}
    for row in results(MATRIX)["requirements"]:
        for one in row["killers"]:
            found.setdefault((row["id"], one["specimen"]), set()).add(one["check"])
    return found
