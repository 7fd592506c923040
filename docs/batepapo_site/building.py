"""All pages laid out in `build/docs`, and built by MkDocs in `build/site`."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language
from batepapo_site import here, markdown, parity, specification
from batepapo_site.generated import GENERATED
from batepapo_site.here import Place
from batepapo_site.kinds import KINDS
from batepapo_site.pages import DOCS, ROOT, SPECIFICATION, Page, data, written
from batepapo_site.trouble import Trouble

LAID_OUT: Final = ROOT / "build" / "docs"
BUILT: Final = ROOT / "build" / "site"
ZIP: Final = ROOT / "build" / "bate-papo-site.zip"
_CONFIGURATIONS: Final = {
    Language.ENGLISH: "mkdocs.yml",
    Language.PORTUGUESE: "mkdocs.pt.yml",
}
_LINK: Final = re.compile(
    r"(?<!!)\[(?P<text>[^\[\]]*)\]\((?P<to>[^)\s:#]+)(?P<at>#[^)\s]*)?\)"
)
_STALE: Final = (
    '!!! warning "Esta página está desatualizada"\n'
    "    O texto em inglês mudou depois desta tradução. Na dúvida, vale o inglês.\n"
)


def lay_out() -> None:
    """Write every page of both languages, and what they need, to `build/docs`.

    Raises:
        Trouble: a page asks for what there is not.
    """
    pages = written()
    if LAID_OUT.exists():
        shutil.rmtree(LAID_OUT)
    for language in Language:
        folder = LAID_OUT / language
        for page in pages.values():
            _write(folder, page.path, _told(page, pages, language))
        for path, make in GENERATED.items():
            place = Place(path, language)
            _write(folder, path, here.fill(make(language), place, KINDS))
        for path, file in data().items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        shutil.copytree(DOCS / "assets", folder / "assets")


def _write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _told(page: Page, pages: Mapping[str, Page], language: Language) -> str:
    """A written page as MkDocs gets it."""
    place = Place(page.path, language)
    # Until there is a translation the English stands there, and says so.
    source = page.source(language)
    if not source.is_file():
        source = page.source(Language.ENGLISH)
    text = source.read_text(encoding="utf-8")
    text = _leading(text, page, pages, source, language)
    if page.path.startswith(SPECIFICATION):
        text = specification.chapter(text, place)
    text = _with_anchors(text, page)
    text = specification.linked(text, place)
    text = here.fill(text, place, KINDS)
    if language is Language.PORTUGUESE and parity.is_stale(page):
        title, _, rest = text.partition("\n")
        text = f"{title}\n\n{_STALE}\n{rest}"
    return text


def _with_anchors(text: str, page: Page) -> str:
    """The page, with the anchors of the English in either language.

    Where the headings are not as many, `parity` complains, and each keeps its own.
    """
    english = page.source(Language.ENGLISH)
    anchors: list[str] = []
    if not english.is_file():
        return text
    for one in markdown.headings(english.read_text(encoding="utf-8")):
        anchors.append(_unlike(one.slug, anchors))
    if len(anchors) != len(markdown.headings(text)):
        return text
    return markdown.anchored(text, anchors)


def _unlike(slug: str, others: Sequence[str]) -> str:
    """This anchor, with a number as MkDocs does it if it is there already."""
    numbered = (f"{slug}_{number}" for number in itertools.count(1))
    return next(one for one in itertools.chain([slug], numbered) if one not in others)


def _leading(
    text: str, page: Page, pages: Mapping[str, Page], source: Path, language: Language
) -> str:
    """The page, with its links to files of the project leading to their pages."""
    by_file = {
        file: one.path for one in pages.values() for file in one.sources.values()
    }
    by_file |= {file: path for path, file in data().items()}
    inside = DOCS in source.parents

    def lead(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / found["to"]))
        path = by_file.get(target)
        if path is not None:
            begin = os.path.dirname(page.path) or "."  # noqa: PTH120 (of a URL)
            link = os.path.relpath(path, begin).replace(os.sep, "/")
            return f"[{found['text']}]({link}{found['at'] or ''})"
        if not inside and target.exists():  # code, or a page of the project alone
            shown = target.relative_to(ROOT).as_posix()
            text = found["text"]
            return text if shown in text else f"{text} (`{shown}`)"
        return found[0]

    return "\n".join(
        line.text if line.code else _LINK.sub(lead, line.text)
        for line in markdown.lines(text)
    )


def build(*, strict: bool = True) -> None:
    """Lay everything out, and build the site in both languages.

    Raises:
        Trouble: a page asks for what there is not, or MkDocs is not content.
    """
    lay_out()
    if BUILT.exists():
        shutil.rmtree(BUILT)
    # The two side by side: each needs one core.
    running = {
        language: subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", file]
            + ["--strict"] * strict,
            cwd=ROOT,
            env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        )
        for language, file in _CONFIGURATIONS.items()
    }
    failed = [language for language, one in running.items() if one.wait()]
    if failed:
        raise Trouble(f"not built: {', '.join(failed)}")
    shutil.copyfile(DOCS / "index.html", BUILT / "index.html")


def pack() -> Path:
    """The built site as one file, to be read without a network."""
    with zipfile.ZipFile(ZIP, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(BUILT.rglob("*")):
            if file.is_file():
                packed.write(file, Path("bate-papo") / file.relative_to(BUILT))
    return ZIP
