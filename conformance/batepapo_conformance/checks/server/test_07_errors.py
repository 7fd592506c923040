"""Section 7: errors."""

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve


@requirement("ERROR-1")
def test_after_error_03_the_connection_is_closed(serve: Serve) -> None:
    """“`ERRO 03` carries exactly one of the causes above as its subject; after it the
    server MUST close the connection.”
    """
    server = serve()
    for line, cause in (("/tolice", "sintaxe"), (":oi", "estado")):
        stranger = server.connect(cause)
        stranger.send(line)
        stranger.expect_error("03", cause, "ERROR-1")
        stranger.expect_closed("ERROR-1")


@requirement("ERROR-2")
def test_no_explanation_quotes_what_was_sent(serve: Serve) -> None:
    """“Explanations and reasons MUST have 1 to 400 octets, name the rule that applies,
    and never quote what a participant sent.”
    """
    server = serve()
    secret = server.scene.word()
    explanations = []

    taken = server.connect("primeiro")
    taken.enter(secret)
    other = server.connect("segundo")
    other.send(f"/ENTRAR {secret}")
    explanations.append(other.expect_error("01", secret, "ENTER-3").explanation)
    other.enter("segundo", rule="ENTER-3")
    taken.expect_entered(other)
    missing = server.scene.word()
    other.send(f"{missing}:{secret}")
    explanations.append(other.expect_error("02", missing, "PRIVATE-2").explanation)
    other.send(f"/{secret} {missing}")
    explanations.append(other.expect_forced_out("sintaxe", "FRAME-4").explanation)
    explanations.append(taken.expect_left(other).reason)
    stranger = server.connect("terceiro")
    stranger.send(f":{secret} {missing}")
    explanations.append(stranger.expect_forced_out("estado", "STATE-1").explanation)

    for text in explanations:
        for word in (secret, missing):
            if word in text.lower():
                expected = f"an explanation without {word}, which was sent"
                raise RuleBroken("ERROR-2", expected, text.encode("ascii"))


@requirement("ERROR-4")
def test_codes_04_and_05_are_not_on_the_wire(serve: Serve) -> None:
    """“Codes 04 and 05 MUST NOT appear on the wire.”"""
    server = serve()
    server.participant("ana")
    for number, line in enumerate(
        (b"/ENTRAR ana", b"/tolice", b":oi", b"/ENTRAR", b"\x00", b"a" * 600)
    ):
        stranger = server.connect(f"linha-{number}")
        stranger.send_pieces(line + b"\n/SAIR\n")
        _read_to_the_end(stranger)


def _read_to_the_end(one: Participant) -> None:
    while isinstance(line := one.listen("the end of the stream", "ERROR-1"), bytes):
        if line.startswith((b"ERRO 04", b"ERRO 05")):
            raise RuleBroken("ERROR-4", "a code from 01 to 03", line.rstrip(b"\n"))
        one.connection.put_back(line)
        one.read("a line", "ERROR-1")
