"""What a person sees (section 10.3)."""

import pytest

from batepapo_threaded.errors import ForcedOut, InvalidServer, Problem
from batepapo_threaded.messages import (
    Entered,
    Left,
    Participants,
    Refused,
    Said,
    Sent,
    ServerMessage,
    Whispered,
)
from batepapo_threaded.printer import Printer
from batepapo_threaded.screen import Screen
from batepapo_threaded.words import Language, Words, language_from

TIME = "2026-11-20T18:57:11.537Z"


class Shown:
    """A screen, and what appeared on it."""

    def __init__(self, language: Language, capfd: pytest.CaptureFixture[str]) -> None:
        self.screen = Screen(Words(language), Printer())
        self._capfd = capfd

    def read(self) -> tuple[str, str]:
        self.screen.flush(5)
        captured = self._capfd.readouterr()
        return captured.out, captured.err


@pytest.fixture
def shown(capfd: pytest.CaptureFixture[str]) -> Shown:
    return Shown(Language.PORTUGUESE, capfd)


@pytest.fixture
def shown_in_english(capfd: pytest.CaptureFixture[str]) -> Shown:
    return Shown(Language.ENGLISH, capfd)


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (Said(TIME, "ana", "-", " oi"), "Mensagem recebida de: Cliente(ana):  oi"),
        (
            Whispered(TIME, "ana", "-", "oi"),
            "[privada] Mensagem recebida de: Cliente(ana): oi",
        ),
        (Sent("ana"), "Mensagem enviada a ana"),
        (Entered(TIME, "ana", "-"), "ana entrou na sala"),
        (Left(TIME, "ana", "-", "porque sim"), "ana saiu da sala: porque sim"),
        (Participants(0, ("ana", "bob")), "Na sala: ana bob"),
    ],
)
def test_what_goes_to_standard_output(
    shown: Shown, message: ServerMessage, line: str
) -> None:
    shown.screen.show(message)
    assert shown.read() == (f"{line}\n", "")


def test_errors_go_to_standard_error(shown: Shown) -> None:
    shown.screen.show(Refused("02", "http", "x"))
    out, err = shown.read()
    assert out == ""
    assert "ERRO 02" in err
    assert "http" in err
    assert "comece a linha com :" in err  # SHOW-5
    shown.screen.show_error(ForcedOut("tempo", "tarde demais"))
    shown.screen.show_error(InvalidServer(Problem.SILENCE))
    out, err = shown.read()
    assert [line[:7] for line in err.splitlines()] == ["ERRO 03", "ERRO 04"]
    assert "tempo" in err
    assert "tarde demais" in err


def test_english(shown_in_english: Shown) -> None:
    shown_in_english.screen.show(Whispered(TIME, "ana", "-", "hi"))
    assert shown_in_english.read() == ("[private] Message from ana: hi\n", "")


def test_a_question_keeps_its_line_to_itself(shown: Shown) -> None:
    shown.screen.ask("? ")
    shown.screen.show(Sent("ana"))
    shown.screen.ask("? ")
    shown.screen.answered(by_terminal=True)
    shown.screen.show(Sent("bob"))
    assert shown.read()[0] == "? \nMensagem enviada a ana\n? Mensagem enviada a bob\n"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.PORTUGUESE),
        ({"LANG": "en_US.UTF-8"}, Language.ENGLISH),
        ({"LC_ALL": "", "LANG": "en"}, Language.ENGLISH),
        ({"LC_ALL": "C", "LANG": "en"}, Language.PORTUGUESE),
        ({"LC_MESSAGES": "en_GB", "LANG": "pt_BR"}, Language.ENGLISH),
    ],
)
def test_language(environment: dict[str, str], language: Language) -> None:
    assert language_from(environment) is language
