"""The program under test: what the user says about it, and one started copy of it.

The suite knows a testee as a process and a socket, in any language.
"""

import importlib.util
import itertools
import os
import shlex
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from batepapo_conformance.failure import NoVerdict


class Role(StrEnum):
    """What a testee claims to be (section 1.6)."""

    SERVER = "server"
    CLIENT = "client"


class Endpoint(NamedTuple):
    """An address in text form, and a port."""

    address: str
    port: int

    def __str__(self) -> str:
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{address}:{self.port}"


CONTRACT_OPTIONS: Final = {
    Role.SERVER: (
        "entry-timeout",
        "stall-timeout",
        "outbox-limit",
        "max-connections",
        "max-per-address",
        "rate",
        "addresses",
        "log-file",
        "lang",
        "ask",
    ),
    Role.CLIENT: ("lang", "answer-timeout"),
}
"""The options of sections 9 and 10, without their dashes."""

IMPLEMENTATIONS: Final = ("threaded", "asyncio")


class BadTestee(Exception):
    """What the user said about a testee cannot be understood: the user's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Testee:
    """What is known about the program under test.

    Args:
        role: server or client.
        command: the words of its command, with placeholders; `None` if it runs already.
        at: where it listens, if it runs already.
        options: how each option that it has is spelled, by its name in the contract.
        factor: by how much it is slower than a deadline of the suite expects.
        known_failures: reasons, by requirement id or name of a check.
        keeper: the command of a program that keeps it loaded (see `warm.py`), if
            starts are to be warm.
        folder: where it is started; `None` is wherever the suite is.
    """

    # pytest would take the name for that of a test.
    __test__: ClassVar[bool] = False

    role: Role
    command: tuple[str, ...] | None = None
    at: Endpoint | None = None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factor: float = 1.0
    known_failures: Mapping[str, str] = field(default_factory=dict)
    keeper: tuple[str, ...] | None = None
    folder: Path | None = None

    def __str__(self) -> str:
        return f"at {self.at}" if self.command is None else shlex.join(self.command)

    def has(self, *names: str) -> bool:
        """Whether it has all these options."""
        return all(name in self.options for name in names)

    @property
    def program(self) -> tuple[str, ...]:
        """The words of its command before the first that holds a placeholder."""
        words = self.command or ()
        return tuple(itertools.takewhile(lambda word: "{" not in word, words))

    def spelled(self, options: Mapping[str, object]) -> list[str]:
        """The arguments that say these options, as this testee spells them.

        Raises:
            NoVerdict: it is not known to have one of them.
        """
        arguments = []
        for name, value in options.items():
            if name not in self.options:
                raise NoVerdict(f"the testee is not known to have an option for {name}")
            arguments += [
                word.replace("{value}", str(value)) for word in self.options[name]
            ]
        return arguments

    def arguments(
        self,
        *,
        address: str | None = None,
        port: int | str | None = None,
        nick: str | None = None,
        options: Mapping[str, object] | None = None,
        extra: Sequence[str] = (),
    ) -> list[str]:
        """The command to start it with.

        A word that holds a placeholder without a value is dropped: so a client
        is started offline. `extra` comes last, as it is.

        Raises:
            NoVerdict: it cannot be started, or lacks one of the options.
        """
        if self.command is None:
            raise NoVerdict("the testee runs already (--at); it cannot be started here")
        values = {"{address}": address, "{port}": port, "{nick}": nick}
        words = []
        for word in self.command:
            wanted = [name for name in values if name in word]
            if any(values[name] is None for name in wanted):
                continue
            for name in wanted:
                word = word.replace(name, str(values[name]))  # noqa: PLW2901 (builds it)
            words.append(word)
        return [*words, *self.spelled(options or {}), *extra]

    def seconds(self, seconds: float) -> float:
        """A deadline, stretched for a slow testee."""
        return seconds * self.factor


def split_command(command: str) -> tuple[str, ...]:
    """The words of a command line, without a shell.

    Raises:
        BadTestee: it is empty, or a quotation mark has no partner.
    """
    windows = os.name == "nt"
    try:
        words = shlex.split(command, posix=not windows)
    except ValueError as error:
        raise BadTestee(f"the command cannot be split ({error}): {command}") from error
    if windows:  # without POSIX rules the quotation marks stay
        words = [word.strip('"') for word in words]
    if not words:
        raise BadTestee("the command is empty")
    return tuple(words)


def from_command(role: Role, command: str) -> Testee:
    """A testee of which only its command is known; no option of it is.

    Raises:
        BadTestee: the command cannot be split, or lacks a placeholder.
    """
    words = split_command(command)
    needed = ["{address}", "{port}"] + ["{nick}"] * (role is Role.CLIENT)
    lacking = [name for name in needed if not any(name in word for word in words)]
    if lacking:
        raise BadTestee(
            f"the command lacks {' and '.join(lacking)}, which stand for what"
            f" the suite chooses: {command}"
        )
    return Testee(role=role, command=words)


def from_endpoint(text: str) -> Testee:
    """A server that runs already at `ADDRESS:PORT`.

    Raises:
        BadTestee: this is not an address and a port.
    """
    address, colon, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if not (colon and address and port.isascii() and port.isdecimal()):
        raise BadTestee(f"not ADDRESS:PORT: {text}")
    if not 0 < int(port) < 65536:
        raise BadTestee(f"not a port from 1 to 65535: {port}")
    return Testee(role=Role.SERVER, at=Endpoint(address, int(port)))


def reference_command(role: Role, implementation: str) -> tuple[str, ...]:
    """The command that starts one of the two reference implementations."""
    nick = ("{nick}",) if role is Role.CLIENT else ()
    module = f"batepapo_{implementation}"
    return (sys.executable, "-m", module, str(role), "{address}", "{port}", *nick)


def from_implementation(
    role: Role, implementation: str, *, warm: bool = False
) -> Testee:
    """A reference implementation, which has every option of the contract.

    Raises:
        BadTestee: there is none of that name.
    """
    if implementation not in IMPLEMENTATIONS:
        raise BadTestee(f"not one of {', '.join(IMPLEMENTATIONS)}: {implementation}")
    if importlib.util.find_spec(f"batepapo_{implementation}") is None:
        raise BadTestee(f"batepapo_{implementation} is not installed")
    keeper = (sys.executable, "-m", "batepapo_zoo", "--warm", implementation, str(role))
    return Testee(
        role=role,
        command=reference_command(role, implementation),
        options=contract(role),
        keeper=keeper if warm else None,
    )


def contract(role: Role) -> dict[str, tuple[str, ...]]:
    """How each option of the contract is spelled in the contract itself."""
    flags = {"ask"}
    return {
        name: (f"--{name}",) if name in flags else (f"--{name}", "{value}")
        for name in CONTRACT_OPTIONS[role]
    }


_FILE_KEYS: Final = {
    "command",
    "at",
    "options",
    "time-factor",
    "known-failures",
    "warm",
    "folder",
}


def from_file(
    role: Role, path: Path, *, command: str | None = None, at: str | None = None
) -> Testee:
    """A testee as its TOML file describes it (see `conformance/README.md`).

    A command or an address given here takes the place of that in the file.

    Raises:
        BadTestee: the file cannot be read or says something that is not known.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTestee(f"cannot read {path}: {error}") from error
    if unknown := sorted(data.keys() - _FILE_KEYS):
        raise BadTestee(f"{path}: unknown: {', '.join(unknown)}")
    of_file = {name: data.get(name) for name in ("command", "at")}
    said = {"command": command, "at": at}
    if command is None and at is None:
        said = of_file
    match said:
        case {"command": str(words), "at": None}:
            testee = from_command(role, words)
        case {"command": None, "at": str(where)} if role is Role.SERVER:
            testee = from_endpoint(where)
        case _:
            raise BadTestee(f"{path}: it needs a `command`, or a server's `at`")
    factor = data.get("time-factor", 1)
    if not isinstance(factor, int | float) or not 0 < factor <= 100:
        raise BadTestee(f"{path}: time-factor is a number above 0, up to 100: {factor}")
    return Testee(
        role=role,
        command=testee.command,
        at=testee.at,
        options=_options(role, data.get("options", {}), path),
        factor=float(factor),
        known_failures=_reasons(data.get("known-failures", {}), path),
        keeper=_keeper(data.get("warm"), path) if said == of_file else None,
        folder=_folder(data.get("folder"), path),
    )


def _folder(said: object, path: Path) -> Path | None:
    if said is None:
        return None
    if not isinstance(said, str) or not (path.parent / said).is_dir():
        raise BadTestee(f"{path}: folder is where it is started, seen from this file")
    return (path.parent / said).absolute()


def _keeper(said: object, path: Path) -> tuple[str, ...] | None:
    if said is None:
        return None
    if not isinstance(said, str):
        raise BadTestee(f"{path}: warm is the command of a program")
    return split_command(said)


def _options(role: Role, said: object, path: Path) -> dict[str, tuple[str, ...]]:
    if said == "contract":
        return contract(role)
    if not isinstance(said, dict):
        raise BadTestee(f'{path}: options is "contract" or a table')
    for name, form in said.items():
        if name not in CONTRACT_OPTIONS[role]:
            raise BadTestee(f"{path}: the contract of a {role} has no option {name}")
        if not isinstance(form, str) or ("{value}" not in form and name != "ask"):
            raise BadTestee(f"{path}: the form of option {name} lacks {{value}}")
    return {name: split_command(form) for name, form in said.items()}


def _reasons(said: object, path: Path) -> dict[str, str]:
    if not isinstance(said, dict):
        raise BadTestee(f"{path}: known-failures is a table of names and reasons")
    for name, reason in said.items():
        if not isinstance(reason, str) or not reason.strip():
            raise BadTestee(f"{path}: the known failure {name} needs a reason")
    return dict(said)


def choose_testee(
    role: Role,
    *,
    command: str | None = None,
    at: str | None = None,
    file: str | None = None,
    implementation: str | None = None,
    warm: bool = False,
) -> Testee:
    """The testee that is meant: by command, address, name, or file.

    With a file, a command or an address may be given as well. Warm starts can be
    asked for if it is a reference, or the file says how.

    Raises:
        BadTestee: none, or several, or none that can be understood.
    """
    match command, at, file, implementation:
        case str(command), None, None, None:
            testee = from_command(role, command)
        case None, str(at), None, None if role is Role.SERVER:
            testee = from_endpoint(at)
        case None, None, None, str(implementation):
            testee = from_implementation(role, implementation, warm=warm)
        case _, _, str(file), None if command is None or at is None:
            testee = from_file(role, Path(file), command=command, at=at)
        case _:
            ways = "--command, --testee, --implementation"
            ways += " or --at" if role is Role.SERVER else ""
            raise BadTestee(f"say which program to check, by one of {ways}")
    if warm and testee.keeper is None:
        raise BadTestee("nothing says how it is started warm (`warm` in its file)")
    return testee
