"""The query's Python program as a module; imported by worker processes, so it imports little."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, TypeAlias, cast

# What is kept of one group in one window.
Totals: TypeAlias = list[Any]
EVENT_TIME: Final = "event time"
"""What an event's time is called among its fields, whose names have no space."""
# What JSON holds in the field by which the query groups, or a tuple of several fields.
GroupKey: TypeAlias = Any


class _Program(Protocol):
    """What every program has: the grace in ms, how numbers with a fraction are read, the filters of records
    and of groups, the aggregation of a record."""

    GRACE_MS: int
    PARSE_FLOAT: Callable[[str], Any] | None
    where: Callable[[Any], bool]
    accumulate: Callable[[dict[GroupKey, Totals], Any], None]
    having: Callable[[Totals], bool]


def reader_of(program: _Program) -> Callable[[Any], bool] | None:
    """What tells a record from one that is not as it is declared; None: the program does not look."""
    return getattr(program, "readable", None)


def reads_time(program: _Program) -> bool:
    """Whether a program asks for `EVENT_TIME` among the fields of an event."""
    return bool(getattr(program, "READS_TIME", False))


class QueryProgram(_Program, Protocol):
    """A query over windows of one length: lengths in ms, and a row by group, start and aggregates."""

    WINDOW_MS: int
    ADVANCE_MS: int
    OFFSET_MS: int
    row: Callable[[GroupKey, int, Totals], tuple[bytes, bytes]]


class SessionProgram(_Program, Protocol):
    """A query over sessions: the gap in ms, a record's group, how totals are merged, and a row.

    A row is made of group, start, end and aggregates. `merge` adds the second totals to the first.
    """

    GAP_MS: int
    key_of: Callable[[Any], GroupKey]
    merge: Callable[[Totals, Totals], None]
    row: Callable[[GroupKey, int, int, Totals], tuple[bytes, bytes]]


class MovingProgram(_Program, Protocol):
    """A query of records that are moved to the partition of their group: their group, and its key in Kafka."""

    group_of: Callable[[Any], GroupKey]
    key_bytes: Callable[[GroupKey], bytes]


class HandProgram(QueryProgram, Protocol):
    """A query by hand: the rows of a closed window, of what is kept of it, or of the parts of all partitions.

    `part_of` is what goes to the place where these meet, where the program `GATHERS` them.
    """

    GATHERS: bool
    rows_of: Callable[[Any, int], Iterable[tuple[bytes, bytes]]]
    part_of: Callable[[dict[GroupKey, Totals]], Any]


class HandSessions(SessionProgram, Protocol):
    """The same of sessions, of which each is kept by itself."""

    rows_of: Callable[[Totals, int, int], Iterable[tuple[bytes, bytes]]]


def is_by_hand(program: object) -> bool:
    """Whether a program makes the rows of a window, and not one of each group."""
    return hasattr(program, "rows_of")


def load_query(path: Path) -> QueryProgram:
    """Import the program of windows of one length at `path`."""
    return cast(QueryProgram, _load(path))


def load_program(path: Path) -> QueryProgram | SessionProgram:
    """Import the program at `path`, of either kind."""
    module = _load(path)
    if hasattr(module, "GAP_MS"):
        return cast(SessionProgram, module)
    return cast(QueryProgram, module)


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("query", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
