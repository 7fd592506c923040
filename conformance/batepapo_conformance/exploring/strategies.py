"""What Hypothesis makes up: nicks, texts, lines, pieces; simple things first."""

import string
from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

NAMES: Final = ("ana", "beto", "carla", "davi")
"""The connections of a session; each nick below is one of theirs or like it."""

_PRINTABLE: Final = string.ascii_letters + string.digits + string.punctuation + " "
_NICKS: Final = (
    *NAMES,
    *("Ana", "ANA", "aNa", "Beto", "CARLA"),
    *("a", "Z", "b-_0123456789-_Z", "B-_0123456789-_z", "ana-", "quit", "SAIR"),
)
_TEXTS: Final = (
    *("oi", ":", "::)", " ", "  dois  ", "a | b", "/SAIR", "{quit}", "ana:psiu"),
    *("<time>", "\\n", "%s", "x" * 399, "y" * 400, "USUARIOS 0"),
)
_MALFORMED: Final = (
    *(b"", b" ", b"oi", b"/sair", b"/SAIR ", b" /SAIR", b"{quit} ", b"{QUIT}"),
    *(b"/ENTRAR", b"/ENTRAR ", b"/ENTRAR  ana", b"/ENTRAR ana ", b"/entrar ana"),
    *(b"/ENTRAR 1ana", b"/ENTRAR -ana", b"/ENTRAR jo.ao", b"/ENTRAR " + b"n" * 17),
    *(b"/USUARIOS ", b"/usuarios", b"/USUARIOS ana", b":", b"ana:", b"ana :oi"),
    *(b"1ana:oi", b"n" * 17 + b":oi", b":" + b"x" * 401, b"ana:" + b"x" * 401),
    *(b":a\tb", b":a\0b", b":a\x7fb", b":a\rb", b":oi\r", b":\xc3\xa1", b"\xff"),
    *(b":" + b"x" * 509, b":" + b"x" * 510, b":" + b"x" * 600, b"x" * 2000),
)

names = st.sampled_from(NAMES)
nicks = st.sampled_from(_NICKS)
texts = st.one_of(st.sampled_from(_TEXTS), st.text(_PRINTABLE, min_size=1, max_size=12))


def _shorter(line: str) -> str:
    return line[:-1]


_public = texts.map(lambda text: f":{text}")
_private = st.tuples(nicks, texts).map(lambda pair: f"{pair[0]}:{pair[1]}")
_asks = st.just("/USUARIOS")
_leaves = st.sampled_from(("/SAIR", "{quit}"))
_enters = nicks.map(lambda nick: f"/ENTRAR {nick}")

lines = st.one_of(_public, _private, _asks)
"""What a participant may say and stay."""

any_lines = st.one_of(lines, _enters, _leaves)
"""Whatever the grammar derives."""

_near = st.builds(
    lambda line, change: change(line).encode("ascii"),
    st.one_of(_asks, _leaves, _enters),
    st.sampled_from(
        (str.swapcase, str.lower, "{} ".format, " {}".format, "{}s".format, _shorter)
    ),
)

malformed = st.one_of(
    st.sampled_from(_MALFORMED),
    _near,
    st.binary(min_size=1, max_size=8).filter(lambda octets: b"\n" not in octets),
)
"""What the grammar does not derive, mostly."""


def pieces(octets: bytes, cuts: Sequence[int]) -> tuple[bytes, ...]:
    """Cut octets at these places, each taken as far round as the octets go."""
    places = sorted({cut % len(octets) for cut in cuts if octets} - {0})
    ends = [*places, len(octets)]
    return tuple(
        octets[begin:end] for begin, end in zip([0, *places], ends, strict=True)
    )


cuts = st.lists(st.integers(0, 520), min_size=1, max_size=5)
