"""Standard input and output, which can block, beside an event loop, which must not.

Two threads, the only ones of this program. An event loop can wait for sockets; it
cannot wait for a file, nor for a console of Windows, nor can a write to a pipe that is
full be taken back. So one thread reads and one writes, and all that they share with the
loop are two queues, both bounded (SAFE-2). They are daemons because nothing wakes a
thread that is blocked in the system; who exits does not wait for them (SAFE-3).
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader
from queue import SimpleQueue
from time import monotonic
from typing import TextIO

from .typed import Hint, fold, read_typed
from .words import Words

_CHUNK = 65_536
"""Octets of one read of standard input."""

_LINE = 65_536
"""Octets of a typed line that are kept; a longer one is refused (section 10.2)."""

_UNWRITTEN = 65_536
"""Characters shown and not written yet, past which the client stops reading."""

_INVALID = "\ufffd"


class Leaving(Exception):  # noqa: N818 - not an error
    """The person has asked to leave, by word."""


class InputEnded(Exception):  # noqa: N818 - not an error
    """There is no typed line any more."""


class Terminal:
    """What a person types, line by line, and what is shown to them.

    Must be made, and used, by tasks of one event loop.

    Args:
        words: for the person.

    Attributes:
        interactive: whether a person types there, rather than a pipe or file.
    """

    def __init__(self, words: Words) -> None:
        self._words = words
        self._loop = asyncio.get_running_loop()
        self.interactive = sys.stdin is not None and sys.stdin.isatty()
        self._encoding = (sys.stdin and sys.stdin.encoding) or "utf-8"
        self._chunks = asyncio.Queue[tuple[float, bytes]]()  # one, thanks to _wanted
        self._wanted = threading.Semaphore()
        self._typed = bytearray()
        self._typed_since = 0.0
        self._reading = threading.Lock()
        self._too_long = False
        self._ended = False
        self._to_write = SimpleQueue[tuple[TextIO | None, str]]()
        self._unwritten = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._written = asyncio.Event()
        self._written.set()
        for work in (self._read, self._write):
            threading.Thread(target=work, daemon=True).start()

    # ---- input -----------------------------------------------------------------------

    async def line(self) -> str:
        """Give the next typed line, folded, and tell if that changed it (TYPE-1).

        Raises:
            InputEnded: there is none; or nobody reads the output any more.
        """
        line = await self._line()
        folded = fold(line)
        if folded != line and read_typed(folded) is not Hint.NOT_ASCII:
            self.tell(self._words.folded(folded))
        return folded

    async def _line(self) -> str:
        """Give the next line as it was typed, without its end.

        What is not valid text, or too long to be kept, comes with U+FFFD in it, which
        no line can be sent with.
        """
        while (end := self._typed.find(b"\n")) < 0 and not self._ended:
            if len(self._typed) > _LINE:
                self._too_long = True
                self._typed.clear()
            self._keep(*await self._chunks.get())
        if end < 0:
            end = len(self._typed)
            if not end and not self._too_long:
                raise InputEnded
        line = bytes(self._typed[:end]).removesuffix(b"\r")  # TYPE-13
        del self._typed[: end + 1]
        too_long, self._too_long = self._too_long or len(line) > _LINE, False
        return _INVALID if too_long else line.decode(self._encoding, errors="replace")

    async def drop_typed_ahead(self) -> None:
        """Drop what was typed on a terminal before a question (TYPE-12)."""
        if not self.interactive:
            return
        self.tell(self._words.dropped())
        await self.written()
        with self._reading:
            self._typed.clear()
            self._typed_since = monotonic()
            _forget_unread()

    def _keep(self, read_at: float, octets: bytes) -> None:
        self._wanted.release()
        if not octets:
            self._ended = True
        elif read_at >= self._typed_since:
            self._typed += octets

    def _read(self) -> None:
        octets = b"."
        while octets:
            self._wanted.acquire()
            read_at, octets = self._read_next()
            self._tell(self._chunks.put_nowait, (read_at, octets))

    def _read_next(self) -> tuple[float, bytes]:
        """Read once, and tell when that was.

        What was typed on a terminal before a question is read before it is dropped or
        not at all, and not at the same time (TYPE-12): so it is read under a lock,
        which is held for no longer than it takes to fetch what is there already.
        """
        if not self.interactive or sys.platform == "win32":
            return monotonic(), _read_some()
        while True:
            _is_typed(within=None)
            with self._reading:
                if _is_typed(within=0):
                    return monotonic(), _read_some()

    # ---- output ----------------------------------------------------------------------

    def tell(self, text: str, end: str = "\n") -> None:
        """Write a line to standard output, as soon as it can be written."""
        self._enqueue(sys.stdout, text + end)

    def warn(self, text: str) -> None:
        """Write a line to standard error, in the same order."""
        self._enqueue(sys.stderr, text + "\n")

    async def calm(self) -> None:
        """Wait until not too much is still to be written (SAFE-2)."""
        await self._calm.wait()

    async def written(self) -> None:
        """Wait until everything is written (SHOW-6)."""
        await self._written.wait()

    def _enqueue(self, stream: TextIO | None, text: str) -> None:
        self._unwritten += len(text)
        self._written.clear()
        if self._unwritten > _UNWRITTEN:
            self._calm.clear()
        self._to_write.put((stream, text))

    def _on_written(self, length: int) -> None:
        self._unwritten -= length
        if self._unwritten <= _UNWRITTEN:
            self._calm.set()
        if not self._unwritten:
            self._written.set()

    def _on_nobody_reads(self) -> None:
        self._typed.clear()
        self._ended = True
        self._chunks.put_nowait((monotonic(), b""))  # wakes who waits for a line

    def _write(self) -> None:
        while True:
            stream, text = self._to_write.get()
            try:
                if stream:
                    stream.write(text)
                    stream.flush()
            except (OSError, ValueError):
                if stream is sys.stdout:
                    self._tell(self._on_nobody_reads)
            self._tell(self._on_written, len(text))

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the program is exiting
            self._loop.call_soon_threadsafe(callback, *arguments)


def _read_some() -> bytes:
    if not sys.stdin or not isinstance(sys.stdin.buffer, BufferedReader):
        return b""
    try:
        return sys.stdin.buffer.read1(_CHUNK)
    except (OSError, ValueError):  # it was closed
        return b""


if sys.platform == "win32":
    import msvcrt

    def _forget_unread() -> None:
        while msvcrt.kbhit():
            msvcrt.getwch()

else:
    import select
    import termios

    def _is_typed(within: float | None) -> bool:
        try:
            return bool(select.select([sys.stdin], [], [], within)[0])
        except (OSError, ValueError):  # it was closed: whoever reads finds out
            return True

    def _forget_unread() -> None:
        with suppress(OSError, termios.error):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
