"""What there is in the zoo: specimens, each a few changed lines of a reference.

A file of `servers/` or `clients/` holds specimens that break a rule, a file of
`legal/` those that use a freedom that the specification gives:

    [no_echo]
    base = "threaded"
    breaks = "PUBLIC-1"                 # in legal/: allowed_by = "LIST-2"
    does.en = "sends a message to everyone but its sender"
    does.pt = "manda a mensagem para todos, menos para quem a enviou"
    why.en = "How one comes to write it, and what to do instead."
    why.pt = "Como se chega a escrever isso, e o que fazer no lugar."

    [[no_echo.change]]
    file = "room.py"
    old = '''the lines of the reference, as they are'''
    new = '''what stands there in the specimen'''
"""

import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LANGUAGES: Final = ("en", "pt")
_HERE: Final = Path(__file__).parent
_ROLES: Final = {"servers": "server", "clients": "client"}
_KEYS: Final = {"base", "does", "why", "change"}


class BadSpecimen(Exception):
    """A file of the zoo does not say what it should: the fault of who wrote it."""


@dataclass(frozen=True, slots=True)
class Change:
    """In `file` of the reference, `old` occurs once; `new` takes its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """A testee of the zoo.

    Attributes:
        name: by which it is started.
        role: "server" or "client".
        base: the reference that it changes, "threaded" or "asyncio".
        rule: the requirement that it breaks; of a legal one, that allows its habit.
        legal: whether it must pass.
        does: what it does, by language; goes on after "it".
        why: for whoever made this mistake, by language.
        changes: the lines in which it differs from the reference.
    """

    name: str
    role: str
    base: str
    rule: str
    legal: bool
    does: Mapping[str, str]
    why: Mapping[str, str]
    changes: tuple[Change, ...]

    @property
    def package(self) -> str:
        """The package that it changes."""
        return f"batepapo_{self.base}"


@functools.cache
def specimens() -> Mapping[str, Specimen]:
    """Everything in the zoo, by name, in the order of the files.

    Raises:
        BadSpecimen: a file does not say what it should.
    """
    found: dict[str, Specimen] = {}
    for file in _files():
        for one in _read(file):
            if one.name in found:
                raise BadSpecimen(f"{file}: there is another {one.name}")
            found[one.name] = one
    return found


def specimen(name: str) -> Specimen | None:
    """The one of this name, sooner than all of them would be read.

    Raises:
        BadSpecimen: its file does not say what it should.
    """
    for file in _files():
        if f"[{name}]" in file.read_text(encoding="utf-8"):
            for one in _read(file):
                if one.name == name:
                    return one
    return None


def _files() -> list[Path]:
    return sorted(_HERE.glob("*/*.toml"))


def _read(file: Path) -> Iterator[Specimen]:
    legal = file.parent.name == "legal"
    role = _ROLES[file.stem if legal else file.parent.name]
    rule = "allowed_by" if legal else "breaks"
    for name, said in tomllib.loads(file.read_text(encoding="utf-8")).items():
        if said.keys() != _KEYS | {rule}:
            needed = ", ".join(sorted(_KEYS | {rule}))
            raise BadSpecimen(f"{file}: {name} needs just these: {needed}")
        yield Specimen(
            name=name,
            role=role,
            base=said["base"],
            rule=said[rule],
            legal=legal,
            does=_both(said["does"], f"{file}: {name}, does"),
            why=_both(said["why"], f"{file}: {name}, why"),
            changes=tuple(Change(**change) for change in said["change"]),
        )


def _both(said: Mapping[str, Any], where: str) -> dict[str, str]:
    texts = {language: " ".join(text.split()) for language, text in said.items()}
    if tuple(sorted(texts)) != LANGUAGES or not all(texts.values()):
        raise BadSpecimen(f"{where}: in {' and '.join(LANGUAGES)}")
    return texts
