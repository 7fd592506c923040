"""Checks lab 9: a session is a test, and is worth what it can fail.

What the student hands in is no program but a test of programs. So programs are run
against it: right servers, odd but legal ones, and a mutant that it has to find. The
`checks` of the lab's steps say which, each in one of these forms:

    readable FILE               it is a session, in the form of spec/transcripts
    right FILE SERVER ...       the references pass it
    fair FILE SPECIMEN ...      legal specimens of the zoo pass it
    finds FILE MUTANT           the mutant fails it, every time
    block FILE                  it is a requirement block, in the form of spec/*.md

No program of the student's breaks a rule here. What a session does not find is blamed
on the rule that the mutant breaks: this is what the lab is `about`. Everything else
is told in words.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TextIO

from batepapo_zoo.catalogue import Specimen, specimen

from batepapo_conformance.exploring.again import CannotReplay, read_session, replay
from batepapo_conformance.exploring.explore import Failure
from batepapo_conformance.phrases import told
from batepapo_conformance.results import Broken
from batepapo_conformance.spec import Transcript
from batepapo_conformance.testee import (
    IMPLEMENTATIONS,
    Role,
    Testee,
    from_implementation,
)
from batepapo_conformance.words import Language, Words
from batepapo_labs.folder import Folder, with_python
from batepapo_labs.handed_in import NotYet, check_files
from batepapo_labs.lessons import Lesson
from batepapo_labs.reading import BadText, read_block, read_steps
from batepapo_labs.steps import StepResult

TIMES: Final = 3
"""How often a mutant has to be found: what is found by luck is not found."""

Said = Mapping[Language, str]

_EN, _PT = Language.ENGLISH, Language.PORTUGUESE
_NOT_THERE: Final[Said] = {
    _EN: "{file} is not there.",
    _PT: "Não há {file}.",
}
_UNFAIR: Final[Said] = {
    _EN: "{who} is right, and fails your session. Your line: {expected}\n"
    "What came: {actual}\n"
    "Either your session is wrong, or it asks for more than the specification does.\n"
    "The whole conversation:\n{again}",
    _PT: "{who} está certo, e não passa na sua sessão. A sua linha: {expected}\n"
    "O que chegou: {actual}\n"
    "Ou a sua sessão está errada, ou ela exige mais do que a especificação.\n"
    "A conversa inteira:\n{again}",
}
_FOUND: Final[Said] = {
    _EN: "the session fails, {times} of {times} times",
    _PT: "a sessão falha, {times} de {times} vezes",
}
_MISSED: Final[Said] = {
    _EN: "it failed {found} of {times} times",
    _PT: "ela falhou {found} de {times} vezes",
}
_MISSES: Final[Said] = {
    _EN: "The rule is broken by {mutant}, and your session does not show it.",
    _PT: "Quem não cumpre a regra é {mutant}, e a sua sessão não mostra isso.",
}


@dataclass(frozen=True, slots=True)
class _Server:
    """A server on which a session is tried, with what it is called."""

    name: str
    testee: Testee

    def again(self, file: str) -> str:
        """The command that shows one replay of this session."""
        how = ["--implementation", self.name]
        if self.name not in IMPLEMENTATIONS:
            zoo = f"{{python}} -m batepapo_zoo {self.name} {{address}} {{port}}"
            how = ["--command", with_python(zoo)]
        words = ["batepapo", "replay", file, *how]
        return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def check(
    folder: Path, lesson: Lesson, words: Words, out: TextIO
) -> Iterator[StepResult]:
    """Check what the student wrote, step by step.

    Args:
        folder: the student's; it has a `lab.toml`.
        lesson: the lab; each of its steps has checks as above, all about one file.
        words: those of the student.
        out: not needed: no step takes long.
    """
    desk = _Desk(Folder(folder), words.language)
    yield from check_files(lesson, words.language, desk.carry_out)


class _Desk:
    """Where the student's files are read, and tried on servers."""

    def __init__(self, folder: Folder, language: Language) -> None:
        self._folder = folder
        self._language = language

    def carry_out(self, check: str) -> None:
        """Carry out one check of a step.

        Raises:
            NotYet: the student's file does not pass it.
            NoVerdict, BadTestee: a server cannot be started here.
        """
        match check.split():
            case ["readable", file]:
                self._session(file)
            case ["right", file, *names]:
                for name in names:
                    self._must_pass(file, self._reference(name))
            case ["fair", file, *names]:
                for name in names:
                    self._must_pass(file, self._specimen(_known(name)))
            case ["finds", file, name]:
                self._must_find(file, _known(name))
            case ["block", file]:
                self._read(file, read_block)
            case _:
                raise AssertionError(check)

    def _read(self, file: str, read: Callable[[str], None]) -> None:
        try:
            read((self._folder.path / file).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise NotYet(self._say(_NOT_THERE, file=file)) from error
        except (OSError, UnicodeError) as error:
            raise NotYet(f"{file}: {error}") from error
        except BadText as error:
            raise NotYet(error.told(self._language)) from error

    def _session(self, file: str) -> Transcript:
        self._read(file, read_steps)
        try:
            return read_session(self._folder.path / file)
        except CannotReplay as error:
            raise NotYet(f"{file}: {error}") from error

    def _replay(self, file: str, server: _Server, *, times: int) -> list[Failure]:
        session = self._session(file)
        try:
            return replay(session, server.testee, times=times)
        except CannotReplay as error:
            raise NotYet(f"{file}: {error}") from error

    def _must_pass(self, file: str, server: _Server) -> None:
        for failure in self._replay(file, server, times=1):
            broken = Broken.from_exception(failure.broken)
            message = self._say(
                _UNFAIR,
                who=server.name,
                expected=told(broken.expected, self._language),
                actual=told(broken.actual, self._language),
                again=server.again(file),
            )
            raise NotYet(message)

    def _must_find(self, file: str, mutant: Specimen) -> None:
        server = self._specimen(mutant)
        found = len(self._replay(file, server, times=TIMES))
        if found < TIMES:
            broken = Broken(
                rule=mutant.rule,
                expected=self._say(_FOUND, times=TIMES),
                actual=self._say(_MISSED, found=found, times=TIMES),
                actual_is_octets=False,
            )
            message = self._say(_MISSES, mutant=mutant.name)
            raise NotYet(message, [broken], again=server.again(file))

    def _say(self, said: Said, **values: object) -> str:
        return said[self._language].format(**values)

    # ---- servers ----

    def _reference(self, name: str) -> _Server:
        known = from_implementation(Role.SERVER, name)
        return _Server(name, replace(known, factor=self._folder.factor))

    def _specimen(self, one: Specimen) -> _Server:
        command = (sys.executable, "-m", "batepapo_zoo", one.name)
        base = self._reference(one.base).testee
        changed = replace(base, command=(*command, "{address}", "{port}"))
        return _Server(one.name, changed)


def _known(name: str) -> Specimen:
    found = specimen(name)
    assert found is not None, f"there is no {name} in the zoo"
    return found
