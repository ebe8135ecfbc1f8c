from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.expression import FieldReference, FieldType
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.model.windows import Tumbling, Window
from streambench.model.workload import Field, Query, Replay, Synthetic, TimeColumn, Workload
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.late import (
    LateDrops,
    measured_drops,
    predict_drops,
    predict_whole_file,
    prove_drops,
)
from tests.oracle.engines_in_python import kafka_streams, starts_ms
from tests.oracle.stand_in import (
    CLOCKS,
    COUNT,
    MIN,
    OFFSET_MS,
    QUANTUM_MS,
    T0_MS,
    WINDOWS,
    Record,
    query,
    right_rows,
    steady_trace,
    trace_of,
)
from tests.oracle.test_expected import PARTITIONS, disordered

SHIPPED = Path(__file__).parents[2] / "workloads"
MINUTE_MS = 60_000
FLIGHTS = Workload(
    name="flights",
    title="Departures per carrier",
    folder=SHIPPED / "flights",
    fields=(
        Field("carrier", FieldType.STRING, None),
        Field("distance", FieldType.BIGINT, None),
    ),
    input=Replay(
        path=SHIPPED / "flights" / "flights.parquet",
        arrival=TimeColumn("departed"),
        event_time=TimeColumn("scheduled"),
        speed_up=600,
        begin="2013-07-01",  # the model is of the whole file, nevertheless
        end="2013-07-03",
        origin="",
    ),
    query=Query(
        None,
        (FieldReference("carrier", FieldType.STRING),),
        Tumbling(60 * MINUTE_MS),
        0,
        (COUNT,),
    ),
    partitions=4,
    quantum_ms=5,
)


def judged(rows: pa.Table, expected: Expected) -> Judged:
    return judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )


def test_nothing_is_dropped_where_nothing_is_late(tmp_path: Path) -> None:
    trace = steady_trace(tmp_path / "columns")
    for clock in CLOCKS:
        proved = prove_drops(expect(trace, query(grace_ms=40), clock))
        assert (proved.dropped, proved.low, proved.high) == (0, 0, 0)
        assert predict_drops(trace, query(grace_ms=40), clock, batch_ms=50) == proved


@pytest.mark.parametrize("grace_ms", [0, 37])
@pytest.mark.parametrize("window", WINDOWS)
def test_model_proof_and_engine_agree_on_a_clock_per_partition(
    tmp_path: Path, grace_ms: int, window: Window
) -> None:
    records = disordered(5)
    asked = query(window=window, grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    passing = sum(len(starts_ms(r.event_ms, window)) for r in records if r.action == "view")
    dropped = passing - sum(map(len, kafka_streams(records, asked).values()))
    assert dropped > 0
    same = LateDrops(passing, dropped, dropped, dropped)
    assert prove_drops(expect(trace, asked, EventClock.PER_PARTITION)) == same
    model = query(window=window)
    assert predict_drops(trace, model, EventClock.PER_PARTITION, grace_ms=grace_ms) == same


def test_a_model_stays_within_its_own_bounds_and_a_lagging_clock_drops_less(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "columns", disordered(5), partitions=PARTITIONS)
    drops = []
    for batch_ms in (None, 5, 50, 500, 5_000):
        found = predict_drops(trace, query(), EventClock.GLOBAL_PER_BATCH, batch_ms=batch_ms)
        assert found.dropped is not None
        assert found.low <= found.dropped <= found.high
        drops.append(found.dropped)
    assert drops == sorted(drops, reverse=True)
    assert drops[0] > drops[2] > drops[-1] == 0
    flink = predict_drops(trace, query(), EventClock.MIN_OF_PARTITIONS)
    proved = prove_drops(expect(trace, query(), EventClock.MIN_OF_PARTITIONS))
    assert flink.dropped is not None
    assert proved.dropped is None
    assert 0 < flink.dropped < flink.high == proved.high


def test_batch_n_drops_by_what_batch_n_minus_2_had_read(tmp_path: Path) -> None:
    # 5 ms quanta and 10 ms batches: quantum 1 is due at 10 ms, in batch 1.
    early = [Record(0, 0, 5), Record(1, 0, 500)]
    for quantum, dropped in ((3, 0), (4, 0), (5, 1)):
        trace = trace_of(tmp_path / str(quantum), [*early, Record(quantum, 0, 50)], partitions=1)
        found = predict_drops(trace, query(), EventClock.GLOBAL_PER_BATCH, batch_ms=10)
        assert found.dropped == dropped, quantum


def test_measured_drops_are_what_the_right_rows_leave_out(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "columns", disordered(5), partitions=PARTITIONS)
    expected = expect(trace, query(), EventClock.PER_PARTITION)
    result = judged(right_rows(expected), expected)
    assert result.verdict.right
    assert measured_drops(result, expected) == prove_drops(expected).dropped
    assert measured_drops(judged(right_rows(expected).slice(1), expected), expected) != 0


def test_damage_is_not_counted_as_late(tmp_path: Path) -> None:
    expected = expect(
        steady_trace(tmp_path / "columns"), query(grace_ms=40), EventClock.PER_PARTITION
    )
    rows = right_rows(expected)
    assert measured_drops(judged(rows.slice(3), expected), expected) == 0
    wrong = rows.set_column(
        rows.schema.get_field_index("value:n"),
        "value:n",
        pa.array(rows.column("value:n").to_numpy() - 1),
    )
    assert measured_drops(judged(wrong, expected), expected) == 0


def test_drops_cannot_be_measured_without_a_count(tmp_path: Path) -> None:
    expected = expect(
        steady_trace(tmp_path / "columns"), query(MIN, grace_ms=40), EventClock.PER_PARTITION
    )
    assert measured_drops(judged(right_rows(expected), expected), expected) is None


def test_within_bounds_a_second_different_row_conflicts_and_the_same_one_is_a_duplicate(
    tmp_path: Path,
) -> None:
    records = [Record(0, 0, 5), Record(1, 0, 300), Record(2, 0, 10), Record(3, 0, 11)]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    expected = expect(trace, query(), EventClock.MIN_OF_PARTITIONS)
    rows = right_rows(expected).slice(0, 1)
    number = rows.schema.get_field_index("value:n")
    rest = right_rows(expected).slice(1)

    def counted(*counts: int) -> Damage:
        each = [
            rows.set_column(number, "value:n", pa.array([n])).set_column(
                1, "offset", pa.array([100 + i])
            )
            for i, n in enumerate(counts)
        ]
        return judged(pa.concat_tables([*each, rest]), expected).verdict.damage

    assert counted(1) == counted(2) == counted(3) == Damage()
    assert counted(2, 2) == Damage(duplicates=1, windows=1)
    assert counted(2, 2, 3) == Damage(conflicting=1, duplicates=1, windows=1)
    assert counted(4).wrong == counted(0).wrong == 1


def test_a_lawfully_missing_row_is_not_lost(tmp_path: Path) -> None:
    records = [Record(0, 0, 300), Record(1, 0, 50, key="b")]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    for clock, row_is_right in (
        (EventClock.PER_PARTITION, False),
        (EventClock.MIN_OF_PARTITIONS, True),
    ):
        expected = expect(trace, query(), clock)
        rows = right_rows(expected)
        assert rows.num_rows == 1
        assert judged(rows, expected).verdict.right
        late = pa.concat_tables([rows, _row_for(rows, "b", 0)])
        assert judged(late, expected).verdict.damage.unexpected == (0 if row_is_right else 1)


def test_flink_is_held_to_records_that_only_others_could_make_late(tmp_path: Path) -> None:
    # The second would close the window if it passed `where`; the others come in time.
    records = [
        Record(0, 0, 5),
        Record(1, 0, 100_000, action="click"),
        Record(2, 0, 40),
        Record(3, 0, 60),
        Record(9, 0, 100),
    ]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    expected = expect(trace, query(), EventClock.MIN_OF_PARTITIONS)
    rows = right_rows(expected)
    assert judged(rows, expected).verdict.right
    assert prove_drops(expected).high == 0
    number = rows.schema.get_field_index("value:n")
    counts = rows.column("value:n").to_numpy().copy()
    counts[0] = 1
    one_of_three = rows.set_column(number, "value:n", pa.array(counts))
    assert not judged(one_of_three, expected).verdict.right

    stamps = rows.column("appended_ms").to_numpy().copy()
    stamps[0] = T0_MS + 3 * QUANTUM_MS  # after the click was due, long before the last view
    early = rows.set_column(rows.schema.get_field_index("appended_ms"), "appended_ms", [stamps])
    assert judged(early, expected).verdict.damage.early == 1


def test_the_model_lets_only_passing_records_move_flinks_clock(tmp_path: Path) -> None:
    ahead = Record(1, 0, 100_000, action="click")
    trace = trace_of(tmp_path / "columns", [Record(0, 0, 5), ahead, Record(2, 0, 40)], partitions=1)
    for clock in CLOCKS:
        found = predict_drops(trace, query(), clock)
        assert (found.dropped, found.low, found.high) == (0, 0, 0)


def _row_for(like: pa.Table, key: str, start_ms: int) -> pa.Table:
    row = like.slice(0, 1)
    for name, value in (("key", [key]), ("window_start_ms", [start_ms + OFFSET_MS])):
        row = row.set_column(row.schema.get_field_index(name), name, pa.array(value))
    return row


def shares(clock: EventClock, *, batch_ms: int | None = None, speed_up: float = 1) -> list[float]:
    graces_ms = (0, 15 * MINUTE_MS, 60 * MINUTE_MS)
    found = predict_whole_file(
        FLIGHTS,
        clock,
        partitions=4,
        graces_ms=graces_ms,
        batch_ms=batch_ms,
        speed_up=speed_up,
    )
    assert {prediction.records for prediction in found} == {328_521}
    return [100 * (prediction.dropped or 0) / prediction.records for prediction in found]


def test_the_year_of_flights_drops_what_is_known_of_it() -> None:
    np.testing.assert_allclose(shares(EventClock.GLOBAL_PER_BATCH), [23.0, 11.9, 4.8], atol=0.06)
    np.testing.assert_allclose(shares(EventClock.PER_PARTITION), [18.2, 10.0, 4.1], atol=0.06)


@pytest.mark.parametrize(("speed_up", "share"), [(600, 13.0), (3_600, 3.5), (36_000, 0.0)])
def test_compression_of_time_acts_as_extra_grace(speed_up: float, share: float) -> None:
    drops = shares(EventClock.GLOBAL_PER_BATCH, batch_ms=1_000, speed_up=speed_up)
    assert drops[0] == pytest.approx(share, abs=0.1)


def test_a_workload_without_a_file_has_no_whole_file() -> None:
    clicks = replace(FLIGHTS, input=Synthetic(rate_per_s=1, disorder_ms=0))
    with pytest.raises(ValueError, match="replays no file"):
        predict_whole_file(clicks, EventClock.PER_PARTITION, partitions=4, graces_ms=(0,))
