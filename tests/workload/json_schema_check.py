"""Whether a value keeps a JSON schema of draft 7: the part of the language that ours uses, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "array": list,
    "object": dict,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}
_SAID_ELSEWHERE = {"$schema", "definitions", "description", "examples", "title"}


def wrong(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with `value`, as texts that begin with where."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        yield from wrong(value, root["definitions"][name], root)
    for keyword, rule in schema.items():
        if keyword in _SAID_ELSEWHERE or keyword == "$ref":
            continue
        for problem in _CHECKS[keyword](value, rule, schema, root):
            yield f"{problem} ({keyword})" if problem == "" else problem


def _forms(value: Any, rule: Any, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    found = [list(wrong(value, each, root)) for each in rule]
    if all(found):
        yield from min(found, key=len)


def _one_form(value: Any, rule: Any, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    fitting = [each for each in rule if not list(wrong(value, each, root))]
    if len(fitting) != 1:
        yield f" fits {len(fitting)} of {len(rule)} forms"


def _type(value: Any, rule: Any, *_: Any) -> Iterator[str]:
    if isinstance(value, bool) is not (rule == "boolean") or not isinstance(value, _TYPES[rule]):
        yield f" is no {rule}: {value!r}"


def _properties(value: Any, rule: Any, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    for name, inner in rule.items():
        if isinstance(value, dict) and name in value:
            yield from (f".{name}{each}" for each in wrong(value[name], inner, root))


def _others(
    value: Any, rule: Any, schema: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[str]:
    for name, inner in value.items() if isinstance(value, dict) else ():
        if name not in schema.get("properties", {}):
            if rule is False:
                yield f".{name} is not known"
            elif rule is not True:
                yield from (f".{name}{each}" for each in wrong(inner, rule, root))


def _items(value: Any, rule: Any, _: Any, root: Mapping[str, Any]) -> Iterator[str]:
    for at, inner in enumerate(value if isinstance(value, list) else ()):
        yield from (f"[{at}]{each}" for each in wrong(inner, rule, root))


def _that(holds: Any) -> Any:
    def check(value: Any, rule: Any, *_: Any) -> Iterator[str]:
        if not holds(value, rule):
            yield f" is {value!r}, against {rule!r}"

    return check


def _number(value: Any) -> bool:
    return isinstance(value, int | float)


_CHECKS: Mapping[str, Any] = {
    "anyOf": _forms,
    "oneOf": _one_form,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _others,
    "items": _items,
    "required": _that(lambda value, rule: not isinstance(value, dict) or set(rule) <= value.keys()),
    "enum": _that(lambda value, rule: value in rule),
    "pattern": _that(lambda value, rule: not isinstance(value, str) or re.search(rule, value)),
    "minimum": _that(lambda value, rule: not _number(value) or value >= rule),
    "maximum": _that(lambda value, rule: not _number(value) or value <= rule),
    "exclusiveMinimum": _that(lambda value, rule: not _number(value) or value > rule),
    "exclusiveMaximum": _that(lambda value, rule: not _number(value) or value < rule),
    "minLength": _that(lambda value, rule: not isinstance(value, str) or len(value) >= rule),
    "maxLength": _that(lambda value, rule: not isinstance(value, str) or len(value) <= rule),
    "minItems": _that(lambda value, rule: not isinstance(value, list) or len(value) >= rule),
    "maxItems": _that(lambda value, rule: not isinstance(value, list) or len(value) <= rule),
    "minProperties": _that(lambda value, rule: not isinstance(value, dict) or len(value) >= rule),
}
