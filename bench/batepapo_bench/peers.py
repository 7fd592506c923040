"""IRC servers in C and C++, that a teacher would take instead: Debian's packages.

What keeps strangers from flooding them is off, since it would measure patience:
ours have no such limit by default either. Names of hosts and users are not looked up.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from batepapo_bench.contenders import ADDRESS, Absent, Contender
from batepapo_bench.dialects import Irc

_FOLDERS: Final = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
"""Where servers are installed that are not on everybody's path."""

_MOST: Final = 1000
"""Participants: to let more of them in takes minutes, and tells nothing new."""

_NGIRCD: Final = """\
[Global]
Name = bench.example
Info = bench
AdminInfo1 = bench
Listen = {address}
Ports = {port}
MotdPhrase = bench
[Limits]
IdleTimeout = 0
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 20
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
ChrootDir =
DNS = no
Ident = no
PAM = no
"""

_INSPIRCD: Final = """\
<server name="bench.example" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.example">
<bind address="{address}" port="{port}" type="clients">
<connect name="all" allow="*" timeout="3600" pingfreq="3600"
    commandrate="1000000000" threshold="1000000000" fakelag="no"
    hardsendq="1000000000" softsendq="1000000000" recvq="1000000"
    limit="100000" localmax="100000" globalmax="100000" maxconnwarn="no"
    resolvehostnames="no" useconnflood="no" useident="no" usednsbl="no">
<performance netbuffersize="65534" somaxconn="4096" softlimit="100000">
<pid file="{folder}/pid">
<log method="file" type="*" level="default" target="{folder}/log">
"""


def ngircd() -> Contender:
    """The server ngircd.

    Raises:
        Absent: it is not installed.
    """
    program = _found("ngircd")

    def command(folder: Path, port: int) -> list[str]:
        file = folder / "ngircd.conf"
        file.write_text(_NGIRCD.format(address=ADDRESS, port=port), encoding="ascii")
        return [program, "--nodaemon", "--config", str(file)]

    version = _version(program, "--version")
    return Contender("ngircd", Irc(), command, version, most=_MOST)


def inspircd() -> Contender:
    """The server InspIRCd.

    Raises:
        Absent: it is not installed.
    """
    program = _found("inspircd")

    def command(folder: Path, port: int) -> list[str]:
        file = folder / "inspircd.conf"
        text = _INSPIRCD.format(address=ADDRESS, port=port, folder=folder)
        file.write_text(text, encoding="ascii")
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        return [
            *(program, "--nofork", "--config", str(file)),
            *(["--runasroot"] if root else []),
        ]

    version = _version(program, "--version")
    return Contender("inspircd", Irc(), command, version, most=_MOST)


def _found(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path=_FOLDERS)
    if program is None:
        raise Absent(f"not installed; on Debian: apt install {name}")
    return program


def _version(program: str, option: str) -> str:
    done = subprocess.run(
        [program, option], capture_output=True, encoding="utf-8", check=False
    )
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else ""
