"""The published formats: each field of a schema, and an example that is valid."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema

from batepapo_conformance.words import Words
from batepapo_site.here import Place
from batepapo_site.pages import DOCS, SCHEMAS
from batepapo_site.trouble import Trouble
from batepapo_site.words import table, words

EXAMPLES: Final = DOCS / "examples"
"""For each schema, under its name, what a real run wrote."""
_Schema = Mapping[str, Any]


def schemas(_argument: str, place: Place) -> str:
    """Every published schema: what it is for, its fields, and an example."""
    return "\n\n".join(
        part for file in files() for part in _told(file, words(place.language))
    )


def files() -> list[Path]:
    """The schemas, in the order in which they are told."""
    found = (file for folder in SCHEMAS for file in folder.glob("*.json"))
    return sorted(found, key=lambda file: file.name)


def _told(file: Path, told: Words) -> Iterator[str]:
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    name = file.name
    base = name.removesuffix(".json")
    format_name = schema["properties"]["format"]["const"]
    yield f"## `{format_name}` {{ #{base} }}"
    yield schema["description"]
    yield told("reports.download", name=name)
    yield _fields(schema, base, told)
    for part, one in schema.get("$defs", {}).items():
        yield f"### `{part}` {{ #{base}-{part} }}"
        yield one["description"]
        yield _fields(one, base, told)
    yield f"### {told('reports.example')} {{ #{base}-example }}"
    yield f"```json\n{example(file).rstrip()}\n```"


def example(described: Path) -> str:
    """The example of a format, which its schema has been found to allow.

    Raises:
        Trouble: there is none, or the schema does not allow it.
    """
    name = described.name
    file = EXAMPLES / name
    if not file.is_file():
        raise Trouble(f"there is no {file.name} in {EXAMPLES.name}")
    text = file.read_text(encoding="utf-8")
    schema = json.loads(described.read_text(encoding="utf-8"))
    try:
        jsonschema.validate(json.loads(text), schema)
    except jsonschema.ValidationError as error:
        raise Trouble(f"{EXAMPLES.name}/{name}: {error.message}") from error
    return text


def _fields(schema: _Schema, base: str, told: Words) -> str:
    needed = schema.get("required", ())
    rows = []
    for name, one in _flat(schema["properties"]):
        may = "" if name.partition(".")[0] in needed else told("reports.optional")
        kind = _type(one, base, told)
        rows.append((f"`{name}`", kind, " ".join([one.get("description", ""), may])))
    names = ("field", "type", "meaning")
    return table([told(f"reports.{name}") for name in names], rows)


def _flat(properties: _Schema, above: str = "") -> Iterator[tuple[str, _Schema]]:
    """Each field, and those of what stands in it without a name of its own."""
    for name, one in properties.items():
        yield f"{above}{name}", one
        inside = one.get("items", one)
        for each in (inside, *one.get("oneOf", ())):
            if "properties" in each:
                dot = "[]." if inside is not one else "."
                yield from _flat(each["properties"], f"{above}{name}{dot}")


def _type(one: _Schema, base: str, told: Words) -> str:  # noqa: PLR0911 (a table)
    match one:
        case {"const": value}:
            return f"`{json.dumps(value)}`"
        case {"enum": values}:
            return ", ".join(f"`{json.dumps(value)}`" for value in values)
        case {"$ref": where}:
            name = str(where).rpartition("/")[2]
            return f"[{name}](#{base}-{name})"
        case {"oneOf": kinds}:
            every = [_type(each, base, told) for each in reversed(kinds)]
            return f" {told('reports.or')} ".join(every)
        case {"type": "array", "items": inside}:
            return told("reports.array", of=_type(inside, base, told))
        case {"type": "object", "additionalProperties": dict(inside)}:
            return told("reports.map", of=_type(inside, base, told))
        case {"type": [*kinds]}:
            return f" {told('reports.or')} ".join(map(str, kinds))
        case {"type": kind}:
            return str(kind)
        case _:
            return told("reports.any")
