"""Sequence diagrams in their three forms, from both kinds of record."""

from xml.etree import ElementTree

import pytest

from batepapo_conformance import diagram
from batepapo_conformance.diagram import Step, Way
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.recording import Happening, Kind

SAID = "PUBLICA 2026-01-31T12:00:00.000Z ana@127.0.0.1:40000 :a; <b> & 100% #1"
STEPS = [
    Step(0.001, "ana", Way.TO_SERVER, "/ENTRAR ana"),
    Step(0.25, "beto", Way.AT_CLIENT, "connects"),
    Step(0.5, "beto", Way.TO_CLIENT, SAID, wrong=True),
]


def test_text_has_two_rows_an_arrow_and_fits() -> None:
    head, *rows = diagram.as_text(STEPS).splitlines()
    assert head.split() == ["ana", "beto", "server"]
    assert max(map(len, rows)) <= 80
    assert "/ENTRAR ana" in rows[0]
    assert rows[1].endswith("->|")
    assert rows[3].startswith("   0.500!")
    assert rows[4].index("<") > rows[1].index("-")


@pytest.mark.parametrize("people", [1, 9, 20, 300])
@pytest.mark.parametrize("width", [40, 80])
def test_text_fits_whatever_the_number_of_lanes(people: int, width: int) -> None:
    steps = [Step(n, f"guest-{n}", Way.TO_CLIENT, SAID) for n in range(people)]
    rows = diagram.as_text(steps, width).splitlines()
    assert max(map(len, rows)) <= width


def test_svg_is_xml_with_a_title_a_description_and_every_line() -> None:
    root = ElementTree.fromstring(diagram.as_svg(STEPS, title="A <b>"))
    texts = [element.text for element in root.iter() if (element.text or "").strip()]
    assert texts[0] == "A <b>"
    assert "beto receives PUBLICA" in texts[1]
    assert "(wrong)" in texts[1]
    assert SAID in texts
    ids = root.attrib["aria-labelledby"].split()
    assert ids == [root[0].attrib["id"], root[1].attrib["id"]]


def test_svg_obeys_the_scheme_of_its_reader() -> None:
    assert "prefers-color-scheme:dark" in diagram.as_svg(STEPS, title="x")


def test_svg_may_leave_its_colours_to_the_page_and_name_the_server() -> None:
    svg = diagram.as_svg(STEPS, title="x", server="servidor", styled=False)
    assert "<style>" not in svg
    root = ElementTree.fromstring(svg)
    assert root.attrib["class"] == "sequence"
    heads = [one.text for one in root.iter() if one.attrib.get("class") == "head"]
    assert heads == ["ana", "beto", "servidor"]


def test_mermaid_keeps_its_own_signs_out_of_the_text() -> None:
    lines = diagram.as_mermaid(STEPS).splitlines()
    assert lines[:2] == ["sequenceDiagram", "    participant p0 as ana"]
    assert lines[4] == "    p0->>server: /ENTRAR ana"
    assert lines[5] == "    Note over p1: connects"
    assert lines[6].endswith(":a#59; #60;b#62; & 100#37; #35;1")


def test_steps_are_made_of_both_kinds_of_record() -> None:
    record = Exchange()
    record.note("ana", "connects")
    record.sent("ana", b":um\n:do")
    record.shown("ana", b"oi\n")
    steps = list(diagram.steps_of_exchange(record.events()))
    assert [(step.way, step.text) for step in steps] == [
        (Way.AT_CLIENT, "connects"),
        (Way.TO_SERVER, ":um"),
        (Way.TO_SERVER, ":do (no LF)"),
        (Way.AT_CLIENT, "shows oi"),
    ]
    happenings = [
        Happening(0.0, "c1", Kind.CONNECTED, seen_as="127.0.0.1:1"),
        Happening(0.1, "c1", Kind.RECEIVED, b"a\nb\r\n"),
        Happening(0.2, "c1", Kind.SERVER_RESET),
    ]
    steps = list(diagram.steps_of_recording(happenings))
    assert [step.text for step in steps] == [
        "connects",
        "a",
        r"b\r",
        "reset by the server",
    ]
