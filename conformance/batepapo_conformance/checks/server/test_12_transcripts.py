"""The transcripts of the specification: each has to come out as it is written."""

import pytest

from batepapo_conformance.replay import Replay
from batepapo_conformance.server import Serve
from batepapo_conformance.spec import Transcript, load


@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(
            transcript, id=name, marks=pytest.mark.requirement(*transcript.shows)
        )
        for name, transcript in load().transcripts.items()
    ],
)
def test_a_transcript_is_met(serve: Serve, transcript: Transcript) -> None:
    """“Whole sessions [...]: to be read, and to be replayed against any server”."""
    words = iter(transcript.options)
    options = {word.removeprefix("--"): next(words) for word in words}
    Replay(serve(options=options), transcript).run()
