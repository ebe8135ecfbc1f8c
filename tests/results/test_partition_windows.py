from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from streambench.load.partition import partition_of
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results.partition_windows import PartitionWindows, partition_windows
from tests.oracle.stand_in import OFFSET_MS, T0_MS, query, right_rows, steady_trace

PARTITIONS = 4


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    folder = tmp_path_factory.mktemp("trace") / "columns"
    return expect(
        steady_trace(folder, per_quantum=24, keys=40),
        query(grace_ms=40),
        EventClock.GLOBAL_PER_BATCH,
    )


def gathered(rows: pa.Table, expected: Expected, *, visible: bool = False) -> PartitionWindows:
    judged = judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    return partition_windows(
        judged,
        expected,
        partitions=PARTITIONS,
        start_realtime_ns=T0_MS * 1_000_000,
        visible=visible,
    )


def test_every_partition_of_every_window_is_complete_with_its_own_last_row(
    expected: Expected,
) -> None:
    rows = right_rows(expected, delay_ms=12)
    appended = rows.column("appended_ms").to_numpy().copy()
    slow = partition_of(b"k3", PARTITIONS)
    appended[np.asarray(rows.column("key").to_pylist()) == "k3"] += 200
    at = rows.schema.get_field_index("appended_ms")
    found = gathered(rows.set_column(at, "appended_ms", pa.array(appended)), expected)
    delay_ms = found.complete_ms - found.closing_ms
    assert found.has_rows.all()
    assert set(np.unique(delay_ms[slow])) == {212.0}
    others = np.delete(delay_ms, slow, axis=0)
    assert set(np.unique(others)) == {12.0}
    assert set(np.unique(found.whole_ms - found.closing_ms)) == {212.0}
    assert set(np.unique(gathered(rows, expected, visible=True).whole_ms - found.closing_ms)) == {
        13.0
    }


def test_a_partition_of_which_a_row_is_lost_is_never_complete(expected: Expected) -> None:
    rows = right_rows(expected)
    key, start = rows.column("key")[40].as_py(), rows.column("window_start_ms")[40].as_py()
    found = gathered(pa.concat_tables([rows.slice(0, 40), rows.slice(41)]), expected)
    missing = np.argwhere(np.isnan(found.complete_ms))
    first_ms = min(expected.table.column("window_start_ms").to_pylist())
    assert missing.tolist() == [
        [partition_of(key.encode(), PARTITIONS), (start - OFFSET_MS - first_ms) // 100]
    ]
    assert np.isnan(found.whole_ms).sum() == 1


def test_what_was_held_back_closes_at_the_end_of_the_hold(expected: Expected) -> None:
    held = replace(expected, holds=((500, 1_000),))
    plain, found = gathered(right_rows(expected), expected), gathered(right_rows(held), held)
    inside = (plain.closing_ms > 500) & (plain.closing_ms <= 1_000)
    assert inside.sum() == 5
    assert set(found.closing_ms[inside]) == {1_000.0}
    assert (found.closing_ms[~inside] == plain.closing_ms[~inside]).all()
