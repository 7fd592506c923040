"""What a person typed, and what it means (section 10.2)."""

import pytest

from batepapo_threaded.typed import (
    AskList,
    Help,
    Hint,
    Join,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    Typed,
    fold,
    read_join,
    read_typed,
)


@pytest.mark.parametrize(
    ("line", "folded"),
    [
        ("não é fácil", "nao e facil"),
        ("“aspas” — …", '"aspas" - ...'),
        ("a\tb", "a b"),
        ("ﬁm²", "fim2"),
        ("\ufeffoi", "oi"),
        ("\u4e2d", None),
        ("\x1b[31m", None),
        ("a\rb", None),
        ("\ufffd", None),
    ],
)
def test_folding(line: str, folded: str | None) -> None:
    assert fold(line) == folded


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("", Nothing()),
        ("   ", Nothing()),
        ("/usuarios", AskList()),
        ("  /Usuarios ", AskList()),
        ("/sair", Quit()),
        ("{QUIT}", Quit()),
        (" Quit ", Quit()),
        ("quit now", SayToAll(("quit now",))),
        ("/AJUDA", Help()),
        ("/usuario", Hint.UNKNOWN_COMMAND),
        ("  /etc/hosts", Hint.UNKNOWN_COMMAND),
        ("/ENTRAR ana", Hint.UNKNOWN_COMMAND),
        (":quit", SayToAll(("quit",))),
        (":/etc/hosts", SayToAll(("/etc/hosts",))),
        (":ana:x", SayToAll(("ana:x",))),
        ("::)", SayToAll((":)",))),
        (":", Hint.EMPTY_TEXT),
        ("ana:", Hint.EMPTY_TEXT),
        ("ana: ", SayToOne("ana", (" ",))),
        ("ana: oi: tudo", SayToOne("ana", (" oi: tudo",))),
        (" ana:segredo", Hint.NICK_WITH_BLANKS),
        ("ana :segredo", Hint.NICK_WITH_BLANKS),
        (" :oi", SayToAll((" :oi",))),
        ("são 10:30", SayToAll(("são 10:30",))),
        ("10:30", SayToAll(("10:30",))),
        (" oi ", SayToAll((" oi ",))),
        ("http://x", SayToOne("http", ("//x",))),
    ],
)
def test_meaning(line: str, meaning: Typed) -> None:
    assert read_typed(line) == meaning


def test_a_long_text_goes_in_pieces() -> None:
    text = "".join(chr(32 + number % 95) for number in range(1001))
    meaning = read_typed(f"ana:{text}")
    assert isinstance(meaning, SayToOne)
    assert [len(piece) for piece in meaning.texts] == [400, 400, 201]
    assert "".join(meaning.texts) == text


@pytest.mark.parametrize(
    ("line", "join"),
    [
        ("/entrar", Join(None, None, None)),
        (" /ENTRAR  ana ", Join("ana", "", "")),
        ("/ENTRAR ana ::1", Join("ana", "::1", "")),
        ("/ENTRAR ana ::1 5", Join("ana", "::1", "5")),
        ("/ENTRAR ana ::1 5 x", None),
        ("/ENTRARana", None),
        ("ana", None),
        ("", None),
    ],
)
def test_joining(line: str, join: Join | None) -> None:
    assert read_join(line) == join
