"""What the oracle expects of each aggregate, exact and within bounds, against plain Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.model.columns import value_column
from streambench.model.conditions import Guarantee
from streambench.model.expression import FieldReference, FieldType
from streambench.model.plan import EventClock
from streambench.model.verdict import RowClass
from streambench.model.windows import Sessions
from streambench.model.workload import Query
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from tests.oracle import engines_in_python as engines
from tests.oracle.engines_in_python import starts_ms
from tests.oracle.stand_in import (
    OFFSET_MS,
    T0_MS,
    WINDOWS,
    Meta,
    Record,
    StandIn,
    query,
    right_rows,
)
from tests.workload.aggregates import TABLE, Event, aggregates, drawn_events, meant

PARTITIONS = 3
ASKED = replace(
    query(filtered=False),
    aggregates=aggregates(),
    group_by=(FieldReference("shop", FieldType.STRING),),
)


class Log:
    """Events with their place in time: up to three windows behind, all that pass."""

    def __init__(self, seed: int, count: int = 300) -> None:
        rng = np.random.default_rng(seed)
        self.events = drawn_events(seed, count, shops=6)
        # `value` is the number of the event: what was counted can be told from it.
        self.records = [
            Record(
                quantum=at // 3,
                partition=int(event["shop"][1:]) % PARTITIONS,
                event_ms=at * 5 - int(rng.exponential(90)),
                key=event["shop"],
                value=at,
            )
            for at, event in enumerate(self.events)
        ]
        self.events = [
            {**event, "at": record.event_ms}
            for event, record in zip(self.events, self.records, strict=True)
        ]

    def trace(self, folder: Path) -> StandIn:
        folder.mkdir(exist_ok=True)
        positions = [0] * PARTITIONS
        columns: dict[str, list[Any]] = {"position": []}
        for record, event in zip(self.records, self.events, strict=True):
            columns["position"].append(positions[record.partition])
            positions[record.partition] += 1
            for name in ("quantum", "partition", "event_ms"):
                columns.setdefault(name, []).append(getattr(record, name))
            for name, value in event.items():
                columns.setdefault(name, []).append(value)
        pq.write_table(pa.table(columns), folder / "part.parquet")
        return StandIn(str(folder / "*.parquet"), Meta(PARTITIONS, 5, 100))

    def of(self, numbers: Sequence[int]) -> list[Event]:
        return [self.events[number] for number in numbers]


def lawful(row: Mapping[str, Any], alias: str, value: Any) -> bool:
    if value is None:
        return bool(row[f"null:{alias}"])
    tolerance = row.get(f"tolerance:{alias}", 0)
    low, high = row[f"low:{alias}"], row[f"high:{alias}"]
    return low is not None and low - tolerance <= value <= high + tolerance


def assert_lawful(expected: Expected, counted: engines.Counts, log: Log) -> None:
    asked = {each.alias: TABLE[each.alias] for each in expected.aggregates}
    for row in expected.table.to_pylist():
        numbers = counted.get((row["key"], row["window_start_ms"]), [])
        if not numbers:
            assert not row["must"]
            continue
        for alias, value in meant(log.of(numbers), asked).items():
            assert lawful(row, alias, value), (row, alias, value)


def in_windows(log: Log, window: Any) -> dict[tuple[str, int], list[int]]:
    """The numbers of the events of each group and window, by its start."""
    by_hand: dict[tuple[str, int], list[int]] = {}
    if not isinstance(window, Sessions):
        for record in log.records:
            for start_ms in starts_ms(record.event_ms, window):
                by_hand.setdefault((record.key, start_ms), []).append(record.value)
        return by_hand
    last: dict[str, tuple[int, int]] = {}
    for record in sorted(log.records, key=lambda record: record.event_ms):
        start_ms, newest_ms = last.get(record.key, (0, -(10**9)))
        if record.event_ms - newest_ms > window.gap_ms:
            start_ms = record.event_ms
        last[record.key] = (start_ms, record.event_ms)
        by_hand.setdefault((record.key, start_ms), []).append(record.value)
    return by_hand


@pytest.mark.parametrize("window", [*WINDOWS, Sessions(60)])
def test_without_late_records_values_are_those_of_plain_python(tmp_path: Path, window: Any) -> None:
    log = Log(3)
    asked = replace(ASKED, window=window, grace_ms=5_000)
    expected = expect(log.trace(tmp_path / "columns"), asked, EventClock.PER_PARTITION)
    by_hand = in_windows(log, window)
    rows = {(row["key"], row["window_start_ms"]): row for row in expected.table.to_pylist()}
    assert set(rows) == set(by_hand)
    missing = set()
    asked_of = {each.alias: each for each in asked.aggregates}
    for place, numbers in by_hand.items():
        row = rows[place]
        for alias, value in meant(log.of(numbers)).items():
            assert row[f"low:{alias}"] == row[f"high:{alias}"] == row[f"full:{alias}"]
            if value is None:
                missing.add(alias)
                assert row[f"full:{alias}"] is None
                assert row[f"null:{alias}"]
            elif isinstance(value, float):
                assert math.isclose(row[f"full:{alias}"], value, rel_tol=1e-12, abs_tol=1e-12)
                # The root of what is near 0 is off by the root of what that is off.
                most = 1e-4 if asked_of[alias].function.spreads else 1e-6
                assert 0 <= row[f"tolerance:{alias}"] < most
                assert value == 0 or row[f"tolerance:{alias}"] > 0
            else:
                assert row[f"full:{alias}"] == value
                assert type(row[f"full:{alias}"]) is type(value)
            assert value is None or not row.get(f"null:{alias}", False)
    nullable = {aggregate.alias for aggregate in ASKED.aggregates if aggregate.may_be_null}
    assert missing == nullable - {"always"}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("window", WINDOWS)
def test_bounds_hold_for_every_engine_in_python(tmp_path: Path, seed: int, window: Any) -> None:
    log = Log(seed)
    # A statement takes the longer, the more of them it has, by their square: a third of them at once.
    asked: Query = replace(
        ASKED, window=window, grace_ms=10, aggregates=ASKED.aggregates[seed % 3 :: 3]
    )
    trace = log.trace(tmp_path / "columns")
    rng = np.random.default_rng(seed)

    by_partition = expect(trace, asked, EventClock.PER_PARTITION)
    assert by_partition.exact
    assert not by_partition.nothing_late
    assert_lawful(by_partition, engines.kafka_streams(log.records, asked), log)

    least = expect(trace, asked, EventClock.MIN_OF_PARTITIONS)
    blind = expect(trace, asked, EventClock.GLOBAL_PER_BATCH)
    assert not least.exact
    for _ in range(2):
        assert_lawful(least, engines.flink(log.records, asked, PARTITIONS, rng), log)
        counted, batches = engines.spark(log.records, asked, PARTITIONS, rng)
        assert_lawful(blind, counted, log)
        exact = expect(
            trace,
            asked,
            EventClock.GLOBAL_PER_BATCH,
            ClockEvidence(
                batches=batches,
                event_offset_ms=OFFSET_MS,
                first_offsets=dict.fromkeys(range(PARTITIONS), 2),
            ),
        )
        assert exact.exact
        assert_lawful(exact, counted, log)


def test_bounds_of_an_average_are_no_wider_than_its_values_and_mostly_narrower(
    tmp_path: Path,
) -> None:
    log = Log(1)
    trace = log.trace(tmp_path / "columns")
    expected = expect(trace, replace(ASKED, grace_ms=10), EventClock.MIN_OF_PARTITIONS)
    narrower = 0
    for row in expected.table.to_pylist():
        assert row["low:mean"] <= row["high:mean"]
        assert row["low:least"] <= row["high:mean"]
        assert row["high:mean"] <= 50
        narrower += row["must"] and row["high:mean"] - row["low:mean"] < 60
    assert narrower > expected.table.num_rows / 2


def judged(rows: pa.Table, expected: Expected) -> Judged:
    return judge(
        rows,
        expected,
        guarantee=Guarantee.EXACTLY_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )


def with_value(rows: pa.Table, at: int, alias: str, value: Any) -> pa.Table:
    place = rows.schema.get_field_index(value_column(alias))
    values = rows.column(place).to_pylist()
    values[at] = value
    return rows.set_column(
        place, rows.schema.field(place), pa.array(values, rows.schema.types[place])
    )


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    log = Log(3)
    trace = log.trace(tmp_path_factory.mktemp("trace") / "columns")
    return expect(trace, replace(ASKED, grace_ms=5_000), EventClock.PER_PARTITION)


def place_of(rows: pa.Table, alias: str, *, has_value: bool) -> int:
    values = rows.column(value_column(alias)).to_pylist()
    return next(at for at, value in enumerate(values) if (value is not None) == has_value)


def test_rows_as_they_are_meant_are_right(exact: Expected) -> None:
    assert judged(right_rows(exact), exact).verdict.right


@pytest.mark.parametrize(
    "alias",
    [
        "mean",
        "mean_ok",
        "wide",
        "off_some_ok",
        "some_given",
        "tip_off",
        "first_tip",
        "last_vat_ok",
        "states",
        "total_ok",
        "n_ok",
        "least_large",
        "never",
    ],
)
@pytest.mark.parametrize("has_value", [True, False])
def test_each_wrong_value_is_found(exact: Expected, alias: str, has_value: bool) -> None:
    rows = right_rows(exact)
    column = next(each for each in exact.aggregates if each.alias == alias)
    if not has_value and not column.may_be_null:
        return
    if alias == "never" and has_value:
        return
    at = place_of(rows, alias, has_value=has_value)
    value = rows.column(value_column(alias))[at].as_py()
    wrong = [7] if value is None else [value + 1, value - 1]
    if value is not None and column.may_be_null:
        wrong.append(None)
    for other in wrong:
        verdict = judged(with_value(rows, at, alias, other), exact).verdict
        assert verdict.damage.wrong == 1
        # The counts beside it are right, so that neither more nor fewer records explain it.
        assert verdict.examples[0].row_class is RowClass.CONFLICTING
        assert f"{alias} {'no value' if other is None else other}" in str(verdict.examples[0].got)


def test_a_double_may_differ_by_its_last_digits_and_no_more(exact: Expected) -> None:
    rows = right_rows(exact)
    mean = rows.column("value:mean")[5].as_py()
    assert judged(with_value(rows, 5, "mean", mean * (1 + 1e-14)), exact).verdict.right
    assert not judged(with_value(rows, 5, "mean", mean + 1e-5), exact).verdict.right


def test_a_repeated_record_may_leave_a_filtered_count_as_it_is(exact: Expected) -> None:
    rows = right_rows(exact)
    more = rows
    for alias in ("n", "n_price", "total", "worth", "one_each"):
        value = rows.column(value_column(alias))[5].as_py()
        more = with_value(more, 5, alias, value + 1)
    assert judged(more, exact).verdict.damage.over_counted == 1
    fewer = rows
    at = place_of(rows, "total_ok", has_value=True)
    for alias in ("n", "n_price", "total", "worth", "one_each", "n_ok"):
        value = rows.column(value_column(alias))[at].as_py()
        fewer = with_value(fewer, at, alias, value - 1)
    for alias in ("total_ok", "mean_ok"):
        fewer = with_value(fewer, at, alias, None)
    assert judged(fewer, exact).verdict.damage.under_counted == 1


def test_within_bounds_the_same_row_twice_is_a_duplicate_and_another_conflicts(
    tmp_path: Path,
) -> None:
    log = Log(2)
    trace = log.trace(tmp_path / "columns")
    bounded = expect(trace, replace(ASKED, grace_ms=10), EventClock.MIN_OF_PARTITIONS)
    rows = right_rows(bounded)
    assert judged(rows, bounded).verdict.right
    twice = judged(pa.concat_tables([rows, rows]), bounded).verdict
    assert twice.damage.duplicates == rows.num_rows
    table = bounded.table.filter(bounded.table.column("must"))
    at, high = next(
        (at, row["high:mean"])
        for at, row in enumerate(table.to_pylist())
        if row["high:mean"] > row["low:mean"] + 1
    )
    other = pa.concat_tables([rows, with_value(rows, at, "mean", high).slice(at, 1)])
    assert judged(other, bounded).verdict.damage.conflicting == 1
