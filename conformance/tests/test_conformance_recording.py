"""Recordings: what is written is read again, octet for octet; bad lines are named."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batepapo_conformance.recording import (
    FORMAT,
    BadRecording,
    End,
    Happening,
    Header,
    Kind,
    Recorder,
    Recording,
    write,
)

HEAD = json.dumps({"format": FORMAT, "of": "x", "when": "2026", "whole": True}) + "\n"
END = '{"at": 9, "kind": "end", "settled": true, "held": ["c2"]}\n'


@given(st.binary(max_size=300))
def test_any_octets_come_back_as_they_were(octets: bytes) -> None:
    file = io.StringIO()
    recorder = Recorder(file, of="a server", whole=False)
    recorder.connected("c1", client="127.0.0.1:1", seen_as="127.0.0.1:40000")
    recorder.sent("c1", octets)
    recorder.received("c1", octets[::-1])
    recorder.happened("c1", Kind.CLIENT_RESET)
    recorder.end(settled=True, held=["c1"])
    assert file.getvalue().isascii()
    recording = Recording(file.getvalue().splitlines(keepends=True))
    read = list(recording)
    assert [(one.kind, one.octets, one.seen_as) for one in read] == [
        (Kind.CONNECTED, b"", "127.0.0.1:40000"),
        (Kind.SENT, octets, ""),
        (Kind.RECEIVED, octets[::-1], ""),
        (Kind.CLIENT_RESET, b"", ""),
    ]
    assert recording.header.whole is False
    assert recording.end is not None
    assert recording.end.held == {"c1"}


def test_a_recording_made_otherwise_is_the_same(tmp_path: Path) -> None:
    happenings = [
        Happening(0.5, "c1", Kind.CONNECTED, seen_as="here"),
        Happening(0.5, "c1", Kind.SENT, b"\xff\n"),
        Happening(0.75, "c1", Kind.SERVER_ENDED),
    ]
    header = Header("x", "2026", whole=True)
    write(tmp_path / "a.jsonl", header, happenings, End(1.0, settled=False))
    with (tmp_path / "a.jsonl").open() as file:
        recording = Recording(file)
        assert list(recording) == happenings
    assert recording.header == header
    assert recording.end == End(1.0, settled=False)


def test_one_without_an_end_was_cut() -> None:
    recording = Recording([HEAD, '{"at":0,"connection":"c","kind":"client ended"}\n'])
    assert len(list(recording)) == 1
    assert recording.end is None


@pytest.mark.parametrize(
    ("lines", "number", "said"),
    [
        ([], 1, "no header"),
        (["hello\n"], 1, "not JSON"),
        (['{"format": "other"}\n'], 1, "a format other than"),
        ([HEAD, "{\n"], 2, "not JSON"),
        ([HEAD, "[]\n"], 2, "wrong kind"),
        ([HEAD, '{"at": 1, "kind": "sent"}\n'], 2, "lacks 'connection'"),
        ([HEAD, '{"at": 1, "kind": "eaten", "connection": "c"}\n'], 2, "unknown kind"),
        ([HEAD, '{"at": "1", "kind": "sent", "connection": "c"}\n'], 2, "wrong kind"),
        (
            [HEAD, '{"at": 1, "kind": "sent", "connection": "c", "octets": "\u20ac"}'],
            2,
            "beyond U+00FF",
        ),
        (
            [
                HEAD,
                '{"at": 2, "kind": "stalled", "connection": "c"}\n',
                '{"at": 1, "kind": "stalled", "connection": "c"}\n',
            ],
            3,
            "time goes back",
        ),
        ([HEAD, END, END], 3, "something after the end"),
    ],
)
def test_a_bad_line_is_named_with_its_number(
    lines: list[str], number: int, said: str
) -> None:
    with pytest.raises(BadRecording, match=f"^line {number}: .*") as caught:
        list(Recording(lines))
    assert said in str(caught.value)
