"""Questions, offline, the conversation, leaving (section 10)."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from .errors import ChatError, ConnectionLost, ForcedOut, InvalidServer
from .limits import ADDRESS, LEAVE, PORT
from .link import Link
from .messages import (
    Enter,
    Entered,
    Greeting,
    Leave,
    ListParticipants,
    Participants,
    Private,
    Public,
    Refused,
    ServerMessage,
    is_nick,
)
from .screen import Screen
from .terminal import Terminal
from .typed import (
    AskList,
    Help,
    Hint,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    Typed,
    divide,
    fold,
    read_typed,
)
from .words import Words

_TICK = 0.25
"""Seconds after which a signal is seen on Windows, where it wakes no event loop."""


class _Exit(Exception):  # noqa: N818 - not an error
    """The person is done before any conversation; `status` is the program's."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where somebody wants to go, and as whom; as it was typed."""

    address: str
    port: str
    nick: str


class Client:
    """One person's client, from the first question to the exit status.

    Args:
        given: address, port and nick as far as the command line gave them, in this
            order; without any, the client begins offline (ASK-3).
        answer: seconds to wait for an answer of the server (FAIL-3).
        words: for the person.
    """

    def __init__(self, given: list[str], answer: float, words: Words) -> None:
        self._given = given
        self._answer = answer
        self._words = words
        self._screen = Screen(words)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving_until: float | None = None  # set once the person asked to leave
        self._failed = 0  # status of the last attempt that failed
        self._talking: tuple[Link, asyncio.Task[None]] | None = None  # once entered

    async def run(self) -> int:
        """Do everything, and give the exit status."""
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._terminal = Terminal()
        try:
            status = await (
                self._go_directly() if self._given else self._stay_offline()
            )
        except _Exit as done:
            status = done.status
        except ChatError as error:
            status = self._report(error)
        except asyncio.CancelledError:  # a signal, before the conversation
            status = 0
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout_at(self._leaving_until):
                await self._terminal.written()  # SHOW-6
        return 0 if self._leaving_until else status  # QUIT-4

    def interrupt(self) -> None:
        """Leave at once; to be called from a signal handler (QUIT-3)."""
        if not self._loop or self._leaving_until:
            os._exit(0)  # nothing to leave yet; or QUIT-2: without waiting any more
        self._leaving_until = self._loop.time() + LEAVE
        self._loop.call_soon_threadsafe(self._on_interrupt)

    def _on_interrupt(self) -> None:
        if self._talking:
            _, typing = self._talking
            typing.cancel()
            self._say_goodbye()
        elif self._main:
            self._main.cancel()

    # ---- before a conversation -------------------------------------------------------

    async def _go_directly(self) -> int:
        address, *more = self._given
        port = more[0] if more else await self._ask(self._words.ask_port())
        nick = await self._nick(more[1] if more[1:] else None)
        return await self._attempt(_Destination(address, port, nick))

    async def _stay_offline(self) -> int:
        self._terminal.show(self._words.offline())
        while True:
            line = await self._terminal.line()
            if line is None:
                raise _Exit(self._failed)  # QUIT-5
            destination = await self._read_offline(self._fold(line))
            if not destination:
                continue
            try:
                return await self._attempt(destination)
            except ChatError as error:
                if self._talking:
                    raise
                self._failed = self._report(error)  # ASK-4
                self._terminal.show(self._words.offline())

    async def _read_offline(self, line: str) -> "_Destination | None":
        match read_typed(line), line.split():
            case Quit(), _:
                raise _Exit(0)
            case Help(), _:
                self._terminal.show(self._words.help_typing())
            case Nothing(), _:
                pass
            case Hint.NOT_ASCII, _:
                self._terminal.show(self._words.not_ascii())
            case Hint.COMMAND, [command] if command.upper() == "/ENTRAR":
                address = await self._ask(self._words.ask_address())
                port = await self._ask(self._words.ask_port())
                return _Destination(address, port, await self._nick(None))
            case Hint.COMMAND, [command, nick, *where] if (
                command.upper() == "/ENTRAR" and len(where) <= 2
            ):
                address, port = [*where, "", ""][:2]
                return _Destination(address, port, await self._nick(nick))
            case _:
                self._terminal.show(self._words.offline())
        return None

    async def _nick(self, nick: str | None, *, again: bool = False) -> str:
        """Ask until there is a nick; `nick` is what there is already."""
        while nick is None or not is_nick(nick.strip()):
            if nick is not None:
                self._terminal.show(self._words.not_a_nick())
                again = True
            if again and self._terminal.interactive:  # TYPE-12
                self._terminal.show(self._words.dropped())
                await self._terminal.written()
                self._terminal.forget_typed()
            nick = await self._ask(self._words.ask_nick(), 1 if again else None)
        return nick.strip()

    async def _ask(self, question: str, status: int | None = None) -> str:
        """Ask for one line; raises _Exit with `status` where there is none (QUIT-5)."""
        self._terminal.show(question, end="")
        line = await self._terminal.line()
        if not self._terminal.interactive:
            self._terminal.show("")  # nobody's Enter has ended the line
        if line is None:
            raise _Exit(self._failed if status is None else status)
        folded = self._fold(line)
        if isinstance(read_typed(folded), Quit):
            raise _Exit(0)  # ASK-5
        return folded.strip()

    # ---- one attempt -----------------------------------------------------------------

    async def _attempt(self, wanted: "_Destination") -> int:
        """Connect, enter and talk; gives the status of who left.

        Raises:
            InvalidServer: there is no server, or none of ours.
            ForcedOut: the server ended the conversation, or the network did.
        """
        address, port = wanted.address or ADDRESS, wanted.port or str(PORT)
        try:
            async with (
                asyncio.timeout(self._answer) as self._patience,
                Link(address, port) as link,
            ):
                await self._be_greeted(link)
                await self._enter(link, wanted.nick)
                await self._talk(link)
        except TimeoutError:
            if not self._leaving_until:
                raise InvalidServer("FAIL-3") from None
        return 0

    async def _be_greeted(self, link: Link) -> None:
        try:
            greeting = await link.receive()
        except (ConnectionLost, InvalidServer):
            raise InvalidServer("FAIL-2") from None
        if not isinstance(greeting, Greeting):
            raise InvalidServer("FAIL-2")
        self._terminal.show(self._screen.line(greeting))

    async def _enter(self, link: Link, nick: str) -> None:
        while True:
            link.send(Enter(nick))
            self._wait_no_longer_than(self._answer)
            entered = await self._hear_answer(link, nick)
            self._patience.reschedule(None)
            if entered:
                return
            nick = await self._another_nick(link)

    async def _hear_answer(self, link: Link, nick: str) -> bool:
        """Tell whether the server let us in; it may say nothing else (FAIL-4)."""
        remaining: int | None = None  # nicks of the list that are still to come
        while True:
            message = await link.receive()
            match message:
                case Participants(after, nicks) if (
                    remaining is None or remaining == after + len(nicks) > 0
                ):
                    remaining = after
                    self._terminal.show(self._screen.line(message))
                case Entered() if remaining == 0 and message.nick == nick:
                    self._terminal.show(self._words.connected(nick))
                    return True
                case Refused("01", subject) if remaining is None and subject == nick:
                    self._terminal.complain(self._screen.line(message))
                    return False
                case _:
                    self._refuse(message)
            await self._terminal.calm()

    def _refuse(self, message: ServerMessage) -> NoReturn:
        """End an attempt by a message that is neither greeting nor answer."""
        if isinstance(message, Refused) and message.code == ForcedOut.code:
            self._terminal.complain(self._screen.line(message))
            raise ForcedOut(message.subject)
        raise InvalidServer("FAIL-4")

    async def _another_nick(self, link: Link) -> str:
        """Ask for another nick, while the server may still end the connection."""
        asking = asyncio.create_task(self._nick(None, again=True))
        hearing = asyncio.create_task(link.receive())
        try:
            await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                self._refuse(hearing.result())
            return asking.result()
        finally:
            asking.cancel()
            hearing.cancel()
            await asyncio.gather(asking, hearing, return_exceptions=True)

    # ---- the conversation ------------------------------------------------------------

    async def _talk(self, link: Link) -> None:
        typing = asyncio.create_task(self._type(link))
        self._talking = link, typing
        try:
            while True:
                self._show(await link.receive())
                await self._terminal.calm()  # SAFE-2
        except ConnectionLost:
            if not self._leaving_until:
                raise
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)

    def _show(self, message: ServerMessage) -> None:
        line = self._screen.line(message)
        if not isinstance(message, Refused):
            self._terminal.show(line)
            return
        self._terminal.complain(line)
        if message.code == ForcedOut.code:
            raise ForcedOut(message.subject)

    async def _type(self, link: Link) -> None:
        """Send what is typed, until somebody wants to leave or the input ends."""
        while (line := await self._terminal.line()) is not None:
            typed = read_typed(self._fold(line))
            if isinstance(typed, Quit):
                break
            self._carry_out(link, typed)
            await link.may_send()
            await self._terminal.calm()
        assert self._loop
        self._leaving_until = self._loop.time() + LEAVE
        self._say_goodbye()

    def _carry_out(self, link: Link, typed: Typed) -> None:
        match typed:
            case SayToAll(text):
                for part in divide(text):
                    link.send(Public(part))
            case SayToOne(nick, text):
                for part in divide(text):
                    link.send(Private(nick, part))
            case AskList():
                link.send(ListParticipants())
            case Help():
                self._terminal.show(self._words.help_typing())
            case Hint():
                self._terminal.show(self._hint(typed))
            case Nothing() | Quit():
                pass

    def _say_goodbye(self) -> None:
        if self._talking:
            link, _ = self._talking
            link.send(Leave())
            self._patience.reschedule(self._leaving_until)  # QUIT-2

    # ---- small things ----------------------------------------------------------------

    def _wait_no_longer_than(self, seconds: float) -> None:
        assert self._loop
        self._patience.reschedule(self._loop.time() + seconds)

    def _fold(self, line: str) -> str:
        folded = fold(line)
        if folded != line and read_typed(folded) is not Hint.NOT_ASCII:
            self._terminal.show(self._words.folded(folded))
        return folded

    def _hint(self, hint: Hint) -> str:
        match hint:
            case Hint.NOT_ASCII:
                return self._words.not_ascii()
            case Hint.COMMAND:
                return self._words.unknown_command()
            case Hint.BLANKS:
                return self._words.blanks_around_nick()
            case Hint.EMPTY:
                return self._words.empty_text()

    def _report(self, error: ChatError) -> int:
        """Tell about an error, unless its own line did; gives its status (QUIT-6)."""
        if isinstance(error, InvalidServer | ConnectionLost):
            self._terminal.complain(self._words.failed(error))
        return int(error.code)


def run(client: Client) -> int:
    """Run a client on an event loop of its own, and give its exit status."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(client.run())
