"""A recording of terminals that plays in the page, and the recordings themselves.

A recording is a file for each terminal, all by one clock, in the format asciicast 2
(https://docs.asciinema.org/manual/asciicast/v2/), so that other programs can play it:

    docs/runs/first-conversation.1-server.en.cast

`python -m batepapo_site.player --record first-conversation` makes them again, in both
languages, on a POSIX system: it opens a shell in a pseudo-terminal for each, and
types. Nothing in them was written by hand.

Why the page has a player of its own (`docs/assets/player`) and not asciinema's, which
may be had for 246 kB under the Apache licence 2.0: these programs write lines, and
move no cursor, so that a terminal need not be imitated; several terminals play
together, and are put one below the other on a telephone, where a single wide one could
not be read; and all that was said is in the page as text, before any script has run,
for whoever has none, or reads by ear. That takes a fortieth of the octets.
"""

import html
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from batepapo_conformance.words import Language
from batepapo_site.here import Place
from batepapo_site.pages import DOCS
from batepapo_site.trouble import Trouble, run

FOLDER: Final = DOCS / "runs"
_NAME: Final = re.compile(r"(?P<number>\d+)-(?P<pane>[a-z0-9-]+)")
_PLAIN: Final = re.compile(r"[\x20-\x7e\n\r\u00a0-\uffff]*")

_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    Language.ENGLISH: {
        "label": "Recording of {panes}",
        "server": "server",
        "terminal": "terminal: {pane}",
        "play": "Play",
        "pause": "Pause",
        "again": "Play again",
        "back": "Step back",
        "forward": "Step forward",
        "speed": "Speed",
        "time": "Time",
        "keys": "space plays and pauses, the arrow keys step",
    },
    Language.PORTUGUESE: {
        "label": "Gravação de {panes}",
        "server": "servidor",
        "terminal": "terminal: {pane}",
        "play": "Tocar",
        "pause": "Pausar",
        "again": "Tocar de novo",
        "back": "Um passo atrás",
        "forward": "Um passo adiante",
        "speed": "Velocidade",
        "time": "Tempo",
        "keys": "espaço toca e pausa, as setas dão um passo",
    },
}


@dataclass(frozen=True, slots=True)
class Pane:
    """What one terminal showed.

    Attributes:
        name: who sat there.
        events: seconds since the recording began, and what was shown then.
    """

    name: str
    events: Sequence[tuple[float, str]]

    @property
    def whole(self) -> str:
        """All that it showed, as plain text."""
        text = "".join(shown for _, shown in self.events)
        return text.replace("\r\n", "\n").replace("\r", "")


def player(argument: str, place: Place) -> str:
    """A recording that plays, by its name: `first-conversation`."""
    words = _WORDS[place.language]
    panes = [
        replace(pane, name=words.get(pane.name, pane.name))
        for pane in read(argument, place.language, FOLDER)
    ]
    names = ", ".join(pane.name for pane in panes)
    data = {
        "panes": [{"name": one.name, "events": one.events} for one in panes],
        "words": words,
    }
    # A script that ends within a text would end the element that holds it.
    text = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    script = place.to("assets/player/player.js")
    return "\n".join(
        (
            f'<div class="player" role="group" aria-label="'
            f'{html.escape(words["label"].format(panes=names))}">',
            '<div class="player-panes">',
            *(_shown(one, words) for one in panes),
            "</div>",
            f'<script type="application/json">{text}</script>',
            "</div>",
            f'<script src="{script}" defer></script>',
        )
    )


def _shown(pane: Pane, words: Mapping[str, str]) -> str:
    label = html.escape(words["terminal"].format(pane=pane.name))
    # No empty line: Markdown would take it for the end of the HTML.
    text = html.escape(pane.whole.rstrip("\n")).replace("\n", "&#10;")
    return (
        f'<figure class="player-pane"><figcaption>{html.escape(pane.name)}'
        f'</figcaption><pre tabindex="0" role="group" aria-label="{label}">{text}</pre>'
        "</figure>"
    )


def read(name: str, language: Language, folder: Path) -> list[Pane]:
    """The panes of a recording, from left to right.

    Raises:
        Trouble: there is none in this language, or it is none.
    """
    files = sorted(folder.glob(f"{name}.*-*.{language}.cast"))
    if not files:
        raise Trouble(
            f"there is no docs/runs/{name}.*.{language}.cast:"
            f" python -m batepapo_site.player --record {name}"
        )
    return [_read(file) for file in files]


def _read(file: Path) -> Pane:
    part = _NAME.fullmatch(file.name.split(".")[-3])
    if part is None:
        raise Trouble(f"docs/runs/{file.name}: not called NAME.1-PANE.LANGUAGE.cast")
    try:
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        if json.loads(head)["version"] != 2:
            raise Trouble(f"docs/runs/{file.name}: not of version 2")
        rows: list[list[Any]] = [json.loads(line) for line in lines]
        events = [(float(row[0]), str(row[2])) for row in rows if row[1] == "o"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Trouble(f"docs/runs/{file.name}: no asciicast: {error}") from error
    for at, text in events:
        if not _PLAIN.fullmatch(text):
            raise Trouble(
                f"docs/runs/{file.name}: at {at} s something moves the cursor,"
                f" which the player does not know: {text!r}"
            )
    return Pane(part["pane"], events)


# ---- how a recording is made ----


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody types a line, then all wait until it has had its effect.

    Attributes:
        who: at which terminal.
        line: what is typed, and Enter after it; `^C` is that key alone.
        seen: by whom, and a text that is new on that terminal, the effect.
        pause: seconds before the next one, in which the reader reads.
    """

    who: str
    line: str
    seen: Mapping[str, str]
    pause: float = 1.0


_PROMPT: Final = "$ "
_WIDTH: Final = 76
_HEIGHT: Final = 20
_PATIENCE: Final = 30.0  # seconds; the machine may be busy
_LONGEST: Final = 1.2  # seconds in which nothing is shown; what is more is left out


def _first_conversation(language: Language) -> list[Typed]:
    """Ana and Beto: an entry, a word for all, a whisper, a list, and goodbye."""
    portuguese = language is Language.PORTUGUESE
    hello = "oi, gente!" if portuguese else "hello, everybody!"
    whisper = "você trouxe o caderno?" if portuguese else "did you bring the notes?"
    told = "voce trouxe o caderno?" if portuguese else whisper
    runs = "rodando" if portuguese else "running"
    connected = "conectado" if portuguese else "connected"
    entered = "beto entrou" if portuguese else "beto entered"
    left = "beto saiu" if portuguese else "beto left"
    chat = "batepapo chat 127.0.0.1 55555"
    return [
        Typed("server", "batepapo serve", {"server": runs}),
        Typed("ana", f"{chat} ana", {"ana": connected}),
        Typed("beto", f"{chat} beto", {"beto": connected, "ana": entered}),
        Typed("beto", f":{hello}", {"ana": hello, "beto": hello}, 1.4),
        Typed("ana", f"beto:{whisper}", {"beto": told}, 1.6),
        Typed("ana", "/USUARIOS", {"ana": "ana beto"}, 1.6),
        Typed("beto", "/SAIR", {"ana": left, "beto": _PROMPT}, 1.2),
        Typed("ana", "/SAIR", {"ana": _PROMPT}, 0.8),
        Typed("server", "^C", {"server": _PROMPT}, 1.0),
    ]


_SCRIPTS: Final = {"first-conversation": _first_conversation}


def record(name: str, language: Language, folder: Path) -> list[Path]:
    """Hold the conversation of this name, and write what every terminal showed.

    Raises:
        Trouble: no script has this name, a program did not do what is waited for,
            or this system has no pseudo-terminals.
    """
    if name not in _SCRIPTS:
        raise Trouble(f"there is no script {name}: there is {', '.join(_SCRIPTS)}")
    if sys.platform == "win32":
        raise Trouble("recording needs pseudo-terminals: Linux, macOS, or WSL")
    from batepapo_site.terminals import Terminals  # noqa: PLC0415

    script = _SCRIPTS[name](language)
    names = list(dict.fromkeys(typed.who for typed in script))
    with Terminals(names, _surroundings(language), (_HEIGHT, _WIDTH)) as terminals:
        for one in names:
            terminals.wait(one, _PROMPT, _PATIENCE)
        for typed in script:
            terminals.type(typed.who, typed.line)
            for who, text in typed.seen.items():
                terminals.wait(who, text, _PATIENCE)
            terminals.rest(typed.pause)
    written = []
    shortened = shorten(terminals.shown, _LONGEST)
    for place, one in enumerate(names, start=1):
        file = folder / f"{name}.{place}-{one}.{language}.cast"
        _write(file, one, [(at, text) for at, who, text in shortened if who == one])
        written.append(file)
    return written


def _surroundings(language: Language) -> dict[str, str]:
    """What the shell finds in its environment: nothing of whoever records."""
    folder = Path(sys.executable).parent
    found = {
        "PATH": f"{folder}{os.pathsep}{os.defpath}",
        "PS1": _PROMPT,
        "TERM": "dumb",
    }
    found["LANG"] = "en_US.UTF-8" if language is Language.ENGLISH else "pt_BR.UTF-8"
    return found | {"LC_CTYPE": "C.UTF-8", "HOME": "/"}


def shorten(
    shown: Iterable[tuple[float, str, str]], longest: float
) -> list[tuple[float, str, str]]:
    """The same, without what is longer in any time in which nothing is shown."""
    told = []
    before = at = 0.0
    for seconds, who, text in shown:
        at += min(longest, seconds - before)
        before = seconds
        told.append((round(at, 3), who, text))
    return told


def _write(file: Path, title: str, events: Iterable[tuple[float, str]]) -> None:
    head = {"version": 2, "width": _WIDTH, "height": _HEIGHT, "title": title}
    head["timestamp"] = int(time.time())
    lines = [json.dumps(head)]
    lines += [json.dumps([at, "o", text], ensure_ascii=False) for at, text in events]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _all(panes: Iterable[Path]) -> Iterator[str]:
    for file in panes:
        yield f"{file.name}\n{_read(file).whole}"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--record", "name", required=True, help="Which one to make again.")
def main(name: str) -> None:
    """Make a recording again, in both languages, and show what is in it."""
    for language in Language:
        for text in _all(record(name, language, FOLDER)):
            click.echo(text)


if __name__ == "__main__":
    run(main)
