"""One attempt to talk: connect, be greeted, enter, talk, leave (section 10)."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from .entrance import Entrance, Stage
from .errors import ConnectionLost, ForcedOut, InvalidServer, Problem
from .limits import LEAVE
from .link import Link
from .messages import (
    Enter,
    Leave,
    ListParticipants,
    Private,
    Public,
    Refused,
    ServerMessage,
)
from .screen import Screen
from .terminal import InputEnded, Leaving, Terminal
from .typed import (
    AskList,
    Help,
    Hint,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    read_typed,
)
from .words import Words


class Conversation:
    """One attempt, from connecting to the end.

    Args:
        terminal: of the person.
        words: for the person.
        answer_timeout: seconds to wait for an answer of the server (FAIL-3).
        ask_another_nick: asks the person, after the one before was taken.

    Attributes:
        entered: whether the server has let us in.
        leaving_until: the time of the loop until which a server may take its time to
            close (QUIT-2); None before the person asked to leave.
    """

    def __init__(
        self,
        terminal: Terminal,
        *,
        words: Words,
        answer_timeout: float,
        ask_another_nick: Callable[[], Coroutine[Any, Any, str]],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._terminal = terminal
        self._words = words
        self._screen = Screen(words, terminal)
        self._answer_timeout = answer_timeout
        self._ask_another_nick = ask_another_nick
        self._entrance = Entrance()
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
                asyncio.timeout(self._answer_timeout) as self._patience,
                Link(address, port) as self._link,
            ):
                await self._be_greeted()
                await self._enter(nick)
                await self._converse()
        except TimeoutError:
            if not self.leaving_until:
                raise InvalidServer(Problem.SILENCE) from None

    def leave(self) -> bool:
        """Leave now, whatever is typed ahead; tells whether there is what to leave."""
        if not self._typing:
            return False
        self._typing.cancel()
        self._say_goodbye()
        return True

    # ---- the way in ------------------------------------------------------------------

    async def _be_greeted(self) -> None:
        try:
            greeting = await self._link.receive()
        except (ConnectionLost, InvalidServer):
            raise InvalidServer(Problem.GREETING) from None
        self._take(greeting)

    async def _enter(self, nick: str) -> None:
        while True:
            self._link.send(Enter(nick))
            self._entrance.ask(nick)
            self._patience.reschedule(self._loop.time() + self._answer_timeout)
            while self._entrance.stage is Stage.ASKED:
                self._take(await self._link.receive())
                await self._terminal.calm()
            self._patience.reschedule(None)
            if self._entrance.stage is Stage.ENTERED:
                self._terminal.tell(self._words.connected(nick))
                return
            nick = await self._another_nick()

    def _take(self, message: ServerMessage) -> None:
        self._entrance.take(message)
        if self._entrance.stage is not Stage.ENTERED:
            self._show(message)

    async def _another_nick(self) -> str:
        """Ask for another nick, while the server may still end the connection."""
        asking = asyncio.create_task(self._ask_another_nick())
        hearing = asyncio.create_task(self._link.receive())
        try:
            await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                self._take(hearing.result())  # an error, or it is one itself
            return await asking
        finally:
            asking.cancel()
            hearing.cancel()
            await asyncio.gather(asking, hearing, return_exceptions=True)

    # ---- the conversation ------------------------------------------------------------

    async def _converse(self) -> None:
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
        self._screen.show(message)
        if isinstance(message, Refused) and message.code == ForcedOut.code:
            raise ForcedOut(message.subject)

    async def _type(self) -> None:
        """Send what is typed, until somebody wants to leave or the input ends."""
        with suppress(Leaving, InputEnded):
            while True:
                self._say(await self._terminal.line())
                await self._link.may_send()
                await self._terminal.calm()
        self._say_goodbye()

    def _say(self, line: str) -> None:
        match read_typed(line):
            case SayToAll(texts):
                for text in texts:
                    self._link.send(Public(text))
            case SayToOne(nick, texts):
                for text in texts:
                    self._link.send(Private(nick, text))
            case AskList():
                self._link.send(ListParticipants())
            case Quit():
                raise Leaving
            case Help():
                self._terminal.tell(self._words.help())
            case Hint() as hint:
                self._screen.hint(hint)
            case Nothing():
                pass

    def _say_goodbye(self) -> None:
        self.leaving_until = self._loop.time() + LEAVE
        self._link.send(Leave())
        self._patience.reschedule(self.leaving_until)  # QUIT-2
