"""The test vectors of section 12, one test a row."""

import re
from pathlib import Path

import pytest

from batepapo_asyncio.errors import InvalidServer, Malformed
from batepapo_asyncio.lines import LineBuffer
from batepapo_asyncio.messages import (
    Leave,
    ListParticipants,
    Private,
    Public,
    fold_nick,
    format_message,
    parse_request,
    parse_server_message,
)
from batepapo_asyncio.typed import (
    AskList,
    Help,
    Hint,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    fold,
    read_typed,
)

VECTORS = (Path(__file__).parents[3] / "spec" / "12-vectors.md").read_text("utf-8")


def tables(section):
    """Give the tables of a section, each as its rows without the two of its head."""
    text = VECTORS.split(f"## 12.{section} ")[1].split("\n## ")[0]
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [re.split(r"(?<!\\)\|", row)[1:-1] for row in block.splitlines()[2:]]
        for block in blocks
    ]


def octets(code):
    """Read the notation of the section; `code` is what stands between backticks."""
    code = re.sub(r"<(\d+) x (.)>", lambda found: found[2] * int(found[1]), code)
    escapes = {"r": b"\r", "n": b"\n", "\\": b"\\"}
    return b"".join(
        bytes([int(part[2:], 16)])
        if part.startswith("\\x")
        else escapes[part[1]]
        if part.startswith("\\")
        else part.encode()
        for part in re.findall(r"\\x[0-9A-F]{2}|\\.|[^\\]", code)
    )


def codes(cell):
    return [octets(code) for code in re.findall("(?<!`)`([^`]*)`(?!`)", cell)] or [b""]


def first(rows):
    return [pytest.param(codes(row[0])[0], row, id=row[0].strip()) for row in rows]


@pytest.mark.parametrize(("line", "row"), first(tables(1)[0]))
def test_a_well_formed_request_is_read_and_written_as_it_was(line, row):
    request = parse_request(line)
    if isinstance(request, Leave):
        assert line in (b"/SAIR", b"{quit}")
    else:
        assert format_message(request) == line + b"\n"
    assert isinstance(request, Public) == (" to all: " in row[1])
    if isinstance(request, Private):
        assert request.nick.encode() == codes(row[1])[0]


@pytest.mark.parametrize(("line", "row"), first(tables(1)[1]))
def test_a_malformed_request_is_refused(line, row):
    with pytest.raises(Malformed):
        parse_request(line)


def stamped(line):
    return re.sub(rb"\bT\b", b"2026-03-01T12:00:00.000Z", line)


@pytest.mark.parametrize(("line", "row"), first(tables(2)[0]))
def test_a_well_formed_server_line_is_read_and_written_as_it_was(line, row):
    line = stamped(line)
    assert format_message(parse_server_message(line)) == line + b"\n"


@pytest.mark.parametrize(("line", "row"), first(tables(2)[1]))
def test_a_malformed_server_line_is_refused(line, row):
    with pytest.raises(InvalidServer):
        parse_server_message(stamped(line))


def carried_out(chunks):
    """Give what a server makes of a stream: requests, and True for a fault."""
    lines, requests = LineBuffer(), []
    try:
        for chunk in chunks:
            for line in lines.feed(chunk):
                requests.append(parse_request(line))
                if isinstance(requests[-1], Leave):
                    return requests, False
    except Malformed:
        return requests, True
    return requests, False


@pytest.mark.parametrize(("stream", "row"), first(tables(3)[0]))
def test_octets_become_the_same_lines_in_whatever_pieces_they_come(stream, row):
    requests, fault = carried_out([stream])
    said = sum(isinstance(request, Public) for request in requests)
    result = row[1]
    amounts = {"two messages": 2, "the same two": 2, "one message": 1}
    assert said == next((n for w, n in amounts.items() if w in result), 0)
    assert any(isinstance(r, Leave) for r in requests) == (" goodbye;" in result)
    if "or nothing" not in result:
        assert fault == ("ERRO 03 sintaxe" in result)
    octet_by_octet = [stream[i : i + 1] for i in range(len(stream))]
    assert carried_out(octet_by_octet) == (requests, fault)
    for cut in range(len(stream)):
        assert carried_out([stream[:cut], stream[cut:]]) == (requests, fault)


def test_a_line_of_512_octets_is_legal_and_one_of_513_is_not():
    longest = b"x" * 511
    assert list(LineBuffer().feed(longest + b"\n")) == [longest]
    for stream in (longest + b"\r\n", longest + b"x", longest + b"x\n"):
        with pytest.raises(Malformed):
            list(LineBuffer().feed(stream))


@pytest.mark.parametrize("row", tables(4)[0], ids=lambda row: row[0].strip())
def test_nicks_are_compared_without_case(row):
    equal, different = ([n.decode() for n in codes(cell)] for cell in row)
    assert len({fold_nick(nick) for nick in equal}) == 1
    assert len({fold_nick(nick) for nick in different}) == len(different)


def sent(typed):
    match typed:
        case SayToAll(texts):
            return [format_message(Public(text)).strip(b"\n") for text in texts]
        case SayToOne(nick, texts):
            return [format_message(Private(nick, text)).strip(b"\n") for text in texts]
        case AskList():
            return [format_message(ListParticipants()).strip(b"\n")]
        case Quit():
            return [format_message(Leave()).strip(b"\n")]
        case Help() | Nothing() | Hint():
            return []


@pytest.mark.parametrize(("line", "row"), first(tables(5)[0]))
def test_a_typed_line_is_sent_as_specified(line, row):
    typed = read_typed(fold(line.decode()))
    dash = row[1].strip().startswith("-")
    assert sent(typed) == ([] if dash else codes(row[1]))
    assert isinstance(typed, Hint) == ("with a hint" in row[1])
    assert isinstance(typed, Help) == ("shows the help" in row[1])


@pytest.mark.parametrize("mark", ["", ":", "ana:"])
@pytest.mark.parametrize("length", [400, 401, 800, 801, 65_536])
def test_a_long_text_is_divided_and_nothing_is_lost(mark, length):
    text = ("0123456789" * 6_554)[:length]
    parts = sent(read_typed(mark + text))
    assert all(1 <= len(parse_request(part).text) <= 400 for part in parts)
    assert "".join(parse_request(part).text for part in parts) == text
    assert len({type(parse_request(part)) for part in parts}) == 1


def folding_rows():
    return [row for table in tables(6)[:1] for row in table]


@pytest.mark.parametrize("row", folding_rows(), ids=lambda row: row[0].strip())
def test_a_typed_line_is_folded_as_specified(row):
    typed = codes(row[0])[0].decode()
    if "refused" in row[1]:
        assert read_typed(fold(typed)) is Hint.NOT_ASCII
    else:
        assert fold(typed).encode() == codes(row[1])[0]


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("a\u0301", "a"),
        ("a\u00a0b", "a b"),
        ("a\u0009b", "a b"),
        ("\ufeffoi", "oi"),
        ("o\u200bi", "oi"),
    ],
)
def test_what_cannot_be_seen_is_folded_too(typed, folded):
    assert fold(typed) == folded


@pytest.mark.parametrize("typed", ["\ufffd", "a\u001bb", "\u01fd", "a\u007f"])
def test_what_cannot_be_folded_is_refused(typed):
    assert read_typed(fold(typed)) is Hint.NOT_ASCII
