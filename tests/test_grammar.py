"""The grammar as an oracle: three codecs, written apart, must read what it derives.

Lines are generated out of `grammar.abnf` itself, and lines are mutated out of
those. Whether a mutated line is still one, `abnf` decides.
"""

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import abnf
import pytest
from abnf.parser import Alternation, Concatenation, Literal, Option, Repetition
from batepapo_conformance import codec, spec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

SPECIFICATION = spec.load()
LINE = SPECIFICATION.limits["line"].value


class Chat(abnf.Rule):
    """The rules of `grammar.abnf`."""


Chat.load_grammar(SPECIFICATION.grammar.replace("\n", "\r\n"), strict=False)


def lines(parser: Any) -> st.SearchStrategy[str]:
    """Texts that a part of the grammar derives."""
    match parser:
        case abnf.Rule():
            return st.deferred(lambda: lines(parser.definition))
        case Alternation():
            return st.one_of([lines(part) for part in parser.parsers])
        case Concatenation():
            return st.tuples(*map(lines, parser.parsers)).map("".join)
        case Option():
            return st.just("") | lines(parser.alternation)
        case Repetition():
            return repeated(parser)
        case Literal(value=tuple((first, last))):
            return st.characters(min_codepoint=ord(first), max_codepoint=ord(last))
        case Literal(value=str() as text) if parser.case_sensitive:
            return st.just(text)
        case Literal(value=str() as text):
            # RFC 5234: a plain string stands for itself in any case.
            return st.sampled_from(sorted({text, text.lower(), text.upper()}))
        case _:
            raise AssertionError(f"no idea how to derive {parser!r}")


def repeated(parser: Repetition) -> st.SearchStrategy[str]:
    """A few different ones; or one of them, repeated as often as it may be."""
    part = lines(parser.element)
    least, most = parser.repeat.min, parser.repeat.max
    few = least + 6 if most is None else min(most, least + 6)
    varied = st.lists(part, min_size=least, max_size=few).map("".join)
    if most == few:
        return varied
    # `1*( SP nick )` has no bound of its own; a line has.
    times = st.sampled_from([20, 60] if most is None else [most - 1, most])
    return varied | st.builds(str.__mul__, part, times)


LINES = {side: lines(Chat(f"{side}-message")) for side in ("client", "server")}


@st.composite
def mutated(draw: st.DrawFn, side: str) -> bytes:
    """A derived line in which a few octets are changed, dropped or inserted."""
    octets = bytearray(draw(LINES[side]).encode())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(octets)))
        new = draw(
            st.sampled_from(b" :@./{}-_0195aZ\r\t\0\x7f\xe3") | st.integers(0, 255)
        )
        here = octets[place : place + 1]
        # Insert, replace, drop, double.
        octets[place : place + 1] = draw(
            st.sampled_from([bytes([new]) + here, bytes([new]), b"", here + here])
        )
    return bytes(octets).replace(b"\n", b"")  # it would be two lines


def derives(rule: str, line: bytes) -> bool:
    """Whether the grammar derives the line."""
    try:
        # Octets as characters of the same number.
        Chat(rule).parse_all(line.decode("latin-1"))
    except abnf.ParseError:
        return False
    return True


def implementation(name: str) -> tuple[ModuleType, ModuleType]:
    """The modules of an implementation that hold its messages and its errors."""
    package = f"batepapo_{name}"
    return (
        importlib.import_module(f"{package}.messages"),
        importlib.import_module(f"{package}.errors"),
    )


Reader = Callable[[bytes], object | None]
"""A codec: octets to a value, or `None` for what it refuses."""


def reader(parse: Callable[[bytes], object], refusal: type[Exception]) -> Reader:
    """A codec whose refusals are told apart from its crashes."""

    def read(line: bytes) -> object | None:
        try:
            return parse(line)
        except refusal:
            return None

    return read


def readers(side: str) -> dict[str, Reader]:
    """All three codecs for what a client, or a server, sends."""
    ours = codec.parse_client_line if side == "client" else codec.parse_server_line
    found = {"suite": reader(ours, codec.NotALine)}
    for name in ("threaded", "asyncio"):
        messages, errors = implementation(name)
        if side == "client":
            found[name] = reader(messages.parse_request, errors.Malformed)
        else:
            found[name] = reader(messages.parse_server_message, errors.InvalidServer)
    return found


READERS = {side: readers(side) for side in ("client", "server")}
FORMATS = {
    "suite": codec.encode,
    "threaded": implementation("threaded")[0].format_message,
    "asyncio": implementation("asyncio")[0].format_message,
}


@pytest.mark.parametrize("side", ["client", "server"])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_all_three_read_alike_what_the_grammar_derives(
    side: str, data: st.DataObject
) -> None:
    line = data.draw(LINES[side]).encode()
    assert derives(f"{side}-message", line)
    assume(len(line) < LINE)  # how long a line may be is a matter of framing
    values = {name: read(line) for name, read in READERS[side].items()}
    kinds = {name: type(value).__name__ for name, value in values.items()}
    assert len(set(kinds.values())) == 1, kinds
    if side == "client":
        parts = {name: client_parts(value) for name, value in values.items()}
        assert len(set(parts.values())) == 1, parts
    else:
        # Nothing was lost or changed in reading if the same octets come out.
        for name, value in values.items():
            assert FORMATS[name](value) == line + b"\n", name


def client_parts(value: Any) -> tuple[str | None, ...]:
    """What a client said, as the outline of the implementations names it."""
    return (getattr(value, "nick", None), getattr(value, "text", None))


@pytest.mark.parametrize("side", ["client", "server"])
@settings(max_examples=500, deadline=None)
@given(data=st.data())
def test_all_three_refuse_what_the_grammar_does_not_derive(
    side: str, data: st.DataObject
) -> None:
    line = data.draw(mutated(side))
    assume(len(line) < LINE)
    wanted = derives(f"{side}-message", line)
    found = {name: read(line) is not None for name, read in READERS[side].items()}
    assert set(found.values()) == {wanted}, found


@given(nick=st.text(max_size=20))
def test_all_three_agree_on_nicks(nick: str) -> None:
    try:
        wanted = bool(Chat("nick").parse_all(nick))
    except abnf.ParseError:
        wanted = False
    assert codec.is_nick(nick) == wanted
    for name in ("threaded", "asyncio"):
        assert implementation(name)[0].is_nick(nick) == wanted, name


def test_the_oracle_itself_tells_case_apart_where_the_grammar_does() -> None:
    assert derives("client-message", b"/ENTRAR ana")
    assert not derives("client-message", b"/entrar ana")
    assert not derives("client-message", b"{QUIT}")
    assert derives("server-message", b"ERRO 03 fim :x")
    assert not derives("server-message", b"ERRO 03 FIM :x")
