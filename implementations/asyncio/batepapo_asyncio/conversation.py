"""One attempt to talk: connect, be greeted, enter, talk, leave (section 10)."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from .errors import ConnectionLost, ForcedOut, InvalidServer
from .limits import LEAVE
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


async def typed_line(terminal: Terminal, words: Words) -> str | None:
    """Give the next typed line, folded, and tell if that changed it (TYPE-1)."""
    line = await terminal.line()
    if line is None:
        return None
    folded = fold(line)
    if folded != line and read_typed(folded) is not Hint.NOT_ASCII:
        terminal.show(words.folded(folded))
    return folded


class Conversation:
    """One attempt, from connecting to the end.

    Args:
        terminal: of the person.
        words: for the person.
        answer: seconds to wait for an answer of the server (FAIL-3).
        another_nick: asks the person, after the one before was taken.

    Attributes:
        entered: whether the server has let us in.
        leaving_until: the time of the loop until which a server may take its time to
            close (QUIT-2); None before the person asked to leave.
    """

    def __init__(
        self,
        terminal: Terminal,
        words: Words,
        answer: float,
        another_nick: Callable[[], Coroutine[Any, Any, str]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._terminal = terminal
        self._words = words
        self._screen = Screen(words)
        self._answer = answer
        self._ask_another_nick = another_nick
        self._typing: asyncio.Task[None] | None = None
        self.entered = False
        self.leaving_until: float | None = None

    async def hold(self, address: str, port: str, nick: str) -> None:
        """Do all of it; returns when the person has left.

        Raises:
            InvalidServer: there is no server, or none of ours.
            ForcedOut: the server ended the conversation, or the network did.
        """
        try:
            async with (
                asyncio.timeout(self._answer) as self._patience,
                Link(address, port) as self._link,
            ):
                await self._be_greeted()
                await self._enter(nick)
                await self._talk()
        except TimeoutError:
            if not self.leaving_until:
                raise InvalidServer("FAIL-3") from None

    def leave(self) -> bool:
        """Leave now, whatever is typed ahead; tells whether there is what to leave."""
        if not self._typing:
            return False
        self._typing.cancel()
        self._say_goodbye()
        return True

    async def _be_greeted(self) -> None:
        try:
            greeting = await self._link.receive()
        except (ConnectionLost, InvalidServer):
            raise InvalidServer("FAIL-2") from None
        if not isinstance(greeting, Greeting):
            raise InvalidServer("FAIL-2")
        self._terminal.show(self._screen.line(greeting))

    async def _enter(self, nick: str) -> None:
        while True:
            self._link.send(Enter(nick))
            self._patience.reschedule(self._loop.time() + self._answer)
            entered = await self._hear_answer(nick)
            self._patience.reschedule(None)
            if entered:
                return
            nick = await self._another_nick()

    async def _hear_answer(self, nick: str) -> bool:
        """Tell whether the server let us in; it may say nothing else (FAIL-4)."""
        remaining: int | None = None  # nicks of the list that are still to come
        while True:
            message = await self._link.receive()
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

    async def _another_nick(self) -> str:
        """Ask for another nick, while the server may still end the connection."""
        asking = asyncio.create_task(self._ask_another_nick())
        hearing = asyncio.create_task(self._link.receive())
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

    async def _talk(self) -> None:
        self.entered = True
        typing = self._typing = asyncio.create_task(self._type())
        try:
            while True:
                self._show(await self._link.receive())
                await self._terminal.calm()  # SAFE-2
        except ConnectionLost:
            if not self.leaving_until:
                raise
        finally:
            self._typing = None
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

    async def _type(self) -> None:
        """Send what is typed, until somebody wants to leave or the input ends."""
        while (line := await typed_line(self._terminal, self._words)) is not None:
            typed = read_typed(line)
            if isinstance(typed, Quit):
                break
            self._carry_out(typed)
            await self._link.may_send()
            await self._terminal.calm()
        self._say_goodbye()

    def _carry_out(self, typed: Typed) -> None:
        match typed:
            case SayToAll(text):
                for part in divide(text):
                    self._link.send(Public(part))
            case SayToOne(nick, text):
                for part in divide(text):
                    self._link.send(Private(nick, part))
            case AskList():
                self._link.send(ListParticipants())
            case Help():
                self._terminal.show(self._words.help_typing())
            case Hint():
                self._terminal.show(self._screen.hint(typed))
            case Nothing() | Quit():
                pass

    def _say_goodbye(self) -> None:
        self.leaving_until = self._loop.time() + LEAVE
        self._link.send(Leave())
        self._patience.reschedule(self.leaving_until)  # QUIT-2
