"""What a run takes from the machine: programs, an environment, ports."""

import contextlib
import os
import re
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from batepapo_site.runs.description import Run

_LOCALES: Final = {"en": "en_US.UTF-8", "pt": "pt_BR.UTF-8"}
_ORDINARY_USER: Final = "an ordinary user"
_LINUX: Final = "Linux"


def missing(run: Run) -> str:
    """What a run needs and this machine has not, in words; nothing if it has all.

    A run needs programs, by their names; `Linux`; `an ordinary user`, who may not have
    port 80; or an address (IPv4) at which this machine can listen.
    """
    return ", ".join(need for need in run.needs if not _has(need))


def _has(need: str) -> bool:
    if need == _LINUX:
        return sys.platform == "linux"
    if need == _ORDINARY_USER:
        return isinstance(_trouble_at("127.0.0.1", 80), PermissionError)
    if re.fullmatch(r"[\d.]+", need):
        return _trouble_at(need, 0) is None
    return shutil.which(need) is not None


def _trouble_at(address: str, port: int) -> OSError | None:
    with socket.socket() as one:
        try:
            one.bind((address, port))
        except OSError as trouble:
            return trouble
    return None


def program(command: Sequence[str]) -> list[str]:
    """The command with our own Python, and our own `batepapo`."""
    match command:
        case ["batepapo", *rest]:
            return [sys.executable, "-m", "batepapo", *rest]
        case ["python", *rest]:
            return [sys.executable, *rest]
        case _:
            return list(command)


def environment(language: str) -> dict[str, str]:
    """Of a program that speaks this language, to a terminal of 80 columns."""
    folder = str(Path(sys.executable).parent)  # `python`, also in what is started
    more = {
        "LANG": _LOCALES[language],
        "PATH": os.pathsep.join([folder, os.environ.get("PATH", os.defpath)]),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    mine = {key: one for key, one in os.environ.items() if not key.startswith("LC_")}
    return mine | more


def free_ports(number: int) -> list[int]:
    """So many ports that are free at 127.0.0.1."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
