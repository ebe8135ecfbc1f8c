"""What the oracle expects of a case, and what the judge says of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.kafka.raw_rows import RawRow, RawRows
from streambench.kafka.rows import decode
from streambench.model.conditions import Guarantee
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.plan import EventClock
from streambench.model.workload import SESSION_LENGTH, Workload
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.workload.keys import key_text
from tests.oracle.stand_in import Meta, StandIn
from tests.properties.agreement import same_value
from tests.properties.cases import Case
from tests.properties.folds import Found
from tests.properties.meaning import Meant, Place

QUANTUM_MS: Final = 5
_TYPES: Final[Mapping[ValueType, Any]] = {
    FieldType.STRING: pa.string(),
    FieldType.BIGINT: pa.int64(),
    FieldType.DOUBLE: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.TIMESTAMP: pa.int64(),
}
_NEAR: Final = 1e-6
_LOST: Final = 1e-14


def expected_of(case: Case, workload: Workload, folder: Path) -> Expected:
    """What the oracle expects of an engine with a clock per partition; each record has a quantum of its own."""
    columns: dict[str, pa.Array] = {}
    positions: dict[int, int] = {}
    position = []
    for event in case.events:
        position.append(positions.get(event.partition, 0))
        positions[event.partition] = position[-1] + 1
    columns["quantum"] = pa.array(range(len(case.events)), pa.int32())
    columns["partition"] = pa.array([event.partition for event in case.events], pa.int16())
    columns["position"] = pa.array(position, pa.int64())
    columns["event_ms"] = pa.array([event.at_ms for event in case.events], pa.int64())
    for column in case.fields:
        values = [event.row[column.name] for event in case.events]
        columns[column.name] = pa.array(values, _arrow_type(column.type))
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "part.parquet")
    meta = Meta(case.partitions, QUANTUM_MS, len(case.events))
    trace = StandIn(str(folder / "*.parquet"), meta)
    return expect(trace, workload.query, EventClock.PER_PARTITION)


def disagreements_of_oracle(
    case: Case, due: Mapping[Place, Meant], expected: Expected
) -> list[str]:
    """What the oracle expects otherwise than is meant; its bounds have to hold what is meant."""
    wrong = []
    if not case.late and not (expected.exact and expected.nothing_late):
        wrong.append("records are late, to the oracle")
    rows = {
        (row["key"], row["window_start_ms"]): (row, bool(may))
        for row, may in zip(expected.table.to_pylist(), expected.may, strict=True)
    }
    named = {(_key(place), place[1]): (place, meant) for place, meant in due.items()}
    for at, (row, may) in rows.items():
        if at not in named:
            if row["must"]:
                wrong.append(f"{at} must come, to the oracle")
            continue
        place, meant = named[at]
        if not may:
            wrong.append(f"{at} may not come, to the oracle")
        if meant.sure and not row["must"] and not (case.late and case.having):
            wrong.append(f"{at} need not come, to the oracle")
        if case.spans.gap_ms and row[f"full:{SESSION_LENGTH.alias}"] != place[2] - place[1]:
            wrong.append(f"{at} ends elsewhere, to the oracle")
        for alias, found in meant.found.items():
            wrong += [f"{at}: {alias} {what}" for what in _differs(case, row, alias, found)]
    wrong += [f"{at} is unknown to the oracle" for at in named if at not in rows]
    return wrong


def _differs(case: Case, row: Mapping[str, Any], alias: str, found: Found) -> list[str]:
    low, high, value = row[f"low:{alias}"], row[f"high:{alias}"], found.value
    if value is None:
        return [] if row[f"null:{alias}"] else [f"has a value, {low} to {high}, to the oracle"]
    if low is None or high is None:
        return [f"is {value!r}, and has none to the oracle"]
    shown = f"is {value!r}, {low!r} to {high!r} to the oracle"
    if not case.late and low != high:
        return [shown]
    if isinstance(value, float):
        tolerance = row[f"tolerance:{alias}"]
        if not low - tolerance <= value <= high + tolerance:
            return [shown]
        if not case.late and not _near(tolerance, found):
            return [f"is right within {found.tolerance}, within {tolerance} to the oracle"]
        return []
    inside = low <= value <= high and (case.late or same_value(low, found))
    return [] if inside else [shown]


def verdict_on(
    case: Case, workload: Workload, expected: Expected, rows: Sequence[bytes]
) -> list[str]:
    """What the judge finds wrong with rows that come in good time."""
    late_ms = QUANTUM_MS * (len(case.events) + 10)
    raw = [RawRow(0, at, late_ms, late_ms * 1_000_000, None, row) for at, row in enumerate(rows)]
    decoded = decode(RawRows.of(raw), workload.query)
    found = [f"malformed: {each.reason}" for each in decoded.malformed]
    judged = judge(
        decoded.table,
        expected,
        guarantee=Guarantee.EXACTLY_ONCE,
        start_realtime_ms=0,
        event_offset_ms=0,
    )
    return found if judged.verdict.right else [*found, f"judged: {judged.verdict}"]


def _key(place: Place) -> str:
    return key_text(place[0])


def _arrow_type(type_: ValueType) -> Any:
    if isinstance(type_, DecimalType):
        return pa.decimal128(type_.precision, type_.scale)
    return _TYPES[type_]


def _near(tolerance: float, found: Found) -> bool:
    """Whether two tolerances are the same, but for the digits that a root less another one loses."""
    lost = _LOST * abs(found.value)
    return bool(abs(tolerance - found.tolerance) <= _NEAR * max(tolerance, found.tolerance) + lost)
