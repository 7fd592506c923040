"""Sees what a student saves and which key is pressed; on every system.

Everything happens in one thread: between two looks at the keyboard, the files
have a quarter of a second to tell that they have changed.
"""

import contextlib
import importlib
import os
import select
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Self, TextIO

import watchfiles

from batepapo_labs.folder import FILE, KEPT, is_ours

_LOOK: Final = 250  # ms between two looks at the keyboard
_QUIET: Final = 50  # ms after which a save is taken to be complete
_POLL: Final = 500  # ms between two looks at every file, where it has to be so

# What programs and compilers leave behind; nobody edits it.
_PRODUCTS: Final = frozenset(
    {".class", ".exe", ".jsonl", ".log", ".o", ".obj", ".out", ".pdb", ".pyc", ".tmp"}
)
_FOLDERS: Final = (
    "__pycache__",
    "bin",
    "build",
    "dist",
    "node_modules",
    "obj",
    "target",
)


class Sources(watchfiles.DefaultFilter):
    """Lets through what a student edits.

    Not what editors and compilers leave behind, and nothing that is ours. What
    stands in `lab.toml` counts when the student changes it, not when we do.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(ignore_dirs=(*self.ignore_dirs, *_FOLDERS, KEPT))
        self._folder = folder
        self._said = self._what_we_need()

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        """Whether this change is to be told."""
        if not super().__call__(change, path):
            return False
        inside = Path(path)
        with contextlib.suppress(ValueError):
            inside = inside.relative_to(self._folder)
        if inside == Path(FILE):
            return self._is_edited()
        ours = any(is_ours(self._folder / part) for part in inside.parts)
        return not ours and inside.suffix not in _PRODUCTS

    def _is_edited(self) -> bool:
        before, self._said = self._said, self._what_we_need()
        return before != self._said

    def _what_we_need(self) -> list[str]:
        """The lines that the checker does not write itself."""
        with contextlib.suppress(OSError, UnicodeError):
            text = (self._folder / FILE).read_text(encoding="utf-8")
            return text.partition("[passed]")[0].splitlines()
        return []


class Watcher:
    """Tells what changes in a folder, and which keys are pressed meanwhile.

    Args:
        folder: the student's.
        polling: look at every file again and again, where the system tells nothing
            (on network drives, for instance). Of two saves within a second it may
            see only the first.
    """

    def __init__(self, folder: Path, *, polling: bool = False) -> None:
        self._folder = folder
        self._changes = watchfiles.watch(
            folder,
            watch_filter=Sources(folder),
            debounce=_LOOK,
            step=_QUIET,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            raise_interrupt=True,
            force_polling=polling or None,
            poll_delay_ms=_POLL,
        )

    def __enter__(self) -> Self:
        next(self._changes)  # from here on, nothing is missed
        return self

    def __exit__(self, *_: object) -> None:
        self._changes.close()

    def events(self, keys: "Keys") -> Iterator[str | list[Path]]:
        """A key that was pressed, or the files that were saved, as they come."""
        for changes in self._changes:
            if changes:
                yield sorted(self._inside(path) for _, path in changes)
            while key := keys.pressed():
                yield key

    def _inside(self, path: str) -> Path:
        with contextlib.suppress(ValueError):
            return Path(path).relative_to(self._folder)
        return Path(path)


class Keys:
    """The keys that are pressed, one at a time and without Enter.

    Where standard input is no terminal there are none. The terminal is as it was
    before when this is left.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdin
        self.possible = self._stream is not None and self._stream.isatty()
        self._restore: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        if self.possible and os.name != "nt":
            termios, tty = _module("termios"), _module("tty")
            number = self._stream.fileno()
            before = termios.tcgetattr(number)
            self._restore = lambda: termios.tcsetattr(number, termios.TCSADRAIN, before)
            tty.setcbreak(number)
        return self

    def __exit__(self, *_: object) -> None:
        if self._restore is not None:
            self._restore()

    def pressed(self) -> str:
        """The next key that was pressed, in lower case; nothing if there was none."""
        if not self.possible:
            return ""
        if os.name == "nt":
            msvcrt = _module("msvcrt")
            return str(msvcrt.getwch()).lower() if msvcrt.kbhit() else ""
        number = self._stream.fileno()
        if not select.select([number], [], [], 0)[0]:
            return ""
        octets = os.read(number, 1)
        return octets.decode("ascii", "replace").lower() or "q"  # the end of input


def _module(name: str) -> Any:
    """A part of the standard library that not every system has."""
    return importlib.import_module(name)
