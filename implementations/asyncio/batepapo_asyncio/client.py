"""Questions, offline, and how a program of conversations ends (section 10)."""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass

from .conversation import Conversation, typed_line
from .errors import ChatError, ConnectionLost, InvalidServer
from .limits import ADDRESS, LEAVE, PORT
from .messages import is_nick
from .terminal import Terminal
from .typed import Help, Hint, Nothing, Quit, read_typed
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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._conversation: Conversation | None = None  # the latest
        self._interrupted = False
        self._failed = 0  # status of the last attempt that failed

    async def run(self) -> int:
        """Do everything, and give the exit status."""
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._terminal = Terminal()
        ticking = asyncio.create_task(_tick())
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
        leaving_until = self._leaving_until(self._loop.time())
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout_at(leaving_until):
                await self._terminal.written()  # SHOW-6
        ticking.cancel()
        return 0 if leaving_until or self._interrupted else status  # QUIT-4

    def interrupt(self) -> None:
        """Leave at once; to be called from a signal handler (QUIT-3)."""
        if not self._loop or self._leaving_until(0):
            os._exit(0)  # nothing to leave yet; or QUIT-2: without waiting any more
        self._interrupted = True
        self._loop.call_soon_threadsafe(self._on_interrupt)

    def _on_interrupt(self) -> None:
        if not (self._conversation and self._conversation.leave()) and self._main:
            self._main.cancel()

    def _leaving_until(self, now: float) -> float | None:
        """Give the time until which a person who asked to leave has to wait."""
        if self._conversation and self._conversation.leaving_until:
            return self._conversation.leaving_until
        return now + LEAVE if self._interrupted else None

    # ---- before a conversation -------------------------------------------------------

    async def _go_directly(self) -> int:
        address, *more = self._given
        port = more[0] if more else await self._ask(self._words.ask_port())
        nick = await self._nick(more[1] if more[1:] else None)
        return await self._attempt(_Destination(address, port, nick))

    async def _stay_offline(self) -> int:
        self._terminal.show(self._words.offline())
        while True:
            line = await typed_line(self._terminal, self._words)
            if line is None:
                raise _Exit(self._failed)  # QUIT-5
            destination = await self._read_offline(line)
            if not destination:
                continue
            try:
                return await self._attempt(destination)
            except ChatError as error:
                if self._conversation and self._conversation.entered:
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
        line = await typed_line(self._terminal, self._words)
        if not self._terminal.interactive:
            self._terminal.show("")  # nobody's Enter has ended the line
        if line is None:
            raise _Exit(self._failed if status is None else status)
        if isinstance(read_typed(line), Quit):
            raise _Exit(0)  # ASK-5
        return line.strip()

    async def _attempt(self, wanted: "_Destination") -> int:
        """Hold one conversation; gives the status of who left; raises its errors."""
        self._conversation = Conversation(
            self._terminal,
            self._words,
            self._answer,
            lambda: self._nick(None, again=True),
        )
        address, port = wanted.address or ADDRESS, wanted.port or str(PORT)
        await self._conversation.hold(address, port, wanted.nick)
        return 0

    def _report(self, error: ChatError) -> int:
        """Tell about an error, unless its own line did; gives its status (QUIT-6)."""
        if isinstance(error, InvalidServer | ConnectionLost):
            self._terminal.complain(self._words.failed(error))
        return int(error.code)


async def _tick() -> None:
    while sys.platform == "win32":  # noqa: ASYNC110 - to wake up is all it is for
        await asyncio.sleep(_TICK)


def run(client: Client) -> int:
    """Run a client on an event loop of its own, and give its exit status."""
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(client.run())
