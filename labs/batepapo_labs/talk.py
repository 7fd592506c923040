"""Checks lab 0: a first program that enters, says one thing, and leaves.

It is started once, against a server that says nothing in one piece; each step of the
lab is a stretch of that one conversation. What goes wrong is said as the suite says it.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Self, TextIO

from batepapo_conformance.codec import (
    ClientMessage,
    Enter,
    NotALine,
    Private,
    Public,
    ServerMessage,
    encode,
    parse_client_line,
)
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.process import Processes
from batepapo_conformance.results import Broken, Result
from batepapo_conformance.results import Verdict as OfCheck
from batepapo_conformance.scripted_server import (
    ScriptedServer,
    entered,
    greeting,
    left,
    participants,
    said,
)
from batepapo_conformance.spec import load
from batepapo_conformance.terminal import AT_ONCE
from batepapo_conformance.testee import BadTestee, Role, Testee, from_command
from batepapo_conformance.warm import cold_in
from batepapo_conformance.wire import Wire
from batepapo_conformance.words import Language, Words
from batepapo_labs.folder import Folder
from batepapo_labs.lessons import Lesson
from batepapo_labs.steps import StepResult, Verdict
from batepapo_labs.trouble import Trouble

_WHO: Final = "talk"
_PRESENT: Final = "beto"
_SAID_NOTHING: Final[Mapping[Language, str]] = {
    Language.ENGLISH: "Your program enters and then says nothing. One message, please: "
    "a line that begins with a colon, before the one that leaves.",
    Language.PORTUGUESE: "Seu programa entra e depois não diz nada. Falta uma "
    "mensagem: uma linha que começa com dois-pontos, antes da que sai.",
}


class SaidNothing(Exception):
    """Where a message was due, the program sent something else that is legal."""


class _Hearing(Wire):
    """The program's connection, on which a line may say what it likes."""

    def hear(self, example: str, *, rule: str) -> ClientMessage:
        """The next line, whatever it says.

        Raises:
            RuleBroken: none comes, which breaks `rule`; or what comes is no line, as
                if its end was forgotten, which breaks FRAME-1.
        """
        came = self._next(example.encode(), rule)
        try:
            return parse_client_line(came)
        except NotALine as wrong:
            expected = example.encode()
            raise RuleBroken("FRAME-1", expected, came, at=wrong.at) from wrong


class Talk:
    """One run of the program, and the server to which it talks; a context.

    Args:
        testee: the program.
        nick: the one under which it is to enter.
    """

    def __init__(self, testee: Testee, nick: str) -> None:
        self._testee = testee
        self._nick = nick
        self._told: list[bytes] = []
        self.exchange = Exchange()
        self._processes = Processes(self.exchange, cold_in(testee.folder))
        self._server = ScriptedServer(
            self.exchange, seconds=testee.seconds, alive=self._is_running
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._processes.end()

    @property
    def errors(self) -> str:
        """The end of what the program wrote to standard error: a traceback, say."""
        process = self._processes.all[-1]
        if not self._is_running():
            process.errors.wait_end(1)
        return process.errors.tail.decode("utf-8", "backslashreplace")

    def _is_running(self) -> bool:
        return self._processes.all[-1].status is None

    # ---- the steps -------------------------------------------------------------

    def connects(self) -> None:
        """It makes one connection, and is greeted.

        Raises:
            NoVerdict: it cannot be started.
            RuleBroken: it does not connect.
        """
        address, port = self._server.endpoint
        arguments = self._testee.arguments(address=address, port=port, nick=self._nick)
        self._process = self._processes.start(arguments, who=_WHO, record=True)
        accepted = self._server.accept(rule="TCP-1", who=_WHO).socket
        self._wire = _Hearing(
            accepted, self.exchange, _WHO, Delivery.WHOLE, self._testee.seconds
        )
        self._tell(greeting())

    def enters(self) -> None:
        """It asks to enter, under the nick that it was given."""
        wanted = Enter(self._nick)
        request = encode(wanted).decode("ascii").removesuffix("\n")
        came = self._wire.hear(request, rule="ASK-1")
        if came != wanted:
            actual = encode(came).removesuffix(b"\n")
            raise RuleBroken("ASK-1", request.encode(), actual)
        self._tell(participants(_PRESENT), entered(self._nick))

    def speaks(self) -> None:
        """It says something, whatever that is, to all or to one.

        Raises:
            RuleBroken: nothing comes, or no line.
            SaidNothing: the line is none that says something.
        """
        came = self._wire.hear(":bom dia", rule="FRAME-1")
        if not isinstance(came, Public | Private):
            raise SaidNothing
        self._tell(said(self._nick, came.text), said(_PRESENT, "tudo bem?"))

    def leaves(self) -> None:
        """It leaves, and the server closes."""
        self._wire.expect_leave(rule="QUIT-1")
        self._tell(left(self._nick))
        self._wire.half_close()

    def shows(self) -> None:
        """It has shown all that came, in order, and ended with status 0."""
        status = self._process.wait(self._testee.seconds(AT_ONCE))
        if status is None:
            actual = f"runs after {AT_ONCE:g} s"
            raise RuleBroken("QUIT-1", "exit status 0", actual)
        self._process.output.wait_end(1)
        # Windows may end a line with CR LF where a program writes LF.
        shown = self._process.output.beginning.replace(b"\r\n", b"\n")
        place = 0
        for line in self._told:
            found = shown.find(line, place)
            if found < 0:
                note = "The server sends every line in three pieces."
                raise RuleBroken("FRAME-3", line, shown[place:], note)
            place = found + len(line)
        if status:
            raise RuleBroken("QUIT-4", "exit status 0", f"exit status {status}")

    def _tell(self, *messages: ServerMessage) -> None:
        """Send lines, each in three pieces that can be read one by one."""
        for message in messages:
            line = encode(message)
            self._told.append(line)
            middle = random.randrange(1, len(line) - 1)
            self._wire.send_pieces([line[:middle], line[middle:-1], line[-1:]])


STEPS: Final[Mapping[str, Callable[[Talk], None]]] = {
    "connects": Talk.connects,
    "enters": Talk.enters,
    "speaks": Talk.speaks,
    "leaves": Talk.leaves,
    "shows": Talk.shows,
}
"""What the `checks` of the lab's steps are called, in this order."""


def check(
    folder: Path, lesson: Lesson, words: Words, out: TextIO
) -> Iterator[StepResult]:
    """Check the program in this folder, step by step.

    Args:
        folder: the student's; it has a `lab.toml`.
        lesson: the lab; each of its steps names one or more of `STEPS`.
        words: those of the student.
        out: not needed: there is nothing to wait for.

    Raises:
        Trouble: the command of the program cannot be meant.
    """
    # Another nick each time: it is an argument, and not to be guessed.
    nick = f"ana-{random.randrange(100, 1000)}"
    with Talk(_testee(Folder(folder), lesson), nick) as talk:
        stands = True
        for step in lesson.steps:
            title = step.title[words.language]
            done = StepResult(title=title, verdict=Verdict.SKIPPED, lab=lesson.number)
            if stands:
                done = _step(talk, done, step.checks, words.language)
                stands = done.verdict is Verdict.PASSED
            yield done


def _testee(folder: Folder, lesson: Lesson) -> Testee:
    program = folder.program(lesson)
    command = program.command
    if "{nick}" not in command:
        command = f"{command} {{nick}}"
    try:
        known = from_command(Role.CLIENT, command)
    except BadTestee as error:
        raise Trouble("bad_command", role=lesson.role, why=error) from error
    return replace(known, factor=program.factor, folder=folder.path)


def _step(
    talk: Talk, planned: StepResult, checks: tuple[str, ...], language: Language
) -> StepResult:
    """One step carried out; `planned` is what it would be if it were not."""
    done = replace(planned, checks=len(checks))
    try:
        for name in checks:
            STEPS[name](talk)
    except RuleBroken as broken:
        failure = _failure(talk, planned, broken)
        return replace(done, verdict=Verdict.FAILED, failures=(failure,))
    except SaidNothing:
        return replace(done, verdict=Verdict.FAILED, message=_SAID_NOTHING[language])
    except NoVerdict as none:
        return replace(done, verdict=Verdict.NO_VERDICT, message=none.reason)
    return replace(done, verdict=Verdict.PASSED)


def _failure(talk: Talk, step: StepResult, broken: RuleBroken) -> Result:
    """What the suite would say of it."""
    rule = load().requirements[broken.rule]
    return Result(
        name=step.title,  # the student's language: no check of the suite is behind it
        variant="",
        file=Path(__file__).name,
        requirements=(rule.id,),
        level=rule.level,
        section=rule.section,
        sentence="",
        verdict=OfCheck.FAILED,
        broken=Broken.from_exception(broken),
        again="batepapo lab check",
        exchange=talk.exchange.draw(),
        events=talk.exchange.outline(),
        output=talk.errors,
    )
