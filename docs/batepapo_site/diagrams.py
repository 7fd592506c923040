"""What passed between clients and a server, as a picture and as text.

Both are made of a recording in `docs/recordings`, which `batepapo proxy` has made of
a conversation that there was (`conformance/RECORDING.md`).
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from batepapo_conformance import diagram
from batepapo_conformance.diagram import Step, Way
from batepapo_conformance.failure import lines_in, visible
from batepapo_conformance.recording import BadRecording, Happening, Kind, Recording
from batepapo_conformance.words import Language
from batepapo_site.here import Place
from batepapo_site.pages import DOCS
from batepapo_site.trouble import Trouble

FOLDER: Final = DOCS / "recordings"
_ENTER: Final = re.compile(rb"^/ENTRAR ([^\r\n]+)", re.MULTILINE)
_NUMBERED: Final = re.compile(r"c\d+")  # as the proxy calls them
_ENTERED: Final = re.compile(rb"^ENTROU \S+ ([^@\s]+)@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said around a diagram, in one language."""

    title: str
    description: str
    scrolls: str
    as_text: str
    columns: tuple[str, str, str, str]
    server: str
    noted: Mapping[str, str]


_WORDS: Final = {
    Language.ENGLISH: _Words(
        title="Sequence diagram: {who} and the server",
        description="Time runs downwards. What is drawn is written out below it.",
        scrolls="The diagram; it can be scrolled sideways",
        as_text="The same as text: who sent which octets to whom",
        columns=("seconds", "from", "to", "octets"),
        server="server",
        noted={},
    ),
    Language.PORTUGUESE: _Words(
        title="Diagrama de sequência: {who} e o servidor",
        description="O tempo corre para baixo. Abaixo está tudo por escrito.",
        scrolls="O diagrama; dá para rolar para o lado",
        as_text="O mesmo em texto: quem mandou que octetos para quem",
        columns=("segundos", "de", "para", "octetos"),
        server="servidor",
        noted={
            "connects": "conecta-se",
            "ends its stream": "encerra o seu fluxo",
            "end of the server's stream": "fim do fluxo do servidor",
            "resets": "reinicia a conexão (RST)",
            "reset by the server": "o servidor reinicia a conexão (RST)",
            "does not read": "não lê",
            "reads again": "volta a ler",
        },
    ),
}


def drawn(argument: str, place: Place) -> str:
    """A recording as a sequence diagram, and the exchange as text: `two-orders`."""
    happenings = read(argument, FOLDER)
    words = _WORDS[place.language]
    called = names(happenings)
    named = [one._replace(connection=called[one.connection]) for one in happenings]
    steps = [_told(step, words) for step in diagram.steps_of_recording(named)]
    who = ", ".join(diagram.lanes_of(steps))
    svg = diagram.as_svg(
        steps,
        title=words.title.format(who=who),
        description=words.description,
        name=f"diagram-{argument}",
        server=words.server,
        styled=False,
    )
    return "\n".join(
        (
            f'<div class="scrolls" role="group" tabindex="0"'
            f' aria-label="{words.scrolls}">',
            svg.strip(),
            "</div>",
            '<details class="exchange">',
            f"<summary>{words.as_text}</summary>",
            "<table><thead><tr>",
            *(f'<th scope="col">{one}</th>' for one in words.columns),
            "</tr></thead><tbody>",
            *_rows(named, words),
            "</tbody></table>",
            "</details>",
        )
    )


def read(name: str, folder: Path) -> list[Happening]:
    """What happened in the recording of this name.

    Raises:
        Trouble: there is none, or it is none.
    """
    file = folder / f"{name}.jsonl"
    if not file.is_file():
        raise Trouble(
            f"there is no docs/recordings/{file.name}:"
            f" batepapo proxy SERVER --record docs/recordings/{file.name}"
        )
    try:
        with file.open(encoding="ascii") as lines:
            return list(Recording(lines))
    except (BadRecording, UnicodeDecodeError) as error:
        raise Trouble(f"docs/recordings/{file.name}: {error}") from error


def names(happenings: Iterable[Happening]) -> dict[str, str]:
    """What each connection is called: by the nick with which it was let in.

    Who was not let in, or has the nick of somebody before, keeps the name of its
    connection; so do all to whom somebody has given names.
    """
    asked: dict[str, set[bytes]] = {}
    called: dict[str, str] = {}
    said: dict[tuple[str, Kind], bytes] = {}
    for one in happenings:
        asked.setdefault(one.connection, set())
        so_far = said.get((one.connection, one.kind), b"") + one.octets
        said[one.connection, one.kind] = so_far
        match one.kind:
            case Kind.SENT:
                nicks = (nick.strip().lower() for nick in _ENTER.findall(so_far))
                asked[one.connection] |= set(nicks)
            case Kind.RECEIVED if one.connection not in called:
                for nick in _ENTERED.findall(so_far):
                    if nick.lower() in asked[one.connection]:
                        called[one.connection] = nick.decode("ascii")
            case _:
                pass
    taken: set[str] = set()
    found = {}
    for connection in asked:
        is_number = _NUMBERED.fullmatch(connection)
        name = called.get(connection, connection) if is_number else connection
        found[connection] = connection if name in taken else name
        taken.add(found[connection])
    return found


def _told(step: Step, words: _Words) -> Step:
    if step.way is not Way.AT_CLIENT:
        return step
    return replace(step, text=words.noted.get(step.text, step.text))


def _rows(happenings: Sequence[Happening], words: _Words) -> Iterator[str]:
    """A row for what passed in one go, whatever lines are in it."""
    for one in happenings:
        time = f"<tr><td>{one.seconds:.3f}</td>"
        who = html.escape(one.connection)
        match one.kind:
            case Kind.SENT:
                ends = who, words.server
            case Kind.RECEIVED:
                ends = words.server, who
            case _:
                noted = next(diagram.steps_of_recording([one])).text
                noted = words.noted.get(noted, noted)
                yield f'{time}<td>{who}</td><td colspan="2">{noted}</td></tr>'
                continue
        lines = "<br>".join(_octets(line) for line in lines_in(one.octets))
        yield f"{time}<td>{ends[0]}</td><td>{ends[1]}</td><td>{lines}</td></tr>"


def _octets(line: bytes) -> str:
    return f"<code>{html.escape(visible(line))}</code>"
