"""Recordings of terminals: read, shown, and made."""

import json
import sys
from pathlib import Path

import pytest

from batepapo_conformance.words import Language
from batepapo_site import player
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble

ENGLISH = Place("start/first-conversation.md", Language.ENGLISH)


def _cast(folder: Path, name: str, *events: object, version: int = 2) -> None:
    lines = [json.dumps({"version": version, "width": 80, "height": 24})]
    lines += [json.dumps(one) for one in events]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("language", Language)
def test_the_first_conversation_is_there_and_short(language: Language) -> None:
    panes = player.read("first-conversation", language, player.FOLDER)
    assert [pane.name for pane in panes] == ["server", "ana", "beto"]
    server, ana, beto = panes
    assert max(pane.events[-1][0] for pane in panes) <= 30
    assert "$ batepapo serve\n" in server.whole
    assert "/USUARIOS" in ana.whole
    assert "/SAIR" in beto.whole


def test_all_of_it_is_in_the_page_as_text() -> None:
    made = player.player("first-conversation", ENGLISH)
    assert "$ batepapo chat 127.0.0.1 55555 ana&#10;" in made
    assert 'src="../assets/player/player.js"' in made
    assert "\n\n" not in made  # Markdown would end the HTML there
    inside = made.split('<script type="application/json">')[1].split("</script>")[0]
    data = json.loads(inside.replace("<\\/", "</"))
    assert [pane["name"] for pane in data["panes"]] == ["server", "ana", "beto"]


def test_panes_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    _cast(tmp_path, "x.2-a.en.cast", [0.5, "o", "b\r\n"], [0.6, "i", "unseen"])
    _cast(tmp_path, "x.1-z.en.cast", [0.1, "o", "a\r\n"])
    _cast(tmp_path, "x.1-z.pt.cast", [0.1, "o", "c\r\n"])
    panes = player.read("x", Language.ENGLISH, tmp_path)
    assert [(pane.name, pane.whole) for pane in panes] == [("z", "a\n"), ("a", "b\n")]


def test_what_is_lacking_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"batepapo_site\.player --record talk"):
        player.read("talk", Language.ENGLISH, tmp_path)


@pytest.mark.parametrize(
    ("event", "version", "trouble"),
    [
        ([0.1, "o", "\x1b[2J"], 2, "moves the cursor"),
        ([0.1], 2, "no asciicast"),
        ([0.1, "o", ""], 3, "not of version 2"),
    ],
)
def test_what_cannot_be_played_is_trouble(
    tmp_path: Path, event: object, version: int, trouble: str
) -> None:
    _cast(tmp_path, "x.1-a.en.cast", event, version=version)
    with pytest.raises(Trouble, match=trouble):
        player.read("x", Language.ENGLISH, tmp_path)


def test_time_in_which_nothing_is_shown_is_cut() -> None:
    shown = [(0.5, "a", "1"), (9.0, "b", "2"), (9.25, "a", "3")]
    assert player.shorten(shown, 1.0) == [
        (0.5, "a", "1"),
        (1.5, "b", "2"),
        (1.75, "a", "3"),
    ]


def test_every_word_is_there_in_both_languages() -> None:
    english, portuguese = (player._WORDS[language].keys() for language in Language)
    assert english == portuguese


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_shell_is_typed_into_like_by_a_person() -> None:
    from batepapo_site.terminals import Terminals

    environment = {"PATH": "/usr/bin:/bin", "PS1": "$ "}
    with Terminals(["one", "two"], environment, (20, 76)) as terminals:
        terminals.wait("one", "$ ", 20)
        terminals.wait("two", "$ ", 20)
        terminals.type("one", "echo $((40 + 2)); stty size")
        terminals.wait("one", "42\r\n20 76", 20)
        with pytest.raises(Trouble, match="two never saw 'x'"):
            terminals.wait("two", "x", 0.2)
    text = "".join(text for _, who, text in terminals.shown if who == "one")
    assert "$ echo $((40 + 2)); stty size\r\n42" in text


def test_there_is_no_script_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="there is first-conversation"):
        player.record("nothing", Language.ENGLISH, tmp_path)
