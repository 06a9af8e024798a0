"""What is said of a person's own model as TOML, which people can read and change: written, read, and checked.

Such a config is a frozen dataclass of texts, numbers, and tables of these, with its `format` among them.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

FORMAT = 1  # of the files; a reader refuses what is newer
BARE = re.compile(r"[A-Za-z0-9_-]+")  # TOML's keys that need no quotes


def toml_of(config: Any, heading: str) -> str:
    """The text of the file for a config, below a comment as `heading`."""
    return "\n".join((heading, *_lines(dataclasses.asdict(config)))) + "\n"


def given_by(text: str) -> dict[str, Any]:
    """What stands in such a file. Raises ValueError, saying what is wrong, for no TOML and for another format."""
    import tomllib  # 3 ms that a window without such models does not wait for

    given = tomllib.loads(text)
    if given.get("format", FORMAT) != FORMAT:
        raise ValueError(f"format: {given['format']}")
    return given


def checked_fields(kind: type, table: str, given: Any, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a dataclass of texts, numbers and hashes. Raises ValueError for others or of another type."""
    if not isinstance(given, dict):
        raise ValueError(f"{table}: {given!r}")
    fields = {f.name: str(f.type) for f in dataclasses.fields(kind) if f.name not in without}
    needed = {f.name for f in dataclasses.fields(kind) if f.name in fields and _has_no_default(f)}
    odd = (given.keys() - fields) | (needed - given.keys())
    if odd:
        raise ValueError(f"unknown or missing: {', '.join(sorted(f'{table}.{name}'.strip('.') for name in odd))}")
    for name, value in given.items():
        if not _fits(fields[name], value):
            raise ValueError(f"{f'{table}.{name}'.strip('.')}: {value!r}")
    return given


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    """TOML of texts, numbers, and tables of these; tables stand last, as they must."""
    for name, value in values.items():
        if not isinstance(value, dict):
            yield f"{name} = {_value(value)}"
    for name, table in values.items():
        if isinstance(table, dict):
            yield from ("", f"[{name}]")
            yield from (f"{_key(key)} = {_value(value)}" for key, value in table.items())


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)


def _value(value: str | float) -> str:
    """JSON's texts are TOML's but for one letter that JSON leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _has_no_default(own: dataclasses.Field[Any]) -> bool:
    return own.default is dataclasses.MISSING and own.default_factory is dataclasses.MISSING


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "float":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case _:
            return isinstance(value, dict) and all(isinstance(digest, str) for digest in value.values())
