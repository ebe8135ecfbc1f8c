"""Which groups have a row by `having`, surely or maybe, against plain Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.expression import FieldType, fields_of
from streambench.model.plan import EventClock
from streambench.model.verdict import RowClass
from streambench.model.workload import Query
from streambench.oracle.expected import expect
from streambench.oracle.late import measured_drops
from streambench.workload.expressions import parse_having
from tests.oracle import engines_in_python as engines
from tests.oracle.stand_in import right_rows
from tests.oracle.test_aggregates import ASKED, PARTITIONS, Log, judged
from tests.workload.aggregates import HAVING, AsAsked


def asked_with(having: str, grace_ms: int) -> Query:
    """It asks for the aggregates that `having` names, and for no others."""
    condition = parse_having(having, ASKED.aggregates)
    named = tuple(each for each in ASKED.aggregates if each.alias in fields_of(condition))
    return replace(ASKED, grace_ms=grace_ms, aggregates=named, having=condition)


@pytest.mark.parametrize("having", HAVING)
def test_groups_that_do_not_pass_having_have_no_row(tmp_path: Path, having: str) -> None:
    log = Log(3)
    trace = log.trace(tmp_path / "columns")
    asked = asked_with(having, 5_000)
    expected = expect(trace, asked, EventClock.PER_PARTITION)
    counted = engines.kafka_streams(log.records, asked)
    passing = {
        place for place, numbers in counted.items() if HAVING[having](AsAsked(log.of(numbers)))
    }
    must = places_of(expected.table.filter(expected.table.column("must")))
    may = places_of(expected.table.filter(pa.array(expected.may)))
    assert must <= passing <= may
    assert 0 < len(must) <= len(may) < len(counted)
    doubles = {each.alias for each in ASKED.aggregates if each.type is FieldType.DOUBLE}
    if not doubles & set(having.split()):
        assert must == may
    due = expected.due()
    assert (len(due.must), len(due.may)) == (len(must), len(may))

    rows = right_rows(expected)
    assert judged(rows, expected).verdict.right
    assert measured_drops(judged(rows, expected), expected) is None
    hidden = expected.table.filter(pa.array(~expected.may)).slice(0, 1)
    shown = right_rows(replace(expected, table=with_must(hidden)))
    shown = pa.concat_tables([rows, shown])
    (example,) = judged(shown, expected).verdict.examples
    assert example.row_class is RowClass.UNEXPECTED
    assert example.expected == "no row: its group does not pass `having`"


def places_of(table: pa.Table) -> set[tuple[str, int]]:
    columns = (table.column(name).to_pylist() for name in ("key", "window_start_ms"))
    return set(zip(*columns, strict=True))


def with_must(table: pa.Table) -> pa.Table:
    place = table.schema.get_field_index("must")
    return table.set_column(place, "must", pa.array([True] * table.num_rows))


@pytest.mark.parametrize("having", HAVING)
@pytest.mark.parametrize("seed", range(3))
def test_with_late_records_no_lawful_row_is_lost_or_unexpected(
    tmp_path: Path, having: str, seed: int
) -> None:
    log = Log(seed)
    trace = log.trace(tmp_path / "columns")
    asked = asked_with(having, 10)
    expected = expect(trace, asked, EventClock.MIN_OF_PARTITIONS)
    rng = np.random.default_rng(seed)
    maybe = 0
    for _ in range(8):
        counted = engines.flink(log.records, asked, PARTITIONS, rng)
        for row, may in zip(expected.table.to_pylist(), expected.may, strict=True):
            numbers = counted.get((row["key"], row["window_start_ms"]), [])
            passes = bool(numbers) and HAVING[having](AsAsked(log.of(numbers)))
            assert passes or not row["must"]
            assert may or not passes
            maybe += may and not row["must"]
    assert maybe
    undecided = expected.table.filter(pa.array(expected.may)).num_rows
    # With few records in a window two counts of them can be in either order.
    assert undecided < expected.table.num_rows or having == "n_ok < states"


def test_a_double_at_the_border_of_having_may_come_or_not(tmp_path: Path) -> None:
    log = Log(3)
    trace = log.trace(tmp_path / "columns")
    exact = expect(trace, replace(ASKED, grace_ms=5_000), EventClock.PER_PARTITION)
    mean = exact.table.column("full:mean")[7].as_py()
    expected = expect(trace, asked_with(f"mean > {mean!r}", 5_000), EventClock.PER_PARTITION)
    assert not expected.table.column("must")[7].as_py()
    assert expected.may[7]
    counts = expected.table.column("must").to_pylist().count(True)
    assert 0 < counts < expected.table.num_rows - 1
