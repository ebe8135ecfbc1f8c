"""Fields and aliases that are called like our own columns: the whole way from the load to the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.kafka.rows import RawRows, decode
from streambench.load.trace import compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.model.workload import Workload
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.oracle.late import measured_drops, predict_drops, predict_whole_file, prove_drops
from streambench.workload.parse import load_workload
from tests.oracle.damage import FOUND_AS, Kind, damage
from tests.oracle.stand_in import CLOCKS, OFFSET_MS, T0_MS
from tests.oracle.whole_way import results

# Every name that a table of ours or a query's SQL has, and what DuckDB adds to a file's columns.
NUMBERS = [
    "ordinal",
    "row_index",
    "window_start_ms",
    "window_end_ms",
    "appended_ms",
    "visible_ns",
    "rank",
    "row_class",
    "expected_index",
    "possible_records",
    "must_records",
    "records",
    "must",
    "may",
    "early",
    "first_right",
    "corrected_later",
    "arrival_ms",
    "due_ms",
    "group_key",
    "passes",
    "argument_0",
    "argument_1",
    "standing",
    "earlier",
    "elsewhere",
    "newest",
    "newest_passing",
    "closing_quantum",
    "earliest_quantum",
    "newest_quantum",
    "end_position",
    "late_ms",
    "code",
    "price",
    "price_low",
    "price_high",
    "price_full",
    "price_low_low",
    "low",
    "high",
    "full",
    "value",
    "field",
    "trace",
    "source",
    "file",
    "got",
    "expectation",
    "judged",
    "batch_ends",
    "log",
    "others",
    "filename",
    "file_row_number",
    "file_index",
    "rowid",
    "row",
]
STRINGS = ("key", "offset", "name")
FIELDS = (*STRINGS, *NUMBERS)
RECORDS = 3_000


def text(given: str, group_by: str) -> str:
    aliases = [name for name in FIELDS if name != group_by]
    functions = ("count(*)", "sum({})", "min({})", "max({})")
    select = "\n".join(
        f'{alias} = "{functions[at % 4].format(NUMBERS[at % len(NUMBERS)])}"'
        for at, alias in enumerate(aliases)
    )
    return f"""
title = "Names"
{given}
[query]
where    = "passes > 20 and row_index <= 95 and name <> 'n3'"
group_by = ["{group_by}"]
window   = {{ tumbling = "200 ms" }}
grace    = "60 ms"
[query.select]
{select}
"""


def generated(folder: Path, group_by: str) -> Workload:
    declared = "\n".join(
        [f"{name} = {{ choice = 9 }}" for name in STRINGS]
        + [f"{name} = {{ int = [1, 100] }}" for name in NUMBERS]
    )
    given = f"""
[input]
rate       = 1_000
time       = {{ disorder = "50 ms" }}
partitions = 2
[input.fields]
{declared}
"""
    (folder / "workload.toml").write_text(text(given, group_by))
    return load_workload(folder)


def replayed(folder: Path, group_by: str) -> Workload:
    rng = np.random.default_rng(3)
    at_ms = T0_MS + np.arange(RECORDS)
    columns = {
        "arrived": pa.array(at_ms, pa.timestamp("ms")),
        "happened": pa.array(at_ms - rng.integers(0, 50, RECORDS), pa.timestamp("ms")),
    }
    for name in STRINGS:
        columns[name] = pa.array([f"{name[0]}{number}" for number in rng.integers(0, 9, RECORDS)])
    for name in NUMBERS:
        columns[name] = pa.array(rng.integers(1, 101, RECORDS))
    pq.write_table(pa.table(columns), folder / "file.parquet")
    declared = "\n".join(
        [f'{name} = "string"' for name in STRINGS] + [f'{name} = "bigint"' for name in NUMBERS]
    )
    given = f"""
[input]
replay     = "file.parquet"
arrival    = "arrived"
event_time = "happened"
speed_up   = 1
partitions = 2
origin     = "made for this test"
[input.fields]
{declared}
"""
    (folder / "workload.toml").write_text(text(given, group_by))
    return load_workload(folder)


@pytest.mark.parametrize("group_by", ["key", "offset"])
@pytest.mark.parametrize("made", [generated, replayed])
def test_a_users_name_never_meets_one_of_ours(
    tmp_path: Path, made: Callable[[Path, str], Workload], group_by: str
) -> None:
    folder = tmp_path / f"{group_by}=1"  # to DuckDB the folder of a partition, and so a column
    folder.mkdir()
    workload = made(folder, group_by)
    trace = compile_trace(
        workload,
        duration_ms=RECORDS if made is generated else None,
        seed=1,
        cache=folder / "cache",
    )
    assert trace.meta.records == RECORDS
    decoded = decode(RawRows.of(results(workload, trace, tmp_path)), workload.query)
    assert decoded.malformed_count == 0
    for clock in CLOCKS:
        expected = expect(trace, workload.query, clock)
        judged = judge(
            decoded.table,
            expected,
            guarantee=Guarantee.EXACTLY_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=OFFSET_MS,
        )
        assert judged.verdict.damage == Damage(), judged.verdict.examples
        assert judged.verdict.expected_rows == decoded.table.num_rows > 100
        assert measured_drops(judged, expected) == 0
        assert prove_drops(expected).records == predict_drops(trace, workload.query, clock).records

    if made is replayed:
        (found,) = predict_whole_file(workload, clock, partitions=2, graces_ms=(60,))
        assert found == predict_drops(trace, workload.query, clock)
    expected = expect(trace, workload.query, EventClock.PER_PARTITION)
    for kind in (Kind.DROPPED, Kind.DOUBLED, Kind.ALTERED_UP):
        hit = damage(
            decoded.table, kind, workload.query.aggregates, row=50, advance_ms=200, by=10**9
        )
        verdict = judge(
            hit.rows,
            expected,
            guarantee=Guarantee.EXACTLY_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=OFFSET_MS,
        ).verdict
        (example,) = verdict.examples
        assert example.row_class is FOUND_AS[kind]
