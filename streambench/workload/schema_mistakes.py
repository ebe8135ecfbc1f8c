"""What the schema refuses, in the words of the file: pydantic's own terms reach nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from streambench.model.written import quoted
from streambench.workload.file.formats import mended_time
from streambench.workload.key_places import keys_at, model_at, words_at
from streambench.workload.key_words import KeyWords
from streambench.workload.length_hints import length_hint, window_hint
from streambench.workload.mistakes import Mistake, dotted, value_at
from streambench.workload.names import did_you_mean, nearest
from streambench.workload.schema import input_kind
from streambench.workload.toml_places import KeyPath
from streambench.workload.unsupported import nearest_supported

_WINDOW: Final = ("query", "window")
_TIMES: Final = (("input", "event_time"), ("input", "arrival"))
_TYPES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("int", "integer", "long", "int64", "int32", "number"), "bigint"),
    **dict.fromkeys(("float", "real", "float64", "float32"), "double"),
    **dict.fromkeys(("str", "text", "varchar", "char", "uuid"), "string"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("date", "datetime", "time", "timestamptz"), "timestamp"),
    **dict.fromkeys(("decimal", "numeric", "money"), "decimal(10,2)"),
}
_BOUNDS: Final = {"le": "of at most", "ge": "of at least", "gt": "above", "lt": "below"}


def mistakes_of(error: ValidationError, data: Mapping[str, Any]) -> tuple[Mistake, ...]:
    """Everything that the schema refuses in `data`, each key once."""
    replay = input_kind(data.get("input")) == "replay"
    found: dict[KeyPath, Mistake] = {}
    for detail in error.errors(include_url=False):
        refused = _Refused(_path(detail, data), detail, data, replay)
        found.setdefault(refused.path, _mistake(refused))
    # Of the forms that a value may have, the one that was meant tells most: what is wrong within it.
    inner = {path[:end] for path in found for end in range(len(path))}
    lists = {path for path in inner if isinstance(value_at(data, path), list)}
    # What is meant by a mistyped key is not missing, nor what stands in place of one that is not supported.
    meant = {renamed for path in found if (renamed := meant_by(path, data, replay=replay))}
    strange = {path for path in found if path and is_strange(path, replay=replay)}
    replaced = {
        path
        for path in found
        if len(path) > 1
        and value_at(data, path) is None
        and (keys := value_at(data, path[:-1]))
        and all((*path[:-1], key) in strange for key in keys)
    }
    return tuple(
        mistake
        for path, mistake in found.items()
        if path not in lists | replaced and not (path in meant and value_at(data, path) is None)
    )


def meant_by(path: KeyPath, data: Mapping[str, Any], *, replay: bool) -> KeyPath | None:
    """What a mistyped key was meant to be, where that is not there; None for what is no mistyped key."""
    if not path or not is_strange(path, replay=replay):
        return None
    *parent, key = path
    near = nearest(str(key), keys_at(parent, replay=replay))
    if near is None or value_at(data, (*parent, near)) is not None:
        return None
    return (*parent, near)


def is_strange(path: KeyPath, *, replay: bool) -> bool:
    """Whether the key at `path` stands where others are known, and it is not."""
    known = keys_at(path[:-1], replay=replay)
    return bool(known) and path[-1] not in known


@dataclass(frozen=True)
class _Refused:
    """One of pydantic's findings, with its path in the file."""

    path: KeyPath
    detail: ErrorDetails
    data: Mapping[str, Any]
    replay: bool

    @property
    def kind(self) -> str:
        """What is wrong, by the name that pydantic has for it."""
        return self.detail["type"]

    @property
    def value(self) -> Any:
        """What the user wrote there."""
        return value_at(self.data, self.path) if self.path else self.data

    @property
    def words(self) -> KeyWords | None:
        """What is due there."""
        return words_at(self.path, replay=self.replay)


def _path(detail: ErrorDetails, data: Mapping[str, Any]) -> KeyPath:
    """The path in the file: without the names that forms of a value have in the schema."""
    steps = list(detail["loc"])
    if steps[:1] == ["input"] and len(steps) > 1:
        del steps[1]
    path: list[str | int] = []
    here: object = data
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(here, Mapping) and isinstance(step, str):
            if step not in here and not (last and detail["type"] == "missing"):
                continue
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:  # also of a list that is too short: the list is what is meant
            continue
        path.append(step)
    return tuple(path)


def _mistake(refused: _Refused) -> Mistake:
    path = refused.path
    match refused.kind:
        case "extra_forbidden":
            return _unknown(path, replay=refused.replay)
        case "missing" if refused.value is None:
            return Mistake(path, "this key is missing", _add(refused))
        case "value_error":
            return Mistake(path, str(refused.detail["ctx"]["error"]), _instead(refused))
        case _:
            return Mistake(path, _unfit(refused), _instead(refused))


def _unknown(path: KeyPath, *, replay: bool) -> Mistake:
    parent, key = path[:-1], str(path[-1])
    table = f"[{dotted(parent)}]" if parent else "the file"
    known = keys_at(parent, replay=replay)
    if key in keys_at(parent, replay=not replay):
        form = "replays a file" if replay else "is generated"
        what = f"this key has no meaning where the input {form}"
        return Mistake(path, what, f"take it out; the keys of {table} are {', '.join(known)}")
    model = model_at(parent, replay=replay)
    if model is not None and (supported := nearest_supported(model, key)) is not None:
        what = f"{quoted(key)} is not supported; the nearest is {supported}"
        words = words_at((*parent, supported), replay=replay)
        written = f"write {supported} = {words.example}" if words else f"use {supported}"
        return Mistake(path, what, written)
    what = f"unknown key{did_you_mean(key, known)}"
    if (near := nearest(key, known)) is not None:
        return Mistake(path, what, f"write {near} in place of {key}")
    return Mistake(path, what, f"take it out; the keys of {table} are {', '.join(known)}")


def _unfit(refused: _Refused) -> str:
    """What is wrong with a value that is not of the form that is due."""
    value, words = refused.value, refused.words
    if value in ("", [], {}):
        return "this is empty" if words is None else f"this is empty; {words.form} is due"
    if words is not None:
        return f"{quoted(value)} is not {words.form}"
    return f"{_due(refused)} is due here, not {quoted(value)}"


def _due(refused: _Refused) -> str:
    path, kind = refused.path, refused.kind
    if path[:2] == ("input", "fields") and len(path) == 3:
        return "a field"
    for name, words in _BOUNDS.items():
        if name in (bounds := refused.detail.get("ctx", {})):
            return f"a whole number {words} {bounds[name]:,}"
    if kind.startswith("string"):
        return "a text"
    if kind.startswith("int"):
        return "a whole number"
    return "a table" if kind.startswith(("dict", "model", "mapping")) else "something else"


def _add(refused: _Refused) -> str:
    path, words = refused.path, refused.words
    key, parent = path[-1], path[:-1]
    if refused.replay and path == _WINDOW:  # how long is for the file's times to tell
        return window_hint(None, add=True)
    written = str(key) if words is None else f"{key} = {words.example}"
    return f"add {written} to [{dotted(parent)}]" if parent else f"begin the file with {written}"


def _instead(refused: _Refused) -> str:
    path, words = refused.path, refused.words
    if path[-1:] == ("group_by",):
        named = refused.value if isinstance(refused.value, list) else [refused.value]
        one = next((each for each in named if isinstance(each, str)), "")
        if one:
            return f'write group_by = ["{quoted(one)[1:-1]}"]'
    if path == _WINDOW:
        return window_hint(refused.value)
    if (type_ := _type_meant(path, refused.value)) is not None:
        return f'write {path[-1]} = "{type_}"'
    if path in _TIMES and (mended := mended_time(refused.value)) is not None:
        return f"write {path[-1]} = {mended}"
    if words is not None:
        length = length_hint(path, refused.value) if words.is_length else None
        return length or f"write {path[-1]} = {words.example}"
    if path[:2] == ("input", "fields") and len(path) == 3:
        written = '"string"' if refused.replay else "{ choice = 1_000 }, or { int = [1, 500] }"
        return f"write {path[-1]} = {written}"
    if path[:2] == ("query", "select"):
        return f'write {path[-1]} = "count(*)", or sum, avg, min or max of a column'
    return "`streambench schema` prints what can stand there"


def _type_meant(path: KeyPath, value: Any) -> str | None:
    """The type of a field that other programs call so."""
    of_a_field = path[:2] == ("input", "fields") and (len(path) == 3 or path[-1] == "type")
    return _TYPES.get(value.lower()) if of_a_field and isinstance(value, str) else None


def required(path: KeyPath, *, replay: bool) -> bool:
    """Whether the key at `path` must be there."""
    model = model_at(path[:-1], replay=replay)
    if model is None:
        return False
    for name, field in model.model_fields.items():
        if (field.alias or name) == path[-1]:
            return field.is_required()
    return False
