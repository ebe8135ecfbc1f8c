"""Whole cases: a declaration and a short sequence of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st

from tests.properties.fields import COLUMNS, KEYS, MOST_RECORDS, Column
from tests.properties.folds import Fold, drawn_fold
from tests.properties.grammar import Grammar
from tests.properties.havings import Having, drawn_having
from tests.properties.pieces import Piece, Row
from tests.properties.spans import Spans
from tests.properties.tables import Table, drawn_table

# A leap day, an hour before a year is over, and a hundred days behind the epoch.
_BEGINS_MS: Final = (951_782_400_000, 1_767_222_000_000, 8_640_000_000)
_DAY_MS: Final = 86_400_000
_LEAST_RECORDS: Final = 6
_TENTHS: Final = st.integers(0, 9)
# More than 24 days are beyond 32 bits.
_SIZES_MS: Final = (1, 2, 10, 100, 250, 1_000, 7 * 60_000, 3_600_000, _DAY_MS, 26 * _DAY_MS)


@dataclass(frozen=True)
class Event:
    """A record: its event time, its partition, its values with those that it is joined with."""

    at_ms: int
    partition: int
    row: Row


@dataclass(frozen=True)
class Case:
    """A declaration and events in the order of the log.

    `late`: some may come after their windows have closed.
    """

    columns: tuple[Column, ...]
    nullable: frozenset[str]
    lets: tuple[tuple[str, Piece], ...]
    where: Piece | None
    keys: tuple[str, ...]
    spans: Spans
    grace_ms: int
    folds: tuple[Fold, ...]
    having: Having | None
    partitions: int
    events: tuple[Event, ...]
    tables: tuple[Table, ...] = ()
    late: bool = False

    @property
    def fields(self) -> tuple[Column, ...]:
        """Those of a record, and those that it is joined with."""
        return (*self.columns, *(column for table in self.tables for column in table.columns))

    def sent(self, row: Row) -> Row:
        """What a record holds itself."""
        return {column.name: row[column.name] for column in self.columns}

    def passes(self, row: Row) -> bool:
        """Whether a record counts: it has a group, and `where` holds."""
        if any(row[key] is None for key in self.keys):
            return False
        return self.where is None or self.where.of(row) is True

    def __repr__(self) -> str:
        from tests.properties.documents import document

        lines = [f"{each.partition} {each.at_ms} {dict(each.row)}" for each in self.events]
        tables = [f"{table.file}:\n{table.lines()}" for table in self.tables]
        return "\n".join(["", document(self), *tables, *lines, ""])


def _spans(draw: st.DrawFn, *, sessions: bool) -> Spans:
    size_ms = draw(st.sampled_from(_SIZES_MS))
    kind = draw(st.sampled_from(("tumbling", "hopping", "session")[: 3 if sessions else 2]))
    if kind == "session":
        return Spans(gap_ms=size_ms)
    every_ms = size_ms
    if kind == "hopping":
        parts = [part for part in (2, 3, 4, 5) if size_ms // part]
        every_ms = size_ms // draw(st.sampled_from(parts or [1]))
        if draw(st.integers(0, 4)) == 0 and every_ms + 1 <= size_ms:
            every_ms += 1  # the length is no multiple of it
    offset_ms = draw(st.sampled_from((0, 0, 1, every_ms // 2, every_ms - 1))) % every_ms
    return Spans(size_ms, every_ms, offset_ms)


def _edge_after(spans: Spans, at_ms: int) -> int:
    """The next instant at which a window begins; of sessions the first that is beyond the gap."""
    if spans.gap_ms:
        return at_ms + spans.gap_ms + 1
    return spans.starts_ms(at_ms)[-1] + spans.every_ms if spans.starts_ms(at_ms) else at_ms + 1


class _Log:
    """Draws event times: at, just before and just behind what matters, and some behind the clock."""

    def __init__(self, draw: st.DrawFn, case: Case) -> None:
        self._draw = draw
        self._case = case
        begin_ms = draw(st.sampled_from(_BEGINS_MS))
        self._now_ms = begin_ms + draw(st.sampled_from((0, 1, case.spans.length_ms - 1)))
        self._clock_ms = begin_ms - case.spans.length_ms  # of the records that pass
        closes_ms = case.spans.length_ms + case.grace_ms
        self._steps = st.sampled_from(
            (
                "stay",
                "stay",
                "tick",
                "some",
                "some",
                "some",
                "edge",
                "before",
                "behind",
                "closes",
                "long",
            )
        )
        self._some = st.integers(0, max(1, case.spans.length_ms // 4))
        self._behind = st.sampled_from(
            (
                0,
                0,
                0,
                0,
                1,
                case.grace_ms,
                max(0, case.grace_ms - 1),
                closes_ms - 1,
                closes_ms,
                closes_ms + 1,
            )
            if case.late
            else (0, 0, 0, 1, case.grace_ms, max(0, case.grace_ms - 1), closes_ms - 1)
        )

    def events(self, rows: Sequence[Row]) -> tuple[Event, ...]:
        """A log of these records, each any number of times."""
        case, draw = self._case, self._draw
        groups: dict[tuple[Any, ...], int] = {}
        partitions = {
            at: groups.setdefault(tuple(row[key] for key in case.keys), len(groups))
            % case.partitions
            for at, row in enumerate(rows)
        }
        found = []
        for _ in range(draw(st.integers(_LEAST_RECORDS, MOST_RECORDS))):
            at = draw(st.integers(0, len(rows) - 1))
            found.append(Event(self._time_ms(rows[at]), partitions[at], rows[at]))
        return tuple(found)

    def _time_ms(self, row: Row) -> int:
        case, spans = self._case, self._case.spans
        match self._draw(self._steps):
            case "tick":
                self._now_ms += 1
            case "some":
                self._now_ms += self._draw(self._some)
            case "edge":
                self._now_ms = _edge_after(spans, self._now_ms)
            case "before":
                self._now_ms = max(self._now_ms, _edge_after(spans, self._now_ms) - 1)
            case "behind":
                self._now_ms = _edge_after(spans, self._now_ms) + 1
            case "closes":
                self._now_ms += spans.length_ms + case.grace_ms
            case "long":
                self._now_ms += 20 * (spans.length_ms + case.grace_ms)
        at_ms = self._now_ms - self._draw(self._behind)
        if not case.late and not spans.in_time(at_ms, self._clock_ms, case.grace_ms):
            at_ms = max(self._now_ms, self._clock_ms)
        if case.passes(row):
            self._clock_ms = max(self._clock_ms, at_ms)
        return at_ms


def _columns(of: Sequence[Column], least: int, most: int) -> st.SearchStrategy[list[Column]]:
    return st.lists(
        st.sampled_from(of), min_size=least, max_size=most, unique_by=lambda column: column.name
    )


@st.composite
def cases(draw: st.DrawFn, *, late: bool = False, sessions: bool = True) -> Case:
    """A case; where `late`, records may be late. Without `sessions` all windows have one length."""
    keys = draw(_columns(KEYS, 1, 3))
    several = [*keys, *draw(_columns([each for each in COLUMNS if each not in keys], 1, 6))]
    names = [column.name for column in several]
    nullable = frozenset(draw(st.sets(st.sampled_from(names), max_size=3)))
    leaves = [column.piece(nullable=column.name in nullable) for column in several]
    tables = _tables(draw, several)
    looked_up = [column for table in tables for column in table.columns]
    leaves += [column.piece(nullable=True) for column in looked_up]
    groups = [*keys, *(column for column in looked_up if column.is_key)][-3:]
    lets: list[tuple[str, Piece]] = []
    for at in range(draw(st.integers(0, 2))):
        piece = Grammar(draw, leaves).anything(draw(st.integers(1, 2)))
        lets.append((f"let_{at}", piece))
        leaves.append(piece.named(f"let_{at}"))
    grammar = Grammar(draw, leaves)
    where = grammar.condition(draw(st.integers(0, 2))) if draw(_TENTHS) >= 6 else None
    folds = tuple(drawn_fold(draw, grammar, f"a{at}") for at in range(draw(st.integers(1, 4))))
    having = None
    if draw(_TENTHS) >= 7:
        having = drawn_having(draw, folds, draw(st.integers(0, 2)))
    spans = _spans(draw, sessions=sessions)
    case = Case(
        columns=tuple(several),
        nullable=nullable,
        lets=tuple(lets),
        where=where,
        keys=tuple(key.name for key in groups),
        spans=spans,
        # An event at the end of a session extends it: it takes a millisecond of grace.
        grace_ms=draw(st.sampled_from((1 if spans.gap_ms else 0, 1, 37, spans.length_ms))),
        folds=folds,
        having=having,
        partitions=draw(st.integers(1, 3)),
        events=(),
        tables=tables,
        late=late,
    )
    rows = draw(st.lists(_rows(case), min_size=2, max_size=8))
    return replace(case, events=_Log(draw, case).events(rows))


def _tables(draw: st.DrawFn, fields: Sequence[Column]) -> tuple[Table, ...]:
    """In every third case one or two."""
    if draw(_TENTHS) < 7:
        return ()
    drawn = [draw(drawn_table(number, fields)) for number in range(draw(st.integers(1, 2)))]
    return tuple(table for table in drawn if table is not None)


def _rows(case: Case) -> st.SearchStrategy[Row]:
    sent = st.fixed_dictionaries(
        {
            column.name: column.drawn(nullable=column.name in case.nullable)
            for column in case.columns
        }
    )
    return sent.map(lambda row: _joined(case, row))


def _joined(case: Case, row: Row) -> Row:
    found = dict(row)
    for table in case.tables:
        found |= table.of(row[table.on.name])
    return found
