"""Checks lab 11: a recording that shows enough, and holds; and a measurement.

The `checks` of the lab's steps are in one of these forms:

    readable FILE             it is a recording (conformance/RECORDING.md)
    shows FILE RULE ...       of these rules there is something to be seen in it
    judged FILE               the judge finds every promise kept
    measures FILE             the program prints a measurement that holds together

A promise that a recording shows nothing of cannot be judged by it, so what is missing
is told as the rule of which there is no evidence: this is what the lab is `about`.
"""

import contextlib
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from batepapo_conformance.diagram import as_text
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.judge import Failure, Verdict, judge
from batepapo_conformance.phrases import told
from batepapo_conformance.recording import BadRecording, Happening, Kind, Recording
from batepapo_conformance.results import Broken
from batepapo_conformance.words import Language, Words
from batepapo_labs.folder import Folder
from batepapo_labs.handed_in import NotYet, check_files
from batepapo_labs.lessons import Lesson
from batepapo_labs.steps import StepResult

PARTICIPANTS: Final = 3
EVENTS: Final = 100
PAIRS: Final = 5
DEADLINE: Final = 60.0
"""Seconds that a measurement may take."""

_CLOSE: Final = 0.02  # a figure may be rounded, but not be another one
_LAST_LINES: Final = 6
_LEAVING: Final = (b"/SAIR", b"{quit}")
_EVENTS: Final = (b"ENTROU ", b"PUBLICA ", b"SAIU ")

Said = Mapping[Language, str]

_EN, _PT = Language.ENGLISH, Language.PORTUGUESE
_EXPECTED: Final[Mapping[str, Said]] = {
    "ORDER-1": {
        _EN: f"{PARTICIPANTS} participants or more, {EVENTS} events or more",
        _PT: f"{PARTICIPANTS} participantes ou mais, {EVENTS} eventos ou mais",
    },
    "PRIVATE-1": {
        _EN: "a private message that arrives: PRIVADA",
        _PT: "uma mensagem privada que chega: PRIVADA",
    },
    "PRIVATE-2": {
        _EN: "a message for somebody who is not there: ERRO 02",
        _PT: "uma mensagem para quem não está lá: ERRO 02",
    },
    "LEAVE-3": {
        _EN: "a participant that goes without a word: a reset, or a half-close",
        _PT: "um participante que se vai sem avisar: um reset, ou um meio-fechamento",
    },
}
_SEEN: Final[Said] = {
    _EN: "{participants} entered, {events} events",
    _PT: "{participants} entraram, {events} eventos",
}
_NONE: Final[Said] = {_EN: "none is in it", _PT: "não há nenhum"}
_MISSING: Final[Said] = {
    _EN: "Of a rule that it shows nothing of, a recording proves nothing.",
    _PT: "De uma regra que não aparece nela, uma gravação não prova nada.",
}
_NOT_THERE: Final[Said] = {_EN: "{file} is not there.", _PT: "Não há {file}."}
_DOUBT: Final[Said] = {
    _EN: "The judge does not know: {why}. End the proxy only when all is quiet, and "
    "let nobody go while an answer is still due.",
    _PT: "O juiz não sabe: {why}. Encerre o proxy só quando tudo estiver quieto, e "
    "não deixe ninguém ir embora enquanto falta uma resposta.",
}
_JUDGED: Final[Said] = {
    _EN: "The server in the recording broke a rule. That is a find: mend it, and "
    "record again.",
    _PT: "O servidor da gravação descumpriu uma regra. Isso é um achado: conserte, e "
    "grave de novo.",
}
_LATE: Final[Said] = {
    _EN: "{file} has not ended after {seconds:.0f} s.",
    _PT: "{file} não terminou em {seconds:.0f} s.",
}
_ENDED: Final[Said] = {
    _EN: "{file} ended with status {status}. Its last words:\n{words}",
    _PT: "{file} terminou com código de saída {status}. As últimas palavras:\n{words}",
}
_NO_JSON: Final[Said] = {
    _EN: "The last line that {file} prints is not JSON of the form that the text "
    'shows: {{"unit": ..., "runs": [...], "median": {{...}}, "ratio": ...}}',
    _PT: "A última linha que {file} imprime não é JSON na forma que o texto "
    'mostra: {{"unit": ..., "runs": [...], "median": {{...}}, "ratio": ...}}',
}
_FIGURES: Final[Mapping[str, Said]] = {
    "unit": {
        _EN: "The unit is deliveries/s, so that figures can be compared.",
        _PT: "A unidade é deliveries/s, para que os números se comparem.",
    },
    "pairs": {
        _EN: f"There are {PAIRS} pairs at least, each with threads and tasks.",
        _PT: f"São pelo menos {PAIRS} pares, cada um com threads e tasks.",
    },
    "alike": {
        _EN: "All pairs are the same. Nothing that is measured comes out so.",
        _PT: "Todos os pares são iguais. Nada que se mede dá um resultado assim.",
    },
    "median": {
        _EN: "median is not the median of the runs.",
        _PT: "median não é a mediana das rodadas.",
    },
    "ratio": {
        _EN: "ratio is not the median of tasks / threads, taken pair by pair.",
        _PT: "ratio não é a mediana de tasks / threads, calculada par a par.",
    },
}


def check(
    folder: Path, lesson: Lesson, words: Words, out: TextIO
) -> Iterator[StepResult]:
    """Check what the student recorded and measured, step by step.

    Args:
        folder: the student's; it has a `lab.toml`.
        lesson: the lab; its steps have checks as above.
        words: those of the student.
        out: not needed.
    """
    desk = _Desk(Folder(folder), words.language)
    yield from check_files(lesson, words.language, desk.carry_out)


# ---- what a recording shows ---------------------------------------------------------


@dataclass(slots=True)
class Shown:
    """What there is to be seen in a recording."""

    participants: int = 0
    privates: int = 0
    absent: int = 0
    wordless: int = 0
    """Participants that went without `/SAIR`, by a reset or the end of their stream."""
    _events: set[bytes] = field(default_factory=set)
    _inside: set[str] = field(default_factory=set)
    _over: set[str] = field(default_factory=set)
    _half: dict[tuple[str, Kind], bytes] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many events somebody has received."""
        return len(self._events)

    def take(self, one: Happening) -> None:
        """Look at the next happening."""
        who = one.connection
        if one.kind in (Kind.CLIENT_ENDED, Kind.CLIENT_RESET):
            self.wordless += who in self._inside and who not in self._over
            self._over.add(who)
        elif one.kind in (Kind.SERVER_ENDED, Kind.SERVER_RESET):
            self._over.add(who)
        for line in self._lines(one):
            if one.kind is Kind.SENT:
                self._over |= {who} if line.rstrip(b"\r") in _LEAVING else set()
            else:
                self._received(who, line)

    def _lines(self, one: Happening) -> Sequence[bytes]:
        key = one.connection, one.kind
        *lines, rest = (self._half.get(key, b"") + one.octets).split(b"\n")
        self._half[key] = rest
        return lines

    def _received(self, who: str, line: bytes) -> None:
        if line.startswith(_EVENTS):
            self._events.add(line)  # the same line for all: it is one event
        if line.startswith(b"ENTROU ") and who not in self._inside:
            # Events come to participants only: the first one is its own.
            self._inside.add(who)
            self.participants += 1
        self.privates += line.startswith(b"PRIVADA ")
        self.absent += line.startswith(b"ERRO 02 ")

    def lacks(self, rule: str) -> bool:
        """Whether there is too little to be seen of this rule."""
        match rule:
            case "ORDER-1":
                return self.participants < PARTICIPANTS or self.events < EVENTS
            case "PRIVATE-1":
                return not self.privates
            case "PRIVATE-2":
                return not self.absent
            case "LEAVE-3":
                return not self.wordless
            case _:
                raise AssertionError(rule)


class _Desk:
    """Where the student's files are looked at."""

    def __init__(self, folder: Folder, language: Language) -> None:
        self._folder = folder
        self._language = language

    def carry_out(self, check: str) -> None:
        """Carry out one check of a step.

        Raises:
            NotYet: the student's file does not pass it.
        """
        match check.split():
            case ["readable", file]:
                self._look(file)
            case ["shows", file, *rules]:
                self._must_show(file, rules)
            case ["judged", file]:
                self._must_be_right(file)
            case ["measures", file]:
                self._must_measure(file)
            case _:
                raise AssertionError(check)

    def _say(self, said: Said, **values: object) -> str:
        return said[self._language].format(**values)

    @contextlib.contextmanager
    def _opened(self, file: str) -> Iterator[Recording]:
        try:
            with (self._folder.path / file).open(encoding="ascii") as lines:
                yield Recording(lines)
        except FileNotFoundError as error:
            raise NotYet(self._say(_NOT_THERE, file=file)) from error
        except (OSError, UnicodeError, BadRecording) as error:
            raise NotYet(f"{file}: {error}") from error

    def _look(self, file: str) -> Shown:
        shown = Shown()
        with self._opened(file) as recording:
            for one in recording:
                shown.take(one)
        return shown

    def _must_show(self, file: str, rules: Sequence[str]) -> None:
        shown = self._look(file)
        seen = self._say(_SEEN, participants=shown.participants, events=shown.events)
        broken = [
            Broken(
                rule=rule,
                expected=self._say(_EXPECTED[rule]),
                actual=seen if rule == "ORDER-1" else self._say(_NONE),
                actual_is_octets=False,
            )
            for rule in rules
            if shown.lacks(rule)
        ]
        if broken:
            raise NotYet(self._say(_MISSING), broken)

    def _must_be_right(self, file: str) -> None:
        with self._opened(file) as recording:
            judgement = judge(recording)
        match judgement.verdict:
            case Verdict.PASS:
                return
            case Verdict.FAIL:
                first = judgement.failures[0]
                raise NotYet(
                    self._say(_JUDGED),
                    [_broken(first)],
                    again=f"batepapo judge {file}",
                    exchange=as_text(first.steps),
                )
            case Verdict.UNKNOWN:
                who, why = judgement.doubts[0]
                why = f"{who}: {told(why, self._language)}"
                raise NotYet(self._say(_DOUBT, why=why))

    # ---- the measurement ----

    def _must_measure(self, file: str) -> None:
        lines = self._output(file).strip().splitlines()
        try:
            data = json.loads(lines[-1])
            fault = _fault(data)
        except (IndexError, ValueError, LookupError, TypeError) as error:
            raise NotYet(self._say(_NO_JSON, file=file)) from error
        if fault is not None:
            raise NotYet(self._say(_FIGURES[fault]))

    def _output(self, file: str) -> str:
        if not (self._folder.path / file).is_file():
            raise NotYet(self._say(_NOT_THERE, file=file))
        seconds = DEADLINE * self._folder.factor
        try:
            done = subprocess.run(
                [sys.executable, file],
                cwd=self._folder.path,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="backslashreplace",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NotYet(self._say(_LATE, file=file, seconds=seconds)) from error
        except OSError as error:
            raise NoVerdict(str(error)) from error
        if done.returncode:
            words = "\n".join(done.stderr.strip().splitlines()[-_LAST_LINES:])
            values = {"file": file, "status": done.returncode, "words": words}
            raise NotYet(self._say(_ENDED, **values))
        return done.stdout


def _broken(failure: Failure) -> Broken:
    return Broken(
        rule=failure.rule,
        expected=failure.expected,
        actual=failure.actual,
        actual_is_octets=False,
        note=failure.note,
    )


def _fault(data: Any) -> str | None:
    """What does not hold together in a measurement: a key of `_FIGURES`.

    Raises:
        LookupError, TypeError, ValueError: it is not in its form.
    """
    if data["unit"] != "deliveries/s":
        return "unit"
    runs = [(_figure(one["threads"]), _figure(one["tasks"])) for one in data["runs"]]
    if len(runs) < PAIRS:
        return "pairs"
    if len(set(runs)) == 1:
        return "alike"
    for place, name in enumerate(("threads", "tasks")):
        right = statistics.median(one[place] for one in runs)
        if not _is_about(_figure(data["median"][name]), right):
            return "median"
    ratio = statistics.median(tasks / threads for threads, tasks in runs)
    return None if _is_about(_figure(data["ratio"]), ratio) else "ratio"


def _figure(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else math.nan
    if not 0 < number < math.inf:
        raise ValueError(value)
    return number


def _is_about(value: float, right: float) -> bool:
    return math.isclose(value, right, rel_tol=_CLOSE)
