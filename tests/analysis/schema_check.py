"""Whether a value keeps a JSON schema: the part of the language that ours uses, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES = {
    "string": str,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}
_KNOWN = {
    "$defs", "$ref", "$schema", "additionalProperties", "anyOf", "const", "default", "description",
    "discriminator", "enum", "items", "oneOf", "properties", "required", "title", "type",
}  # fmt: skip


def problems(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with `value`, as texts that begin with where; a key without a place is wrong, too."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    unknown = schema.keys() - _KNOWN
    assert not unknown, f"this check does not know {unknown}"
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            found = [list(problems(value, each, root)) for each in schema[choice]]
            if all(found):
                yield from min(found, key=len)
            return
    if "const" in schema and value != schema["const"]:
        yield f": {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f": {value!r} is none of {schema['enum']}"
    kind = schema.get("type")
    if kind is not None and not _is(value, kind):
        yield f": {value!r} is no {kind}"
        return
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from (f"[{at}]{each}" for each in problems(item, schema["items"], root))
    if isinstance(value, dict):
        yield from _of_object(value, schema, root)


def _is(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        wanted = int if kind == "integer" else int | float
        return isinstance(value, wanted) and not isinstance(value, bool)
    return isinstance(value, _TYPES[kind])


def _of_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f": no {name}" for name in schema.get("required", ()) if name not in value)
    for name, item in value.items():
        kept = properties.get(name, schema.get("additionalProperties"))
        if kept is None:
            yield f": {name} has no place"
        else:
            yield from (f".{name}{each}" for each in problems(item, kept, root))
