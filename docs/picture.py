"""Draw the picture of the README: a real server, two real clients, a real grid.

`python docs/picture.py` runs them and writes `docs/picture.svg`.
"""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

PICTURE = Path(__file__).with_name("picture.svg")
TALK = (
    ("ana", "Olá, turma!"),
    ("beto", "oi Ana, tudo bem?"),
    ("ana", "beto:a resposta da 3 é 512"),
    ("beto", "/USUARIOS"),
    ("beto", "/SAIR"),
    ("ana", "/SAIR"),
)
"""Who types what. The next line is typed when the one before has had its effect."""


class Person:
    """A client as a process, what was typed into it and what it showed."""

    def __init__(self, nick: str, program: str, port: str) -> None:
        self.nick = nick
        self.command = f"python -m {program} client 127.0.0.1 {port} {nick}"
        self.screen: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, *self.command.split()[1:], "--lang", "pt"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._keyboard: IO[str] = self._process.stdin
        self._output: IO[str] = self._process.stdout

    def type(self, line: str) -> None:
        """Type a line, and show it as typed."""
        self.screen.append(f"[typed]{line}")
        self._keyboard.write(line + "\n")
        self._keyboard.flush()

    def watch(self, word: str) -> None:
        """Read what it shows, up to a line that holds this word."""
        for line in self._output:
            self.screen.append(line.rstrip("\n"))
            if word in line:
                return
        sys.exit(f"{self.nick} never saw: {word}")

    def watch_to_the_end(self) -> None:
        """Read what it shows until it ends."""
        self.screen += [line.rstrip("\n") for line in self._output]

    def panel(self) -> Panel:
        """Draw its screen, with the command that started it."""
        text = Text()
        for line in self.screen:
            typed = line.startswith("[typed]")
            text.append(
                line.removeprefix("[typed]") + "\n", "bold cyan" if typed else ""
            )
        text.rstrip()
        return Panel(
            text, title=self.command.split("client")[0] + f"client … {self.nick}"
        )


@contextmanager
def serving() -> Iterator[str]:
    """Run a server, and give its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "batepapo_threaded", "server", "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().rpartition(":")[2]
        process.terminate()


def talk() -> list[Panel]:
    """Have the conversation, one client of each implementation."""
    with serving() as port:
        ana = Person("ana", "batepapo_threaded", port)
        ana.watch("Você está conectado")
        beto = Person("beto", "batepapo_asyncio", port)
        beto.watch("Você está conectado")
        ana.watch("beto entrou")
        people = {"ana": ana, "beto": beto}
        signs = ("Ola, turma!", "tudo bem?", "512")
        for (nick, line), sign in zip(TALK, signs, strict=False):
            people[nick].type(line)
            beto.watch(sign)
            ana.watch("Mensagem enviada" if sign == "512" else sign)
        for nick, line in TALK[len(signs) :]:
            people[nick].type(line)
            if (nick, line) == ("beto", "/SAIR"):
                ana.watch("beto saiu")
        beto.watch_to_the_end()
        ana.watch_to_the_end()
    return [ana.panel(), beto.panel()]


def grid() -> str:
    """Give what `batepapo interop` prints at its end."""
    done = subprocess.run(
        [sys.executable, "-m", "batepapo", "interop"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def main() -> None:
    """Run everything and draw it."""
    console = Console(record=True, width=118, file=io.StringIO())
    console.print(Columns([*talk()], width=58))
    console.print(Text("$ make interop", "bold"))
    console.print(Text(grid().rstrip()))
    svg = console.export_svg(title="Bate-papo")
    # The picture fetches nothing from anywhere: the reader's own font will do.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    PICTURE.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
