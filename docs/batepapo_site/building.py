"""All pages laid out in `build/docs`, and built by MkDocs in `build/site`."""

import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language
from batepapo_site import here, markdown, playground, telling
from batepapo_site.generated import GENERATED
from batepapo_site.here import Place
from batepapo_site.kinds import KINDS
from batepapo_site.pages import DOCS, ROOT, data, written
from batepapo_site.trouble import Trouble

LAID_OUT: Final = ROOT / "build" / "docs"
BUILT: Final = ROOT / "build" / "site"
ZIP: Final = ROOT / "build" / "bate-papo-site.zip"
_CONFIGURATIONS: Final = {
    Language.ENGLISH: "mkdocs.yml",
    Language.PORTUGUESE: "mkdocs.pt.yml",
}


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
            _write(folder, page.path, telling.told(page, pages, language))
        for path, make in GENERATED.items():
            place = Place(path, language)
            _write(folder, path, here.fill(make(language), place, KINDS))
        for path, file in data().items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        shutil.copytree(DOCS / "assets", folder / "assets")
        playground.write(folder / "assets" / "playground")


def _write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(markdown.with_plain_tables(text), encoding="utf-8", newline="\n")


def build(*, strict: bool = True) -> None:
    """Lay everything out, and build the site in both languages.

    Raises:
        Trouble: a page asks for what there is not, or MkDocs is not content.
    """
    lay_out()
    if BUILT.exists():
        shutil.rmtree(BUILT)
    # The two side by side: each needs one core.
    with ThreadPoolExecutor(len(Language)) as pool:
        complaints = pool.map(lambda one: _complaints(one, strict=strict), Language)
        if said := "\n".join(one for one in complaints if one):
            raise Trouble(said)
    shutil.copyfile(DOCS / "index.html", BUILT / "index.html")


def _complaints(language: Language, *, strict: bool) -> str:
    """What MkDocs is not content with, when it builds the site in a language.

    Not `--quiet`: what it does not say, MkDocs does not count, and then `--strict`
    lets a broken link pass.
    """
    command = [sys.executable, "-m", "mkdocs", "build", "-f", _CONFIGURATIONS[language]]
    done = subprocess.run(
        command + ["--strict"] * strict,
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = done.stdout.splitlines()
    told = "\n".join(line for line in lines if not line.startswith("INFO"))
    return f"not built: {language}\n{told.strip()}"


def pack() -> Path:
    """The built site as one file, to be read without a network."""
    with zipfile.ZipFile(ZIP, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(BUILT.rglob("*")):
            if file.is_file():
                packed.write(file, Path("bate-papo") / file.relative_to(BUILT))
    return ZIP
