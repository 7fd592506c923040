"""The same octets give the same lines, however they are cut (FRAME-3)."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batepapo_threaded.errors import Malformed
from batepapo_threaded.lines import LineBuffer


def lines_of(chunks: list[bytes]) -> list[bytes | None]:
    """Give the lines; None at the end stands for "malformed"."""
    buffer = LineBuffer()
    lines: list[bytes | None] = []
    try:
        for chunk in chunks:
            lines.extend(buffer.feed(chunk))
    except Malformed:
        lines.append(None)
    return lines


def test_every_way_to_cut_a_short_stream() -> None:
    stream = b":oi\r\n/SAIR\nx"
    places = range(1, len(stream))
    for count in range(len(stream)):
        for cuts in combinations(places, count):
            borders = [0, *cuts, len(stream)]
            chunks = [stream[a:b] for a, b in pairwise(borders)]
            assert lines_of(chunks) == [b":oi", b"/SAIR"]


@given(
    st.lists(
        st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"x" * 510, b"\x00", b"ana:"])
    ),
    st.integers(1, 600),
)
def test_no_segmentation_changes_the_lines(pieces: list[bytes], size: int) -> None:
    stream = b"".join(pieces)
    one_by_one = lines_of([bytes([octet]) for octet in stream])
    in_chunks = lines_of([stream[at : at + size] for at in range(0, len(stream), size)])
    # A line that is complete in one chunk is judged later, by the parser.
    legal = [line for line in one_by_one if line is not None]
    assert in_chunks[: len(legal)] == legal
    assert (in_chunks[len(legal) :] == []) == (one_by_one[len(legal) :] == [])


def test_the_longest_line_has_512_octets_with_its_end() -> None:
    assert lines_of([b"x" * 511 + b"\n"]) == [b"x" * 511]
    assert lines_of([b"x" * 510 + b"\r\n"]) == [b"x" * 510]
    assert lines_of([b"x" * 511 + b"\r\n"]) == [None]
    assert lines_of([b"x" * 512 + b"\n"]) == [None]
    assert lines_of([b"x" * 511]) == []
    assert lines_of([b"x" * 512]) == [None]


@pytest.mark.parametrize("fault", [b"\x1b", b"\x7f", b"\xc3", b"\ra", b"\r\r", b"\t"])
def test_what_cannot_become_legal_is_found_at_once(fault: bytes) -> None:
    assert lines_of([b":oi\n:x" + fault]) == [b":oi", None]


def test_a_carriage_return_waits_for_its_line_feed() -> None:
    assert lines_of([b":x\r"]) == []
    assert lines_of([b":x\r", b"\n"]) == [b":x"]
    assert lines_of([b":x\r", b"y"]) == [None]
