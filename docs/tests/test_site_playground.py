"""The playground: its server, played and judged like any other; its data; its pages.

What runs in the reader's browser runs here in Node, or in headless Chromium where there
is no Node. The suite's own replay (`replay.py`) decides whether what came was right.
"""

import functools
import html
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import parse_qs

import pytest

from batepapo_conformance import codec, delivery, replay, spec
from batepapo_conformance.connection import Ending
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.server import Server
from batepapo_conformance.testee import Endpoint
from batepapo_site import playground
from batepapo_zoo.catalogue import specimens

DOCS: Final = Path(__file__).parents[1]
FOLDER: Final = DOCS / "assets" / "playground"
SCRIPTS: Final = ("server.js", "faults.js", "transcript.js", "session.js")
PLAYED: Final = sorted(spec.load().transcripts.keys() - playground.NOT_PLAYED.keys())

ELSEWHERE: Final = {"host_reads_everything": "16-longest-text-and-nick"}
"""Where a transcript that shows a fault reads no further, another that does."""

# Plays a transcript, and gives what each connection got: lines, and how it ended.
PLAY: Final = """
function play(transcript, fault) {
  const session = new batepapo.Session(batepapoData, "en");
  session.fault = fault;
  session.begin(transcript);
  const streams = {}, peers = {};
  for (const { sent } of session.steps) {
    for (const { to, octets, end } of sent.shown) {
      (streams[to] ??= []).push(octets ?? { end });
    }
  }
  for (const [name, { peer }] of session.shown.visitors) {
    peers[name] = peer;
  }
  return { streams, peers, wrong: session.firstWrong, steps: session.steps.length };
}
"""


def run(expression: str) -> Any:
    """Give the value of an expression, with all scripts but the page's loaded."""
    sources = [(FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS]
    program = "\n".join([*sources, playground.script(), PLAY])
    if node := shutil.which("node"):
        return json.loads(_in_node(node, program, expression))
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if chromium := shutil.which(name):
            return json.loads(_in_chromium(chromium, program, expression))
    pytest.skip("there is neither Node nor Chromium here to run the playground")


def _in_node(node: str, program: str, expression: str) -> str:
    program += f"\nprocess.stdout.write(JSON.stringify({expression}));"
    return _output([node, "-"], program)


def _in_chromium(chromium: str, program: str, expression: str) -> str:
    program += f"\ndocument.body.textContent = JSON.stringify({expression});"
    said = program.replace("</script", "<\\/script")
    page = f"<!doctype html><meta charset=utf-8><body><script>{said}</script>"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        file.write_text(page, encoding="utf-8")
        shown = _output([chromium, *options, file.as_uri()], "")
    return html.unescape(shown.partition("<body>")[2].partition("</body>")[0])


def _output(command: list[str], given: str) -> str:
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@functools.cache
def played() -> dict[str, Any]:
    """Give what every transcript brings with a right server, by its name."""
    return cast(
        dict[str, Any],
        run(
            "Object.fromEntries(Object.keys(batepapoData.transcripts)"
            ".map((name) => [name, play(name, '')]))"
        ),
    )


@functools.cache
def shown_by_faults() -> dict[str, Any]:
    """Give where each fault shows, and what comes there."""
    return cast(
        dict[str, Any],
        run(
            "Object.fromEntries(Object.keys(batepapo.faults).map((fault) => {"
            " const where = batepapo.whereItShows(batepapoData, 'en', fault);"
            " return [fault, where && { ...where, ...play(where.transcript, fault) }];"
            "}))"
        ),
    )


class Recorded:
    """A connection from which is read what came before; nothing is sent."""

    socket = None

    def __init__(self, stream: list[Any], peer: str) -> None:
        address, port = peer.split(":")
        self.local = Endpoint(address, int(port))
        self._lines: deque[bytes] = deque()
        self._ending: Ending | None = None
        for one in stream:
            if isinstance(one, str):
                self._lines.append(one.encode("latin-1"))
            else:
                self._ending = Ending[one["end"].upper()]

    @property
    def is_reset(self) -> bool:
        return self._ending is Ending.RESET

    def read_line(self, _seconds: float) -> bytes | Ending | None:
        return self._lines.popleft() if self._lines else self._ending

    def put_back(self, line: bytes) -> None:
        self._lines.appendleft(line)

    def close(self) -> None:
        """There is nothing to close."""


class Listener(Participant):
    """A participant who insists on what it hears; what it says has been said."""

    def __init__(self, name: str, scene: Any, connection: Recorded) -> None:
        self.name = self.nick = name
        self.scene = scene
        self.origin = "<origin>"
        self.inside = False
        self.gone = set()
        self._held = bytearray()
        self._served = True
        self.connection = cast(Any, connection)

    def _write(self, pieces: list[bytes]) -> None:
        """It has been sent already."""

    def half_close(self) -> None:
        """It has been done already."""

    def reset(self) -> None:
        """It has been done already."""


def judge(transcript: str, record: dict[str, Any]) -> None:
    """Let the suite's replay read what came.

    Raises:
        RuleBroken: it is not what the transcript says.
    """
    scene = SimpleNamespace(
        hand_over=lambda: None,
        prompt=0.0,
        everyone=[],
        patience=SimpleNamespace(
            silences=0, testee=SimpleNamespace(seconds=lambda seconds: seconds)
        ),
    )

    def dial(name: str) -> Listener:
        stream = Recorded(record["streams"].get(name, []), record["peers"][name])
        return Listener(name, scene, stream)

    server = cast(Server, SimpleNamespace(dial=dial))
    replay.Replay(server, spec.load().transcripts[transcript]).run()


@pytest.fixture(autouse=True)
def nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "wait_until_read", lambda _socket: None)


# ---- the server ----------------------------------------------------------------


@pytest.mark.parametrize("name", PLAYED)
def test_a_transcript_comes_out_as_the_specification_has_it(name: str) -> None:
    judge(name, played()[name])
    assert played()[name]["wrong"] == 0


def test_what_cannot_be_played_is_named_and_no_more_than_that() -> None:
    assert set(playground.NOT_PLAYED) == {"34-slow-reader"}
    assert all(len(reason) > 20 for reason in playground.NOT_PLAYED.values())
    assert set(played()) == set(PLAYED)


def test_every_row_of_the_state_table_that_needs_no_signal_is_used() -> None:
    used = run(
        "[...new Set(Object.keys(batepapoData.transcripts).flatMap((name) => {"
        " const session = new batepapo.Session(batepapoData, 'en');"
        " session.begin(name);"
        " return session.steps.flatMap(({ rows }) =>"
        " rows.map(({ row }) => `${row.state}: ${row.input}`));"
        "}))]"
    )
    rows = {f"{row['state']}: {row['input']}" for row in known()["states"]}
    assert rows - set(used) == {"waiting or participant: the server ends"}


@pytest.mark.parametrize(
    "line",
    [
        "/ENTRAR ana",
        "/ENTRAR a-_9",
        "/ENTRAR abcdefghijklmnop",
        "/ENTRAR abcdefghijklmnopq",
        "/ENTRAR 9a",
        "/ENTRAR",
        "/entrar ana",
        "/USUARIOS",
        "/USUARIOS ",
        "/SAIR",
        "{quit}",
        "{QUIT}",
        ":",
        ": ",
        "::",
        ":" + "x" * 400,
        ":" + "x" * 401,
        "ana:",
        "ana:oi:oi",
        "a b:oi",
        "",
        ":\t",
        ":\x7f",
        ":a\n",
    ],
)
def test_the_patterns_of_the_grammar_agree_with_the_suite_s_codec(line: str) -> None:
    patterns = known()["patterns"].values()
    ours = any(re.fullmatch(pattern, line) for pattern in patterns)
    try:
        codec.parse_client_line(line.encode("latin-1"))
        theirs = True
    except codec.NotALine:
        theirs = False
    assert ours == theirs


def test_two_people_at_one_moment_see_two_orders_of_a_server_with_that_fault() -> None:
    deliveries = run(
        "(() => { const session = new batepapo.Session(batepapoData, 'en');"
        " session.useFault('two_orders');"
        " const act = (kind, name, octets, pause = 250) =>"
        "   session.add({ kind, name, octets, pause });"
        " act('connect', '1'); act('send', '1', '/ENTRAR ana\\n');"
        " act('connect', '2'); act('send', '2', '/ENTRAR beto\\n');"
        " act('send', '1', ':um\\n', 0); act('send', '2', ':dois\\n');"
        " return session.steps.slice(-2).flatMap((step) => step.deliveries); })()"
    )
    seen = [
        (one["to"], one["octets"].split(":")[-1].strip(), one["mark"])
        for one in deliveries
    ]
    assert [one for one in seen if one[0] == "1"] == [
        ("1", "um", ""),
        ("1", "dois", ""),
    ]
    assert sorted(mark for to, _, mark in seen if to == "2") == ["", "extra", "missing"]


# ---- the faults ----------------------------------------------------------------


def test_each_fault_is_a_specimen_of_the_zoo() -> None:
    assert run("Object.keys(batepapo.faults)") == list(playground.FAULTS)
    for name in playground.FAULTS:
        assert specimens()[name].role == "server"
        assert not specimens()[name].legal


@pytest.mark.parametrize("fault", playground.FAULTS)
def test_a_fault_shows_in_a_transcript_and_the_suite_finds_it_there(
    fault: str,
) -> None:
    where = shown_by_faults()[fault]
    assert where is not None
    transcript = where["transcript"]
    if fault in ELSEWHERE:
        transcript = ELSEWHERE[fault]
        where = run(f"play({transcript!r}, {fault!r})")
    with pytest.raises(RuleBroken):
        judge(transcript, where)


# ---- the data and the pages ----------------------------------------------------


@functools.cache
def known() -> dict[str, Any]:
    return playground.data(spec.load())


def test_the_script_sets_one_global_and_says_what_the_specification_says(
    tmp_path: Path,
) -> None:
    playground.write(tmp_path / "playground")
    [file] = (tmp_path / "playground").iterdir()
    text = file.read_text(encoding="utf-8")
    assert re.findall(r"^\w+\.\w+ = ", text, re.MULTILINE) == [
        "globalThis.batepapoData = "
    ]
    assert known()["limits"]["line"] == spec.load().limits["line"].value
    assert len(known()["errors"]) == len(spec.load().errors)


def test_explanations_and_reasons_are_ascii_and_short() -> None:
    said = [*known()["errors"].values(), *known()["causes"].values()]
    texts = [text for one in said for text in one["says"].values()]
    texts += [text for one in known()["reasons"].values() for text in one.values()]
    assert all(text.isascii() and 0 < len(text) < 300 for text in texts)


def test_every_comment_of_a_transcript_is_translated() -> None:
    there = {line for line in playground.comments() if line}
    assert there == set(playground.translated_comments())


def test_the_page_has_its_words_in_both_languages_and_no_others() -> None:
    words = known()["words"]
    assert words["en"].keys() == words["pt"].keys()
    sources = "".join(
        (FOLDER / name).read_text(encoding="utf-8")
        for name in ("page.js", "terminal.js")
    )
    for key in words["en"]:
        literal, prefix = f'"{key}"', key.split("-")[0]
        assert (
            literal in sources
            or f"`{prefix}-${{" in sources
            or key
            in (
                "missing",
                "extra",
                "waiting",
                "participant",
            )
        ), key
    holes = {
        language: {
            key: sorted(re.findall(r"\{\w+\}", text)) for key, text in of.items()
        }
        for language, of in words.items()
    }
    assert holes["en"] == holes["pt"]


@pytest.mark.parametrize("language", ["en", "pt"])
def test_the_experiments_of_the_page_open_what_there_is(language: str) -> None:
    text = (DOCS / language / "playground.md").read_text(encoding="utf-8")
    scripts = re.findall(r'<script src="assets/playground/([^"]+)">', text)
    assert sorted(scripts) == sorted(
        [playground.NAME, *(file.name for file in FOLDER.glob("*.js"))]
    )
    links = re.findall(r'href="#(t=[^"]+)"', text)
    assert len(links) >= 3
    for link in links:
        said = {key: value[0] for key, value in parse_qs(html.unescape(link)).items()}
        assert int(said["step"]) <= played()[said["t"]]["steps"]
        if fault := said.get("fault"):
            wrong = run(f"play({said['t']!r}, {fault!r}).wrong")
            assert 0 < wrong <= int(said["step"])


def test_the_words_are_toml_that_names_no_key_twice() -> None:
    text = (DOCS / "batepapo_site" / "playground.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == {"reasons", "words"}
