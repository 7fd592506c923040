"""Sections 5.5 and 5.6: lists, and leaving."""

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.server import Serve, Server


@requirement("LIST-1")
def test_the_list_has_everybody_in_order_of_entry(server: Server) -> None:
    """“The participant that asked, and nobody else, MUST receive the list of all
    participants, itself included, in order of entry.”
    """
    people = server.participants("zeca", "Ana", "mario")
    server.connect("nao-entrou")
    for one in people:
        one.send("/USUARIOS", "/USUARIOS")
        for _ in range(2):
            one.expect_list(["zeca", "Ana", "mario"])
    for one in people:
        one.barrier("LIST-1")


@requirement("LIST-1")
def test_who_comes_back_is_last_in_the_list(serve: Serve) -> None:
    """“[...] the list of all participants, itself included, in order of entry.”"""
    server = serve()
    ana, beto = server.participants("ana", "beto")
    ana.leave()
    beto.expect_left(ana, "LEAVE-1")
    again = server.participant("ana")
    for one in (again, beto):
        one.send("/USUARIOS")
        one.expect_list(["beto", "ana"])


@requirement("LIST-1")
def test_a_lone_participant_is_in_its_list(serve: Serve) -> None:
    """“[...] the list of all participants, itself included”."""
    ana = serve().participant("ana")
    ana.send("/USUARIOS")
    ana.expect_list(["ana"])


@requirement("LIST-2")
def test_a_long_list_comes_in_several_lines(serve: Serve) -> None:
    """“`remaining` MUST be the number of nicks still to come in further lines of this
    list [...]. Each line holds at least one nick, and nothing else stands between the
    lines of one list.”
    """
    server = serve()
    nicks = [f"participante-{number:03}" for number in range(70)]
    people = []
    for number, nick in enumerate(nicks):
        people.append(server.connect(nick))
        people[-1].enter(present=nicks[:number], rule="LIST-2")
    people[-1].send("/USUARIOS", ":oi")
    people[-1].expect_list(nicks, "LIST-2")
    people[-1].expect_public(people[-1], "oi")


@requirement("LIST-2")
def test_the_list_of_an_empty_room(serve: Serve) -> None:
    """“The list of an empty room is `USUARIOS 0`.”"""
    ana = serve().connect("ana")
    ana.send("/ENTRAR ana")
    ana.expect("USUARIOS 0", "LIST-2")


@requirement("LEAVE-1")
def test_who_leaves_is_seen_to_leave_by_everyone(server: Server) -> None:
    """“When a participant sends `/SAIR` or `{quit}`, everyone MUST receive
    `SAIU time origin :reason`, the leaver included, as the last line on the leaver's
    connection; then the server closes that. What still comes from it is discarded.”
    """
    for word in ("/SAIR", "{quit}"):
        ana, beto = server.participants("ana", "beto")
        beto.send(":adeus", word, ":voltei", "/SAIR", "/tolice")
        for one in (ana, beto):
            one.expect_public(beto, "adeus")
            one.expect_left(beto, "LEAVE-1")
        beto.expect_closed("LEAVE-1")
        ana.barrier("LEAVE-1")
        ana.leave()


@requirement("LEAVE-2")
def test_who_leaves_before_entering_hears_nothing(server: Server) -> None:
    """“When a waiting connection sends `/SAIR` or `{quit}`, the server MUST close it
    without a further line. Nobody else sees anything.”
    """
    ana = server.participant("ana")
    for word in ("/SAIR", "{quit}"):
        stranger = server.connect(word)
        stranger.send(word, "/ENTRAR beto", ":oi")
        stranger.expect_closed("LEAVE-2")
        refused = server.connect(f"{word}-2")
        refused.send("/ENTRAR ana", word)
        refused.expect_error("01", "ana", "ENTER-3")
        refused.expect_closed("LEAVE-2")
    ana.barrier("LEAVE-2")


@requirement("LEAVE-3")
def test_every_other_departure_is_seen_by_the_others_alone(serve: Serve) -> None:
    """“When a participation ends in any other way (end of stream, reset, `ERRO 03`,
    cut off), every other participant MUST receive `SAIU`, and the one that ended MUST
    NOT.”
    """
    server = serve()
    ana, beto = server.participants("ana", "beto")
    ended = server.participant("fim")
    ended.half_close()
    for one in (ana, beto):
        one.expect_left(ended)
    ended.expect_closed("LEAVE-3")

    refused = server.participant("erro")
    refused.send("/tolice")
    for one in (ana, beto):
        one.expect_left(refused)
    refused.expect_forced_out("sintaxe", "LEAVE-3")

    for go in ("reset", "close"):
        gone = server.participant(go)
        getattr(gone, go)()
        for one in (ana, beto):
            one.expect_left(gone)
    for one in (ana, beto):
        one.barrier("LEAVE-3")


@requirement("LEAVE-4")
def test_one_saiu_at_most_with_the_same_origin(serve: Serve) -> None:
    """“The origin in a participant's `SAIU` MUST be the same as in its `ENTROU`, and
    each `ENTROU` is followed by at most one `SAIU`.”
    """
    server = serve()
    ana = server.participant("ana")
    for octets in (b"/SAIR\n/SAIR\n{quit}\n", b"/SAIR\n/tolice\n", b"/tolice\n/SAIR\n"):
        for abruptly in (False, True):
            beto = server.participant("Beto")
            beto.send_pieces(octets)
            if abruptly:
                # The line itself may be lost with the reset; the departure is not.
                beto.reset()
            else:
                beto.half_close()
            ana.expect_left(beto, "LEAVE-4")
            ana.barrier("LEAVE-4")


@requirement("LEAVE-4")
def test_two_departures_of_one_nick_are_of_two_connections(serve: Serve) -> None:
    """“The origin in a participant's `SAIU` MUST be the same as in its `ENTROU`”."""
    server = serve()
    ana = server.participant("ana")
    ports, seen = [], []
    for _ in range(3):
        beto = server.participant("beto")
        beto.half_close()
        ports.append(str(beto.connection.local))
        seen.append(str(ana.expect_left(beto, "LEAVE-4").origin))
        beto.expect_closed("EOF-1")
    hidden = seen[0].endswith("@-")
    if not hidden and len(set(seen)) != len(seen):
        rule = "LEAVE-4" if seen[0].endswith(ports[0]) else "EVENT-3"
        raise RuleBroken(rule, "the port of each connection", " ".join(seen))
