"""The pages that nobody writes: each is made of data, in each language."""

from collections.abc import Callable
from typing import Final

from batepapo_conformance.words import Language
from batepapo_site.reference import whole

Made = Callable[[Language], str]
"""Makes a page of Markdown, which may ask for things by `<!-- here: ... -->`."""

GENERATED: Final[dict[str, Made]] = {
    whole.PATH: whole.whole,
}
"""By where they are on the site, as `reference/requirements.md`."""
