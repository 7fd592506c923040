"""Questions, offline, and how a program of conversations ends (section 10)."""

import asyncio
import os
import sys
from contextlib import suppress

from .conversation import Conversation
from .errors import ChatError
from .limits import ADDRESS, LEAVE, PORT
from .messages import is_nick
from .screen import Screen
from .signals import when_asked_to_end
from .terminal import InputEnded, Leaving, Terminal
from .typed import Help, Hint, Nothing, Quit, read_join, read_typed
from .words import Words

_TICK = 0.25
"""Seconds after which a signal is seen on Windows, where it wakes no event loop."""


class Client:
    """One person's client, from the first question to the exit status.

    Args:
        words: for the person.
        answer_timeout: seconds to wait for an answer of the server (FAIL-3).
    """

    def __init__(self, words: Words, answer_timeout: float) -> None:
        self._words = words
        self._answer_timeout = answer_timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._conversation: Conversation | None = None  # the latest
        self._interrupted = False
        self._status_if_input_ends = 0  # QUIT-5

    async def run(self, address: str | None, port: str | None, nick: str | None) -> int:
        """Do everything, and give the exit status.

        None is to be asked for; without an address, the client begins offline (ASK-3).
        """
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._terminal = Terminal(self._words)
        self._screen = Screen(self._words, self._terminal)
        ticking = asyncio.create_task(_tick())
        try:
            if address is None:
                status = await self._stay_offline()
            else:
                status = await self._visit(address, port, nick)
        except Leaving:
            status = 0
        except InputEnded:
            status = self._status_if_input_ends
        except ChatError as error:
            self._screen.show_error(error)
            status = int(error.code)
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

    async def _stay_offline(self) -> int:
        self._terminal.tell(self._words.offline())
        while True:
            line = await self._terminal.line()
            join = read_join(line)
            if not join or read_typed(line) is Hint.NOT_ASCII:
                self._answer_offline(line)
                continue
            try:
                return await self._visit(join.address, join.port, join.nick)
            except ChatError as error:
                if self._conversation and self._conversation.entered:
                    raise
                self._screen.show_error(error)  # ASK-4
                self._status_if_input_ends = int(error.code)
                self._terminal.tell(self._words.offline())

    def _answer_offline(self, line: str) -> None:
        match read_typed(line):
            case Quit():
                raise Leaving
            case Help():
                self._terminal.tell(self._words.help())
            case Nothing():
                pass
            case Hint.NOT_ASCII:
                self._terminal.tell(self._words.not_ascii())
            case _:
                self._terminal.tell(self._words.offline())

    async def _visit(
        self, address: str | None, port: str | None, nick: str | None
    ) -> int:
        """Ask for what is missing, and hold one conversation; raises its errors."""
        if address is None:
            address = await self._ask(self._words.ask_address(ADDRESS))
        if port is None:
            port = await self._ask(self._words.ask_port(str(PORT)))
        if nick is None:
            nick = await self._ask(self._words.ask_nick())
        if not is_nick(nick.strip()):
            self._terminal.tell(self._words.not_a_nick())
            nick = await self._ask_nick_again()
        self._conversation = Conversation(
            self._terminal,
            words=self._words,
            answer_timeout=self._answer_timeout,
            ask_another_nick=self._ask_nick_again,
        )
        await self._conversation.hold(
            address or ADDRESS, port or str(PORT), nick.strip()
        )
        return 0

    async def _ask(self, question: str) -> str:
        """Ask, and give the answer without the blanks around it."""
        while True:
            self._terminal.tell(question, end="")
            line = await self._answer()
            match read_typed(line):
                case Quit():
                    raise Leaving  # ASK-5
                case Help():
                    self._terminal.tell(self._words.help())
                case _:
                    return line.strip()

    async def _answer(self) -> str:
        try:
            return await self._terminal.line()
        finally:
            if not self._terminal.interactive:
                self._terminal.tell("")  # nobody's Enter has ended the line

    async def _ask_nick_again(self) -> str:
        """Ask until the answer is a nick (TYPE-12)."""
        before, self._status_if_input_ends = self._status_if_input_ends, 1
        while True:
            await self._terminal.drop_typed_ahead()
            nick = await self._ask(self._words.ask_nick())
            if is_nick(nick):
                self._status_if_input_ends = before
                return nick
            self._terminal.tell(self._words.not_a_nick())


async def _tick() -> None:
    while sys.platform == "win32":  # noqa: ASYNC110 - to wake up is all it is for
        await asyncio.sleep(_TICK)


def run(
    address: str | None,
    port: str | None,
    nick: str | None,
    *,
    words: Words,
    answer_timeout: float,
) -> int:
    """Run a client on an event loop of its own, and give its exit status."""
    client = Client(words, answer_timeout)
    when_asked_to_end(client.interrupt)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(client.run(address, port, nick))
