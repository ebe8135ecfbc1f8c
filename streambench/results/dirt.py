"""What each dirty record did to the rows of a job: told from its rows, and from what it said.

The expectation is that of the load without dirt. So whatever differs from it is a dirty record's doing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.columns import bound_columns, value_column
from streambench.model.dirt import (
    RIGHT_RESULTS,
    CameBack,
    ChangedRow,
    ChangedValue,
    DirtEffect,
    DirtKind,
    DirtOutcome,
    NotTold,
    OthersLost,
    PassedOver,
    RightResult,
    ShareTold,
    StoppedForGood,
    TakenIn,
)
from streambench.model.verdict import Verdict
from streambench.model.windows import Sessions
from streambench.model.workload import Query
from streambench.oracle.expected import Expected
from streambench.trial.dirt_watch import DirtSeen, SaidBehind

# By so much a window is later than the latest one before any dirt, for its results to be late.
LATE_MS: Final = 1_500.0
# Less may be a pause of the machine.
LEAST_LATE_MS: Final = 1_000
BEFORE_MS: Final = 1_500.0
BEFORE_STOP_MS: Final = 1_500.0
_SAID_LENGTH: Final = 200
_CLOSE: Final = 1e-9

Place = tuple[str, int]
"""A group's text, and a window's start in ms of the trace's own time."""

Values = Mapping[str, Any]
"""A row's values by the aggregates' aliases."""


@dataclass(frozen=True)
class DirtyLoad:
    """A load with single dirty records, and all that is known of what came of it.

    `facts` as in `load.dirt.FACTS`, of single ones. `rows` as decoded, with all that came; `malformed` are
    texts of rows that are none. `clean` is expected without dirt, `counted` with those records that are
    right to count (None: not computed). Windows before `until_ms` (since T0) could come. `timed`: whether
    times say something of the engine.
    """

    facts: pa.Table
    seen: DirtSeen
    rows: pa.Table
    malformed: tuple[str, ...]
    clean: Expected
    counted: Expected | None
    query: Query
    start_realtime_ms: float
    event_offset_ms: int
    quantum_ms: int
    until_ms: float = math.inf
    timed: bool = True


def dirt_effects(load: DirtyLoad) -> tuple[DirtEffect, ...]:
    """One effect for each single dirty record that was reached, in their order."""
    return _Telling(load).effects()


def shared_effects(
    facts: pa.Table, seen: DirtSeen, verdict: Verdict | None, quantum_ms: int
) -> tuple[DirtEffect, ...]:
    """One effect for each kind of which the load has a share; the verdict is that on all rows."""
    words = _said(seen.said[0])
    effects = []
    for kind in dict.fromkeys(facts.column("kind").to_pylist()):
        own = facts.filter(pc.equal(facts.column("kind"), kind))
        first = own.slice(0, 1).to_pylist()[0]
        due_ms = (first["quantum"] + 1) * quantum_ms
        outcome: DirtOutcome
        if seen.stopped is not None:
            outcome = StoppedForGood(seen.stopped.why, round(seen.stopped.at_ms - due_ms))
        elif verdict is None:
            outcome = NotTold("its rows were not judged")
        else:
            outcome = ShareTold(own.num_rows, verdict.damage.wrong, verdict.damage.lost)
        effects.append(DirtEffect(DirtKind(kind), first["partition"], due_ms, outcome, words))
    return tuple(effects)


class _Telling:
    def __init__(self, load: DirtyLoad) -> None:
        self._load = load
        self._aliases = [each.alias for each in load.query.aggregates]
        self._clean = _by_place(load.clean, self._aliases)
        self._counted = None if load.counted is None else _by_place(load.counted, self._aliases)
        self._got, self._appended_ms = _got(load, self._aliases)
        self._strange = _malformed_places(load)
        self._closing_ms = _closing_ms(load)
        self._facts = load.facts.to_pylist()
        due = [(fact["quantum"] + 1) * load.quantum_ms for fact in self._facts]
        reached = len(load.seen.said)
        stopped = load.seen.stopped
        until = load.until_ms if stopped is None else min(load.until_ms, stopped.at_ms)
        self._due = due[:reached]
        self._ends = [*due[1:reached], until]
        if stopped is not None and reached > 1:
            # What closed just before it stopped may not have come for that reason.
            self._ends[-2] -= BEFORE_STOP_MS
        self._usual_ms = self._greatest_delay_ms(-math.inf, due[0] if due else 0.0)
        self._own_places = {place for fact in self._facts for place in self._places(fact)}

    def effects(self) -> tuple[DirtEffect, ...]:
        return tuple(self._effect(number) for number in range(len(self._due)))

    def _effect(self, number: int) -> DirtEffect:
        fact, due_ms = self._facts[number], self._due[number]
        said = self._load.seen.said[number]
        kind = DirtKind(fact["kind"])
        words = _said(said)
        outcome = self._outcome(number, kind, fact, said, words)
        return DirtEffect(kind, int(fact["partition"]), int(due_ms), outcome, words)

    def _outcome(
        self,
        number: int,
        kind: DirtKind,
        fact: Mapping[str, Any],
        said: SaidBehind,
        words: str | None,
    ) -> DirtOutcome:
        load, due_ms, end_ms = self._load, self._due[number], self._ends[number]
        stopped = load.seen.stopped
        if stopped is not None and number == len(self._due) - 1:
            return StoppedForGood(stopped.why, round(stopped.at_ms - due_ms))
        if isinstance(load.query.window, Sessions):
            return NotTold("of sessions it is not told")
        lost = self._others_lost(due_ms, end_ms)
        if lost.rows:
            return lost
        fate = self._fate(kind, fact, words)
        late_ms = self._late_ms(due_ms, end_ms)
        if said.ended or late_ms >= LEAST_LATE_MS:
            return CameBack(late_ms, said.ended, fate)
        return fate

    def _fate(
        self, kind: DirtKind, fact: Mapping[str, Any], words: str | None
    ) -> PassedOver | TakenIn:
        """What the rows of its own group and windows say, and rows that nobody expects in its windows."""
        changed: list[ChangedRow] = []
        rightly = RIGHT_RESULTS[kind] is not RightResult.LEFT_OUT
        places = self._places(fact)
        starts = {start for _, start in places}
        strangers = [
            place
            for place in (*self._got, *self._strange)
            if place[1] in starts and place not in self._clean and place not in self._own_places
        ]
        for place in (*places, *dict.fromkeys(strangers)):
            clean, got = self._clean.get(place), self._got.get(place, self._strange.get(place))
            values = tuple(
                ChangedValue(alias, _text(clean, alias), _text(got, alias))
                for alias in self._aliases
                if not _same(None if clean is None else clean[alias], None if got is None else got.get(alias))
                or (clean is None) != (got is None)
            )
            if not values:
                continue
            changed.append(
                ChangedRow(place[0], place[1] + self._load.event_offset_ms, values)
            )
            if self._counted is not None:
                right = self._counted.get(place)
                rightly = rightly and _equal_rows(right, got, self._aliases)
        return TakenIn(tuple(changed), rightly) if changed else PassedOver(words)

    def _places(self, fact: Mapping[str, Any]) -> list[Place]:
        window = self._load.query.window
        if isinstance(window, Sessions):
            return []
        return [(fact["key"], start) for start in window.starts(int(fact["event_ms"]))]

    def _others_lost(self, due_ms: float, end_ms: float) -> OthersLost:
        """Rows of windows that closed in a span, and that are missing or miss records."""
        rows = records = 0
        known = True
        counts = [each.alias for each in self._load.clean.aggregates if each.counts_records]
        for place, clean in self._clean.items():
            if place in self._own_places or not due_ms <= self._closing_ms[place] < end_ms:
                continue
            got = self._got.get(place)
            if got is None:
                rows += 1
                records += int(clean[_RECORDS])
            elif any(not _same(clean[alias], got.get(alias)) for alias in self._aliases):
                fewer = int(clean[counts[0]]) - int(got[counts[0]] or 0) if counts else None
                if fewer is None:
                    known = False
                    rows += 1
                elif fewer > 0:
                    rows += 1
                    records += fewer
        return OthersLost(rows, records if known else None)

    def _late_ms(self, due_ms: float, end_ms: float) -> int:
        """How much event time had its results late, of windows that closed in a span.

        0 where those before it were late already: that is not the doing of what came then.
        """
        before = self._late(due_ms - BEFORE_MS, due_ms)
        late = () if before or not self._load.timed else self._late(due_ms, end_ms)
        return self._load.query.window.span_ms(len(late))

    def _late(self, begin_ms: float, end_ms: float) -> set[int]:
        if self._usual_ms is None:
            return set()
        return {
            start
            for (_, start), delay in self._delays(begin_ms, end_ms).items()
            if delay > self._usual_ms + LATE_MS
        }

    def _greatest_delay_ms(self, begin_ms: float, end_ms: float) -> float | None:
        return max(self._delays(begin_ms, end_ms).values(), default=None)

    def _delays(self, begin_ms: float, end_ms: float) -> dict[Place, float]:
        return {
            place: self._appended_ms[place] - closing_ms
            for place, closing_ms in self._closing_ms.items()
            if begin_ms <= closing_ms < end_ms and place in self._appended_ms
        }


_RECORDS: Final = "must records"


def _by_place(expected: Expected, aliases: Sequence[str]) -> dict[Place, dict[str, Any]]:
    table = expected.table.filter(expected.table.column("must"))
    names = ["key", "window_start_ms", "must_records", *(bound_columns(each)[0] for each in aliases)]
    columns = [table.column(name).to_pylist() for name in names]
    return {
        (key, start): {_RECORDS: records, **dict(zip(aliases, values, strict=True))}
        for key, start, records, *values in zip(*columns, strict=True)
    }


def _got(
    load: DirtyLoad, aliases: Sequence[str]
) -> tuple[dict[Place, dict[str, Any]], dict[Place, float]]:
    """The newest row of each place, and when its first one was appended, in ms since T0."""
    rows = load.rows.sort_by([("appended_ms", "ascending"), ("offset", "ascending")])
    names = ["key", "window_start_ms", "appended_ms", *(value_column(each) for each in aliases)]
    columns = [rows.column(name).to_pylist() for name in names]
    got: dict[Place, dict[str, Any]] = {}
    first: dict[Place, float] = {}
    for key, start, appended_ms, *values in zip(*columns, strict=True):
        place = (key, start - load.event_offset_ms)
        got[place] = dict(zip(aliases, values, strict=True))
        first.setdefault(place, appended_ms - load.start_realtime_ms)
    return got, first


def _malformed_places(load: DirtyLoad) -> dict[Place, dict[str, Any]]:
    """Rows that could not be read as such, with what of them could."""
    found: dict[Place, dict[str, Any]] = {}
    for text in load.malformed:
        try:
            row = json.loads(text)
            start = int(row["window_start"])
        except (ValueError, TypeError, KeyError):
            continue
        keys = [row.get(key.name) for key in load.query.group_by]
        name = keys[0] if len(keys) == 1 and isinstance(keys[0], str) else json.dumps(keys)
        found[str(name), start - load.event_offset_ms] = row
    return found


def _closing_ms(load: DirtyLoad) -> dict[Place, float]:
    """When each row that must come may come, in ms since T0; only the flush closes the last ones."""
    table = load.clean.table.filter(load.clean.table.column("must"))
    last = load.clean.quanta - 1
    quanta = np.asarray(table.column("closing_quantum").fill_null(last).to_numpy(), np.int64)
    due_ms = load.clean.due_ms(quanta)
    places = zip(
        table.column("key").to_pylist(), table.column("window_start_ms").to_pylist(), strict=True
    )
    return dict(zip(places, due_ms.tolist(), strict=True))


def _said(said: SaidBehind) -> str | None:
    words = []
    if said.counted:
        words.append(f"its own counter rose by {said.counted:,}")
    if said.lines:
        line = said.lines[0]
        words.append(f"its log: {line[:_SAID_LENGTH]}{'…' if len(line) > _SAID_LENGTH else ''}")
    return "; ".join(words) or None


def _text(row: Values | None, alias: str) -> str | None:
    if row is None:
        return None
    value = row.get(alias)
    return "null" if value is None else str(value)


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(float(one), float(other), rel_tol=_CLOSE, abs_tol=_CLOSE)
    return bool(one == other)


def _equal_rows(one: Values | None, other: Values | None, aliases: Sequence[str]) -> bool:
    if one is None or other is None:
        return one is other
    return all(_same(one.get(alias), other.get(alias)) for alias in aliases)
