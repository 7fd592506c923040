"""Section 4: states, and what does not belong."""

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import line_of


@requirement("STATE-1")
def test_who_has_not_entered_can_only_enter_or_leave(server: Server) -> None:
    """“Any other well-formed line MUST be answered with `ERRO 03 estado`, and the
    connection closed.”
    """
    for number, line in enumerate((":oi", "ninguem:oi", "/USUARIOS")):
        stranger = server.connect(f"estranho-{number}")
        stranger.send(line)
        stranger.expect_forced_out("estado", "STATE-1")


@requirement("STATE-1", "STATE-5")
def test_who_has_not_entered_is_not_heard(serve: Serve) -> None:
    """“Any other well-formed line MUST be answered with `ERRO 03 estado`”, “and
    nothing otherwise”.
    """
    server = serve()
    ana = server.participant("ana")
    for number, line in enumerate((":oi", "ana:oi", "/USUARIOS")):
        stranger = server.connect(f"estranho-{number}")
        stranger.send(line)
        stranger.expect_forced_out("estado", "STATE-1")
    ana.barrier("STATE-5")


@requirement("STATE-2")
def test_a_participant_cannot_enter_again(server: Server) -> None:
    """“For a participant, `/ENTRAR` with any nick MUST be answered with
    `ERRO 03 estado`, and the connection closed.”
    """
    ana = server.participant("ana")
    for nick in ("carla", "beto", "BETO", "ana"):
        beto = server.participant("beto")
        beto.send(f"/ENTRAR {nick}")
        beto.expect_forced_out("estado", "STATE-2")
        ana.expect_left(beto)


@requirement("STATE-3")
def test_one_error_is_the_last_line_and_nothing_after_it_counts(server: Server) -> None:
    """“[...] MUST be answered with exactly one `ERRO 03`, which is the last line on
    that connection. [...] The lines before it have been carried out and answered;
    nothing after it is carried out.”
    """
    for bad, cause in (("/tolice", "sintaxe"), ("/ENTRAR carla", "estado")):
        ana = server.participant("ana")
        beto = server.participant("beto")
        beto.send(":antes", bad, ":depois", "/tolice", "ana:depois", "/SAIR")
        beto.expect_public(beto, "antes")
        beto.expect_forced_out(cause, "STATE-3")
        ana.expect_public(beto, "antes")
        _expect_nothing_but_the_departure(ana, beto)
        ana.barrier("STATE-3")
        ana.leave()


def _expect_nothing_but_the_departure(one: Participant, gone: Participant) -> None:
    form = f"SAIU <time> {gone.origin} :<reason>"
    message = one.read(form, "LEAVE-3")
    if isinstance(message, codec.Said | codec.Whispered):
        raise RuleBroken("STATE-3", form, line_of(message))
    one.connection.put_back(codec.encode(message))
    one.expect_left(gone)


@requirement("STATE-3")
def test_nobody_enters_after_an_error(serve: Serve) -> None:
    """“[...] nothing after it is carried out.”"""
    server = serve()
    ana = server.participant("ana")
    for bad, cause in ((":oi", "estado"), ("/tolice", "sintaxe")):
        beto = server.connect("beto")
        beto.send(bad, "/ENTRAR beto", ":oi")
        beto.expect_forced_out(cause, "STATE-3")
    _expect_that_nobody_came(ana)
    ana.send("/USUARIOS")
    ana.expect_list(["ana"])


def _expect_that_nobody_came(one: Participant) -> None:
    one.send(":so eu")
    form = f"PUBLICA <time> {one.origin} :so eu"
    message = one.read(form, "PUBLIC-1")
    if isinstance(message, codec.Entered):
        raise RuleBroken("STATE-3", form, line_of(message))
    one.connection.put_back(codec.encode(message))
    one.expect_public(one, "so eu", "STATE-5")


@requirement("STATE-4")
def test_grammar_comes_before_state_for_a_waiting_connection(server: Server) -> None:
    """“Grammar MUST be judged before state: a line that no state would accept is
    `sintaxe`, also where a well-formed line would have been `estado`.”
    """
    for line in (":", "ana:", "/usuarios", "/USUARIOS ", "1ana:oi", ":oi\t"):
        stranger = server.connect(line.strip())
        stranger.send(line)
        stranger.expect_forced_out("sintaxe", "STATE-4")


@requirement("STATE-4")
def test_grammar_comes_before_state_for_a_participant(server: Server) -> None:
    """“Grammar MUST be judged before state: a line that no state would accept is
    `sintaxe`, also where a well-formed line would have been `estado`.”
    """
    for line in ("/ENTRAR", "/ENTRAR ", "/ENTRAR 1ana", "/ENTRAR " + 17 * "a"):
        ana = server.connect("ana")
        ana.enter("ana" + server.scene.word())
        ana.send(line)
        ana.expect_forced_out("sintaxe", "STATE-4")


@requirement("STATE-5")
def test_bad_input_disturbs_nobody_else(serve: Serve) -> None:
    """“Bad input MUST have no effect but the departure of the one that sent it.
    The other participants see its `SAIU` if it had entered, and nothing otherwise.”
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    _talk(ana, beto, "PUBLIC-1", "PRIVATE-1")  # what is not disturbed yet
    for number, noise in enumerate(_noise(server)):
        stranger = server.connect(f"estranho-{number}")
        stranger.send_octets(noise)
        stranger.expect_forced_out("sintaxe", "FRAME-4")
        _talk(ana, beto, "STATE-5", "STATE-5")
        intruder = server.connect(f"intruso-{number}")
        intruder.enter("intruso")
        for one in (ana, beto):
            one.expect_entered(intruder)
        intruder.send_octets(noise)
        intruder.expect_forced_out("sintaxe", "STATE-3")
        for one in (ana, beto):
            one.expect_left(intruder, "STATE-5")
        _talk(ana, beto, "STATE-5", "STATE-5")


def _noise(server: Server) -> list[bytes]:
    chance = server.scene.chance
    return [
        bytes(range(256)) * 4,
        b"\xff" + chance.randbytes(1500),
        b"\x00\n" * 300,
        b"\n\n\n\n",
        b"/ENTRAR \xf0\x9f\x98\x80\n:oi\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(32) + b"\n",
    ]


def _talk(ana: Participant, beto: Participant, public: str, private: str) -> None:
    """Insist that the room lives; the last two are the rules that it breaks if not."""
    ana.send(":oi")
    for one in (ana, beto):
        one.expect_public(ana, "oi", public)
    beto.send("ana:oi")
    ana.expect_private(beto, "oi", private)
    beto.expect_sent("ana", private)


@requirement("STATE-5")
def test_a_stranger_who_goes_away_is_not_noticed(serve: Serve) -> None:
    """“The other participants see its `SAIU` if it had entered, and nothing
    otherwise.”
    """
    server = serve()
    ana = server.participant("ana")
    for number in range(5):
        stranger = server.connect(f"estranho-{number}")
        stranger.send_octets(b"/ENTRAR es")
        if number % 2:
            stranger.reset()
        else:
            stranger.half_close()
            stranger.expect_closed("EOF-2")
    ana.barrier("STATE-5")
