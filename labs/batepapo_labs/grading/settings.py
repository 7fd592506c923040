"""What is asked for: from options, and from the files of a teacher."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.detail import Detail
from batepapo_conformance.words import Language
from batepapo_labs.grading.isolation import SECONDS
from batepapo_labs.trouble import Trouble

_NUMBER: Final = (int, float)
# Each key of a `grading.toml`, and what it may be.
_KEYS: Final[Mapping[str, tuple[type, ...]]] = {
    "labs": (str,),
    "out-of": _NUMBER,
    "time-limit": _NUMBER,
    "time-factor": _NUMBER,
    "seed": (int,),
    "detail": (str,),
    "lang": (str,),
    "leave-out": (list,),
    "weights": (dict,),
    "server": (str,),
    "client": (str,),
    "build": (str,),
    "ignore-their-commands": (bool,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a class is marked.

    Attributes:
        labs: which, as `--labs` takes them; `None` is all.
        out_of: the mark of a perfect submission.
        time_limit: seconds for each submission; `None` if nothing is said.
        time_factor: by how much all programs may be slower than deadlines expect.
        seed: the teacher's own; `None` if there is none, and one is drawn.
        detail: how much reports tell; `None` is all, or less with a seed.
        lang: in which language.
        leave_out: checks that do not count.
        weights: of each lab; `None` if all weigh the same.
        commands: how the programs of all are started: `server`, `client`, `build`.
        ignore_their_commands: whether a submission cannot say how it is started.
    """

    labs: str | None = None
    out_of: float = 100
    time_limit: float | None = None
    time_factor: float = 1
    seed: int | None = None
    detail: Detail | None = None
    lang: Language | None = None
    leave_out: Sequence[str] = ()
    weights: Mapping[int, float] | None = None
    commands: Mapping[str, str] = field(default_factory=dict)
    ignore_their_commands: bool = False

    @property
    def seconds(self) -> float:
        """How many a submission has."""
        return SECONDS if self.time_limit is None else self.time_limit

    @property
    def private(self) -> bool:
        """Whether the random choices are the teacher's own."""
        return self.seed is not None

    @property
    def told(self) -> Detail:
        """How much reports tell: not what held-back checks expect."""
        if self.detail is not None:
            return self.detail
        return Detail.ACTUAL if self.private else Detail.FULL

    @property
    def trust(self) -> bool:
        """Whether the commands of a submission are taken."""
        said = {"server", "client"} & self.commands.keys()
        return not self.ignore_their_commands and not said


def read(path: Path) -> dict[str, Any]:
    """What a `grading.toml` says, by key.

    Raises:
        Trouble: it cannot be read, or says something that is not known.
    """
    data = _read(path)
    for name, said in data.items():
        kinds = _KEYS.get(name)
        if kinds is None:
            raise Trouble("grade.config", path=path, why=name)
        if not isinstance(said, kinds) or isinstance(said, bool) != (kinds == (bool,)):
            raise Trouble("grade.config", path=path, why=f"{name} = {said!r}")
    for name, choice in (("detail", Detail), ("lang", Language)):
        if data.get(name, next(iter(choice))) not in list(choice):
            raise Trouble("grade.config", path=path, why=f"{name} = {data[name]!r}")
    for name in ("out-of", "time-limit", "time-factor"):
        if data.get(name, 1) <= 0:
            raise Trouble("grade.config", path=path, why=f"{name} = {data[name]}")
    if "weights" in data:
        data["weights"] = _weights(data["weights"], path)
    return data


def read_weights(path: Path) -> dict[int, float]:
    """The weight of each lab: `NUMBER = WEIGHT`, alone or in a table `[weights]`.

    Raises:
        Trouble: it cannot be read, or something else stands there.
    """
    data = _read(path)
    return _weights(data.get("weights", data), path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Trouble("grade.config", path=path, why=why) from error


def _weights(said: Mapping[str, Any], path: Path) -> dict[int, float]:
    for name, weight in said.items():
        right = isinstance(weight, _NUMBER) and not isinstance(weight, bool)
        if not (name.isdecimal() and right and weight >= 0):
            raise Trouble("grade.config", path=path, why=f"{name} = {weight!r}")
    return {int(name): float(weight) for name, weight in said.items()}


def merged(said: Mapping[str, Any], **asked: Any) -> Settings:
    """The settings of a file, over which those of options go that were given.

    Args:
        said: what `read` gave.
        asked: by the names of `Settings`; `server`, `client` and `build` apart.
    """
    values = {name.replace("-", "_"): value for name, value in said.items()}
    values |= {name: value for name, value in asked.items() if value not in (None, ())}
    commands: dict[str, str] = {
        name: values.pop(name)
        for name in ("server", "client", "build")
        if name in values
    }
    for name, kind in (("detail", Detail), ("lang", Language)):
        if name in values:
            values[name] = kind(values[name])
    return Settings(commands=commands, **values)
