"""What pages the site has, and from which file each comes.

Most are written for the site, in `docs/en` and `docs/pt`. The labs, what is for
teachers, and the specification are read where they are.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language

ROOT: Final = Path(__file__).parents[2]
"""The root of the project."""
DOCS: Final = ROOT / "docs"
SPEC: Final = ROOT / "spec"
LABS: Final = ROOT / "labs"
RECORDING: Final = ROOT / "conformance" / "RECORDING.md"
SCHEMAS: Final = (
    ROOT / "conformance" / "batepapo_conformance" / "schemas",
    ROOT / "bench" / "batepapo_bench" / "schemas",
)
"""The folders in which the published formats are described."""
SPECIFICATION: Final = "reference/specification"
"""Where the chapters of the specification are on the site."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that people have written.

    Attributes:
        path: where it is on the site, with `/`, as `labs/01-framing.md`.
        sources: the file of each language.
    """

    path: str
    sources: Mapping[Language, Path]

    def source(self, language: Language) -> Path:
        """The file with its text in this language."""
        return self.sources[language]

    @property
    def name(self) -> str:
        """How its Portuguese text is called in lists: its path in the project."""
        portuguese = self.sources[Language.PORTUGUESE]
        return portuguese.relative_to(ROOT).as_posix()


def written() -> dict[str, Page]:
    """All pages that are written by people, by where they are on the site.

    A page that lacks a language is there all the same; `parity` complains.
    """
    return {page.path: page for page in sorted(_all(), key=lambda page: page.path)}


def _all() -> Iterator[Page]:
    english, portuguese = (DOCS / language for language in Language)
    paths = {
        file.relative_to(folder).as_posix()
        for folder in (english, portuguese)
        for file in folder.rglob("*.md")
    }
    for path in paths:
        yield _page(path, english / path, portuguese / path)
    for folder in LABS.iterdir():
        if re.match(r"\d\d-", folder.name) and (folder / "en.md").is_file():
            yield _page(f"labs/{folder.name}.md", folder / "en.md", folder / "pt.md")
    for file in (LABS / "teachers").glob("*.en.md"):
        name = file.name.removesuffix(".en.md")
        other = file.with_name(f"{name}.pt.md")
        yield _page(f"teachers/{name}.md", file, other)
    for file in SPEC.glob("*.md"):
        yield _page(f"{SPECIFICATION}/{file.name}", file, SPEC / "pt" / file.name)
    readme = SPEC / "transcripts" / "README.md"
    path = f"{SPECIFICATION}/transcripts/README.md"
    yield _page(path, readme, SPEC / "pt" / "transcripts.md")
    yield _page("reference/recording.md", RECORDING, RECORDING.with_suffix(".pt.md"))


def _page(path: str, english: Path, portuguese: Path) -> Page:
    return Page(path, {Language.ENGLISH: english, Language.PORTUGUESE: portuguese})


def data() -> dict[str, Path]:
    """The files that pages lead to, by where they are put: to be read, or taken."""
    files = [*SPEC.glob("*.toml"), *SPEC.glob("*.abnf"), *SPEC.glob("pt/*.toml")]
    files += SPEC.glob("transcripts/*.txt")
    found = {
        f"{SPECIFICATION}/{file.relative_to(SPEC).as_posix()}": file for file in files
    }
    schemas = [file for folder in SCHEMAS for file in folder.glob("*.json")]
    found |= {f"reference/{file.name}": file for file in schemas}
    found |= {f"evidence/{file.name}": file for file in DOCS.glob("kill-matrix.*.html")}
    kept = DOCS / "evidence"
    evidence = [*kept.glob("*.json"), *kept.glob("*.svg")]
    found |= {f"evidence/{file.name}": file for file in evidence}
    return found
