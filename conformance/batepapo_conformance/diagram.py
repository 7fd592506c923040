"""Sequence diagrams: a lane a participant and one for the server, time downwards.

What is drawn is a list of `Step`; the same list gives text for a terminal, an SVG
that needs nothing else, and Mermaid. `steps_of_exchange` makes steps from the record of
a check, `steps_of_recording` from the happenings of a recording.
"""

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from batepapo_conformance import exchange, recording
from batepapo_conformance.failure import lines_in, visible_line

SERVER: Final = "server"
"""What the lane of the server is called."""


class Way(StrEnum):
    """Where a step goes, seen from the client."""

    TO_SERVER = "->"
    TO_CLIENT = "<-"
    AT_CLIENT = "--"


@dataclass(frozen=True, slots=True)
class Step:
    """One line that passed, or one thing that happened at a client.

    Attributes:
        seconds: since the record began.
        who: whose connection it was: the name of a lane.
        way: where it went.
        text: the line without its LF, or what happened, in printable ASCII.
        wrong: whether this is the step that should not have been.
    """

    seconds: float
    who: str
    way: Way
    text: str
    wrong: bool = False


# ---- steps, from what was written down ---------------------------------------


_NOTED: Final = {
    recording.Kind.CONNECTED: "connects",
    recording.Kind.CLIENT_ENDED: "ends its stream",
    recording.Kind.SERVER_ENDED: "end of the server's stream",
    recording.Kind.CLIENT_RESET: "resets",
    recording.Kind.SERVER_RESET: "reset by the server",
    recording.Kind.STALLED: "does not read",
    recording.Kind.FLOWING: "reads again",
}


def steps_of_recording(happenings: Iterable[recording.Happening]) -> Iterator[Step]:
    """Make steps of happenings; octets that hold several lines become several."""
    for one in happenings:
        match one.kind:
            case recording.Kind.SENT:
                way = Way.TO_SERVER
            case recording.Kind.RECEIVED:
                way = Way.TO_CLIENT
            case noted:
                words = _NOTED[noted]
                yield Step(one.seconds, one.connection, Way.AT_CLIENT, words)
                continue
        for line in lines_in(one.octets):
            yield Step(one.seconds, one.connection, way, visible_line(line))


_WAYS: Final = {
    exchange.Kind.SENT: Way.TO_SERVER,
    exchange.Kind.RECEIVED: Way.TO_CLIENT,
}


def steps_of_exchange(events: Iterable[exchange.Event]) -> Iterator[Step]:
    """Make steps of the record of a check (`Exchange.events()`)."""
    for one in events:
        way = _WAYS.get(one.kind, Way.AT_CLIENT)
        verb = "" if way is not Way.AT_CLIENT else f"{one.kind} "
        if one.kind is exchange.Kind.NOTE:
            yield Step(one.seconds, one.who, way, one.text)
            continue
        for line in lines_in(one.octets):
            yield Step(one.seconds, one.who, way, verb + visible_line(line))
        if one.size > len(one.octets):
            more = f"{one.size - len(one.octets)} octets more"
            yield Step(one.seconds, one.who, way, f"... {more} ...")


def lanes_of(steps: Iterable[Step]) -> list[str]:
    """Give the names of the clients' lanes, in the order of their first step."""
    return list(dict.fromkeys(step.who for step in steps))


# ---- text ---------------------------------------------------------------------


_MARGIN: Final = 10  # columns of the time
_NARROWEST: Final = 3  # columns of a lane


def as_text(steps: Sequence[Step], width: int = 80) -> str:
    """Draw for a terminal: two rows a step, none wider than `width` columns.

    The server's lane is the one on the right. A wrong step is marked with `!`. If
    there are more lanes than fit, a step is one row, with its name.
    """
    lanes = [*lanes_of(steps), SERVER]
    pace = (width - _MARGIN - len(SERVER)) // max(1, len(lanes) - 1)
    if pace < _NARROWEST:
        return "\n".join(_cut(_row(step), width) for step in steps)
    places = {name: _MARGIN + number * pace for number, name in enumerate(lanes)}
    rows = [_heads(places, pace, width)]
    for step in steps:
        rows += _drawn(step, places, width)
    return "\n".join(row[:width].rstrip() for row in rows)


def _row(step: Step) -> str:
    mark = "!" if step.wrong else " "
    return f"{step.seconds:8.3f}{mark} {step.who:<10.10} {step.way} {step.text}"


def _heads(places: dict[str, int], pace: int, width: int) -> str:
    row = [" "] * width
    for name, place in places.items():
        space = pace - 1 if name != SERVER else len(SERVER)
        _put(row, place, name[:space])
    return "".join(row)


def _drawn(step: Step, places: dict[str, int], width: int) -> Iterator[str]:
    here, server = places[step.who], places[SERVER]
    words = list(_lifelines(places, width))
    _put(words, 0, f"{step.seconds:8.3f}{'!' if step.wrong else ' '}")
    text = _cut(step.text, width - _MARGIN - 2)
    # As near to its arrow as the right margin allows.
    _put(words, max(_MARGIN, min(here, width - len(text) - 2)), f" {text} ")
    yield "".join(words)
    if step.way is Way.AT_CLIENT:
        return
    arrow = list(_lifelines(places, width))
    _put(arrow, here + 1, "-" * (server - here - 1))
    if step.way is Way.TO_SERVER:
        arrow[server - 1] = ">"
    else:
        arrow[here + 1] = "<"
    yield "".join(arrow)


def _lifelines(places: dict[str, int], width: int) -> str:
    row = [" "] * max(width, max(places.values()) + 1)
    for place in places.values():
        row[place] = "|"
    return "".join(row)


def _put(row: list[str], place: int, text: str) -> None:
    row[place : place + len(text)] = text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


# ---- SVG ----------------------------------------------------------------------

_LANE: Final = 150  # pixels from lane to lane
_LEFT: Final = 90  # pixels left of the first lane, for the time
_RIGHT: Final = 60
_TOP: Final = 56
_ROW: Final = 36
_LETTER: Final = 7.3  # pixels of a letter at 12 px, a little more than it takes
_LONGEST: Final = 90  # letters of a line that are drawn; the rest is in its title
_STYLE: Final = """
text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24;
paint-order:stroke;stroke:#ffffff;stroke-width:4px}
.time{fill:#57606a}.head{font-weight:bold}
.lane{stroke:#afb8c1;stroke-dasharray:4 4}.arrow{stroke:#0550ae;stroke-width:1.5}
.tip{fill:#0550ae}.back{fill:#ffffff}
.wrong .arrow{stroke:#a40e26;stroke-width:2.5}.wrong .tip,.wrong text{fill:#a40e26}
@media (prefers-color-scheme:dark){text{fill:#e6edf3;stroke:#0d1117}.time{fill:#9198a1}
.lane{stroke:#484f58}.arrow{stroke:#79c0ff}.tip{fill:#79c0ff}.back{fill:#0d1117}
.wrong .arrow{stroke:#ffa198}.wrong .tip,.wrong text{fill:#ffa198}}
"""


def as_svg(
    steps: Sequence[Step],
    *,
    title: str,
    description: str = "",
    name: str = "diagram",
    server: str = SERVER,
    styled: bool = True,
) -> str:
    """Draw an SVG that needs nothing else, in the colours of the reader's scheme.

    Args:
        steps: what is drawn.
        title: what a screen reader says first.
        description: in words what is drawn; by default the steps, one after the other.
        name: unique in the page in which several are embedded.
        server: what stands over the lane of the server.
        styled: whether it brings its colours; if not, the page has them, for the
            class `sequence`.
    """
    lanes = [*lanes_of(steps), SERVER]
    places = {who: _LEFT + number * _LANE for number, who in enumerate(lanes)}
    longest = max((len(_cut(step.text, _LONGEST)) for step in steps), default=0)
    width = max(places[SERVER] + _RIGHT, int(_LEFT + longest * _LETTER) + 16)
    height = _TOP + _ROW * len(steps) + 16
    words = description or _in_words(steps)
    style = [f"<style>{_STYLE}</style>"] if styled else []
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="sequence" width="{width}"'
            f' height="{height}" viewBox="0 0 {width} {height}" role="img"'
            f' aria-labelledby="{name}-title {name}-desc">',
            f'<title id="{name}-title">{html.escape(title)}</title>',
            f'<desc id="{name}-desc">{html.escape(words)}</desc>',
            *style,
            f'<rect class="back" width="{width}" height="{height}"/>',
            *_svg_lanes(places, height, server),
            *(
                _svg_step(step, _TOP + _ROW * number, places, width)
                for number, step in enumerate(steps, start=1)
            ),
            "</svg>\n",
        )
    )


def _in_words(steps: Iterable[Step]) -> str:
    verbs = {Way.TO_SERVER: "sends", Way.TO_CLIENT: "receives", Way.AT_CLIENT: ""}
    return ". ".join(
        f"{step.seconds:.3f} s: {step.who} {verbs[step.way]} {step.text}"
        f"{' (wrong)' if step.wrong else ''}"
        for step in steps
    )


def _svg_lanes(places: dict[str, int], height: int, server: str) -> Iterator[str]:
    for who, x in places.items():
        shown = server if who == SERVER else who
        yield (
            f'<line class="lane" x1="{x}" x2="{x}" y1="32" y2="{height - 8}"/>'
            f'<text class="head" x="{x}" y="22" text-anchor="middle">'
            f"{html.escape(shown)}</text>"
        )


def _svg_step(step: Step, y: int, places: dict[str, int], width: int) -> str:
    here, server = places[step.who], places[SERVER]
    text = _cut(step.text, _LONGEST)
    room = width - 8 - len(text) * _LETTER
    x = max(_LEFT - 4, min(here + 6, room))
    lines = [
        f'<g class="wrong"><title>{html.escape(step.text)}</title>'
        if step.wrong
        else f"<g><title>{html.escape(step.text)}</title>",
        f'<text class="time" x="8" y="{y - 6}">'
        f"{step.seconds:.3f}{' !' if step.wrong else ''}</text>",
        f'<text x="{x:.0f}" y="{y - 6}">{html.escape(text)}</text>',
    ]
    if step.way is not Way.AT_CLIENT:
        tip, back = (server, -8) if step.way is Way.TO_SERVER else (here, 8)
        lines.append(
            f'<line class="arrow" x1="{here}" x2="{server}" y1="{y}" y2="{y}"/>'
            f'<path class="tip" d="M{tip} {y}l{back} -4v8z"/>'
        )
    else:
        lines.append(f'<circle class="tip" cx="{here}" cy="{y - 10}" r="4"/>')
    return "".join((*lines, "</g>"))


# ---- Mermaid ------------------------------------------------------------------


def as_mermaid(steps: Sequence[Step]) -> str:
    """Write the diagram for Mermaid: many sites draw it from this text."""
    lanes = lanes_of(steps)
    names = {who: f"p{number}" for number, who in enumerate(lanes)}
    lines = ["sequenceDiagram"]
    lines += [f"    participant {names[who]} as {_plain(who)}" for who in lanes]
    lines.append(f"    participant {SERVER}")
    for step in steps:
        who = names[step.who]
        mark = "WRONG: " if step.wrong else ""
        text = _plain(f"{mark}{step.text}")
        match step.way:
            case Way.TO_SERVER:
                lines.append(f"    {who}->>{SERVER}: {text}")
            case Way.TO_CLIENT:
                lines.append(f"    {SERVER}->>{who}: {text}")
            case Way.AT_CLIENT:
                lines.append(f"    Note over {who}: {text}")
    return "\n".join(lines) + "\n"


# Signs that mean something to Mermaid, as the codes that it draws as these signs.
_CODES: Final = str.maketrans({sign: f"#{ord(sign)};" for sign in "#;<>%"})


def _plain(text: str) -> str:
    return text.translate(_CODES) or " "
