"""The JSON schema of `workload.toml`, for editors: made from the models that check it, with the words of its keys.

It is of draft 7, which the TOML tools of editors know.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from streambench.workload.field_schema import GeneratedField
from streambench.workload.key_words import WORDS, KeyWords, example_of
from streambench.workload.schema import (
    QuerySpec,
    ShapeSpec,
    SyntheticSpec,
    WindowSpec,
    WorkloadSpec,
)

_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
# Of these lists of keys a table has one.
_ONE_OF: Final[Mapping[type[BaseModel], tuple[tuple[str, ...], ...]]] = {
    SyntheticSpec: (("rate",), ("shape",)),
    GeneratedField: tuple(
        (each,) for each in ("choice", "int", "growing", "decimal", "double", "timestamp", "bool")
    ),
    QuerySpec: (("select",), ("columns",)),
    ShapeSpec: (("ramp",), ("steps",), ("sine",), ("bursts",)),
    WindowSpec: (("tumbling",), ("hopping", "every"), ("session",)),
}


def workload_schema() -> str:
    """Return the schema as JSON, with a line break at its end."""
    made = _plain(WorkloadSpec.model_json_schema(by_alias=True))
    definitions = made.pop("$defs")
    for model, words in WORDS.items():
        table = made if model is WorkloadSpec else definitions[model.__name__]
        for name, each in words.items():
            _describe(table["properties"][name], each)
    for model, keys in _ONE_OF.items():
        table = definitions[model.__name__]
        table["oneOf"] = [{"required": list(each)} for each in keys]
        one_of = {name for each in keys for name in each}
        if "required" in table:
            table["required"] = [name for name in table["required"] if name not in one_of]
    head = {"$schema": _DRAFT, "title": "workload.toml of streambench"}
    whole = {**head, **made, "definitions": definitions}
    return json.dumps(whole, indent=2, ensure_ascii=False, sort_keys=False) + "\n"


def _describe(key: dict[str, Any], words: KeyWords) -> None:
    form = f"{words.form[:1].upper()}{words.form[1:]}."
    key["description"] = f"{words.meaning} {form}"
    key["examples"] = [_as_json(example_of(words))]


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def _plain(node: Any) -> Any:
    """The same in draft 7, without what pydantic adds by itself."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {
        key: {name: _plain(each) for name, each in value.items()}
        if key in ("properties", "$defs")
        else _plain(value)
        for key, value in node.items()
        if key not in ("title", "default")
    }
    if isinstance(made.get("anyOf"), list):  # TOML has no null
        forms = [each for each in made["anyOf"] if each != {"type": "null"}]
        made = {**made, "anyOf": forms} if len(forms) > 1 else {**made, **forms[0]}
        if len(forms) == 1:
            del made["anyOf"]
    if "prefixItems" in made:  # a list of so many of one kind
        made["items"] = made.pop("prefixItems")[0]
    reference = made.get("$ref")
    if isinstance(reference, str):
        made["$ref"] = reference.replace("#/$defs/", "#/definitions/")
    return made
