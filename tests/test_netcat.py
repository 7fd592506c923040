"""A person with netcat is a client: a program that nobody here wrote.

Debian's netcat-openbsd; `-C` makes it send CR LF. Where it is not installed there is
nothing to test: `.ci/run` installs it.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

NETCAT = shutil.which("nc")
PATIENCE = 20.0  # seconds for anything to come on a busy machine

pytestmark = pytest.mark.skipif(NETCAT is None, reason="netcat is not installed")


class Person:
    """Somebody who types into `nc` and reads what it prints."""

    def __init__(self, port: str, *options: str) -> None:
        assert NETCAT is not None
        self._netcat = subprocess.Popen(
            [NETCAT, *options, "127.0.0.1", port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def types(self, line: str) -> None:
        assert self._netcat.stdin is not None
        self._netcat.stdin.write(line.encode() + b"\n")
        self._netcat.stdin.flush()

    def reads(self, beginning: str, end: str = "") -> None:
        assert self._netcat.stdout is not None
        line = self._netcat.stdout.readline().decode()
        assert line.startswith(beginning), line
        assert line.endswith(end + "\n"), line

    def is_hung_up_on(self) -> None:
        # netcat waits for its own input to end, as well.
        rest, _ = self._netcat.communicate(timeout=PATIENCE)
        assert rest == b""


@pytest.fixture(params=["threaded", "asyncio"])
def port(request: pytest.FixtureRequest) -> Iterator[str]:
    command = [sys.executable, "-m", f"batepapo_{request.param}"]
    with subprocess.Popen(
        [*command, "server", "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip().rpartition(":")[2]
        server.terminate()


@pytest.mark.parametrize("options", [(), ("-C",)], ids=["LF", "CR LF"])
def test_two_people_talk_through_netcat(port: str, options: tuple[str, ...]) -> None:
    ana, rui = Person(port, *options), Person(port, *options)
    ana.reads("BATEPAPO 1 batepapo-")
    rui.reads("BATEPAPO 1 batepapo-")
    ana.types("/ENTRAR ana")
    ana.reads("USUARIOS 0")
    ana.reads("ENTROU ")
    rui.types("/ENTRAR Ana")
    rui.reads("ERRO 01 Ana :")
    rui.types("/ENTRAR rui")
    rui.reads("USUARIOS 0 ana")
    for person in (ana, rui):
        person.reads("ENTROU ")
    rui.types(":oi, ana")
    for person in (ana, rui):
        person.reads("PUBLICA ", " :oi, ana")
    ana.types("rui:segredo")
    rui.reads("PRIVADA ", " :segredo")
    ana.reads("ENVIADA rui")
    ana.types("{quit}")
    for person in (ana, rui):
        person.reads("SAIU ")
    ana.is_hung_up_on()
    rui.types("oi?")
    rui.reads("ERRO 03 sintaxe :")
    rui.is_hung_up_on()
