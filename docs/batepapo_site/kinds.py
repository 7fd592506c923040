"""All that a page may ask for, by its name (see `here`)."""

from typing import Final

from batepapo_site.code import code
from batepapo_site.here import Kind
from batepapo_site.specification import error, requirement, table, transcript

KINDS: Final[dict[str, Kind]] = {
    "code": code,
    "requirement": requirement,
    "error": error,
    "table": table,
    "transcript": transcript,
}
