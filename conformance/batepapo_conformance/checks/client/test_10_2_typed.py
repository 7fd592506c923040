"""Section 10.2: what a typed line means."""

import pytest

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import left

_HINT = "a hint"


@requirement("TYPE-2")
def test_the_list_is_asked_for_in_any_case(stage: Stage) -> None:
    """“`/USUARIOS`, in any case and with blanks around it”."""
    ana, wire = stage.enter("ana")
    for typed in (
        "/USUARIOS",
        "/usuarios",
        "  /UsuArios",
        "/USUARIOS  ",
        "\t/usuarios",
    ):
        ana.types(typed)
        wire.expect("/USUARIOS", rule="TYPE-2")


@requirement("TYPE-3", "QUIT-1", "QUIT-4")
@pytest.mark.parametrize(
    "word", ["/SAIR", "/sair", "{quit}", " {QUIT} ", "quit", "  QuIt", "\tquit"]
)
def test_three_words_leave(stage: Stage, word: str) -> None:
    """“in any case and with blanks around them, MUST leave”."""
    ana, wire = stage.enter("ana")
    stage.settle(ana, wire)
    ana.types(word)
    wire.expect_leave(rule="TYPE-3")
    wire.send(left("ana"))
    wire.half_close()
    ana.leaves(rule="QUIT-1")


@requirement("TYPE-3", "TYPE-5", "TYPE-7", "TYPE-9")
def test_what_only_resembles_these_words_does_not_leave(stage: Stage) -> None:
    """TYPE-3: these words alone; TYPE-9: “Every other line” is public."""
    ana, wire = stage.enter("ana")
    ana.types("quit!", "quit agora", "{quit", "quit:agora", ":quit", ":/SAIR", "quits")
    for line in (
        ":quit!",
        ":quit agora",
        ":{quit",
        "quit:agora",
        ":quit",
        ":/SAIR",
        ":quits",
    ):
        wire.expect(line, rule="TYPE-3")


@requirement("TYPE-4")
def test_the_help_is_shown_and_nothing_sent(stage: Stage) -> None:
    """“`/AJUDA`, likewise, MUST show the help, and send nothing”."""
    ana, wire = stage.enter("ana")
    lines = ("/AJUDA", "/ajuda", "  /Ajuda ")
    stage.is_not_sent(ana, wire, *lines, rule="TYPE-4", what="the help")


@requirement("TYPE-4")
def test_other_commands_are_not_sent(stage: Stage) -> None:
    """“Any other line whose first non-blank octet is `/`”."""
    ana, wire = stage.enter("ana")
    lines = (
        "/nada",
        "  /nada",
        "/",
        "/beto:oi",
        "/ENTRAR beto",
        "/SAIR ja",
        "/USUARIOS x",
    )
    stage.is_not_sent(ana, wire, *lines, rule="TYPE-4", what=_HINT)


@requirement("TYPE-5")
def test_a_nick_before_the_first_colon_makes_it_private(stage: Stage) -> None:
    """“with the text as it was typed after the colon”."""
    ana, wire = stage.enter("ana")
    for typed in (
        "beto:oi",
        "BETO: oi, tudo bem? ",
        "beto:a:b::",
        "http://example.org/",
        "x:y",
        "a-_9:oi",
        "abcdefghijklmnop:16 octetos",
        "beto:   ",
        "beto:/SAIR",
    ):
        ana.types(typed)
        wire.expect(typed, rule="TYPE-5")


@requirement("TYPE-6")
def test_blanks_around_the_nick_keep_a_line_back(stage: Stage) -> None:
    """“the line MUST NOT be sent, neither to that nick nor to all”."""
    ana, wire = stage.enter("ana")
    lines = (" beto:segredo", "beto :segredo", "  beto  :segredo", "\tbeto:segredo")
    stage.is_not_sent(ana, wire, *lines, rule="TYPE-6", what=_HINT)


@requirement("TYPE-7")
def test_a_leading_colon_says_anything_to_all(stage: Stage) -> None:
    """“with the text after that colon, further colons included”."""
    ana, wire = stage.enter("ana")
    for typed in (":oi", ":quit", ":/etc/hosts", ":ana:x", "::)", ":  oi ", ":  "):
        ana.types(typed)
        wire.expect(typed, rule="TYPE-7")


@requirement("TYPE-8")
def test_blank_lines_do_nothing(stage: Stage) -> None:
    """“A line of nothing but blanks MUST do nothing”."""
    ana, wire = stage.enter("ana")
    ana.types("", "   ", "\t", "oi")
    wire.expect(":oi", rule="TYPE-8")


@requirement("TYPE-8")
def test_empty_texts_are_not_sent(stage: Stage) -> None:
    """“An empty text (`:` or `ana:`) MUST NOT be sent”."""
    ana, wire = stage.enter("ana")
    stage.is_not_sent(ana, wire, ":", "beto:", rule="TYPE-8", what=_HINT)


@requirement("TYPE-9")
def test_every_other_line_is_public(stage: Stage) -> None:
    """“MUST go as a public message, with its blanks as typed”."""
    ana, wire = stage.enter("ana")
    for typed in (
        "oi",
        "  dois   espacos  ",
        "veja isto: aqui",
        "9horas: cedo",
        "abcdefghijklmnopq:17 octetos",
        "  :oi",
        "a.b:c",
        "~!@#$%^&*()_+`-=[]\\{}|;'\",.<>/?",
    ):
        ana.types(typed)
        wire.expect(f":{typed}", rule="TYPE-9")


@requirement("TYPE-10")
@pytest.mark.parametrize("to", ["", "beto"])
def test_a_long_text_goes_in_pieces(stage: Stage, to: str) -> None:
    """“whose concatenation is the text, in order”."""
    ana, wire = stage.enter("ana")
    words = " ".join(f"{number}:palavra" for number in range(100))
    ana.types(f"{to}:{'x' * 400}")
    wire.expect(f"{to}:{'x' * 400}", rule="TYPE-10")
    for text in ("x" * 401, "x " * 400, words, ":" * 801, "y" * 20_000):
        ana.types(f"{to}:{text}")
        wire.expect_text(text, to=to, rule="TYPE-10")
    ana.types("z" * 900)
    wire.expect_text("z" * 900, rule="TYPE-10")
    ana.types("e agora")
    wire.expect(":e agora", rule="TYPE-10")
