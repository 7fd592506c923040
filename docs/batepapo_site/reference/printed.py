"""What the reference programs print of each error, taken from the programs."""

from dataclasses import dataclass
from typing import cast

import batepapo_asyncio.errors as of_tasks
import batepapo_asyncio.words as words_of_tasks
import batepapo_threaded.errors as of_threads
import batepapo_threaded.words as words_of_threads
from batepapo_asyncio.messages import Refused
from batepapo_asyncio.screen import Screen
from batepapo_asyncio.terminal import Terminal

from batepapo_conformance.words import Language

_NICK = "ana"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a program prints: the name of its package, and the line."""

    program: str
    line: str


def printed(code: str, language: Language) -> list[Printed]:
    """The lines of both programs for an error of the registry, as `02`."""
    lines = [
        *(Printed("batepapo_threaded", line) for line in _threads(code, language)),
        *(Printed("batepapo_asyncio", line) for line in _tasks(code, language)),
    ]
    return list(dict.fromkeys(lines))


def _threads(code: str, language: Language) -> list[str]:
    words = words_of_threads.Words(words_of_threads.Language(language.value))
    match code:
        case "01":
            return [words.nick_in_use(_NICK)]
        case "02":
            return [words.no_such_destination(_NICK)]
        case "03":
            lost = of_threads.ConnectionLost()
            causes = [
                of_threads.ForcedOut(one.cause, words.explanation(one))
                for one in (of_threads.ServerEnds(), of_threads.ServerFull())
            ]
            return [words.failed(one) for one in (*causes, lost)]
        case "04":
            every = of_threads.Problem
            return [words.failed(of_threads.InvalidServer(one)) for one in every]
        case _:
            return [words.invalid_address()]


def _tasks(code: str, language: Language) -> list[str]:
    words = words_of_tasks.Words(words_of_tasks.Language(language.value))
    taken = of_tasks.NickInUse(_NICK)
    nobody = of_tasks.NoSuchDestination(_NICK)
    match code:
        case "01":
            return _shown(words, Refused("01", _NICK, words.explanation(taken)))
        case "02":
            return _shown(words, Refused("02", _NICK, words.explanation(nobody)))
        case "03":
            lost = of_tasks.ConnectionLost()
            causes: list[of_tasks.ForcedOut] = [
                of_tasks.ServerEnds(),
                of_tasks.ServerFull(),
            ]
            lines = [
                line
                for one in causes
                for line in _shown(
                    words, Refused("03", one.subject, words.explanation(one))
                )
            ]
            return [*lines, words.failed(lost)]
        case "04":
            every = of_tasks.Problem
            return [words.failed(of_tasks.InvalidServer(one)) for one in every]
        case _:
            return [words.failed(of_tasks.InvalidAddress())]


def _shown(words: words_of_tasks.Words, refused: Refused) -> list[str]:
    """What its screen makes of an `ERRO` that came."""
    paper = _Paper()
    Screen(words, cast("Terminal", paper)).show(refused)
    return paper.lines


class _Paper:
    """Takes what a screen would show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warn(self, line: str) -> None:
        self.lines.append(line)
