"""Section 10.1: arguments and questions."""

import time
from collections.abc import Mapping, Sequence

import pytest

from batepapo_conformance.checks.client.stage import (
    TOLERANCE,
    Stage,
    nobody_listening,
)
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    left,
    participants,
    refused,
)

_WRONG_USAGE = 2


@requirement("ASK-1")
def test_with_three_arguments_nothing_is_asked(stage: Stage) -> None:
    """“MUST connect and enter without asking anything”."""
    ana = stage.start("ana")
    wire = stage.accept()
    wire.send(greeting())
    wire.expect("/ENTRAR ana", rule="ASK-1")
    wire.send(participants(), entered("ana"))
    # Had it asked, the first typed line would have been an answer.
    ana.types("beto")
    wire.expect(":beto", rule="ASK-1")


@requirement("ASK-1")
def test_an_empty_address_argument_is_the_loopback(stage: Stage) -> None:
    """“An empty address means 127.0.0.1”."""
    stage.start("ana", address="")
    stage.greet("ana", rule="ASK-1")


@requirement("ASK-1", "ASK-2", "ASK-3")
def test_an_empty_port_is_55555_wherever_it_is_given(stage: Stage) -> None:
    """“An empty address means 127.0.0.1 and an empty port 55555”."""
    server = stage.listen_at_default_port()
    stage.start("ana", address="", port="", server=server)
    stage.greet("ana", rule="ASK-1", server=server).close()
    asked = stage.start(None, port=None, server=server)
    asked.types("", "beto")
    stage.greet("beto", rule="ASK-2", server=server).close()
    offline = stage.start_offline()
    offline.types("/ENTRAR carla")
    stage.greet("carla", rule="ASK-3", server=server).close()
    offline = stage.start_offline()
    offline.types("/ENTRAR", *map(str, server.endpoint), "davi")
    stage.greet("davi", rule="ASK-3", server=server).close()
    offline = stage.start_offline()
    offline.types("/ENTRAR", "", "", "elis")
    stage.greet("elis", rule="ASK-2", server=server)


@requirement("ASK-2")
def test_what_is_missing_is_asked_for_in_order(stage: Stage) -> None:
    """“in the order address, port, nick, one line of standard input each”."""
    ana = stage.start(None, port=None)
    ana.types(str(stage.server.endpoint.port), "ana", "oi")
    wire = stage.greet("ana", rule="ASK-2")
    wire.send(participants(), entered("ana"))
    wire.expect(":oi", rule="ASK-2")


@requirement("ASK-2")
def test_the_nick_alone_is_asked_for(stage: Stage) -> None:
    """“what is missing MUST be asked for”."""
    ana = stage.start(None)
    ana.waits_for_output(rule="ASK-2", what="a question")
    ana.types("ana")
    stage.greet("ana", rule="ASK-2")


@requirement("ASK-2")
def test_all_questions_come_before_connecting(stage: Stage) -> None:
    """“All questions come before connecting”."""
    ana = stage.start(None, port=None)
    ana.waits_for_output(rule="ASK-2", what="a question for the port")
    ana.types(str(stage.server.endpoint.port))
    ana.waits_for_output(rule="ASK-2", what="a question for the nick")
    if stage.server.is_called():
        raise RuleBroken("ASK-2", "no connection before the nick", "a connection")
    ana.types("ana")
    stage.greet("ana", rule="ASK-2")


@requirement("ASK-2")
def test_an_empty_nick_is_asked_for_again(stage: Stage) -> None:
    """“an empty nick is asked for again”."""
    ana = stage.start(None)
    ana.waits_for_output(rule="ASK-2", what="a question")
    for nothing in ("", "   "):
        ana.types(nothing)
        ana.waits_for_output(rule="ASK-2", what="the question again")
    ana.types("ana")
    stage.greet("ana", rule="ASK-2")


@requirement("ASK-3", "TYPE-4")
def test_without_arguments_it_starts_offline(stage: Stage) -> None:
    """“connected to nothing, reading typed lines”."""
    ana = stage.start_offline()
    ana.waits_for_output(rule="ASK-3", what="something that says where one is")
    for typed in ("oi", ":oi", "beto:psiu", "/usuarios", "/nada"):
        ana.types(typed)
        ana.says("entrar", rule="ASK-3")
    ana.types("/ajuda")
    ana.is_told_something(rule="TYPE-4", what="the help")
    ana.types(_join(stage, "/ENTRAR ana"), "agora sim")
    wire = stage.greet("ana", rule="ASK-3")
    wire.send(participants(), entered("ana"))
    # Nothing of what was typed offline comes late.
    wire.expect(":agora sim", rule="ASK-3")


@requirement("ASK-3")
@pytest.mark.parametrize("word", ["/entrar", "/EnTrAr"])
def test_joining_directly_in_any_case(stage: Stage, word: str) -> None:
    """“`/ENTRAR nick [address [port]]` joins directly”."""
    ana = stage.start_offline()
    ana.types(_join(stage, f"{word} Ana-1"))
    stage.greet("Ana-1", rule="ASK-3")


@requirement("ASK-3")
def test_joining_by_questions(stage: Stage) -> None:
    """“There `/ENTRAR` asks for address, port and nick and joins”."""
    ana = stage.start_offline()
    ana.types("/ENTRAR", *map(str, stage.server.endpoint), "ana")
    wire = stage.greet("ana", rule="ASK-3")
    wire.send(participants(), entered("ana"))
    ana.types("oi")
    wire.expect(":oi", rule="ASK-3")


@requirement("ASK-4")
def test_a_refused_connection_returns_offline(stage: Stage) -> None:
    """“MUST show its error and return offline” and let one try again."""
    ana = stage.start_offline()
    with nobody_listening() as nobody:
        ana.types(f"/ENTRAR ana {nobody.address} {nobody.port}")
        ana.warns("ERRO 04", rule="FAIL-1")
        ana.types("/ENTRAR ana 127.0.0.1 70000")
        ana.warns("ERRO 04", rule="FAIL-1")
        ana.types(_join(stage, "/ENTRAR ana"))
        stage.greet("ana", rule="ASK-4")


@requirement("ASK-4", "FAIL-2", "FAIL-5", "FAIL-6")
def test_a_failed_conversation_returns_offline(stage: Stage) -> None:
    """“MUST show its error and return offline”."""
    ana = stage.start_offline()
    ana.types(_join(stage, "/ENTRAR ana"))
    wire = stage.accept(rule="ASK-3")
    wire.send("HTTP/1.1 400 Bad Request")
    wire.half_close()
    ana.warns("ERRO 04", rule="FAIL-2")
    ana.types(_join(stage, "/ENTRAR ana"))
    wire = stage.accept(rule="ASK-4")
    wire.send(greeting(), refused("03", "cheio"))
    wire.half_close()
    ana.warns("ERRO 03", "cheio", rule="FAIL-5")
    ana.types(_join(stage, "/ENTRAR ana"))
    wire = stage.greet("ana", rule="ASK-4")
    wire.half_close()
    ana.warns("ERRO 03", "rede", rule="FAIL-6")
    ana.types(_join(stage, "/ENTRAR beto"))
    wire = stage.greet("beto", rule="ASK-4")
    wire.send(participants(), entered("beto"))
    ana.types("enfim")
    wire.expect(":enfim", rule="ASK-4")


@requirement("ASK-4", "QUIT-6")
def test_after_entering_the_end_is_the_end_of_the_program(stage: Stage) -> None:
    """“the end of the conversation is the end of the program”."""
    ana = stage.start_offline()
    ana.types(_join(stage, "/ENTRAR ana"))
    wire = stage.greet("ana", rule="ASK-3")
    wire.send(participants(), entered("ana"), refused("03", "fim"))
    wire.half_close()
    ana.warns("ERRO 03", "fim", rule="FAIL-5")
    ana.ends(rule="ASK-4")
    ana.exits(3, rule="FAIL-5")


@requirement("ASK-5")
@pytest.mark.parametrize("word", ["quit", "/SAIR", "{quit}", " /sAIR "])
def test_the_words_that_leave_do_so_at_the_nick(stage: Stage, word: str) -> None:
    """“MUST leave at a question too, with status 0”."""
    _leaves_a_room(stage, word)
    ana = stage.start(None)
    ana.types(word)
    ana.exits(0, rule="ASK-5")
    if stage.server.is_called():
        raise RuleBroken("ASK-5", "no connection", "a connection")


@requirement("ASK-5")
def test_the_words_that_leave_do_so_at_every_question(stage: Stage) -> None:
    """“MUST leave at a question too”: port, and the three from offline."""
    _leaves_a_room(stage, "quit")
    at_the_port = stage.start(None, port=None)
    at_the_port.types("quit")
    at_the_port.exits(0, rule="ASK-5")
    for before in (["/ENTRAR"], ["/ENTRAR", ""], ["/ENTRAR", "", ""]):
        offline = stage.start_offline()
        offline.types(*before, "QUIT")
        offline.exits(0, rule="ASK-5")


@requirement("ASK-3", "TYPE-3")
def test_the_words_that_leave_do_so_offline(stage: Stage) -> None:
    """“`/AJUDA` and the words that leave work as everywhere”."""
    _leaves_a_room(stage, "quit")
    ana = stage.start_offline()
    ana.types("quit")
    ana.exits(0, rule="ASK-3")


@requirement("ASK-5")
def test_the_words_that_leave_do_so_when_the_nick_is_asked_again(stage: Stage) -> None:
    """“MUST leave at a question too, with status 0”."""
    _leaves_a_room(stage, "quit")
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(refused("01", "ana"))
    ana.says("01", rule="SHOW-4")
    ana.types("beto")
    wire.expect("/ENTRAR beto", rule="TYPE-12")  # so it does ask again
    wire.send(refused("01", "beto"))
    ana.says("01", rule="SHOW-4")
    ana.types("quit")
    wire.expect_silence_or_leave(rule="ASK-5")
    wire.half_close()
    ana.exits(0, rule="ASK-5")


@requirement("ASK-6", "QUIT-6")
@pytest.mark.parametrize("option", ["--nao-existe", "-Z", "--nick-de-quem=ana"])
def test_an_unknown_option_ends_the_program(stage: Stage, option: str) -> None:
    """“MUST end the program with a message on standard error and status 2”."""
    ana = stage.start("ana", extra=[option])
    ana.warns("", rule="ASK-6")
    ana.exits(2, rule="ASK-6")
    if stage.server.is_called():
        raise RuleBroken("ASK-6", "no connection", "a connection")


@requirement("ASK-7")
def test_the_help_exists_in_two_languages(stage: Stage) -> None:
    """“A client SHOULD have `--lang pt|en`”."""
    portuguese = _help(stage, extra=["--lang", "pt"])
    english = _help(stage, extra=["--lang", "en"])
    if portuguese == english:
        raise RuleBroken("ASK-7", "another text than in Portuguese", english)


@requirement("ASK-7")
def test_the_language_comes_from_the_environment(stage: Stage) -> None:
    """“with the default of RUN-8”."""
    spoken = {
        "pt": _help(stage, extra=["--lang", "pt"]),
        "en": _help(stage, extra=["--lang", "en"]),
    }
    cases: tuple[tuple[Mapping[str, str | None], str], ...] = (
        ({"LC_ALL": "en_US.UTF-8", "LANG": "pt_BR.UTF-8"}, "en"),
        ({"LC_ALL": "pt_BR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "pt"),
        ({"LC_ALL": "", "LC_MESSAGES": "en", "LANG": "pt_BR"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "en_GB"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "pt"),
        ({"LANG": None}, "pt"),
    )
    for environment, language in cases:
        if _help(stage, environment=environment) != spoken[language]:
            set_to = ", ".join(f"{name}={text}" for name, text in environment.items())
            expected = f"the help in `{language}` with {set_to}"
            raise RuleBroken("ASK-7", expected, "another text")


@requirement("ASK-7", "FAIL-3")
def test_the_answer_timeout_is_an_option(stage: Stage) -> None:
    """“and `--answer-timeout` (seconds, FAIL-3)”."""
    option = ["--answer-timeout", "1"]
    ana = stage.start("ana", extra=option)
    stage.accept(rule="ASK-7")
    beto, _ = stage.greet_in_time(
        lambda: stage.start("beto", extra=option), "beto", patience=1, rule="ASK-7"
    )
    deadline = time.monotonic() + stage.testee.seconds(1 + TOLERANCE)
    while ana.process.status is None and beto.process.status is None:
        if time.monotonic() > deadline:
            actual = "it waits on: for a greeting, and for an answer to `/ENTRAR`"
            raise RuleBroken("ASK-7", "`ERRO 04` after 1 s of silence", actual)
        time.sleep(0.05)
    # One of the two waits is over, so it knows the option; the other has to be, too.
    for waiting in (ana, beto):
        waiting.says("ERRO 04", rule="FAIL-3", within=TOLERANCE)
        waiting.exits(4, rule="FAIL-3")


def _leaves_a_room(stage: Stage, word: str) -> None:
    """This client knows the word at all; so it is the place where it does not."""
    ana, wire = stage.enter("ana")
    ana.types(word)
    wire.expect_leave(rule="TYPE-3")
    wire.send(left("ana"))
    wire.close()


def _join(stage: Stage, command: str) -> str:
    """The typed line that joins the scripted server."""
    address, port = stage.server.endpoint
    return f"{command} {address} {port}"


def _help(
    stage: Stage,
    *,
    extra: Sequence[str] = (),
    environment: Mapping[str, str | None] | None = None,
) -> bytes:
    """Everything that the client shows offline when it is asked for help."""
    client = stage.start_offline(extra=extra, environment=environment)
    client.types("/AJUDA", "quit")
    client.ends(rule="TYPE-3")
    if client.process.status == _WRONG_USAGE:
        raise RuleBroken("ASK-7", "`--lang` is an option", "status 2: wrong usage")
    return client.everything()
