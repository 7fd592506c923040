"""What a person at a client would do and see: typed lines, output, exit status."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.process import Collected, Process, Processes, Stream

SOON: Final = 5.0
"""Seconds in which anything is shown that does not have to wait for something."""

AT_ONCE: Final = 4.0
"""Seconds that "at once" may take: less than the 5 s of politeness (QUIT-2)."""

STARTING: Final = 15.0
"""Seconds that an interpreter may take to start on a busy machine."""

_OUTPUT: Final = "standard output"
_ERRORS: Final = "standard error"
_ENDING = 6.0  # seconds in which a client whose input and connection ended has ended
_LOOK = 0.01  # seconds between two looks at what has been shown
_CHUNK = 1 << 16

_CTRL_D = b"\x04"  # at the beginning of a line it ends the input of a terminal


class Terminal:
    """One started client, seen from its standard streams.

    What it shows is looked for in whole lines, each found once, and in any
    order: the words around nick and text are the client's own. Expectations
    name the rule that the check relies on at this step.

    Args:
        process: the client.
        output: its standard output; `None` if nobody reads that.
        errors: its standard error.
        write: gives octets to its standard input.
        end_input: ends its standard input.
        seconds: stretches a deadline for a slow testee.
        hang_up: ends the client's conversation from the other side, if it has one.
    """

    def __init__(
        self,
        process: Process,
        *,
        output: Collected | None,
        errors: Collected,
        write: Callable[[bytes], None],
        end_input: Callable[[], None],
        seconds: Callable[[float], float],
        hang_up: Callable[[], None] | None = None,
    ) -> None:
        self.process = process
        self._end_input = end_input
        self._hang_up = hang_up
        self._streams = {_ERRORS: errors}
        if output is not None:
            self._streams[_OUTPUT] = output
        self._write = write
        self._seconds = seconds
        self._lines: dict[str, list[bytes]] = {name: [] for name in self._streams}
        self._mark = dict.fromkeys(self._streams, 0)

    # ---- what the person does ----

    def types(self, *lines: str) -> None:
        """Type lines, each ended by LF."""
        self.types_octets(_typed(lines))

    def types_octets(self, octets: bytes) -> None:
        """Type octets as they are."""
        self._mark = self._totals()
        self._write(octets)

    def types_in_background(self, *lines: str) -> None:
        """Type more lines than a pipe holds, while the check goes on.

        How long it takes to make them, and to begin, is no fault of the client.
        """
        octets = _typed(lines)
        begins = threading.Event()

        def type_on() -> None:
            begins.set()
            with contextlib.suppress(ValueError):  # the pipe was closed meanwhile
                self.types_octets(octets)

        # A daemon: it ends when the client does, which the check sees to.
        threading.Thread(target=type_on, daemon=True).start()
        begins.wait()

    def ends_input(self) -> None:
        """End the standard input."""
        self._end_input()

    def interrupts(self) -> None:
        """Press Ctrl-C (Ctrl-Break where that is what reaches a program)."""
        if os.name == "nt":
            self.process.signal(signal.Signals["CTRL_BREAK_EVENT"])
        else:
            self.process.signal(signal.SIGINT)

    def terminates(self) -> None:
        """Send SIGTERM.

        Raises:
            NoVerdict: this system has none.
        """
        if os.name == "nt":
            raise NoVerdict("Windows has no SIGTERM")
        self.process.signal(signal.SIGTERM)

    # ---- what the person sees ----

    def shows(self, *words: str, rule: str, within: float | None = None) -> str:
        """A line of standard output holds all these words, in any case.

        Returns:
            the line.

        Raises:
            RuleBroken: there is none.
        """
        return self._find(words, (_OUTPUT,), rule, within)

    def warns(self, *words: str, rule: str, within: float | None = None) -> str:
        """The same of standard error."""
        return self._find(words, (_ERRORS,), rule, within)

    def says(self, *words: str, rule: str, within: float | None = None) -> str:
        """The same of either."""
        return self._find(words, tuple(self._streams), rule, within)

    def shows_all(self, words: Sequence[str], *, rule: str) -> None:
        """Lines of standard output hold these words, together or apart.

        Raises:
            RuleBroken: one of them is nowhere.
        """
        name = _OUTPUT

        def there() -> bool:
            self._collect(name)
            text = b"".join(self._lines[name]).decode("utf-8", "replace").lower()
            return all(word.lower() in text for word in words)

        if not self._wait(there, SOON):
            shown = b"".join(self._lines[name])
            raise RuleBroken(rule, f"{', '.join(words)} on {name}", shown)

    def look_away(self) -> None:
        """Forget the lines that no expectation has found so far."""
        for name in self._streams:
            self._collect(name)
            self._lines[name].clear()

    def marks_here(self) -> None:
        """Take this moment for that of a typed line, though nobody types."""
        self._mark = self._totals()

    def is_told_something(self, *, rule: str, what: str) -> None:
        """Since the last typed line something that can be read was shown or warned.

        Raises:
            RuleBroken: nothing was.
        """
        self._says_something(self._mark, rule, what)

    def has_said_something(self, *, rule: str, what: str) -> None:
        """The same since the start.

        Raises:
            RuleBroken: nothing was.
        """
        self._says_something(dict.fromkeys(self._streams, 0), rule, what)

    def _says_something(self, before: Mapping[str, int], rule: str, what: str) -> None:
        def told() -> bool:
            return any(
                chr(octet).isalpha()
                for name, begin in before.items()
                for octet in self._streams[name].beginning[begin:]
            )

        if not self._wait(told, SOON):
            raise RuleBroken(rule, what, f"no output within {SOON:g} s")

    def said_since_typing(self) -> bytes:
        """What was shown and warned since the last typed line."""
        return b"".join(
            stream.beginning[self._mark[name] :]
            for name, stream in self._streams.items()
        )

    def waits_for_output(self, *, rule: str, what: str) -> None:
        """Since the last typed line (or the start) there was any output at all.

        Raises:
            RuleBroken: there was none.
        """
        if not self._wait(lambda: self._totals() != self._mark, STARTING):
            raise RuleBroken(rule, what, f"no output within {STARTING:g} s")
        self._mark = self._totals()

    def exits(self, status: int, *, rule: str, within: float | None = None) -> None:
        """The client ends with this exit status.

        Raises:
            RuleBroken: it ends with another, or does not end.
        """
        self._exits(status, rule, rule, within)

    def leaves(self, *, rule: str, within: float | None = None) -> None:
        """The client, which was asked to leave while entered, ends with status 0.

        Raises:
            RuleBroken: it does not end, which breaks `rule`; or it has another
                status, which breaks QUIT-4.
        """
        self._exits(0, rule, "QUIT-4", within)

    def _exits(
        self, status: int, ending: str, value: str, within: float | None
    ) -> None:
        limit = self._limit(within, AT_ONCE)
        ended = self.process.wait(limit)
        if ended is None:
            raise RuleBroken(ending, f"exit status {status}", f"runs after {limit:g} s")
        for stream in self._streams.values():
            stream.wait_end(SOON)
        if ended != status:
            actual = f"signal {-ended}" if ended < 0 else f"exit status {ended}"
            raise RuleBroken(value, f"exit status {status}", actual)

    def ends(self, *, rule: str) -> None:
        """The client ends, whatever its status.

        Raises:
            RuleBroken: it does not.
        """
        if self.process.wait(self._seconds(SOON)) is None:
            raise RuleBroken(rule, "the end of the client", f"runs after {SOON:g} s")
        for stream in self._streams.values():
            stream.wait_end(SOON)

    def never_shows(self, octets: bytes, *, rule: str) -> None:
        """What has been shown and warned so far holds nothing of these octets.

        Raises:
            RuleBroken: it does.
        """
        for name, stream in self._streams.items():
            place = stream.beginning.find(octets)
            if place >= 0:
                around = stream.beginning[max(0, place - 20) : place + 60]
                at = min(20, place)
                raise RuleBroken(rule, f"no such octets on {name}", around, at=at)

    def everything(self) -> bytes:
        """All of standard output so far, its first MiB."""
        return self._streams[_OUTPUT].beginning

    def _find(
        self,
        words: Sequence[str],
        names: Sequence[str],
        rule: str,
        within: float | None,
    ) -> str:
        wanted = [word.lower() for word in words]

        def found() -> str | None:
            for name in names:
                self._collect(name)
                for index, line in enumerate(self._lines[name]):
                    text = line.decode("utf-8", "replace")
                    if all(word in text.lower() for word in wanted):
                        del self._lines[name][index]
                        return text
            return None

        limit = self._limit(within, SOON)
        deadline = time.monotonic() + limit
        line = found()
        while line is None and time.monotonic() < deadline and not self._ended():
            time.sleep(_LOOK)
            line = found()
        line = line if line is not None else found()
        if line is None:
            expected = " and ".join(f"`{word}`" for word in words)
            where = " or ".join(names)
            # Of standard error this would prove nothing: ending is itself an error.
            only_output = names == (_OUTPUT,)
            if only_output and self._is_made_to_end() and found() is not None:
                actual = "it came only when the client ended"
                raise RuleBroken("SHOW-6", f"a line with {expected} at once", actual)
            rest = self._lines[names[0]]
            raise RuleBroken(
                rule,
                f"a line of {where} with {expected}",
                rest[-1] if rest else f"none within {limit:g} s",
                "The last line that it showed." if rest else "",
            )
        return line

    def _limit(self, within: float | None, patience: float) -> float:
        """Seconds to wait; no factor shortens a limit that a check gives."""
        if within is None:
            return self._seconds(patience)
        return max(within, self._seconds(within))

    def _is_made_to_end(self) -> bool:
        """After a failure: whether the client still ran, and now ends by itself.

        What a program keeps in a buffer comes out then. That is the commonest
        mistake of clients, and it looks like a broken rule of any other kind.
        """
        if self._ended():
            return False
        self._end_input()
        if self._hang_up is not None:
            self._hang_up()
        return all(stream.wait_end(_ENDING) for stream in self._streams.values())

    def _collect(self, name: str) -> None:
        while (line := self._streams[name].next_line(0)) is not None:
            self._lines[name].append(line)

    def _ended(self) -> bool:
        return all(stream.ended for stream in self._streams.values())

    def _totals(self) -> dict[str, int]:
        return {name: stream.total for name, stream in self._streams.items()}

    def _wait(self, ready: Callable[[], bool], within: float) -> bool:
        deadline = time.monotonic() + self._seconds(within)
        while not ready():
            if time.monotonic() > deadline or (self._ended() and not ready()):
                return False
            time.sleep(_LOOK)
        return True


def _typed(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def through_pipes(
    processes: Processes,
    arguments: Sequence[str],
    *,
    who: str,
    seconds: Callable[[float], float],
    stdout: Stream = Stream.COLLECT,
    environment: Mapping[str, str | None] | None = None,
    hang_up: Callable[[], None] | None = None,
) -> Terminal:
    """Start a client with three pipes.

    Raises:
        CannotStart: the system cannot start it.
    """
    process = processes.start(
        arguments,
        who=who,
        stdin=Stream.PIPE,
        stdout=stdout,
        environment=environment,
        record=True,
    )
    return Terminal(
        process,
        output=process.output if stdout is Stream.COLLECT else None,
        errors=process.errors,
        write=process.write,
        end_input=process.close_input,
        seconds=seconds,
        hang_up=hang_up,
    )


def on_pseudo_terminal(
    processes: Processes,
    arguments: Sequence[str],
    *,
    who: str,
    exchange: Exchange,
    seconds: Callable[[float], float],
) -> Terminal:
    """Start a client whose standard input and output are a terminal.

    Standard error stays a pipe, so that it can be told apart.

    Raises:
        NoVerdict: this system has no pseudo-terminals.
        CannotStart: the system cannot start the client.
    """
    if os.name != "posix":
        raise NoVerdict("pseudo-terminals are POSIX")
    master, slave = os.openpty()
    try:
        process = processes.start(
            arguments, who=who, stdin=slave, stdout=slave, record=True
        )
    except BaseException:
        os.close(master)
        raise
    finally:
        os.close(slave)
    output = Collected(lambda chunk: exchange.shown(who, chunk))
    _Screen(master, output).start()

    def write(octets: bytes) -> None:
        exchange.typed(who, octets)
        with contextlib.suppress(OSError):
            os.write(master, octets)

    return Terminal(
        process,
        output=output,
        errors=process.errors,
        write=write,
        end_input=lambda: write(_CTRL_D),
        seconds=seconds,
    )


class _Screen(threading.Thread):
    """Reads the suite's side of a pseudo-terminal until the client's side is gone."""

    def __init__(self, master: int, output: Collected) -> None:
        # A daemon: whatever the client started may hold its side open.
        super().__init__(daemon=True)
        self._master = master
        self._output = output

    def run(self) -> None:
        chunk = b"-"
        while chunk:
            try:
                chunk = os.read(self._master, _CHUNK)
            except OSError:  # EIO is how Linux says that the other side is closed
                chunk = b""
            self._output.add(chunk)
