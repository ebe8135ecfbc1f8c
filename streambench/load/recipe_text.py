"""A recipe as a text that another host compiles the same load from.

Values are written with the names of their classes, and only those of `streambench.model` are read: a text
can make a workload, and nothing else. It holds no secret, for a workload has none.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from streambench.model import (
    aggregate,
    by_hand,
    dirt,
    expression,
    field_source,
    lookup,
    recipe,
    record_key,
    shape,
    windows,
    workload,
)
from streambench.model.recipe import Recipe

_MODULES: Final[tuple[ModuleType, ...]] = (
    aggregate, by_hand, dirt, expression, field_source, lookup, recipe, record_key, shape, windows, workload,
)  # fmt: skip
_KIND: Final = "is"
_VALUE: Final = "value"


class NoRecipe(Exception):
    """A text that is no recipe."""


def recipe_text(given: Recipe) -> str:
    """The recipe as JSON."""
    return json.dumps(_written(given), separators=(",", ":"))


def read_recipe(text: str) -> Recipe:
    """What `recipe_text` made. Raises NoRecipe."""
    try:
        found = _read(json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NoRecipe(f"the recipe of a load cannot be read: {error}") from error
    if not isinstance(found, Recipe):
        raise NoRecipe("this is no recipe of a load")
    return found


@cache
def _classes() -> Mapping[str, type[Any]]:
    found = (each for module in _MODULES for each in vars(module).values())
    return {each.__name__: each for each in found if isinstance(each, type) and _is_ours(each)}


def _is_ours(each: type[Any]) -> bool:
    ours = dataclasses.is_dataclass(each) or issubclass(each, enum.Enum | expression.Instant)
    return each.__module__.startswith("streambench.model.") and ours


def _written(value: object) -> object:
    match value:
        case None | bool() | str() | float():
            return value
        case enum.Enum():
            return {_KIND: type(value).__name__, _VALUE: value.name}
        case expression.Instant():
            return {_KIND: "Instant", _VALUE: int(value)}
        case int():
            return value
        case tuple():
            return [_written(each) for each in value]
        case Decimal():
            return {_KIND: "Decimal", _VALUE: str(value)}
        case Path():
            return {_KIND: "Path", _VALUE: str(value)}
        case _ if type(value).__name__ in _classes():
            fields = dataclasses.fields(value)  # type: ignore[arg-type]
            told = {field.name: _written(getattr(value, field.name)) for field in fields}
            return {_KIND: type(value).__name__, **told}
    raise TypeError(f"a workload cannot hold a {type(value).__name__}")


def _read(told: Any) -> Any:
    if isinstance(told, list):
        return tuple(_read(each) for each in told)
    if not isinstance(told, dict):
        return told
    kind = told[_KIND]
    if kind == "Decimal":
        return Decimal(told[_VALUE])
    if kind == "Path":
        return Path(told[_VALUE])
    made = _classes()[kind]
    if issubclass(made, enum.Enum):
        return made[told[_VALUE]]
    if issubclass(made, expression.Instant):
        return made(told[_VALUE])
    return made(**{name: _read(each) for name, each in told.items() if name != _KIND})
