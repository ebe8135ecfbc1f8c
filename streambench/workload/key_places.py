"""Which key of `workload.toml` a path leads to: its table, the keys beside it, its words."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from streambench.workload.key_words import WORDS, KeyWords
from streambench.workload.schema import ReplaySpec, SyntheticSpec, WorkloadSpec


def words_at(path: Sequence[str | int], *, replay: bool) -> KeyWords | None:
    """The words of the key at `path`; None where any name may stand there."""
    if not path:
        return None
    model = model_at(path[:-1], replay=replay)
    return None if model is None else WORDS.get(model, {}).get(str(path[-1]))


def keys_at(path: Sequence[str | int], *, replay: bool) -> tuple[str, ...]:
    """The keys that may stand in the table at `path`; () where any may, and where there is no table."""
    model = model_at(path, replay=replay)
    return () if model is None else key_names(model)


def key_names(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a table as they are written."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def model_at(path: Sequence[str | int], *, replay: bool) -> type[BaseModel] | None:
    """The model of the table at `path`; None where there is none. `replay`: which form `input` has."""
    found: Any = WorkloadSpec
    for step in path:
        if isinstance(found, type) and issubclass(found, BaseModel):
            fields = {field.alias or name: field for name, field in found.model_fields.items()}
            if step not in fields:
                return None
            found = _chosen(fields[str(step)].annotation, replay=replay)
        elif get_origin(found) is dict:
            found = _chosen(get_args(found)[1], replay=replay)
        else:
            return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _chosen(annotation: Any, *, replay: bool) -> Any:
    """The table, or the table of tables, that an annotation allows; None where it allows none."""
    found = [
        each
        for each in _parts(annotation)
        if get_origin(each) is dict or (isinstance(each, type) and issubclass(each, BaseModel))
    ]
    if ReplaySpec in found:
        return ReplaySpec if replay else SyntheticSpec
    return found[0] if found else None


def _parts(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _parts(each)
    else:
        yield annotation
