"""The query's Python program as a module; imported by worker processes, so it imports little."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

# The aggregates of one group in one window, in the order of the query.
Totals: TypeAlias = list[int]
# What JSON holds in the field by which the query groups, or a tuple of several fields.
GroupKey: TypeAlias = Any


class QueryProgram(Protocol):
    """What `query_source` writes: lengths in ms, the filter, the aggregation of a record, a row."""

    WINDOW_MS: int
    ADVANCE_MS: int
    OFFSET_MS: int
    GRACE_MS: int
    where: Callable[[Any], bool]
    accumulate: Callable[[dict[GroupKey, Totals], Any], None]
    row: Callable[[GroupKey, int, Totals], tuple[bytes, bytes]]


def load_query(path: Path) -> QueryProgram:
    """Import the program at `path`."""
    spec = importlib.util.spec_from_file_location("query", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(QueryProgram, module)
