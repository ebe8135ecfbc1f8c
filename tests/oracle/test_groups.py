"""Groups of several fields, and of whole numbers: the whole way from the load to the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.kafka.rows import RawRows, decode
from streambench.load.probe import record
from streambench.load.probes import probes_of
from streambench.load.trace import compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage, RowClass
from streambench.model.workload import Replay, Workload
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.oracle.late import predict_drops, predict_whole_file
from streambench.workload.parse import load_workload
from streambench.workload.partition import partition_of
from tests.oracle.damage import Kind, damage
from tests.oracle.stand_in import CLOCKS, OFFSET_MS, T0_MS
from tests.oracle.whole_way import logged_records, results

DURATION_MS = 1_000
GROUPS = (
    ["user"],
    ["country", "carrier"],
    ["user", "country"],
    ["carrier", "user", "country"],
    ["paid", "user"],
    ["vat"],
    ["vat", "country", "paid"],
)
COUNTRIES = ["DE", 'a"b', "x,y", "né", "]"]
QUERY = """
[query]
where    = "user <> 3 and carrier <> 'l1'"
group_by = {}
window   = {{ tumbling = "200 ms" }}
grace    = "60 ms"
select   = {{ n = "count(*)", total = "sum(price)" }}
"""


def generated(folder: Path) -> str:
    return f"""
title = "Groups"
[input]
rate       = 2_000
time       = {{ disorder = "50 ms" }}
partitions = 3
[input.fields]
price   = {{ int = [1, 9] }}
country = {{ choice = {json.dumps(COUNTRIES, ensure_ascii=False)} }}
carrier = {{ choice = 4, prefix = "l" }}
user    = {{ int = [-2, 12] }}
paid    = {{ bool = 0.4 }}
vat     = {{ decimal = [-0.05, 0.2] }}
"""


def replayed(folder: Path) -> str:
    rng = np.random.default_rng(5)
    count = 2 * DURATION_MS
    at_ms = T0_MS + np.arange(count) // 2
    pq.write_table(
        pa.table(
            {
                "arrived": pa.array(at_ms, pa.timestamp("ms")),
                "happened": pa.array(at_ms - rng.integers(0, 50, count), pa.timestamp("ms")),
                "price": rng.integers(1, 10, count),
                "country": [COUNTRIES[at] for at in rng.integers(0, len(COUNTRIES), count)],
                "carrier": [f"l{at}" for at in rng.integers(0, 4, count)],
                "user": rng.integers(-2, 13, count),
                "paid": rng.random(count) < 0.4,
                "vat": pa.array(
                    [Decimal(int(units)).scaleb(-2) for units in rng.integers(-5, 21, count)],
                    pa.decimal128(3, 2),
                ),
            }
        ),
        folder / "file.parquet",
    )
    return """
title = "Groups"
[input]
replay     = "file.parquet"
arrival    = "arrived"
event_time = "happened"
partitions = 3
origin     = "made for this test"
[input.fields]
price   = "bigint"
country = "string"
carrier = "string"
user    = "bigint"
paid    = "boolean"
vat     = "decimal(5,2)"
"""


def workload_of(folder: Path, text: str, group_by: list[str]) -> Workload:
    (folder / "workload.toml").write_text(text + QUERY.format(json.dumps(group_by)))
    return load_workload(folder)


def text_of(values: list[object]) -> str:
    """A group's text, by hand."""
    if len(values) == 1:
        return values[0] if isinstance(values[0], str) else as_json(values[0])
    return "[" + ",".join(map(as_json, values)) + "]"


def as_json(value: object) -> str:
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("group_by", GROUPS, ids="-".join)
@pytest.mark.parametrize("made", [generated, replayed])
def test_every_record_finds_its_group_and_every_group_its_row(
    tmp_path: Path, made: Callable[[Path], str], group_by: list[str]
) -> None:
    workload = workload_of(tmp_path, made(tmp_path), group_by)
    trace = compile_trace(
        workload,
        duration_ms=DURATION_MS if made is generated else None,
        seed=1,
        cache=tmp_path / "cache",
    )
    by_hand: dict[tuple[str, int], tuple[int, int]] = {}
    for partition, event_ms, key, value in logged_records(trace):
        event = json.loads(value, parse_float=Decimal)
        text = text_of([event[name] for name in group_by])
        assert key.decode() == text
        assert partition == partition_of(key, 3)
        if event["user"] != 3 and event["carrier"] != "l1":
            place = (text, event_ms // 200 * 200 + OFFSET_MS)
            count, total = by_hand.get(place, (0, 0))
            by_hand[place] = (count + 1, total + event["price"])

    decoded = decode(RawRows.of(results(workload, trace, tmp_path)), workload.query)
    assert decoded.malformed_count == 0
    rows = {
        (row["key"], row["window_start_ms"]): (row["value:n"], row["value:total"])
        for row in decoded.table.to_pylist()
    }
    assert rows == by_hand
    assert decoded.table.num_rows == len(by_hand) > 50

    for clock in CLOCKS:
        expected = expect(trace, workload.query, clock)
        verdict = judge(
            decoded.table,
            expected,
            guarantee=Guarantee.EXACTLY_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=OFFSET_MS,
        ).verdict
        assert verdict.damage == Damage(), verdict.examples
        assert verdict.expected_rows == len(by_hand)
        if isinstance(workload.input, Replay):
            (found,) = predict_whole_file(workload, clock, partitions=3, graces_ms=(60,))
            assert found == predict_drops(trace, workload.query, clock)

    hit = damage(
        decoded.table, Kind.DROPPED, workload.query.aggregates, row=20, advance_ms=200, by=1
    )
    expected = expect(trace, workload.query, EventClock.PER_PARTITION)
    (example,) = judge(
        hit.rows,
        expected,
        guarantee=Guarantee.EXACTLY_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    ).verdict.examples
    assert (example.row_class, example.key) == (RowClass.LOST, hit.key)


@pytest.mark.parametrize("made", [generated, replayed])
@pytest.mark.parametrize(
    ("having", "wanted"),
    [
        ("n > 9", lambda events: len(events) > 9),
        ("total between 30 and 60", lambda events: 30 <= sum(e["price"] for e in events) <= 60),
        ("prices > 3", lambda events: len({e["price"] for e in events}) > 3),
    ],
)
def test_a_probe_brings_as_many_records_as_its_row_needs(
    tmp_path: Path,
    made: Callable[[Path], str],
    having: str,
    wanted: Callable[[list[dict[str, Any]]], bool],
) -> None:
    asked = QUERY.replace(
        'total = "sum(price)"',
        'total = "sum(price)", prices = "count(distinct price)"',
    )
    text = made(tmp_path) + asked.format('["user", "carrier"]') + f'having = "{having}"\n'
    (tmp_path / "workload.toml").write_text(text)
    workload = load_workload(tmp_path)
    for probe in probes_of(workload):
        events = [json.loads(value) for value in probe.together]
        assert wanted(events)
        assert {record(workload, event)[0] for event in events} == {probe.key}
        assert all(event["user"] != 3 and event["carrier"] != "l1" for event in events)


@pytest.mark.parametrize("made", [generated, replayed])
def test_a_group_that_no_records_bring_past_having_is_refused(
    tmp_path: Path, made: Callable[[Path], str]
) -> None:
    text = made(tmp_path) + QUERY.format('["user"]') + 'having = "n > 100000"\n'
    (tmp_path / "workload.toml").write_text(text)
    with pytest.raises(UsageError, match="no group of partition 0 was found that passes `having`"):
        probes_of(load_workload(tmp_path))


@pytest.mark.parametrize("made", [generated, replayed])
def test_probes_have_groups_of_the_workload_that_pass(
    tmp_path: Path, made: Callable[[Path], str]
) -> None:
    workload = workload_of(tmp_path, made(tmp_path), ["user", "carrier"])
    for partition, probe in enumerate(probes_of(workload)):
        assert probe.together == (probe.value,)
        event = json.loads(probe.value)
        assert probe.partition == partition == partition_of(probe.group.encode(), 3)
        assert (probe.key, probe.value) == record(workload, event)
        assert event["user"] in range(-2, 13)
        assert event["user"] != 3
        assert event["carrier"] in ("l0", "l2", "l3")
