from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.parts import damage_by_part
from tests.oracle.stand_in import OFFSET_MS, T0_MS, query, right_rows, steady_trace

CUTS_MS = (800.0, 1_400.0)
IN_FLIGHT_MS = 50.0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    folder = tmp_path_factory.mktemp("trace") / "columns"
    return expect(steady_trace(folder), query(grace_ms=40), EventClock.GLOBAL_PER_BATCH)


def judged(rows: pa.Table, expected: Expected) -> Judged:
    return judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )


def parts(rows: pa.Table, expected: Expected) -> tuple[Damage, ...]:
    return damage_by_part(
        judged(rows, expected),
        expected,
        cuts_ms=CUTS_MS,
        in_flight_ms=IN_FLIGHT_MS,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )


def rows_of_window(rows: pa.Table, start_ms: int) -> list[int]:
    starts = rows.column("window_start_ms").to_numpy() - OFFSET_MS
    return [int(at) for at in np.flatnonzero(starts == start_ms)]


def without(rows: pa.Table, *gone: int) -> pa.Table:
    return rows.take(pa.array([at for at in range(rows.num_rows) if at not in gone]))


def again(rows: pa.Table, at: int, *, appended_ms: float, more: int = 0) -> pa.Table:
    row = rows.slice(at, 1)
    for name, value in (
        ("appended_ms", T0_MS + int(appended_ms)),
        ("value:n", row.column("value:n")[0].as_py() + more),
        ("value:total", row.column("value:total")[0].as_py() + more),
        ("offset", rows.num_rows + 5),
    ):
        index = row.schema.get_field_index(name)
        row = row.set_column(index, name, pa.array([value], row.schema.field(index).type))
    return pa.concat_tables([rows, row])


def test_without_damage_every_part_is_clean(expected: Expected) -> None:
    assert parts(right_rows(expected), expected) == (Damage(), Damage(), Damage())


def test_a_repeated_row_of_an_old_window_is_the_faults_doing(expected: Expected) -> None:
    rows = right_rows(expected)
    old = rows_of_window(rows, 300)[0]
    found = parts(again(rows, old, appended_ms=900), expected)
    assert found == (Damage(), Damage(duplicates=1, windows=1), Damage())


def test_a_wrong_row_counts_after_the_fault_that_it_was_written_after(expected: Expected) -> None:
    rows = right_rows(expected)
    at = rows_of_window(rows, 1_500)[0]
    found = parts(again(without(rows, at), at - 1, appended_ms=1_700, more=7), expected)
    assert found[2].over_counted == 1
    assert found[2].lost == 1
    assert (found[0], found[1]) == (Damage(), Damage())


def test_a_lost_row_counts_where_it_was_due_and_in_flight_with_what_follows(
    expected: Expected,
) -> None:
    rows = right_rows(expected)
    # Window 300 closes at about 440 ms; window 700 at about 845 ms, after the cut; window 500 at about
    # 650 ms, so that it surely was out at the cut.
    for start_ms, part in ((300, 0), (500, 0), (700, 1), (1_500, 2)):
        found = parts(without(rows, rows_of_window(rows, start_ms)[0]), expected)
        assert [damage.lost for damage in found] == [int(number == part) for number in range(3)]


def test_the_parts_add_up_to_the_whole(expected: Expected) -> None:
    rows = right_rows(expected)
    for start_ms, at_ms, more in ((300, 500, 3), (500, 1_000, 0), (900, 1_600, -1)):
        rows = again(rows, rows_of_window(rows, start_ms)[1], appended_ms=at_ms, more=more)
    rows = without(rows, rows_of_window(rows, 1_200)[0])
    whole = judged(rows, expected).verdict.damage
    found = parts(rows, expected)
    for name in (field.name for field in dataclasses.fields(Damage)):
        assert sum(getattr(damage, name) for damage in found) == getattr(whole, name), name
    assert whole.duplicates == whole.over_counted == whole.under_counted == whole.lost == 1
