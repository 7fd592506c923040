"""Section 9: the server as a program: its languages and its log."""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.process import Collected, Processes
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.starting import describe_status
from batepapo_conformance.testee import Testee

# An interpreter on a busy machine may take seconds to end.
PATIENCE = 15.0
MIB = 1 << 20
_LOGGED = 40  # octets of an entry of the log, at least

WITHOUT: Mapping[str, str | None] = {"LC_ALL": None, "LC_MESSAGES": None, "LANG": None}
PORTUGUESE, ENGLISH = "pt_BR.UTF-8", "en_US.UTF-8"


@requirement("RUN-8")
def test_messages_exist_in_two_languages(processes: Processes, testee: Testee) -> None:
    """“Messages for people SHOULD exist in Portuguese and English: `--lang pt` or
    `--lang en`; without it, by the first of the environment variables LC_ALL,
    LC_MESSAGES and LANG that is set and not empty: English if it begins with `en`,
    Portuguese otherwise.”
    """

    def said(lang: str | None = None, **environment: str) -> bytes:
        options = {"lang": lang} if lang else {}
        arguments = testee.arguments(address="nao-existe", port=0, options=options)
        process = processes.start(arguments, environment={**WITHOUT, **environment})
        status = process.wait(testee.seconds(PATIENCE))
        if status != 5:
            raise RuleBroken("RUN-4", "exit status 5", describe_status(status))
        process.errors.wait_end(testee.seconds(PATIENCE))
        # Times and process ids differ; words do not.
        return re.sub(rb"\d+", b"0", process.errors.beginning)

    portuguese, english = said("pt"), said("en")
    if portuguese == english:
        raise RuleBroken("RUN-8", "another message with --lang en", english[:200])
    for expected, environment in (
        (portuguese, {}),
        (english, {"LANG": ENGLISH}),
        (portuguese, {"LANG": "fr_FR.UTF-8"}),
        (english, {"LC_ALL": "", "LC_MESSAGES": ENGLISH, "LANG": PORTUGUESE}),
        (portuguese, {"LC_ALL": PORTUGUESE, "LC_MESSAGES": ENGLISH}),
    ):
        if said(**environment) != expected:
            language = "Portuguese" if expected == portuguese else "English"
            found = " ".join(f"{name}={text}" for name, text in environment.items())
            raise RuleBroken("RUN-8", language, f"the other, with {found or 'nothing'}")
    if said("pt", LC_ALL=ENGLISH) != portuguese:
        raise RuleBroken("RUN-8", "Portuguese with --lang pt", f"LC_ALL={ENGLISH} wins")


class _Log:
    """What a server has logged so far, as lines."""

    def __init__(self, server: Server) -> None:
        self._errors: Collected = server.process.errors
        self._patience = server.scene.prompt

    def mentions(self, what: str, *words: str) -> None:
        """Insist on a line with a time and these words; wait for it if need be."""

        def is_there() -> bool:
            lines = self._errors.beginning.decode("utf-8", "replace").splitlines()
            return any(
                re.search(r"\d\d:\d\d", line) and all(word in line for word in words)
                for line in lines
            )

        if not self._errors.wait_for(is_there, self._patience):
            expected = f"a line of the log with a time: {what}, {' '.join(words)}"
            raise RuleBroken("LOG-1", expected, self._errors.tail)

    def lines(self) -> int:
        """Count the lines so far."""
        return self._errors.beginning.count(b"\n")

    def has_more_than(self, lines: int, what: str) -> None:
        """Insist on a further line; wait for it if need be."""
        if not self._errors.wait_for(lambda: self.lines() > lines, self._patience):
            expected = f"a line of the log: {what}"
            raise RuleBroken("LOG-1", expected, self._errors.tail)


@requirement("LOG-1")
def test_the_log_says_who_comes_and_goes_and_what_goes_wrong(serve: Serve) -> None:
    """“A server MUST log to standard error: who connects from which `address:port`, who
    enters with which nick, who leaves and why, and every error it answers, each on one
    line with a time.”
    """
    server = serve()
    log = _Log(server)
    nick = server.scene.word()
    ana = server.connect("ana")
    log.mentions("who connects", str(ana.connection.local))
    ana.enter(nick)
    log.mentions("who enters", nick)

    for line, expect, what in _mistakes(nick):
        other = server.connect("outra")
        log.mentions("who connects", str(other.connection.local))
        before = log.lines()
        other.send(line)
        expect(other)
        log.has_more_than(before, what)
        other.close()

    before = log.lines()
    ana.leave()
    log.has_more_than(before, f"{nick} leaves")


def _mistakes(nick: str) -> list[tuple[str, Callable[[Participant], object], str]]:
    return [
        (
            f"/ENTRAR {nick}",
            lambda one: one.expect_error("01", nick, "ENTER-3"),
            "ERRO 01",
        ),
        (
            "/tolice",
            lambda one: one.expect_forced_out("sintaxe", "FRAME-4"),
            "ERRO 03 sintaxe",
        ),
        (
            ":oi",
            lambda one: one.expect_forced_out("estado", "STATE-1"),
            "ERRO 03 estado",
        ),
    ]


@requirement("LOG-1")
def test_the_log_says_who_is_lost(serve: Serve) -> None:
    """“[...] who leaves and why [...], each on one line with a time.”"""
    server = serve()
    log = _Log(server)
    ana = server.participant("ana")
    for go in (Participant.half_close, Participant.reset):
        beto = server.connect("beto")
        beto.enter(nick := server.scene.word())
        ana.expect_entered(beto)
        log.mentions("who enters", nick)
        before = log.lines()
        go(beto)
        ana.expect_left(beto)
        log.has_more_than(before, f"{nick} leaves")


@requirement("LOG-2")
def test_the_log_holds_nothing_that_was_said(serve: Serve, testee: Testee) -> None:
    """“The log MUST NOT contain the text of any message nor anything else a client sent
    but accepted nicks.”
    """
    server = serve()
    secrets = {
        what: server.scene.word() for what in ("public", "private", "bad", "nick")
    }
    ana = server.participant("ana")
    ana.send(f":{secrets['public']}", f"ana:{secrets['private']}")
    ana.expect_public(ana, secrets["public"])
    ana.expect_private(ana, secrets["private"], "PRIVATE-3")
    ana.expect_sent("ana", "PRIVATE-3")
    ana.send(f"{secrets['nick']}:oi")
    ana.expect_error("02", secrets["nick"], "PRIVATE-2")
    ana.send_octets(f"/{secrets['bad']} \x1b[31m\n".encode())
    ana.expect_forced_out("sintaxe", "FRAME-4")
    stranger = server.connect("outra")
    stranger.send(f":{secrets['public']}")
    stranger.expect_forced_out("estado", "STATE-1")
    last = server.connect("ultima")  # what is logged of it comes after the rest
    _Log(server).mentions("who connects", str(last.connection.local))
    for stream in (server.process.errors, server.process.output):
        text = stream.beginning
        for what, secret in secrets.items():
            if secret.encode() in text:
                expected = f"nothing that was sent ({what})"
                line = next(one for one in text.splitlines() if secret.encode() in one)
                raise RuleBroken("LOG-2", expected, line)
        if b"\x1b[31m" in text:
            raise RuleBroken("LOG-2", "no raw octets", "an escape sequence")


@requirement("LOG-3")
def test_the_log_may_go_to_a_file(serve: Serve, tmp_path: Path) -> None:
    """“With `--log-file PATH` the same log SHOULD also be written to that file”."""
    path = tmp_path / "server.log"
    server = serve(options={"log-file": path})
    nick = server.scene.word()
    ana = server.connect("ana")
    ana.enter(nick)
    _written(path, nick, server.scene.prompt)
    _Log(server).mentions("who enters", nick)  # the same on standard error


@requirement("LOG-3", "RUN-7")
def test_a_log_file_that_cannot_be_opened(
    processes: Processes, testee: Testee, tmp_path: Path
) -> None:
    """“A file that cannot be opened, or whose folder does not exist, is RUN-7.”"""
    options = {"log-file": tmp_path / "nao-existe" / "server.log"}
    arguments = testee.arguments(address="127.0.0.1", port=0, options=options)
    process = processes.start(arguments)
    status = process.wait(testee.seconds(PATIENCE))
    if status != 2:
        raise RuleBroken("LOG-3", "exit status 2", describe_status(status))


@requirement("LOG-3")
def test_the_log_file_is_rotated(serve: Serve, tmp_path: Path) -> None:
    """“[...] which is rotated (renamed to a backup and begun anew) before it grows
    without bound.”
    """
    path = tmp_path / "server.log"
    # Of yesterday, and so long that for most servers a few lines more are too many.
    path.write_bytes(b"ontem\n" * (12 * MIB // 6))
    server = serve(options={"log-file": path})
    server.participant("ana")
    written = 0
    while not _backups(path):
        if written > MIB:
            raise NoVerdict("no rotation within 13 MiB; later is too late to wait for")
        other = server.connect("outra")  # each time anew: it has to enter in time
        other.pipeline(*["/ENTRAR ana"] * 500)  # each an error that is logged
        for _ in range(500):
            other.expect_error("01", "ana", "ENTER-3")
        other.close()
        written += 500 * _LOGGED
    beto = server.connect("beto")
    beto.enter(nick := server.scene.word(), rule="LOG-3")
    _written(path, nick, server.scene.prompt)  # the file was begun anew


def _backups(path: Path) -> list[Path]:
    """What is beside the log file: there is nothing else in its folder."""
    return [one for one in path.parent.iterdir() if one != path]


def _written(path: Path, nick: str, seconds: float) -> None:
    """Insist that the file comes to say, soon, that somebody entered."""
    deadline = time.monotonic() + seconds
    while not (path.exists() and nick in path.read_text("utf-8", "replace")):
        if time.monotonic() > deadline:
            raise RuleBroken("LOG-3", f"{nick} enters, in the file", "nothing of it")
        time.sleep(0.02)
