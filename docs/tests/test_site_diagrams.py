"""Diagrams of recordings: the picture, and the exchange as text."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from batepapo_conformance.recording import Happening, Kind
from batepapo_conformance.words import Language
from batepapo_site import diagrams
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble

ENGLISH = Place("explanation/stream.md", Language.ENGLISH)
PORTUGUESE = Place("explanation/stream.md", Language.PORTUGUESE)


def _entered(connection: str, asked: bytes, as_nick: bytes) -> list[Happening]:
    event = b"ENTROU 2026-11-30T15:38:30.748Z " + as_nick + b"@127.0.0.1:1\n"
    return [
        Happening(0.1, connection, Kind.SENT, b"/ENTRAR " + asked[:2]),
        Happening(0.2, connection, Kind.SENT, asked[2:] + b"\n"),
        Happening(0.3, connection, Kind.RECEIVED, b"USUARIOS 0\n" + event[:20]),
        Happening(0.4, connection, Kind.RECEIVED, event[20:]),
    ]


def test_a_recording_is_a_picture_and_a_text_that_says_the_same() -> None:
    made = diagrams.drawn("first-conversation", ENGLISH)
    svg = ElementTree.fromstring(made[made.index("<svg") : made.index("</div>")])
    drawn = [one.text for one in svg.iter() if one.text]
    assert svg[0].text == "Sequence diagram: ana, beto and the server"
    assert "beto:trouxe o caderno?" in drawn
    assert "<summary>The same as text: who sent which octets to whom</summary>" in made
    rows = re.findall(r"<tr><td>.*?</tr>", made)
    assert any(
        "<td>ana</td><td>server</td><td><code>/ENTRAR ana\\n</code></td>" in row
        for row in rows
    )
    # Two lines that came in one go are one row.
    assert any(row.count("<code>") == 2 for row in rows)


def test_it_is_told_in_the_language_of_the_page() -> None:
    made = diagrams.drawn("first-conversation", PORTUGUESE)
    assert "Diagrama de sequência: ana, beto e o servidor" in made
    assert "conecta-se" in made
    assert "connects" not in made
    assert ">servidor</text>" in made


def test_every_kind_of_happening_has_its_portuguese() -> None:
    noted = diagrams._WORDS[Language.PORTUGUESE].noted
    for kind in set(Kind) - {Kind.SENT, Kind.RECEIVED}:
        (step,) = diagrams.diagram.steps_of_recording([Happening(0, "c1", kind)])
        assert step.text in noted


def test_its_colours_are_those_of_the_page() -> None:
    made = diagrams.drawn("first-conversation", ENGLISH)
    assert "<style>" not in made
    assert 'class="sequence"' in made


def test_connections_are_called_by_the_nick_that_let_them_in() -> None:
    happenings = [
        *_entered("c1", b"ana", b"ana"),
        *_entered("c2", b"Beto", b"Beto"),
        Happening(0.5, "c3", Kind.SENT, b"/ENTRAR ana\n"),
        Happening(0.6, "c3", Kind.RECEIVED, b"ERRO 01 ana :x\n"),
    ]
    assert diagrams.names(happenings) == {"c1": "ana", "c2": "Beto", "c3": "c3"}


def test_two_with_the_same_nick_are_told_apart() -> None:
    happenings = [*_entered("c1", b"ana", b"ana"), *_entered("c2", b"ana", b"ana")]
    assert diagrams.names(happenings) == {"c1": "ana", "c2": "c2"}


def test_names_that_somebody_has_given_stay() -> None:
    happenings = _entered("first", b"ana", b"ana")
    assert diagrams.names(happenings) == {"first": "first"}


@pytest.mark.parametrize(
    "file", sorted(diagrams.FOLDER.glob("*.jsonl")), ids=lambda file: str(file.stem)
)
def test_every_recording_can_be_drawn(file: Path) -> None:
    made = diagrams.drawn(file.stem, ENGLISH)
    assert made.count("<svg") == 1
    assert "\n\n" not in made  # Markdown would end the HTML there


def test_the_entry_of_another_names_nobody() -> None:
    happenings = _entered("c1", b"ana", b"beto")
    assert diagrams.names(happenings) == {"c1": "c1"}


def test_markup_in_octets_is_no_markup() -> None:
    row = "".join(
        diagrams._rows(
            [Happening(0, "c1", Kind.SENT, b":<b>\xff&\n")],
            diagrams._WORDS[Language.ENGLISH],
        )
    )
    assert "<code>:&lt;b&gt;\\xFF&amp;\\n</code>" in row


def test_what_is_lacking_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(
        Trouble, match=r"no docs/recordings/nobody\.jsonl: batepapo pro"
    ):
        diagrams.read("nobody", tmp_path)
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(Trouble, match=r"bad\.jsonl: line 1: no header"):
        diagrams.read("bad", tmp_path)
