from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.aggregate import Aggregate
from streambench.model.columns import ResultColumn, bound_columns
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage, RowClass
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.keyed_windows import NO_WINDOWS, KeyedWindows
from tests.oracle.damage import FOUND_AS, Damaged, Kind, damage
from tests.oracle.stand_in import (
    COUNT,
    MAX,
    MIN,
    OFFSET_MS,
    SUM,
    T0_MS,
    Record,
    keyed_windows,
    query,
    right_rows,
    steady_trace,
    trace_of,
)

ROW = 40  # somewhere in the middle


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    trace = steady_trace(tmp_path_factory.mktemp("trace") / "columns")
    return expect(trace, query(grace_ms=40), EventClock.PER_PARTITION)


def judged(
    rows: pa.Table,
    expected: Expected,
    *,
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE,
    state_exact: bool = True,
    exempt: KeyedWindows = NO_WINDOWS,
    stamps_behind_ms: float = 0.0,
) -> Judged:
    return judge(
        rows,
        expected,
        guarantee=guarantee,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
        exempt=exempt,
        state_exact=state_exact,
        stamps_behind_ms=stamps_behind_ms,
    )


def done(
    expected: Expected, kind: Kind, aggregates: tuple[Aggregate | ResultColumn, ...] | None = None
) -> Damaged:
    return damage(
        right_rows(expected),
        kind,
        expected.aggregates if aggregates is None else aggregates,
        row=ROW,
        advance_ms=100,
    )


def test_undamaged_rows_are_right(expected: Expected) -> None:
    rows = right_rows(expected)
    result = judged(rows, expected, guarantee=Guarantee.EXACTLY_ONCE)
    assert result.verdict.right
    assert result.verdict.guarantee_honoured
    assert result.verdict.exact
    assert result.verdict.expected_rows == result.verdict.right_rows == rows.num_rows > 100
    assert result.verdict.damage == Damage()
    assert result.verdict.examples == ()
    assert set(result.rows.column("row_class").to_pylist()) == {"right"}
    assert all(result.rows.column("first_right").to_pylist())


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (Kind.DROPPED, Damage(lost=1, windows=1)),
        (Kind.DOUBLED, Damage(duplicates=1, windows=1)),
        (Kind.ALTERED_UP, Damage(over_counted=1, windows=1)),
        (Kind.ALTERED_DOWN, Damage(under_counted=1, windows=1)),
        (Kind.ALTERED_MIXED, Damage(conflicting=1, windows=1)),
        (Kind.MOVED, Damage(lost=1, unexpected=1, windows=2)),
        (Kind.EARLY, Damage(early=1, windows=1)),
        (Kind.EXTRA_KEY, Damage(unexpected=1, windows=1)),
        (Kind.RIGHT_AT_SECOND, Damage(under_counted=1, corrected_later=1, windows=1)),
    ],
)
def test_every_kind_of_damage_is_found_and_named(
    expected: Expected, kind: Kind, count: Damage
) -> None:
    damaged = done(expected, kind)
    result = judged(damaged.rows, expected)
    assert result.verdict.damage == count
    assert result.verdict.right == (kind is Kind.DOUBLED)
    if kind is Kind.EARLY:
        flagged = result.rows.filter(result.rows.column("early"))
        assert flagged.column("key").to_pylist() == [damaged.key]
    else:
        example = next(e for e in result.verdict.examples if e.row_class is FOUND_AS[kind])
        if kind not in (Kind.MOVED, Kind.EXTRA_KEY):
            assert (example.key, example.window_start_ms) == (damaged.key, damaged.window_start_ms)


def test_an_example_says_what_was_due_and_what_came(expected: Expected) -> None:
    rows = right_rows(expected)
    due = ", ".join(
        f"{name} {rows.column(f'value:{name}')[ROW].as_py()}"
        for name in ("n", "total", "least", "greatest")
    )
    (example,) = judged(done(expected, Kind.ALTERED_UP).rows, expected).verdict.examples
    assert example.expected == due
    assert example.got is not None
    assert example.got.startswith(f"n {rows.column('value:n')[ROW].as_py() + 1}, ")
    (example,) = judged(done(expected, Kind.DROPPED).rows, expected).verdict.examples
    assert (example.expected, example.got) == (due, None)


def test_replayed_records_over_count_although_minimum_and_maximum_stay(expected: Expected) -> None:
    result = judged(done(expected, Kind.ALTERED_UP, (COUNT, SUM)).rows, expected)
    assert result.verdict.damage.over_counted == 1
    result = judged(done(expected, Kind.ALTERED_DOWN, (COUNT, SUM)).rows, expected)
    assert result.verdict.damage.under_counted == 1


def test_more_records_with_the_same_sum_conflict(expected: Expected) -> None:
    assert (
        judged(done(expected, Kind.ALTERED_UP, (COUNT,)).rows, expected).verdict.damage.conflicting
        == 1
    )


def test_a_minimum_above_its_bound_is_under_counted(tmp_path: Path) -> None:
    only_extremes = expect(
        steady_trace(tmp_path / "columns"), query(MIN, MAX, grace_ms=40), EventClock.PER_PARTITION
    )
    for kind, name in ((Kind.ALTERED_UP, "over_counted"), (Kind.ALTERED_DOWN, "under_counted")):
        result = judged(done(only_extremes, kind, (MIN,)).rows, only_extremes)
        assert getattr(result.verdict.damage, name) == 1


def test_wrong_first_and_never_right_are_told_apart(expected: Expected) -> None:
    later = judged(done(expected, Kind.RIGHT_AT_SECOND).rows, expected)
    never = judged(done(expected, Kind.ALTERED_DOWN).rows, expected)
    assert later.verdict.damage.corrected_later == 1
    assert later.verdict.right_rows == later.verdict.expected_rows
    assert never.verdict.damage.corrected_later == 0
    assert never.verdict.right_rows == never.verdict.expected_rows - 1
    assert [e.corrected_later for e in later.verdict.examples] == [True]


def test_right_first_and_wrong_later_is_not_corrected(expected: Expected) -> None:
    rows = done(expected, Kind.RIGHT_AT_SECOND).rows
    count = rows.num_rows
    stamps = rows.column("appended_ms").to_numpy().copy()
    stamps[count - 1], stamps[count - 2] = stamps[count - 2] - 1, stamps[count - 1] + 1
    rows = rows.set_column(2, "appended_ms", pa.array(stamps))
    assert judged(rows, expected).verdict.damage.corrected_later == 0
    assert judged(rows, expected).verdict.damage.under_counted == 1


def test_several_wrong_rows_of_one_window_all_count(expected: Expected) -> None:
    once = done(expected, Kind.RIGHT_AT_SECOND)
    wrong = once.rows.slice(once.rows.num_rows - 2, 1)
    rows = pa.concat_tables([once.rows, wrong, wrong])
    verdict = judged(rows, expected).verdict
    assert verdict.damage == Damage(under_counted=3, corrected_later=3, windows=1)


def test_n_right_rows_are_n_minus_1_duplicates(expected: Expected) -> None:
    rows = right_rows(expected)
    tripled = pa.concat_tables([rows, rows.slice(ROW, 1), rows.slice(ROW, 1), rows.slice(ROW, 1)])
    result = judged(tripled, expected)
    assert result.verdict.damage.duplicates == 3
    assert sum(result.rows.column("first_right").to_pylist()) == rows.num_rows


@pytest.mark.parametrize(
    ("kind", "at_least_once", "loose_state", "exactly_once"),
    [
        (Kind.DOUBLED, True, True, False),
        (Kind.DROPPED, False, False, False),
        (Kind.ALTERED_UP, False, True, False),
        (Kind.ALTERED_DOWN, False, False, False),
        (Kind.RIGHT_AT_SECOND, False, False, False),
        (Kind.EXTRA_KEY, False, False, False),
    ],
)
def test_a_guarantee_is_judged_apart_from_rightness(
    expected: Expected, kind: Kind, at_least_once: bool, loose_state: bool, exactly_once: bool
) -> None:
    rows = done(expected, kind).rows
    assert judged(rows, expected).verdict.guarantee_honoured == at_least_once
    assert judged(rows, expected, state_exact=False).verdict.guarantee_honoured == loose_state
    strict = judged(rows, expected, guarantee=Guarantee.EXACTLY_ONCE)
    assert strict.verdict.guarantee_honoured == exactly_once


def test_a_row_twice_is_right_under_at_least_once_and_wrong_under_exactly_once(
    expected: Expected,
) -> None:
    rows = done(expected, Kind.DOUBLED).rows
    assert judged(rows, expected).verdict.right
    strict = judged(rows, expected, guarantee=Guarantee.EXACTLY_ONCE).verdict
    assert not strict.right
    assert [example.row_class for example in strict.examples] == [RowClass.DUPLICATE]


def test_early_tolerates_one_millisecond(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=0)
    lawful = expected.table.column("earliest_quantum").to_pylist()
    closing = expected.table.column("closing_quantum").to_pylist()
    at = next(
        i
        for i, pair in enumerate(zip(lawful, closing, strict=True))
        if pair[0] == pair[1] and i > 20
    )
    for shift, early in ((-1, 0), (-2, 1)):
        stamps = rows.column("appended_ms").to_numpy().copy()
        # Per-partition clocks close later than the most eager one: put all others far behind.
        stamps += 1_000
        stamps[at] += shift - 1_000
        moved = rows.set_column(2, "appended_ms", pa.array(stamps))
        assert judged(moved, expected).verdict.damage.early == early
        # By a broker whose clock may be behind that of the load, or by one that nobody knows of.
        for behind_ms, left in ((0.9, early), (1.0, 0), (math.inf, 0)):
            found = judged(moved, expected, stamps_behind_ms=behind_ms).verdict
            assert found.damage.early == left
            assert found.right is (left == 0)


def test_a_window_that_only_the_flush_closes_may_not_come_before_the_load_ends(
    expected: Expected,
) -> None:
    rows = right_rows(expected)
    never = np.flatnonzero(
        expected.table.column("earliest_quantum").is_null().to_numpy(zero_copy_only=False)
    )
    assert len(never)
    stamps = rows.column("appended_ms").to_numpy().copy()
    stamps[never] = T0_MS + 1_900
    assert judged(
        rows.set_column(2, "appended_ms", pa.array(stamps)), expected
    ).verdict.damage.early == len(never)


@pytest.mark.parametrize("guarantee", list(Guarantee))
@pytest.mark.parametrize("key", ["never-sent", "k1"])
def test_invented_rows_outside_the_loads_windows_are_unexpected(
    expected: Expected, guarantee: Guarantee, key: str
) -> None:
    rows = right_rows(expected)
    assert judged(rows, expected, guarantee=guarantee).verdict.right
    strange = [invented(rows, key, OFFSET_MS + start_ms) for start_ms in (-50_000, 50_000)]
    result = judged(pa.concat_tables([rows, *strange]), expected, guarantee=guarantee)
    assert result.verdict.damage == Damage(unexpected=2, windows=2)
    assert not result.verdict.right
    assert not result.verdict.guarantee_honoured
    assert [example.key for example in result.verdict.examples] == [key, key]


def test_only_a_row_of_its_own_key_and_window_is_exempt(expected: Expected) -> None:
    rows = right_rows(expected)
    probe = invented(rows, "k1", OFFSET_MS - 5_000)
    exempt = keyed_windows([("k1", OFFSET_MS - 5_000)])
    result = judged(pa.concat_tables([rows, probe, probe]), expected, exempt=exempt)
    assert result.verdict.damage == Damage()
    assert result.rows.column("row_class").to_pylist()[-2:] == [None, None]
    assert result.rows.num_rows == rows.num_rows + 2
    for other in (("k2", OFFSET_MS - 5_000), ("k1", OFFSET_MS - 5_100)):
        strange = pa.concat_tables([rows, probe, invented(rows, *other)])
        assert judged(strange, expected, exempt=exempt).verdict.damage.unexpected == 1


def test_what_is_due_is_never_exempt(expected: Expected) -> None:
    damaged = done(expected, Kind.ALTERED_UP)
    exempt = keyed_windows([(damaged.key, damaged.window_start_ms)])
    assert judged(damaged.rows, expected, exempt=exempt).verdict.damage.over_counted == 1


def test_without_rows_all_is_lost(expected: Expected) -> None:
    nothing = judged(right_rows(expected).slice(0, 0), expected).verdict
    assert nothing.damage.lost == nothing.expected_rows
    assert [e.row_class for e in nothing.examples] == [RowClass.LOST] * 5


def invented(rows: pa.Table, key: str, start_ms: int) -> pa.Table:
    """A row like the first, of another key and window."""
    row = rows.slice(0, 1)
    for name, value in (("key", [key]), ("window_start_ms", [start_ms])):
        row = row.set_column(row.schema.get_field_index(name), name, pa.array(value))
    return row


def test_examples_do_not_depend_on_the_order_of_rows(expected: Expected) -> None:
    rows = right_rows(expected)
    wrong = rows.set_column(6, "value:n", pa.array(rows.column("value:n").to_numpy() + 1))
    shuffled = wrong.take(pa.array(np.random.default_rng(1).permutation(wrong.num_rows)))
    assert judged(wrong, expected).verdict == judged(shuffled, expected).verdict
    assert len(judged(wrong, expected).verdict.examples) == 5


def test_a_million_rows_in_any_order_are_right() -> None:
    windows, keys = 1_000, 1_000
    key = np.tile(np.array([f"campaign-{i}" for i in range(keys)]), windows)
    start = np.repeat(np.arange(windows) * 500, keys)
    bound = np.arange(windows * keys) % 977
    quantum = (start // 5 + 120).astype(np.int32)
    table = {
        "key": pa.array(key),
        "window_start_ms": pa.array(start),
        "closing_quantum": pa.array(quantum),
        "earliest_quantum": pa.array(quantum),
        "waits_for_partition": pa.array(quantum),
        "newest_quantum": pa.array(quantum),
        "records": pa.array(bound),
        "must_records": pa.array(bound + 1),
        "possible_records": pa.array(bound + 1),
        "must": pa.array(np.ones(len(key), dtype=bool)),
    }
    for alias in ("n", "total"):
        table |= {name: pa.array(bound) for name in bound_columns(alias)}
    expected = Expected(
        table=pa.table(table),
        inputs=pa.table({"window_start_ms": np.arange(windows) * 500, "records": np.ones(windows)}),
        aggregates=tuple(map(ResultColumn.of, (COUNT, SUM))),
        clock=EventClock.PER_PARTITION,
        quantum_ms=5,
        quanta=200_000,
        exact=True,
        nothing_late=True,
    )
    rows = right_rows(expected).take(pa.array(np.random.default_rng(1).permutation(windows * keys)))
    verdict = judged(rows, expected).verdict
    assert verdict.right
    assert verdict.right_rows == 1_000_000


def test_more_records_may_make_a_sum_with_refunds_less(tmp_path: Path) -> None:
    """A row that counted a refund twice is over-counted, though its sum is too small."""
    records = [Record(0, 0, 5, value=30), Record(0, 0, 6, value=-10), Record(1, 0, 300)]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    expected = expect(trace, query(COUNT, SUM), EventClock.PER_PARTITION)
    assert expected.signed == ("total",)

    def found(n: int, total: int) -> Damage:
        rows = right_rows(expected)
        at = rows.column("window_start_ms").to_pylist().index(OFFSET_MS)
        for name, value in (("value:n", n), ("value:total", total)):
            column = rows.column(name).to_pylist()
            column[at] = value
            rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(column))
        return judged(rows, expected, state_exact=False).verdict.damage

    assert found(2, 20) == Damage()
    assert found(3, 10).over_counted == 1
    assert found(1, 30).under_counted == 1
    assert found(2, 19).conflicting == 1
    assert found(2, 21).conflicting == 1


def test_a_sum_of_no_negative_number_still_tells_its_direction(expected: Expected) -> None:
    assert expected.signed == ()
